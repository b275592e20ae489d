"""The plan of a rolling patch as a table: versions in short, absences by earlier runs, and each objection once."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli import plain
from console.health.facts.ist import ist_window
from console.inventory.cluster import Patch
from console.operations.guards import Objection, Override
from console.operations.plan import Consent, Plan
from console.operations.procedures import PATCH, REBOOT
from console.operations.procedures.packages import SECURITY
from console.operations.procedures.patch_table import absence, changed, notes, tables, too_long
from console.operations.procedures.patching import NO_PACKAGES
from console.operations.procedures.patching import REBOOT as REBOOTS
from console.operations.procedures.steps import Options
from console.probes.hosts.updates import Package
from console.probes.snapshot import Known, Snapshot, Unknown, empty
from console.session.journal_lines import Entry
from console.session.journal_record import Record
from console.session.usual import absences
from tests.conftest import handled, watching
from tests.console.telling import alter, until
from tests.console.test_patch_choices import waits
from tests.console.test_patching import ready, waiting
from tests.console.values import CLUSTER

KERNEL = Package("linux-image-6.1.0-26", "1", "2", security=False)


@pytest.mark.parametrize(
    ("now", "then", "short"),
    [
        ("8.0.36-28.1", "8.0.37-29.1", "8.0.36 -> 37"),
        ("1:10.11.6-0+deb12u1", "1:10.11.9-0+deb12u1", "10.11.6 -> 9"),
        ("2.4.62-1~deb12u1", "2.4.62-1~deb12u2", "2.4.62 -> deb12u2"),
        ("8.0.9", "8.0.10", "8.0.9 -> 10"),
        ("10.19", "11.2", "10.19 -> 11.2"),
        ("", "2.4.62-1.el9", "to 2.4.62"),
        ("1.0", "1.0", "1.0 -> 0"),
    ],
)
def test_two_versions_in_short(now: str, then: str, short: str) -> None:
    assert changed(now, then) == short


async def test_each_node_has_a_row_in_its_order(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, cluster), watching(cluster) as session:
        await ready(session)
        await until(session, lambda now: all(isinstance(view.devices, Known) for view in now.nodes))
        plan = session.plan(PATCH, cluster.name)
        packages, away, room = plan.tables
        assert [row[0] for row in packages] == ["node", "node2", "node3", "node1"]
        assert packages[1] == ("node2", "41 (7 security)", "needed", "10.11.6 -> 9", "10.3 -> 5")
        assert away[1][1:3] == ("2.4.62 -> deb12u2", "6.1.0 -> 115")
        assert away[1][3] == "~8 min"
        assert room[1][1].endswith("GiB")
        assert room[1][2].endswith("MiB")
        assert re.fullmatch(r"[0-9]+ ?%", room[1][3])
        assert room[1][4:] == ("fit", "30% full", "whole")
        assert "about 30 min in all" in plan.notes[0]
        nothing = session.plan(PATCH, cluster.name, {NO_PACKAGES: True, "nodes": ["node3"]})
        assert nothing.tables[0][1:] == (("node3", "0, 41 stay", "if asked", "same", "same"),)


def test_what_is_not_known_is_no_figure() -> None:
    packages, away, room = tables(empty(CLUSTER), {}, {})
    assert packages[1] == ("node1", "?", "?", "?", "?")
    assert away[1] == ("node1", "?", "?", "~8 min", "nobody")
    assert room[1] == ("node1", *"??????")


@pytest.mark.parametrize(
    ("keeps", "options", "reboot", "away"),
    [
        ((), {}, "needed", "~8 min"),
        ((KERNEL.name,), {}, "if asked", "~7 min"),
        ((), {SECURITY: True}, "if asked", "~7 min"),
        ((), {REBOOTS: "never"}, "no", "~7 min"),
    ],
)
def test_a_kernel_that_stays_needs_no_reboot(keeps: tuple[str, ...], options: Options, reboot: str, away: str) -> None:
    cluster = replace(CLUSTER, patch=Patch(exclude=keeps))
    blank = empty(cluster)
    picture = replace(blank, nodes=tuple(replace(one, updates=Known(waits(KERNEL), 1.0)) for one in blank.nodes))
    packages, times, _ = tables(picture, options, {})
    assert (packages[1][2], times[1][3]) == (reboot, away)


async def test_the_hardware_and_the_room_of_those_that_stay_are_told(fine: Snapshot) -> None:
    devices = fine.node("node3").devices
    assert isinstance(devices, Known)
    array = replace(devices.value.arrays[0], state="degraded", working=1)
    spaces = tuple(replace(one, used=93) if one.path == "/" else one for one in devices.value.filesystems)
    hurt = alter(fine, "nodes", "node3", "devices", arrays=(array,), filesystems=spaces)
    rows = {row[0]: row for row in tables(hurt, {}, {})[2]}
    assert rows["node2"][5:] == ("93% full", "1 fault")
    assert rows["node3"][5:] == ("30% full", "whole"), "it does not stay while it is out itself"
    (note,) = (one for one in notes(hurt, {}, {}) if "node3 stays" in one)
    assert re.search(r"and is not whole: md[0-9]+ is degraded, 1 of 4 devices\.$", note)
    assert not [one for one in notes(hurt, {"nodes": ["node3"]}, {}) if "node3 stays" in one]
    none = replace(hurt, nodes=tuple(replace(one, devices=Unknown("no answer", 9.0, 8.0)) for one in hurt.nodes))
    assert {row[5:] for row in tables(none, {}, {})[2][1:]} == {("?", "?")}


@pytest.mark.parametrize(("busy", "fit"), [(20, "fit"), (150, "too many")])
async def test_it_is_told_whether_the_visitors_fit_on_those_that_stay(fine: Snapshot, busy: int, fit: str) -> None:
    for view in fine.nodes:
        fine = alter(fine, "nodes", view.name, "apache", busy=busy, slots=150)
    assert {row[4] for row in tables(fine, {}, {})[2][1:]} == {fit}


def line(at: float, kind: str, step: str, on: str) -> Entry:
    return Entry(at, kind, {"step": step, "on": on})


def run(operation: str, outcome: str | None, *entries: Entry) -> Record:
    opened = Entry(0.0, "opened", {"node": "demo", "action": operation})
    closed = (Entry(99.0, "closed", {"outcome": outcome}),) if outcome else ()
    return Record(Path("x"), (opened, *entries, *closed))


def test_an_absence_is_what_the_last_run_took() -> None:
    mine = (line(100.0, "sending", "stop MySQL", "node2"), line(101.0, "seen", "stop MySQL", "node2"))
    back = line(700.0, "seen", "fit", "node2")
    assert absences([run(PATCH.name, "done", *mine, back)]) == {"node2": 600.0}
    assert absences([run(PATCH.name, None, *mine, back)]) == {}, "it may have stood still"
    assert absences([run(PATCH.name, "done", *mine)]) == {}
    shorter = run(REBOOT.name, "done", *mine, line(160.0, "seen", "fit", "node2"))
    assert absences([shorter]) == {"node2": 60.0}
    assert absences([run(PATCH.name, "done", *mine, back), shorter]) == {"node2": 600.0}, "a reboot installs nothing"


async def test_an_absence_beyond_the_window_is_asked_about(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, cluster), watching(cluster) as session:
        picture = await until(session, lambda now: ist_window(now, "node2").seconds is not None)
        assert absence(picture, "node2", {}, {"node2": 30.0}) == (30.0, False)
        assert not list(too_long(picture, {"nodes": ["node2"]}, {"node2": 0.0}))
        (one,) = too_long(picture, {"nodes": ["node2"]}, {"node2": 7 * 86_400.0})
        assert one.override is Override.CONFIRM
        assert one.saw.endswith("and its MySQL was last time away 7 days")


def test_a_sentence_about_all_is_said_once() -> None:
    same = [Objection(node, "the brick of www on node3 is offline", "Wait", Override.NEVER) for node in ("n1", "n2")]
    other = Objection("n2", "n2 does not answer", "Wait", Override.NEVER)
    plan = Plan("demo", PATCH, "demo", (same[0], other, same[1]), ())
    assert [one.saw for one in plan.told] == [same[0].saw, other.saw]
    assert len(plan.identities) == 3


async def test_a_dry_run_prints_the_table_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with waiting(tmp_path) as (_, cluster), watching(cluster) as mine, handled(mine) as session:
        assert await plain.act(session, PATCH, cluster.name, Consent(), dry_run=True, options={}) == plain.Exit.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["node", "updates", "reboot", "MySQL", "Gluster"]
    assert lines[2].split()[:3] == ["node2", "41", "(7"]
    assert any(one.startswith("  72. ") for one in lines)
