"""Membership of the pools, over both firewalls and both layers: the balancer's state at run time, and config.xml."""

import math
from enum import Enum
from typing import NamedTuple

from console.inventory.cluster import Cluster, Node
from console.probes.firewalls.carp import Carp
from console.probes.firewalls.config import FirewallConfig
from console.probes.pools.configured import PooledServer
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.snapshot import NOT_ASKED, FirewallView, Known, Snapshot, Unknown, once


class Membership(NamedTuple):
    """One node on one firewall. `runtime` or `configured` None: not known there. An empty tuple: in no pool there."""

    firewall: str
    node: str
    runtime: tuple[Server, ...] | None
    configured: tuple[PooledServer, ...] | None
    held: int | None = 0
    """Sessions to the node that belong to no server the balancer lists now: relayd forgets who is disabled, HAProxy's
    older processes go on with theirs. None where they can't be counted."""
    uptime: int | None = None
    """Seconds since the balancer was reloaded."""

    @property
    def serving(self) -> bool | None:
        """It gets traffic in every pool it is in; None when not known, or in no pool there."""
        return all(server.serving for server in self.runtime) if self.runtime else None

    @property
    def out_at_runtime(self) -> bool | None:
        """Drain or maintenance was asked in every pool at run time; None when not known, or where HAProxy does not run
        (the passive firewall with carpdev) or list it: nobody has taken it out there."""
        return all(server.out for server in self.runtime) if self.runtime else None

    @property
    def out_in_config(self) -> bool | None:
        """Disabled in every pool of config.xml, so that it stays out after a reload, a boot or a failover; None when
        not known, or in no pool there."""
        return all(server.out for server in self.configured) if self.configured else None

    @property
    def sessions(self) -> int | None:
        """Sessions this firewall holds to the node now; None when not known, or not to be counted there."""
        counts = [None] if self.runtime is None else [self.held, *(server.sessions for server in self.runtime)]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def quiet(self) -> float:
        """Seconds in which none of its servers was given a session; where one never was, since the last reload."""
        reload = float(self.uptime or 0)
        quiet = (max(one.quiet, reload) if one.last_session == -1 else one.quiet for one in self.runtime or ())
        return min(quiet, default=math.inf)


def node_of(cluster: Cluster, name: str) -> Node:
    """Raises KeyError if the cluster has no such node."""
    return {node.name: node for node in cluster.nodes}[name]


@once
def membership(snapshot: Snapshot, firewall: str, node: str) -> Membership:
    """A node's place on one firewall."""
    view, machine = snapshot.firewall(firewall), node_of(snapshot.cluster, node)
    pools = view.pools.value if isinstance(view.pools, Known) else None
    listed = _listed(snapshot, machine)
    configured = view.config.value.of(machine, listed) if isinstance(view.config, Known) else None
    if pools is None:
        return Membership(firewall, node, None, configured, None)
    return Membership(firewall, node, pools.of(machine), configured, _held(view, pools, machine), pools.uptime)


def _held(view: FirewallView, pools: Pools, node: Node) -> int | None:
    """relayd's are pf's states, and it has no processes to ask about."""
    if view.processes is NOT_ASKED:
        return pools.held(node)
    if isinstance(view.processes, Unknown) or (pools.running and pools.pid is None):
        return None
    return view.processes.value.older(pools.pid, node.address)


@once
def _listed(snapshot: Snapshot, node: Node) -> frozenset[tuple[str, str]]:
    """(pool, name) of a node's servers at run time, on any firewall: the other one may run no balancer."""
    running = [view.pools.value for view in snapshot.firewalls if isinstance(view.pools, Known)]
    return frozenset((pool, server.name) for pools in running for server in pools.of(node) for pool in server.pools)


@once
def memberships(snapshot: Snapshot, node: str) -> tuple[Membership, ...]:
    """A node's place on each firewall, in the order of the inventory."""
    return tuple(membership(snapshot, firewall.name, node) for firewall in snapshot.firewalls)


