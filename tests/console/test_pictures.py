"""Findings in pictures that a simulated cluster does not show by itself: one is taken there, and then altered."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.health import Kind, Level, findings, verdict
from console.health.facts.membership import Place, place
from console.operations.guards import Override, if_skipped, no_traffic, objections, other_bricks
from console.operations.procedures import DRAIN, REBOOT, REJOIN, UNDO
from console.operations.procedures.persistent import OUT_IN_CONFIG
from console.operations.procedures.power import BOOT
from console.operations.procedures.runtime import OUT_AT_RUNTIME
from console.operations.procedures.steps import Intent, Operation
from console.probes.firewalls.config import FirewallConfig
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.snapshot import NOT_ASKED, Cause, Known, Reading, Snapshot, Unknown
from console.probes.storage.gluster import Brick, Volume
from console.text import clock
from tests.conftest import simulated, watching
from tests.console.telling import put

SILENT = Unknown("no answer", 1.0, 1.0)


@pytest.fixture
async def well(tmp_path: Path) -> AsyncIterator[Snapshot]:
    """A cluster in which all is well."""
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        async with asyncio.timeout(20):
            while verdict(session.picture).level is not Level.OK:
                await session.change()
        yield session.picture


def firewall(picture: Snapshot, name: str, **readings: Reading[Any]) -> Snapshot:
    views = tuple(replace(view, **readings) if view.name == name else view for view in picture.firewalls)
    return replace(picture, firewalls=views)


def config(picture: Snapshot, name: str, **changes: Any) -> Known[FirewallConfig]:
    reading = picture.firewall(name).config
    assert isinstance(reading, Known)
    return replace(reading, value=replace(reading.value, **changes))


async def test_a_passive_firewall_with_carpdev_takes_nobody_out(well: Snapshot) -> None:
    passive = firewall(
        well, "fw2", pools=Known(Pools(running=False), 1.0), config=config(well, "fw2", carpdev="198.51.100.10")
    )
    assert [place(passive, node.name) for node in passive.nodes] == [Place.IN] * 3
    assert verdict(passive).level is Level.OK
    assert not objections(passive, DRAIN.effects, "node2")


@pytest.mark.parametrize("field", ["pools", "config"])
async def test_a_firewall_whose_pools_or_config_are_not_known_is_not_well(well: Snapshot, field: str) -> None:
    one = firewall(well, "fw1", **{field: SILENT})
    assert verdict(one).level is Level.UNKNOWN
    assert "fw1" in verdict(one).message
    both = firewall(one, "fw2", **{field: SILENT})
    assert verdict(both).level is Level.UNKNOWN


async def test_a_brick_without_a_count_is_not_healed(well: Snapshot) -> None:
    view = well.volumes[0]
    assert isinstance(view.state, Known)
    first, *rest = view.state.value.bricks
    state = Known(Volume((replace(first, pending=None), *rest), 0), 1.0)
    assert verdict(replace(well, volumes=(replace(view, state=state),))).level is Level.UNKNOWN


async def test_split_brain_that_is_not_known_is_not_well(well: Snapshot) -> None:
    view = replace(well.volumes[0], split_brain=SILENT)
    assert verdict(replace(well, volumes=(view,))).level is Level.UNKNOWN


async def test_an_empty_pool_is_critical_whoever_is_master(well: Snapshot) -> None:
    pools = well.firewall("fw1").pools
    assert isinstance(pools, Known)
    nobody = Known(replace(pools.value, servers=tuple(replace(s, status="DOWN") for s in pools.value.servers)), 1.0)
    one = firewall(replace(well, firewalls=well.firewalls[:1]), "fw1", pools=nobody, carp=SILENT)
    assert verdict(one).level is Level.CRITICAL
    assert verdict(one).message.startswith("nobody serves web")


async def test_out_of_one_pool_only_is_neither_in_nor_out(well: Snapshot) -> None:
    pools = well.firewall("fw1").pools
    assert isinstance(pools, Known)
    servers = tuple(
        replace(s, admin=Admin.DRAIN) if (s.backend, s.name) == ("web_ipvANY", "node2") else s
        for s in pools.value.servers
    )
    partly = firewall(well, "fw1", pools=replace(pools, value=replace(pools.value, servers=servers)))
    assert place(partly, "node2") is Place.MIXED
    assert "node2 is out of web, but not of every pool" in [f.message for f in findings(partly)]
    assert not objections(partly, REJOIN.effects, "node2")


async def test_who_is_out_in_one_place_only_is_told_by_who_would_send_it_traffic(well: Snapshot) -> None:
    def of(name: str, admin: Admin = Admin.READY, status: str = "") -> tuple[Server, ...]:
        pools = well.firewall(name).pools
        assert isinstance(pools, Known)
        return tuple(
            replace(one, admin=admin, status=status or one.status) if one.name == "node2" else one
            for one in pools.value.servers
        )

    def told(picture: Snapshot, name: str, servers: tuple[Server, ...]) -> str:
        seen = firewall(picture, name, pools=Known(Pools(running=True, servers=servers), 1.0))
        return next(one.message for one in findings(seen) if one.kind is Kind.MIXED)

    assert told(well, "fw2", of("fw2", Admin.MAINT)) == "node2 gets traffic from fw1: it is out only on fw2 at run time"
    assert told(well, "fw1", of("fw1", Admin.DRAIN)) == (
        "a failover to fw2 would send node2 traffic: it is out only on fw1 at run time"
    )
    down = firewall(well, "fw1", pools=Known(Pools(running=True, servers=of("fw1", status="DOWN")), 1.0))
    assert told(down, "fw2", of("fw2", Admin.MAINT)) == (
        "node2 will get traffic from fw1 as soon as it is UP there: it is out only on fw2 at run time"
    )
    unled = firewall(well, "fw1", carp=SILENT)
    assert told(unled, "fw2", of("fw2", Admin.MAINT)) == (
        "fw1 may send node2 traffic: it is out only on fw2 at run time"
    )


async def test_a_node_that_gets_traffic_is_told_before_the_configurations_that_differ_by_it(well: Snapshot) -> None:
    config = well.firewall("fw2").config
    assert isinstance(config, Known)
    servers = tuple(replace(one, status="disabled") if one.name == "node2" else one for one in config.value.servers)
    other = replace(config.value, servers=servers, balancer_digest="another")
    first, second = findings(firewall(well, "fw2", config=replace(config, value=other)))[:2]
    assert (first.kind, second.kind) == (Kind.MIXED, Kind.SYNC_DIFFERS)


async def test_a_lost_node_that_still_gets_visitors_is_one_to_take_out(well: Snapshot) -> None:
    lost = replace(well, nodes=tuple(replace(v, host=SILENT) if v.name == "node2" else v for v in well.nodes))
    (message,) = [one.message for one in findings(lost) if one.kind is Kind.LOST]
    assert "; fw1 still sends it visitors: node1 and node3 still serve; " in message


@pytest.mark.parametrize(("apart", "told"), [(0.0, True), (2.0, True), (4.0, False)])
async def test_two_masters_are_two_at_the_same_time(well: Snapshot, apart: float, told: bool) -> None:
    """A firewall that has just died was MASTER when it was last asked."""
    carp = well.firewall("fw1").carp
    assert isinstance(carp, Known)
    both = firewall(well, "fw2", carp=replace(carp, at=carp.at + apart))
    assert (Kind.TWO_MASTERS in [one.kind for one in findings(both)]) is told


async def test_nothing_is_stopped_on_a_node_that_may_get_traffic(well: Snapshot) -> None:
    assert [one.saw for one in no_traffic(well, REBOOT.effects, "node2")] == [
        "fw1 sends traffic to node2",
        "fw2 sends traffic to node2",
    ]
    out = well
    for name in ("fw1", "fw2"):
        pools = well.firewall(name).pools
        assert isinstance(pools, Known)
        servers = tuple(replace(server, admin=Admin.DRAIN) for server in pools.value.servers)
        out = firewall(out, name, pools=replace(pools, value=replace(pools.value, servers=servers)))
    assert not list(no_traffic(out, REBOOT.effects, "node2"))
    backup_lost = firewall(out, "fw2", pools=SILENT, carp=SILENT)
    assert not list(no_traffic(backup_lost, REBOOT.effects, "node2"))
    master_lost = firewall(out, "fw1", pools=SILENT, carp=SILENT)
    assert [one.machine for one in no_traffic(master_lost, REBOOT.effects, "node2")] == ["fw1"]


async def test_nothing_is_stopped_while_the_firewall_that_leads_does_not_tell_its_pools(well: Snapshot) -> None:
    """It may answer for CARP, and its HAProxy socket hang or give garbage."""
    pools = well.firewall("fw2").pools
    assert isinstance(pools, Known)
    servers = tuple(replace(server, admin=Admin.DRAIN) for server in pools.value.servers)
    out = firewall(well, "fw2", pools=replace(pools, value=replace(pools.value, servers=servers)))

    def told(picture: Snapshot) -> list[str]:
        return [one.sentence for one in no_traffic(picture, REBOOT.effects, "node2")]

    fw1 = firewall(out, "fw1", pools=SILENT)
    assert told(fw1) == [
        "fw1 may still send traffic to node2: it is CARP MASTER, and its pools are not known."
        " Wait until its pools are known."
    ]
    assert told(firewall(fw1, "fw2", pools=SILENT)) == told(fw1), "the other one sends nobody anything"
    carp = well.firewall("fw1").carp
    for unled in (firewall(fw1, "fw2", carp=carp), firewall(fw1, "fw1", carp=SILENT)):
        assert told(unled) == [
            "fw1 may still send traffic to node2: its pools are not known, and no other firewall alone is CARP MASTER."
            " Wait until its pools are known."
        ]
    led = firewall(firewall(fw1, "fw2", carp=carp), "fw1", carp=well.firewall("fw2").carp)
    assert told(led) == [], "fw2 leads, and has node2 out"
    for override in no_traffic(fw1, REBOOT.effects, "node2"):
        assert override.override is Override.NEVER


async def test_what_a_firewall_that_is_not_told_will_do_is_true_of_one_that_answers(well: Snapshot) -> None:
    """An unreachable firewall sends nobody anything until it is back; one that answers and can't be told goes on as it
    is."""

    def told(action: Operation, **readings: Reading[Any]) -> list[str]:
        picture = firewall(well, "fw1", **readings)
        return [one.sentence for one in objections(picture, action.effects, "node1") if one.machine == "fw1"]

    gone = {"pools": SILENT, "carp": SILENT, "config": SILENT}
    since, out = clock(1.0), "fw1 may keep node1 out"
    revert = "its next configuration sync may revert the other firewall"
    assert told(DRAIN, **gone) == [
        f"fw1 does not answer since {since}: no answer. When fw1 is back it will send traffic to node1 again and its"
        " next configuration sync may revert the other firewall: resume this run as soon as it answers."
    ]
    just_now = {"pools": SILENT, "carp": SILENT}
    assert told(DRAIN, **just_now) == told(DRAIN, **gone), "agreed to, it stays agreed to"
    assert told(DRAIN, pools=SILENT) == [
        "the pools of fw1 are not known: no answer. fw1 may go on sending traffic to node1"
        f" and {revert}: resume this run as soon as its pools are known."
    ]
    assert told(DRAIN, config=SILENT) == [
        "config.xml of fw1 is not known: no answer. fw1 may send traffic to node1 again after its next reload and its"
        " next configuration sync may revert the other firewall: resume this run as soon as its config.xml is known."
    ]
    assert told(UNDO, **gone)[0].endswith(f". {out}: resume this run as soon as it answers.")
    assert told(UNDO, pools=SILENT)[0].endswith(f". {out}: resume this run as soon as its pools are known.")
    assert told(UNDO, config=SILENT)[0].endswith(
        f". {out} after its next reload: resume this run as soon as its config.xml is known."
    )
    secondary = firewall(firewall(well, "fw1", config=SILENT), "fw2", pools=SILENT)
    assert "revert" not in if_skipped(secondary, DRAIN.effects, "node1", "fw2"), "who is not the primary syncs nothing"


async def test_a_run_says_of_a_firewall_that_answers_what_is_true_of_it(well: Snapshot) -> None:
    intent = Intent(well.cluster, "node1", DRAIN)
    ((name, message),) = OUT_AT_RUNTIME.done(firewall(well, "fw1", pools=SILENT), intent).skipped
    assert (name, message.partition(" and ")[0]) == ("fw1", "fw1 may go on sending traffic to node1")
    asked = Unknown("not read back yet", 1.0, 1.0, Cause.NOT_READ_BACK)
    ((name, message),) = OUT_AT_RUNTIME.done(firewall(well, "fw1", pools=SILENT, carp=asked), intent).skipped
    assert message.partition(" and ")[0] == "fw1 may go on sending traffic to node1", "it has answered until now"
    ((name, message),) = OUT_IN_CONFIG.done(firewall(well, "fw1", config=SILENT), intent).skipped
    assert message.partition(" and ")[0] == "fw1 may send traffic to node1 again after its next reload"


async def test_gluster_is_not_stopped_when_another_brick_is_away(well: Snapshot) -> None:
    view = well.volumes[0]
    assert isinstance(view.state, Known)
    one, two, three = view.state.value.bricks
    assert not list(other_bricks(well, REBOOT.effects, "node2"))

    def bricks(*now: Brick) -> Snapshot:
        return replace(well, volumes=(replace(view, state=Known(Volume(now, 0), 1.0)),))

    lost = replace(three, online=False)
    assert list(other_bricks(bricks(one, two, lost), REBOOT.effects, "node2"))
    assert not list(other_bricks(bricks(one, replace(two, online=False), three), REBOOT.effects, "node2"))


async def test_nothing_is_rebooted_while_another_node_was_not_asked_yet(well: Snapshot) -> None:
    """Just after its start the console knows of no other node whether it is there."""
    blank = put(well, "nodes", "node3", host=NOT_ASKED)
    (one,) = objections(blank, REBOOT.effects, "node2")
    assert (one.machine, one.sentence) == ("node3", "node3 was not asked yet. Wait until it answers.")
    assert one.override is Override.NAME_AND_REASON
    assert not objections(blank, DRAIN.effects, "node2")


async def test_no_reboot_leaves_without_the_boot_id_from_before(well: Snapshot) -> None:
    intent = Intent(well.cluster, "node2", REBOOT)
    assert not BOOT.orders(well, intent)
    host = well.node("node2").host
    assert isinstance(host, Known)
    assert BOOT.orders(well, replace(intent, found={"boot node2": host.value.boot_id}))
    assert not BOOT.orders(well, replace(intent, found={"boot node2": "the one before"}))
