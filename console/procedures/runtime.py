"""Out of the pools and back at run time: what the load balancer does now, until it is reloaded."""

from collections.abc import Mapping

from console.balancers.balancer import POOLS, balancer_of
from console.balancers.pools import Admin, Server
from console.facts.membership import Membership, membership, memberships, pools_of
from console.guards import Action
from console.procedures.firewalls import noted, over_firewalls
from console.procedures.steps import Intent, Order, Progress, Step
from console.saying import counted
from console.snapshot import Snapshot


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
        if server.admin is Admin.READY or not noted(intent, "now", one.firewall, f"{server.backend}/{server.name}")
    }


def _sessions(snapshot: Snapshot, intent: Intent) -> Progress:
    def verdict(one: Membership) -> str | None:
        if one.sessions is None:
            return f"sessions to {one.node} can't be counted on {one.firewall}"
        return f"{counted(one.sessions, 'session')} to {one.node} left on {one.firewall}" if one.sessions else None

    return over_firewalls(snapshot, intent, "pools", verdict, f"no session to {intent.node} left")


def _admin_as_found(intent: Intent, firewall: str, server: Server) -> Admin:
    return Admin(noted(intent, "now", firewall, f"{server.backend}/{server.name}") or "ready")


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
        pools = pools_of(snapshot, one.firewall)
        if not one.now and pools and pools.running and any(not server.out for server in one.later or ()):
            return f"{one.node} is in config.xml of {one.firewall}, and its load balancer does not list it"
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
    says="take {node} out of every pool on the firewalls, at once",
    finds=_find_now,
    orders=_take_out_now,
    done=_out_now,
    watches=(POOLS,),
    timeout=lambda _timings: 15.0,
    again=3.0,
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
NOW_BACK = Step(
    name="back at run time",
    phase="in",
    says="put {node} back on the firewalls as it was found, at once",
    orders=_put_back_now,
    done=_back_now,
    watches=(POOLS,),
    timeout=lambda _timings: 15.0,
    again=3.0,
)
UP = Step(
    name="up",
    phase="in",
    says="see {node} UP on the firewalls",
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