def sessions_of(snapshot: Snapshot, node: str) -> tuple[int | None, ...]:
    """Sessions to a node, firewall by firewall, each counted once: relayd's are pf's states, which pfsync copies to the
    other firewall, so there the highest count is all of them."""
    counts = tuple(one.sessions for one in memberships(snapshot, node))
    known = [count for count in counts if count is not None]
    return (max(known),) if snapshot.cluster.balancer == "relayd" and known else counts


class Place(Enum):
    """A node's membership, all firewalls taken together."""

    IN = "in"
    OUT = "out"
    MIXED = "mixed"
    """Out somewhere, but not everywhere that is known, not of every pool, or not durably."""
    UNKNOWN = "unknown"


@once
def place(snapshot: Snapshot, node: str) -> Place:
    """Judge the membership of a node. IN: also DOWN by health check, in maintenance that nobody asked for, or with a
    spare beside it. OUT: also `inactive` in every config.xml that lists it. A node that is out elsewhere, and missing
    in one config.xml, is not known to be out there."""
    places = without_spares(snapshot, node)
    runtime = [server for one in places for server in one.runtime or ()]
    facts = [server.out for server in runtime if server.told]
    facts += [server.out for one in places for server in one.configured or ()]
    nowhere = any(one.configured == () for one in memberships(snapshot, node))
    if not facts:
        return Place.OUT if nowhere and not runtime else Place.UNKNOWN
    if all(facts) and not nowhere:
        return Place.OUT
    return Place.MIXED if any(facts) else Place.IN


@once
def spare_pools(snapshot: Snapshot, node: str) -> frozenset[str]:
    """Pools in which a node is disabled for good, while it is in others. config.xml and run time say so on every
    firewall that is known, and nobody asked for a drain there: what we take out is taken out of every pool, at run time
    first, so that a removal or a rejoin that has stopped half way is never such a state."""
    places = [one for one in memberships(snapshot, node) if one.runtime or one.configured is not None]
    pools = {server.pool for one in places for server in one.configured or ()}
    seen = {pool: {_lasting(one, pool) for one in places} for pool in pools}
    serves = any(states == {"in"} for states in seen.values()) and any(one.runtime for one in places)
    return frozenset(pool for pool, states in seen.items() if serves and states == {"out"})


@once
def without_spares(snapshot: Snapshot, node: str) -> tuple[Membership, ...]:
    """A node's place on each firewall in the pools that it is not a spare of, in the order of the inventory."""
    spare, places = spare_pools(snapshot, node), memberships(snapshot, node)
    return tuple(_without(one, spare) for one in places) if spare else places


def _without(one: Membership, pools: frozenset[str]) -> Membership:
    runtime = None if one.runtime is None else tuple(server for server in one.runtime if pools.isdisjoint(server.pools))
    configured = (
        None if one.configured is None else tuple(server for server in one.configured if server.pool not in pools)
    )
    return one._replace(runtime=runtime, configured=configured)


def _lasting(one: Membership, pool: str) -> str:
    """ "in" or "out", where all that one firewall tells of a node in one pool agrees; else "". Run time tells nothing
    where no balancer runs."""
    runtime = {server.admin for server in one.runtime or () if pool in server.pools}
    configured = {server.out for server in one.configured or () if server.pool == pool}
    if one.configured is not None and not configured:
        return ""
    if configured <= {True} and runtime <= {Admin.MAINT}:
        return "out"
    return "in" if configured <= {False} and (runtime == {Admin.READY} or not one.runtime) else ""


def not_configured(one: Membership) -> tuple[str, ...]:
    """Pools in which a firewall has a node at run time, and its config.xml does not."""
    known = {server.pool for server in one.configured or ()}
    return tuple(sorted({server.pool for server in one.runtime or () if known.isdisjoint(server.pools)}))


def configured_name(one: Membership, server: Server) -> str:
    """The name that a run-time server's pool has in config.xml, so that no pool is told under two."""
    known = {each.pool for each in one.configured or ()}
    return next((name for name in server.pools if name in known), server.pool)


