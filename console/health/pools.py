"""The pools on both firewalls: whether somebody serves each, who is out, and whether that lasts."""

from collections.abc import Iterator

from console.health.facts.holds import by, held, over, until
from console.health.facts.membership import (
    Membership,
    Place,
    config_of,
    configured_name,
    master,
    memberships,
    node_of,
    place,
    pools_of,
    sending,
    spare_pools,
    unused,
    without_spares,
    without_stand_ins,
)
from console.health.facts.starts import brings_back, starts
from console.health.finding import Finding, Kind, Level
from console.inventory.addresses import is_address, plain, same
from console.probes.firewalls.config import POOLS_SYNCED, FirewallConfig
from console.probes.pools.balancer import balancer_of
from console.probes.pools.configured import PooledServer
from console.probes.pools.hold import Hold
from console.probes.pools.servers import UNCHECKED, Pools, Server
from console.probes.snapshot import NOT_ASKED, FirewallView, Known, Snapshot, Unknown, once
from console.text import SECONDS, counted, dated, doing, figure, listed

RELOADS = 60.0
"""Seconds that a firewall has for the reload after a sync: checking a large configuration takes some."""
ROUNDED = 5.0
"""Seconds by which the looks at a clock, at an uptime and at a revision may differ."""
SLOW_START = 600.0
"""Seconds for which a server that came up may be given less than its weight (slowstart)."""
QUEUED = 5
"""Sessions that wait for a server of a pool: fewer come and go within one look."""


def leading(snapshot: Snapshot) -> tuple[str, Pools] | None:
    """The firewall that carries traffic, with its pools; where it is not known which one does, any that answers."""
    name = master(snapshot)
    names = [name] if name else [view.name for view in snapshot.firewalls]
    known = ((one, pools) for one in names if (pools := pools_of(snapshot, one)) is not None)
    return next(known, None)


@once
def serving(snapshot: Snapshot) -> tuple[str, ...]:
    """Nodes that get traffic now from the firewall that leads, in one pool or more."""
    lead = leading(snapshot)
    if lead is None:
        return ()
    return tuple(
        node.name
        for node in snapshot.nodes
        if any(
            one.serving and one.backend not in unused(snapshot, lead[0])
            for one in lead[1].of(node_of(snapshot.cluster, node.name))
        )
    )


def balancers_run(snapshot: Snapshot) -> Iterator[Finding]:
    """Balancers that don't run: normal only on a passive firewall with carpdev."""
    name = balancer_of(snapshot.cluster).name
    for view in snapshot.firewalls:
        if isinstance(view.carp, Known) and isinstance(view.pools, Unknown) and view.pools is not NOT_ASKED:
            message = f"the pools of {view.name} are not known: {view.pools.why}"
            yield Finding(Level.UNKNOWN, view.name, Kind.POOLS_UNKNOWN, message)
        if isinstance(view.pools, Known) and (strange := view.pools.value.strange):
            message = f"{name} on {view.name} prints what is not understood here, {'; '.join(strange)}"
            yield Finding(Level.DEGRADED, view.name, Kind.POOLS_STRANGE, message)
        if not isinstance(view.pools, Known) or view.pools.value.running:
            continue
        lead = master(snapshot)
        if lead == view.name:
            message = f"the load balancer does not run on {view.name}, which carries the traffic: nobody is served"
            yield Finding(Level.CRITICAL, view.name, Kind.BALANCER_STOPPED, message)
        elif not (lead and isinstance(view.config, Known) and view.config.value.carpdev):
            message = f"the load balancer does not run on {view.name}: were it to take over, nobody would be served"
            yield Finding(Level.DEGRADED, view.name, Kind.BALANCER_STOPPED, message)


