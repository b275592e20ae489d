"""Objections of the pools: somebody must serve, and have room for whom the node has served."""

from collections.abc import Iterator

from console.health import serving
from console.health.facts.membership import (
    Place,
    master,
    membership,
    memberships,
    others_serving,
    place,
    pools_of,
    spare_pools,
    unused,
    without_spares,
)
from console.operations.effects import Effect, Effects
from console.operations.guards.nodes import not_there
from console.operations.guards.objection import Objection, Override, read_at
from console.probes.pools.servers import Admin, Server
from console.probes.snapshot import Known, NodeView, Reading, Snapshot, Unknown, asked_but_unknown
from console.probes.web.apache import Apache
from console.text import listed, percent


def in_a_pool(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """The node must be a server of some pool, or there is nothing to do."""
    places = memberships(snapshot, node)
    known = [one for one in places if one.runtime is not None or one.configured is not None]
    if known and not any(one.runtime or one.configured for one in known):
        yield Objection(
            node,
            f"{node} is in no pool of {' or '.join(one.firewall for one in known)}",
            "Check the node's address in the inventory against the pools of the firewall",
            Override.NEVER,
            read_at(snapshot, *(view.config for view in snapshot.firewalls)),
        )


def somebody_serves(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Never the last serving member of a pool, on any firewall, nor the last whose own site answers: the balancer's
    check may see less than the check URL does. Whose site is not known may serve: `one_at_a_time` asks about it."""
    site = snapshot.node(node).site
    others_of = {place: others_serving(snapshot, *place, node) for place in traffic(snapshot, node)}
    yield from _last(snapshot, node, [place for place, others in others_of.items() if not others])
    for (firewall, backend), others in others_of.items():
        broken = _errors(snapshot, firewall, backend)
        if others and isinstance(site, Known) and site.value.serves and broken.keys() >= set(others):
            gets = listed(dict.fromkeys(broken[server] for server in others))
            yield Objection(
                node,
                f"{node} is the last node whose site answers: the check URL gets {gets}",
                "Mend another node first",
                Override.NEVER,
            )


def _last(snapshot: Snapshot, node: str, places: list[tuple[str, str]]) -> Iterator[Objection]:
    """One sentence for all pools of which the same is true on the same firewalls."""
    on: dict[str, list[str]] = {}
    for firewall, backend in places:
        pools = pools_of(snapshot, firewall)
        on.setdefault(pools.named(backend) if pools else backend, []).append(firewall)
    for firewalls in dict.fromkeys(tuple(each) for each in on.values()):
        names = [pool for pool, each in on.items() if tuple(each) == firewalls]
        yield Objection(
            firewalls[0],
            f"{node} is the last serving member of {listed(names)} on {listed(firewalls)}",
            f"Bring another node back into {'that pool' if len(names) == 1 else 'those pools'} first",
            Override.NEVER,
        )


def traffic(snapshot: Snapshot, node: str) -> tuple[tuple[str, str], ...]:
    """Firewalls and their backends that send traffic to a node, or may, or would after a failover."""
    places = memberships(snapshot, node)
    return tuple(
        dict.fromkeys(
            (one.firewall, server.backend)
            for one in places
            for server in one.runtime or ()
            if server.may_serve and server.backend not in unused(snapshot, one.firewall)
        )
    )


def _errors(snapshot: Snapshot, firewall: str, backend: str) -> dict[str, str]:
    """The servers of a backend that are nodes whose own site fails, and what it gives."""
    failing = ((view.name, gets) for view in snapshot.nodes if (gets := _failing(snapshot, view.name)))
    return {
        server.name: f"{gets} from {name}"
        for name, gets in failing
        for server in membership(snapshot, firewall, name).runtime or ()
        if server.backend == backend
    }


def _failing(snapshot: Snapshot, node: str) -> str:
    """The answer with which a node's own site is known to fail; "" if it is not."""
    site = snapshot.node(node).site
    return f"HTTP {site.value.status}" if isinstance(site, Known) and not site.value.serves else ""


def one_at_a_time(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Object while another node is out, unreachable, or not known to serve: three nodes with one out have one to spare,
    with two out none. A node that gets no traffic, or answers it with errors, takes nothing along."""
    shared = traffic(snapshot, node)
    if not shared or _failing(snapshot, node):
        return
    for other in snapshot.nodes:
        if other.name == node:
            continue
        if (where := place(snapshot, other.name)) in (Place.OUT, Place.MIXED):
            how = "of the load balancer already" if where is Place.OUT else "only in part"
            saw, clears = f"{other.name} is out {how}", f"Rejoin {other.name} first"
            if by_agent := _by_agent(snapshot, other.name):
                clears = f"See first what its agent answers: HAProxy on {listed(by_agent)} may have it out for that"
            yield Objection(other.name, saw, clears, Override.NAME_AND_REASON)
        else:
            yield from _not_serving(snapshot, other, shared)


def _not_serving(snapshot: Snapshot, other: NodeView, shared: tuple[tuple[str, str], ...]) -> Iterator[Objection]:
    """Why another node can't be counted on in the pools that are about to lose one: the first reason."""
    servers = [
        (one.firewall, server)
        for one in without_spares(snapshot, other.name)
        for server in one.runtime or ()
        if (one.firewall, server.backend) in shared
    ]
    idle = next(((firewall, server) for firewall, server in servers if not server.serving), None)
    site = other.site
    if not servers or (not idle and isinstance(site, Known) and site.value.serves):
        return
    if asked_but_unknown(other.host):
        visited = traffic(snapshot, other.name)
        yield not_there(other.name, other.host, f"Take {other.name} out instead" if visited else "")
        return
    if idle:
        firewall, server = idle
        why = " ".join(word for word in (server.status, server.check) if word)
        saw, clears = f"{other.name} gets no traffic from {server.pool} on {firewall} ({why})", "Mend it first"
    elif isinstance(site, Unknown):
        saw, clears = f"whether {other.name} serves is not known: {site.why}", "Wait until it answers"
    else:
        saw, clears = f"{other.name} serves errors (HTTP {site.value.status})", "Mend it first, or take it out instead"
    yield Objection(other.name, saw, clears, Override.NAME_AND_REASON)


def serves_errors(snapshot: Snapshot, node: str) -> str:
    """A sentence if visitors would be better off without a node: it answers them with errors, and another one serves;
    or ""."""
    gets = _failing(snapshot, node)
    serve = [view.name for view in snapshot.nodes if isinstance(view.site, Known) and view.site.value.serves]
    instead = {each for name in serve for each in traffic(snapshot, name)}
    return f"{node} serves errors ({gets})" if gets and not instead.isdisjoint(traffic(snapshot, node)) else ""


def busy_without(snapshot: Snapshot, node: str) -> float | None:
    """Share of the other serving nodes' Apache workers that are busy once they have this node's visitors too; None
    when it can't be told."""
    readings = _apaches(snapshot, node)
    known = {name: reading.value for name, reading in readings.items() if isinstance(reading, Known)}
    slots = sum(apache.slots for name, apache in known.items() if name != node)
    if len(known) < len(readings) or not slots:
        return None
    return sum(apache.busy for apache in known.values()) / slots


def _apaches(snapshot: Snapshot, node: str) -> dict[str, Reading[Apache]]:
    """Apache's reading of each node that serves now, and of the node itself."""
    return {view.name: view.apache for view in snapshot.nodes if view.name in {*serving(snapshot), node}}


def room_left(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """The others must have workers for this node's visitors. Who serves alone has no others: `somebody_serves`."""
    if node not in serving(snapshot):
        return
    away = asked_but_unknown(snapshot.node(node).host)  # then its visitors can't be counted, and are nowhere better off
    told = {name: one for name, one in _apaches(snapshot, node).items() if not (away and name == node)}
    silent = {name: one.why for name, one in told.items() if isinstance(one, Unknown)}
    if silent:
        yield Objection(
            node,
            f"how busy Apache is on {listed(silent)} is not known: {next(iter(silent.values()))}",
            f"Wait until it answers, or see that the others can take the visitors of {node}",
            Override.CONFIRM,
        )
    busy = busy_without(snapshot, node)
    if busy is not None and busy >= 1:
        yield Objection(
            node,
            f"without {node} the other nodes' Apache is full: {percent(busy)} of their workers busy",
            "Wait until there are fewer visitors, or bring another node back first",
            Override.CONFIRM,
        )


def no_traffic(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Require that a node is out on each firewall whose pools are known, the leading one among them. CARP may answer
    where the pools are unknown, so to lead is not enough."""
    places = memberships(snapshot, node)
    for one in places:
        if one.runtime and not one.out_at_runtime:
            yield Objection(
                one.firewall, f"{one.firewall} sends traffic to {node}", f"Drain {node} there", Override.NEVER
            )
    unreachable, lead = [one.firewall for one in places if one.runtime is None], master(snapshot)
    if unreachable and (lead is None or lead in unreachable):
        names = [lead] if lead else unreachable
        their = "its" if len(names) == 1 else "their"
        why = (
            f"it is CARP MASTER, and {their} pools are not known"
            if lead
            else f"{their} pools are not known, and no other firewall alone is CARP MASTER"
        )
        saw = f"{listed(names)} may still send traffic to {node}: {why}"
        yield Objection(names[0], saw, f"Wait until {their} pools are known", Override.NEVER)


def out_first(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """Require that a node is out already, for an operation that stops its services and does not take it out itself."""
    if Effect.TAKES_OUT not in effects:
        yield from no_traffic(snapshot, effects, node)


def really_out(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """Putting back a node that is in, or that no order can bring back, is a misunderstanding worth a sentence."""
    if Effect.TAKES_OUT in effects:
        return
    if place(snapshot, node) is not Place.IN:
        if _inactive(snapshot, node):
            saw = f"{node} is inactive in config.xml: no firewall has it in a pool at run time"
            yield Objection(node, saw, "Make its servers active there, and apply that", Override.NEVER)
    elif pools := sorted(spare_pools(snapshot, node)):
        saw = f"{node} is in, and a spare in {listed(pools)}, disabled there for good"
        yield Objection(node, saw, "Say yes to enable it there too, unless it was found so", Override.CONFIRM)
    else:
        yield Objection(node, f"{node} is in every pool already", "There is nothing to put back", Override.NEVER)


def _inactive(snapshot: Snapshot, node: str) -> bool:
    """Wherever it is configured, and so nowhere at run time."""
    places = memberships(snapshot, node)
    statuses = {server.status for one in places for server in one.configured or ()}
    return statuses == {"inactive"} and not any(one.runtime for one in places)


def agents_agree(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """Object to a rejoin while an agent check keeps a server out: its next answer undoes `state ready`."""
    by_agent = _by_agent(snapshot, node)
    for firewall, servers in by_agent.items():
        saw = (
            f"{node} is {servers[0].status} in {listed(one.pool for one in servers)} on {firewall}, as its agent check"
        )
        saw += " may have ordered: `state ready` lasts until its next answer"
        yield Objection(node, saw, f"See first that the agent on {node} answers ready", Override.CONFIRM)


def _by_agent(snapshot: Snapshot, node: str) -> dict[str, list[Server]]:
    """By firewall: the node's servers that are out, or may be, because of their agent check."""
    found = {one.firewall: [each for each in one.runtime or () if each.by_agent] for one in memberships(snapshot, node)}
    return {firewall: servers for firewall, servers in found.items() if servers}


def still_in(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """Object to taking out a node that is out already: this run would then be the one that knows the state to put
    back."""
    if effects & {Effect.PUTS_BACK, Effect.HOLDS}:
        return
    servers = [server for one in memberships(snapshot, node) for server in one.runtime or ()]
    maint = all(server.admin is Admin.MAINT for server in servers)
    if place(snapshot, node) is Place.OUT and (maint or Effect.ENDS_SESSIONS not in effects):
        back = "" if _inactive(snapshot, node) else "; rejoin puts it back"
        yield Objection(node, f"{node} is out already", f"There is nothing to take out{back}", Override.NEVER)
