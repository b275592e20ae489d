"""Runs of the journal on the command line: listed, shown, reported, given up; a console in a group's folder."""

import json
import os
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from console.cli.main import main
from console.cli.runs import Exit
from console.inventory.paths import journal_dir, make_private, state_dir, too_open
from console.operations.plan import Consent
from console.operations.procedures import DRAIN
from console.session.journal import Journal, Record, load
from console.session.lock import holding
from console.session.session import journal_of
from tests.commands.test_actions import written
from tests.conftest import simulated, watching
from tests.console.test_two_consoles import left_open

HOSTILE = "\x1b[2J<script>|`*[x](y)\u202e"


def drained(journal: Journal, who: str = "", target: str = "node2") -> Record:
    """A run that a person began against an objection, with an order that failed."""
    record = journal.open(
        target, "drain", reason="ticket 4412", overridden=["node3 is out already. Rejoin node3 first."]
    )
    if who:
        record.path.write_text(record.path.read_text().replace(record.first("who"), who))
        record = load(record.path)
    step = {"on": target, "step": "out at run time"}
    record = journal.write(record, "found", **{"now fw1 web/node2": "ready"})
    record = journal.write(record, "sending", **step, orders=["fw1: sh -c 'set server\nmore'"], within={"fw1": 0.0})
    record = journal.write(record, "answered", **step, errors={"fw1": f"fw1: {HOSTILE}"}, lost=[])
    return journal.write(record, "seen", **step, says=f"node2 is out {HOSTILE}", missed={})


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    return written(tmp_path)


@pytest.fixture
def journal(inventory: Path) -> Journal:
    return Journal(journal_dir() / "web1", {"node1": "192.0.2.11", "node2": "192.0.2.12"}, ["192.0.2.1", "192.0.2.2"])


def ran(capsys: pytest.CaptureFixture[str], inventory: Path, *words: str) -> tuple[int, str]:
    code = main(["-i", str(inventory), *words])
    told = capsys.readouterr()
    assert "\x1b" not in told.out
    assert "\u202e" not in told.out
    return code, told.out + told.err


def test_runs_are_named_and_listed(inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    drained(journal)
    ended = drained(journal, target="node1")
    journal.write(ended, "closed", outcome="done")
    journal.write(journal.open("node1", "rejoin"), "closed", outcome="done")
    code, out = ran(capsys, inventory, "runs")
    assert code == 0
    assert out.count("\n") == 1
    assert out.startswith("web1/0  drain node2, begun ")
    _, out = ran(capsys, inventory, "runs", "--today")
    assert [line.split("  ")[0] for line in out.splitlines()] == ["web1/0", "web1/1", "web1/2"]
    _, out = ran(capsys, inventory, "runs", "web1", "--target", "node1")
    assert [line.split("  ")[0] for line in out.splitlines()] == ["web1/1", "web1/2"]
    assert "(ticket 4412): done" in out


@pytest.mark.parametrize("by_file", [False, True])
def test_a_run_is_shown(inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str], by_file: bool) -> None:
    record = drained(journal)
    code, out = ran(capsys, inventory, "show", record.path.stem if by_file else "web1/0")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("web1/0  drain node2, begun 20")
    assert lines[1].strip().startswith("open: cut off after “out at run time”")
    assert "why: ticket 4412" in out
    assert "    against: node3 is out already. Rejoin node3 first." in lines
    assert any("node2: out at run time (done): node2 is out" in line for line in lines)
    assert "    sent to fw1: sh -c 'set server ... (1 more lines: see `report`)" in lines
    assert any(line.startswith("    answer: fw1: ") for line in lines)


