"""One paint of a cluster's board, without a terminal: its time, and the calls it takes."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from types import FrameType

from console.inventory.load import load
from console.sim import Simulator
from console.ui.board.board import board_lines
from console.ui.board.view import BoardView
from console.ui.lines import Line
from tests.ui.conftest import shown

from .table import Row, middle

SIZES = ((80, 24), (120, 40), (200, 60))
TIMES = 100
SETTLES = 25.0
"""Seconds until the last hours hold some figures."""


async def paints(folder: Path) -> list[Row]:
    """A row for each size, of one settled cluster."""
    async with Simulator(folder) as sim, shown(load(sim.inventory).clusters[0], size=SIZES[-1]) as seen:
        await asyncio.sleep(SETTLES)
        boards = [seen.screen.board_view(width, height - 1) for width, height in SIZES]
    return [
        Row(f"a paint at {width}x{height}", _ms(board), "ms", note=f"{_calls(board):,} calls")
        for (width, height), board in zip(SIZES, boards, strict=True)
    ]


def _ms(board: BoardView) -> float:
    took: list[float] = []
    for _ in range(TIMES):
        began = time.perf_counter()
        _paint(board)
        took.append(time.perf_counter() - began)
    return middle(took) * 1000


def _paint(board: BoardView) -> list[Line]:
    return [one.cut(board.width) for one in board_lines(board)]


def _calls(board: BoardView) -> int:
    count = 0

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        _paint(board)
    finally:
        sys.setprofile(None)
    return count
