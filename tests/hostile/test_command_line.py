"""`status` and `check`, while a firewall and a node are in an enemy's hands: lines of cells, and an end."""

import json
import unicodedata
from pathlib import Path

import pytest
from rich.cells import cell_len

from console.cli import check, plain, status
from tests.hostile.machines import LIARS, MANNERS
from tests.hostile.test_hostile_machine import hostile


def unharmed(out: str) -> None:
    for line in out.splitlines():
        assert line.isprintable(), repr(line)
        assert cell_len(line) == len(line) < 4100, repr(line)
        assert not {"R", "AL", "AN"} & {unicodedata.bidirectional(char) for char in line}, repr(line)


@pytest.mark.parametrize("manner", MANNERS)
async def test_status(tmp_path: Path, manner: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with hostile(tmp_path, manner) as (_, cluster):
        await status.status([cluster], patience=6.0)
        out = capsys.readouterr().out
        unharmed(out)
        assert all(name in out for name in (*LIARS, "node1", "node3"))
        await status.status([cluster], as_json=True, patience=6.0)
        out = capsys.readouterr().out
        assert out.isascii()
        (told,) = json.loads(out, parse_constant=pytest.fail)["clusters"].values()
        assert {*told["nodes"], *told["firewalls"]} == {machine.name for machine in cluster.machines}


@pytest.mark.parametrize("manner", ["dressed up", "failing", "impossible"])
async def test_check(tmp_path: Path, manner: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with hostile(tmp_path, manner) as (_, cluster):
        assert await check.check([cluster]) in (plain.Exit.DONE, plain.Exit.NOT_BEGUN)
        unharmed(capsys.readouterr().out)
