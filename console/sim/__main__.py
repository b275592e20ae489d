"""`python -m console.sim --folder DIR ...`: prints the inventory's path when ready, ends with its parent.

Standard input takes one command a line: `fault CLUSTER NAME TARGET`, answered by `ok` or `error: ...`; `faults` lists
them.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from console.sim.faults import FAULTS
from console.sim.fleet import Fleet
from console.sim.scenarios import SCENARIOS, scenario


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m console.sim", description="A cluster on 127.0.0.1.")
    parser.add_argument("--folder", type=Path, required=True, help="where keys and inventory go")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds in a real one")
    parser.add_argument("--scenario", default="healthy", help=", ".join(one.name for one in SCENARIOS))
    parser.add_argument("--clusters", type=int, default=1, help="how many clusters, at least")
    arguments = parser.parse_args()
    try:
        first = scenario(arguments.scenario)
    except ValueError as error:
        parser.error(str(error))
    asyncio.run(_serve(Fleet(arguments.folder, arguments.speed, first, arguments.clusters)))


async def _serve(fleet: Fleet) -> None:
    async with fleet:
        listening = asyncio.create_task(_listen(fleet))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, listening.cancel)
        _say(str(fleet.inventory))
        await asyncio.wait([listening])


async def _listen(fleet: Fleet) -> None:
    """Wait for the end of standard input: whoever started this is gone then."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while line := await reader.readline():
            _say(_obey(fleet, line.decode(errors="replace").split()))
    finally:
        transport.close()


def _obey(fleet: Fleet, words: list[str]) -> str:
    match words:
        case ["fault", cluster, name, target]:
            try:
                fleet.fault(cluster, name, target)
            except ValueError as error:
                return f"error: {error}"
            return "ok"
        case ["faults"]:
            return " ".join(fault.name for fault in FAULTS)
        case _:
            return "error: say 'fault CLUSTER NAME TARGET' or 'faults'"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
