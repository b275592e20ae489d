"""The plan of a rolling patch, a machine a row: what waits, versions now and then, and what its absence would mean."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import takewhile
from typing import NamedTuple

from console.health.facts.ist import ist_window
from console.health.hosts import hardware_lacks
from console.operations.guards import Objection, Override, busy_without
from console.operations.procedures.packages import taken
from console.operations.procedures.patching import NO_PACKAGES, REBOOT, SOAK, wanted
from console.operations.procedures.steps import Options, Table, Usual
from console.probes.hosts.devices import BOOT as BOOT_PATH
from console.probes.hosts.updates import Package, Updates
from console.probes.snapshot import Known, NodeView, Snapshot
from console.text import counted, listed, percent, size, span

MYSQL = re.compile(
    r"(?i)(?:(?:mariadb|mysql|mysql-community|percona-server|percona-xtradb-cluster)-server(?:-[0-9.]+)?"
    r"|percona-xtradb-cluster(?:-full)?(?:-[0-9.]+)?|mysql-wsrep(?:-server)?(?:-[0-9.]+)?)"
)
GLUSTER, APACHE = re.compile(r"glusterfs-server"), re.compile(r"apache2|httpd")
KERNEL = re.compile(r"linux-image-.+|kernel(?:-core)?")
UNTOLD = "?"
PACKAGES, BOOT, START, AROUND = 300.0, 180.0, 120.0, 120.0
"""Seconds that a guess takes for the packages, a boot or a start of the services, and what is before and after it."""


class Reboot(Enum):
    """The answer to "is it rebooted", with the words of its cell."""

    YES, NO = "yes", "no"
    """By a person's choice."""
    NEEDED = "needed"
    IF_ASKED = "if asked"
    """Only if a package asks for it."""
    NOT_TOLD = "yes, untold"
    """The node can't tell."""
    UNKNOWN = UNTOLD


class Absence(NamedTuple):
    """Seconds for which MySQL of a node will be away."""

    seconds: float
    guessed: bool
    """No earlier run of this node has told."""

    def __str__(self) -> str:
        return f"{'~' if self.guessed else ''}{span(self.seconds)}"


def absence(snapshot: Snapshot, node: str, options: Options, usual: Usual) -> Absence:
    """By the last run that took the node away; else a guess."""
    if node in usual:
        return Absence(usual[node], guessed=False)
    installs = 0.0 if options.get(NO_PACKAGES) else PACKAGES
    boots = _reboots(snapshot.node(node), snapshot, options) not in (Reboot.NO, Reboot.IF_ASKED)
    return Absence(installs + (BOOT if boots else START), guessed=True)


def tables(snapshot: Snapshot, options: Options, usual: Usual) -> tuple[Table, ...]:
    """The packages, the absence, and the room: on the node, and on those that stay meanwhile."""
    nodes = wanted(snapshot.cluster, options)
    views = [snapshot.node(name) for name in nodes]
    told = (
        ("node", "updates", "reboot", "MySQL", "Gluster"),
        *((view.name, *_updates(view, snapshot, options)) for view in views),
    )
    away = (
        ("node", "Apache", "kernel", "away", "IST for"),
        *((view.name, *_away(view, snapshot, options, usual)) for view in views),
    )
    room = (
        ("node", "room", "/boot", "busy", "visitors", "disks", "RAID, bonds"),
        *((view.name, *_room(view), *_others(view.name, snapshot)) for view in views),
    )
    return told, away, room


def notes(snapshot: Snapshot, options: Options, usual: Usual) -> tuple[str, ...]:
    """Time, order and words that need telling, in sentences."""
    nodes = wanted(snapshot.cluster, options)
    each = [absence(snapshot, node, options, usual) for node in nodes]
    whole = sum(one.seconds + AROUND for one in each) + float(options.get(SOAK, 0)) * len(nodes)
    guesses = [node for node, one in zip(nodes, each, strict=True) if one.guessed]
    why = f"; ~ is a guess, as no earlier run tells of {listed(guesses)}" if guesses else ", as earlier runs took"
    writer = options.get("writer")
    write = snapshot.cluster.patch.write
    beside = f" Meanwhile MySQL's writer gets a write a second: {write.statement}" if write else ""
    role = f" {writer} is MySQL's writer: the role moves off it before its turn." if writer in nodes else ""
    return (
        f"One after the other, in this order, about {span(whole)} in all{why}.{role}{beside}",
        '"IST for": how long the node may be away before Galera needs a full copy. '
        'Columns from "busy" on are of the nodes that go on serving.',
        *_faults(snapshot, nodes),
    )


def _taken(view: NodeView, snapshot: Snapshot, options: Options) -> tuple[Package, ...] | None:
    if not isinstance(view.updates, Known):
        return None
    return () if options.get(NO_PACKAGES) else taken(snapshot.cluster, view.updates.value, options)


def _updates(view: NodeView, snapshot: Snapshot, options: Options) -> Iterator[str]:
    packages = _taken(view, snapshot, options)
    yield UNTOLD if packages is None else _counted(packages, view)
    yield _reboots(view, snapshot, options).value
    yield _change(packages, MYSQL, view.member.value.version if isinstance(view.member, Known) else "")
    yield _change(packages, GLUSTER)


