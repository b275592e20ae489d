"""A step is marked as done only if it was seen or agreed to."""

from pathlib import Path
from typing import Any

import pytest

from console.operations.procedures import DRAIN, PATCH
from console.operations.procedures.steps import Intent, Operation
from console.session.handle import SessionHandle
from console.session.journal import Entry, Journal, Record
from console.session.loop import Loop
from console.session.open_runs import how_far
from console.session.run_state import RunState
from console.session.runner import Note
from console.session.session import Session
from console.ui.board.run import panel
from console.words import words
from tests.console.values import CLUSTER

OPTIONS = {"nodes": ["node2", "node3"], "managers": {"node2": "apt", "node3": "apt"}}


def record(operation: Operation, *lines: tuple[str, str, str], **gone: Any) -> Record:
    """`lines`: kind, target and step."""
    target = "node2" if operation is DRAIN else CLUSTER.name
    opened = Entry(0.0, "opened", {"node": target, "action": operation.name, "who": "ops", "options": OPTIONS})
    entries = [Entry(1.0, kind, {"on": on, "step": step, "says": "x", **gone}) for kind, on, step in lines]
    return Record(Path("of/no/file"), (opened, *entries))


def state(operation: Operation, run: Record, ended: str = "") -> RunState:
    """All of its lines are of this console."""
    notes = [Note(1.0, str(one.facts["on"]), str(one.facts["step"]), "x") for one in run.entries[1:]]
    intent = Intent(CLUSTER, run.target, operation, options=OPTIONS)
    return RunState(run.path, intent, 0.0, tuple(notes), ended=ended, record=run)


SEEN = [("seen", "node2", "out at run time"), ("seen", "node2", "out in config.xml")]


@pytest.mark.parametrize(
    ("end", "marked", "mark", "told"),
    [
        ("seen", "done", "✓", "3 of 3 steps done"),
        ("agreed", "done", "✓", "3 of 3 steps done"),
        ("partly", "partly", "!", "2 of 3 steps done, 1 partly"),
        ("left", "left", "!", "2 of 3 steps done, 1 not in time"),
    ],
)
def test_the_end_of_a_step(end: str, marked: str, mark: str, told: str) -> None:
    run = record(DRAIN, *SEEN, (end, "node2", "sessions"))
    done = state(DRAIN, run, "done")
    assert [each for _, each in done.states()] == ["done", "done", marked]
    assert words.step(marked).mark == mark
    assert how_far(run, CLUSTER) == told
    assert told in panel(done, 120, 12, 2.0)[0].text


def test_a_step_whose_time_was_up_is_marked_while_the_run_goes_on() -> None:
    run = record(
        PATCH, ("left", "node2", "sessions"), ("seen", "node2", "stop MySQL"), ("seen", "node2", "stop Gluster")
    )
    marks = {step.id: each for step, (_, each) in zip(intent_steps(), state(PATCH, run).states(), strict=True)}
    assert (marks["node2", "sessions"], marks["node2", "stop MySQL"]) == ("left", "done")


def intent_steps() -> Any:
    return Intent(CLUSTER, CLUSTER.name, PATCH, options=OPTIONS).steps


def test_of_a_node_that_was_given_up_no_step_counts_that_was_not_carried_out() -> None:
    steps = [one for one in intent_steps() if one.on == "node2"]
    at = next(at for at, one in enumerate(steps) if one.name == "packages")
    run = record(PATCH, *(("seen", *one.id) for one in steps[:at]), ("failed", "node2", "packages"))
    run = run._replace(entries=(*run.entries, Entry(2.0, "skipped", {"on": "node2", "reason": "x", "failed": True})))
    back = [one for one in steps if one.phase == "in"]
    run = run._replace(entries=(*run.entries, *record(PATCH, *(("seen", *one.id) for one in back)).entries[1:]))
    intent = Intent(CLUSTER, CLUSTER.name, PATCH, options=OPTIONS)
    first = next(one for one in intent.steps if one.on == "node3")
    notes = tuple(Note(1.0, one.on, one.name, "x") for one in (*steps[: at + 1], *back, first))
    shown = RunState(run.path, intent, 0.0, notes, record=run)
    marks = {step.id: each for step, (_, each) in zip(intent.steps, shown.states(), strict=True)}
    assert marks["node2", "packages"] == "failed"
    assert {marks["node2", one] for one in ("updated", "reboot", "soak")} == {"skipped"}
    assert {marks[one.id] for one in (*steps[:at], *back)} == {"done"}
    assert marks[first.id] == "now"
    skipped = sum(each == "skipped" for each in marks.values())
    done = len(steps[:at]) + len(back)
    told = f"{done} of {len(intent.steps)} steps done, 1 failed, {skipped} skipped"
    assert how_far(run, CLUSTER) == told
    assert told in panel(shown, 120, 12, 2.0)[0].text
    assert (words.step("failed").mark, words.step("skipped").mark) == ("✗", "-")


async def test_what_is_written_now_is_seen_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    run = journal.write(journal.open("node2", "drain"), "left", on="node2", step="sessions")
    assert journal.newest_of(run.path) == run
    monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path))
    session, loop = Session(CLUSTER), Loop()
    try:
        session.journal = journal
        monkeypatch.setattr(Session, "newest", state(DRAIN, run)._replace(path=run.path, record=None))
        seen = SessionHandle(session, loop).state.run
        assert seen and seen.record == run
    finally:
        loop.close()
