"""The texts of the last revisions, and what they tell of CARP maintenance."""

from dataclasses import replace

import pytest

from console.health.facts.maintenance import maintained
from console.health.firewalls import carp_is_on
from console.probes.ask import Ran, Unreadable
from console.probes.firewalls.revisions import FILE, MAX_REVISIONS, Revision, Revisions, parse
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import dated
from tests.console.telling import alter, put
from tests.console.test_failover_guards import HELD

ADMIN = "admin@10.20.0.50 (Local Database)"
DAY = 86400


def serialised(*entries: tuple[int, str]) -> Ran:
    """The text that pfSense writes."""
    rest = 's:7:"version";s:4:"23.3";s:8:"filesize";i:51234;'
    each = "".join(f'i:{at};a:3:{{s:11:"description";s:{len(text.encode())}:"{text}";{rest}}}' for at, text in entries)
    return Ran(0, f"a:{len(entries)}:{{{each}}}", "")


def test_they_are_sorted_by_their_time() -> None:
    kept = parse((serialised((1764000200, "b: later"), (1764000100, "ä: earlier")),), None)
    assert kept == Revisions((Revision(1764000100, "ä: earlier"), Revision(1764000200, "b: later")))


def test_the_latest_are_kept() -> None:
    kept = parse((serialised(*((1764000000 + at, f"x: {at}") for at in range(2000))),), None)
    assert len(kept.last) == MAX_REVISIONS
    assert kept.last[-1].text == "x: 1999"


def test_one_odd_entry_costs_itself_only() -> None:
    answer = serialised((1764000200, "b: later"))
    odd = answer.out.replace("a:1:{", "a:2:{i:1764000100;N;", 1)
    assert parse((Ran(0, odd, ""),), None) == Revisions((Revision(1764000200, "b: later"),))


@pytest.mark.parametrize("lead", ["", "é "])
def test_bytes_of_another_encoding_cost_nothing_but_themselves(lead: str) -> None:
    """The bytes of a text count as they were on the firewall, where one that is no UTF-8 is one."""
    raw = serialised((1764000100, 'c: quote";'), (1764000200, f"b: {lead}Bruecke xx ae")).out.encode()
    odd = raw.replace(b"Bruecke xx ae", b"Br\xfcecke \xe4\xf6\xfc \xc3")  # as many bytes
    kept = parse((Ran(0, odd.decode(errors="replace"), ""),), None)
    assert [one.at for one in kept.last] == [1764000100, 1764000200]
    assert kept.last[1].text.startswith(f"b: {lead}Br")


def test_before_the_first_change_there_is_no_file() -> None:
    assert parse((Ran(1, "", f"cat: {FILE}: No such file or directory\n"),), None) == Revisions(())


@pytest.mark.parametrize(
    "answer",
    [
        Ran(1, "", f"cat: {FILE}: Permission denied\n"),
        Ran(0, "", ""),
        Ran(0, "b:0;", ""),
        Ran(0, "a:1:{i:1;N;}", ""),
        Ran(0, 'a:1:{i:1;a:1:{s:11:"description";i:5;}}', ""),
    ],
)
def test_what_is_no_list_of_revisions(answer: Ran) -> None:
    with pytest.raises(Unreadable):
        parse((answer,), None)


def held(revised: int, revision: str, *older: tuple[int, str]) -> Snapshot:
    now = alter(HELD, "firewalls", "fw1", "config", revised=str(revised), revision=revision)
    return put(now, "firewalls", "fw1", revisions=Known(Revisions(tuple(Revision(*one) for one in older)), 1.0))


NOW = 1_764_000_000
ENTER, LEAVE = f"{ADMIN}: Enter CARP maintenance mode", f"{ADMIN}: Leave CARP maintenance mode"


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (held(NOW, ENTER, (NOW - DAY, "x: rule")), f" since {dated(NOW)} by “{ADMIN}”"),
        (held(NOW, "x: rule", (NOW - DAY, ENTER)), f" since {dated(NOW - DAY)} by “{ADMIN}”"),
        (
            held(NOW, "x: rule", (NOW - 3 * DAY, ENTER), (NOW - 2 * DAY, LEAVE), (NOW - DAY, f"ops: {ENTER}")),
            f" since {dated(NOW - DAY)} by “ops: {ADMIN}”",
        ),
        (held(NOW, "x: rule", (NOW - DAY, "x: rule")), f" since before {dated(NOW - DAY)}"),
        (held(NOW, "x: restored", (NOW - DAY, LEAVE)), ""),
        (held(NOW, "x: rule"), ""),
        (
            put(held(NOW, ENTER), "firewalls", "fw1", revisions=Unknown("no", 1.0, 1.0)),
            f" since {dated(NOW)} by “{ADMIN}”",
        ),
        (put(held(NOW, "x: y"), "firewalls", "fw1", revisions=Unknown("no", 1.0, 1.0)), ""),
    ],
)
def test_who_and_since_when(now: Snapshot, says: str) -> None:
    mode = maintained(now, "fw1")
    assert mode
    assert mode.words == says
    (finding,) = (one for one in carp_is_on(now) if one.machine == "fw1")
    assert finding.message == f"fw1 is in persistent CARP maintenance mode{says}: it stays BACKUP, also after a reboot"


def test_who_is_not_in_maintenance_has_no_time() -> None:
    now = alter(held(NOW, ENTER), "firewalls", "fw1", "config", maintenance=False)
    assert maintained(now, "fw1") is None
    assert (
        maintained(replace(now, firewalls=(replace(now.firewalls[0], config=Unknown("no", 1.0, 1.0)),)), "fw1") is None
    )