def _counted(packages: tuple[Package, ...], view: NodeView) -> str:
    """41 (7 security), and those that stay."""
    waits: Updates | None = view.updates.value if isinstance(view.updates, Known) else None
    urgent = sum(bool(one.security) for one in packages)
    told = "" if waits is None or waits.security is None else f" ({urgent} security)"
    left = len(waits.packages) - len(packages) if waits else 0
    return f"{len(packages)}{told if packages else ''}{f', {left} stay' if left else ''}"


def _reboots(view: NodeView, snapshot: Snapshot, options: Options) -> Reboot:
    choice = options.get(REBOOT, "auto")
    if choice != "auto":
        return Reboot.YES if choice == "always" else Reboot.NO
    if not isinstance(view.updates, Known):
        return Reboot.UNKNOWN
    required = view.updates.value.reboot_required
    if required or any(KERNEL.fullmatch(one.plain) for one in _taken(view, snapshot, options) or ()):
        return Reboot.NEEDED
    return Reboot.NOT_TOLD if required is None else Reboot.IF_ASKED


def _change(packages: tuple[Package, ...] | None, names: re.Pattern[str], now: str = "") -> str:
    """8.0.36 -> 37; "same" where it is not among the updates."""
    if packages is None:
        return UNTOLD
    found = next((one for one in packages if names.fullmatch(one.plain)), None)
    return "same" if found is None else changed(found.now or now, found.then)


def changed(now: str, then: str) -> str:
    """Two versions in short: without epoch, without build where that is the same, and of the new one the new part."""
    now, then = (version.partition(":")[2] or version for version in (now, then))
    if not now:
        return f"to {_upstream(then)}"
    old, new = _upstream(now), _upstream(then)
    if old == new:
        return f"{old} -> {_rest(now, then)}"
    return f"{old} -> {_rest(old, new)}"


def _upstream(version: str) -> str:
    return re.split(r"[-+~]", version)[0]


def _rest(now: str, then: str) -> str:
    """The part of the new version from the first difference on, back to a whole word."""
    same = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(now, then, strict=False)))
    return then[len(re.sub(r"[A-Za-z0-9]+$", "", same)) :] or then


def _away(view: NodeView, snapshot: Snapshot, options: Options, usual: Usual) -> Iterator[str]:
    packages = _taken(view, snapshot, options)
    yield _change(packages, APACHE)
    kernel = next((one for one in packages or () if KERNEL.fullmatch(one.plain)), None)
    running = view.updates.value.kernel if isinstance(view.updates, Known) else UNTOLD
    yield changed(running, kernel.then) if kernel else "same" if packages is not None else UNTOLD
    yield str(absence(snapshot, view.name, options, usual))
    yield _window(snapshot, view.name) if snapshot.cluster.mysql else "no MySQL"


def _room(view: NodeView) -> Iterator[str]:
    """On / for packages, and in /boot for a kernel: the same where /boot is no file system of its own."""
    spaces = {one.path: one for one in view.devices.value.filesystems} if isinstance(view.devices, Known) else {}
    root = spaces.get("/")
    for one in (root, spaces.get(BOOT_PATH, root)):
        yield UNTOLD if one is None else size(one.free)


def _others(node: str, snapshot: Snapshot) -> Iterator[str]:
    """Those that stay: busy with its visitors too, whether these fit, the fullest disk, and their hardware."""
    busy = busy_without(snapshot, node)
    yield UNTOLD if busy is None else percent(busy)
    yield UNTOLD if busy is None else "fit" if busy < 1 else "too many"
    stay = [view.devices for view in snapshot.nodes if view.name != node]
    told = [one.value for one in stay if isinstance(one, Known)]
    unknown = len(told) < len(stay)
    used = max((space.used for devices in told for space in devices.filesystems), default=None)
    yield UNTOLD if unknown or used is None else f"{used}% full"
    faults = sum(len(hardware_lacks(devices)) for devices in told)
    yield counted(faults, "fault") if faults else UNTOLD if unknown else "whole" if told else "none"


def _faults(snapshot: Snapshot, nodes: Sequence[str]) -> Iterator[str]:
    """The hardware of each node that stays while another one is out, where it is not whole."""
    for view in snapshot.nodes:
        faults = hardware_lacks(view.devices.value) if isinstance(view.devices, Known) else ()
        if faults and any(one != view.name for one in nodes):
            yield f"{view.name} stays while others are out, and is not whole: {listed(faults)}."


def _window(snapshot: Snapshot, node: str) -> str:
    window = ist_window(snapshot, node)
    if window.seconds is not None:
        return span(window.seconds)
    return {True: "no end", False: "nobody", None: UNTOLD}[window.possible]


def too_long(snapshot: Snapshot, options: Options, usual: Usual) -> Iterator[Objection]:
    """An absence that outlasts the window in which Galera can bring the node back without a full copy."""
    for node in wanted(snapshot.cluster, options) if snapshot.cluster.mysql else ():
        window, away = ist_window(snapshot, node), absence(snapshot, node, options, usual)
        if window.seconds is not None and window.seconds < away.seconds:
            expected = "may be" if away.guessed else "was last time"
            saw = f"{node} comes back by IST for {span(window.seconds)}, and its MySQL {expected} away {away}"
            clears = "A full copy (SST) would follow: raise gcache.size, or say yes"
            yield Objection(node, saw, clears, Override.CONFIRM)


def shown(rows: Table, width: int) -> Iterator[str]:
    """A table in lines, its columns as wide as they must be, and cut where there is no room."""
    wide = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(text.ljust(room) for text, room in zip(row, wide, strict=True)).rstrip()[:width]
