"""Out of the pools and back in config.xml, so that it lasts: after a reload, a boot and a failover."""

from collections.abc import Callable, Mapping

from console.health.facts.holds import until
from console.health.facts.membership import (
    Membership,
    Place,
    config_of,
    membership,
    memberships,
    not_configured,
    place,
    reachable,
)
from console.health.facts.starts import IN, brings_back, starts
from console.operations.effects import Effect
from console.operations.procedures import holds
from console.operations.procedures.firewalls import CONFIGURED, Skipped, noted, over_firewalls
from console.operations.procedures.sessions import ended
from console.operations.procedures.steps import Intent, Order, Progress, Step
from console.probes.firewalls.config import CONFIG, FirewallConfig
from console.probes.pools.balancer import POOLS, balancer_of
from console.probes.pools.configured import Change, PooledServer
from console.probes.snapshot import Snapshot
from console.text import listed

Wanted = Callable[[PooledServer, str], Change]
"""The status and the note that a server is to have, by what was found in a firewall's config.xml."""


def _out(intent: Intent) -> Wanted:
    """`inactive` servers do not exist at run time and stay as they are. What is taken out only now is not held by an
    old note."""
    new = holds.decided(intent)

    def wanted(server: PooledServer, firewall: str) -> Change:
        was = noted(intent, CONFIGURED, firewall, f"{server.pool}/{server.name}")
        note = server.note if server.out else ""
        if new:
            note = new.of(was or (server.hold.was if server.hold else "")).note
        return Change(server, server.status if server.out else "disabled", note)

    return wanted


def _as_found(intent: Intent) -> Wanted:
    """The status to put back, without the note of a hold. Only `disabled` is our doing, here or on another console:
    `backup` and `inactive` stay. A console that has noted nothing finds in the note what was there."""

    def wanted(server: PooledServer, firewall: str) -> Change:
        if server.status != "disabled":
            return Change(server, server.status, "")
        was = server.hold.was if server.hold else ""
        found = noted(intent, CONFIGURED, firewall, f"{server.pool}/{server.name}") or was or "active"
        return Change(server, found, "")

    return wanted


def _known_configs(snapshot: Snapshot) -> dict[str, FirewallConfig]:
    """config.xml of each firewall that answers, where it is known."""
    configs = {
        view.name: config_of(snapshot, view.name) for view in snapshot.firewalls if reachable(snapshot, view.name)
    }
    return {name: config for name, config in configs.items() if config is not None}


def _leader(configs: Mapping[str, FirewallConfig]) -> str | None:
    """Return the config-sync primary if pool sync is on; only it is written. None where each is written by itself.

    Between two versions nothing is synced: pfSense's own sync is off then (rc.filter_synchronize), and the package's
    would carry the pools across all the same.
    """
    if len({config.version for config in configs.values()}) > 1:
        return None
    leader = next((name for name, config in configs.items() if config.primary), None)
    return leader if leader is not None and configs[leader].balancer_sync and len(configs) > 1 else None


def _persistently(
    snapshot: Snapshot,
    intent: Intent,
    wanted: Wanted,
    success: str,
    lacks: Callable[[Snapshot, Intent, Membership], str | None],
) -> Progress:
    """`lacks`: what is to be said where config.xml has nothing of the node that could be otherwise."""
    leader = _leader(_known_configs(snapshot))

    def verdict(one: Membership) -> str | None:
        changes = (wanted(server, leader or one.firewall) for server in one.configured or ())
        left = [change for change in changes if _sent(snapshot, change).needed]
        if not left:
            return lacks(snapshot, intent, one)
        says = left[0].server.status if left[0].status != left[0].server.status else "nothing else of its hold"
        message = f"config.xml of {one.firewall} still says {says} for {left[0].server.pool}/{left[0].server.name}"
        synced = leader not in (None, one.firewall)
        return f"{message}: the configuration sync of {leader} has not reached it" if synced else message

    return over_firewalls(snapshot, intent, "config", verdict, success)


def _reloaded(snapshot: Snapshot) -> tuple[str, ...]:
    """The firewalls whose HAProxy our write reloads: those that its sync reaches."""
    told = _known_configs(snapshot)
    leader = _leader(told)
    return tuple(name for name in told if leader not in (None, name))


def _waits_for(snapshot: Snapshot, intent: Intent) -> str:
    """Sessions that a reload would leave to a process that tells nothing: they end first, as far as they do in their
    time. A removal waits for none."""
    timings, reloaded = snapshot.cluster.timings, _reloaded(snapshot)
    if intent.operation.does(Effect.ENDS_SESSIONS) or snapshot.cluster.balancer != "haproxy":
        return ""
    for one in memberships(snapshot, intent.target):
        out = max((server.since or 0 for server in one.runtime or () if server.out), default=timings.sessions)
        left = ended(one, timings.quiet) if one.firewall in reloaded else ""
        if left and out < timings.sessions:
            return f"{left}; the configuration sync will reload HAProxy there"
    return ""


