"""A cluster in which all is well but one thing: rules of which no other test tells at once whether they are there."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from console.health import Kind, Level, findings
from console.inventory.cluster import Cluster
from console.operations.effects import On
from console.operations.guards import Override, objections
from console.operations.may_go import may_go
from console.operations.procedures import (
    DRAIN,
    PATCH,
    REBOOT,
    REMOUNT,
    REMOVE,
    UNDO,
    WRITER,
)
from console.operations.procedures.steps import Operation
from console.probes.database.writes import Writes
from console.probes.pools.servers import Admin
from console.probes.snapshot import NOT_ASKED, Cause, Known, Snapshot, Unknown
from console.probes.web.visitor import Visits
from tests.console.telling import alter, put
from tests.hostile.lies import Honest, believed, honest

BOTH = ("fw1", "fw2")
SILENT = Unknown("no answer", 9.0, 8.0, Cause.SILENT)
Change = Callable[[Snapshot], Snapshot]


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Honest]:
    return asyncio.run(honest(tmp_path_factory.mktemp("truth") / "sim"))


def value(now: Snapshot, part: str, name: str, reading: str) -> Any:
    view = next(view for view in getattr(now, part) if view.name == name)
    known = getattr(view, reading)
    assert isinstance(known, Known)
    return known.value


def node2(reading: str, **changes: object) -> Change:
    return lambda now: alter(now, "nodes", "node2", reading, **changes)


def fw2(reading: str, **changes: object) -> Change:
    return lambda now: alter(now, "firewalls", "fw2", reading, **changes)


def silent(part: str, name: str, reading: str) -> Change:
    return lambda now: put(now, part, name, **{reading: SILENT})


def lan_on_fw2(now: Snapshot) -> Snapshot:
    for name, role in (("fw1", "BACKUP"), ("fw2", "MASTER")):
        first, lan, *rest = value(now, "firewalls", name, "carp").vhids
        now = alter(now, "firewalls", name, "carp", vhids=(first, replace(lan, role=role), *rest))
    return now


def down(firewall: str, *nodes: str) -> Change:
    """The checks of a firewall find these nodes down."""

    def changed(now: Snapshot) -> Snapshot:
        servers = value(now, "firewalls", firewall, "pools").servers
        servers = tuple(replace(one, status="DOWN", check="L4TOUT") if one.name in nodes else one for one in servers)
        return alter(now, "firewalls", firewall, "pools", servers=servers)

    return changed


def proxy(*names: str, **changes: object) -> Change:
    """Servers of node3's HAProxy for MySQL, altered; removed if nothing changes."""

    def changed(now: Snapshot) -> Snapshot:
        servers = value(now, "nodes", "node3", "writer").servers
        left = [replace(one, **changes) if one.name in names else one for one in servers]  # type: ignore[arg-type]
        return alter(
            *(now, "nodes", "node3", "writer"),
            servers=tuple(one for one in left if changes or one.name not in names),
        )

    return changed


