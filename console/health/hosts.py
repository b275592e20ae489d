"""The nodes as machines: whether they answer, and what they run short of."""

from collections.abc import Iterator

from console.health.facts.clocks import offsets
from console.health.facts.membership import Place, node_of, place, pools_of, sending
from console.health.finding import Finding, Kind, Level
from console.health.pools import serving
from console.probes.hosts.devices import Devices
from console.probes.hosts.hardware import NO_PARTNER, NONE, Array, Bond
from console.probes.hosts.system import APACHE_UNITS, GLUSTER_UNITS, MYSQL_UNITS, one_of
from console.probes.snapshot import Cause, Known, Snapshot
from console.text import clock, counted, doing, listed, size, span

LOAD = 2.0
"""Load a core, over a minute."""
FULL, VERY_FULL = 0.90, 0.95
"""Shares of a file system that are used."""
ROOM = 10 << 30
"""Bytes that are enough for a while on a file system that is FULL by its share alone."""
MIN_FREE = 0.05
"""Share of inodes, or of memory, below which what is left goes fast."""
APART, FAR_APART = 5.0, 60.0
"""Seconds between clocks. An answer that was long under way makes a few."""
VITAL = (*MYSQL_UNITS, *GLUSTER_UNITS, *APACHE_UNITS)


def nodes_answer(snapshot: Snapshot) -> Iterator[Finding]:
    """An unreachable node, with who still serves. CRITICAL while visitors are sent to it."""
    for view in snapshot.nodes:
        if isinstance(view.host, Known) or view.host.ours:
            continue
        if view.host.since == 0:
            yield Finding(Level.UNKNOWN, view.name, Kind.NOT_ASKED, f"{view.name} not asked yet")
            continue
        if view.host.cause is Cause.UNPROVEN:
            yield Finding(Level.UNKNOWN, view.name, Kind.UNPROVEN, view.host.why)
            continue
        still = [name for name in serving(snapshot) if _serves(snapshot, name)]
        rest = doing(still, "still serves", "still serve") if still else "nobody is known to serve"
        sends = sending(snapshot, view.name)
        lead = f"{view.name} does not answer since {clock(view.host.since)}"
        if sends:
            lead += f"; {doing(sends, 'still sends', 'still send')} it visitors"
        elif place(snapshot, view.name) is Place.OUT:
            lead += ", and it is out"
        level = Level.CRITICAL if sends and not _page_checked(snapshot, view.name) else Level.DEGRADED
        yield Finding(level, view.name, Kind.LOST, f"{lead}: {rest}; {view.host.why}")


def _page_checked(snapshot: Snapshot, name: str) -> bool:
    """A firewall's own check has read a page of it: it serves, whatever keeps us away."""
    node = node_of(snapshot.cluster, name)
    pools = [pools for one in sending(snapshot, name) if (pools := pools_of(snapshot, one))]
    return any(server.serving and server.check.startswith("L7OK") for each in pools for server in each.of(node))


def _serves(snapshot: Snapshot, name: str) -> bool:
    """It answers, and its check URL is not known to fail. That the firewall still sends it visitors is not enough: its
    check may take a moment, or look at less. In the seconds after a loss the others' sites wait for Galera and Gluster
    to give the lost one up, which is no reason to say that nobody serves."""
    view = snapshot.node(name)
    return isinstance(view.host, Known) and not (isinstance(view.site, Known) and not view.site.value.serves)


def load_is_bearable(snapshot: Snapshot) -> Iterator[Finding]:
    """More wants to run than there are cores for."""
    for view in snapshot.nodes:
        if isinstance(view.host, Known) and view.host.value.load > LOAD * view.host.value.cores:
            host = view.host.value
            message = f"load of {view.name} is {host.load:.1f} on {counted(host.cores, 'core')}: it answers slowly"
            yield Finding(Level.NOTE, view.name, Kind.LOAD, message)


def memory_is_left(snapshot: Snapshot) -> Iterator[Finding]:
    """Memory that runs short. When none is left the kernel first ends the largest process: MySQL."""
    for view in snapshot.nodes:
        if not isinstance(view.host, Known) or not view.host.value.memory_total:
            continue
        host = view.host.value
        if host.memory_available < host.memory_total * MIN_FREE:
            swap = f", {size(host.swap_used)} in swap" if host.swap_used else ""
            message = f"{view.name} has {size(host.memory_available)} of {size(host.memory_total)} memory left{swap}"
            yield Finding(Level.DEGRADED, view.name, Kind.MEMORY, message)


def scarce(total: int, free: int) -> bool:
    """Nearly full, by share, and by room where the share says little."""
    return free < total * (1 - VERY_FULL) or (free < total * (1 - FULL) and free < ROOM)


def _devices(snapshot: Snapshot) -> Iterator[tuple[str, Devices]]:
    for view in snapshot.nodes:
        if isinstance(view.devices, Known) and isinstance(view.host, Known):
            yield view.name, view.devices.value


