"""The README's sentences on what is never done: each names the test that holds it to it, and those of no other file."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from console.operations.plan import Consent
from console.operations.procedures import DRAIN, REBOOT, REJOIN, upgrading
from console.probes.firewalls.claim import FILE, LOCK
from console.session.runner import Stopped
from console.sim import Simulator
from console.sim.haproxy import Server
from tests.conftest import simulated, watching
from tests.console.telling import until
from tests.console.test_meanwhile import Meanwhile

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r'\(\[test\]\((tests/[a-z_/]+\.py) "(test_\w+)"\)\)$')


def sentences() -> list[str]:
    text = (ROOT / "README.md").read_text().partition("## What it never does")[2].partition("\n## ")[0]
    return [" ".join(one.split()) for one in text.split("\n- ")[1:]]


@pytest.mark.parametrize("sentence", sentences())
def test_each_sentence_of_the_readme_names_a_test_that_is_there(sentence: str) -> None:
    named = _NAMED.search(sentence)
    assert named
    tree = ast.parse((ROOT / named[1]).read_text())
    assert named[2] in {
        each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def world(sim: Simulator) -> list[Any]:
    """All of it that an order can change."""
    parts: list[Any] = [machine.boot_id for machine in sim.world.machines.values()]
    for firewall in sim.world.firewalls.values():
        assert firewall.haproxy
        parts += [firewall.config.xml(), dict(firewall.written), [one.forced for one in firewall.haproxy.servers]]
    return parts


async def test_nothing_is_done_unless_a_person_begins_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        async with watching(cluster) as session:
            running = await session.begin(REBOOT, "node2")
            await until(session, lambda _: any(note.step == "sessions" for note in session.events))
            await session.stop()
            assert running.record
        sim.fault("apache-stopped", "node1")
        sim.fault("unapplied", "fw2")
        before = world(sim)
        async with watching(cluster) as session:
            (left,) = session.open_runs()
            for _ in range(40):
                await session.change()
            assert session.open_runs() == (left,)
            assert world(sim) == before


async def test_nothing_is_sent_that_is_not_in_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, forced = list[str](), Server.force

    def force(server: Server, state: str, now: float) -> None:
        assert "sending" in lines
        forced(server, state, now)
        lines.append("forced")

    monkeypatch.setattr(Server, "force", force)
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        session.journal = Meanwhile(session.journal.folder, lambda record: lines.append(record.entries[-1].kind))
        await (await session.begin(DRAIN, "node2")).task
        assert lines.index("sending") < lines.index("forced")


async def test_an_order_that_ends_well_and_does_nothing_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "force", lambda _server, _state, _now: None)
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        with pytest.raises(Stopped, match="is still UP"):
            await (await session.begin(DRAIN, "node2")).task


def test_two_more_files_are_left_by_an_upgrade() -> None:
    assert set(re.findall(r"/var/[a-z/]+drainboard[a-z.-]*", " ".join(upgrading.start().argv))) == {
        "/var/run/drainboard-upgrade.lock",
        "/var/log/drainboard-upgrade.log",
    }


async def test_two_files_are_left_on_a_firewall_and_none_on_a_node(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        for action in (DRAIN, REJOIN, REBOOT):
            await (await session.begin(action, "node2", Consent(confirmed=True))).task
        assert {tuple(firewall.written) for firewall in sim.world.firewalls.values()} == {(FILE,)}
        assert not [machine.name for machine in sim.world.nodes.values() if machine.written]
        assert (LOCK, FILE) == ("/var/run/drainboard.lock", "/var/run/drainboard.claim")
