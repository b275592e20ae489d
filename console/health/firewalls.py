"""The firewalls: who carries the traffic, who would take over, and whether the two are configured alike."""

from collections.abc import Iterator

from console.health.facts.membership import config_of
from console.health.facts.sync import sync
from console.health.facts.takeover import carried
from console.health.finding import Finding, Kind, Level
from console.probes.firewalls.carp import Carp
from console.probes.pools.balancer import balancer_of
from console.probes.snapshot import NOT_ASKED, Cause, Known, Snapshot, Unknown
from console.text import clock, counted, listed


def lost(snapshot: Snapshot) -> Iterator[Finding]:
    """A silent firewall may still carry traffic, or revert what is done meanwhile. Where none answers nobody knows."""
    level = Level.DEGRADED if _answering(snapshot) else Level.UNKNOWN
    for view in snapshot.firewalls:
        if isinstance(view.carp, Known):
            continue
        if view.carp.since == 0:
            yield Finding(Level.UNKNOWN, view.name, Kind.NOT_ASKED, f"{view.name} not asked yet")
        elif view.carp.cause is Cause.UNPROVEN:
            yield Finding(Level.UNKNOWN, view.name, Kind.FIREWALL_UNPROVEN, view.carp.why)
        else:
            says = f"{view.name} lost since {clock(view.carp.since)}; {carried(snapshot)}: {view.carp.why}"
            yield Finding(level, view.name, Kind.FIREWALL_LOST, says)


def _answering(snapshot: Snapshot) -> list[tuple[str, Carp]]:
    return [(view.name, view.carp.value) for view in snapshot.firewalls if isinstance(view.carp, Known)]


TAKES_OVER = 2.3
"""Seconds: what two firewalls said further apart may be one before and one after a failover. A backup takes over three
advertisements and its skew after the last one, 3.4 s as pfSense sets them; one of these may precede the first look."""


def masters(snapshot: Snapshot) -> Iterator[Finding]:
    """Exactly one master for each address; roles are only compared when every firewall answers."""
    answering = _answering(snapshot)
    names = tuple(name for name, _ in answering)
    led = {vip.name: _leading(answering, vip.address) for vip in snapshot.cluster.vips}
    twice = tuple(vip for vip, leading in led.items() if len(leading) > 1)
    looks = [view.carp.at for view in snapshot.firewalls if isinstance(view.carp, Known)]
    if twice and max(looks) - min(looks) < TAKES_OVER:
        says = (
            f"two CARP masters for {listed(twice)}: {listed(names)}; they do not hear each other, and visitors reach"
            " now one, now the other"
        )
        yield Finding(Level.CRITICAL, "carp", Kind.TWO_MASTERS, says, names)
    nobody = tuple(vip.name for vip in snapshot.cluster.vips if not led[vip.name])
    if nobody and len(answering) == len(snapshot.firewalls):
        roles = listed(f"{name} {_roles(snapshot, carp, nobody)}" for name, carp in answering)
        says = f"no firewall is CARP MASTER for {listed(nobody)}: {roles}; nobody answers there"
        yield Finding(Level.CRITICAL, "carp", Kind.NO_MASTER, says, (*names, *nobody))


def _leading(answering: list[tuple[str, Carp]], address: str) -> list[str]:
    return [name for name, carp in answering if carp.allow and carp.role(address) == "MASTER"]


def _roles(snapshot: Snapshot, carp: Carp, vips: tuple[str, ...]) -> str:
    if not carp.allow:
        return "has CARP disabled"
    roles = (carp.role(vip.address) for vip in snapshot.cluster.vips if vip.name in vips)
    return f"is {listed(role or 'without a vhid' for role in roles)}"


def one_firewall_leads(snapshot: Snapshot) -> Iterator[Finding]:
    """WAN on one and LAN on the other: what comes in through one goes out through the other."""
    answering = _answering(snapshot)
    leads: dict[str, str] = {}
    for vip in snapshot.cluster.vips:
        leading = _leading(answering, vip.address)
        if len(leading) == 1:
            leads[vip.name] = leading[0]
    if len(set(leads.values())) > 1:
        where = listed(f"{vip} is on {name}" for vip, name in leads.items())
        says = f"CARP roles are split: {where}; answers leave by another firewall than requests came in by"
        yield Finding(Level.DEGRADED, "carp", Kind.SPLIT_ROLES, says, tuple(dict.fromkeys(leads.values())))


