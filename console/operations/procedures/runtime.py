"""Out of the pools and back at run time: what the load balancer does now, until it is reloaded."""

from collections.abc import Mapping

from console.health.facts.membership import Membership, Place, membership, memberships, place, pools_of
from console.operations.effects import Effect
from console.operations.procedures.firewalls import RUNTIME, noted, over_firewalls
from console.operations.procedures.steps import Intent, Order, Progress, Step
from console.probes.pools.balancer import POOLS, balancer_of
from console.probes.pools.servers import Admin, Server
from console.probes.snapshot import Snapshot


def _wanted(intent: Intent) -> Admin:
    return Admin.MAINT if intent.operation.does(Effect.ENDS_SESSIONS) else Admin.DRAIN


def _not_out(server: Server, intent: Intent) -> bool:
    """Maintenance is out for a drain too; a drain is not yet maintenance for a removal. Only what was asked counts: a
    server without an address gets nothing now, and all again once it has one."""
    ready = server.admin is Admin.READY or not server.told
    return ready or (intent.operation.does(Effect.ENDS_SESSIONS) and server.admin is Admin.DRAIN)


def _still(server: Server, firewall: str) -> str:
    """A sentence: a server is not yet in the state that was ordered, and who else may have changed it."""
    by = f"; its agent check may have answered {server.status.split()[0].lower()}" if server.agent else ""
    return f"{server.path} on {firewall} is still {server.status}{by}{f'; {server.strange}' if server.strange else ''}"


def _out_at_runtime(snapshot: Snapshot, intent: Intent) -> Progress:
    def verdict(one: Membership) -> str | None:
        left = [server for server in one.runtime or () if _not_out(server, intent)]
        return _still(left[0], one.firewall) if left else None

    return over_firewalls(snapshot, intent, "pools", verdict, f"{intent.target} is out ({_wanted(intent).value})")


