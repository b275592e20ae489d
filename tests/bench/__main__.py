"""Figures, never assertions: `make bench`. Each beside a baseline of the same run: machines differ, ratios travel.

Over the simulator, and over the lab where this machine can have one (`--no-lab`, `--lab NAME`).
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.lab import host

from .act import act
from .fleet import measure
from .night import headlines
from .paint import paints
from .places import Place, far, near
from .screen import on_screen
from .table import Row, heading


async def talk(place: Place, lab: str = "") -> tuple[Row, ...]:
    """Every row that needs no terminal."""
    argv = [*place.prefix, sys.executable, "-m", "tests.bench.talk", str(place.inventory), str(time.monotonic())]
    process = await asyncio.create_subprocess_exec(*argv, *([lab] if lab else []), stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    if process.returncode:
        return (Row("talking to it failed", None, ""),)
    it = json.loads(said)
    rows = [
        Row("full picture from a cold start", it["cold"], "s", mark="<= 3", note=f"{it['cold cpu']:.2f} s processor"),
        Row("fast round of everything, and one warm ssh command", it["fast"], "ms", it["own ssh"], "<= 2 x",
            f"both ours; {it['fast cpu']:.1f} and {it['own ssh cpu']:.1f} ms processor"),
        Row("  its part of the slowest machine, by itself", it["slowest alone"], "ms", it["own ssh"], "<= 2 x",
            "here five machines share the cores"),
        Row("  with the cluster 20 ms away", it["home fast"], "ms", it["home own ssh"], "<= 2 x"),
    ]  # fmt: skip
    if "openssh" in it:
        rows += [
            Row("fast round of everything, and one warm ssh command", it["fast"], "ms", it["openssh"], "<= 2 x",
                "OpenSSH's own client, ControlMaster"),
            Row("  with the cluster 20 ms away", it["home fast"], "ms", it["home openssh"], "<= 2 x"),
            Row("  its shell part, and the same scripts by OpenSSH", it["fast scripts"], "ms", it["openssh scripts"],
                note="five warm clients at once"),
        ]  # fmt: skip
    return (*rows, *(_cost(it["node"]) if "node" in it else ()))


WHO = {"node": "on each node", "asker": "on the asker, besides"}


def _cost(batches: list[dict[str, Any]]) -> list[Row]:
    """The baseline: an ssh command for each thing that is asked."""
    rows: list[Row] = []
    minute = dict.fromkeys(("processes", "ms", "base processes", "base ms"), 0.0)
    for one in batches:
        what, note = (
            f"{WHO[one['who']]}, {one['cadence']} round",
            f"{one['questions']} questions every {one['pace']:g} s",
        )
        rows.append(Row(f"{what}: processes and threads", one["processes"], "", one["base processes"], note=note))
        rows.append(Row(f"{what}: processor", one["ms"], "ms", one["base ms"]))
        for key in minute if one["who"] == "node" else ():
            minute[key] += one[key] * 60 / one["pace"]
    mark = "well under 1"
    rows.append(
        Row("on each node, a minute: processes and threads", minute["processes"], "", minute["base processes"], mark)
    )
    rows.append(Row("on each node, a minute: processor", minute["ms"], "ms", minute["base ms"], mark))
    return rows


async def simulated(folder: Path, options: argparse.Namespace) -> AsyncIterator[Row | str]:
    """Rows over the simulator."""
    async with far(folder / "far") as place:
        yield heading("the simulator, five machines")
        for row in await talk(place):
            yield row
        async for row in on_screen(place, folder, options.short):
            yield row
    for row in await paints(folder / "paint"):
        yield row
    if options.night:
        yield heading("the demo's scenarios: from the first frame to the headline that stays")
        async for row in headlines(folder / "night", 1 if options.short else 5):
            yield row
    for row in await act(folder / "act", 2 if options.short else 5):
        yield row
    if options.clusters:
        yield heading("the simulator, many clusters")
        for row in await measure(folder, options.clusters, options.short):
            yield row


async def real(folder: Path, options: argparse.Namespace) -> AsyncIterator[Row | str]:
    """Rows over the lab, or why there are none."""
    why = "--no-lab" if options.no_lab else host.why_not()
    yield heading("the lab, five machines")
    if why:
        yield Row("not measured", None, "", note=why)
        return
    async with near(options.lab) as place:
        for row in await talk(place, options.lab):
            yield row
        async for row in on_screen(place, folder, options.short):
            yield row


async def main() -> None:
    """Print each row when it is known."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--lab", default="bench", help="its name; one that is up is used and left up")
    parser.add_argument("--no-lab", action="store_true")
    parser.add_argument("--no-sim", action="store_true")
    parser.add_argument("--clusters", type=int, default=100, help="for the row with many; 0: none")
    parser.add_argument("--night", action="store_true", help="each scenario's headline too; half an hour")
    parser.add_argument("--short", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="drainboard-bench-") as name:
        os.environ["DRAINBOARD_STATE"] = str(Path(name) / "state")
        # pip compiles what it installs; a checkout, where nothing may be written, would be compiled at each start.
        os.environ |= {"PYTHONPYCACHEPREFIX": str(Path(name) / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
        print(f"load of this machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
        for place in [real] if options.no_sim else [simulated, real]:
            async for row in place(Path(name), options):
                print(row if isinstance(row, str) else row.line, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