def test_a_run_that_is_not_there(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = ran(capsys, inventory, "show", "web1/7")
    assert code == 4
    assert "the journal has no run web1/7" in out


def test_a_report_is_for_people_and_for_programs(
    inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    record = drained(journal)
    journal.write(record, "halted", by="ops@desk")
    _, out = ran(capsys, inventory, "report", "web1/0")
    assert out.startswith("# drain node2 in web1\n")
    assert "node2 is out \\[2J\\<script\\>\\|\\`\\*\\[x\\](y)" in out, "nothing of a machine's is markup"
    assert "\n    fw1: sh -c 'set server\n    more'\n" in out
    assert "- stopped by ops@desk" in out
    _, out = ran(capsys, inventory, "report", "web1/0", "--json")
    told: dict[str, Any] = json.loads(out)
    assert (told["words"], told["outcome"], told["reason"]) == ("drain node2", "", "ticket 4412")
    assert told["agreed"][0]["against"] == ["node3 is out already. Rejoin node3 first."]
    assert told["parts"][0]["orders"] == ["fw1: sh -c 'set server\nmore'"]


def test_a_run_is_given_up_with_a_reason(inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    record = drained(journal)
    code, out = ran(capsys, inventory, "abandon", "web1/0")
    assert (code, "--reason" in out) == (4, True)
    assert load(record.path).outcome is None
    code, out = ran(capsys, inventory, "abandon", "web1/0", "--reason", "mended by \udce4 hand")
    assert code == 0
    assert "nothing was sent" in out
    assert "drainboard rejoin web1 node2 puts it back" in out
    now = load(record.path)
    assert now.outcome == "abandoned"
    assert not now.damage, "a byte that is no character does not harm the line"
    assert now.entries[-1].facts["reason"] == "mended by ? hand"
    out_of = journal.taken_out("node2")
    assert out_of and out_of.path == record.path, "what it found is still known"
    code, out = ran(capsys, inventory, "abandon", "web1/0", "--reason", "again")
    assert (code, "it has ended already: abandoned" in out) == (Exit.NOT_BEGUN, True)


def test_of_an_abandoned_patch_the_node_at_work_is_told(
    inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    record = journal.open("web1", "patch")
    for node in ("node1", "node2"):
        out = {"on": node, "step": "out at run time"}
        record = journal.write(record, "sending", **out, orders=["fw1: x"], within={"fw1": 0.0})
        record = journal.write(record, "answered", **out, errors={}, lost=[])
    _, out = ran(capsys, inventory, "abandon", "web1/0", "--reason", "no")
    assert "node2 is out since" in out
    assert "drainboard rejoin web1 node2 puts it back" in out
    _, out = ran(capsys, inventory, "runs")
    assert out.startswith("web1/0  node2 is out since")


@pytest.mark.parametrize(
    ("target", "operation", "steps", "outcome"),
    [
        ("node2", "drain", ["new writer"], "taken back"),
        ("node2", "reboot", ["out at run time", "back at run time", "new writer back"], "taken back"),
        ("web1", "patch", ["lists"], "abandoned"),
        ("web1", "patch", ["out at run time", "back at run time", "soak"], "abandoned"),
    ],
)
def test_a_node_that_is_in_is_not_listed(
    inventory: Path,
    journal: Journal,
    capsys: pytest.CaptureFixture[str],
    target: str,
    operation: str,
    steps: list[str],
    outcome: str,
) -> None:
    record = journal.open(target, operation)
    for step in steps:
        record = journal.write(record, "sending", on="node2", step=step, orders=["fw1: x"], within={"fw1": 0.0})
        record = journal.write(record, "seen", on="node2", step=step, says="so", missed={})
    journal.write(record, "closed", outcome=outcome)
    assert ran(capsys, inventory, "runs") == (0, "")


def test_a_node_that_an_earlier_run_took_out_is_still_listed(
    inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.write(drained(journal), "closed", outcome="done")
    record = journal.write(journal.open("node2", "shut-down"), "failed", on="node2", step="new writer", why="x")
    journal.write(record, "closed", outcome="taken back")
    _, out = ran(capsys, inventory, "runs")
    assert out.startswith("web1/0  node2 is out since")


def test_a_run_that_is_under_way_is_not_given_up(
    inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    record = drained(journal)
    with holding(journal.folder / "lock", "ops@desk: drain node2"):
        code, out = ran(capsys, inventory, "abandon", "web1/0", "--reason", "no")
    assert (code, "ops@desk: drain node2 is working on this cluster" in out) == (Exit.NOT_BEGUN, True)
    assert load(record.path).outcome is None


def test_nor_is_one_whose_order_may_still_arrive(
    inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    record = journal.open("node2", "drain")
    journal.write(record, "sending", on="node2", step="out at run time", orders=["fw1: x"], within={"fw1": 60.0})
    code, out = ran(capsys, inventory, "abandon", "web1/0", "--reason", "no")
    assert code == Exit.NOT_BEGUN
    assert "may still be on its way" in out


def test_a_run_is_watched_while_another_console_writes_it(
    inventory: Path, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    record = drained(journal)
    began, done = threading.Event(), threading.Event()

    def other() -> None:
        now = record
        with holding(journal.folder / "lock", "ops@desk: drain node2"):
            began.set()
            time.sleep(1.0)  # while it is watched
            now = journal.write(now, "seen", on="node2", step="sessions", says="no session left")
            journal.write(now, "closed", outcome="done")
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert began.wait(10)
    code, out = ran(capsys, inventory, "show", "web1/0", "--follow")
    thread.join()
    assert code == 0
    assert "node2: sessions: seen (no session left)" in out
    assert out.rstrip().splitlines()[-1].strip().startswith("done, after ")


# --- a group's folder


def test_a_group_shares_a_folder_that_somebody_made_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "group"
    folder.mkdir()
    folder.chmod(0o2770)
    monkeypatch.setenv("DRAINBOARD_STATE", str(folder))
    before = os.umask(0o077)
    try:
        record = Journal(journal_dir() / "web1").open("node2", "drain")
        with holding(record.path.parent / "lock", "x"):
            pass
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (record.path.parent, journal_dir())}
    assert set(modes.values()) == {0o2770}
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o660
    assert stat.S_IMODE((record.path.parent / "lock").stat().st_mode) == 0o660
    assert too_open(record.path.parent) == ()
    journal_dir().chmod(0o700)
    assert too_open(record.path.parent) == (journal_dir(),), "colleagues could not enter"


@pytest.mark.parametrize("mode", [0o770, 0o2775, 0o2777, 0o700])
def test_no_other_mode_makes_it_a_group_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    folder = tmp_path / "group"
    folder.mkdir()
    folder.chmod(mode)
    monkeypatch.setenv("DRAINBOARD_STATE", str(folder))
    make_private(state_dir() / "journal" / "one")
    assert stat.S_IMODE((state_dir() / "journal").stat().st_mode) == 0o700
    record = Journal(state_dir() / "journal" / "one").open("node2", "drain")
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o600


async def test_a_colleague_takes_over_by_name_and_reason(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster), watching(cluster) as session:
        record = await left_open(session, DRAIN)
        mine = record.first("who")
        record.path.write_text(record.path.read_text().replace(f'"who": "{mine}"', '"who": "colleague@desk"'))
        (theirs,) = session.open_runs()
        plan = session.plan_again(theirs)
        (objection,) = [one for one in plan.objections if "is a run of" in one.saw]
        assert objection.saw == "drain node2 is a run of “colleague@desk”"
        assert plan.unanswered(Consent(True)) == (objection,)
        ended = await (await session.resume(theirs, Consent(True, "node2", "they went home"))).task
        assert ended.outcome == "done"
        line = ended.last("resumed")
        assert line
        assert (line.facts["by"], line.facts["reason"]) == (mine, "they went home")
        assert ended.holder == mine
        assert journal_of(cluster).records()[-1].holder == mine
