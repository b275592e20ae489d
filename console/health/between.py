"""Disagreements of the layers: the pool sends traffic to a node that can't serve it, or none to one that can."""

from collections.abc import Iterator

from console.health.database import stopped
from console.health.facts.bricks import known_volumes, offline_nodes
from console.health.facts.membership import Membership, Place, memberships, place
from console.health.finding import Finding, Kind, Level
from console.health.pools import serving
from console.probes.snapshot import Cause, Known, NodeView, Snapshot, Unknown
from console.text import listed

SETTLED = 15
"""Seconds after a start in which a pool's check, which wants several good answers, may lag behind the truth."""


def up_but_not_fit(snapshot: Snapshot) -> Iterator[Finding]:
    """The pool says UP; Apache, MySQL or the brick below says otherwise."""
    for name in serving(snapshot):
        view = snapshot.node(name)
        if isinstance(view.host, Unknown):
            continue
        if isinstance(view.site, Known) and not view.site.value.serves:
            status = view.site.value.status
            why = f": MySQL there {_mysql(view)}" if snapshot.cluster.mysql and _mysql(view) else ""
            message = f"{name} answers its visitors with errors (HTTP {status}){why}"
            yield Finding(Level.CRITICAL, name, Kind.UP_BUT_WEB_FAILS, message)
        mysql = "" if snapshot.cluster.mysql_proxy else _mysql(view)  # then pages read from the writer, not from here
        if mysql and snapshot.cluster.mysql:
            message = f"{name} gets visitors, and its MySQL {mysql}: pages that read the database fail there"
            yield Finding(Level.DEGRADED, name, Kind.UP_BUT_NOT_SYNCED, message)
        offline = [
            one.name for one, volume in known_volumes(snapshot) if name in offline_nodes(snapshot, one, volume.bricks)
        ]
        if offline:
            message = (
                f"the brick of {listed(offline)} on {name} is offline: it reads and writes the other nodes' copies"
            )
            yield Finding(Level.DEGRADED, name, Kind.UP_BUT_BRICK_AWAY, message)


def _mysql(view: NodeView) -> str:
    """Why its own MySQL answers no page. A Donor answers."""
    if isinstance(view.galera, Unknown):
        if view.galera.cause is Cause.REFUSED or not view.galera.since:  # it may refuse nobody but us
            return ""
        return "is stopped" if stopped(view) else "does not answer"
    member = view.galera.value
    if member.alone:
        return "runs without wsrep"
    if member.rejects:
        return "refuses every query"
    if member.status != "Primary":
        return f"is {member.status}"
    return "" if member.synced or (member.ready and member.state.startswith("Donor")) else f"is {member.state}"


def down_but_serves(snapshot: Snapshot) -> Iterator[Finding]:
    """Every balancer says DOWN; asked by itself the node serves, also since then, and has for a while."""
    for view in snapshot.nodes:
        places = memberships(snapshot, view.name)
        now = [server for one in places for server in one.runtime or ()]
        since = max(_changed(snapshot, one) for one in places)
        if isinstance(view.host, Unknown) or place(snapshot, view.name) is not Place.IN or not now:
            continue
        if any(server.serving or server.unasked for server in now):
            continue
        if all(server.status.startswith("DOWN") for server in now) and _serves(view, since):
            checks = listed(server.check for server in now if server.check)
            message = (
                f"the pools say {view.name} is DOWN{f' ({checks})' if checks else ''}, but asked by itself it serves."
                " The firewalls don't reach it, or check something else"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.DOWN_BUT_SERVES, message)


def _changed(snapshot: Snapshot, one: Membership) -> float:
    """Unix time at which the last of its servers there got its status, where the balancer counts the seconds."""
    read = snapshot.firewall(one.firewall).pools.at
    return max((read - server.since for server in one.runtime or () if server.since is not None), default=0.0)


def _serves(view: NodeView, since: float) -> bool:
    """The node serves by itself, in readings asked after a moment."""
    if isinstance(view.site, Unknown) or not view.site.value.serves or view.site.at <= since:
        return False
    if isinstance(view.galera, Known) and not view.galera.value.serves:
        return False
    return not isinstance(view.apache, Known) or view.apache.value.uptime is None or view.apache.value.uptime > SETTLED


RULES = (up_but_not_fit, down_but_serves)
