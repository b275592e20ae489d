"""States that nobody asked for are not taken for somebody's order: names without an address, servers that follow,
agents."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind
from console.health.facts.membership import Place, place
from console.operations.guards import objections
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import REJOIN, REMOVE
from console.probes.firewalls.config import CONFIG, parse_xml
from console.probes.snapshot import Known, Snapshot, fold
from console.sim import Simulator
from console.sim.haproxy import Server
from tests.conftest import simulated, watching
from tests.console.telling import alter, message, until

NAMED = Consent(True, "node2", "a test")
NAME = "node2.web.internal"


def server(sim: Simulator, firewall: str, backend: str = "web_ipvANY", node: str = "node2") -> Server:
    process = sim.world.firewalls[firewall].haproxy
    assert process
    found = process.server(backend, node)
    assert isinstance(found, Server)
    return found


def names(sim: Simulator, name: str) -> None:
    for firewall in ("fw1", "fw2"):
        server(sim, firewall).name_lost = name


async def test_a_server_without_an_address_is_taken_out_like_any_other_and_put_back_ready(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        names(sim, NAME)
        async with watching(cluster) as session:
            assert place(session.picture, "node2") is Place.IN
            assert message(session.picture, Kind.UNRESOLVED).startswith(f"HAProxy on fw1 and fw2 can't resolve {NAME}")
            removed = await (await session.begin(REMOVE, "node2", NAMED)).task
            assert removed.outcome == "done"
            assert removed.found["now fw1 web_ipvANY/node2"] == "ready"
            assert [server(sim, firewall).flags & 1 for firewall in ("fw1", "fw2")] == [1, 1]
            names(sim, "")  # DNS is back, and nobody else's doing
            assert not server(sim, "fw1").eligible
            names(sim, NAME)
            back = await (await session.begin(REJOIN, "node2", NAMED)).task
            assert back.outcome == "done"
            assert [server(sim, firewall).forced for firewall in ("fw1", "fw2")] == ["", ""]
            up = next(entry for entry in back.entries if entry.facts.get("step") == "up")
            assert f"has a name that does not resolve, {NAME}" in up.facts["says"]


async def test_who_follows_another_is_not_left_in_maintenance_of_its_own(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in ("fw1", "fw2"):
            followed = server(sim, firewall)
            server(sim, firewall, "webtls_ipvANY").tracked = followed
            followed.force("maint", sim.world.clock.now)  # somebody's, by hand
        async with watching(cluster) as session:
            removed = await (await session.begin(REMOVE, "node2", NAMED)).task
            assert (removed.found["now fw1 web_ipvANY/node2"], removed.found["now fw1 webtls_ipvANY/node2"]) == (
                "maint",
                "ready",
            )
            assert server(sim, "fw1", "webtls_ipvANY").flags & 1
            for firewall in ("fw1", "fw2"):  # the reload of the sync has made new ones
                server(sim, firewall, "webtls_ipvANY").tracked = server(sim, firewall)
            back = await (await session.begin(REJOIN, "node2", NAMED)).task
        assert back.outcome == "done"
        assert [server(sim, firewall).forced for firewall in ("fw1", "fw2")] == ["maint", "maint"]
        assert [server(sim, firewall, "webtls_ipvANY").flags & 9 for firewall in ("fw1", "fw2")] == [0, 0]


async def test_what_an_agent_orders_is_said_before(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in ("fw1", "fw2"):
            server(sim, firewall).agent = "drain"
        async with watching(cluster) as session:
            await until(session, lambda picture: bool(message(picture, Kind.AGENT)))
            assert message(session.picture, Kind.MIXED) == ""
            against = [one.saw for one in objections(session.picture, REJOIN.effects, "node2")]
            assert any("`state ready` lasts until its next answer" in saw for saw in against)
            with pytest.raises(NotBegun, match="as its agent check may have ordered"):
                await session.begin(REJOIN, "node2", Consent())
        assert server(sim, "fw1").forced == "drain"


async def test_a_node_that_is_inactive_everywhere_is_out_and_no_rejoin_can_bring_it_back(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in sim.world.firewalls.values():
            firewall.persist({(pool, "node2"): "inactive" for pool in ("web", "webtls")}, "by hand")
            firewall.reload()
        async with watching(cluster) as session:
            assert place(session.picture, "node2") is Place.OUT
            assert (
                message(session.picture, Kind.OUT) == "node2 is out of the load balancer: it is inactive in config.xml"
            )
            with pytest.raises(NotBegun, match="node2 is inactive in config"):
                await session.begin(REJOIN, "node2", NAMED)


async def test_pools_of_several_processes_are_not_known(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        document = sim.world.firewalls["fw1"].config.xml()
        several = parse_xml(re.sub("<nbproc>[0-9]*</nbproc>", "<nbproc>2</nbproc>", document))
        assert several == replace(parse_xml(document), processes=2, balancer_digest=several.balancer_digest)
        told: Snapshot = fold(session.picture, CONFIG, "fw1", Known(several, 1.0))
        assert isinstance(told.firewall("fw1").pools, Known), "HAProxy itself says that it is one"
        untold = alter(session.picture, "firewalls", "fw1", "pools", processes=None)
        pools = fold(untold, CONFIG, "fw1", Known(several, 1.0)).firewall("fw1").pools
        assert not isinstance(pools, Known)
        assert "set Number of processes to 1" in pools.why
