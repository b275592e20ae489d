"""The firewalls: who carries the traffic, who would take over, and whether the two are configured alike."""

from collections.abc import Iterator

from console.health.facts.laggs import lagg_lacks
from console.health.facts.maintenance import maintained
from console.health.facts.membership import config_of, master, roles
from console.health.facts.sync import sync
from console.health.facts.takeover import carried
from console.health.finding import Finding, Kind, Level
from console.inventory.addresses import same
from console.probes.firewalls.carp import UNREAD, Carp, Vhid
from console.probes.pools.balancer import balancer_of
from console.probes.snapshot import NOT_ASKED, Cause, Known, Snapshot, Unknown
from console.text import clock, counted, listed


def unreachable(snapshot: Snapshot) -> Iterator[Finding]:
    """An unreachable firewall may still carry traffic, or revert what is done meanwhile. Where none answers nobody
    knows."""
    level = Level.DEGRADED if _answering(snapshot) else Level.UNKNOWN
    for view in snapshot.firewalls:
        if isinstance(view.carp, Known):
            continue
        if view.carp.since == 0:
            yield Finding(Level.UNKNOWN, view.name, Kind.NOT_ASKED, f"{view.name} not asked yet")
        elif view.carp.ours:
            continue
        elif view.carp.cause is Cause.UNPROVEN:
            yield Finding(Level.UNKNOWN, view.name, Kind.FIREWALL_UNPROVEN, view.carp.why)
        else:
            message = (
                f"{view.name} does not answer since {clock(view.carp.since)}; {carried(snapshot)}: {view.carp.why}"
            )
            yield Finding(level, view.name, Kind.FIREWALL_LOST, message)


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
        message = (
            f"two CARP masters for {listed(twice)}: {listed(names)}; they do not hear each other, and visitors reach"
            " now one, now the other"
        )
        yield Finding(Level.CRITICAL, "carp", Kind.TWO_MASTERS, message, names)
    nobody = tuple(
        vip.name
        for vip in snapshot.cluster.vips
        if not led[vip.name] and not any(carp.role(vip.address) == UNREAD for _, carp in answering)
    )
    if nobody and len(answering) == len(snapshot.firewalls):
        roles = listed(f"{name} {_roles(snapshot, carp, nobody)}" for name, carp in answering)
        message = f"no firewall is CARP MASTER for {listed(nobody)}: {roles}; nobody answers there"
        yield Finding(Level.CRITICAL, "carp", Kind.NO_MASTER, message, (*names, *nobody))


def other_addresses_are_led(snapshot: Snapshot) -> Iterator[Finding]:
    """Addresses that the inventory does not name: two masters, or a BACKUP on every firewall, are a fault there too.
    INIT is told by interface, and which firewall leads is no matter."""
    answering = _answering(snapshot)
    looks = [view.carp.at for view in snapshot.firewalls if isinstance(view.carp, Known)]
    if len(answering) < len(snapshot.firewalls) or len(answering) < 2 or max(looks) - min(looks) >= TAKES_OVER:
        return
    ours = [vip.address for vip in snapshot.cluster.vips]
    every = dict.fromkeys(one for _, carp in answering for vhid in carp.vhids for one in vhid.addresses)
    others = [one for one in every if not any(same(one, address) for address in ours)]
    twice = [one for one in others if len(_leading(answering, one)) > 1]
    nobody = [one for one in others if all(carp.allow and carp.role(one) == "BACKUP" for _, carp in answering)]
    names = tuple(name for name, _ in answering)
    if twice:
        message = (
            f"two CARP masters for {listed(twice)}, which the inventory does not name: they do not hear each other"
        )
        yield Finding(Level.DEGRADED, twice[0], Kind.TWO_MASTERS, message, names)
    if nobody:
        message = (
            f"every firewall is CARP BACKUP for {listed(nobody)}, which the inventory does not name: nobody answers"
        )
        yield Finding(Level.DEGRADED, nobody[0], Kind.NO_MASTER, message, names)


def _leading(answering: list[tuple[str, Carp]], address: str) -> list[str]:
    return [name for name, carp in answering if carp.allow and carp.role(address) == "MASTER"]