FINDINGS: tuple[tuple[Change, Kind, Level, str], ...] = (
    (silent("firewalls", "fw2", "carp"), Kind.FIREWALL_LOST, Level.DEGRADED, "fw2 does not answer since "),
    (silent("firewalls", "fw2", "config"), Kind.CONFIG_UNKNOWN, Level.UNKNOWN, "config.xml of fw2 is not known: "),
    (fw2("config", version="24.0"), Kind.VERSIONS_DIFFER, Level.DEGRADED, "the firewalls have different configuration"),
    (fw2("box", unapplied=("filter",)), Kind.UNAPPLIED, Level.NOTE, "changes on fw2 that nobody has applied yet: "),
    (lan_on_fw2, Kind.SPLIT_ROLES, Level.DEGRADED, "CARP roles are split: wan is on fw1 and lan is on fw2; "),
    (down("fw2", "node2"), Kind.POOLS_DIFFER, Level.DEGRADED, "node2 is up in web on fw1 and down on fw2: "),
    (silent("nodes", "node2", "host"), Kind.LOST, Level.DEGRADED, "node2 does not answer since "),
    (lambda now: put(now, "nodes", "node2", site=NOT_ASKED), Kind.NOT_ASKED, Level.UNKNOWN, "node2 not asked yet"),
    (node2("host", memory_available=0), Kind.MEMORY, Level.DEGRADED, "node2 has 0 B of "),
    (node2("host", load=99.0, cores=8), Kind.LOAD, Level.NOTE, "load of node2 is 99.0 on 8 cores: it answers slowly"),
    (node2("devices", missing=("/srv",)), Kind.DATADIR_MISSING, Level.DEGRADED, "a data directory of node2 is not "),
    (node2("devices", teams=("team0",)), Kind.DEVICES_UNKNOWN, Level.NOTE, "whether each link of team0 on node2 "),
    (node2("devices", failed_units=("x.service",)), Kind.FAILED_UNITS, Level.NOTE, "1 unit failed on node2: x.service"),
    (node2("identity", machine_id="a", here=True), Kind.CONSOLE_HERE, Level.NOTE, "this console runs on node2: "),
    (node2("site", status=403), Kind.SITE_ERROR, Level.DEGRADED, "Apache on node2 answers the check URL with HTTP 403"),
    (node2("apache", accesses=None), Kind.EXTENDED_STATUS_OFF, Level.NOTE, "ExtendedStatus is off in Apache on node2"),
    (node2("galera", recv_queue=212), Kind.RECEIVE_QUEUE, Level.DEGRADED, "MySQL on node2 lags: 212 write-sets wait"),
    (node2("member", version="1"), Kind.MYSQL_VERSIONS_DIFFER, Level.NOTE, "MySQL is not the same everywhere: "),
    (proxy("node1", serving=False), Kind.WRITERS_DISAGREE, Level.DEGRADED, "node3 sends MySQL elsewhere than the "),
    (
        lambda now: alter(now, "nodes", "node1", "galera", read_only=True),
        *(Kind.WRITER_UNFIT, Level.CRITICAL, "HAProxy on node1, node2 and node3 sends MySQL to node1, which is read_"),
    ),
)


@pytest.mark.parametrize(("change", "kind", "level", "words"), FINDINGS, ids=[one[1].value for one in FINDINGS])
def test_it_is_found(truth: tuple[Cluster, Honest], change: Change, kind: Kind, level: Level, words: str) -> None:
    def told(now: Snapshot) -> list[tuple[Level, bool]]:
        every = [each for one in findings(now) for each in (one, *one.brings)]
        return [(one.level, one.message.startswith(words)) for one in every if one.kind is kind]

    before = believed(*truth)
    assert told(before) == []
    assert told(change(before)) == [(level, True)]


def nowhere(now: Snapshot) -> Snapshot:
    for name in BOTH:
        for reading in ("pools", "config"):
            servers = tuple(one for one in value(now, "firewalls", name, reading).servers if one.name != "node2")
            now = alter(now, "firewalls", name, reading, servers=servers)
    return now


def removed(now: Snapshot, node: str = "node2") -> Snapshot:
    out = {"pools": {"status": "MAINT", "admin": Admin.MAINT}, "config": {"status": "disabled"}}
    for name in BOTH:
        for reading, changes in out.items():
            servers = value(now, "firewalls", name, reading).servers
            servers = tuple(replace(one, **changes) if one.name == node else one for one in servers)
            now = alter(now, "firewalls", name, reading, servers=servers)
    return now


def at_work(now: Snapshot) -> Snapshot:
    units = value(now, "nodes", "node2", "jobs").units
    there = tuple(replace(one, there=one.kind == "packages") for one in units)
    return alter(now, "nodes", "node2", "jobs", units=there)


def alone_as_writer(now: Snapshot) -> Snapshot:
    """Node2 is written to, and nobody else is proven."""
    now = proxy("node1", serving=False)(now)
    return silent("nodes", "node3", "galera")(silent("nodes", "node1", "galera")(now))


def without_proxies(now: Snapshot) -> Snapshot:
    return replace(now, cluster=replace(now.cluster, mysql_proxy=None))


