"""Devices of a node: space, bonds and RAID, failed units, and its own names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from console.inventory.addresses import plain
from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.hosts import team
from console.probes.hosts.hardware import MAX_ITEMS, Array, Bond, array_blocks, parse_array, parse_bond
from console.probes.hosts.system import AS_WORDS, MARKS
from console.probes.parsing import each, lines_of, ran, short, told, whole, without_sudo
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text, quoted

BOOT = "/boot"
"""Kernels are installed there. Few know it by a file system of its own."""
MAX_RAID = 128 << 10
"""Characters a RAID command may print."""


@dataclass(frozen=True)
class Filesystem:
    """Bytes, and inodes, of the file system a path lies on; `free` to programs other than root's."""

    path: str
    size: int
    free: int = field(compare=False)
    inodes: int
    """0: this file system has no fixed number of them (XFS has, Btrfs has not)."""
    inodes_free: int = field(compare=False)
    used: int = 0
    """Percent of the space, rounded up: what makes two looks differ."""


@dataclass(frozen=True)
class RaidState:
    """The configured command's verdict. `ok` None: it could not be run, and `lines` say why."""

    ok: bool | None
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Devices:
    """One look. `names`: the node's own host name and addresses, by which Gluster may know it."""

    filesystems: tuple[Filesystem, ...]
    bonds: tuple[Bond, ...]
    arrays: tuple[Array, ...]
    raid: RaidState | None
    failed_units: tuple[str, ...]
    names: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Paths whose space was asked for, and of which nothing was told."""
    teams: tuple[str, ...] = ()
    """Teams of network cards (teamd) that the inventory does not name: only their links are read."""
    idle_ports: tuple[str, ...] = ()
    """Cards of a team without a link: "eno2 of team0"."""
    unread: tuple[str, ...] = ()
    """Why a part of the look can't be read: the others stay known."""


def parse(answers: tuple[Ran, ...], _before: Devices | None, asked: tuple[str, ...] = ()) -> Devices:
    """Read `stat -f`, `head -v` of files of /proc and /etc, `systemctl list-units --failed`, the teams that were asked
    for, and the RAID's command."""
    space, found, failed, *more = answers
    states, raid = more[: len(asked)], more[len(asked) :]
    files = _files(found)
    unread: list[str] = []
    bonds = [(path.rpartition("/")[2], text) for path, text in files.items() if path.startswith(_BONDING)]
    mdstat = [text for path, text in files.items() if path == "/proc/mdstat"]
    blocks = [block for some in each(array_blocks, mdstat, unread) for block in some]
    paths = [line for some in each(_filesystem_lines, [space], unread) for line in some]
    units = [line for some in each(_unit_lines, [failed], unread) for line in some]
    told_of = each(lambda one: team.parse_team(*one), zip(asked, states, strict=True), unread)
    running = [short(path.rpartition("/")[2].removesuffix(".pid")) for path in files if path.startswith(_TEAMS)]
    teams = [name for name in running if name not in asked]
    return Devices(
        filesystems=_without_boot(each(_filesystem, paths, unread)),
        bonds=(*each(lambda bond: parse_bond(*bond), bonds[:MAX_ITEMS], unread), *told_of),
        arrays=each(parse_array, blocks, unread),
        raid=_raid(raid[0]) if raid else None,
        failed_units=each(_failed_unit, units, unread),
        names=_own_names(files),
        teams=tuple(teams[:MAX_ITEMS]),
        idle_ports=tuple(_idle_ports(files, teams))[:MAX_ITEMS],
        unread=told(unread),
    )


def _without_boot(found: tuple[Filesystem, ...]) -> tuple[Filesystem, ...]:
    """/boot is told only where it is a file system of its own: two figures differ from those of /."""
    roots = {(one.size, one.inodes) for one in found if one.path == "/"}
    return tuple(one for one in found if one.path != BOOT or (one.size, one.inodes) not in roots)


def _idle_ports(files: dict[str, str], teams: list[str]) -> Iterator[str]:
    for path, state in files.items():
        port = _PORT.fullmatch(path)
        if port and port["team"] in teams and state.strip() not in ("up", "unknown"):
            yield f"{short(port['card'])} of {port['team']}"


def judged(cluster: Cluster, devices: Devices) -> Devices:
    """A copy with the RAID's lines judged by the inventory: of a bad state only the bad lines are kept. Paths of the
    inventory without an answer are listed as missing."""
    known = {one.path for one in devices.filesystems}
    if known and not devices.unread:
        missing = tuple(path for path in map(plain_text, _paths(cluster)) if path not in known)
        devices = replace(devices, missing=missing)
    if devices.raid is None or cluster.raid is None or devices.raid.ok is None:
        return devices
    bad = tuple(line for line in devices.raid.lines if re.search(cluster.raid.bad, line))
    state = RaidState(devices.raid.ok and not bad, (bad or (() if devices.raid.ok else devices.raid.lines))[:MAX_ITEMS])
    return replace(devices, raid=state)


def _filesystem_lines(answer: Ran) -> list[str]:
    """`stat` complains of a path that is not there and tells of the others all the same."""
    if answer.status == 1 and answer.out.startswith("/"):
        answer = replace(answer, status=0)
    return lines_of(ran(answer))[:MAX_ITEMS]


