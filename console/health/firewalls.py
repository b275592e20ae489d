"""The firewalls: who carries the traffic, who would take over, and whether the two are configured alike."""

from collections.abc import Iterator

from console.fitness import carried
from console.health.finding import Finding, Kind, Level
from console.membership import config_of
from console.probes.carp import Carp
from console.saying import clock, listed
from console.snapshot import Known, Snapshot, Unknown


def lost(snapshot: Snapshot) -> Iterator[Finding]:
    """A silent firewall may still carry traffic, or revert what is done meanwhile."""
    for view in snapshot.firewalls:
        if isinstance(view.carp, Known):
            continue
        if view.carp.since == 0:
            yield Finding(Level.UNKNOWN, view.name, Kind.NOT_ASKED, f"{view.name} not asked yet")
        else:
            says = f"{view.name} lost since {clock(view.carp.since)}; {carried(snapshot)}: {view.carp.why}"
            yield Finding(Level.DEGRADED, view.name, Kind.FIREWALL_LOST, says)


def _answering(snapshot: Snapshot) -> list[tuple[str, Carp]]:
    return [(view.name, view.carp.value) for view in snapshot.firewalls if isinstance(view.carp, Known)]


def masters(snapshot: Snapshot) -> Iterator[Finding]:
    """Exactly one master for each address; roles are only compared when every firewall answers."""
    answering = _answering(snapshot)
    for vip in snapshot.cluster.vips:
        leading = [name for name, carp in answering if carp.allow and carp.role(vip.address) == "MASTER"]
        if len(leading) > 1:
            says = (
                f"two CARP masters for {vip.name} ({vip.address}): {listed(leading)}; they do not hear each other,"
                " and visitors reach now one, now the other"
            )
            yield Finding(Level.CRITICAL, vip.name, Kind.TWO_MASTERS, says, tuple(leading))
        elif not leading and len(answering) == len(snapshot.firewalls):
            roles = listed(f"{name} {carp.role(vip.address) or 'has no vhid for it'}" for name, carp in answering)
            says = f"no firewall is CARP MASTER for {vip.name} ({vip.address}): {roles}; nobody answers there"
            yield Finding(Level.CRITICAL, vip.name, Kind.NO_MASTER, says, tuple(name for name, _ in answering))


def one_firewall_leads(snapshot: Snapshot) -> Iterator[Finding]:
    """WAN on one and LAN on the other: what comes in through one goes out through the other."""
    answering = _answering(snapshot)
    leads: dict[str, str] = {}
    for vip in snapshot.cluster.vips:
        leading = [name for name, carp in answering if carp.allow and carp.role(vip.address) == "MASTER"]
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
        if carp.demotion > 0:
            says = f"{name} is demoted by {carp.demotion}: pfSense has seen a problem there, and the other one leads"
            yield Finding(Level.DEGRADED, name, Kind.DEMOTION, says)
        config = config_of(snapshot, name)
        if config and config.maintenance:
            says = f"{name} is in persistent CARP maintenance mode: it stays BACKUP, also after a reboot"
            yield Finding(Level.DEGRADED, name, Kind.MAINTENANCE, says)


def configs_are_known(snapshot: Snapshot) -> Iterator[Finding]:
    """A firewall that answers, and does not say what it will do later."""
    for view in snapshot.firewalls:
        if isinstance(view.carp, Known) and isinstance(view.config, Unknown):
            says = f"config.xml of {view.name} is not known: {view.config.why}"
            yield Finding(Level.UNKNOWN, view.name, Kind.CONFIG_UNKNOWN, says)


RULES = (masters, lost, one_firewall_leads, carp_is_on, configs_are_known)
