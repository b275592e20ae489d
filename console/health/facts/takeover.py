"""The firewall that carries the traffic, and the other one's readiness to take over, in sentences that say what is
missing."""

from collections.abc import Iterator

from console.health.facts.membership import config_of, master, pools_of, roles, unused, without_stand_ins
from console.health.facts.starts import nobody_starts
from console.probes.firewalls.carp import UNREAD
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import listed


def carried(snapshot: Snapshot) -> str:
    """A sentence: the firewall that carries the traffic now, by CARP alone."""
    lead = master(snapshot)
    if lead:
        return f"{lead} is CARP MASTER and carries the traffic"
    known = [
        f"{view.name} is {listed(sorted(roles(snapshot, view.carp.value))) or 'without a vhid'}"
        for view in snapshot.firewalls
        if isinstance(view.carp, Known)
    ]
    return (
        f"nobody is known to carry the traffic ({listed(known)})" if known else "nobody is known to carry the traffic"
    )


def takes_over(snapshot: Snapshot, firewall: str) -> tuple[str, ...]:
    """Why the other firewalls can't do without this one; nothing when one of them would take over everything."""
    others = [view.name for view in snapshot.firewalls if view.name != firewall]
    if not others:
        return ("there is no other firewall",)
    lacking = [tuple(_heir(snapshot, firewall, other)) for other in others]
    return () if not all(lacking) else tuple(reason for reasons in lacking for reason in reasons)


def _heir(snapshot: Snapshot, firewall: str, other: str) -> Iterator[str]:
    yield from can_not_lead(snapshot, other)
    carp = snapshot.firewall(other).carp
    if isinstance(carp, Known):
        if carp.value.pfsync == "behind":
            yield f"{other} has not got the states of connections yet (pfsync, syncok: 0)"
        yield from can_not_balance(snapshot, firewall, other)


def can_not_lead(snapshot: Snapshot, firewall: str, leaves: bool = False) -> Iterator[str]:
    """Why a firewall would not become CARP MASTER of everything. `leaves`: it is about to leave maintenance."""
    view = snapshot.firewall(firewall)
    if isinstance(view.carp, Unknown):
        yield view.carp.told_of(firewall, since=False)
        return
    carp, config = view.carp.value, config_of(snapshot, firewall)
    if not carp.allow:
        yield f"CARP is disabled on {firewall}"
    if config is None:
        yield f"config.xml of {firewall} is not known"
    elif config.maintenance and not leaves:
        yield f"{firewall} is in persistent CARP maintenance mode"
    if carp.demotion > 0 and not any(vhid.role == "INIT" for vhid in carp.vhids):
        yield f"{firewall} is demoted by {carp.demotion}"
    for vip in snapshot.cluster.vips:
        if carp.role(vip.address) == UNREAD:
            yield f"the role of {firewall} for {vip.name} can't be read"
        elif carp.role(vip.address) not in ("MASTER", "BACKUP"):
            yield f"{firewall} is {carp.role(vip.address) or 'without a vhid'} for {vip.name}"


def can_not_balance(snapshot: Snapshot, firewall: str, other: str) -> Iterator[str]:
    """Why `other` would not serve what `firewall` serves now."""
    config = config_of(snapshot, other)
    if config and config.uncertified and not _runs(snapshot, other):
        yield f"HAProxy on {other} lacks the certificate of {listed(config.uncertified)}"
    yield from _heirs_pools(snapshot, firewall, other, bool(config and config.carpdev))


def _runs(snapshot: Snapshot, firewall: str) -> bool:
    pools = pools_of(snapshot, firewall)
    return pools is not None and pools.running


def _heirs_pools(snapshot: Snapshot, firewall: str, other: str, carpdev: bool) -> Iterator[str]:
    theirs, ours = pools_of(snapshot, other), pools_of(snapshot, firewall)
    if theirs is None:
        yield f"the pools of {other} are not known"
    elif not theirs.running:
        if not carpdev:
            yield f"the load balancer does not run on {other}"
        elif nobody := nobody_starts(snapshot, other):
            yield f"{other} would start with nobody in {listed(nobody)}"
    else:
        compared = ours if ours and ours.running else None
        every = without_stand_ins(snapshot.cluster, compared or theirs)
        served = [server.backend for server in every if server.serving or not compared]
        heirs = {server.backend for server in without_stand_ins(snapshot.cluster, theirs) if server.serving}
        for backend in dict.fromkeys(served):  # one that nobody serves here either is no reason to keep this firewall
            if backend not in heirs and backend not in unused(snapshot, other):
                yield f"{other} sees nobody serve {theirs.named(backend)}"
