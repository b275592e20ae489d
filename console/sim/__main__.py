"""`python -m console.sim --folder DIR [--speed N]`: prints the inventory's path when ready, ends with its parent.

Standard input takes one command a line: `fault NAME TARGET`, answered by `ok` or `error: ...`; `faults` lists them.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from console.sim import Simulator


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m console.sim", description="A cluster on 127.0.0.1.")
    parser.add_argument("--folder", type=Path, required=True, help="where keys and inventory go")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds in a real one")
    parser.add_argument("--name", default="demo", help="the cluster's name in the inventory")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.folder, arguments.speed, arguments.name))


async def _serve(folder: Path, speed: float, name: str) -> None:
    async with Simulator(folder, speed, name) as simulator:
        listening = asyncio.create_task(_listen(simulator))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, listening.cancel)
        _say(str(simulator.inventory))
        await asyncio.wait([listening])


async def _listen(simulator: Simulator) -> None:
    """Until the end of standard input: whoever started this is gone then."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while line := await reader.readline():
            _say(_obey(simulator, line.decode(errors="replace").split()))
    finally:
        transport.close()


def _obey(simulator: Simulator, words: list[str]) -> str:
    match words:
        case ["fault", name, target]:
            try:
                simulator.fault(name, target)
            except ValueError as error:
                return f"error: {error}"
            return "ok"
        case ["faults"]:
            return " ".join(name for name, _ in simulator.faults)
        case _:
            return "error: say 'fault NAME TARGET' or 'faults'"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
