"""The sessions a node still has while it is out, and when they have ended.

No session at one moment is no end: a drain lets visitors in who hold the node's cookie, or whom a stick table keeps
there. It has ended when none was given for a while and none is left, also not in processes from before a reload.
"""

from collections.abc import Sequence

from console.health.facts.membership import Membership, memberships
from console.operations.effects import Effect
from console.operations.procedures.firewalls import over_firewalls
from console.operations.procedures.steps import Intent, Progress, Step
from console.probes.pools.balancer import POOLS
from console.probes.pools.processes import PROCESSES
from console.probes.pools.servers import Server
from console.probes.snapshot import Snapshot
from console.text import counted, span


def ended(one: Membership, quiet: float) -> str:
    """Why the sessions that a firewall's present process gave a node have not ended; "" when they have. `quiet`: the
    seconds without a new one that it takes."""
    left = sum((server.sessions or 0) + (server.queued or 0) for server in one.runtime or ())
    if left:
        return f"{counted(left, 'session')} to {one.node} left on {one.firewall}"
    if one.quiet < quiet:
        return f"no session to {one.node} has begun on {one.firewall} for {one.quiet:.0f} s: it takes {quiet:g} s"
    return ""


def _sessions(snapshot: Snapshot, intent: Intent) -> Progress:
    quiet = snapshot.cluster.timings.quiet

    def verdict(one: Membership) -> str | None:
        if one.sessions is None:
            return f"sessions to {one.node} can't be counted on {one.firewall}{_reloaded(one)}"
        if one.held and snapshot.cluster.balancer == "haproxy":
            left = f"{counted(one.sessions, 'session')} to {one.node} left on {one.firewall}"
            return f"{left}, {one.held} of them in a process from before a reload"
        return ended(one, quiet) or None

    progress = over_firewalls(snapshot, intent, "pools", verdict, f"no session to {intent.target} left")
    servers = [server for one in memberships(snapshot, intent.target) for server in one.runtime or ()]
    coming = [server for server in servers if server.out and server.visited and server.quiet < quiet]
    return progress._replace(done=False, message=_still(coming, intent)) if coming else progress


def _reloaded(one: Membership) -> str:
    return "" if one.uptime is None else f": HAProxy was reloaded there {span(one.uptime)} ago"


def _still(coming: Sequence[Server], intent: Intent) -> str:
    """A sentence: visitors still come although the node is out, and what sends them elsewhere."""
    rate = round(sum((one.rate if one.given is None else one.given) or 0 for one in coming))
    many = f"{counted(rate, 'request')} a second" if rate else "requests"
    reach = f"{many} still {'reaches' if rate == 1 else 'reach'} {intent.target}"
    then = "maintenance comes next and sends them" if intent.operation.does(Effect.STOPS_DATABASE) else "x sends them"
    return f"{reach}: visitors with its cookie or in a stick table; {then} elsewhere"


SESSIONS = Step(
    name="sessions",
    phase="out",
    summary="watch the sessions to {node} end",
    done=_sessions,
    watches=(POOLS, PROCESSES),
    timeout=lambda timings: timings.sessions,
    goes_on=True,
)
