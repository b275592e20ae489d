"""Aggregated links (lagg) of a firewall, as `ifconfig -a` prints them.

Formats: FreeBSD sbin/ifconfig/iflagg.c (9 to 15). The flags of a port do not tell of its link: a spare of `failover`
has none either. Its own `status:` does.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from console.probes.parsing import short

LACP = "lacp"
CARRIES = frozenset({"ACTIVE", "COLLECTING", "DISTRIBUTING"})
"""Flags of a port that LACP has agreed on with the switch."""
_PROTOCOL = re.compile(r"^\s+laggproto (\S{1,20})")
_PORT = re.compile(r"^\s+laggport: (\S{1,32})(?: .*<([A-Z,]*)>)?")


@dataclass(frozen=True)
class Port:
    """One network card of a lagg. `link` None: it prints no status."""

    name: str
    link: bool | None
    carries: bool | None
    """LACP has agreed on it with the switch; None with other protocols, or where no flags are printed."""


@dataclass(frozen=True)
class Lagg:
    """Several cards as one interface. `protocol`: failover, lacp, loadbalance, roundrobin, broadcast, none."""

    name: str
    protocol: str
    ports: tuple[Port, ...]


def lagg(name: str, lines: Iterable[str], links: Mapping[str, str]) -> Lagg | None:
    """Read the lines of one interface; None for one that is no lagg. `links`: `status:` by interface."""
    every = list(lines)
    protocol = next((short(found[1]) for line in every if (found := _PROTOCOL.match(line))), None)
    if protocol is None:
        return None
    rows = [found for line in every if (found := _PORT.match(line))]
    return Lagg(name, protocol, tuple(_port(short(row[1]), row[2], protocol, links) for row in rows))


def _port(name: str, flags: str | None, protocol: str, links: Mapping[str, str]) -> Port:
    link = links.get(name, "")
    agreed = None if flags is None or protocol != LACP else set(flags.split(",")) >= CARRIES
    return Port(name, link == "active" if link else None, agreed)