def balancers_start_as_configured(snapshot: Snapshot) -> Iterator[Finding]:
    """A stopped HAProxy whose saved states differ from config.xml. They are those of its last reload, however old."""
    for view in snapshot.firewalls:
        if not isinstance(view.saved, Known) or not isinstance(view.pools, Known) or view.pools.value.running:
            continue
        saved, would = view.saved.value, f"were {view.name} to take over, its HAProxy would start with"
        by_how: dict[str, list[str]] = {}
        for one in starts(snapshot, view.name):
            by_how.setdefault(one.how, []).append(one.node)
        if by_how and saved.written is not None:
            whom = listed(f"{listed(nodes)} {how}" for how, nodes in by_how.items())
            message = f"{would} {whom}: the saved server-state file of {dated(saved.written)} says so"
            yield Finding(Level.DEGRADED, view.name, Kind.SAVED_STATES, message)
        elif saved.elsewhere:
            message = f"{would} states that are not known here: load-server-state-from-file names another file"
            yield Finding(Level.DEGRADED, view.name, Kind.SAVED_STATES, message)


def balancers_start_as_one(snapshot: Snapshot) -> Iterator[Finding]:
    """A stopped HAProxy that would start as several processes. One that runs so is not understood at all."""
    for view in snapshot.firewalls:
        stopped = isinstance(view.pools, Known) and not view.pools.value.running
        if stopped and isinstance(view.saved, Known) and view.saved.value.processes > 1:
            message = (
                f"were {view.name} to take over, its HAProxy would run as {view.saved.value.processes} processes"
                " (nbproc): no node could be drained there"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.SEVERAL_PROCESSES, message)


def balancers_can_load(snapshot: Snapshot) -> Iterator[Finding]:
    """A config.xml that HAProxy can't load: it goes on with its old configuration until the next failover."""
    for view in snapshot.firewalls:
        config = config_of(snapshot, view.name)
        if config and config.uncertified:
            message = (
                f"HAProxy on {view.name} lacks the certificate of {listed(config.uncertified)}: it does not start or"
                " reload there, also after a failover. Tick certificates in HA sync, or import it"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.CERTIFICATE_MISSING, message)
        if config and _not_reloaded(view, config):
            message = (
                f"config.xml of {view.name} came by the pools' sync, and HAProxy there runs since before that:"
                " it could not reload. It goes on with the one before"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.NOT_RELOADED, message)


def _not_reloaded(view: FirewallView, config: FirewallConfig) -> bool:
    """HAProxy runs since before the sync that changed its config.xml, by the firewall's own clock. A sync reloads
    HAProxy right after it has written config.xml."""
    by_sync = any(words in config.revision for words in POOLS_SYNCED)
    if not (isinstance(view.carp, Known) and isinstance(view.pools, Known)) or not by_sync:
        return False
    clock, uptime = view.carp.value.now, view.pools.value.uptime
    if clock is None or uptime is None or not view.pools.value.running:
        return False
    now, came = clock + view.pools.at - view.carp.at, figure(config.revised, SECONDS)
    return came is not None and now - uptime < came - ROUNDED and now - came > RELOADS


def run_time_is_as_configured(snapshot: Snapshot) -> Iterator[Finding]:
    """Addresses, ports and weights set at run time. A server that has just come up may still have less weight."""
    for view in snapshot.firewalls:
        config, pools = config_of(snapshot, view.name), pools_of(snapshot, view.name)
        if config is None or pools is None:
            continue
        differs = [says for one in config.servers for server in pools.servers if (says := _differs(one, server))]
        if differs:
            message = f"{view.name} sends otherwise than config.xml says: {listed(differs)}; a reload may change that"
            elsewhere = any(_elsewhere(one, server) for one in config.servers for server in pools.servers)
            yield Finding(Level.DEGRADED if elsewhere else Level.NOTE, view.name, Kind.RUN_TIME_DIFFERS, message)


def _elsewhere(configured: PooledServer, server: Server) -> bool:
    """Another machine gets what is meant for this one, whatever its state."""
    named = configured.pool in server.pools and configured.name == server.name
    both = is_address(configured.address) and is_address(server.address)
    return named and both and not same(configured.address, server.address)


