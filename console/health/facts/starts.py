"""Servers that will be in and out when a load balancer starts: by config.xml, or by the states it has saved."""

from collections.abc import Iterable
from typing import NamedTuple

from console.health.facts.membership import config_of, node_of, pools_of, unused
from console.inventory.addresses import same
from console.probes.pools.configured import PooledServer
from console.probes.pools.saved import Saved
from console.probes.pools.servers import pool_names
from console.probes.snapshot import Known, Snapshot
from console.text import figure, listed


def loads(snapshot: Snapshot, firewall: str, node: str) -> bool | None:
    """Tell if HAProxy there starts with saved states in a pool of this node; None: not known."""
    if snapshot.cluster.balancer != "haproxy":
        return False
    saved, config = snapshot.firewall(firewall).saved, config_of(snapshot, firewall)
    if not isinstance(saved, Known):
        return None
    mine = {server.pool for server in config.of(node_of(snapshot.cluster, node))} if config else set[str]()
    return any(not mine or not mine.isdisjoint(pool_names(backend)) for backend in saved.value.backends)


def brings_back(snapshot: Snapshot, node: str, firewalls: Iterable[str], who: str = "it") -> str:
    """Foretell a reload, a boot or a failover of firewalls for a node that config.xml has in, and run time out."""
    by: dict[bool | None, list[str]] = {}
    for firewall in firewalls:
        by.setdefault(loads(snapshot, firewall, node), []).append(firewall)
    moves = "a reload, a boot or a failover of"
    message = {
        False: f"{moves} {{}} brings {who} back",
        True: f"HAProxy on {{}} starts with saved states (load-server-state-from-file) and may keep {who} out",
        None: f"what {moves} {{}} brings is not known",
    }
    return "; ".join(words.format(listed(by[key])) for key, words in message.items() if key in by)


class Start(NamedTuple):
    """A node that a stopped HAProxy would start with otherwise than config.xml says. `how`: as it would be."""

    node: str
    pool: str
    how: str


IN = "in, which config.xml has out"


def starts(snapshot: Snapshot, firewall: str) -> tuple[Start, ...]:
    """Servers that HAProxy on a firewall would start in another state than config.xml says; empty where it runs, or
    where that is not known."""
    saved, config = snapshot.firewall(firewall).saved, config_of(snapshot, firewall)
    pools = pools_of(snapshot, firewall)
    if not isinstance(saved, Known) or config is None or pools is None or pools.running:
        return ()
    return tuple(
        Start(node.name, server.pool, how)
        for node in snapshot.cluster.nodes
        for server in config.of(node)
        if (how := _how(saved.value, server, node.address))
    )


def _how(saved: Saved, server: PooledServer, address: str) -> str:
    """HAProxy finds a server's row by its name, up to 2.3 also by its id; its address in the file may be a former
    one. A weight counts only beside the configured one that it was saved with, and the drain of a configured 0 ends
    with that 0."""
    mine = [
        one
        for one in saved.servers
        if server.pool in pool_names(one.backend) and (one.name == server.name or same(one.address, address))
    ]
    if server.out:
        return IN if any(one.ready for one in mine) else ""
    if any(one.maintenance for one in mine):
        return "in maintenance"
    weight = figure(server.weight or "1")
    if any(one.drained and (one.weight != 0 or weight == 0) for one in mine):
        return "drained"
    same_weight = (one for one in mine if weight is None or one.weight in (None, weight))
    return "with the weight 0" if any(one.weightless for one in same_weight) else ""


def nobody_starts(snapshot: Snapshot, firewall: str) -> tuple[str, ...]:
    """Pools in which nobody would serve, where a stopped HAProxy starts."""
    config = config_of(snapshot, firewall)
    out = {(one.node, one.pool) for one in starts(snapshot, firewall) if one.how != IN}
    members: dict[str, set[tuple[str, str]]] = {}
    for node in snapshot.cluster.nodes:
        for server in config.of(node) if config else ():
            if not server.out:
                members.setdefault(server.pool, set()).add((node.name, server.pool))
    idle = {name for backend in unused(snapshot, firewall) for name in pool_names(backend)}
    return tuple(pool for pool, every in members.items() if every <= out and pool not in idle)
