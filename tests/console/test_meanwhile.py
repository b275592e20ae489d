"""The world changes between two lines of a run: what was planned no longer holds, or what was done comes undone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.health.facts.membership import Place, place
from console.operations.effects import Effect
from console.operations.procedures import DRAIN, REBOOT, REMOVE
from console.operations.procedures.steps import Operation
from console.operations.procedures.writer import moved
from console.session.journal import Journal, Record
from console.session.runner import Stopped
from console.session.session import Session
from console.sim import Simulator
from console.sim.haproxy import Check
from tests.conftest import simulated, watching
from tests.console.telling import until, well


class Meanwhile(Journal):
    """Something happens as soon as a line is on disk."""

    def __init__(self, folder: Path, happens: Callable[[Record], None]) -> None:
        super().__init__(folder)
        self._happens = happens

    def write(self, record: Record, kind: str, **facts: Any) -> Record:
        record = super().write(record, kind, **facts)
        self._happens(record)
        return record


def dpkg_begins(session: Session, sim: Simulator, node: str) -> Meanwhile:
    """Somebody installs packages on a node from then on."""
    packages = sim.world.nodes[node].hardware.packages
    return Meanwhile(session.journal.folder, lambda _record: setattr(packages, "works", ["dpkg"]))


def others_fail(sim: Simulator) -> None:
    for name in ("node2", "node3"):
        sim.fault("apache-stopped", name)
    for firewall in sim.world.firewalls.values():
        for server in firewall._servers:
            if server.name != "node1":
                server.up, server.health, server.check = False, 0, Check(False, "L4CON")


async def message(session: Session, words: str) -> None:
    await until(session, lambda _: any(words in note.message for note in session.events))


@pytest.mark.parametrize("action", [DRAIN, REMOVE, REBOOT])
async def test_the_last_serving_member_stays_in_though_it_was_not_the_last_when_planned(
    tmp_path: Path, action: Operation
) -> None:
    async with simulated(tmp_path / "sim") as (sim, known):
        assert known.mysql_proxy
        cluster = replace(known, mysql_proxy=replace(known.mysql_proxy, keep=None))  # its jobs take long
        async with watching(cluster) as session:
            await until(session, well)
            session.journal = Meanwhile(
                session.journal.folder, lambda record: others_fail(sim) if len(record.entries) == 1 else None
            )
            running = await session.begin(action, "node1")
            await message(session, "node1 is the last serving member")
            assert not running.task.done()
            await session.stop()
            assert place(session.picture, "node1") is Place.IN
            sending = [entry.facts for entry in session.journal.records()[0].entries if entry.kind == "sending"]
            moves = {step.name for step in moved(cluster, "node2")} if action.does(Effect.MOVES_WRITER) else set[str]()
            assert {facts["step"] for facts in sending} <= moves, "only the writer may have moved"
            assert not [order for facts in sending for order in facts["orders"] if order.startswith("fw")]
            servers = [one for firewall in sim.world.firewalls.values() for one in firewall._servers]
            assert {one.forced for one in servers if one.name == "node1"} == {""}


async def test_an_order_is_sent_again_only_while_nothing_stands_against_it(tmp_path: Path) -> None:
    """HAProxy on fw1 has forgotten the first one, and by then node1 is the last that serves."""
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        forgets = [server for server in sim.world.firewalls["fw1"]._servers if server.name == "node1"]

        def happens(record: Record) -> None:
            if [entry.kind for entry in record.entries].count("answered") == 1 and record.entries[
                -1
            ].kind == "answered":
                others_fail(sim)
                for server in forgets:
                    server.force("ready", sim.world.clock.now)

        session.journal = Meanwhile(session.journal.folder, happens)
        running = await session.begin(REMOVE, "node1")
        with pytest.raises(Stopped, match="node1 is the last serving member of web and webtls on fw1"):
            await running.task
        assert {server.forced for server in forgets} == {""}


def comes_back(sim: Simulator, times: int) -> Callable[[Record], None]:
    """Somebody puts node2 back, in config.xml and at run time, when the run has seen its last step."""
    left = [times]

    def happens(record: Record) -> None:
        entry = record.entries[-1]
        if left[0] and entry.kind == "seen" and entry.facts["step"] == "out in config.xml":
            left[0] -= 1
            firewall = sim.world.firewalls["fw1"]
            firewall.persist({(pool, "node2"): "active" for pool in ("web", "webtls")}, "kim@10.9.9.9: edited pool web")
            firewall.reload()

    return happens


async def test_what_has_come_undone_is_done_again_once(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        session.journal = Meanwhile(session.journal.folder, comes_back(sim, 1))
        record = await (await session.begin(REMOVE, "node2")).task
        assert record.outcome == "done"
        await until(session, lambda now: place(now, "node2") is Place.OUT)
        assert any("come undone and is done again" in note.message for note in session.events)
        assert all(server.forced == "maint" for server in sim.world.firewalls["fw1"]._servers if server.name == "node2")


async def test_what_comes_undone_twice_stops_the_run_and_names_who_wrote(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        session.journal = Meanwhile(session.journal.folder, comes_back(sim, 2))
        with pytest.raises(Stopped, match=r"come undone twice: .*kim@10\.9\.9\.9: edited pool web"):
            await (await session.begin(REMOVE, "node2")).task
        assert session.journal.open_runs()


@pytest.mark.parametrize("action", [DRAIN, REMOVE])
async def test_a_firewall_that_falls_silent_at_the_last_look_leaves_the_run_open(
    tmp_path: Path, action: Operation
) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:

        def happens(record: Record) -> None:
            entry = record.entries[-1]
            if entry.kind in ("seen", "left") and entry.facts["step"] == action.steps(cluster, "node2", {})[-1].name:
                sim.world.firewalls["fw2"].cut()

        session.journal = Meanwhile(session.journal.folder, happens)
        record = await (await session.begin(action, "node2")).task
        assert record.outcome is None
        assert list(record.skipped_machines) == ["fw2"]
        assert session.journal.open_runs()
