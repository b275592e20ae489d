"""A terminal or a cron job that knows ASCII or latin-1 only: marks have other signs there, not the unknown's."""

import asyncio
import sys
from pathlib import Path

import pytest

from console.words import words
from console.words.ascii import SIGNS, plain
from tests.conftest import simulated

ROOT = Path(__file__).parents[2]


SAYS = {"latin-1": "PYTHONIOENCODING=latin-1", "C": "LANG=C", "POSIX": "LC_ALL=POSIX", "old": "LANG=de_DE.ISO-8859-1"}


async def run(inventory: Path, message: str, *words: str) -> tuple[int | None, str]:
    command = (sys.executable, "-m", "console", "-i", str(inventory), *words)
    process = await asyncio.create_subprocess_exec(
        *("env", "-u", "LC_ALL", "-u", "LC_CTYPE", "-u", "LANG", message, *command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode("latin-1" if message in SAYS.values() else "utf-8")


async def well(inventory: Path, message: str) -> tuple[int | None, str]:
    """Status of a cluster that is well; a busy machine may answer late."""
    for _ in range(5):
        code, said = await run(inventory, message, "status")
        if code == 0:
            break
    return code, said


@pytest.mark.parametrize("where", SAYS)
async def test_marks_are_told_apart_in_ascii(tmp_path: Path, where: str) -> None:
    async with simulated(tmp_path / "sim") as (sim, _):
        code, said = await well(sim.inventory, SAYS[where])
        assert (code, said.isascii()) == (0, True), said
        assert "+OK" in said and "+UP" in said and "?" not in said, said
        sim.fault("apache-stopped", "node2")
        sim.fault("firewall-lost", "fw2")
        await asyncio.sleep(1)
        code, said = await run(sim.inventory, SAYS[where], "status")
        assert said.isascii() and "XDOWN" in said and "?" in said, said


async def test_status_says_its_own_signs_where_they_are_known(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, _):
        for message in ("LANG=C.UTF-8", "X=1", "LANG=de_DE.UTF-8"):
            _, said = await well(sim.inventory, message)
            assert "✓OK" in said, (message, said)


def test_every_sign_has_one_of_its_own() -> None:
    """Each is one cell wide, and none is another mark already."""
    judged = [words.OK, words.NOTED, words.WARN, words.BAD, words.UNKNOWN, words.ASKING, words.AGING]
    shown = [*judged, words.OUT, words.DRAIN, "►"]
    assert len({plain(mark) for mark in shown}) == len(shown)
    assert all(len(sign) == 1 and sign.isascii() for sign in SIGNS.values())
    source = "".join(path.read_text() for path in (ROOT / "console").rglob("*.py") if "sim" not in path.parts)
    assert {char for char in source if not char.isascii()} <= set(SIGNS)


async def test_a_run_and_its_journal_end_as_anywhere(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, _):
        drain = ("drain", "demo", "node2", "--override", "node2", "--reason", "rain ☂")
        code, said = await run(sim.inventory, SAYS["latin-1"], *drain)
        assert (code, "done: drain node2: done" in said) == (0, True), said
        code, said = await run(sim.inventory, SAYS["latin-1"], "runs")
        assert (code, "(rain ?)" in said) == (0, True), said
