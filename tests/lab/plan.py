"""The parts of one lab: names, addresses and paths, as values."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from .host import cache_home

FIREWALLS = ("fw1", "fw2")
NODES = ("node1", "node2", "node3")
MACHINES = FIREWALLS + NODES
SLOTS = 8

_LAN = IPv4Address("203.0.113.0")
_WAN = IPv4Address("198.51.100.0")
_HOST_PART = {"fw1": 2, "fw2": 3, "node1": 11, "node2": 12, "node3": 13}
LAN_VIP, WAN_VIP, CLIENT, CONSOLE = 1, 10, 20, 30


@dataclass(frozen=True)
class Plan:
    """Slot k takes a /27 on each side, so that labs side by side never look alike in a log."""

    name: str
    slot: int

    @property
    def dir(self) -> Path:
        """Everything of this lab on the disk."""
        return labs_dir() / self.name

    @property
    def netns(self) -> str:
        """The console's side: bridges and the machines' links."""
        return f"drainboard-{self.name}"

    @property
    def client_netns(self) -> str:
        """The visitors' side."""
        return f"drainboard-{self.name}-client"

    def lan(self, part: int | str) -> str:
        """A LAN address, by host part or machine name."""
        return str(_LAN + 32 * self.slot + _host_part(part))

    def wan(self, part: int | str) -> str:
        """A WAN address, by host part or firewall name."""
        return str(_WAN + 32 * self.slot + _host_part(part))

    @property
    def wan_vip(self) -> str:
        """The address that visitors ask."""
        return self.wan(WAN_VIP)

    @property
    def lan_vip(self) -> str:
        """The nodes' gateway."""
        return self.lan(LAN_VIP)

    @property
    def health_url(self) -> str:
        """200 only if a firewall, a pool, a node and the volume work."""
        return f"http://{self.wan_vip}/health"

    def root(self, machine: str) -> Path:
        """The machine's folder: overlay parts, bricks, log."""
        return self.dir / "machines" / machine

    def tokens(self, machine: str) -> dict[str, str]:
        """Words that the files under files/ may refer to as @NAME@."""
        peer = {"fw1": "fw2", "fw2": "fw1"}.get(machine, "")
        words = {name.upper(): self.lan(name) for name in MACHINES}
        words |= {"MACHINE": machine, "LAN": self.lan(machine), "LAN_VIP": self.lan_vip, "WAN_VIP": self.wan_vip}
        words |= {"LAB": self.name, "CONSOLE": self.lan(CONSOLE)}
        if peer:
            words |= {"WAN": self.wan(machine), "PEER": self.lan(peer), "WAN_BROADCAST": self.wan(31)}
            words |= {"LAN_BROADCAST": self.lan(31), "ADVSKEW": "0" if machine == "fw1" else "100"}
        return words


def _host_part(part: int | str) -> int:
    return _HOST_PART[part] if isinstance(part, str) else part


def labs_dir() -> Path:
    """One folder a lab."""
    return cache_home() / "lab"
