"""What the readings mean together: findings in sentences, worst first, and one verdict for the cluster."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from console.balancers.pools import Admin
from console.fitness import clock
from console.membership import Place, config_of, master, memberships, node_of, place, pools_of
from console.snapshot import Known, Snapshot, Unknown, VolumeView


class Level(IntEnum):
    """How bad. Unknown ranks above degraded: it may hide anything."""

    OK = 0
    DEGRADED = 1
    UNKNOWN = 2
    CRITICAL = 3


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. `kind` with `machine` identifies it over time."""

    level: Level
    machine: str
    kind: str
    says: str


@dataclass(frozen=True)
class Verdict:
    """The cluster in one line."""

    level: Level
    says: str


Rule = Callable[[Snapshot], Iterator[Finding]]


def firewalls_answer(snapshot: Snapshot) -> Iterator[Finding]:
    """A silent firewall may still carry traffic, or revert what is done meanwhile."""
    for view in snapshot.firewalls:
        if isinstance(view.carp, Unknown):
            level = Level.UNKNOWN if view.carp.since == 0 else Level.DEGRADED
            lead = master(snapshot)
            rest = f"; {lead} is MASTER" if lead and lead != view.name else ""
            says = f"{view.name} lost since {clock(view.carp.since)}{rest}: {view.carp.why}" if view.carp.since else ""
            yield Finding(level, view.name, "lost", says or f"{view.name} not asked yet")


def pools_are_known(snapshot: Snapshot) -> Iterator[Finding]:
    """A firewall that answers, and does not say who is in its pools, now or later."""
    for view in snapshot.firewalls:
        for reading, what in ((view.pools, "HAProxy"), (view.config, "config.xml")):
            if isinstance(view.carp, Known) and isinstance(reading, Unknown):
                says = f"{what} of {view.name} is not known: {reading.why}"
                yield Finding(Level.UNKNOWN, view.name, what, says)


def nodes_answer(snapshot: Snapshot) -> Iterator[Finding]:
    """A silent node, with who still serves."""
    for view in snapshot.nodes:
        if isinstance(view.host, Unknown) and view.host.since == 0:
            yield Finding(Level.UNKNOWN, view.name, "lost", f"{view.name} not asked yet")
        elif isinstance(view.host, Unknown):
            still = [name for name in serving(snapshot) if name != view.name]
            rest = f"{' and '.join(still)} still serve" if still else "nobody is known to serve"
            out = ", and it is out" if place(snapshot, view.name) is Place.OUT else ""
            says = f"{view.name} lost since {clock(view.host.since)}{out}; {rest}: {view.host.why}"
            yield Finding(Level.DEGRADED, view.name, "lost", says)


def carp_agrees(snapshot: Snapshot) -> Iterator[Finding]:
    """Exactly one master for each address; both roles are only compared when both firewalls answer."""
    answering = [(view.name, view.carp.value) for view in snapshot.firewalls if isinstance(view.carp, Known)]
    for vip in snapshot.cluster.vips:
        masters = [name for name, carp in answering if carp.allow and carp.role(vip.address) == "MASTER"]
        if len(masters) > 1:
            says = f"two CARP masters for {vip.name}: {' and '.join(masters)}"
            yield Finding(Level.CRITICAL, vip.name, "carp", says)
        elif not masters and len(answering) == len(snapshot.firewalls):
            yield Finding(Level.CRITICAL, vip.name, "carp", f"no firewall is CARP MASTER for {vip.name}")
    for name, carp in answering:
        if not carp.allow:
            yield Finding(Level.DEGRADED, name, "carp", f"CARP is disabled on {name}")
        if carp.demotion:
            yield Finding(Level.DEGRADED, name, "demotion", f"{name} is demoted by {carp.demotion}")
        config = config_of(snapshot, name)
        if config and config.maintenance:
            yield Finding(Level.DEGRADED, name, "maintenance", f"{name} is in persistent CARP maintenance mode")


def vips_serve(snapshot: Snapshot) -> Iterator[Finding]:
    """What a visitor gets."""
    for view in snapshot.vips:
        if isinstance(view.visit, Known) and not view.visit.value.served:
            says = f"visitors of {view.name} get HTTP {view.visit.value.status}"
            yield Finding(Level.CRITICAL, view.name, "visit", says)
        elif isinstance(view.visit, Unknown) and view.visit.since:
            answering = any(isinstance(firewall.carp, Known) for firewall in snapshot.firewalls)
            level = Level.CRITICAL if answering else Level.UNKNOWN  # nothing answers: it may be our own link
            yield Finding(
                level,
                view.name,
                "visit",
                f"visitors of {view.name} get no answer since {clock(view.visit.since)}: {view.visit.why}",
            )