def there_is_room(snapshot: Snapshot) -> Iterator[Finding]:
    """A full datadir stops MySQL; a full / stops nearly everything else."""
    for name, devices in _devices(snapshot):
        full = [
            f"{one.path} has {size(one.free)} of {size(one.size)}"
            for one in devices.filesystems
            if scarce(one.size, one.free)
        ]
        if full:
            yield Finding(Level.DEGRADED, name, Kind.DISK_FULL, f"{name} is nearly full: {listed(full)} left")
        few = [one for one in devices.filesystems if one.inodes and one.inodes_free < one.inodes * MIN_FREE]
        if few:
            left = listed(f"{one.path} has {one.inodes_free} of {one.inodes}" for one in few)
            message = f"{name} has few inodes left: {left}: no new file can be made without one"
            yield Finding(Level.DEGRADED, name, Kind.INODES_FULL, message)


def data_are_found(snapshot: Snapshot) -> Iterator[Finding]:
    """MySQL's own disk is watched only if its path is right."""
    for name, devices in _devices(snapshot):
        if devices.missing:
            where = listed(devices.missing)
            message = f"a data directory of {name} is not there, or closed to this login: {where} is not watched"
            yield Finding(Level.DEGRADED, name, Kind.DATADIR_MISSING, message)


def hardware_lacks(devices: Devices) -> tuple[str, ...]:
    """The losses of redundant hardware, each in a few words."""
    raid = devices.raid
    controller = {
        None: ("the RAID controller is not known",),
        False: ("the RAID controller reports a fault",),
        True: (),
    }
    return (
        *_network_lacks(devices),
        *_arrays_lack(devices),
        *(controller[raid.ok] if raid is not None else ()),
    )


def _network_lacks(devices: Devices) -> tuple[str, ...]:
    bonds = (message for bond in devices.bonds if (message := bond_lacks(bond)))
    return (*bonds, *(f"{port} has no link" for port in devices.idle_ports))


def _arrays_lack(devices: Devices) -> tuple[str, ...]:
    return tuple(message for array in devices.arrays if (message := array_lacks(array)))


def hardware_is_whole(snapshot: Snapshot) -> Iterator[Finding]:
    """Redundant hardware of a machine that has lost its other half."""
    for name, devices in _devices(snapshot):
        if bonds := _network_lacks(devices):
            yield Finding(Level.DEGRADED, name, Kind.BOND, f"{name} has lost a part of its network: {listed(bonds)}")
        if arrays := _arrays_lack(devices):
            yield Finding(Level.DEGRADED, name, Kind.ARRAY, f"{name} has lost a part of its RAID: {listed(arrays)}")
        raid = devices.raid
        if raid is not None and not raid.ok:
            first = raid.lines[0] if raid.lines else "no line says more"
            state = "is not known" if raid.ok is None else "reports a fault"
            message = f"the RAID controller of {name} {state}: {first}"
            yield Finding(Level.DEGRADED, name, Kind.RAID, message)


def bond_lacks(bond: Bond) -> str:
    """The loss of a bond of network cards, or ""."""
    down = [slave.name for slave in bond.slaves if not slave.up]
    if not bond.up:
        return f"bond {bond.name} is down"
    if not bond.slaves:
        return f"bond {bond.name} has no card"
    if bond.active == NONE:
        return f"bond {bond.name} has no active card: nothing is carried"
    if bond.aggregator == NONE:
        rest = f"it carries nothing, and {doing(down, 'has', 'have')} no link"
        what = rest if down else "its cards have links and carry nothing"
        return f"bond {bond.name} has no active aggregator (LACP): {what}"
    if down:
        return f"{listed(down)} of bond {bond.name} {'has' if len(down) == 1 else 'have'} no link, the rest carries on"
    if len(bond.slaves) == 1:
        return f"bond {bond.name} has one card, {bond.slaves[0].name}: none stands in for it"
    if not bond.watched:
        return f"bond {bond.name} does not watch its links (miimon 0): it would not notice a dead one"
    groups = list(dict.fromkeys(slave.aggregator for slave in bond.slaves if slave.aggregator))
    idle = [slave for slave in bond.slaves if bond.aggregator and slave.aggregator not in ("", bond.aggregator)]
    if idle:
        where = f"in aggregator {listed(slave.aggregator for slave in idle)}, the active one is {bond.aggregator}"
        names = [slave.name for slave in idle]
        message = ("has link and carries nothing: it is", "have link and carry nothing: they are")[len(names) > 1]
        return f"{listed(names)} of bond {bond.name} {message} {where}"
    if len(groups) > 1:
        return f"the cards of bond {bond.name} are in aggregators {listed(groups)}, and one alone carries traffic"
    if bond.partner == NO_PARTNER:
        return f"bond {bond.name} has no partner (LACP): the switch does not answer, and one card carries all"
    return ""