NEVER, CONFIRM, NAMED = Override.NEVER, Override.CONFIRM, Override.NAME_AND_REASON
FAILED = Visits(1.0, failed=1, failed_at=2.0, failure="http://198.51.100.10/ answered 503")
FAILING = Writes(1.0, failed=1, failed_at=2.0, failure="read-only", failing=True)
OBJECTIONS: tuple[tuple[str, Operation, Change, str, Override], ...] = (
    ("in_a_pool", DRAIN, nowhere, "node2 is in no pool of fw1 or fw2", NEVER),
    ("still_in", REMOVE, removed, "node2 is out already", NEVER),
    ("nothing_unapplied", DRAIN, fw2("pools", dirty=True), "fw2 holds HAProxy changes that nobody has applied", NAMED),
    ("balancer_runs", DRAIN, fw2("pools", running=False, servers=()), "HAProxy does not run on fw2", CONFIRM),
    ("fit_again", UNDO, silent("nodes", "node2", "galera"), "MySQL on node2 is not known: no answer", NAMED),
    ("answers", REMOUNT, silent("nodes", "node2", "host"), "node2 does not answer since ", NEVER),
    ("somebody_follows", REBOOT, alone_as_writer, "no other node can become MySQL's writer: ", NEVER),
    ("proxied", WRITER, without_proxies, "demo has no [mysql_proxy] in the inventory: ", NEVER),
    ("reached", WRITER, proxy("node2"), "HAProxy on node3 has no server with the address of node2", NEVER),
    ("member_fit", WRITER, silent("nodes", "node2", "galera"), "MySQL on node2 is not known: no answer", NEVER),
    ("has_room", WRITER, node2("galera", connections=850, max_connections=1000), "node2 would have ", NAMED),
    ("agreed_now", WRITER, proxy("node1", serving=False), "the nodes do not agree on the writer now: ", CONFIRM),
    ("nobody_updates", PATCH, at_work, "drainboard-packages.service is on node2, from an earlier run", NEVER),
    ("is_in", PATCH, removed, "node2 is not in every pool, and is left as it was found", CONFIRM),
    ("no_visit_failed", PATCH, lambda now: replace(now, visits=FAILED), "a visitor's page failed at ", NAMED),
    ("writes_arrive", PATCH, lambda now: replace(now, writes=FAILING), "MySQL's writer commits nothing at ", CONFIRM),
)


@pytest.mark.parametrize(
    ("one", "change", "saw", "override"), [each[1:] for each in OBJECTIONS], ids=[each[0] for each in OBJECTIONS]
)
def test_it_stands_against_it(
    truth: tuple[Cluster, Honest], one: Operation, change: Change, saw: str, override: Override
) -> None:
    def told(now: Snapshot) -> list[Override]:
        against = objections(now, one.effects, "node2", On.NODE)
        return [each.override for each in against if each.saw.startswith(saw)]

    before = believed(*truth)
    assert told(before) == []
    assert told(change(before)) == [override]


LOSSES: tuple[tuple[str, Change, str], ...] = (
    ("somebody_serves", down("fw2", "node1", "node3"), "node2 is the last serving member of web and webtls on fw2"),
    ("all_reachable", silent("nodes", "node3", "host"), "node3 does not answer since "),
    ("storage_whole", silent("nodes", "node3", "galera"), "MySQL on node3 is not known: no answer"),
    ("one_at_a_time", lambda now: removed(now, "node3"), "node3 is out of the load balancer already"),
    ("room_left", silent("nodes", "node3", "apache"), "how busy Apache is on node3 is not known: no answer"),
    ("all_is_listed", silent("nodes", "node2", "listed"), "whether Gluster on node2 has volumes that the inventory "),
)


@pytest.mark.parametrize(("change", "saw"), [each[1:] for each in LOSSES], ids=[each[0] for each in LOSSES])
def test_it_keeps_a_node_from_being_lost(truth: tuple[Cluster, Honest], change: Change, saw: str) -> None:
    before = believed(*truth)
    assert may_go(before, "node2").may
    after = may_go(change(before), "node2")
    assert after.may is False
    assert [why for why in after.reasons if why.startswith(saw)]