def _out_in_config(snapshot: Snapshot, intent: Intent) -> Progress:
    success = f"{intent.target} stays out after a reload, a boot and a failover: disabled in config.xml"
    if (new := holds.decided(intent)) and holds.noted_there(snapshot):
        success += f", with the note of its hold {until(new)}"
    progress = _persistently(snapshot, intent, _out(intent), success, _lacks_out)
    waits = "" if progress.done else _waits_for(snapshot, intent)
    return progress._replace(message=waits) if waits else progress


def _take_out_in_config(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    return () if _waits_for(snapshot, intent) else _write(snapshot, intent, _out(intent))


def _elsewhere(snapshot: Snapshot, one: Membership) -> str:
    """A sentence if config.xml of this firewall has no server of a node, and that of another has; or ""."""
    others = [other.firewall for other in memberships(snapshot, one.node) if other.configured]
    if one.configured or not others:
        return ""
    return f"config.xml of {one.firewall} has no server of {one.node}, and that of {listed(others)} has"


def _lacks_out(snapshot: Snapshot, _intent: Intent, one: Membership) -> str | None:
    """An empty section is a sync that failed, not a node that is out."""
    if message := _elsewhere(snapshot, one):
        return message
    if strange := not_configured(one):
        where = f"config.xml of {one.firewall} has no server of {one.node} in {listed(strange)}"
        return Skipped(f"{where}: {brings_back(snapshot, one.node, [one.firewall])}")
    if any((start.node, start.how) == (one.node, IN) for start in starts(snapshot, one.firewall)):
        stays = "its saved server-state file says so; move that file away"
        return Skipped(f"HAProxy on {one.firewall} would start with {one.node} in, whatever config.xml says: {stays}")
    return None


def _lacks_back(snapshot: Snapshot, intent: Intent, one: Membership) -> str | None:
    """The node is put back where it can be."""
    noted_there = any(key.startswith(f"{CONFIGURED} {one.firewall} ") for key in intent.found)
    if message := _elsewhere(snapshot, one):
        return Skipped(message)
    if noted_there and not one.configured:
        return Skipped(f"config.xml of {one.firewall} has no server of {one.node} any more")
    return None


def _write(snapshot: Snapshot, intent: Intent, wanted: Wanted) -> tuple[Order, ...]:
    """Orders to write config.xml: to the leader, which syncs to its peer; without one, to every firewall that
    answers."""
    told = _known_configs(snapshot)
    leader = _leader(told)
    orders: list[Order] = []
    for name in [leader] if leader else told:
        mine = membership(snapshot, name, intent.target).configured or ()
        changes = tuple(_sent(snapshot, wanted(server, name)) for server in mine)
        if leader or any(change.needed for change in changes):
            run = balancer_of(intent.cluster).persist(changes, leader is not None, _description(intent))
            orders.append(Order(name, run))
    return tuple(orders)


def _sent(snapshot: Snapshot, change: Change) -> Change:
    """relayd keeps no note."""
    return change if holds.noted_there(snapshot) else change._replace(note=None)


def _description(intent: Intent) -> str:
    """The text of the revision: with a hold's note, for whoever looks there."""
    new = holds.decided(intent)
    return f"drainboard: {intent.words} by {intent.who}{f': {new.note}' if new else ''}"


def _find_in_config(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    """A server that is in was put there by somebody, before our order or after it: that is what comes back. One that
    is out may be our own doing; only its first note counts."""
    if place(snapshot, intent.target) is Place.OUT:
        return {}
    return {
        f"{CONFIGURED} {one.firewall} {server.pool}/{server.name}": server.status
        for one in memberships(snapshot, intent.target)
        for server in one.configured or ()
        if not server.out or not noted(intent, CONFIGURED, one.firewall, f"{server.pool}/{server.name}")
    }


OUT_IN_CONFIG = Step(
    name="out in config.xml",
    phase="out",
    summary="disable {node} in config.xml too, so that it lasts; {reload}",
    finds=_find_in_config,
    renews=True,
    orders=_take_out_in_config,
    done=_out_in_config,
    watches=(CONFIG, POOLS),
    timeout=lambda _timings: 60.0,
    until_known=lambda timings: timings.sessions + 60.0,
    again=25.0,
    lasts=True,
    reloads=_reloaded,
)
BACK_IN_CONFIG = Step(
    name="back in config.xml",
    phase="in",
    summary="put {node} back in config.xml as it was found; {reload}",
    orders=lambda snapshot, intent: _write(snapshot, intent, _as_found(intent)),
    done=lambda snapshot, intent: _persistently(
        snapshot, intent, _as_found(intent), f"{intent.target} is in config.xml as it was found", _lacks_back
    ),
    watches=(CONFIG, POOLS),
    timeout=lambda _timings: 60.0,
    again=25.0,
    lasts=True,
    reloads=_reloaded,
)
