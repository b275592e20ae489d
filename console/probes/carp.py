"""CARP on a firewall: the role of each VIP, whether CARP is allowed at all, and whether it is demoted.

Formats: FreeBSD sbin/ifconfig/ifcarp.c (11 to 15). The same vhid may exist on several interfaces, so a role is keyed
on (interface, vhid). Demotion does not show in advskew; persistent maintenance mode is advskew 254.
"""

import re
from dataclasses import dataclass

from console.answers import ran, short, whole
from console.asks import Ran, Run, Unreadable
from console.question import Cadence, Question, Subject

MAINTENANCE_ADVSKEW = 254

_INTERFACE = re.compile(r"^([A-Za-z][\w.]{0,31}): flags=")
_CARP = re.compile(r"^\s+carp: (MASTER|BACKUP|INIT) vhid (\d{1,3}) advbase (\d{1,3}) advskew (\d{1,3})")
_VRRP = re.compile(r"^\s+vrrp: (MASTER|BACKUP|INIT) vrid (\d{1,3}) prio (\d{1,3}) interval (\d{1,5})")
_ADDRESS = re.compile(r"^\s+inet6? (\S{1,80}) .*\bvhid (\d{1,3})\b")


@dataclass(frozen=True)
class Vhid:
    """One virtual host id on one interface. `advskew` is None where VRRP speaks of a priority instead."""

    interface: str
    vhid: int
    role: str
    advskew: int | None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Carp:
    """`allow` False: CARP is switched off here (`net.inet.carp.allow` 0) whatever ifconfig still shows."""

    vhids: tuple[Vhid, ...]
    allow: bool
    demotion: int
    boot: str
    """kern.boottime as printed: it differs after a reboot."""

    def role(self, address: str) -> str | None:
        """MASTER, BACKUP or INIT for a virtual address; None where no vhid carries it."""
        return next((vhid.role for vhid in self.vhids if address in vhid.addresses), None)

    @property
    def roles(self) -> frozenset[str]:
        """All roles at once: {"MASTER"} on a firewall that carries everything."""
        return frozenset(vhid.role for vhid in self.vhids) if self.allow else frozenset({"DISABLED"})


def parse_ifconfig(text: str) -> tuple[Vhid, ...]:
    """Every vhid of `ifconfig -a`."""
    interface = ""
    found: dict[tuple[str, int], Vhid] = {}
    addresses: dict[tuple[str, int], list[str]] = {}
    for line in text.splitlines():
        if header := _INTERFACE.match(line):
            interface = header[1]
        elif carp := _CARP.match(line):
            found[interface, int(carp[2])] = Vhid(interface, int(carp[2]), carp[1], int(carp[4]))
        elif vrrp := _VRRP.match(line):
            found[interface, int(vrrp[2])] = Vhid(interface, int(vrrp[2]), vrrp[1], None)
        elif address := _ADDRESS.match(line):
            addresses.setdefault((interface, int(address[2])), []).append(address[1].partition("%")[0])
    if not interface:
        raise Unreadable("ifconfig named no interface")
    return tuple(
        Vhid(vhid.interface, vhid.vhid, vhid.role, vhid.advskew, tuple(addresses.get(key, ())))
        for key, vhid in found.items()
    )


def parse_sysctl(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name: value for name, colon, value in pairs if colon}


def parse(answers: tuple[Ran, ...], _before: Carp | None) -> Carp:
    """From `ifconfig -a` and `sysctl`."""
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
    )


CARP = Question(
    field="carp",
    subject=Subject.FIREWALL,
    cadence=Cadence.FAST,
    asks=lambda _cluster, _name: (
        Run(("ifconfig", "-a")),
        Run(("sysctl", "net.inet.carp.allow", "net.inet.carp.demotion", "kern.boottime")),
    ),
    parse=parse,
)