def _differs(configured: PooledServer, server: Server) -> str:
    named = configured.pool in server.pools and configured.name == server.name
    if _elsewhere(configured, server):
        return f"{configured.pool}/{server.name} has address {server.address}, not {configured.address}"
    if not named or server.strange or not server.serving or (server.since or 0) < SLOW_START:
        return ""
    port = configured.port and server.port and configured.port != server.port
    weight = not server.agent and configured.weight and configured.weight.lstrip("0") != str(server.weight)
    told = [f"port {server.port}, not {configured.port}"] if port else []
    told += [f"weight {server.weight}, not {configured.weight}"] if weight else []
    return f"{configured.pool}/{server.name} has {' and '.join(told)}" if told else ""


def pools_have_members(snapshot: Snapshot) -> Iterator[Finding]:
    """A pool without a serving member, with only one, or in which visitors wait."""
    lead = leading(snapshot)
    if lead is None:
        return
    (name, pools), balancer = lead, snapshot.cluster.balancer
    addresses = {plain(node.address): node.name for node in snapshot.cluster.nodes}
    every = without_stand_ins(snapshot.cluster, pools)
    idle = unused(snapshot, name)
    for backend in dict.fromkeys(server.backend for server in pools.servers if plain(server.address) in addresses):
        pool, members = pools.named(backend), tuple(server for server in every if server.backend == backend)
        ours = tuple(
            addresses[plain(one.address)] for one in members if plain(one.address) in addresses and not one.serving
        )
        serve = [server.name for server in members if server.serving]
        unread = [server.name for server in members if server.strange]
        if not serve and unread:
            message = f"nobody is known to serve {pool} on {name}: the state of {listed(unread)} can't be read"
            yield Finding(Level.UNKNOWN, name, Kind.POOLS_UNKNOWN, message)
        elif not serve and backend in idle:
            message = f"nobody serves {pool} on {name}, and no frontend uses it: no visitor sees that"
            yield Finding(Level.NOTE, backend, Kind.POOL_EMPTY, message, ours)
        elif not serve:
            instead = [one.pool for one in pools.servers if balancer == "relayd" and one.backup and one.serving]
            backups = [one.name for one in pools.pool(backend) if one not in members and one.serving]
            fall_back = f"the fall-back {listed(instead)}, or an error" if instead else "an error"
            gets = f"the backup {listed(backups)}" if backups else fall_back
            message = f"nobody serves {pool} on {name}: visitors get {gets}"
            yield Finding(Level.CRITICAL, backend, Kind.POOL_EMPTY, message, ours)
        elif len(serve) == 1 and len(members) > 1 and backend not in idle:
            message = f"only {serve[0]} serves {pool}: nothing to spare"
            yield Finding(Level.DEGRADED, backend, Kind.POOL_THIN, message, ours)
        queued = sum(server.queued or 0 for server in members) + dict(pools.waiting).get(backend, 0)
        if queued >= QUEUED:
            message = f"{counted(queued, 'request')} wait in the queue of {pool} on {name}: its servers are full"
            yield Finding(Level.DEGRADED, backend, Kind.POOL_QUEUE, message, ours)


def nodes_are_in(snapshot: Snapshot) -> Iterator[Finding]:
    """Nodes that were taken out, or are down by health check, and in which pools."""
    for node in snapshot.nodes:
        where = place(snapshot, node.name)
        if where in (Place.IN, Place.MIXED):
            yield from _unresolved(snapshot, node.name)
            yield from _agents(snapshot, node.name)
        if where is Place.MIXED and not _agent_alone(snapshot, node.name):
            yield Finding(Level.DEGRADED, node.name, Kind.MIXED, _mixed(snapshot, node.name))
        elif where is Place.OUT and any(one.runtime or one.configured for one in memberships(snapshot, node.name)):
            if (hold := held(snapshot, node.name)) is not None:
                yield _held(snapshot, node.name, hold)
                continue
            message = f"{node.name} is out of the load balancer"
            if not any(one.runtime for one in memberships(snapshot, node.name)) and _inactive(snapshot, node.name):
                message += ": it is inactive in config.xml"
            yield Finding(Level.DEGRADED, node.name, Kind.OUT, message)
        elif where is Place.OUT:
            address = node_of(snapshot.cluster, node.name).address
            message = f"{node.name} is in no pool: no pool has a server with the address {address}"
            yield Finding(Level.DEGRADED, node.name, Kind.NO_POOL, message)
        elif where is Place.IN:
            yield from _follows(snapshot, node.name)
            yield from _spare(snapshot, node.name)
            yield from _down(snapshot, node.name)
            yield from _failing(snapshot, node.name)