def _roles(snapshot: Snapshot, carp: Carp, vips: tuple[str, ...]) -> str:
    if not carp.allow:
        return "has CARP disabled"
    roles = (carp.role(vip.address) for vip in snapshot.cluster.vips if vip.name in vips)
    return f"is {listed(role or 'without a vhid' for role in roles)}"


def roles_are_read(snapshot: Snapshot) -> Iterator[Finding]:
    """Vhids that can't be read: one may be the one that counts; where it is not, the others stand."""
    for name, carp in _answering(snapshot):
        if carp.unread:
            ours = any(carp.role(vip.address) == UNREAD for vip in snapshot.cluster.vips)
            message = f"the roles of CARP on {name} are not known in part: {'; '.join(carp.unread)}"
            yield Finding(Level.UNKNOWN if ours else Level.DEGRADED, name, Kind.CARP_UNREAD, message)


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
        message = f"CARP roles are split: {where}; answers leave by another firewall than requests came in by"
        yield Finding(Level.DEGRADED, "carp", Kind.SPLIT_ROLES, message, tuple(dict.fromkeys(leads.values())))


def carp_is_on(snapshot: Snapshot) -> Iterator[Finding]:
    """Reasons why a firewall can't take over, or gives up its role."""
    for name, carp in _answering(snapshot):
        if not carp.allow:
            message = f"CARP is disabled on {name}: it takes over nothing (net.inet.carp.allow is 0)"
            yield Finding(Level.DEGRADED, name, Kind.CARP_DISABLED, message)
        down = [vhid for vhid in carp.vhids if vhid.role == "INIT"]
        if carp.allow and down:
            yield _init(snapshot, name, down)
        if carp.demotion:
            yield _demotion(snapshot, name, carp)
        if mode := maintained(snapshot, name):
            message = f"{name} is in persistent CARP maintenance mode{mode.words}: it stays BACKUP, also after a reboot"
            yield Finding(Level.DEGRADED, name, Kind.MAINTENANCE, message)


def addresses_are_carried(snapshot: Snapshot) -> Iterator[Finding]:
    """An address that CARP carries on one firewall, and on another not at all: that one can't take it over."""
    answering = _answering(snapshot)
    for name, carp in answering:
        lacks = [
            vip.name
            for vip in snapshot.cluster.vips
            if carp.role(vip.address) is None and any(other.role(vip.address) for _, other in answering)
        ]
        if carp.allow and lacks:
            message = f"{name} has no vhid with the address of {listed(lacks)}: it takes over nothing there"
            yield Finding(Level.DEGRADED, name, Kind.NO_VHID, message)


def _init(snapshot: Snapshot, name: str, down: list[Vhid]) -> Finding:
    whys: dict[str, dict[str, None]] = {}
    for vhid in down:
        whys.setdefault(_why_init(vhid), {})[vhid.interface] = None
    message = "CARP is INIT on " + listed(f"{listed(those)} of {name}, which {why}" for why, those in whys.items())
    if _spare(snapshot, name, down):
        others = listed(other for other, _ in _answering(snapshot) if other != name)
        message += f", as on {others}: no address of the inventory is there"
        return Finding(Level.NOTE, name, Kind.CARP_INIT, message)
    return Finding(Level.DEGRADED, name, Kind.CARP_INIT, f"{message}: it leads nothing there")


def _why_init(vhid: Vhid) -> str:
    if not vhid.on:
        return "is off"
    if vhid.link.startswith(("no carrier", "inactive")):
        reason = vhid.link.partition("(")[2].rstrip(")")
        return f"has no link ({reason})" if reason else "has no link"
    return f"is on and has a link ({vhid.link})" if vhid.link else "does not tell whether it has a link"


def _spare(snapshot: Snapshot, name: str, down: list[Vhid]) -> bool:
    """INIT alike on every firewall, and none of it carries an address of the inventory: it is not used."""
    others = {other: carp for other, carp in _answering(snapshot) if other != name}
    if not snapshot.cluster.vips or not others or len(others) + 1 < len(snapshot.firewalls):
        return False
    ours = [vip.address for vip in snapshot.cluster.vips]
    return not any(same(one, address) for vhid in down for one in vhid.addresses for address in ours) and all(
        any((one.vhid, one.addresses, one.role) == (vhid.vhid, vhid.addresses, "INIT") for one in carp.vhids)
        for vhid in down
        for carp in others.values()
    )


