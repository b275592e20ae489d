"""Out of the pools and back: at run time through HAProxy's socket, and in config.xml so that it lasts.

Keys of `Intent.found`: "now FIREWALL BACKEND/SERVER" -> ready | drain | maint, "later FIREWALL POOL/SERVER" -> a
status of config.xml. What was found is what is put back, not "ready".
"""

from collections.abc import Callable, Mapping

from console.balancers.balancer import POOLS, balancer_of
from console.balancers.configured import Change, PooledServer
from console.balancers.pfsense_config import CONFIG
from console.balancers.pools import Admin, Server
from console.guards import Action, missed
from console.membership import Membership, config_of, membership, memberships, pools_of, reachable
from console.procedures.steps import Intent, Order, Progress, Step
from console.saying import counted
from console.snapshot import Snapshot, Unknown

Verdict = Callable[[Membership], str | None]
"""What is still to happen on one firewall, or None."""


def over_firewalls(snapshot: Snapshot, intent: Intent, layer: str, verdict: Verdict, success: str) -> Progress:
    """Done when every firewall that answers says so; those that don't answer are missed, with what it means."""
    waiting: list[str] = []
    silent: list[tuple[str, str]] = []
    for view in snapshot.firewalls:
        gone = isinstance(view.pools, Unknown) and not view.pools.pending  # then its slow answers are not waited for
        reading = view.pools if layer == "pools" or gone else view.config
        if isinstance(reading, Unknown) and reading.pending:
            waiting.append(f"{view.name} has not said so yet")
        elif isinstance(reading, Unknown):
            silent.append((view.name, f"{missed(snapshot, intent.action, intent.node, view.name)} ({reading.why})"))
        elif left := verdict(membership(snapshot, view.name, intent.node)):
            waiting.append(left)
    if waiting or len(silent) == len(snapshot.firewalls):
        return Progress(False, "; ".join(waiting) or "no firewall answers", tuple(silent))
    told = [view.name for view in snapshot.firewalls if view.name not in dict(silent)]
    return Progress(True, f"{success} on {' and '.join(told)}", tuple(silent))


# --- out, at run time -----------------------------------------------------------------------------------------------


def _wanted(intent: Intent) -> Admin:
    return Admin.MAINT if intent.action is Action.REMOVE else Admin.DRAIN


def _not_out(server: Server, intent: Intent) -> bool:
    """Maintenance is out for a drain too; a drain is not yet maintenance for a removal."""
    return server.admin is Admin.READY or (intent.action is Action.REMOVE and server.admin is Admin.DRAIN)


def _out_now(snapshot: Snapshot, intent: Intent) -> Progress:
    def verdict(one: Membership) -> str | None:
        left = [server for server in one.now or () if _not_out(server, intent)]
        return f"{len(left)} servers of {one.node} on {one.firewall} still {left[0].status}" if left else None

    return over_firewalls(snapshot, intent, "pools", verdict, f"{intent.node} is out ({_wanted(intent).value})")


