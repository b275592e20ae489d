"""A sync that is started now: what stands against it, what it does, and what is read in both config.xml."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.operations.effects import On
from console.operations.guards import Override, objections
from console.operations.guards.sync import lagging
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import SYNC_CORE, SYNC_POOLS, operation
from console.operations.procedures.steps import Operation
from console.operations.remedy import remedy
from console.probes.firewalls.config import FirewallConfig
from console.probes.pools.configured import PooledServer
from console.probes.snapshot import Known, Snapshot, Unknown
from console.session.runner import Stopped
from console.sim import Simulator
from tests.conftest import simulated, watching
from tests.console.telling import alter, put, told, until, well
from tests.console.test_operations import differ
from tests.console.test_relayd import old_firewalls

YES = Consent(True, "fw1", "a test")


def behind(one: Operation) -> Any:
    return lambda now: bool(lagging(now, one.effects, "fw1"))


def haproxy(sim: Simulator) -> dict[str, int]:
    return {name: one.haproxy.pid for name, one in sim.world.firewalls.items() if one.haproxy}


async def test_the_two_syncs_are_apart_and_only_haproxy_s_reloads_the_other(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for one in (SYNC_POOLS, SYNC_CORE):
            with pytest.raises(NotBegun, match="the firewalls are alike in what this sync of fw1 carries"):
                await session.begin(one, "fw1", YES)
        differ(sim)
        finding = await told(session, "sync", "sync-differs")
        assert remedy(session.picture, finding) == (SYNC_POOLS, "fw1")
        pids = haproxy(sim)
        plan = session.plan(SYNC_CORE, "fw1")
        assert not plan.objections
        assert plan.steps[0][0].endswith("HAProxy is not reloaded")
        assert "send_event('filter sync')" in plan.steps[0][1][0]
        assert (await (await session.begin(SYNC_CORE, "fw1")).task).outcome == "done"
        assert haproxy(sim) == pids
        assert lagging(session.picture, SYNC_POOLS.effects, "fw1") == ("pools",)
        plan = session.plan(SYNC_POOLS, "fw1")
        assert plan.steps[0][0].endswith("; HAProxy on fw2 is reloaded by the sync")
        assert "haproxy_do_xmlrpc_sync();" in plan.steps[0][1][0]
        record = await (await session.begin(SYNC_POOLS, "fw1", Consent(True))).task
        assert record.outcome == "done"
        assert record.steps["fw1", "serves"].facts["says"] == "HAProxy on fw2 serves as fw1's does"
        assert haproxy(sim)["fw1"] == pids["fw1"]
        assert haproxy(sim)["fw2"] != pids["fw2"]
        await until(session, well)


async def test_a_sync_that_fails_again_is_not_believed(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        differ(sim)
        sim.world.firewalls["fw1"].sync_works = False
        await until(session, behind(SYNC_POOLS))
        short = replace(SYNC_POOLS, steps=lambda *given: tuple(
            replace(step, timeout=lambda _timings: 4.0) for step in SYNC_POOLS.steps(*given)
        ))  # fmt: skip
        with pytest.raises(Stopped, match="fw2 is still behind in pools; fw1 tells: "):
            await (await session.begin(short, "fw1", YES)).task
        sim.world.firewalls["fw1"].sync_works = True
        (record,) = session.open_runs()
        assert (await (await session.resume(record, YES)).task).outcome == "done"


async def test_relayd_s_pools_go_with_pfsense_s_own(tmp_path: Path) -> None:
    async with old_firewalls(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        differ(sim)
        await until(session, behind(SYNC_CORE))
        with pytest.raises(NotBegun, match="relayd's pools are part of pfSense's own sync"):
            await session.begin(SYNC_POOLS, "fw1", YES)


# --- what stands against it


@pytest.fixture
def late(fine: Snapshot) -> Snapshot:
    """fw2 is behind in pools."""
    return alter(fine, "firewalls", "fw2", "config", balancer_digest="another")


def config(picture: Snapshot, name: str) -> FirewallConfig:
    known = picture.firewall(name).config
    assert isinstance(known, Known)
    return known.value


def against(picture: Snapshot, one: Operation = SYNC_POOLS, firewall: str = "fw1") -> list[tuple[str, Override]]:
    return [(each.saw, each.override) for each in objections(picture, one.effects, firewall, On.FIREWALL)]


async def test_nothing_stands_against_it_where_the_other_is_behind(late: Snapshot) -> None:
    assert against(late) == []
    assert ("fw2 syncs to nobody", Override.NEVER) in against(late, firewall="fw2")


async def test_unknown_is_never_synced(late: Snapshot) -> None:
    blind = put(late, "firewalls", "fw2", config=Unknown("no answer", 9.0, 8.0))
    assert ("config.xml of fw2 is not known: no answer", Override.NEVER) in against(blind)


async def test_versions(late: Snapshot) -> None:
    older = alter(late, "firewalls", "fw2", "config", version="22.9")
    saw = "fw1 and fw2 have different configuration versions (23.3, 22.9)"
    assert (saw, Override.CONFIRM) in against(older)
    assert (saw, Override.NEVER) in against(older, SYNC_CORE)


async def test_a_change_just_now_may_be_on_its_way(late: Snapshot) -> None:
    at = late.firewall("fw2").config.at  # type: ignore[union-attr]
    saw = "fw1 or fw2 was changed just now: not compared yet"
    assert (saw, Override.CONFIRM) in against(alter(late, "firewalls", "fw1", "config", revised=f"{at:.0f}"))


async def test_the_package_s_own_sync_is_off(late: Snapshot) -> None:
    off = alter(late, "firewalls", "fw1", "config", balancer_sync=False)
    assert against(off) == [("HAProxy's own sync is off on fw1", Override.NEVER)]


async def test_a_sync_that_failed_asks_if_its_cause_is_mended(late: Snapshot) -> None:
    hurt = alter(late, "firewalls", "fw1", "box", sync_notices=("no route to host",))
    assert against(hurt) == [("fw1 tells of a sync that failed: “no route to host”", Override.CONFIRM)]


async def test_a_pending_change_is_told_with_what_it_holds(late: Snapshot) -> None:
    dirty = alter(late, "firewalls", "fw1", "box", unapplied=("haproxy.conf",))
    dirty = alter(dirty, "firewalls", "fw1", "config", revision="ada@10.0.0.9: pool edited")
    saw = "fw1 holds changes that nobody has applied: haproxy.conf; its last change: “ada@10.0.0.9: pool edited”"
    assert against(dirty) == [(saw, Override.NAME_AND_REASON)]
    blind = put(late, "firewalls", "fw2", box=Unknown("no answer", 9.0, 8.0))
    assert ("whether fw2 holds changes that nobody has applied is not known: no answer", Override.CONFIRM) in against(
        blind
    )


async def test_a_master_is_reloaded_by_a_yes_only(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        maintain = operation("maintenance on")
        assert maintain
        await (await session.begin(maintain, "fw1", YES)).task
        differ(sim)
        await until(session, behind(SYNC_POOLS))
        with pytest.raises(NotBegun, match="fw2 is CARP MASTER: its HAProxy is reloaded while it carries visitors"):
            await session.begin(SYNC_POOLS, "fw1")
        assert (await (await session.begin(SYNC_POOLS, "fw1", Consent(True))).task).outcome == "done"


async def test_what_was_changed_there_only_is_lost_by_name_and_reason(late: Snapshot) -> None:
    own = alter(late, "firewalls", "fw2", "config", own_change="ada: rule added")
    assert against(own) == [("fw2 was changed by itself: “ada: rule added”", Override.NAME_AND_REASON)]
    servers = tuple(
        replace(one, status="disabled") if one.name == "node2" else one for one in config(late, "fw2").servers
    )
    assert all(isinstance(one, PooledServer) for one in servers)
    out = alter(late, "firewalls", "fw2", "config", servers=servers)
    assert against(out) == [("node2 is out in config.xml of fw2 only", Override.NAME_AND_REASON)]