FACTOR = 240
"""The kernel demotes by this for each fault that it sees: a link, what can't be sent, a pfsync that is behind."""


def _demotion(snapshot: Snapshot, name: str, carp: Carp) -> Finding:
    """Judge by the roles: demotion alone moves nobody."""
    down = [vhid for vhid in carp.vhids if vhid.role == "INIT"]
    by_hand = ", by hand or by a script" if carp.demotion < 0 or carp.demotion % FACTOR else ""
    if carp.demotion < 0:
        message = f"the demotion of {name} is {carp.demotion}{by_hand}: a fault there may not make it give up its role"
        return Finding(Level.DEGRADED, name, Kind.DEMOTION, message)
    others = {other: its.demotion for other, its in _answering(snapshot) if other != name}
    alike = down and _spare(snapshot, name, down) and {*others.values()} == {carp.demotion}
    level = Level.NOTE if alike else Level.DEGRADED
    if "MASTER" in roles(snapshot, carp):
        message = f"{name} is demoted by {carp.demotion}{by_hand}{',' * bool(by_hand)} and leads all the same"
        as_much = [f"{other} is demoted by {its}" for other, its in others.items() if its >= carp.demotion]
        if others:
            message += f": {listed(as_much) or f'{listed(others)} has not taken over'}"
        return Finding(level, name, Kind.DEMOTED_MASTER, message)
    lead = master(snapshot)
    why = by_hand or f": {_why_demoted(carp)}"
    return Finding(
        level, name, Kind.DEMOTION, f"{name} is demoted by {carp.demotion}{why}{f', and {lead} leads' * bool(lead)}"
    )


def _why_demoted(carp: Carp) -> str:
    if any(vhid.role == "INIT" for vhid in carp.vhids):
        return "an interface with a CARP address is not up"
    if carp.pfsync == "behind":
        return "it has not got the states of connections yet"
    return "it could not send there, or somebody has set that by hand"


def configs_are_known(snapshot: Snapshot) -> Iterator[Finding]:
    """A firewall that answers, and does not say all that it will do later."""
    for view in snapshot.firewalls:
        if isinstance(view.carp, Known) and isinstance(view.config, Unknown) and view.config is not NOT_ASKED:
            message = f"config.xml of {view.name} is not known: {view.config.why}"
            yield Finding(Level.UNKNOWN, view.name, Kind.CONFIG_UNKNOWN, message)
        config = config_of(snapshot, view.name)
        if config and config.odd:
            message = f"config.xml of {view.name} is not known in part ({len(config.odd)}): {config.odd[0]}"
            yield Finding(Level.UNKNOWN, view.name, Kind.CONFIG_UNKNOWN, message)


def states_are_synced(snapshot: Snapshot) -> Iterator[Finding]:
    """pfsync sends the states of connections to the peer. Off on both is a choice; off on one is a fault."""
    answering = _answering(snapshot)
    for name, carp in answering:
        if carp.pfsync == "behind":
            message = (
                f"{name} has not got the states of connections from its peer: pfsync has syncok 0. A failover to it"
                " ends those that don't go through the load balancer"
            )
            yield Finding(Level.DEGRADED, name, Kind.PFSYNC_BEHIND, message)
    off = [name for name, carp in answering if carp.pfsync not in ("on", "behind")]
    if off:
        level = Level.NOTE if len(off) == len(answering) else Level.DEGRADED
        message = (
            f"pfsync is off on {listed(off)}: a failover ends the connections that don't go through the load balancer"
        )
        yield Finding(level, "pfsync", Kind.PFSYNC_OFF, message, tuple(off))


def versions_are_alike(snapshot: Snapshot) -> Iterator[Finding]:
    """pfSense's own sync stops between versions of the configuration."""
    configs = [(view.name, config) for view in snapshot.firewalls if (config := config_of(snapshot, view.name))]
    if len({config.version for _, config in configs}) > 1:
        told = listed(f"{name} {config.version}" for name, config in configs)
        message = (
            f"the firewalls have different configuration versions ({told}): pfSense's own sync is off until both have"
            " the same. The HAProxy package's sync is not"
        )
        yield Finding(Level.DEGRADED, "sync", Kind.VERSIONS_DIFFER, message, tuple(name for name, _ in configs))


