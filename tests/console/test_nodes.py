"""Faults of a node's hardware, its mounts and its volume: made in the simulator, read by the questions."""

from pathlib import Path
from typing import TypeVar

import pytest

from console.inventory.cluster import Cluster
from console.probes.ask import Busy
from console.probes.hosts.devices import DEVICES
from console.probes.hosts.system import HOST
from console.probes.hosts.updates import UPDATES
from console.probes.question import Question, Subject
from console.probes.storage.gluster import SPLIT_BRAIN, STORAGE
from console.probes.storage.gluster_options import OPTIONS
from console.probes.storage.mounts import FAILS, HUNG, MISSING, MOUNTS
from console.probes.web.apache import APACHE
from console.sim.hardware import MountState
from console.wire import Wire
from tests.conftest import simulated

T = TypeVar("T")


async def asked(wire: Wire, cluster: Cluster, question: Question[T], before: T | None = None) -> T:
    """Node2's answer, or the volume's through node2."""
    name = cluster.volumes[0] if question.subject is Subject.VOLUME else "node2"
    answers = await wire.send("node2", question.asks(cluster, name), 20)
    return question.read(cluster, answers, before)


async def test_a_healthy_node_has_nothing_to_say(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        wire = Wire(cluster)
        try:
            seen = await asked(wire, cluster, DEVICES)
            assert [array.state for array in seen.arrays] == ["clean"]
            assert all(slave.up for bond in seen.bonds for slave in bond.slaves)
            assert (seen.failed_units, seen.raid) == ((), None)
            assert [space.path for space in seen.filesystems] == ["/", "/var/lib/mysql", "/boot"]
            assert (await asked(wire, cluster, UPDATES)).pending == 0
            assert all(mount.answers for mount in (await asked(wire, cluster, MOUNTS)).mounts)
            assert (await asked(wire, cluster, SPLIT_BRAIN)).entries == 0
            options = await asked(wire, cluster, OPTIONS)
            assert (options.ping_timeout, options.quorum_type, len(options.bricks)) == (5.0, "auto", 3)
        finally:
            await wire.close()


async def test_what_fails_is_seen(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        wire, hardware = Wire(cluster), sim.world.nodes["node2"].hardware
        try:
            hardware.root.fill(0.97)
            hardware.array.lose_disk()
            hardware.cards[0].lose()
            hardware.failed_units.append("backup.service")
            seen = await asked(wire, cluster, DEVICES)
            assert seen.filesystems[0].used in (97, 98)
            assert (seen.arrays[0].state, seen.arrays[0].working, seen.arrays[0].recovery) == ("degraded", 3, "")
            assert (seen.bonds[0].active, seen.bonds[0].slaves[0].up, seen.bonds[0].up) == ("eno2", False, True)
            assert seen.failed_units == ("backup.service",)
            hardware.array.replace_disk()
            assert (await asked(wire, cluster, DEVICES)).arrays[0].recovery.startswith("recovery ")
            hardware.tick(260)
            assert (await asked(wire, cluster, DEVICES)).arrays[0].state == "clean"
        finally:
            await wire.close()


async def test_updates_then_a_reboot_is_required(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        wire, packages = Wire(cluster), sim.world.nodes["node2"].hardware.packages
        try:
            packages.arrive(14, 3)
            seen = await asked(wire, cluster, UPDATES)
            assert (seen.pending, seen.security, seen.reboot_required) == (14, 3, False)
            packages.upgrade()
            seen = await asked(wire, cluster, UPDATES)
            assert (seen.pending, seen.reboot_required) == (0, True)
        finally:
            await wire.close()


async def test_a_clock_that_is_off(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=1.0) as (sim, cluster):
        wire = Wire(cluster)
        try:
            right = (await asked(wire, cluster, HOST)).clock
            sim.world.nodes["node2"].hardware.clock_off = 90.0
            assert (await asked(wire, cluster, HOST)).clock - right == pytest.approx(90.0, abs=1.5)
        finally:
            await wire.close()


async def test_a_mount_that_hangs_is_said_and_not_waited_for_twice(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        wire, hardware = Wire(cluster), sim.world.nodes["node2"].hardware
        try:
            whys: list[str] = []
            for state in (MountState.STOPPED, MountState.HUNG, MountState.HUNG, MountState.GONE, MountState.ANSWERS):
                hardware.mount = state
                whys += [mount.why for mount in (await asked(wire, cluster, MOUNTS)).mounts]
                await sim.sleep(3)
            assert whys == [HUNG, HUNG, "hung: an earlier look at it still waits, and can't be ended", MISSING, ""]
            for node in sim.world.nodes.values():
                assert (await asked(wire, cluster, MOUNTS)).mounts[0].answers
                node.kill_bricks()
            assert [mount.why for mount in (await asked(wire, cluster, MOUNTS)).mounts] == [FAILS]
        finally:
            await wire.close()


async def test_a_backlog_falls_and_one_that_is_stuck_does_not(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=1.0) as (sim, cluster):
        wire, volume = Wire(cluster), sim.world.gluster
        try:
            volume.bricks["node3"].missed = 120.0
            first = await asked(wire, cluster, STORAGE)
            await sim.sleep(2)
            second = await asked(wire, cluster, STORAGE, first)
            assert (first.pending or 0) > (second.pending or 0) > 0
            volume.stuck, volume.split = True, 1
            stuck = await asked(wire, cluster, STORAGE, second)
            await sim.sleep(1)
            assert ((await asked(wire, cluster, STORAGE, stuck)).stuck or 0) > 0.9
            assert (await asked(wire, cluster, SPLIT_BRAIN)).entries == 1
        finally:
            await wire.close()


async def test_gluster_that_is_locked_is_busy(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        wire = Wire(cluster)
        try:
            sim.world.gluster.locked_until = sim.world.clock.now + 600
            with pytest.raises(Busy):
                await asked(wire, cluster, STORAGE)
            with pytest.raises(Busy):
                await asked(wire, cluster, OPTIONS)
            assert (await asked(wire, cluster, SPLIT_BRAIN)).entries == 0
        finally:
            await wire.close()


async def test_apache_that_is_full_or_tells_little(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        wire, server = Wire(cluster), sim.world.nodes["node2"].apache
        assert server is not None
        try:
            server.held = 150
            full = await asked(wire, cluster, APACHE)
            assert (full.busy, full.idle, full.slots) == (150, 0, 150)
            server.extended = False
            assert not (await asked(wire, cluster, APACHE)).extended
        finally:
            await wire.close()