def array_lacks(array: Array) -> str:
    """The loss of an array, or ""; an array that is only read has none."""
    if array.state in ("clean", "read-only", "container") and array.working >= array.devices:
        if array.failed:
            return f"{array.name} is whole and holds {listed(array.failed)}, which has failed: replace it"
        return ""
    recovery = f", {array.recovery}" if array.recovery else ""
    return f"{array.name} is {array.state}, {array.working} of {counted(array.devices, 'device')}{recovery}"


def teams_are_not_read(snapshot: Snapshot) -> Iterator[Finding]:
    """Teams of network cards, of which the links alone are looked at here."""
    for name, devices in _devices(snapshot):
        if devices.teams:
            teams = listed(devices.teams)
            message = f"whether each link of {teams} on {name} carries is not known: name them in `teams`"
            yield Finding(Level.NOTE, name, Kind.DEVICES_UNKNOWN, message)


def units_run(snapshot: Snapshot) -> Iterator[Finding]:
    """Units that systemd gave up. A failed unit of the site's own services is more than a note."""
    for name, devices in _devices(snapshot):
        if devices.failed_units:
            vital = any(one_of(unit, VITAL) or unit.endswith(".mount") for unit in devices.failed_units)
            message = (
                f"{counted(len(devices.failed_units), 'unit')} failed on {name}: {listed(devices.failed_units[:4])}"
            )
            yield Finding(Level.DEGRADED if vital else Level.NOTE, name, Kind.FAILED_UNITS, message)


def clocks_agree(snapshot: Snapshot) -> Iterator[Finding]:
    """Logs are read, and certificates and logins judged, by them."""
    apart = {name: by for name, by in offsets(snapshot).items() if abs(by) > APART}
    if apart:
        told = listed(f"{name} is {span(abs(by))} {'ahead' if by > 0 else 'behind'}" for name, by in apart.items())
        level = Level.DEGRADED if max(abs(by) for by in apart.values()) > FAR_APART else Level.NOTE
        message = f"the clocks are apart: {told}; logs don't match, and time-limited logins may fail"
        yield Finding(level, "clocks", Kind.CLOCKS, message, tuple(apart))


def no_machine_twice(snapshot: Snapshot) -> Iterator[Finding]:
    """Two machines that were copied from one: known_hosts can't tell them apart, nor can whatever goes by the id."""
    told = {
        view.name: view.identity.value
        for view in (*snapshot.firewalls, *snapshot.nodes)
        if isinstance(view.identity, Known)
    }
    for what, field in (("machine_id", "machine_id"), ("host key", "host_key")):
        by_value: dict[str, list[str]] = {}
        for name, identity in told.items():
            by_value.setdefault(getattr(identity, field), []).append(name)
        for value, names in by_value.items():
            if value and len(names) > 1 and len({told[name].boot for name in names}) == len(names):
                message = f"{listed(names)} have the same {what}: one is a copy of the other; give each its own"
                yield Finding(Level.NOTE, f"{what} of {listed(names)}", Kind.CLONES, message, tuple(names))


def console_is_elsewhere(snapshot: Snapshot) -> Iterator[Finding]:
    """The console runs on a machine of the cluster, so that it can't reboot it."""
    for view in (*snapshot.firewalls, *snapshot.nodes):
        if isinstance(view.identity, Known) and view.identity.value.here:
            message = f"this console runs on {view.name}: it is lost when {view.name} is, and can't reboot it"
            yield Finding(Level.NOTE, view.name, Kind.CONSOLE_HERE, message)


def up_to_date(snapshot: Snapshot) -> Iterator[Finding]:
    """Updates and reboots that can wait for the next maintenance."""
    known = [(view.name, view.updates.value) for view in snapshot.nodes if isinstance(view.updates, Known)]
    waiting = [(name, updates) for name, updates in known if updates.pending]
    if waiting:
        told = listed(
            f"{name} {one.pending}{f' ({one.security} for security)' if one.security else ''}" for name, one in waiting
        )
        yield Finding(Level.NOTE, "nodes", Kind.UPDATES, f"updates wait: {told}", tuple(name for name, _ in waiting))
    for name, one in known:
        if one.half_done:
            message = f"packages on {name} are half installed: {one.manager} says {one.half_done}"
            yield Finding(Level.DEGRADED, name, Kind.PACKAGES_HALF_DONE, message)
        if one.others:
            message = f"{name} has {listed(one.others)} beside {one.manager}: only {one.manager} is asked for updates"
            yield Finding(Level.NOTE, name, Kind.PACKAGE_MANAGERS, message)
    reboot = tuple(name for name, updates in known if updates.reboot_required)
    if reboot:
        message = f"{doing(reboot, 'waits', 'wait')} for a reboot, to run what was updated"
        yield Finding(Level.NOTE, "nodes", Kind.REBOOT_REQUIRED, message, reboot)


RULES = (
    there_is_room,
    data_are_found,
    memory_is_left,
    hardware_is_whole,
    teams_are_not_read,
    units_run,
    clocks_agree,
    load_is_bearable,
    no_machine_twice,
    console_is_elsewhere,
    up_to_date,
)
"""Rules beside `nodes_answer`: an unreachable machine comes before what the others make of it."""