def releases_are_alike(snapshot: Snapshot) -> Iterator[Finding]:
    """Two releases of pfSense: as it should be only while one firewall after the other is upgraded."""
    boxes = {view.name: view.box.value.version for view in snapshot.firewalls if isinstance(view.box, Known)}
    if len(set(boxes.values())) > 1:
        told = listed(f"{name} runs {version}" for name, version in boxes.items())
        yield Finding(Level.NOTE, "sync", Kind.RELEASES_DIFFER, f"two releases of pfSense: {told}", tuple(boxes))


def upgrades_are_finished(snapshot: Snapshot) -> Iterator[Finding]:
    """An upgrade that runs, and one that has stopped half-way and goes on at the next boot."""
    for view in snapshot.firewalls:
        if not isinstance(view.upgrade, Known):
            continue
        upgrade = view.upgrade.value
        if upgrade.running:
            yield Finding(Level.NOTE, view.name, Kind.UPGRADING, f"{view.name} is being upgraded")
        elif upgrade.stage:
            message = (
                f"the upgrade of {view.name} is not finished: stage {upgrade.stage} waits for its next boot, and it"
                f" runs {upgrade.version}"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.UPGRADE_UNFINISHED, message)


def configs_are_alike(snapshot: Snapshot) -> Iterator[Finding]:
    """A difference between the firewalls becomes a change of behaviour at a failover."""
    state = sync(snapshot)
    if state.equal is False:
        message = f"{state.message}: after a failover the other one does otherwise"
        yield Finding(
            Level.DEGRADED, "sync", Kind.SYNC_DIFFERS, message, tuple(view.name for view in snapshot.firewalls)
        )
    for view in snapshot.firewalls:
        notices: tuple[str, ...] = view.box.value.sync_notices if isinstance(view.box, Known) else ()
        for latest in notices[-1:]:
            more = f" ({counted(len(notices), 'notice')})" if len(notices) > 1 else ""
            if state.equal:
                message = f"a configuration sync of {view.name} failed once{more}, and both are alike now: {latest}"
                yield Finding(Level.NOTE, view.name, Kind.SYNC_NOTICE, message)
            else:
                message = f"a configuration sync of {view.name} failed{more}: {latest}"
                yield Finding(Level.DEGRADED, view.name, Kind.SYNC_NOTICE, message)


def no_change_is_lost(snapshot: Snapshot) -> Iterator[Finding]:
    """Changes made by hand on the firewall that receives, and overwritten by the next sync."""
    for view in snapshot.firewalls:
        config = config_of(snapshot, view.name)
        if config and config.overwritten:
            message = f"a sync overwrote what was changed on {view.name} itself: {config.overwritten}"
            yield Finding(Level.DEGRADED, view.name, Kind.SYNC_OVERWROTE, message)


def all_is_applied(snapshot: Snapshot) -> Iterator[Finding]:
    """Changes made in the web interface that take effect with whoever applies next, or at a boot."""
    balancer = balancer_of(snapshot.cluster).subsystem
    for view in snapshot.firewalls:
        waiting = list(view.box.value.unapplied) if isinstance(view.box, Known) else []
        if isinstance(view.pools, Known) and view.pools.value.dirty and balancer not in waiting:
            waiting.append(balancer)
        if waiting:
            message = f"changes on {view.name} that nobody has applied yet: {listed(waiting)}"
            yield Finding(Level.NOTE, view.name, Kind.UNAPPLIED, message)


def links_are_whole(snapshot: Snapshot) -> Iterator[Finding]:
    """Network cards that carry together, of which one is lost."""
    for view in snapshot.firewalls:
        laggs = view.carp.value.laggs if isinstance(view.carp, Known) else ()
        if lost := [message for one in laggs if (message := lagg_lacks(one))]:
            message = f"{view.name} has lost a part of its network: {listed(lost)}"
            yield Finding(Level.DEGRADED, view.name, Kind.BOND, message)


RULES = (
    *(masters, other_addresses_are_led, unreachable, roles_are_read, one_firewall_leads, carp_is_on),
    *(addresses_are_carried, links_are_whole),
)
CONFIGURED = (
    *(configs_are_known, versions_are_alike, configs_are_alike, no_change_is_lost, states_are_synced),
    *(all_is_applied, releases_are_alike, upgrades_are_finished),
)
"""Rules about what a failover would show. They come after the rules about the pools, which name who gets traffic and
should not."""
