"""The state found is put back, whoever found it, and whatever happened to the console meanwhile."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.health.facts.membership import Place, memberships, place
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, REBOOT, REJOIN, REMOVE, UNDO
from console.probes.pools.configured import STATUSES
from console.probes.pools.servers import Admin
from console.session.journal import load
from console.sim import Simulator
from tests.conftest import simulated, watching
from tests.console.test_interrupted import die

NAMED = Consent(True, "node2", "a test")


def status(sim: Simulator, pool: str, firewall: str = "fw1") -> str:
    server = sim.world.firewalls[firewall].config.server(pool, "node2")
    assert server is not None
    return server.status


def configure(sim: Simulator, statuses: dict[tuple[str, str], str]) -> None:
    """Somebody else changes a pool in the GUI, and applies it."""
    for firewall in sim.world.firewalls.values():
        firewall.persist(statuses, "by hand")
        firewall.reload()


async def test_a_console_that_took_nobody_out_promotes_no_backup(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        configure(sim, {("web", "node2"): "disabled", ("webtls", "node2"): "backup"})
        async with watching(cluster) as session:
            record = await (await session.begin(REJOIN, "node2", NAMED)).task
        assert record.outcome == "done"
        assert [status(sim, pool, name) for pool in ("web", "webtls") for name in ("fw1", "fw2")] == [
            "active",
            "active",
            "backup",
            "backup",
        ]


async def test_a_server_without_weight_is_put_back_without(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in sim.world.firewalls.values():
            pools = tuple(
                replace(pool, servers=tuple(replace(s, weight=0 if s.name == "node2" else 10) for s in pool.servers))
                if pool.name == "webtls"
                else pool
                for pool in firewall.config.pools
            )
            firewall.config = replace(firewall.config, pools=pools)
            firewall.reload()
        async with watching(cluster) as session:
            await (await session.begin(DRAIN, "node2", NAMED)).task
            record = await (await session.begin(REJOIN, "node2", NAMED)).task
        assert record.outcome == "done"
        assert place(session.picture, "node2") is Place.IN


async def test_a_console_killed_at_its_first_line_keeps_what_was_found_before(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        configure(sim, {("webtls", "node2"): "backup"})
        async with watching(cluster) as session:
            await (await session.begin(DRAIN, "node2", NAMED)).task
        assert await die(cluster, REMOVE, 1, written=True)
        async with watching(cluster) as session:
            await (await session.resume(session.open_runs()[0], NAMED)).task
            await (await session.begin(REJOIN, "node2", NAMED)).task
        assert [status(sim, pool) for pool in ("web", "webtls")] == ["active", "backup"]
        assert place(session.picture, "node2") is Place.IN


async def test_a_reboot_that_has_put_a_node_back_leaves_no_older_run_open(tmp_path: Path) -> None:
    """A drain that was open still would take the healthy node out, at a resume that nobody means."""
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster):
        assert await die(cluster, DRAIN, 5, written=True)
        async with watching(cluster) as session:
            (drain,) = session.open_runs()
            assert (await (await session.begin(REBOOT, "node2", NAMED)).task).outcome == "done"
            assert place(session.picture, "node2") is Place.IN
            assert not session.open_runs()
            assert load(drain.path).outcome == "put back"


async def test_where_pools_are_synced_the_leader_s_status_is_put_back_on_both(tmp_path: Path) -> None:
    """A state of fw2 alone is gone with the first sync, and can't be waited for."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        sim.world.firewalls["fw1"].persist({("web", "node2"): "disabled"}, "by hand")
        sim.world.firewalls["fw2"].persist({("webtls", "node2"): "backup"}, "by hand")
        async with watching(cluster) as session:
            assert (await (await session.begin(DRAIN, "node2", NAMED)).task).outcome == "done"
            assert (await (await session.begin(UNDO, "node2", NAMED)).task).outcome == "done"
            now = [server.admin for one in memberships(session.picture, "node2") for server in one.runtime or ()]
        assert [status(sim, "web", name) for name in ("fw1", "fw2")] == ["disabled", "disabled"]
        assert [status(sim, "webtls", name) for name in ("fw1", "fw2")] == ["active", "active"]
        assert set(now) == {Admin.READY}, "at run time each firewall is as it was found"


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    found=st.tuples(*[st.tuples(*[st.sampled_from(STATUSES)] * 2)] * 2).filter(lambda found: "active" in found[0]),
    reloaded=st.tuples(st.booleans(), st.booleans()),
)
async def test_whatever_the_two_have_before_a_drain_is_undone(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    found: tuple[tuple[str, str], tuple[str, str]],
    reloaded: tuple[bool, bool],
) -> None:
    folder = tmp_path_factory.mktemp("found")
    monkeypatch.setenv("DRAINBOARD_STATE", str(folder / "state"))
    async with simulated(folder / "sim", speed=20.0) as (sim, cluster):
        for firewall, statuses, reload in zip(sim.world.firewalls.values(), found, reloaded, strict=True):
            firewall.persist({("web", "node2"): statuses[0], ("webtls", "node2"): statuses[1]}, "by hand")
            if reload:
                firewall.reload()
        async with watching(cluster) as session:
            for action in (DRAIN, UNDO):
                assert (await (await session.begin(action, "node2", NAMED)).task).outcome == "done"
        assert [tuple(status(sim, pool, name) for pool in ("web", "webtls")) for name in ("fw1", "fw2")] == [
            found[0]
        ] * 2
