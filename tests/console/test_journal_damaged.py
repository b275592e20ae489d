"""A journal may be of another version, edited by hand or half gone: whatever it holds, it is read, and what can't be
read is said."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.cli.main import main
from console.cli.plain import describe, describe_out
from console.inventory.paths import journal_dir, make_private, state_dir, too_open
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN
from console.probes.snapshot import empty
from console.session import journal_disk
from console.session.journal import Journal, JournalError, load, open_records, taken_out
from console.session.open_runs import how_far, outcome_unknown, why_open
from console.session.session import Session, journal_of
from console.text import clock
from console.ui.board.run import open_runs, sentence
from tests.conftest import simulated, watching
from tests.console.values import CLUSTER
from tests.ui.conftest import nobody

OLD = Path(__file__).parents[1] / "journals/0.2.0/reboot.jsonl"
LINES: list[dict[str, Any]] = [json.loads(line) for line in OLD.read_text().splitlines()]
NAMES = st.text(max_size=6) | st.sampled_from(["fw1", "\udc00"])
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -1, 2**63, 1e308, float("nan"), float("inf"), float("-inf")])
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["\ud800", "drain", "opened", "closed", "sending", "\x1b[2J", "node1", "‮"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
NAMED = Consent(True, "node2", "a test")


def as_line(value: object) -> bytes:
    return json.dumps(value).encode()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in places(one, (*path, key)))]


def put(lines: list[dict[str, Any]], path: tuple[Any, ...], value: Any) -> list[Any]:
    changed: list[Any] = json.loads(json.dumps(lines))
    *way, last = path
    at: Any = changed
    for key in way:
        at = at[key]
    at[last] = value
    return changed


def used(folder: Path) -> None:
    """Everything that screen and command line do with what was read."""
    read = Journal(folder, {"node2": "10.0.0.2"}, ["10.0.1.1"]).read()
    for record in read.records:
        message = [
            how_far(record, CLUSTER),
            *why_open(record),
            describe(record),
            describe_out(record),
            sentence(record, time.time(), CLUSTER),
        ]
        assert all(clock(end) for end in record.outcome_unknown.values())
        assert all(isinstance(text, str) for pair in (record.found | record.skipped_machines).items() for text in pair)
        for text in message:
            text.encode()
    assert all(one.sentence for one in outcome_unknown(read.records, 0.0))
    for node in ("node1", "node2"):
        taken_out(read.records, node)
    for line in open_runs(open_records(read.records), empty(CLUSTER), 80, 9, time.time(), None, None):
        line.text.encode()
    for file in read.unread:
        file.message.encode()


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(places(LINES)[1:]), ODD, st.integers(0, len(LINES)))
def test_any_value_in_any_place_of_a_journal_is_read(tmp_path: Path, path: tuple[Any, ...], odd: Any, cut: int) -> None:
    lines = put(LINES, path, odd)[: max(cut, path[0] + 1)]
    file = tmp_path / OLD.name
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    used(tmp_path)


@pytest.mark.parametrize("name", ["says", "why", "by", "step", "missed"])
def test_half_a_character_harms_no_sentence(tmp_path: Path, name: str) -> None:
    """JSON may hold what no file and no terminal takes."""
    for kind in ("failed", "halted", "parked", "seen"):
        odd = {
            "at": LINES[-1]["at"],
            "kind": kind,
            "step": "boot",
            name: {"fw\ud800": "\ud800"} if name == "missed" else "\ud800",
        }
        (tmp_path / OLD.name).write_text("".join(json.dumps(line) + "\n" for line in (*LINES[:9], odd)))
        used(tmp_path)
    (record,) = Journal(tmp_path, {}, []).records()
    assert record.damage == (f"line 10: `{name}` is not what it should be",)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=30) | ODD.map(as_line) | st.sampled_from([*map(as_line, LINES)]), max_size=6))
def test_any_lines_at_all_are_read(tmp_path: Path, lines: list[bytes]) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    used(tmp_path)


def journal(folder: Path, *lines: object, name: str = "20260101T000000-000000000-node2-drain.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / name


OPENED = {"at": 1.0, "kind": "opened", "node": "node2", "action": "drain", "who": "me@here"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"at": 2, "kind": "sending", "step": "x", "within": {"fw1": "soon"}}, "line 2: `within` is not what"),
        ({"at": 2, "kind": "sending", "step": "x", "within": 7}, "line 2: `within` is not what"),
        ({"at": 2, "kind": "sending", "step": "x", "within": {"fw1": 1e300}}, "line 2: `within` is not what"),
        ({"at": float("nan"), "kind": "sending", "step": "x"}, "line 2: `at` is no time"),
        ({"at": 1e300, "kind": "sending", "step": "x"}, "line 2: `at` is no time"),
        ({"at": True, "kind": "sending", "step": "x"}, "line 2: `at` is no time"),
        ({"at": 2, "kind": "found", "fw1 now a/b": 7}, "line 2: `fw1 now a/b` is not what"),
        ({"at": 2, "kind": "partly", "step": "x", "missed": ["fw1"]}, "line 2: `missed` is not what"),
        ({"at": 2, "kind": "answered", "step": "x", "lost": "fw1"}, "line 2: `lost` is not what"),
        ({"at": 2, "kind": "closed", "outcome": 5}, "line 2: `outcome` is not what"),
        ({"at": 2, "kind": 5}, "line 2: it is of no kind"),
        ("done", "line 2: it holds no facts"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_is_said_and_not_used(tmp_path: Path, line: object, message: str) -> None:
    path = journal(tmp_path, OPENED, line)
    read = Journal(tmp_path).read()
    (record,) = read.records
    assert record.outcome is None, "nothing says that it was closed"
    assert [file.message for file in read.unread] == [f"journal {path} can't be read: {read.unread[0].why}"]
    assert read.unread[0].why.startswith(message)


def test_an_order_is_lost_as_long_as_nobody_can_read_that_it_is_not(tmp_path: Path) -> None:
    sending = {"at": 2, "kind": "sending", "step": "x", "within": {"fw1": 10, "fw2": 10}}
    journal(tmp_path, OPENED, sending, {"at": 3, "kind": "answered", "step": "x", "lost": 7})
    (record,) = Journal(tmp_path).records()
    assert record.outcome_unknown == {"fw1": 12, "fw2": 12}


@pytest.mark.parametrize(
    "line", [{**OPENED, "node": 5}, {**OPENED, "action": None}, {"at": 1, "kind": "found"}, 5, "x"]
)
def test_a_run_that_nobody_can_tell_is_said(tmp_path: Path, line: object) -> None:
    path = journal(tmp_path, line)
    read = Journal(tmp_path).read()
    assert not read.records and [file.path for file in read.unread] == [path]


@pytest.mark.parametrize("text", ["", '{"at": 1.0, "kind": "ope', "\n"])
def test_a_run_that_a_crash_cut_before_its_first_line_has_done_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    assert Journal(tmp_path).read() == ((), ())


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def unix(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(journal_disk.MAX_SIZE + 1)


@pytest.mark.parametrize("make", [fifo, device, folder, unix, huge])
def test_only_regular_files_are_opened(
    tmp_path: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    odd = tmp_path / "20260101-odd.jsonl"
    make(Path(odd.name))
    fine = journal(tmp_path, OPENED)
    read = Journal(tmp_path).read()
    assert [record.path for record in read.records] == [fine] and [file.path for file in read.unread] == [odd]
    if make is not huge:
        with pytest.raises(JournalError):
            Journal(tmp_path).write(read.records[0]._replace(path=odd), "found")
    assert load(odd).entries == ()


def test_a_disk_that_hangs_costs_its_seconds_once(tmp_path: Path) -> None:
    journal(tmp_path, OPENED)
    ours, answers = Journal(tmp_path), threading.Event()
    (known,) = ours.records()
    with pytest.raises(JournalError, match="did not answer within"):
        journal_disk.in_time(answers.wait, tmp_path, seconds=0.2)
    read = ours.read()
    assert read.records == (known,) and "does not answer" in read.unread[0].message
    with pytest.raises(JournalError, match="does not answer"):
        ours.open("node1", "drain")
    answers.set()
    while journal_disk._turn.locked():
        time.sleep(0.01)
    assert ours.open("node1", "drain").run == 0


def test_runs_are_in_the_order_in_which_they_were_begun_whatever_the_clock_said(tmp_path: Path) -> None:
    old = journal(tmp_path, OPENED, name="20990101T000000-000000000-node2-drain.jsonl")
    ours = Journal(tmp_path)
    first, second = ours.open("node2", "drain"), ours.open("node2", "rejoin")
    later = first.path.with_name("20970101T000000-node2-drain.jsonl")  # its clock was ahead
    first.path.rename(later)
    records = Journal(tmp_path).records()
    assert [record.path for record in records] == [old, later, second.path]
    assert [record.run for record in records] == [-1, 0, 1]
    ours.write(second, "closed", outcome="done")
    assert ours.taken_out("node2") is None, "the newest run put it back"
    assert [entry.n for entry in load(second.path).entries] == [0, 1]


def test_a_cluster_with_another_name_finds_what_it_did(tmp_path: Path) -> None:
    nodes, firewalls = {"node2": "10.0.0.2"}, ["10.0.1.1", "10.0.1.2"]
    before = Journal(tmp_path / "old", nodes, firewalls)
    record = before.write(before.open("node2", "drain"), "found", **{"fw1 now a/b": "ready"})
    now = Journal(tmp_path / "new", nodes, ["10.0.1.2"])
    assert [one.path for one in now.open_runs()] == [record.path]
    found = now.taken_out("node2")
    assert found is not None and found.found == {"fw1 now a/b": "ready"}
    assert now.open("node2", "undo").run == record.run + 1
    now.write(found, "closed", outcome="put back")
    assert before.taken_out("node2") is None and now.taken_out("node2") is None
    for others in (
        Journal(tmp_path / "x", {"node2": "10.9.9.9"}, firewalls),
        Journal(tmp_path / "y", nodes, ["10.9.9.9"]),
    ):
        assert not others.records(), "another cluster's node2"


def test_an_open_run_of_a_name_that_is_gone_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0.2.0 wrote no addresses: whose it is nobody can tell."""
    journal(journal_dir() / "renamed", OPENED)
    (tmp_path / "i.toml").write_text(INVENTORY)
    assert main(["-i", str(tmp_path / "i.toml"), "runs"]) == 0
    assert "renamed, which is no cluster of the inventory: drain node2, begun" in capsys.readouterr().out


