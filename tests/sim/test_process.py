"""The demo's own process: prints its inventory, obeys, and ends with its parent."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest


async def start(folder: Path) -> Process:
    command = (sys.executable, "-m", "console.sim", "--folder", str(folder), "--speed", "10")
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)


async def say(process: Process, line: str) -> str:
    assert process.stdin
    assert process.stdout
    process.stdin.write(line.encode() + b"\n")
    return (await process.stdout.readline()).decode().strip()


async def test_obeys_and_ends_at_the_end_of_its_input(folder: Path) -> None:
    process = await start(folder)
    assert process.stdin
    assert process.stdout
    inventory = Path((await process.stdout.readline()).decode().strip())
    assert inventory.read_text().startswith("[cluster.demo]\n")
    assert await say(process, "fault demo node-lost node2") == "ok"
    assert (await say(process, "fault demo node-lost fw1")).startswith("error: ")
    assert (await say(process, "fault demo nonsense node1")).startswith("error: ")
    assert (await say(process, "hello")).startswith("error: ")
    process.stdin.close()
    async with asyncio.timeout(5):
        assert await process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_ends_on_a_signal(folder: Path, number: signal.Signals) -> None:
    process = await start(folder)
    assert process.stdout
    await process.stdout.readline()
    process.send_signal(number)
    async with asyncio.timeout(5):
        assert await process.wait() == 0