def roles(snapshot: Snapshot, carp: Carp) -> frozenset[str]:
    """A firewall's roles for the addresses of the inventory that CARP carries anywhere: a spare WAN without a cable
    leads nothing for ever. Where it carries none of them, those for every vhid."""
    known = [view.carp.value for view in snapshot.firewalls if isinstance(view.carp, Known)]
    carried = [vip.address for vip in snapshot.cluster.vips if any(one.role(vip.address) for one in known)]
    if not carp.allow or not carried:
        return carp.roles
    return frozenset(carp.role(address) or "without a vhid" for address in carried)


@once
def master(snapshot: Snapshot) -> str | None:
    """The firewall that is CARP MASTER of every address; None if there is none, or none that is known."""
    masters = [
        view.name
        for view in snapshot.firewalls
        if isinstance(view.carp, Known) and roles(snapshot, view.carp.value) == frozenset({"MASTER"})
    ]
    return masters[0] if len(masters) == 1 else None


@once
def sending(snapshot: Snapshot, node: str) -> tuple[str, ...]:
    """The firewalls that carry traffic, of one address or more, and send a node some of it now."""
    return tuple(
        one.firewall
        for one in memberships(snapshot, node)
        if isinstance(carp := snapshot.firewall(one.firewall).carp, Known)
        and "MASTER" in roles(snapshot, carp.value)
        and any(server.serving for server in one.runtime or ())
    )


def primary(snapshot: Snapshot) -> str | None:
    """The firewall whose configuration is synced to the other; None if not known."""
    return next((view.name for view in snapshot.firewalls if _config(snapshot, view.name, "primary")), None)


def _config(snapshot: Snapshot, firewall: str, flag: str) -> bool:
    config = snapshot.firewall(firewall).config
    return isinstance(config, Known) and bool(getattr(config.value, flag))


def config_of(snapshot: Snapshot, firewall: str) -> FirewallConfig | None:
    """A firewall's config.xml; None if unknown."""
    config = snapshot.firewall(firewall).config
    return config.value if isinstance(config, Known) else None


def pools_of(snapshot: Snapshot, firewall: str) -> Pools | None:
    """A firewall's pools at run time; None if unknown."""
    pools = snapshot.firewall(firewall).pools
    return pools.value if isinstance(pools, Known) else None


def unused(snapshot: Snapshot, firewall: str) -> frozenset[str]:
    """Backends of a firewall that no frontend sends visitors to, where that is known."""
    saved = snapshot.firewall(firewall).saved
    return frozenset(saved.value.unused) if isinstance(saved, Known) else frozenset()


def reachable(snapshot: Snapshot, firewall: str) -> bool:
    """The firewall has answered the latest fast questions."""
    return isinstance(snapshot.firewall(firewall).pools, Known)


def backends_of(snapshot: Snapshot, firewall: str, node: str) -> tuple[str, ...]:
    """The backends a node is in on one firewall."""
    runtime = membership(snapshot, firewall, node).runtime or ()
    return tuple(dict.fromkeys(server.backend for server in runtime))


def without_stand_ins(cluster: Cluster, pools: Pools) -> tuple[Server, ...]:
    """Every server but backups that are no node, such as a page that says sorry: what they serve is not the site."""
    nodes = {server.path for node in cluster.nodes for server in pools.of(node)}
    return tuple(server for server in pools.servers if not server.backup or server.path in nodes)


def others_serving(snapshot: Snapshot, firewall: str, backend: str, node: str) -> tuple[str, ...]:
    """Names of the servers of a backend that get traffic and are not this node."""
    pools, machine = pools_of(snapshot, firewall), node_of(snapshot.cluster, node)
    mine = pools.of(machine) if pools else ()
    return tuple(
        server.name
        for server in (without_stand_ins(snapshot.cluster, pools) if pools else ())
        if server.backend == backend and server.serving and server not in mine
    )