def _take_out_at_runtime(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    balancer = balancer_of(intent.cluster)
    found = {
        one.firewall: [s for s in one.runtime or () if _not_out(s, intent)]
        for one in memberships(snapshot, intent.target)
    }
    return tuple(Order(name, balancer.set_state(tuple(left), _wanted(intent))) for name, left in found.items() if left)


def _find_at_runtime(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    """Note what was asked of each server. Skip servers already noted on the peer: our own sync may have disabled them
    here. HAProxy puts down a drain to the agent by itself."""
    if place(snapshot, intent.target) is Place.OUT:
        return {}
    return {
        f"{RUNTIME} {one.firewall} {server.path}": _asked(server).value
        for one in memberships(snapshot, intent.target)
        for server in one.runtime or ()
        if server.told
        if server.admin is Admin.READY or not noted(intent, RUNTIME, one.firewall, server.path)
    }


def _asked(server: Server) -> Admin:
    return Admin.READY if server.status.endswith("(agent)") else server.admin


def admin_as_found(intent: Intent, firewall: str, server: Server) -> Admin:
    """Ready, where nothing readable was noted."""
    found = noted(intent, RUNTIME, firewall, server.path)
    return Admin(found) if found in {admin.value for admin in Admin} else Admin.READY


def _back_at_runtime(snapshot: Snapshot, intent: Intent) -> Progress:
    def verdict(one: Membership) -> str | None:
        left = [
            server
            for server in one.runtime or ()
            if server.admin is not admin_as_found(intent, one.firewall, server) or not server.told
        ]
        return _still(left[0], one.firewall) if left else None

    return over_firewalls(snapshot, intent, "pools", verdict, f"{intent.target} is back as it was found")


def _put_back_at_runtime(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    orders: list[Order] = []
    for one in memberships(snapshot, intent.target):
        for admin in Admin:
            left = tuple(
                server
                for server in one.runtime or ()
                if (server.admin is not admin or not server.told)
                and admin_as_found(intent, one.firewall, server) is admin
            )
            if left:
                orders.append(Order(one.firewall, balancer_of(intent.cluster).set_state(left, admin)))
    return tuple(orders)


def _up(snapshot: Snapshot, intent: Intent) -> Progress:
    """Every server is UP. Two are not waited for, only named, as no order of ours mends them: a name that does not
    resolve, and a server that follows one which is out as it was found."""
    places = memberships(snapshot, intent.target)
    held = [(one.firewall, server) for one in places for server in one.runtime or () if _held(intent, one, server)]

    def verdict(one: Membership) -> str | None:
        pools = pools_of(snapshot, one.firewall)
        if not one.runtime and pools and pools.running and any(not server.out for server in one.configured or ()):
            return f"{one.node} is in config.xml of {one.firewall}, and its load balancer does not list it"
        down = [
            server
            for server in one.runtime or ()
            if server.weight and not server.serving and admin_as_found(intent, one.firewall, server) is Admin.READY
            if (one.firewall, server) not in held
        ]
        if not down:
            return None
        check = f"{down[0].status} {down[0].check}".strip()
        return f"{down[0].path} on {one.firewall} is {_because(down[0]) or down[0].strange or check}"

    if any(one.runtime is not None for one in places) and not any(one.runtime for one in places):
        return Progress(False, f"no firewall has {intent.target} in a pool at run time")
    but = "".join(f"; {server.path} on {name} {server.unasked}" for name, server in held)
    return over_firewalls(snapshot, intent, "pools", verdict, f"{intent.target} is {'in' if but else 'UP'}{but}")


def _because(server: Server) -> str:
    return f"{server.status}: {server.name} {server.unasked}" if server.unasked else ""


def _held(intent: Intent, one: Membership, server: Server) -> bool:
    """The server is out without anybody's order, so that no order brings it in."""
    if server.unresolved:
        return True
    followed = next((each for each in one.runtime or () if each.path == server.tracks), None)
    return followed is not None and admin_as_found(intent, one.firewall, followed) is not Admin.READY


def _served(server: Server) -> bool:
    """The server was given a session since its last change. relayd notes no such time: there a session now is the
    proof."""
    if server.last_session is None or server.since is None:
        return bool(server.sessions)
    return 0 <= server.last_session <= server.since


def _traffic(snapshot: Snapshot, intent: Intent) -> Progress:
    """A session given since the server's last change of status, on any firewall: the passive one sees none."""
    servers = [
        server
        for view in snapshot.firewalls
        if pools_of(snapshot, view.name)
        for server in membership(snapshot, view.name, intent.target).runtime or ()
    ]
    if any(_served(server) for server in servers):
        return Progress(True, f"{intent.target} serves requests")
    if unasked := next((server.unasked for server in servers if server.unasked), ""):
        return Progress(False, f"no request has reached {intent.target} yet, which {unasked}")
    if servers and not any(server.serving for server in servers):
        return Progress(True, f"{intent.target} was found out of service and is so again")
    return Progress(False, f"no request has reached {intent.target} yet")


OUT_AT_RUNTIME = Step(
    name="out at run time",
    phase="out",
    summary="take {node} out of every pool on the firewalls, at once",
    finds=_find_at_runtime,
    orders=_take_out_at_runtime,
    done=_out_at_runtime,
    watches=(POOLS,),
    timeout=lambda _timings: 15.0,
    again=3.0,
    asks_all=True,
    lasts=True,
)
BACK_AT_RUNTIME = Step(
    name="back at run time",
    phase="in",
    summary="put {node} back on the firewalls as it was found, at once",
    orders=_put_back_at_runtime,
    done=_back_at_runtime,
    watches=(POOLS,),
    timeout=lambda _timings: 15.0,
    again=3.0,
    lasts=True,
)
UP = Step(
    name="up",
    phase="in",
    summary="see {node} UP on the firewalls",
    done=_up,
    watches=(POOLS,),
    timeout=lambda _timings: 60.0,
    lasts=True,
)
TRAFFIC = Step(
    name="traffic",
    phase="in",
    summary="see requests reach {node}",
    done=_traffic,
    watches=(POOLS,),
    timeout=lambda _timings: 20.0,
    goes_on=True,
)
