"""Why a run is open: the last lines of its journal in a sentence, for screen and command line alike."""

from pathlib import Path
from typing import Any

import pytest

from console.journal import Entry, Record
from console.left_open import how_far, why_open

SENT = ("sending", {"step": "out in config.xml", "orders": []})
ANSWERED = ("answered", {"step": "out in config.xml", "errors": {}, "lost": []})
SEEN = ("seen", {"step": "out at run time", "says": "node1 is out (drain) on fw1 and fw2"})
FAILED = ("failed", {"step": "up", "why": "web/node1 on fw1 is DOWN L4CON, after 60 s"})
PARKED = ("parked", {"missed": {"fw2": "When fw2 is back it will send traffic to node1 again"}})
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
        ((HALTED,), ["stopped by ops@desk at “its beginning”"]),
        ((FAILED,), ["stopped at “up”: web/node1 on fw1 is DOWN L4CON, after 60 s"]),
        ((FAILED, SENT), [LEAVING, "stopped at “up”: web/node1 on fw1 is DOWN L4CON, after 60 s"]),
        ((SEEN, PARKED), ["When fw2 is back it will send traffic to node1 again"]),
    ],
)
def test_the_newest_reason_comes_first(lines: tuple[tuple[str, dict[str, Any]], ...], said: list[str]) -> None:
    assert why_open(record(*lines)) == said


def test_a_machine_that_answers_again_can_be_told_now() -> None:
    assert why_open(record(SEEN, PARKED), frozenset()) == ["fw2 answers again and was not told: resume now"]
    assert why_open(record(SEEN, PARKED), frozenset({"fw2"})) == why_open(record(SEEN, PARKED))


def test_how_far() -> None:
    assert how_far(record(SEEN, HALTED)) == "1 of 3 steps done"
    assert how_far(record(SEEN, ("partly", {"step": "sessions", "missed": {}}))) == "1 of 3 steps done, 1 partly"


def test_an_order_whose_end_nobody_heard_is_so_after_a_key_too() -> None:
    sent = ("sending", {"step": "out in config.xml", "within": {"fw1": 65.0}})
    lost = ("answered", {"step": "out in config.xml", "lost": ["fw1"]})
    assert record(sent, lost, HALTED).unheard == {"fw1": 66.0}
