"""CARP on a firewall: the role of each VIP, whether CARP is allowed at all, whether it is demoted, and pfsync.

Formats: FreeBSD sbin/ifconfig/ifcarp.c and ifpfsync.c (11 to 15). The same vhid may exist on several interfaces, so a
role is keyed on (interface, vhid). Demotion does not show in advskew; persistent maintenance mode is advskew 254.
"""

import re
from dataclasses import dataclass, field, replace
from itertools import takewhile

from console.inventory.addresses import same
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import ran, short, whole
from console.probes.question import Cadence, Question, Subject

MAINTENANCE_ADVSKEW = 254

_INTERFACE = re.compile(r"^([A-Za-z][\w.]{0,31}): flags=([0-9a-f]{1,16})")
_CARP = re.compile(r"^\s+carp: (MASTER|BACKUP|INIT) vhid (\d{1,3}) advbase (\d{1,3}) advskew (\d{1,3})", re.ASCII)
_VRRP = re.compile(r"^\s+vrrp: (MASTER|BACKUP|INIT) vrid (\d{1,3}) prio (\d{1,3}) interval (\d{1,5})", re.ASCII)
_ROLE = re.compile(r"^\s+(carp|vrrp): ")
_PFSYNC = re.compile(r"^\s+(?:pfsync: )?syncdev: \S")
_PFSYNC_INTERFACE = "pfsync0"
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


@dataclass(frozen=True)
class Carp:
    """`allow` False: CARP is switched off here (`net.inet.carp.allow` 0) whatever ifconfig still shows."""

    vhids: tuple[Vhid, ...]
    allow: bool
    demotion: int
    boot: str
    """kern.boottime as printed: it differs after a reboot."""
    pfsync: str | None = None
    """"on": states are sent to the peer; "off": the interface is there and has no device; None: there is none."""
    uptime: float | None = field(default=None, compare=False)
    """Seconds since boot, by the machine's own clock."""

    def role(self, address: str) -> str | None:
        """MASTER, BACKUP or INIT for a virtual address; None where no vhid carries it."""
        return next((vhid.role for vhid in self.vhids if any(same(address, own) for own in vhid.addresses)), None)

    @property
    def roles(self) -> frozenset[str]:
        """All roles at once: {"MASTER"} on a firewall that carries everything."""
        return frozenset(vhid.role for vhid in self.vhids) if self.allow else frozenset({"DISABLED"})

    @property
    def maintenance(self) -> bool:
        """Every vhid advertises as one in persistent maintenance mode does. config.xml says whether it lasts."""
        return bool(self.vhids) and all(vhid.advskew == MAINTENANCE_ADVSKEW for vhid in self.vhids)


def parse_ifconfig(text: str) -> tuple[Vhid, ...]:
    """Every vhid of `ifconfig -a`."""
    interface = ""
    found: dict[tuple[str, int], Vhid] = {}
    addresses: dict[tuple[str, int], list[str]] = {}
    for line in text.splitlines():
        if header := _INTERFACE.match(line):
            interface = header[1]
        elif carp := _CARP.match(line):
            key = interface, _within(carp[2], 255)
            found[key] = Vhid(*key, carp[1], _within(carp[4], 254), advbase=_within(carp[3], 255))
        elif vrrp := _VRRP.match(line):
            found[interface, _within(vrrp[2], 255)] = Vhid(interface, int(vrrp[2]), vrrp[1], None)
        elif _ROLE.match(line):
            raise Unreadable(f"ifconfig speaks of CARP in words not known here: {short(line)}")
        elif address := _ADDRESS.match(line):
            addresses.setdefault((interface, int(address[2])), []).append(address[1].partition("%")[0])
    if not interface:
        raise Unreadable("ifconfig named no interface")
    return tuple(replace(vhid, addresses=tuple(addresses.get(key, ()))) for key, vhid in found.items())


def _within(text: str, most: int) -> int:
    if int(text) > most:
        raise Unreadable(f"ifconfig gives CARP the figure {text}, and {most} is the highest")
    return int(text)


def parse_pfsync(text: str) -> str | None:
    """On, off or None, as in `Carp`, from `ifconfig -a`. What FreeBSD prints of a pfsync interface without a device
    differs by version; none names a syncdev."""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        if (header := _INTERFACE.match(line)) and header[1] == _PFSYNC_INTERFACE:
            own = takewhile(lambda line: line[:1].isspace(), lines[place + 1 :])
            return "on" if int(header[2], 16) & _UP and any(_PFSYNC.match(line) for line in own) else "off"
    return None


def parse_sysctl(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name: value for name, colon, value in pairs if colon}


def parse(answers: tuple[Ran, ...], _before: Carp | None) -> Carp:
    """From `ifconfig -a`, `sysctl` and `date`."""
    vhids = parse_ifconfig(ran(answers[0]))
    values = parse_sysctl(ran(answers[1]))
    demotion = values.get("net.inet.carp.demotion", "")
    if not re.fullmatch(r"-?\d{1,9}", demotion):
        raise Unreadable("net.inet.carp.demotion is missing or not a number")
    if not values.get("kern.boottime"):
        raise Unreadable("kern.boottime is missing")
    return Carp(
        vhids=vhids,
        allow=whole(values.get("net.inet.carp.allow"), "net.inet.carp.allow") > 0,
        demotion=int(demotion),
        boot=short(values["kern.boottime"]),
        pfsync=parse_pfsync(answers[0].out),
        uptime=_uptime(values["kern.boottime"], answers[2]) if len(answers) > 2 else None,
    )


def _uptime(boot: str, now: Ran) -> float | None:
    booted, clock = _BOOTED.match(boot), now.out.strip()
    if now.status != 0 or booted is None or not re.fullmatch(r"[0-9]{1,12}", clock):
        return None
    return float(max(0, int(clock) - int(booted[1])))


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
