"""The operating system of a node: which boot this is, its load, memory and clock, and which services are up."""

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from console.probes.ask import Ran, Run, Unreadable
from console.probes.hosts.clocks import looked
from console.probes.parsing import lines_of, ran, told
from console.probes.question import Cadence, Question, Subject
from console.text import quoted

MYSQL_UNITS = (
    *("mariadb.service", "mysql.service", "mysqld.service", "mysql@bootstrap.service"),
    *("mariadb@*.service", "mysql@*.service", "mysqld@*.service"),
)
"""The last are patterns, which systemctl understands: a server started as mysql@NAME."""
GLUSTER_UNITS = ("glusterd.service", "glusterfs-server.service")
"""The second: Debian's, Proxmox's and the PPA's packages up to 3.12."""
APACHE_UNITS = ("apache2.service", "httpd.service")
UNITS = MYSQL_UNITS + GLUSTER_UNITS + APACHE_UNITS
ALWAYS = "basic.target"
"""A unit that every systemd has loaded: without it a list is none. systemd drops the others when they are stopped and
not enabled."""
AS_WORDS = ("--plain", "--no-legend", "--no-pager", "--full")
"""Options of `systemctl list-units`. `show` costs a node twice as much: it looks for every unit that is not loaded."""

BOOT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Host:
    """`boot_id` is the proof of a reboot: it changes in containers too, where uptime does not."""

    boot_id: str
    load: float
    """Over the last minute."""
    cores: int
    """Processors that are online."""
    uptime: float = field(compare=False)
    """Seconds."""
    memory_total: int = 0
    """Bytes, as are the next two."""
    memory_available: int = 0
    """Memory that programs can get before anything swaps, in steps of a hundredth of the total: it moves at every
    look."""
    swap_used: int = 0
    clock: float = field(default=0.0, compare=False)
    """The machine's Unix time minus the console's monotonic seconds, as the best of the last looks tells: two machines'
    differ as their clocks do."""
    clocks: tuple[float, ...] = field(default=(), compare=False)
    """Each of those looks, see `console.probes.hosts.clocks`."""


@dataclass(frozen=True)
class Services:
    """`active` are the units like UNITS that run or are on their way up or down; `bricks` the glusterfsd processes."""

    active: tuple[str, ...]
    settling: tuple[str, ...]
    """Units of `active` that are activating or deactivating."""
    bricks: int
    stopped: tuple[str, ...] = ()
    """Units that systemd has loaded, and that are stopped or have failed."""
    unread: tuple[str, ...] = ()
    """Lines that can't be read. A unit in a state that is not known counts as settling."""

    def running(self, units: tuple[str, ...]) -> tuple[str, ...]:
        """Units like these that are not fully stopped."""
        return tuple(unit for unit in self.active if one_of(unit, units))


def one_of(unit: str, units: tuple[str, ...]) -> bool:
    """A unit has one of these names, or fits one of these patterns."""
    return any(fnmatchcase(unit, one) for one in units)


def parse_host(answers: tuple[Ran, ...], before: Host | None) -> Host:
    """Read loadavg, uptime, the processors online, meminfo and boot_id, one after the other; and the time."""
    lines = lines_of(ran(answers[0]))
    if len(lines) < 5 or not BOOT_ID.fullmatch(lines[-1]):
        raise Unreadable("/proc gave no load, uptime, processors, memory and boot id")
    try:
        now = float(ran(answers[1]))
        load, uptime = _figure(lines[0]), _figure(lines[1])
    except (ValueError, IndexError) as error:
        raise Unreadable("/proc/loadavg, /proc/uptime or date is not numbers") from error
    if not 0 <= now < 1e11:  # a machine whose battery is empty begins in 1970
        raise Unreadable("date gave no Unix time")
    total, available, swap = _memory(lines[3:-1])
    clocks = looked(now, answers[1].at, before.clocks if before else ())
    return Host(
        boot_id=lines[-1],
        load=load,
        cores=_online(lines[2]),
        uptime=uptime,
        memory_total=total,
        memory_available=available,
        swap_used=swap,
        clock=max(clocks),
        clocks=clocks,
    )


_MEMORY = re.compile(r"(\w+): +([0-9]{1,15}) kB")
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")


