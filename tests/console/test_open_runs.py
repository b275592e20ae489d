"""Why a run is open: the last lines of its journal in a sentence, for screen and command line alike."""

from pathlib import Path
from typing import Any

import pytest

from console.operations.procedures import REMOVE
from console.operations.procedures.steps import OrderState
from console.session.journal import Entry, Record
from console.session.open_runs import how_far, why_open
from console.session.runner import remaining
from tests.console.values import CLUSTER

SENT = ("sending", {"step": "out in config.xml", "orders": []})
ANSWERED = ("answered", {"step": "out in config.xml", "errors": {}, "lost": []})
SEEN = ("seen", {"step": "out at run time", "says": "node1 is out (drain) on fw1 and fw2"})
FAILED = ("failed", {"step": "up", "why": "web/node1 on fw1 is DOWN L4CON, after 60 s"})
FAILED_SO = "stopped at “up”: web/node1 on fw1 is DOWN L4CON, after 60 s"
GAP = {"fw2": "When fw2 is back it will send traffic to node1 again: resume this run as soon as it answers"}
PARTLY = ("partly", {"step": "out in config.xml", "says": "on fw1", "missed": GAP})
PARKED = ("parked", {"missed": GAP})
DONE = ("seen", {"step": "out in config.xml", "says": "on fw1 and fw2", "missed": {}})
HALTED = ("halted", {"by": "ops@desk"})
READ = "last read back: node1 is out (drain) on fw1 and fw2"
LEAVING = "cut off at “out in config.xml” with its orders on their way: resuming sees whether they have arrived"


def record(*lines: tuple[str, dict[str, Any]]) -> Record:
    opened = Entry(0.0, "opened", {"node": "node1", "action": "drain", "who": "ops@desk"})
    return Record(Path("of/no/file"), (opened, *(Entry(float(at), *one) for at, one in enumerate(lines, 1))))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), ["cut off before anything was sent"]),
        ((("found", {"now fw1 web/node1": "ready"}),), ["cut off before anything was sent"]),
        ((SENT,), [LEAVING]),
        (
            (ANSWERED,),
            ["cut off at “out in config.xml”: its orders had been given; resuming sees whether it has happened"],
        ),
        ((SEEN,), ["cut off after “out at run time”", READ]),
        ((SEEN, SENT, ANSWERED, HALTED), ["stopped by ops@desk at “out in config.xml”", READ]),
        ((HALTED,), ["stopped by ops@desk before anything was sent"]),
        ((SEEN, HALTED), ["stopped by ops@desk after “out at run time”", READ]),
        (
            (PARTLY, PARKED, DONE, FAILED),
            [FAILED_SO, "last read back: on fw1 and fw2"],
        ),
        ((FAILED,), [FAILED_SO]),
        ((FAILED, SENT), [LEAVING, FAILED_SO]),
        ((SEEN, PARTLY, PARKED), [GAP["fw2"]]),
    ],
)
def test_the_newest_reason_comes_first(lines: tuple[tuple[str, dict[str, Any]], ...], said: list[str]) -> None:
    assert why_open(record(*lines)) == said


def test_a_machine_that_answers_again_can_be_told_now() -> None:
    assert why_open(record(SEEN, PARTLY, PARKED), frozenset()) == ["fw2 answers again and was not told: resume now"]
    assert why_open(record(SEEN, PARTLY, PARKED), frozenset({"fw2"})) == why_open(record(SEEN, PARTLY, PARKED))


def test_how_far() -> None:
    assert how_far(record(SEEN, HALTED), CLUSTER) == "1 of 3 steps done"
    assert (
        how_far(record(SEEN, ("partly", {"step": "sessions", "missed": {}})), CLUSTER) == "1 of 3 steps done, 1 partly"
    )


def test_what_each_of_two_steps_missed_is_told() -> None:
    other = ("partly", {"step": "out at run time", "missed": {"fw1": "fw1 was not told"}})
    assert record(other, PARTLY).skipped_machines == {"fw1": "fw1 was not told", **GAP}


