"""Every scenario of the demo and every fault of its menu, through the wire: seen in the right words; then all is
repaired, and nothing is left."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console.health import Finding, findings
from console.health.finding import Kind, Level
from console.inventory.load import load
from console.session.session import Session
from console.sim import Simulator
from console.sim.faults import FAULTS, inject
from console.sim.scenarios import SCENARIOS, Scenario, scenario
from console.sim.world import World
from tests.conftest import brisk, watching
from tests.sentences import long_thoughts

SEEN: dict[str, set[tuple[str, Kind]]] = {
    "healthy": set(),
    "node-lost": {("node2", Kind.LOST)},
    "node-hung": {("node2", Kind.LOST)},
    "sst": {("node3", Kind.SST)},
    "non-primary": {("mysql", Kind.NO_PRIMARY)},
    "database-crash": {("mysql", Kind.NO_MYSQL)},
    "heal-backlog": {("www", Kind.HEAL)},
    "split-brain": {("www", Kind.SPLIT_BRAIN)},
    "carp-split-brain": {("carp", Kind.TWO_MASTERS)},
    "carp-failover": {("fw1", Kind.FIREWALL_LOST)},
    "sync-broken": {("fw1", Kind.SYNC_NOTICE)},
    "writers-disagree": {("mysql", Kind.WRITERS_DISAGREE)},
    "flow-control": {("mysql", Kind.FLOW_CONTROL), ("mysql", Kind.SINGLE_WRITER)},
    "wrong-machine": {("node2", Kind.UNPROVEN)},
    "updates": set(),
    "relayd": set(),
    "hostile": {("node2", Kind.LEFTOVER), ("fw2", Kind.BOX_UNKNOWN)},
    "slow-link": set(),
    "four-clusters": set(),
}


def test_each_scenario_has_its_words() -> None:
    assert set(SEEN) == {one.name for one in SCENARIOS}
    for one in SCENARIOS:
        assert all(scenario(other) for other in one.others)


@pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)
async def test_is_seen_and_over_when_repaired(one: Scenario, tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=10.0, timings=brisk(), scenario=one) as sim:
        cluster = load(sim.inventory).clusters[0]
        async with watching(cluster) as session:
            await _until(session, one.name, lambda now: SEEN[one.name] <= _keys(now))
            told = [each.message for found in findings(session.picture) for each in (found, *found.brings)]
            assert not [thought for message in told for thought in long_thoughts(message)]
            sim.fault("all-back", "cluster")
            await _until(session, f"no more {one.name}", lambda now: not _worse(now))


def _keys(now: tuple[Finding, ...]) -> set[tuple[str, Kind]]:
    return {(one.machine, one.kind) for finding in now for one in (finding, *finding.brings)}


def _worse(now: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in now if finding.level > Level.NOTE]


async def _until(session: Session, what: str, holds: Callable[[tuple[Finding, ...]], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds(now := findings(session.picture)):
        told = "\n".join(f"{one.level.name} {one.machine} {one.kind}: {one.message}" for one in now)
        assert time.monotonic() < deadline, f"not seen: {what}\n{told}"
        await session.poller.change(0.2)


def test_every_fault_can_strike_each_of_its_targets() -> None:
    for fault in FAULTS:
        for target in fault.targets(World()):
            world = World()
            inject(world, fault.name, target)
            world.tick(20.0)
            inject(world, "all-back", "cluster")
            world.tick(120.0)
            assert world.galera.view == frozenset(world.nodes), f"{fault.name} {target}"
            assert all(machine.running for machine in world.machines.values()), f"{fault.name} {target}"
            assert world.master is not None


def test_nothing_else_can_strike() -> None:
    with pytest.raises(ValueError, match="no fault is called nonsense"):
        inject(World(), "nonsense", "node1")
    with pytest.raises(ValueError, match="can't happen to 'fw1': say one of node1, node2, node3"):
        inject(World(), "node-lost", "fw1")
    with pytest.raises(ValueError, match="no scenario is called nonsense"):
        scenario("nonsense")