def _memory(lines: list[str]) -> tuple[int, int, int]:
    """Total, available and swap used, in bytes. A kernel without MemAvailable (< 3.14) has what it can drop counted."""
    found = {match[1]: int(match[2]) << 10 for line in lines if (match := _MEMORY.fullmatch(line))}
    total = found.get("MemTotal", 0)
    if not total or "MemFree" not in found:
        raise Unreadable("/proc/meminfo has no MemTotal and MemFree")
    available = found.get("MemAvailable", found["MemFree"] + found.get("Buffers", 0) + found.get("Cached", 0))
    step = max(1, total // 100)
    swap = found.get("SwapTotal", 0) - found.get("SwapFree", 0)
    return total, min(available, total) // step * step, max(0, swap)


def _online(text: str) -> int:
    """Count the processors of a list like 0-3,5."""
    ranges = [_RANGE.fullmatch(part) for part in text.split(",")]
    if any(found is None for found in ranges):
        raise Unreadable("/sys/devices/system/cpu/online is not a list of processors")
    return sum(max(1, int(found[2] or found[1]) - int(found[1]) + 1) for found in ranges if found)


def _figure(line: str) -> float:
    """The first number of a line, or ValueError or IndexError; no kernel says inf, nan or a number of 20 digits."""
    figure = float(line.split()[0])
    if not 0 <= figure < 1e12:
        raise ValueError(figure)
    return figure


def parse_services(answers: tuple[Ran, ...], _before: Services | None) -> Services:
    """Read `systemctl list-units` and `pgrep`, whose status 1 means that there is no such process."""
    unread: list[str] = []
    states = dict(_unit(line, unread) for line in lines_of(ran(answers[0])))
    ours = [unit for unit in (*UNITS, *sorted(set(states) - set(UNITS))) if unit in states and one_of(unit, UNITS)]
    if not ours and ALWAYS not in states:
        raise Unreadable(f"systemctl named none of the services asked for, not even {ALWAYS}")
    if len(ours) > MAX_UNITS or not all(_UNIT.fullmatch(unit) for unit in ours):
        raise Unreadable("systemctl named units that can't be MySQL's")
    processes = answers[1]
    if processes.status not in (0, 1):
        raise Unreadable(f"pgrep failed with status {processes.status}")
    settling = ("activating", "deactivating", "reloading", "refreshing", _UNREAD)
    active = tuple(unit for unit in ours if states[unit] in ("active", *settling))
    return Services(
        active=active,
        settling=tuple(unit for unit in active if states[unit] in settling),
        bricks=len(processes.out.split()),
        stopped=tuple(unit for unit in ours if states[unit] in _STOPPED),
        unread=told(unread),
    )


MAX_UNITS = 50
"""Units that are ours."""
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]{1,255}")
_STATES = frozenset(
    {"active", "reloading", "inactive", "failed", "activating", "deactivating", "maintenance", "refreshing"}
)
_STOPPED = ("inactive", "failed")
_ABSENT = "absent"
"""Stands for the state of a unit that has no file, or is masked: nothing can start it."""
_UNREAD = ""
"""Stands for a state that is not known."""
MARKS = ("*", "●", "\u25cb", "\u00d7", "\u21bb")
"""Marks that systemctl may put before a unit, by version and locale."""


def _unit(line: str, unread: list[str]) -> tuple[str, str]:
    """UNIT LOAD ACTIVE SUB DESCRIPTION. What is not loaded has no line. A line that names no unit is none of a list:
    whichever it hides may be the one that is waited for."""
    words = [word for word in line.split()[:5] if word not in MARKS]
    if len(words) >= 4 and words[2] in _STATES and "." in words[0]:
        unread += (
            []
            if one_of(words[0], (*UNITS, ALWAYS))
            else [f"systemctl tells of a unit not asked for, {quoted(words[0])}"]
        )
        startable = words[1] == "loaded" or words[2] not in _STOPPED
        return words[0], words[2] if startable else _ABSENT
    if not words or not one_of(words[0], UNITS):
        raise Unreadable("systemctl did not print a list of units")
    unread.append(f"systemctl tells no state that is known of {words[0]}, but {quoted(' '.join(words[1:]))}")
    return words[0], _UNREAD


_FILES = (
    "/proc/loadavg",
    "/proc/uptime",
    "/sys/devices/system/cpu/online",
    "/proc/meminfo",
    "/proc/sys/kernel/random/boot_id",
)
"""The boot id is the end: half an answer has none."""

HOST = Question(
    field="host",
    title="machine: load, memory, clock",
    subject=Subject.NODE,
    cadence=Cadence.FAST,
    asks=lambda _cluster, _name: (Run(("cat", *_FILES), timeout=None), Run(("date", "+%s.%N"), timeout=None)),
    parse=parse_host,
)
SERVICES = Question(
    field="services",
    title="services of systemd",
    subject=Subject.NODE,
    cadence=Cadence.STORAGE,
    asks=lambda _cluster, _name: (
        Run(("systemctl", "list-units", "--all", *AS_WORDS, *UNITS, ALWAYS), timeout=8),
        Run(("pgrep", "-x", "glusterfsd")),
    ),
    parse=parse_services,
)
