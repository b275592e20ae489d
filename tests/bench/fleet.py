"""A hundred clusters on one core: the product's own screen, and how many of its rounds began in time.

`python -m tests.bench.fleet INVENTORY FIGURES` runs the screen; when it ends it leaves its figures in that file.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from console.cli.gc import tuned
from console.inventory.load import load
from console.session.handle import SessionHandle
from console.session.loop import Loop
from console.session.session import Session
from console.ui.app import ConsoleApp

from .places import far
from .screen import keys, shows
from .table import Row
from .terminal import terminal

SETTLE, MEASURE = 60.0, 30.0


def run(inventory: Path, figures: Path) -> None:
    """The screen over every cluster. Counts are written each second: nobody knows when it is ended."""
    sessions: list[SessionHandle] = []

    def report() -> None:
        while True:
            time.sleep(1)
            counts = {"begun": 0, "late": 0, "at": time.monotonic()}
            for session in sessions:
                counts["begun"] += session._session.poller.begun
                counts["late"] += session._session.poller.late
            part = figures.with_suffix(".part")
            part.write_text(json.dumps(counts))
            part.rename(figures)

    async def show() -> None:
        loop = Loop()
        sessions.extend(SessionHandle(Session(cluster), loop) for cluster in load(inventory).clusters)
        threading.Thread(target=report, daemon=True).start()
        async with tuned():
            await ConsoleApp(tuple(sessions)).run_async()

    asyncio.run(show())


async def measure(folder: Path, clusters: int, short: bool) -> tuple[Row, ...]:
    """The console on the first core, everything else on the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return (Row(f"{clusters} clusters", None, "", note="needs a second core for the simulator"),)
    figures = folder / "figures.json"
    async with far(folder / "fleet", clusters, ",".join(map(str, cores[1:]))) as place:
        argv = ["taskset", "-c", str(cores[0]), sys.executable, "-m", "tests.bench.fleet"]
        argv += [str(place.inventory), str(figures)]
        async with terminal(argv, DRAINBOARD_STATE=str(folder / "state")) as shown:
            await shown.shows(shows("web1"), 60)
            await asyncio.sleep(SETTLE if not short else SETTLE / 2)
            before, cpu = json.loads(figures.read_text()), shown.cpu
            key = await keys(shown, 10 if short else 30, f"key answered over {clusters} clusters")
            await asyncio.sleep(MEASURE / 2)
            after = json.loads(figures.read_text())
            took = after["at"] - before["at"]
            begun, late = after["begun"] - before["begun"], after["late"] - before["late"]
            return (
                Row(f"{clusters} clusters, {5 * clusters} machines: rounds begun in time",
                    100 * (1 - late / max(1, begun)), "%", mark="holds it", note=f"{begun / took:.0f} a second"),
                Row("  processor, pinned to one core", (shown.cpu - cpu) / took * 100, "% core"),
                Row("  memory (resident)", shown.memory(), "MiB"),
                key,
            )  # fmt: skip


if __name__ == "__main__":
    with tempfile.TemporaryDirectory():
        run(Path(sys.argv[1]), Path(sys.argv[2]))
