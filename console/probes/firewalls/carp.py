"""CARP on a firewall: the role of each VIP, whether CARP is allowed at all, whether it is demoted, pfsync, and links.

Formats: FreeBSD sbin/ifconfig/ifcarp.c and ifpfsync.c (11 to 15). The same vhid may exist on several interfaces, so a
role is keyed on (interface, vhid). Demotion does not show in advskew; persistent maintenance mode is advskew 254.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from console.inventory.addresses import same
from console.probes.ask import Ran, Run, Unreadable
from console.probes.firewalls.lagg import Lagg, lagg
from console.probes.parsing import each, lines_of, ran, short, told, whole
from console.probes.question import Cadence, Question, Subject

MAINTENANCE_ADVSKEW = 254
UNREAD = "?"
"""In the place of a role that can't be read."""
MAX_INTERFACES = 4096
"""VLANs of one trunk."""

_INTERFACE = re.compile(r"^(\S.{0,31}): flags=([0-9a-f]{1,16})\b")
"""A name may hold any character: FreeBSD renames an interface to whatever it is told."""
_CARP = re.compile(r"^\s+carp: (MASTER|BACKUP|INIT) vhid (\d{1,3}) advbase (\d{1,3}) advskew (\d{1,3})", re.ASCII)
_VRRP = re.compile(r"^\s+vrrp: (MASTER|BACKUP|INIT) vrid (\d{1,3}) prio (\d{1,3}) interval (\d{1,5})", re.ASCII)
_ROLE = re.compile(r"^\s+(carp|vrrp): ")
_PFSYNC = re.compile(r"^\s+(?:pfsync: )?syncdev: \S")
_PFSYNC_INTERFACE = "pfsync0"
_STATUS = re.compile(r"^\s+status: (.+)")
_BEHIND = re.compile(r"^\s+syncok: 0\b")
_UP = 0x1
"""IFF_UP of an interface's flags."""
_BOOTED = re.compile(r"\{ sec = (\d{1,12}), usec = \d{1,6} \}", re.ASCII)
_ADDRESS = re.compile(r"^\s+inet6? (\S{1,80}) .*\bvhid (\d{1,3})\b")


@dataclass(frozen=True)
class Vhid:
    """One virtual host id on one interface. `advskew` is None where VRRP speaks of a priority instead."""

    interface: str
    vhid: int
    role: str
    advskew: int | None
    addresses: tuple[str, ...] = ()
    advbase: int | None = None
    """Seconds between two advertisements, and about a third of what a backup waits before it takes over; None with
    VRRP."""
    on: bool = True
    """The interface is not switched off."""
    link: str = ""
    """The interface's `status:` as printed (active, no carrier); "" where it prints none."""


@dataclass(frozen=True)
class Carp:
    """`allow` False: CARP is switched off here (`net.inet.carp.allow` 0) whatever ifconfig still shows."""

    vhids: tuple[Vhid, ...]
    allow: bool
    demotion: int
    boot: str
    """kern.boottime as printed: it differs after a reboot."""
    pfsync: str | None = None
    """"on": states are sent to the peer and have come from it; "behind": they have not come yet (`syncok: 0`); "off":
    the interface is there and has no device; None: there is none."""
    uptime: float | None = field(default=None, compare=False)
    """Seconds since boot, by the machine's own clock."""
    now: float | None = field(default=None, compare=False)
    """Unix time by that clock."""
    unread: tuple[str, ...] = ()
    """Reasons why a vhid can't be read; the others stand."""
    laggs: tuple[Lagg, ...] = ()
    """Network cards that carry together."""

    def role(self, address: str) -> str | None:
        """MASTER, BACKUP or INIT for a virtual address; None where no vhid carries it, UNREAD where that can't be
        told."""
        roles = (vhid.role for vhid in self.vhids if any(same(address, own) for own in vhid.addresses))
        return next(roles, UNREAD if self.unread else None)

    @property
    def roles(self) -> frozenset[str]:
        """All roles at once: {"MASTER"} on a firewall that carries everything."""
        return frozenset(vhid.role for vhid in self.vhids) if self.allow else frozenset({"DISABLED"})

    @property
    def maintenance(self) -> bool:
        """Every vhid advertises as one in persistent maintenance mode does. config.xml says whether it lasts."""
        return bool(self.vhids) and all(vhid.advskew == MAINTENANCE_ADVSKEW for vhid in self.vhids)


class _Interface(NamedTuple):
    """One interface as printed. `name` "": under a line that is no header known here."""

    name: str
    flags: int
    lines: list[str]

    @property
    def link(self) -> str:
        """Its `status:` as printed; "" where it prints none."""
        return next((short(status[1]) for line in self.lines if (status := _STATUS.match(line))), "")


