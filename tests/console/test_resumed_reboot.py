"""A reboot that is resumed while its node is away: it waits for the node, and for nothing that is past."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.inventory.cluster import Cluster
from console.operations.plan import Consent
from console.operations.procedures import REBOOT
from console.operations.procedures.power import BOOT, STOP_GLUSTER, STOP_MYSQL
from console.operations.procedures.steps import Intent, Step
from console.probes.hosts.system import Host, Services
from console.probes.snapshot import NOT_ASKED, Known, Reading, Snapshot
from console.session.session import Running
from console.sim import Simulator
from tests.conftest import simulated, watching
from tests.console.test_guards import HEALTHY
from tests.console.test_interrupted import die

NAMED = Consent(True, "node2", "a test")


def sent(running: Running, step: str) -> int:
    """Count the times a step's orders were written down before they left."""
    entries = running.task.result().entries
    return sum(entry.kind == "sending" and entry.facts["step"] == step for entry in entries)


@asynccontextmanager
async def resumed(sim: Simulator, cluster: Cluster, stop: float = 20.0) -> AsyncIterator[Running]:
    """A new console, that does not hear from node2."""
    timings = replace(cluster.timings, answer=1.0, connect=1.0, storage_answer=1.0, stop=stop)
    async with watching(replace(cluster, timings=timings)) as session:
        running = await session.resume(session.open_runs()[0], NAMED)
        await sim.until(lambda: len(running.notes) > 1)  # first its orders, then its wait
        yield running


async def test_a_boot_may_take_longer_than_stopping_services(tmp_path: Path) -> None:
    """And what it does to the storage is no reason not to reboot: it has rebooted."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        node, volume = sim.world.nodes["node2"], sim.world.gluster
        async with watching(cluster) as session:
            running = await session.begin(REBOOT, "node2", NAMED)
            await sim.until(lambda: not node.running)
        node.cut()
        async with resumed(sim, cluster, stop=0.01) as running:
            volume.stuck = True
            node.power_on()
            booted = node.boot_id
            await sim.until(lambda: any(note.step == "fit" for note in running.notes) or running.task.done())
            assert not running.task.done(), running.notes[-1].message
            assert volume.pending("node1")
            volume.stuck = False
            assert (await running.task).outcome == "done"
        assert node.boot_id != booted
        assert [sent(running, step) for step in ("stop MySQL", "stop Gluster", "reboot")] == [1, 1, 1]


async def test_a_node_that_comes_back_as_it_was_is_stopped_and_rebooted_then(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        node = sim.world.nodes["node2"]
        assert await die(cluster, REBOOT, 10, written=False)
        before = node.boot_id
        node.hang()
        async with resumed(sim, cluster) as running:
            known = r"whether MySQL on node2 has stopped is not known until it does"
            said = rf"node2 does not answer, it may be booting: {known}; waited for until \d\d:\d\d:\d\d"
            await sim.until(lambda: any(re.fullmatch(said, note.message) for note in running.notes))
            node.resume()
            assert (await running.task).outcome == "done"
        assert node.boot_id != before
        assert [sent(running, step) for step in ("stop MySQL", "stop Gluster", "reboot")] == [1, 1, 1]


BEFORE, AFTER = (Known(Host(boot_id, 0.1, 4, 60.0), 1.0) for boot_id in ("before", "after"))


@pytest.mark.parametrize("step", [STOP_MYSQL, STOP_GLUSTER, BOOT], ids=lambda step: step.name)
def test_only_the_boot_that_is_to_end_is_told_anything(step: Step) -> None:
    """Just after it has come back a node may tell its services before its boot id."""
    running = Known(Services(active=("mariadb.service", "glusterd.service"), settling=(), bricks=1), 1.0)
    intent = Intent(HEALTHY.cluster, "node2", REBOOT, {"boot node2": "before"})

    def as_told(host: Reading[Host]) -> Snapshot:
        views = (replace(view, host=host, services=running) for view in HEALTHY.nodes)
        return replace(HEALTHY, nodes=tuple(views))

    assert [bool(step.orders(as_told(host), intent)) for host in (BEFORE, NOT_ASKED, AFTER)] == [True, False, False]
    assert [step.done(as_told(host), intent).done for host in (BEFORE, NOT_ASKED, AFTER)] == [False, False, True]