def pools_have_members(snapshot: Snapshot) -> Iterator[Finding]:
    """A pool without a serving member, or with only one, on the firewall that carries traffic or, where it is not
    known which one does, on any that answers."""
    name = master(snapshot) or next((v.name for v in snapshot.firewalls if pools_of(snapshot, v.name)), None)
    pools = pools_of(snapshot, name) if name else None
    nodes = {node.address for node in snapshot.cluster.nodes}
    backends = dict.fromkeys(server.backend for server in (pools.servers if pools else ()) if server.address in nodes)
    for backend in backends:
        members = [server.name for server in (pools.pool(backend) if pools else ()) if server.serving]
        if not members:
            yield Finding(Level.CRITICAL, backend, "members", f"nobody serves {backend} on {name}")
        elif len(members) == 1:
            says = f"only {members[0]} serves {backend}: nothing to spare"
            yield Finding(Level.DEGRADED, backend, "members", says)


def nodes_are_in(snapshot: Snapshot) -> Iterator[Finding]:
    """Who was taken out, and who is down by health check."""
    for node in snapshot.nodes:
        where = place(snapshot, node.name)
        places = memberships(snapshot, node.name)
        if where is Place.OUT:
            yield Finding(Level.DEGRADED, node.name, "out", f"{node.name} is out of the load balancer")
        elif where is Place.IN:
            down = [one.firewall for one in places if one.serving is False]
            if down:
                says = f"{node.name} gets no traffic: the health check fails on {' and '.join(down)}"
                yield Finding(Level.DEGRADED, node.name, "down", says)


def nodes_are_out_everywhere(snapshot: Snapshot) -> Iterator[Finding]:
    """Where the layers and the firewalls disagree: who was taken out comes back without anybody's doing."""
    for node in snapshot.nodes:
        if place(snapshot, node.name) is Place.MIXED:
            yield Finding(Level.DEGRADED, node.name, "mixed", _mixed(snapshot, node.name))


def _mixed(snapshot: Snapshot, node: str) -> str:
    places = memberships(snapshot, node)
    taken = [f"{one.firewall} at run time" for one in places if one.out_now]
    taken += [f"{one.firewall} in config.xml" for one in places if one.out_later]
    left = [one.firewall for one in places if one.out_now is False or one.out_later is False]
    if not taken or not left:
        out = [server.backend for one in places for server in one.now or () if server.admin is not Admin.READY]
        out += [server.pool for one in places for server in one.later or () if server.out]
        return f"{node} is out of {' and '.join(dict.fromkeys(out))}, but not of every pool"
    return f"{node} will get traffic from {' and '.join(left)}: it is out only on {', '.join(taken)}"


def galera_is_whole(snapshot: Snapshot) -> Iterator[Finding]:
    """Each member Synced in one Primary component of the full size."""
    if snapshot.cluster.mysql is None:
        return
    for view in snapshot.nodes:
        if isinstance(view.galera, Unknown):
            if isinstance(view.host, Known):
                yield Finding(
                    Level.DEGRADED, view.name, "galera", f"MySQL on {view.name} can't be asked: {view.galera.why}"
                )
            continue
        member = view.galera.value
        if member.status != "Primary":
            says = f"MySQL on {view.name} is {member.status}: it refuses every table"
            yield Finding(Level.CRITICAL, view.name, "galera", says)
        elif not member.synced:
            yield Finding(Level.DEGRADED, view.name, "galera", f"MySQL on {view.name} is {member.state}")
    members = [view.galera.value for view in snapshot.nodes if isinstance(view.galera, Known)]
    together = [member for member in members if member.status == "Primary"]
    if len({member.uuid for member in together}) > 1:
        yield Finding(Level.CRITICAL, "galera", "views", "the nodes are not in one Galera cluster: their uuids differ")
    elif len({member.conf_id for member in together}) > 1:  # for a second or two after each change this is normal
        says = "the nodes do not agree on who is in the Galera cluster: their conf_ids differ"
        yield Finding(Level.DEGRADED, "galera", "views", says)


