"""Tells of the machine that this console runs on: its boot, and its routes."""

import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path

from console.probes.hosts.identity import BOOT_ID, FREEBSD, boot_of_firewall

WORDS = ("/bin/sh", "-c", FREEBSD)


def own_boot() -> str:
    """This machine's boot, in the form of `Identity.boot`; "" where it can't be read, as on a machine that can be
    neither node nor firewall."""
    try:
        if sys.platform.startswith("freebsd"):
            told = subprocess.run(WORDS, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 -- fixed
            return boot_of_firewall(told.stdout)
        return Path(BOOT_ID).read_text().strip()
    except (OSError, subprocess.SubprocessError):
        return ""


ROUTES = Path("/proc/net/route")
MAX_ROUTES = 1 << 20
"""Characters."""
GATEWAY = 2
"""Flag of a route that leads to a router (linux/route.h, RTF_GATEWAY)."""


def router_to(address: str) -> str:
    """The router of this computer's most exact route to an IPv4 address; "" for none, and where that is not known."""
    try:
        routes = ROUTES.read_text()[:MAX_ROUTES]
    except OSError:
        return ""
    return router_in(routes, address)


def router_in(routes: str, address: str) -> str:
    """The same, from the text of /proc/net/route: hexadecimal, its lowest byte first. It does not list loopback."""
    best, router = -1, ""
    for row in (line.split() for line in routes.splitlines()[1:]):
        try:
            wanted = IPv4Address(address)
            to, gateway, flags, mask = (int(row[at], 16) for at in (1, 2, 3, 7))
        except (ValueError, IndexError):
            continue
        fits = int.from_bytes(wanted.packed, "little") & mask == to and not wanted.is_loopback
        if fits and mask.bit_count() > best:
            best = mask.bit_count()
            router = str(IPv4Address(gateway.to_bytes(4, "little"))) if flags & GATEWAY else ""
    return router