def _filesystem(line: str) -> Filesystem:
    path, *figures = line.rsplit(" ", 6)
    if not path.startswith("/") or len(figures) != 6:
        raise Unreadable(f"stat -f did not print a path and six figures, but {quoted(line)}")
    block, blocks, unused, free, inodes, inodes_free = (whole(text, f"a figure of {path}") for text in figures)
    if unused > blocks or inodes_free > inodes or not blocks or not block:
        raise Unreadable(f"stat -f says that more is free on {path} than there is")
    usable = blocks - unused + free
    return Filesystem(
        path=plain_text(path),
        size=usable * block,
        free=free * block,
        inodes=inodes,
        inodes_free=inodes_free,
        used=-(-100 * (usable - free) // max(1, usable)),
    )


_HEADING = re.compile(r"^==> (/[^\n]+) <==\n", re.MULTILINE)
_BONDING, _TEAMS = "/proc/net/bonding/", "/run/teamd/"
_PORT = re.compile(r"/sys/class/net/(?P<team>[^/]+)/lower_(?P<card>[^/]+)/operstate")


def _files(answer: Ran) -> dict[str, str]:
    """Split the output of `head -v` by path. It complains, with status 1, of files that are not there."""
    if answer.status not in (0, 1):
        ran(answer)
    _, *parts = _HEADING.split(ran(replace(answer, status=0)))
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    if "/proc/sys/kernel/hostname" not in files:
        raise Unreadable("the files of /proc are missing from the answer")
    return files


def _unit_lines(answer: Ran) -> list[str]:
    return [line for line in lines_of(ran(answer)) if line.strip()][:MAX_ITEMS]


def _failed_unit(line: str) -> str:
    """The first word; systemd 219 puts a mark before it."""
    unit = next((word for word in line.split() if word not in MARKS), "")
    if "." not in unit:
        raise Unreadable(f"systemctl printed what is no unit, {quoted(line)}")
    return short(unit)


def _raid(answer: Ran) -> RaidState:
    if len(answer.out) + len(answer.err) > MAX_RAID:
        return RaidState(None, (f"the command printed more than {MAX_RAID >> 10} KiB",))
    said = answer.out + "\n" + (answer.err if answer.status else without_sudo(answer.err))
    lines = tuple(plain_text(line, 200) for line in lines_of(said) if line.strip())
    no_word = answer.status and not answer.out.strip() and answer.err.startswith(("sudo:", "sudo-rs:"))
    if answer.status in (124, 126, 127) or no_word:
        return RaidState(None, lines[-1:] or ("the command did not end in time",))
    return RaidState(answer.status == 0, lines[: 4 * MAX_ITEMS])


_ADDRESS = re.compile(r"\|-- ([0-9.]{7,15})\n +/32 host LOCAL")
_INET6 = re.compile(r"^([0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ 00 ", re.MULTILINE)
"""An address of global scope in /proc/net/if_inet6."""


def _own_names(files: dict[str, str]) -> tuple[str, ...]:
    """Host name, addresses, and what /etc/hosts calls these addresses."""
    found = _ADDRESS.findall(files.get("/proc/net/fib_trie", ""))
    own = dict.fromkeys(address for address in found if address[:4] != "127.")
    own |= dict.fromkeys(plain(":".join(re.findall("....", one))) for one in _INET6.findall(files.get(_IPV6, "")))
    lines = [line.partition("#")[0].split() for line in lines_of(files.get("/etc/hosts", ""))]
    called = [name for words in lines if words and plain(words[0]) in own for name in words[1:]]
    return tuple(dict.fromkeys(short(name) for name in (files[_HOSTNAME].strip(), *own, *called)))[:MAX_ITEMS]


_HOSTNAME, _IPV6 = "/proc/sys/kernel/hostname", "/proc/net/if_inet6"
_READ = (
    "exec head -v -n 400 -- /proc/sys/kernel/hostname /etc/hosts /proc/mdstat /proc/net/bonding/*"
    " /run/teamd/*.pid /sys/class/net/*/lower_*/operstate /proc/net/if_inet6 /proc/net/fib_trie 2>/dev/null"
)


def _paths(cluster: Cluster) -> tuple[str, ...]:
    return ("/", cluster.mysql.datadir) if cluster.mysql else ("/",)


def _asks(cluster: Cluster, _name: str) -> tuple[Run, ...]:
    asks: tuple[Run, ...] = (
        Run(("stat", "-f", "-c", "%n %S %b %f %a %c %d", "--", *_paths(cluster), BOOT)),
        Run(("sh", "-c", _READ)),
        Run(("systemctl", "list-units", "--failed", *AS_WORDS), timeout=8),
    )
    asks = (*asks, *map(team.asks, cluster.teams))
    return (*asks, Run(cluster.raid.command, root=True, timeout=8)) if cluster.raid else asks


DEVICES = Question(
    field="devices",
    title="space, bonds, RAID, units",
    subject=Subject.NODE,
    cadence=Cadence.SLOW,
    asks=_asks,
    parse=parse,
    parse_for=lambda cluster: lambda answers, before: judged(cluster, parse(answers, before, cluster.teams)),
    searches=True,  # for what the inventory names, by an expression of its own
)