def carp_is_on(snapshot: Snapshot) -> Iterator[Finding]:
    """What keeps a firewall from taking over, or makes it give up its role."""
    for name, carp in _answering(snapshot):
        if not carp.allow:
            says = f"CARP is disabled on {name}: it takes over nothing (net.inet.carp.allow is 0)"
            yield Finding(Level.DEGRADED, name, Kind.CARP_DISABLED, says)
        down = dict.fromkeys(vhid.interface for vhid in carp.vhids if vhid.role == "INIT")
        if carp.allow and down:
            says = f"CARP is INIT on {listed(down)} of {name}, which has no link or is off: it leads nothing there"
            yield Finding(Level.DEGRADED, name, Kind.CARP_INIT, says)
        if carp.demotion > 0:
            says = f"{name} is demoted by {carp.demotion}: pfSense has seen a problem there, and the other one leads"
            yield Finding(Level.DEGRADED, name, Kind.DEMOTION, says)
        config = config_of(snapshot, name)
        if config and config.maintenance:
            says = f"{name} is in persistent CARP maintenance mode: it stays BACKUP, also after a reboot"
            yield Finding(Level.DEGRADED, name, Kind.MAINTENANCE, says)


def configs_are_known(snapshot: Snapshot) -> Iterator[Finding]:
    """A firewall that answers, and does not say all that it will do later."""
    for view in snapshot.firewalls:
        if isinstance(view.carp, Known) and isinstance(view.config, Unknown) and view.config is not NOT_ASKED:
            says = f"config.xml of {view.name} is not known: {view.config.why}"
            yield Finding(Level.UNKNOWN, view.name, Kind.CONFIG_UNKNOWN, says)
        config = config_of(snapshot, view.name)
        if config and config.odd:
            says = f"config.xml of {view.name} is not known in part ({len(config.odd)}): {config.odd[0]}"
            yield Finding(Level.UNKNOWN, view.name, Kind.CONFIG_UNKNOWN, says)


def states_are_synced(snapshot: Snapshot) -> Iterator[Finding]:
    """pfsync sends the states of connections to the peer. Off on both is a choice; off on one is a fault."""
    answering = _answering(snapshot)
    off = [name for name, carp in answering if carp.pfsync != "on"]
    if off:
        level = Level.NOTE if len(off) == len(answering) else Level.DEGRADED
        says = (
            f"pfsync is off on {listed(off)}: a failover ends the connections that don't go through the load balancer"
        )
        yield Finding(level, "pfsync", Kind.PFSYNC_OFF, says, tuple(off))


def versions_are_alike(snapshot: Snapshot) -> Iterator[Finding]:
    """pfSense's own sync stops between versions of the configuration."""
    configs = [(view.name, config) for view in snapshot.firewalls if (config := config_of(snapshot, view.name))]
    if len({config.version for _, config in configs}) > 1:
        told = listed(f"{name} {config.version}" for name, config in configs)
        says = (
            f"the firewalls have different configuration versions ({told}): pfSense's own sync is off until both have"
            " the same; the HAProxy package's sync is not"
        )
        yield Finding(Level.DEGRADED, "sync", Kind.VERSIONS_DIFFER, says, tuple(name for name, _ in configs))


def configs_are_alike(snapshot: Snapshot) -> Iterator[Finding]:
    """What differs now does something else after a failover."""
    state = sync(snapshot)
    if state.equal is False:
        says = f"{state.says}: after a failover the other one does otherwise"
        yield Finding(Level.DEGRADED, "sync", Kind.SYNC_DIFFERS, says, tuple(view.name for view in snapshot.firewalls))
    for view in snapshot.firewalls:
        notices: tuple[str, ...] = view.box.value.sync_notices if isinstance(view.box, Known) else ()
        for latest in notices[-1:]:
            more = f" ({counted(len(notices), 'notice')})" if len(notices) > 1 else ""
            if state.equal:
                says = f"a configuration sync of {view.name} failed once{more}, and both are alike now: {latest}"
                yield Finding(Level.NOTE, view.name, Kind.SYNC_NOTICE, says)
            else:
                says = f"a configuration sync of {view.name} failed{more}: {latest}"
                yield Finding(Level.DEGRADED, view.name, Kind.SYNC_NOTICE, says)


def all_is_applied(snapshot: Snapshot) -> Iterator[Finding]:
    """Changes made in the web interface that take effect with whoever applies next, or at a boot."""
    balancer = balancer_of(snapshot.cluster).subsystem
    for view in snapshot.firewalls:
        waiting = list(view.box.value.unapplied) if isinstance(view.box, Known) else []
        if isinstance(view.pools, Known) and view.pools.value.dirty and balancer not in waiting:
            waiting.append(balancer)
        if waiting:
            says = f"changes on {view.name} that nobody has applied yet: {listed(waiting)}"
            yield Finding(Level.NOTE, view.name, Kind.UNAPPLIED, says)


RULES = (masters, lost, one_firewall_leads, carp_is_on)
CONFIGURED = (configs_are_known, versions_are_alike, configs_are_alike, states_are_synced, all_is_applied)
"""What a failover would show, after what the pools do now: who gets traffic that should not is told by name there."""
