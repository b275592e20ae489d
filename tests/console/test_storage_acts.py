"""Gluster told to heal, and watched; a volume mounted again."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.cli import rights
from console.operations.guards import Override
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import HEAL, REMOUNT
from console.operations.procedures.storage import missing
from console.probes.snapshot import Snapshot
from console.session.runner import Stopped
from tests.conftest import simulated, watching
from tests.console.telling import told, until, well

YES = Consent(True)


def behind(now: Snapshot) -> bool:
    return any(one.state.value.pending for one in now.volumes)  # type: ignore[union-attr]


async def test_a_volume_is_healed_and_watched(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=10.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        with pytest.raises(NotBegun, match="nothing is to be healed on www"):
            await session.begin(HEAL, "www", YES)
        sim.fault("heal-waits", "node3")
        await until(session, behind)
        running = await session.begin(HEAL, "www", YES)
        record = await running.task
        assert record.outcome == "done"
        says = [note.message for note in running.notes]
        assert any("entries of www left to heal of 600" in one for one in says)
        assert record.steps["www", "heal"].facts["says"] == (
            "www is healed: nothing left on any brick, 3 looks in a row"
        )
        assert sim.world.gluster.told == 1, "nobody is told again while it goes on"
        assert not session.open_runs()


async def test_no_progress_ends_the_wait_with_a_sentence(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        cluster = replace(cluster, timings=replace(cluster.timings, heal=4.0))
        async with watching(cluster) as session:
            sim.fault("heal-stuck", "node3")
            await until(session, behind)
            running = await session.begin(HEAL, "www", YES)
            with pytest.raises(Stopped) as stopped:
                await running.task
            assert "entries of www left to heal" in str(stopped.value)
            assert str(stopped.value).endswith("and no progress for 4 s. Mend it and resume this run")
            (record,) = session.open_runs()
            sim.fault("all-back", "cluster")
            assert (await (await session.resume(record, YES)).task).outcome == "done"


async def test_progress_gives_it_more_time(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        sim.world.gluster.heals = 1.2  # 600 entries in 500 s, which are 25 here
        cluster = replace(cluster, timings=replace(cluster.timings, heal=15.0))
        async with watching(cluster) as session:
            sim.fault("heal-waits", "node3")
            await until(session, behind)
            assert (await (await session.begin(HEAL, "www", YES)).task).outcome == "done"


async def test_a_brick_that_is_away_is_brought_back_first(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        sim.fault("heal-stuck", "node3")
        sim.fault("brick-lost", "node2")
        saw = "the brick of www on node2 is offline"
        await until(session, lambda _: saw in [one.saw for one in session.plan(HEAL, "www").objections])
        with pytest.raises(NotBegun, match=saw):
            await session.begin(HEAL, "www", YES)


async def test_what_fstab_names_is_mounted_again(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        (objection,) = session.plan(REMOUNT, "node2").objections
        assert (objection.override, objection.saw) == (
            Override.NEVER,
            "nothing that /etc/fstab of node2 names is missing",
        )
        sim.fault("mount-gone", "node2")
        finding = await told(session, "node2", "mount-missing")
        assert finding.kind in REMOUNT.helps
        assert missing(session.picture, "node2")
        record = await (await session.begin(REMOUNT, "node2", YES)).task
        assert record.outcome == "done"
        assert record.steps["node2", "mount"].facts["says"] == "www is mounted on node2, and answers"
        await until(session, well)
        orders = [order for entry in record.entries for order in entry.facts.get("orders", [])]
        assert len(orders) == 1
        assert orders[0].removesuffix(" </dev/null").endswith("mount -a -t glusterfs"), (
            "no path of a machine's is in a command"
        )


async def test_rights_are_for_each_node(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        for node in cluster.nodes:
            lines = {" ".join(run.argv) for run in rights.ordered(cluster, node.name)}
            assert {"gluster --mode=script volume heal www", "mount -a -t glusterfs"} <= lines
