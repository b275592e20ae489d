"""A machine may print anything: as the text of every field of every reading, on every screen."""

import typing
import unicodedata
from typing import Any

import pytest
from rich.cells import cell_len

from console.health import findings, site
from console.health.verdicts import judged
from console.operations.may_go import one_line
from console.probes.question import Subject
from console.probes.snapshot import QUESTIONS, Known, Snapshot, Unknown, empty, fold
from console.ui.board import fleet
from console.ui.board.board import board_lines
from console.ui.board.explained import explained
from console.ui.board.view import BoardView, finding_row
from console.ui.detail.reading import section
from console.ui.detail.sections import sections, subjects
from console.ui.fleet_row import fleet_row
from console.ui.lines import Line

from . import test_readings
from .conftest import nobody

NOW = 1_800_000_000.0
EVIL = (
    "\x1b[2J\x1b]0;gone\x07\x9b31m",
    "[bold red]up[/] {0} %s \\",
    "漢字かな👨‍👩‍👧e\u0301\u200b",
    "\u202e\u2066שלום مرحبا\u2069 123",
    "a\r\nb\tc\0d\x7f",
    "\udcff" + "x" * 5000,
)


@pytest.fixture(params=EVIL, ids=["escape", "markup", "wide", "bidirectional", "control", "long"])
def evil(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The text of every field."""
    monkeypatch.setattr(test_readings, "TEXT", request.param)
    return request.param


def picture(evil: str) -> Snapshot:
    """Every reading known, and full of it; one unknown with it for a reason."""
    cluster = nobody()
    whole = empty(cluster)
    names = {
        Subject.FIREWALL: [one.name for one in cluster.firewalls],
        Subject.NODE: [one.name for one in cluster.nodes],
        Subject.VOLUME: list(cluster.volumes),
        Subject.DATABASE: list(cluster.databases),
        Subject.VIP: [one.name for one in cluster.vips],
    }
    views = {Subject.FIREWALL: whole.firewalls, Subject.NODE: whole.nodes, Subject.VOLUME: whole.volumes,
             Subject.DATABASE: whole.databases, Subject.VIP: whole.vips}  # fmt: skip
    for question in QUESTIONS:
        hint = typing.get_type_hints(type(views[question.subject][0]))[question.field]
        value = test_readings.make(typing.get_args(typing.get_args(hint)[0])[0])
        for at, name in enumerate(names[question.subject]):
            reading: Any = Unknown(evil, NOW, NOW - 9) if at == 1 else Known(value, NOW - 1)
            whole = fold(whole, question, name, reading)
    return whole


def check(lines: list[Line], width: int | None = None) -> None:
    assert lines
    for one in lines:
        text = one.text
        assert text.isprintable(), repr(text)
        assert cell_len(text) == len(text), repr(text)
        assert not {"R", "AL", "AN"} & {unicodedata.bidirectional(char) for char in text}
        assert width is None or len(text) == width


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 10)])
def test_the_board(evil: str, size: tuple[int, int]) -> None:
    shown = picture(evil)
    found = findings(shown)
    for picked in ("node1", "fw1", finding_row(found[0])):
        board = BoardView(
            shown,
            NOW,
            judged(shown, found).cluster,
            site(shown, found),
            found,
            width=size[0],
            height=size[1],
            picked=picked,
            may_go=one_line(shown),
        )
        check([one.cut(size[0]) for one in board_lines(board)], size[0])


def test_the_details(evil: str) -> None:
    shown = picture(evil)
    for ref in subjects(shown.cluster):
        for one in sections(shown, ref):
            for full in (True, False):
                check([each.cut(90) for each in section(one, shown, 90, NOW, True, full)], 90)


def test_what_is_wrong_and_the_fleet(evil: str) -> None:
    shown = picture(evil)
    for one in findings(shown):
        check(explained(one, 80))
    of = fleet.columns(100, [evil], 3, ["fw1"])
    one = fleet_row(shown, 1, False)._replace(name=evil)
    check([fleet.row(one, 1, True, NOW, 5.0, of, True)], 100)
    check(fleet.beneath(one, 1, True, of, 2), 100)