def _take_out_now(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    balancer = balancer_of(intent.cluster)
    found = {
        one.firewall: [s for s in one.now or () if _not_out(s, intent)] for one in memberships(snapshot, intent.node)
    }
    return tuple(Order(name, balancer.set_state(tuple(left), _wanted(intent))) for name, left in found.items() if left)


def _find_now(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    """Not what is out on a firewall that is read late, when it was noted elsewhere: a sync of ours may have done it."""
    return {
        f"now {one.firewall} {server.backend}/{server.name}": server.admin.value
        for one in memberships(snapshot, intent.node)
        for server in one.now or ()
        if server.admin is Admin.READY or not _noted(intent, "now", one.firewall, f"{server.backend}/{server.name}")
    }


# --- in config.xml, out or back -------------------------------------------------------------------------------------

Wanted = Callable[[PooledServer, str], str]
"""The status a server is to have in a firewall's config.xml."""


def _disabled(server: PooledServer, _firewall: str) -> str:
    """`inactive` servers do not exist at run time and stay as they are."""
    return server.status if server.out else "disabled"


def _as_found(intent: Intent) -> Wanted:
    """Only what is `disabled` is our doing, here or on another console: a `backup` or `inactive` server stays so."""

    def wanted(server: PooledServer, firewall: str) -> str:
        if server.status != "disabled":
            return server.status
        return _noted(intent, "later", firewall, f"{server.pool}/{server.name}") or "active"

    return wanted


def _noted(intent: Intent, layer: str, firewall: str, server: str) -> str | None:
    """What was found on this firewall or, where it could not be asked, on the other one."""
    elsewhere = (
        value for key, value in intent.found.items() if key.startswith(f"{layer} ") and key.endswith(f" {server}")
    )
    return intent.found.get(f"{layer} {firewall} {server}") or next(elsewhere, None)


def _persistently(snapshot: Snapshot, intent: Intent, wanted: Wanted, success: str) -> Progress:
    def verdict(one: Membership) -> str | None:
        left = [server for server in one.later or () if server.status != wanted(server, one.firewall)]
        if not left:
            return None
        return f"config.xml of {one.firewall} still says {left[0].status} for {left[0].pool}/{left[0].name}"

    return over_firewalls(snapshot, intent, "config", verdict, success)


def _write(snapshot: Snapshot, intent: Intent, wanted: Wanted) -> tuple[Order, ...]:
    """To the primary alone, which syncs to its peer; to every firewall that answers where that can't be."""
    configs = {
        view.name: config_of(snapshot, view.name) for view in snapshot.firewalls if reachable(snapshot, view.name)
    }
    known = {name: config for name, config in configs.items() if config is not None}
    leader = next((name for name, config in known.items() if config.primary), None)
    syncs = leader is not None and known[leader].balancer_sync and len(known) > 1
    targets = [leader] if leader is not None and syncs else list(known)
    node = next(node for node in intent.cluster.nodes if node.name == intent.node)
    orders: list[Order] = []
    for name in targets:
        changes = tuple(Change(server, wanted(server, name)) for server in known[name].of(node))
        if any(change.status != change.server.status for change in changes) or syncs:
            orders.append(Order(name, balancer_of(intent.cluster).persist(changes, syncs, _description(intent))))
    return tuple(orders)


def _description(intent: Intent) -> str:
    return f"drainboard: {intent.action.value} {intent.node} by {intent.who}"


def _find_later(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    """As `_find_now`."""
    return {
        f"later {one.firewall} {server.pool}/{server.name}": server.status
        for one in memberships(snapshot, intent.node)
        for server in one.later or ()
        if not server.out or not _noted(intent, "later", one.firewall, f"{server.pool}/{server.name}")
    }


# --- sessions, and back at run time ---------------------------------------------------------------------------------


def _sessions(snapshot: Snapshot, intent: Intent) -> Progress:
    def verdict(one: Membership) -> str | None:
        if one.sessions is None:
            return f"sessions to {one.node} can't be counted on {one.firewall}"
        return f"{counted(one.sessions, 'session')} to {one.node} left on {one.firewall}" if one.sessions else None

    return over_firewalls(snapshot, intent, "pools", verdict, f"no session to {intent.node} left")


def _admin_as_found(intent: Intent, firewall: str, server: Server) -> Admin:
    return Admin(_noted(intent, "now", firewall, f"{server.backend}/{server.name}") or "ready")


def _back_now(snapshot: Snapshot, intent: Intent) -> Progress:
    def verdict(one: Membership) -> str | None:
        left = [server for server in one.now or () if server.admin is not _admin_as_found(intent, one.firewall, server)]
        return f"{left[0].backend}/{left[0].name} on {one.firewall} is still {left[0].status}" if left else None

    return over_firewalls(snapshot, intent, "pools", verdict, f"{intent.node} is back as it was found")


def _put_back_now(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    orders: list[Order] = []
    for one in memberships(snapshot, intent.node):
        for admin in Admin:
            left = tuple(
                server
                for server in one.now or ()
                if server.admin is not admin and _admin_as_found(intent, one.firewall, server) is admin
            )
            if left:
                orders.append(Order(one.firewall, balancer_of(intent.cluster).set_state(left, admin)))
    return tuple(orders)


def _up(snapshot: Snapshot, intent: Intent) -> Progress:
    def verdict(one: Membership) -> str | None:
        down = [
            server
            for server in one.now or ()
            if server.weight and not server.serving and _admin_as_found(intent, one.firewall, server) is Admin.READY
        ]
        return (
            f"{down[0].backend}/{down[0].name} on {one.firewall} is {down[0].status} {down[0].check}" if down else None
        )

    return over_firewalls(snapshot, intent, "pools", verdict, f"{intent.node} is UP")


def _served(server: Server) -> bool:
    """Where the balancer does not note when it last gave a session, one that is there now tells."""
    if server.last_session is None or server.since is None:
        return bool(server.sessions)
    return 0 <= server.last_session <= server.since


def _traffic(snapshot: Snapshot, intent: Intent) -> Progress:
    """A session given since the server's last change of status, on any firewall: the passive one sees none."""
    servers = [
        server
        for view in snapshot.firewalls
        if pools_of(snapshot, view.name)
        for server in membership(snapshot, view.name, intent.node).now or ()
    ]
    if any(_served(server) for server in servers):
        return Progress(True, f"{intent.node} serves requests")
    if servers and not any(server.serving for server in servers):
        return Progress(True, f"{intent.node} was found out of service and is so again")
    return Progress(False, f"no request has reached {intent.node} yet")


NOW = Step(
    name="out at run time",
    phase="out",
    says="take {node} out of every pool on both firewalls, at once",
    finds=_find_now,
    orders=_take_out_now,
    done=_out_now,
    watches=(POOLS,),
    timeout=lambda _timings: 15.0,
    again=3.0,
)
LATER = Step(
    name="out in config.xml",
    phase="out",
    says="disable {node} in config.xml too, so that it lasts; no reload",
    finds=_find_later,
    orders=lambda snapshot, intent: _write(snapshot, intent, _disabled),
    done=lambda snapshot, intent: _persistently(
        snapshot,
        intent,
        _disabled,
        f"{intent.node} stays out after a reload, a boot and a failover: disabled in config.xml",
    ),
    watches=(CONFIG, POOLS),
    timeout=lambda _timings: 60.0,
    again=25.0,
)
SESSIONS = Step(
    name="sessions",
    phase="out",
    says="watch the sessions to {node} end",
    done=_sessions,
    watches=(POOLS,),
    timeout=lambda timings: timings.sessions,
    goes_on=True,
)
LATER_BACK = Step(
    name="back in config.xml",
    phase="in",
    says="put {node} back in config.xml as it was found; no reload",
    orders=lambda snapshot, intent: _write(snapshot, intent, _as_found(intent)),
    done=lambda snapshot, intent: _persistently(
        snapshot, intent, _as_found(intent), f"{intent.node} is in config.xml as it was found"
    ),
    watches=(CONFIG, POOLS),
    timeout=lambda _timings: 60.0,
    again=25.0,
)
NOW_BACK = Step(
    name="back at run time",
    phase="in",
    says="put {node} back on both firewalls as it was found, at once",
    orders=_put_back_now,
    done=_back_now,
    watches=(POOLS,),
    timeout=lambda _timings: 15.0,
    again=3.0,
)
UP = Step(
    name="up",
    phase="in",
    says="see {node} UP on both firewalls",
    done=_up,
    watches=(POOLS,),
    timeout=lambda _timings: 60.0,
)
TRAFFIC = Step(
    name="traffic",
    phase="in",
    says="see requests reach {node}",
    done=_traffic,
    watches=(POOLS,),
    timeout=lambda _timings: 20.0,
    goes_on=True,
)