def test_a_step_that_was_seen_and_then_missed_is_gone_through_again() -> None:
    """A firewall may have been told, boot, and be missed by the same step when the run is resumed."""
    again = ("partly", {"step": "out at run time", "missed": GAP})
    run = record(SEEN, PARTLY, PARKED, again, DONE, ("parked", {"missed": GAP}))
    assert run.behind == {("node1", "out in config.xml")}
    assert [step.name for step in remaining(run, REMOVE.steps(CLUSTER, "node1", {}))] == [
        "out at run time",
        "out in config.xml",
    ]


SENT_TO_BOTH = ("sending", {"step": "out at run time", "within": {"fw1": 65.0, "fw2": 65.0}})
LOST = ("answered", {"step": "out at run time", "lost": ["fw1"]})
TO_FW2 = ("sending", {"step": "out in config.xml", "within": {"fw2": 10.0}})
HEARD = ("answered", {"step": "out in config.xml", "lost": []})


@pytest.mark.parametrize(
    ("lines", "unknown"),
    [
        ((SENT_TO_BOTH,), {"fw1": 66.0, "fw2": 66.0}),
        ((SENT_TO_BOTH, LOST), {"fw1": 66.0}),
        ((SENT_TO_BOTH, LOST, HALTED), {"fw1": 66.0}),
        ((SENT_TO_BOTH, LOST, FAILED), {"fw1": 66.0}),
        ((SENT_TO_BOTH, LOST, PARTLY), {"fw1": 66.0}),
        ((SENT_TO_BOTH, LOST, TO_FW2, HEARD), {"fw1": 66.0}),
        ((SENT_TO_BOTH, LOST, SENT_TO_BOTH), {"fw1": 68.0, "fw2": 68.0}),
        ((SENT_TO_BOTH, HEARD), {}),
    ],
)
def test_an_order_whose_end_nobody_heard_is_on_its_way_whatever_comes_after(
    lines: tuple[tuple[str, dict[str, Any]], ...], unknown: dict[str, float]
) -> None:
    assert record(*lines).outcome_unknown == unknown


LEFT = ("sending", {"step": "up", "within": {"node1": 15.0}})
TAKEN = ("answered", {"step": "up", "errors": {}, "lost": []})
REFUSAL = ("answered", {"step": "up", "errors": {"node1": "node1: already loaded"}, "lost": []})
UNHEARD = ("answered", {"step": "up", "errors": {"node1": "the link was lost"}, "lost": ["node1"]})
FINAL = ("failed", {"step": "up", "why": "exit status 100", "final": True})


@pytest.mark.parametrize(
    ("lines", "past"),
    [
        ((), OrderState.UNSENT),
        ((SENT, ANSWERED), OrderState.UNSENT),
        ((LEFT,), OrderState.SENT),
        ((LEFT, TAKEN), OrderState.SENT),
        ((LEFT, REFUSAL), OrderState.REFUSED),
        ((LEFT, UNHEARD), OrderState.SENT),
        ((LEFT, UNHEARD, LEFT, REFUSAL), OrderState.SENT),
        ((LEFT, LEFT, REFUSAL), OrderState.SENT),
        ((LEFT, TAKEN, LEFT, REFUSAL), OrderState.REFUSED),
        ((LEFT, REFUSAL, LEFT), OrderState.SENT),
        ((LEFT, TAKEN, FAILED), OrderState.SENT),
        ((LEFT, TAKEN, FINAL), OrderState.FAILED),
        ((LEFT, FINAL, LEFT, REFUSAL), OrderState.REFUSED),
    ],
)
def test_how_the_orders_of_a_step_fared(lines: tuple[tuple[str, dict[str, Any]], ...], past: OrderState) -> None:
    assert record(*lines).order_state(("node1", "up")) is past