def _held(snapshot: Snapshot, node: str, hold: Hold) -> Finding:
    """A note while the hold lasts: somebody wants it so."""
    off = "shut down and " if hold.off else ""
    if over(snapshot, hold):
        message = f"the hold of {node} has ended, and it is still {off}out: held {until(hold)} {by(hold)}"
        return Finding(Level.DEGRADED, node, Kind.HOLD_ENDED, message)
    message = f"{node} is {off}held out {until(hold)}: {by(hold)}"
    return Finding(Level.NOTE, node, Kind.HELD_OFF if hold.off else Kind.HELD, message)


def _inactive(snapshot: Snapshot, node: str) -> bool:
    return {server.status for one in memberships(snapshot, node) for server in one.configured or ()} == {"inactive"}


Servers = list[tuple[str, Server]]
"""Servers of a node, each with its firewall."""


def _servers(snapshot: Snapshot, node: str) -> Servers:
    return [(one.firewall, server) for one in memberships(snapshot, node) for server in one.runtime or ()]


def _pools(snapshot: Snapshot, servers: Servers) -> str:
    """The pools of these servers, for a sentence: web_ipv4 and web_ipv6 where a firewall has both."""
    known = [(pools_of(snapshot, firewall), server) for firewall, server in servers]
    return listed(pools.named(server.backend) if pools else server.pool for pools, server in known)


def _where(snapshot: Snapshot, servers: Servers) -> str:
    """The pools and firewalls of these servers, for a sentence."""
    return f"{_pools(snapshot, servers)} on {listed(firewall for firewall, _ in servers)}"


def _unresolved(snapshot: Snapshot, node: str) -> Iterator[Finding]:
    """Maintenance that nobody asked for: it ends with DNS."""
    nameless = [(firewall, server) for firewall, server in _servers(snapshot, node) if server.unresolved]
    if nameless:
        firewalls, names = (listed(firewall for firewall, _ in nameless), listed(one.unresolved for _, one in nameless))
        pools = _pools(snapshot, nameless)
        message = f"HAProxy on {firewalls} can't resolve {names} ({node} in {pools}): no traffic until it can"
        yield Finding(Level.DEGRADED, node, Kind.UNRESOLVED, message)


def _follows(snapshot: Snapshot, node: str) -> Iterator[Finding]:
    """Servers that follow one which somebody has taken out, while nobody asked anything of the node itself."""
    every = _servers(snapshot, node)
    led = [(firewall, one) for firewall, one in every if one.tracks and one.unasked.startswith("follows ")]
    if led:
        kind = Kind.DOWN_IN_POOL if any(one.serving for _, one in every) else Kind.DOWN
        why = listed(one.unasked for _, one in led)
        message = f"{node} gets no traffic in {_where(snapshot, led)}: it {why}"
        yield Finding(Level.DEGRADED, node, kind, message)


def _agents(snapshot: Snapshot, node: str) -> Iterator[Finding]:
    """Servers that an agent check has down or drained: no health check failed, and nobody may have ordered it here."""
    told = [(firewall, server) for firewall, server in _servers(snapshot, node) if server.by_agent]
    for status in dict.fromkeys(server.status for _, server in told):
        where = _where(snapshot, [(firewall, server) for firewall, server in told if server.status == status])
        if status == "DOWN (agent)":
            message = f"the agent of {node} says down, in {where}: no traffic until it answers up"
        else:
            message = f"{node} is {status} in {where}: its agent may have ordered that, or a person"
            message += "; see what the agent answers"
        yield Finding(Level.DEGRADED, node, Kind.AGENT, message)


