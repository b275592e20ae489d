"""Row 1: the words that matter most are there whole, whatever the width."""

import pytest

from console.health import Condition, SiteState, verdict
from console.health.news import HURT
from console.probes.snapshot import Snapshot
from console.session.runner import Note
from console.text import clock
from console.ui.board.top import top
from console.ui.board.view import BoardView
from tests.console.test_failover_guards import HELD

ILL = "1 of 3 visitors gets errors: node3 is ill"


def row(picture: Snapshot, width: int) -> str:
    state = SiteState(Condition.HURT, ILL)
    note = Note(1.0, "", HURT, f"SITE {Condition.HURT.value}")
    board = BoardView(picture, 2.0, verdict(picture), state, events=(note,), width=width)
    return top(board)[0].text


@pytest.mark.parametrize(("width", "since"), [(100, f"{ILL} since {clock(1.0)}"), (78, f"{ILL} ")])
def test_since_when_goes_before_any_word_is_cut(width: int, since: str) -> None:
    assert since in row(HELD, width)
    assert "…" not in row(HELD, width)
