"""What goes wrong in a simulated cluster, as it is told: one headline a cause, its words, and gone when it is over."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.facts.bricks import away as bricks_away
from console.facts.fitness import healed
from console.facts.heal_info import newer
from console.guards import Action
from console.health import Finding, Kind, Layer, Level, Verdict, findings, verdict, verdicts
from console.health.follows import FOLLOWS
from console.health.hosts import nodes_answer
from console.health.storage import bricks_are_online, volumes_are_known
from console.health.unknowns import DOUBTS
from console.probes.gluster import BUSY
from console.session import Session
from console.snapshot import QUESTIONS, Known, Reading, Snapshot, Unknown
from console.spare import one_line
from tests.conftest import simulated, watching

FAULTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("node-lost", "node2", "node2", "lost", "node1 and node3 still serve"),
    ("node-hung", "node2", "node2", "lost", "node1 and node3 still serve"),
    ("firewall-lost", "fw1", "fw1", "firewall-lost", "fw2 is CARP MASTER and carries the traffic"),
    ("firewall-maintenance", "fw1", "fw1", "maintenance", "stays BACKUP, also after a reboot"),
    ("wan-unplugged", "fw1", "fw1", "carp-init", "INIT on em0 of fw1"),
    ("carp-split-brain", "cluster", "carp", "two-masters", "two CARP masters for wan and lan: fw1 and fw2"),
    ("carp-apart", "cluster", "carp", "split-roles", "wan is on fw1 and lan is on fw2"),
    ("sync-broken", "fw1", "fw1", "sync-notice", "a configuration sync of fw1 failed"),
    ("unapplied", "fw1", "fw1", "unapplied", "nobody has applied yet"),
    ("apache-stopped", "node2", "node2", "site-silent", "Apache on node2 does not answer"),
    ("apache-full", "node2", "node2", "apache-full", "every worker of Apache on node2 is busy"),
    ("mysql-stopped", "node3", "node3", "mysql-silent", "MySQL on node3 is stopped"),
    ("non-primary", "cluster", "mysql", "no-primary", "node1 is non-Primary"),
    ("database-crash", "cluster", "mysql", "no-primary", "node1, node2 and node3 do not answer"),
    ("heal-stuck", "node1", "www", "heal", "entries to heal"),
    ("split-brain", "cluster", "www", "split-brain", "2 entries in split-brain"),
    ("brick-lost", "node2", "node2", "up-but-brick-away", "whose brick of www is away"),
    ("mount-hung", "node2", "node2", "mount-hung", "Gluster on node2: /var/www/html hung"),
    ("disk-full", "node1", "node1", "disk-full", "node1 is nearly full: /"),
    ("disk-lost", "node1", "node1", "array", "md0 is degraded, 3 of 4 devices"),
    ("link-lost", "node1", "node1", "bond", "bond bond0 has no link"),
    ("clock-off", "node1", "clocks", "clocks", "node1 is 9"),
)
"""Fault, its target, then machine and kind of the finding, and some of its words."""
SLOW_TO_MEND = ("disk-lost",)


async def told(session: Session, machine: str, kind: str) -> Finding:
    """The finding, once it is there."""
    async with asyncio.timeout(20):
        while True:
            found = {(one.machine, one.kind): one for one in findings(session.picture)}
            if (machine, Kind(kind)) in found:
                return found[machine, Kind(kind)]
            await session.change()


async def until(session: Session, so: Callable[[Snapshot], bool]) -> Snapshot:
    """The picture, once it is so."""
    async with asyncio.timeout(30):
        while not so(session.picture):
            await session.change()
    return session.picture


def well(picture: Snapshot) -> bool:
    return verdict(picture).level is Level.OK


@pytest.mark.parametrize(("fault", "target", "machine", "kind", "words"), FAULTS, ids=[one[0] for one in FAULTS])
async def test_a_fault_is_told_and_gone_when_it_is_over(
    tmp_path: Path, fault: str, target: str, machine: str, kind: str, words: str
) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault(fault, target)
        await until(  # the first look at a machine that is just ending may have other words
            session, lambda now: any((f.machine, f.kind) == (machine, kind) and words in f.says for f in findings(now))
        )
        sim.fault("all-back", "cluster")
        if fault not in SLOW_TO_MEND:
            await until(session, lambda now: kind not in {one.kind for one in findings(now)})


async def test_a_lost_node_is_one_headline_with_what_follows_from_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("node-lost", "node2")
        follows = {"down", "size-below", "brick-away"}
        lost = lambda now: next((one for one in findings(now) if one.kind == "lost"), None)  # noqa: E731
        picture = await until(
            session, lambda now: bool((one := lost(now)) and {each.kind.value for each in one.brings} >= follows)
        )
        assert [one.kind for one in findings(picture) if one.level > Level.NOTE] == [Kind.LOST]
        judged = verdicts(picture)
        assert judged.machines["node2"].level is judged.layers[Layer.WEB].level is Level.DEGRADED
        assert judged.layers[Layer.DATABASE].says == "MySQL has 2 of 3 members: node2 is not in it"
        assert judged.machines["node1"].level is judged.layers[Layer.FIREWALL].level is Level.OK
        assert one_line(picture).startswith("may go now: fw1, fw2 | not: node1, node3 (node2 does not answer since ")
        assert one_line(picture).endswith(" | gone: node2")


async def test_an_accident_is_told_before_what_somebody_did(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await session.begin(Action.DRAIN, "node3").task
        await told(session, "node3", "out")
        sim.fault("node-lost", "node2")
        await told(session, "node2", "lost")
        picture = await until(session, lambda now: "node2 lost since " in verdict(now).says)
        worse = [one.kind for one in findings(picture) if one.level is Level.DEGRADED]
        assert worse[0] is Kind.LOST and Kind.OUT in worse


async def test_when_nothing_answers_it_may_be_the_consoles_own_link(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for machine in cluster.machines:
            sim.fault("node-lost" if machine.name.startswith("node") else "firewall-lost", machine.name)
        swallowed = {Kind.LOST, Kind.FIREWALL_LOST, Kind.VISIT_SILENT}
        first = lambda now: findings(now)[0]  # noqa: E731
        picture = await until(session, lambda now: {one.kind for one in first(now).brings} >= swallowed)
        assert first(picture).says.startswith("no answer from any of 5 machines since ")
        assert ": it may be this console's own link; fw1 " in first(picture).says
        assert (first(picture).level, first(picture).kind) == (Level.UNKNOWN, Kind.NOTHING_ANSWERS)
        left = await until(
            session, lambda now: [one for one in findings(now) if one.level > Level.NOTE] == [first(now)]
        )
        assert all(one.level is Level.UNKNOWN for one in verdicts(left).machines.values())
        sim.fault("all-back", "cluster")
        await until(session, lambda now: Kind.NOTHING_ANSWERS not in {one.kind for one in findings(now)})


async def test_silent_firewalls_are_told_before_the_visitors_who_reach_neither(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for name in ("fw1", "fw2"):
            sim.fault("firewall-lost", name)
        silent = lambda now: {one.machine for one in findings(now) if one.kind is Kind.FIREWALL_LOST}  # noqa: E731
        follows = lambda now: {each.kind for one in findings(now) for each in one.brings}  # noqa: E731
        picture = await until(session, lambda now: silent(now) == {"fw1", "fw2"} and Kind.VISIT_SILENT in follows(now))
        assert verdict(picture).says.startswith("fw1 lost since ") and verdict(picture).level is Level.UNKNOWN


async def test_two_lost_nodes_do_not_serve_in_each_others_sentence(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (_, cluster), watching(cluster) as session:
        picture = await until(session, well)
        lost = Unknown("silent", picture.node("node1").host.at, 1.0)
        for name in ("node2", "node3"):
            picture = replace(
                picture,
                nodes=tuple(replace(one, host=lost) if one.name == name else one for one in picture.nodes),
            )
        assert "; node1 still serves: silent" in next(iter(nodes_answer(picture))).says
        forbidden = alter(picture, "nodes", "node1", "site", status=403)
        assert "; nobody is known to serve: silent" in next(iter(nodes_answer(forbidden))).says


async def test_heal_info_says_which_brick_is_away_while_gluster_is_locked(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("node-lost", "node2")
        away = lambda now: [one.says for one in bricks_are_online(now)]  # noqa: E731
        picture = await until(session, lambda now: any("heal info says so" in one for one in away(now)))
        assert away(picture)[0].startswith("Gluster www: brick away on node2; heal info says so, and counts ")
        assert [bricks_away(picture, view, newer(view)) for view in picture.volumes] == [("node2",)]
        busy = Unknown(BUSY, 0.0, 1.0)
        volumes = tuple(replace(one, state=busy) for one in picture.volumes)
        picture = replace(picture, volumes=volumes)
        assert away(picture)[0].endswith(BUSY)
        assert list(volumes_are_known(picture)) == []
        assert [one for one in healed(picture) if "is not known" in one]  # guards go on wanting Gluster's own word


async def test_a_full_copy_says_from_whom_and_how_far(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 1) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("sst", "node3")
        await until(session, lambda now: " of 11 GiB" in says(now, Kind.SST))
        one = await told(session, "node3", "sst")
        assert one.says.startswith("node3 receives a full copy (SST by rsync) from node")
        assert Kind.MYSQL_SILENT in {each.kind for each in one.brings}


async def test_every_reading_that_is_not_known_is_said(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        picture = await until(session, well)
    for question in QUESTIONS:
        for view in getattr(picture, question.subject.value):
            if not question.asks(cluster, view.name):
                continue
            silent = Unknown("no answer", 9.0, 8.0)
            doubted = put(picture, question.subject.value, view.name, **{question.field: silent})
            noted = question.field in DOUBTS and DOUBTS[question.field].level is Level.NOTE
            assert (verdict(doubted).level is Level.OK) == noted, question.field
            assert [one for one in findings(doubted) if one not in findings(picture)], question.field


def put(picture: Snapshot, part: str, name: str, **readings: Reading[Any]) -> Snapshot:
    views = getattr(picture, part)
    changed = tuple(replace(view, **readings) if view.name == name else view for view in views)
    return replace(picture, **{part: changed})  # type: ignore[arg-type]


def alter(picture: Snapshot, part: str, name: str, reading: str, **changes: Any) -> Snapshot:
    """The picture with some fields of one reading changed."""
    view = next(view for view in getattr(picture, part) if view.name == name)
    known = getattr(view, reading)
    assert isinstance(known, Known)
    return put(picture, part, name, **{reading: replace(known, value=replace(known.value, **changes))})


@pytest.fixture
async def fine(tmp_path: Path) -> Snapshot:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        return await until(session, well)


def says(picture: Snapshot, kind: Kind) -> str:
    return next((one.says for one in findings(picture) if one.kind is kind), "")


async def test_what_no_cluster_shows_for_long(fine: Snapshot) -> None:
    """Pictures taken there, and then altered."""
    galera = fine.nodes[1].galera
    assert isinstance(galera, Known)
    steady = fine
    for node in ("node1", "node3"):
        steady = alter(steady, "nodes", node, "galera", looks=3)
    other = alter(steady, "nodes", "node2", "galera", conf_id=galera.value.conf_id + 1, looks=1)
    assert not says(other, Kind.VIEWS_DIFFER), "a moment after each change this is normal"
    assert "conf_id" in says(alter(other, "nodes", "node2", "galera", looks=3), Kind.VIEWS_DIFFER)
    assert "uuids differ" in says(alter(fine, "nodes", "node2", "galera", uuid="other"), Kind.UUID_DIFFERS)
    slow = alter(alter(fine, "nodes", "node1", "galera", flow_control=0.31), "nodes", "node3", "galera", recv_queue=212)
    assert says(slow, Kind.FLOW_CONTROL) == (
        "MySQL holds back all commits 31 % of the time (flow control), for node3, where 212 write-sets wait"
    )
    assert "write the same rows" in says(alter(fine, "nodes", "node1", "galera", bf_aborts=4.0), Kind.SINGLE_WRITER)
    assert not says(alter(fine, "nodes", "node1", "galera", bf_aborts=0.4), Kind.SINGLE_WRITER)
    left = alter(fine, "nodes", "node1", "galera", read_only=True)
    assert says(left, Kind.LEFTOVER) == "read_only=ON left on MySQL of node1: it refuses writes"
    split = alter(fine, "nodes", "node1", "galera", status="non-Primary", ready=False)
    assert says(split, Kind.NON_PRIMARY).endswith("it refuses every table, and it gets traffic")
    assert verdict(split).level is Level.CRITICAL


async def test_silence_is_no_proof_that_the_database_refuses(fine: Snapshot) -> None:
    late = Unknown("no answer in 3.0 s", fine.nodes[0].galera.at, 1.0)
    silent = fine
    for node in fine.nodes:
        silent = put(silent, "nodes", node.name, galera=late)
    one = findings(silent)[0]
    assert (one.level, one.kind, one.machine) == (Level.UNKNOWN, Kind.MYSQL_UNKNOWN, "mysql")
    assert one.says == (
        "MySQL does not answer on node1, node2 and node3, and whether it serves is not known: no answer in 3.0 s"
    )
    assert not says(silent, Kind.NO_PRIMARY) and not says(silent, Kind.MYSQL_SILENT), "they follow from it"
    stopped = silent
    for at, node in enumerate(fine.nodes):
        assert not says(stopped, Kind.NO_PRIMARY), f"{at} of 3 are seen to be stopped"
        stopped = alter(stopped, "nodes", node.name, "services", active=())
    assert says(stopped, Kind.NO_PRIMARY).endswith("every table is refused: node1, node2 and node3 do not answer")
    told = alter(fine, "nodes", "node2", "galera", status="non-Primary", ready=False)
    told = put(put(told, "nodes", "node1", galera=late), "nodes", "node3", galera=late)
    assert says(told, Kind.NO_PRIMARY).endswith("node2 is non-Primary (Synced); node1 and node3 do not answer")


async def test_a_small_backlog_of_a_moment_is_not_told(fine: Snapshot) -> None:
    state = fine.volumes[0].state
    assert isinstance(state, Known)
    bricks = tuple(replace(brick, pending=2) for brick in state.value.bricks)
    once = alter(fine, "volumes", "www", "state", bricks=bricks, history=((1.0, 0), (6.0, 0), (11.0, 2)))
    assert not says(once, Kind.HEAL)
    judged = verdicts(once)
    assert judged.cluster == Verdict(Level.OK, "3 of 3 nodes serve, synced; 2 entries to heal")
    assert judged.machines["node1"].says == "node1 serves, synced; 2 entries to heal"
    assert judged.layers[Layer.STORAGE].says == "www: 2 entries to heal, every brick online"
    assert verdict(fine).says == "3 of 3 nodes serve, synced and healed"
    lasting = alter(once, "volumes", "www", "state", history=((0.0, 0), (1.0, 2), (6.0, 2), (11.0, 2)), progress_at=1.0)
    assert says(lasting, Kind.HEAL) == "Gluster www: 2 entries to heal"
    slow = alter(once, "volumes", "www", "state", history=((0.0, 3), (10.0, 2), (20.0, 2), (30.0, 2)))
    assert says(slow, Kind.HEAL) == "Gluster www: 2 entries to heal", "0.03 a second is no pace"
    stuck = alter(lasting, "volumes", "www", "state", history=((1.0, 2), (800.0, 2)), progress_at=1.0)
    assert says(stuck, Kind.HEAL_STUCK) == "Gluster www: 2 entries to heal, and no progress for 13 min"


async def test_a_node_serves_by_itself_only_if_asked_since_the_pools_say_down(fine: Snapshot) -> None:
    """What it answered before it was lost says nothing about the pools."""

    def down(since: int) -> str:
        now = fine
        for name in ("fw1", "fw2"):
            pools = now.firewall(name).pools
            assert isinstance(pools, Known)
            gone = tuple(
                replace(one, status="DOWN", check="L4TOUT", since=since) if one.name == "node2" else one
                for one in pools.value.servers
            )
            now = put(now, "firewalls", name, pools=Known(replace(pools.value, servers=gone), asked + 2.0))
        return says(now, Kind.DOWN_BUT_SERVES)

    asked = fine.node("node2").site.at
    assert down(3).startswith("the pools say node2 is DOWN (L4TOUT), but asked by itself it serves")
    assert not down(1)


async def test_the_database_of_a_node_that_serves_errors_is_said_with_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 1) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("mysql-stopped", "node3")
        words = "node3, whose Apache answers HTTP 500 (MySQL there is stopped): visitors there get errors"
        picture = await until(session, lambda now: says(now, Kind.UP_BUT_WEB_FAILS).endswith(words))
        assert verdict(picture).says.endswith(words)


async def test_one_pool_that_fails_is_not_all_traffic(fine: Snapshot) -> None:
    down = fine
    for name in ("fw1", "fw2"):
        pools = down.firewall(name).pools
        assert isinstance(pools, Known)
        servers = tuple(
            replace(one, status="DOWN", check="L6RSP") if (one.pool, one.name) == ("webtls", "node2") else one
            for one in pools.value.servers
        )
        down = alter(down, "firewalls", name, "pools", servers=servers)
    assert says(down, Kind.DOWN_IN_POOL) == (
        "node2 gets no traffic from webtls: the health check fails on fw1 and fw2 (L6RSP); web still sends some"
    )
    assert not says(down, Kind.DOWN)


async def test_config_sync_is_judged_once_it_has_had_time(fine: Snapshot) -> None:
    config = fine.firewall("fw1").config
    assert isinstance(config, Known)
    now = f"{config.at:.0f}"
    fresh = alter(fine, "firewalls", "fw1", "config", balancer_digest="x", revised=now)
    assert not says(fresh, Kind.SYNC_DIFFERS)
    older = alter(fresh, "firewalls", "fw1", "config", revised="1700000000")
    older = alter(older, "firewalls", "fw2", "config", revised="1700000000")
    assert "fw1 and fw2 differ in pools" in says(older, Kind.SYNC_DIFFERS)


def test_nothing_follows_from_what_follows_from_it() -> None:
    def below(kind: Kind, seen: tuple[Kind, ...]) -> None:
        assert kind not in seen, f"{kind} follows from itself"
        for each in FOLLOWS.get(kind, ()):
            below(each, (*seen, kind))

    for kind in FOLLOWS:
        below(kind, ())