def storage_is_healed(snapshot: Snapshot) -> Iterator[Finding]:
    """Every brick online, nothing to heal, no split-brain."""
    for view in snapshot.volumes:
        if isinstance(view.state, Unknown):
            if view.state.since:
                lost = any(isinstance(node.host, Unknown) for node in snapshot.nodes)  # that is the news, not this
                level = Level.DEGRADED if lost else Level.UNKNOWN
                yield Finding(level, view.name, "volume", f"Gluster {view.name} is not known: {view.state.why}")
            continue
        away = [brick.host for brick in view.state.value.bricks if not (brick.online and brick.connected)]
        if away:
            level = Level.CRITICAL if len(away) * 2 > len(view.state.value.bricks) else Level.DEGRADED
            yield Finding(level, view.name, "bricks", f"Gluster {view.name}: brick away on {' and '.join(away)}")
        daemons = [brick.host for brick in view.state.value.bricks if brick.online and not brick.heal_daemon]
        if daemons:
            says = f"Gluster {view.name}: no self-heal daemon on {' and '.join(daemons)}"
            yield Finding(Level.DEGRADED, view.name, "daemons", says)
        counts = [brick.pending for brick in view.state.value.bricks if brick.pending]
        if counts:
            says = f"Gluster {view.name}: {max(counts)} entries to heal"
            yield Finding(Level.DEGRADED, view.name, "heal", says)
        elif not away and view.state.value.pending is None:
            says = f"Gluster {view.name}: heal count not known on every brick"
            yield Finding(Level.UNKNOWN, view.name, "heal", says)
        if not away:
            yield from _split_brain_is_known(view)
        if isinstance(view.split_brain, Known) and view.split_brain.value.entries:
            says = f"Gluster {view.name}: {view.split_brain.value.entries} entries in split-brain"
            yield Finding(Level.CRITICAL, view.name, "split-brain", says)


def _split_brain_is_known(view: VolumeView) -> Iterator[Finding]:
    unknown = view.split_brain.why if isinstance(view.split_brain, Unknown) else None
    if unknown or (isinstance(view.split_brain, Known) and view.split_brain.value.entries is None):
        says = f"Gluster {view.name}: split-brain is not known: {unknown or 'not counted on every brick'}"
        yield Finding(Level.UNKNOWN, view.name, "split-brain", says)


def sites_serve(snapshot: Snapshot) -> Iterator[Finding]:
    """Apache by itself, which the pool may see differently."""
    for view in snapshot.nodes:
        if isinstance(view.host, Unknown):
            continue
        if isinstance(view.site, Unknown) and view.site.since:
            yield Finding(Level.DEGRADED, view.name, "site", f"Apache on {view.name} does not answer: {view.site.why}")
        elif isinstance(view.site, Known) and not view.site.value.serves:
            says = f"Apache on {view.name} answers the check URL with HTTP {view.site.value.status}"
            yield Finding(Level.DEGRADED, view.name, "site", says)


RULES: tuple[Rule, ...] = (
    vips_serve,
    pools_have_members,
    carp_agrees,
    nodes_are_out_everywhere,
    firewalls_answer,
    pools_are_known,
    nodes_answer,
    galera_is_whole,
    storage_is_healed,
    sites_serve,
    nodes_are_in,
)


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Everything that is not as it should be, worst first, in the order of RULES within a level."""
    found = [finding for rule in RULES for finding in rule(snapshot)]
    return tuple(sorted(found, key=lambda finding: -finding.level))


def serving(snapshot: Snapshot) -> tuple[str, ...]:
    """Nodes that get traffic now, as the CARP master (or else any firewall that answers) sees it."""
    name = master(snapshot) or next((v.name for v in snapshot.firewalls if pools_of(snapshot, v.name)), None)
    pools = pools_of(snapshot, name) if name else None
    return tuple(
        node.name
        for node in snapshot.nodes
        if pools and any(server.serving for server in pools.of(node_of(snapshot.cluster, node.name)))
    )


def verdict(snapshot: Snapshot) -> Verdict:
    """The worst finding, or that all is well."""
    found = findings(snapshot)
    if not found:
        return Verdict(Level.OK, f"{len(serving(snapshot))} of {len(snapshot.nodes)} nodes serve, synced and healed")
    return Verdict(found[0].level, found[0].says)