def _agent_alone(snapshot: Snapshot, node: str) -> bool:
    """An agent check alone may have the node out everywhere, while config.xml has it in."""
    out = [server for _, server in _servers(snapshot, node) if server.out]
    configured = any(server.out for one in memberships(snapshot, node) for server in one.configured or ())
    return bool(out) and all(server.by_agent for server in out) and not configured


def _spare(snapshot: Snapshot, node: str) -> Iterator[Finding]:
    if pools := sorted(spare_pools(snapshot, node)):
        message = f"{node} is a spare in {listed(pools)}: disabled there for good, and in elsewhere"
        yield Finding(Level.NOTE, node, Kind.SPARE, message)


def _failing(snapshot: Snapshot, node: str) -> Iterator[Finding]:
    """About to go down: a single check that fails comes and goes, the last but one does not."""
    places = [(one.firewall, server) for one in memberships(snapshot, node) for server in one.runtime or ()]
    if last := [(firewall, server) for firewall, server in places if server.failing]:
        firewalls, pools = listed(firewall for firewall, _ in last), _pools(snapshot, last)
        seen = listed(f"{server.status} {server.check}" for _, server in last)
        message = f"{node} is about to go down in {pools} on {firewalls}: its health check fails ({seen})"
        yield Finding(Level.DEGRADED, node, Kind.CHECK_FAILING, message)


def _down(snapshot: Snapshot, node: str) -> Iterator[Finding]:
    """Down everywhere a balancer runs is no traffic; down in some pools is less, and said by pool."""
    places = [(one.firewall, one.runtime or ()) for one in without_spares(snapshot, node)]
    idle = [(firewall, server) for firewall, now in places for server in now if not server.serving]
    idle = [(firewall, server) for firewall, server in idle if not server.unasked and not server.strange]
    if not idle:
        return
    if weightless := [(firewall, server) for firewall, server in idle if server.weightless]:
        firewalls = listed(firewall for firewall, _ in weightless)
        message = f"{node} has weight 0 in {_pools(snapshot, weightless)} on {firewalls}: no new traffic"
        yield Finding(Level.DEGRADED, node, Kind.WEIGHTLESS, message)
    idle = [(firewall, server) for firewall, server in idle if not server.weightless]
    if not idle:
        return
    if not any(server.serving for _, now in places for server in now):
        message = f"{node} gets no traffic: {_check(idle)}"
        yield Finding(Level.DEGRADED, node, Kind.DOWN, message)
    elif _same_everywhere(snapshot, node):
        served = _pools(snapshot, [(one, server) for one, now in places for server in now if server.serving])
        down = _pools(snapshot, idle)
        message = f"{node} gets no traffic from {down}: {_check(idle)}; {served} still sends some"
        yield Finding(Level.DEGRADED, node, Kind.DOWN_IN_POOL, message)


def _check(idle: list[tuple[str, Server]]) -> str:
    """The health check's results for servers that are down. One that comes back is DOWN 1/2: its checks are well."""
    firewalls = listed(firewall for firewall, _ in idle)
    if all(server.status.startswith("DOWN ") for _, server in idle):
        seen = listed(server.status for _, server in idle)
        return f"the health check succeeds again on {firewalls}, and not often enough yet ({seen})"
    if all(server.status == UNCHECKED for _, server in idle):
        return f"relayd on {firewalls} has not checked it since its reload"
    if all(server.status.endswith(" disabled") for _, server in idle):
        return f"{listed(server.status for _, server in idle)} in relayd on {firewalls}"
    if all(server.status.startswith("NOLB") for _, server in idle):
        return f"its check page answers 404 to {firewalls}, and so asks for no new visitors (disable-on-404)"
    words = listed(server.check for _, server in idle if server.check)
    return f"the health check fails on {firewalls}{f' ({words})' if words else ''}"


def _same_everywhere(snapshot: Snapshot, node: str) -> bool:
    """Every running balancer sees it alike; where they don't, `firewalls_agree` says so."""
    return len({seen for _, seen in _seen(snapshot, node)}) <= 1


