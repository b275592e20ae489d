"""Compares the configuration of the two firewalls, from both config.xml: pfSense's own sync does not report failure.

The comparison leaves out differences by design: advskew (a synced one has 100 more), and the parts without which
`sections` and `balancer_digest` are made. Both files are read every half minute, so a change just made is not judged
yet.
"""

from typing import NamedTuple

from console.inventory.addresses import plain
from console.probes.firewalls.config import CarpVip, FirewallConfig
from console.probes.snapshot import Known, Snapshot
from console.text import SECONDS, figure, listed

SETTLES = 30.0
"""Seconds a change has to reach the other firewall: a sync with four tries was seen to take 5 s, and may take more."""
ASKEW = 3600.0
"""A change that lies further ahead than this was dated by a clock that is wrong."""


class Sync(NamedTuple):
    """`equal` None: not known. `at`: Unix time of the older of the two looks, 0 where there was none."""

    equal: bool | None
    message: str
    differs: tuple[str, ...] = ()
    """Differing parts: names of sections, "pools", "virtual IPs", "version"."""
    at: float = 0.0


def sync(snapshot: Snapshot) -> Sync:
    """Compare the firewalls' configurations."""
    known = [(view.name, view.config) for view in snapshot.firewalls if isinstance(view.config, Known)]
    if len(snapshot.firewalls) < 2:
        return Sync(None, "there is no other firewall")
    if len(known) < len(snapshot.firewalls):
        unknown = [view.name for view in snapshot.firewalls if not isinstance(view.config, Known)]
        return Sync(None, f"config.xml of {listed(unknown)} is not known")
    (one, mine), (other, theirs) = known[:2]
    at = min(mine.at, theirs.at)
    found = differences(mine.value, theirs.value)
    if not found:
        return Sync(True, f"{one} and {other} are configured alike", at=at)
    if _changed_after(mine.value, theirs.value, at - SETTLES):
        return Sync(None, f"{one} or {other} was changed just now: not compared yet", found, at)
    return Sync(False, f"{one} and {other} differ in {listed(found)}", found, at)


def alike_between_releases(state: Sync) -> bool:
    """Two versions of the configuration, and what can be compared all the same is alike."""
    return "version" in state.differs and not {"pools", "virtual IPs"}.intersection(state.differs)


def differences(one: FirewallConfig, other: FirewallConfig) -> tuple[str, ...]:
    """Parts that differ and should be alike."""
    found = ["version"] if one.version != other.version else []
    if one.balancer_digest != other.balancer_digest:
        found.append("pools")
    if _vips(one) != _vips(other):
        found.append("virtual IPs")
    sender, receiver = (one, other) if one.primary or not other.primary else (other, one)
    received = dict(receiver.sections)
    if sender.primary:
        found += [name for name, digest in sender.sections if name in received and received[name] != digest]
    return tuple(found)


def _vips(config: FirewallConfig) -> frozenset[CarpVip]:
    return frozenset(
        CarpVip(plain(vip.address), vip.interface, vip.vhid, "", vip.advbase, vip.uniqid) for vip in config.vips
    )


def _changed_after(one: FirewallConfig, other: FirewallConfig, moment: float) -> bool:
    changes = (figure(config.revised, SECONDS) for config in (one, other))
    return any(change is not None and moment < change < moment + ASKEW for change in changes)
