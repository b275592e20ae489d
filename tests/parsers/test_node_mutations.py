"""A node's output, broken at random: a value or Unreadable, and never more or better than what was there."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.probes.ask import Page, Ran, Unreadable
from console.probes.firewalls import revisions, upgrade
from console.probes.hosts import devices, preparing, system, team, updates
from console.probes.snapshot import QUESTIONS
from console.probes.storage import gluster, gluster_options, mounts
from console.probes.web import apache
from tests.parsers.test_mutations import SHELL, Parse, broken
from tests.parsers.test_revisions import serialised

RECORDINGS = Path(__file__).parents[1] / "recordings"
CHEAP = ("6-brick-killed/composed-glusterd-store.txt", "{}/volume-status.xml", "{}/heal-statistics-healcount.txt")


def text(name: str) -> str:
    return (RECORDINGS / name).read_text()


FILES = "".join(
    (
        text("system/files.lab.txt"),
        f"\n==> /proc/mdstat <==\n{text('system/md/recovering.txt')}",
        f"\n==> /proc/net/bonding/bond0 <==\n{text('system/bonding/active-backup.txt')}",
    )
)
TEAM = (RECORDINGS.parent / "cases/versions/team-lacp-two-aggregators.txt").read_text()
ANSWERS: list[tuple[Parse, tuple[str, ...]]] = [
    (system.parse_host, (text("system/host.lab.txt"), text("system/date.lab.txt"))),
    (devices.parse, (text("system/stat-f.lab.txt"), FILES, text("system/failed-units.lab.txt"), "Optimal\n")),
    (mounts.parse, (text("system/mounts.answers.txt"),)),
    (mounts.parse, (text("system/mounts.stopped.txt"),)),
    (updates.parse, (text("system/updates.debian-12.txt"),)),
    (updates.parse, (text("system/updates.centos-7.txt"),)),
    (updates.parse, (text("system/updates.rocky-9.txt"),)),
    (gluster.parse, tuple(text(f"gluster/{name}".format("6-brick-killed")) for name in CHEAP)),
    (gluster.parse, tuple(text(f"gluster/{name}".format("7-healing-under-load")) for name in CHEAP)),
    (gluster.parse_summary, (text("gluster/8-peer-vanished/heal-info-summary.xml"),)),
    (gluster.parse_summary, (text("gluster/7-healing-under-load/heal-info-summary.xml"),)),
    (
        gluster_options.parse_options,
        (text("gluster/1-healthy/volume-get-all.xml")[:6000], text("gluster/6-brick-killed/volume-status-detail.xml")),
    ),
    (upgrade.parse, (text("pfsense/composed-upgrade-half-done.txt"),)),
    (preparing.parse, ("now 1764000100\ntimer a.timer\nworks dpkg\nlists 1764000000\nunit x.service\n== prepared\n",)),
    (lambda answers, _before: team.parse_team("team0", answers[0]), (TEAM,)),
    (revisions.parse, (serialised((1764000100, "admin@10.0.0.50: one"), (1764000200, "(system): two")).out,)),
]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_is_broken_is_a_value_or_unreadable(data: st.DataObject) -> None:
    parse, originals = data.draw(st.sampled_from(ANSWERS))
    at = data.draw(st.floats(0, 1e6))
    answers = tuple(
        Ran(
            data.draw(st.sampled_from([0, 0, 0, 1, 100, 124, 127])),
            data.draw(broken(original)),
            data.draw(st.text()),
            at,
        )
        for original in originals
    )
    try:
        parse(answers, None)
    except Unreadable as why:
        assert str(why)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_apache_as_well(data: st.DataObject) -> None:
    names = st.sampled_from(["busy-1", "busy-2", "extended-off"])
    bodies = [data.draw(broken(text(f"apache/server-status-auto.{data.draw(names)}.txt"))) for _ in range(2)]
    before = None
    for body in bodies:
        try:
            before = apache.parse((Page(200, (), body, 0.1, data.draw(st.floats(0, 1e6))),), before)
        except Unreadable as why:
            assert str(why)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 3000))
def test_an_answer_that_was_cut_short_is_never_known(length: int) -> None:
    """Each of these has an end of its own; the others are fenced by the script that asks."""
    for parse, originals in (ANSWERS[0], ANSWERS[2], ANSWERS[4], ANSWERS[5], ANSWERS[6], ANSWERS[9], ANSWERS[10]):
        whole = originals[0].rstrip()
        if length >= len(whole):
            continue
        answers = (whole[:length], *originals[1:])
        with pytest.raises(Unreadable):
            parse(tuple(Ran(0, answer, "") for answer in answers), None)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_volume_that_is_not_well_never_becomes_well(data: st.DataObject) -> None:
    """A piece cut out of any answer about a volume with a dead brick may hide it, but never heal it."""
    parse, originals = data.draw(st.sampled_from([ANSWERS[7], ANSWERS[8]]))
    answers: list[Ran] = []
    for original in originals:
        start = data.draw(st.integers(0, len(original)))
        end = data.draw(st.integers(start, min(len(original), start + 300)))
        answers.append(Ran(0, original[:start] + original[end:], ""))
    try:
        volume = parse(tuple(answers), None)
    except Unreadable:
        return
    assert isinstance(volume, gluster.Volume)
    assert volume.clean_looks == 0


def test_every_answer_of_a_shell_is_mutated() -> None:
    """SQL's and HTTP's are by tests of their own; of an identity each part proves or is empty."""
    tried = {getattr(parse, "func", parse) for parse, _ in (*SHELL, *ANSWERS)}
    others = {"galera", "member", "tables", "transactions", "apache", "site", "visit", "identity"}
    assert {question.field for question in QUESTIONS if question.parse not in tried} == others