def _seen(snapshot: Snapshot, node: str) -> list[tuple[str, frozenset[tuple[str, bool]]]]:
    """By running balancer: (pool, healthy) of each of the node's servers that nobody has taken out."""
    return [
        (
            one.firewall,
            frozenset(
                (_pools(snapshot, [(one.firewall, server)]), server.serving) for server in one.runtime if not server.out
            ),
        )
        for one in memberships(snapshot, node)
        if one.runtime
    ]


def firewalls_agree(snapshot: Snapshot) -> Iterator[Finding]:
    """The firewalls' pools differ now: after a failover other nodes would serve than do now."""
    for node in snapshot.nodes:
        seen = _seen(snapshot, node.name)
        pools = dict.fromkeys(pool for _, states in seen for pool, _ in sorted(states))
        for pool in pools:
            up = [firewall for firewall, states in seen if (pool, True) in states]
            down = [firewall for firewall, states in seen if (pool, False) in states]
            if up and down:
                lead = leading(snapshot)
                now = (
                    "it gets no traffic from it now" if lead and lead[0] in down else "a failover would end its traffic"
                )
                message = f"{node.name} is up in {pool} on {listed(up)} and down on {listed(down)}: {now}"
                yield Finding(Level.DEGRADED, node.name, Kind.POOLS_DIFFER, message)
                break


def _mixed(snapshot: Snapshot, node: str) -> str:
    """A sentence: the layers or the firewalls disagree, so that a node which was taken out is served all the same, or
    comes back by itself."""
    places = memberships(snapshot, node)
    taken = [f"{one.firewall}{_layer(one)}" for one in places if one.out_at_runtime or one.out_in_config]
    runtime = [one.firewall for one in places if one.out_at_runtime is False]
    configured = [one.firewall for one in places if one.out_in_config is False]
    nowhere = [one.firewall for one in places if one.configured == ()]
    if taken and nowhere and not (runtime or configured):
        return f"{node} is out on {listed(taken)}, and config.xml of {listed(nowhere)} has no server of it: see why"
    if not taken or not (runtime or configured):
        out = [configured_name(one, server) for one in places for server in one.runtime or () if server.out]
        follow = [
            server.pool
            for one in places
            for server in one.runtime or ()
            if not server.out and server.tracks and server.unasked
        ]
        out += [server.pool for one in places for server in one.configured or () if server.out]
        if follow:
            return (
                f"{node} is out of {listed(out)}; {doing(follow, 'follows', 'follow')} it, and nobody took it out there"
            )
        return f"{node} is out of {listed(out)}, but not of every pool"
    if not runtime and not any(one.out_in_config for one in places):
        return f"{node} is out at run time only: {brings_back(snapshot, node, configured)}"
    if not runtime and not sending(snapshot, node):
        return f"{_served(snapshot, node, runtime, configured)}: config.xml there has it in"
    return f"{_served(snapshot, node, runtime, configured)}: it is out only on {listed(taken)}"


def _layer(one: Membership) -> str:
    """The only layer of a firewall in which a node is out; "" for both."""
    return (
        "" if one.out_at_runtime and one.out_in_config else " at run time" if one.out_at_runtime else " in config.xml"
    )


def _served(snapshot: Snapshot, node: str, runtime: list[str], configured: list[str]) -> str:
    """Describe who sends traffic to a node that somebody has taken out, or who would. `runtime`, `configured`:
    firewalls where it is in."""
    lead = master(snapshot)
    if sends := sending(snapshot, node):
        return f"{node} gets traffic from {listed(sends)}"
    if not runtime:
        return brings_back(snapshot, node, configured, node)
    if lead in runtime:
        return f"{node} will get traffic from {lead} as soon as it is UP there"
    return (
        f"a failover to {listed(runtime)} would send {node} traffic"
        if lead
        else f"{listed(runtime)} may send {node} traffic"
    )


RULES = (
    *(balancers_run, balancers_can_load, balancers_start_as_configured, balancers_start_as_one),
    *(nodes_are_in, firewalls_agree),
    run_time_is_as_configured,
)
"""Beside `pools_have_members`, which comes before every layer's."""