def parse_ifconfig(text: str, unread: list[str]) -> tuple[tuple[Vhid, ...], str | None, tuple[Lagg, ...]]:
    """Every vhid of `ifconfig -a`, pfsync as in `Carp`, and each lagg. Why a vhid can't be read goes into `unread`."""
    interfaces = _interfaces(text)
    if not any(one.name for one in interfaces):
        raise Unreadable("ifconfig named no interface")
    links = {one.name: one.link for one in interfaces if one.name}
    laggs = tuple(found for one in interfaces if one.name and (found := lagg(one.name, one.lines, links)))
    return tuple(vhid for one in interfaces for vhid in _vhids(one, unread)), _pfsync(interfaces), laggs


def _interfaces(text: str) -> list[_Interface]:
    found = [_Interface("", 0, [])]
    for line in lines_of(text):
        if len(found) > MAX_INTERFACES:
            raise Unreadable(f"ifconfig names more than {MAX_INTERFACES} interfaces")
        if header := _INTERFACE.match(line):
            found.append(_Interface(short(header[1]), int(header[2], 16), []))
        elif line[:1].isspace():
            found[-1].lines.append(line)
        elif line:
            found.append(_Interface("", 0, []))
    return found


def _vhids(of: _Interface, unread: list[str]) -> Iterator[Vhid]:
    addresses: dict[int, list[str]] = {}
    for line in of.lines:
        if address := _ADDRESS.match(line):
            addresses.setdefault(int(address[2]), []).append(re.split("[%/]", address[1])[0])
    roles = [line for line in of.lines if _ROLE.match(line)]
    if roles and not of.name:
        unread.append("ifconfig gives CARP a role on an interface that is not known here")
        return
    found = {one.vhid: one for one in each(lambda line: _vhid(of.name, line), roles, unread)}
    if not roles:
        unread += [f"ifconfig gives vhid {key} on {of.name or 'an interface'} no role" for key in addresses]
    for key, vhid in found.items():
        yield replace(vhid, addresses=tuple(addresses.get(key, ())), on=bool(of.flags & _UP), link=of.link)


def _vhid(interface: str, line: str) -> Vhid:
    if carp := _CARP.match(line):
        return Vhid(interface, _within(carp[2], 255), carp[1], _within(carp[4], 254), advbase=_within(carp[3], 255))
    if vrrp := _VRRP.match(line):
        return Vhid(interface, _within(vrrp[2], 255), vrrp[1], None)
    raise Unreadable(f"ifconfig speaks of CARP on {interface} in words not known here: {short(line)}")


def _within(text: str, most: int) -> int:
    if int(text) > most:
        raise Unreadable(f"ifconfig gives CARP the figure {text}, and {most} is the highest")
    return int(text)


def _pfsync(interfaces: list[_Interface]) -> str | None:
    """Return the value of `Carp.pfsync`. FreeBSD's line for a pfsync interface without a device differs by version;
    none names a syncdev."""
    of = next((one for one in interfaces if one.name == _PFSYNC_INTERFACE), None)
    if of is None:
        return None
    if not of.flags & _UP or not any(_PFSYNC.match(line) for line in of.lines):
        return "off"
    return "behind" if any(_BEHIND.match(line) for line in of.lines) else "on"


def parse_sysctl(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(": ") for line in lines_of(text))
    return {name: value for name, colon, value in pairs if colon}


def parse(answers: tuple[Ran, ...], _before: Carp | None) -> Carp:
    """Read `ifconfig -a`, `sysctl` and `date`."""
    unread: list[str] = []
    vhids, pfsync, laggs = parse_ifconfig(ran(answers[0]), unread)
    if unread and not vhids:
        raise Unreadable(unread[0])
    values = parse_sysctl(ran(answers[1]))
    demotion = values.get("net.inet.carp.demotion", "")
    if not re.fullmatch(r"-?\d{1,9}", demotion):
        raise Unreadable("net.inet.carp.demotion is missing or not a number")
    if not values.get("kern.boottime"):
        raise Unreadable("kern.boottime is missing")
    now = next((_now(date) for date in answers[2:]), None)
    return Carp(
        vhids=vhids,
        allow=whole(values.get("net.inet.carp.allow"), "net.inet.carp.allow") > 0,
        demotion=int(demotion),
        boot=short(values["kern.boottime"]),
        pfsync=pfsync,
        uptime=_uptime(values["kern.boottime"], now),
        now=now,
        unread=told(unread),
        laggs=laggs,
    )


def _now(date: Ran) -> float | None:
    clock = date.out.strip()
    return float(clock) if date.status == 0 and re.fullmatch(r"[0-9]{1,12}", clock) else None


def _uptime(boot: str, now: float | None) -> float | None:
    booted = _BOOTED.match(boot)
    return None if now is None or booted is None else max(0.0, now - int(booted[1]))


CARP = Question(
    field="carp",
    title="CARP",
    subject=Subject.FIREWALL,
    cadence=Cadence.FAST,
    asks=lambda _cluster, _name: (
        Run(("ifconfig", "-a"), timeout=None),
        Run(("sysctl", "net.inet.carp.allow", "net.inet.carp.demotion", "kern.boottime"), timeout=None),
        Run(("date", "+%s"), timeout=None),
    ),
    parse=parse,
)
