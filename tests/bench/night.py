"""From the first frame to the right headline, in each scenario of the demo: the second row, read from a terminal."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from console.cli.demo import demo
from console.sim.scenarios import SCENARIOS

from .screen import shows
from .table import Row, middle
from .terminal import terminal

HAPPENS, SETTLES = 10.0, 12.0
"""Seconds until a scenario's faults have happened, and until nothing in the headline changes any more."""
KEYS = r"press \S|\S+ on \S+|w says what to do|nothing to press|s stops here"


async def headlines(folder: Path, times: int) -> AsyncIterator[Row]:
    """A row for each scenario of one cluster."""
    for at, one in enumerate(SCENARIOS):
        if one.others:
            continue
        place = folder / str(at)
        place.mkdir(parents=True)
        async with demo(place, 1.0, one.name) as cluster:
            await asyncio.sleep(HAPPENS)
            seen = [await _seconds(cluster.inventory, place) for _ in range(times)]
        headline, key = seen[-1][1]
        note = f"{len(headline)} characters: {headline} [{key}]"
        yield Row(f"  {one.name}", middle([took for took, _ in seen]), "s", mark="<= 2", note=note)


async def _seconds(inventory: Path, folder: Path) -> tuple[float, tuple[str, str]]:
    """Seconds from the first frame until the headline stands that stays, and its words and key."""
    argv = [sys.executable, "-m", "console", "--inventory", str(inventory)]
    async with terminal(argv, DRAINBOARD_STATE=str(folder / "state")) as shown:
        first = await shown.shows(shows("node1"))
        stood, since = _headline(shown.grid.text), first
        while time.monotonic() < first + SETTLES:
            await asyncio.sleep(0.02)
            now = _headline(shown.grid.text)
            if _subject(now[0]) != _subject(stood[0]):
                since = time.monotonic()
            stood = now
        return since - first, stood


def _headline(lines: list[str]) -> tuple[str, str]:
    """The words of the second row, and what to press."""
    row = lines[1].strip()
    key = re.search(rf" +({KEYS})$", row)
    return (row[: key.start()].rstrip(), key[1]) if key else (row, "")


def _subject(headline: str) -> str:
    """The headline without figures, and without what is told behind its first clause."""
    return re.sub(r"[0-9]+", "", re.split("[,;]", headline)[0])
