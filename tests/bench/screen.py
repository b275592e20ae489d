"""The console in a terminal, looked at from outside."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from .places import EVENTS, Place
from .table import Row, middle, most
from .terminal import Gone, Terminal, terminal

BARE = [sys.executable, "-m", "tests.bench.bare"]


def shows(text: str) -> Callable[[list[str]], bool]:
    """A condition: some line holds this text."""
    return lambda lines: any(text in line for line in lines)


def row_of(lines: Sequence[str], name: str) -> str:
    """The line that begins with a machine's name, after any mark; what stands beside the table is none of it."""
    return next((line.rpartition("│")[0] or line for line in lines if re.match(rf"[^\w]*{name}\b", line)), "")


def appears(event: str) -> Callable[[list[str]], bool]:
    """A condition: the screen tells of this event."""
    if event == "mysqld":
        return lambda lines: bool(row_of(lines, "node3")) and "Synced" not in row_of(lines, "node3")
    if event == "server":
        return lambda lines: "DOWN" in row_of(lines, "node3")
    return lambda lines: "MASTER" in row_of(lines, "fw2")


def calm(lines: list[str]) -> bool:
    """Every machine is shown as well."""
    nodes = [row_of(lines, f"node{at}") for at in (1, 2, 3)]
    return all("Synced" in row and "DOWN" not in row for row in nodes) and "MASTER" in row_of(lines, "fw1")


@asynccontextmanager
async def console(place: Place, folder: Path, cores: str = "") -> AsyncGenerator[Terminal]:
    """The product's own command."""
    pin = ["taskset", "-c", cores] if cores else []
    argv = [*place.prefix, *pin, sys.executable, "-m", "console", "--inventory", str(place.inventory)]
    async with terminal(argv, DRAINBOARD_STATE=str(folder / "state")) as shown:
        yield shown


async def first_paint(place: Place, folder: Path, times: int) -> Row:
    """Measure both in turns, so that a busy moment hits both."""
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(times + 1):
        async with terminal(BARE) as one:
            bare.append(await one.shows(shows("a bare app")) - one.began)
        async with console(place, folder) as one:
            ours.append(await one.shows(shows("node1")) - one.began)
    del bare[0], ours[0]  # the first start compiles
    return Row("first paint, and that of a bare Textual app", middle(ours), "s", middle(bare), "<= 1.3 x")


async def steady(shown: Terminal, seconds: float) -> tuple[Row, ...]:
    """The price of a screen that only looks, once it has settled."""
    await shown.shows(calm, 60)
    await asyncio.sleep(5)
    cpu, sent, began = shown.cpu, shown.bytes, time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    return (
        Row("processor, five machines at 2 s", (shown.cpu - cpu) / took * 100, "% core", mark="<= 5"),
        Row("memory (resident)", shown.memory(), "MiB", mark="<= 75"),
        Row("terminal output, with the last hours on", (shown.bytes - sent) / took / 1000, "kB/s", mark="<= 5"),
    )


async def events(place: Place, shown: Terminal, times: int) -> AsyncIterator[Row]:
    """Seconds from the event on the machine to its sight on the screen."""
    words = {"mysqld": "mysqld killed", "server": "server DOWN in HAProxy", "carp": "CARP flip"}
    for event in EVENTS:
        took: list[float] = []
        for at in range(times):
            await shown.shows(calm, 90)
            await asyncio.sleep(0.37 * at)
            happened = await place.happen(event)
            try:
                took.append(max(0.0, await shown.shows(appears(event), 30) - happened))
            finally:
                await place.mend(event)
        yield Row(f"event to screen: {words[event]}", middle(took), "s", mark="<= 2.5", note=f"worst {max(took):.1f}")


def picked(lines: list[str]) -> list[str]:
    """The selected lines."""
    return [line for line in lines if "►" in line]


async def keys(shown: Terminal, times: int, what: str) -> Row:
    """The selection goes down and up. Until that is on the terminal."""
    took: list[float] = []
    for at in range(times):
        before = picked(shown.grid.text)

        def moved(lines: list[str], before: list[str] = before) -> bool:
            return bool(picked(lines)) and picked(lines)[0][:12] != before[0][:12]

        pressed = shown.keys("jk"[at % 2])
        with suppress(TimeoutError):
            took.append(await shown.shows(moved, 5) - pressed)
        await asyncio.sleep(0.31)
    if not took:
        return Row(what, None, "s", mark="<= 0.05 p95", note="no key was seen to do anything")
    return Row(what, most(took), "s", mark="<= 0.05 p95", note=f"median {middle(took):.3f}")


async def pages(shown: Terminal, times: int) -> Row:
    """`?` opens a whole page. Until that is on the terminal."""
    took: list[float] = []
    page = shows("The keys, of one cluster")
    for at in range(times):
        pressed = shown.keys("?")
        took.append(await shown.shows(page, 5) - pressed)
        shown.keys("\x1b")
        await shown.shows(lambda lines: not page(lines), 5)
        await asyncio.sleep(0.31 + 0.07 * (at % 5))
    return Row("a page is opened (?)", most(took), "s", mark="<= 0.05 p95", note=f"median {middle(took):.3f}")


async def hung(place: Place, shown: Terminal, times: int) -> Row:
    """Keys while a machine accepts and never answers."""
    await shown.shows(calm, 90)
    await place.hang(True)
    try:
        await asyncio.sleep(4)
        return await keys(shown, times, "key answered while one machine hangs")
    finally:
        await place.hang(False)


async def on_screen(place: Place, folder: Path, short: bool) -> AsyncIterator[Row]:
    """Every row that needs a terminal."""
    yield await first_paint(place, folder, 3 if short else 5)
    async with console(place, folder) as shown:
        try:
            for row in await steady(shown, 10 if short else 30):
                yield row
            yield await pages(shown, 10 if short else 30)
            async for row in events(place, shown, 3 if short else 7):
                yield row
            yield await hung(place, shown, 10 if short else 30)
        except (TimeoutError, Gone) as error:
            yield Row(f"broke off ({type(error).__name__})", None, "", note="\n".join(shown.grid.text)[:4000])
