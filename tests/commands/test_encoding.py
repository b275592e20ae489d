"""A terminal or a cron job that knows no signs but latin-1's: what can't be said there is a question mark, no end."""

import asyncio
import sys
from pathlib import Path

from tests.conftest import simulated


async def run(inventory: Path, *words: str) -> tuple[int | None, str]:
    command = (sys.executable, "-m", "console", "-i", str(inventory), *words)
    process = await asyncio.create_subprocess_exec(
        *("env", "PYTHONIOENCODING=latin-1", *command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode("latin-1")


async def test_status_a_run_and_its_journal_end_as_anywhere(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, _):
        code, said = await run(sim.inventory, "status")
        assert (code, "?OK" in said) == (0, True), said
        code, said = await run(sim.inventory, "drain", "demo", "node2", "--override", "node2", "--reason", "rain ☂")
        assert (code, "done: drain node2: done" in said) == (0, True), said
        code, said = await run(sim.inventory, "runs")
        assert (code, "(rain ?)" in said) == (0, True), said