INVENTORY = """
[cluster.c.firewalls]
fw1 = "10.0.0.2"
fw2 = "10.0.0.3"
[cluster.c.nodes]
node1 = "10.0.0.11"
node2 = "10.0.0.12"
"""


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277, 0o777])
def test_state_folders_are_the_owner_s_from_the_top(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        record = Journal(tmp_path / "state/deep/journal/one").open("node1", "drain")
    finally:
        os.umask(before)
    for made in [record.path.parent, *record.path.parent.parents][:4]:
        assert made.stat().st_mode & 0o777 == 0o700, made
    assert record.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_others_may_enter_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "state"))
    make_private(state_dir() / "journal" / "one")
    assert too_open(state_dir() / "journal" / "one") == ()
    state_dir().chmod(0o750)
    assert too_open(state_dir() / "journal" / "one") == (state_dir(),)


async def test_before_anything_is_begun_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster), watching(cluster) as session:
        path = journal(session.journal.folder, {**OPENED, "node": 7})
        plan = session.plan(DRAIN, "node2")
        assert [one.saw for one in plan.objections] == [f"journal {path} can't be read: it does not begin with a run"]
        with pytest.raises(NotBegun, match="can't be read"):
            await session.begin(DRAIN, "node2", Consent(read=plan.identities))
        assert (await (await session.begin(DRAIN, "node2", Consent(True, read=plan.identities))).task).outcome == "done"


async def test_a_run_of_a_later_version_is_told_and_not_resumed(tmp_path: Path) -> None:
    session = Session(nobody())
    node = session.cluster.nodes[0].name
    journal(
        session.journal.folder,
        {**OPENED, "node": node, "action": "defrost"},
        {"at": 2, "kind": "found", "fw1 now a/b": "ready"},
    )
    (record,) = session.open_runs()
    assert describe(record).startswith(f"defrost {node}, begun")
    with pytest.raises(NotBegun, match="knows no action “defrost”"):
        await session.resume(record)
    taken = session.taken_out(node)
    assert taken is not None and taken.found, "undo puts back what it found"
    await session.close()


async def test_status_runs_and_check_say_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster):
        path = journal(journal_of(cluster).folder, 5)
        for words in (["status"], ["status", "--json"], ["runs"], ["check"]):
            command = [sys.executable, "-m", "console", "-i", str(tmp_path / "sim/inventory.toml"), *words]
            ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
            assert f"journal {path} can't be read: it does not begin with a run" in ran.stdout, (words, ran)
