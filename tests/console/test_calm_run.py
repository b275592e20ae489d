"""A run that begins where nobody has looked: the readings it was agreed to are old, and none of them is silence."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

from console.health.facts.membership import memberships
from console.operations.guards import objections
from console.operations.procedures import REMOVE
from console.probes.freshness import without_stale
from console.probes.pools.servers import Admin
from console.probes.snapshot import Unknown
from console.session.session import Session
from console.sim.link import Pace
from tests.conftest import simulated


async def test_a_firewall_that_was_asked_seldom_and_answers_late_is_not_left_out(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.world.firewalls["fw2"].pace = Pace(delay=0.1)
        timings = replace(cluster.timings, poll=0.2, storage=0.2, answer=1.5, background=8.0)
        session = Session(replace(cluster, timings=timings))
        session.attend(False)
        session.start()
        try:
            await session.ready(REMOVE, "node2", 10)
            await asyncio.sleep(2)
            session.attend(True)
            while isinstance(without_stale(session.poller.snapshot, time.time()).firewall("fw1").pools, Unknown):
                await session.change()
            assert objections(session.picture, REMOVE.effects, "node2") == ()
            record = await (await session.begin(REMOVE, "node2")).task
            assert record.outcome == "done"
            for one in memberships(session.picture, "node2"):
                assert one.out_in_config and {server.admin for server in one.runtime or ()} == {Admin.MAINT}, (
                    one.firewall
                )
        finally:
            await session.close()
