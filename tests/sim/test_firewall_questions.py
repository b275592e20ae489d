"""Everything the console asks of a firewall, answered by the simulator as pfSense does, and read; and what changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.inventory.cluster import Cluster
from console.inventory.load import load
from console.probes.question import Subject
from console.probes.schedule import about
from console.probes.snapshot import FirewallView, Known
from console.session.poller import Poller
from console.sim import Simulator
from console.sim.scenarios import Scenario
from console.wire import Wire
from tests.conftest import brisk


class Watch:
    """A poller over a simulated cluster, and what it knows of a firewall."""

    def __init__(self, sim: Simulator, poller: Poller) -> None:
        self.sim = sim
        self.poller = poller

    def read(self, firewall: str, field: str) -> Any:
        reading = getattr(self.view(firewall), field)
        assert isinstance(reading, Known), (firewall, field, reading)
        return reading.value

    def view(self, firewall: str) -> FirewallView:
        return self.poller.snapshot.firewall(firewall)

    async def until(self, firewall: str, field: str, condition: Any) -> Any:
        """Until a reading is known and so."""
        async with asyncio.timeout(15):
            while True:
                reading = getattr(self.view(firewall), field)
                if isinstance(reading, Known) and condition(reading.value):
                    return reading.value
                await self.poller.change()


@asynccontextmanager
async def watched(folder: Path, balancer: str = "haproxy") -> AsyncIterator[Watch]:
    scenario = Scenario("a test", "", balancer=balancer)
    async with Simulator(folder, speed=10.0, timings=brisk(), scenario=scenario) as sim:
        cluster: Cluster = load(sim.inventory).clusters[0]
        wire = Wire(cluster)
        poller = Poller(cluster, wire)
        poller.start()
        try:
            watch = Watch(sim, poller)
            for name in ("fw1", "fw2"):
                for question in about(cluster, Subject.FIREWALL, name):
                    await watch.until(name, question.field, lambda _value: True)
            yield watch
        finally:
            await poller.close()
            await wire.close()


@pytest.mark.parametrize(("balancer", "version"), [("haproxy", "2.7.2-RELEASE"), ("relayd", "2.4.5-RELEASE")])
async def test_every_question_is_answered(tmp_path: Path, balancer: str, version: str) -> None:
    async with watched(tmp_path / "sim", balancer) as watch:
        for name in ("fw1", "fw2"):
            box, carp = watch.read(name, "box"), watch.read(name, "carp")
            assert (box.version, box.sync_notices, box.unapplied) == (version, (), ())
            assert (carp.pfsync, carp.maintenance) == ("on", False)
            assert carp.uptime > 86_000
            assert all(vhid.advbase == 1 for vhid in carp.vhids)
            assert all(server.serving for server in watch.read(name, "pools").servers)
        assert watch.read("fw1", "box").states > 412
        first, second = watch.read("fw1", "config"), watch.read("fw2", "config")
        assert first.balancer_digest == second.balancer_digest
        assert dict(first.sections).items() <= dict(second.sections).items()
        assert (first.sync_to, first.balancer_sync, second.sync_to) == ("172.16.1.3", True, "")


async def test_a_sync_that_fails_leaves_a_notice_and_a_difference(tmp_path: Path) -> None:
    async with watched(tmp_path / "sim") as watch:
        firewall = watch.sim.world.firewalls["fw1"]
        firewall.sync_works = False
        firewall.drift()
        box = await watch.until("fw1", "box", lambda box: box.sync_notices)
        assert "https://172.16.1.3:443/xmlrpc.php & no answer" in box.sync_notices[0]
        config = await watch.until("fw1", "config", lambda config: int(config.revised) > 1_760_000_000)
        received = dict(watch.read("fw2", "config").sections)
        assert [name for name, digest in config.sections if received[name] != digest] == ["filter"]
        firewall.sync_works = True
        firewall.sync()
        digest = dict(config.sections)["filter"]
        await watch.until("fw2", "config", lambda config: dict(config.sections)["filter"] == digest)


async def test_changes_that_wait_to_be_applied(tmp_path: Path) -> None:
    async with watched(tmp_path / "sim") as watch:
        watch.sim.world.firewalls["fw2"].unapplied.update(("filter", "haproxy.conf"))
        await watch.until("fw2", "box", lambda box: box.unapplied == ("filter", "haproxy.conf"))
        await watch.until("fw2", "pools", lambda pools: pools.dirty)


async def test_carp_in_its_troubles(tmp_path: Path) -> None:
    async with watched(tmp_path / "sim") as watch:
        world = watch.sim.world
        world.carp.split.update(("wan", "lan"))
        await watch.until("fw2", "carp", lambda carp: carp.roles == {"MASTER"})
        assert watch.read("fw1", "carp").roles == {"MASTER"}
        world.carp.split.clear()
        world.carp.apart.add("lan")
        await watch.until("fw2", "carp", lambda carp: carp.role("10.20.0.1") == "MASTER")
        await watch.until("fw1", "carp", lambda carp: carp.roles == {"MASTER", "BACKUP"})
        world.carp.apart.clear()
        world.firewalls["fw1"].unplugged = True
        lost = await watch.until("fw1", "carp", lambda carp: carp.role("198.51.100.10") == "INIT")
        assert lost.demotion == 240
        await watch.until("fw2", "carp", lambda carp: carp.roles == {"MASTER"})
        world.firewalls["fw2"].pfsync = False
        await watch.until("fw2", "carp", lambda carp: carp.pfsync == "off")


async def test_another_release_switches_the_sync_off(tmp_path: Path) -> None:
    async with watched(tmp_path / "sim") as watch:
        watch.sim.world.firewalls["fw2"].upgrade("2.8.0-RELEASE", "24.0")
        await watch.until("fw2", "box", lambda box: box.version == "2.8.0-RELEASE")
        await watch.until("fw2", "config", lambda config: config.version == "24.0")
        watch.sim.world.firewalls["fw1"].drift()
        config = await watch.until("fw1", "config", lambda config: int(config.revised) > 1_760_000_000)
        await watch.sim.sleep(3)
        assert dict(config.sections)["filter"] != dict(watch.read("fw2", "config").sections)["filter"]
        assert watch.read("fw1", "box").sync_notices == ()


async def test_relayd_counts_sessions_and_shows_them_on_both_while_pfsync_runs(tmp_path: Path) -> None:
    async with watched(tmp_path / "sim", "relayd") as watch:
        await watch.until("fw2", "pools", lambda pools: sum(server.sessions for server in pools.servers) > 5)
        watch.sim.world.firewalls["fw2"].pfsync = False
        await watch.until("fw2", "pools", lambda pools: not sum(server.sessions for server in pools.servers))
        await watch.until("fw1", "pools", lambda pools: sum(server.sessions for server in pools.servers) > 5)


async def test_the_sync_of_the_pools_makes_two_revisions(tmp_path: Path) -> None:
    """It comes, and it is taken over: the last one is not the one that the peer's change came with."""
    async with watched(tmp_path) as watch:
        first, second = watch.sim.world.firewalls.values()
        second.receive(first.config)
        config = await watch.until("fw2", "config", lambda now: "synced" in now.revision)
        assert config.revision.endswith(": haproxy, xmlrpc config synced")
        kept = await watch.until("fw2", "revisions", lambda now: any("haproxysyncpkg" in one.text for one in now.last))
        assert kept.last[-1].at < int(config.revised)
        assert config.overwritten == config.own_change == ""
