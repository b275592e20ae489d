"""Pictures of the screen: every scenario of the demo at three sizes, as SVG.

`python -m tests.pictures FOLDER` makes them all; three of them stand in the docs, by the same hand (`--docs`).
"""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from console.inventory.load import load
from console.sim import Simulator
from console.sim.scenarios import SCENARIOS, Scenario, scenario
from tests.ui.conftest import Seen, shown

SIZES = ((80, 24), (120, 40), (200, 60))
SETTLES = 15.0
"""Seconds in which a scenario's faults have happened and been seen."""
DOCS = Path(__file__).parent.parent / "docs"


async def picture(of: Scenario, size: tuple[int, int], path: Path, keys: str = "") -> str:
    """Paint one scenario; `keys` are pressed once it has settled. Returns the first two rows."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Simulator(Path(folder) / "sim", speed=4.0, scenario=of) as sim,
            shown(load(sim.inventory).clusters[0], size=size) as one,
        ):
            await asyncio.sleep(SETTLES)
            for key in keys:
                await pressed(one, key)
            path.write_text(one.app.export_screenshot(title="drainboard"), encoding="utf-8")
            return "\n".join(one.text.splitlines()[:2])


async def pressed(seen: Seen, key: str) -> None:
    """Press a key, and wait until its run has ended, if it began one."""
    await seen.press(key)
    await seen.pilot.pause(1.0)
    while seen.session.running is not None:
        await seen.pilot.pause(0.2)
    await seen.pilot.pause(1.0)  # its end is painted


async def every(folder: Path) -> None:
    for one in SCENARIOS:
        for width, height in SIZES:
            rows = await picture(one, (width, height), folder / f"{one.name}-{width}x{height}.svg")
            print(f"{one.name} {width}x{height}\n{rows}")


async def docs() -> None:
    """The pictures of the README and of docs/night.md."""
    healthy, hung, dark = (scenario(name) for name in ("healthy", "node-hung", "non-primary"))
    print(await picture(healthy, (100, 28), DOCS / "screen.svg", keys="jd"))
    print(await picture(hung, (80, 24), DOCS / "hurt.svg"))
    print(await picture(dark, (80, 24), DOCS / "down.svg"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.pictures")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/pictures"))
    parser.add_argument("--docs", action="store_true", help="only those that stand in the docs")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        os.environ["DRAINBOARD_STATE"] = state
        if chosen.docs:
            asyncio.run(docs())
            return
        chosen.folder.mkdir(parents=True, exist_ok=True)
        asyncio.run(every(chosen.folder))


if __name__ == "__main__":
    main()
