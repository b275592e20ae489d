"""Objections to a sync: it makes the other firewall's configuration this one's, and reloads what that touches."""

from collections.abc import Iterator

from console.health.facts.membership import config_of, memberships, primary, roles
from console.health.facts.sync import differences, sync
from console.operations.effects import Effect, Effects
from console.operations.guards.failover import others
from console.operations.guards.objection import Objection, Override
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import listed, quoted

POOLS, VERSION = "pools", "version"
"""Names of differing parts, see `health.facts.sync`."""


def lagging(snapshot: Snapshot, effects: Effects, firewall: str) -> tuple[str, ...] | None:
    """Parts in which the other firewall differs and that this sync carries; None where that is not known."""
    configs = [config_of(snapshot, name) for name in (firewall, *others(snapshot, firewall))]
    if None in configs or len(configs) < 2:
        return None
    mine, theirs = (config for config in configs[:2] if config)
    parts = tuple(part for part in differences(mine, theirs) if part != VERSION)
    by_package = snapshot.cluster.balancer == "haproxy"
    pools = tuple(part for part in parts if part == POOLS and by_package)
    return pools if Effect.SYNCS_POOLS in effects else tuple(part for part in parts if part not in pools)


def can_send(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """The firewall must be the one that syncs, and both must be known."""
    for view in snapshot.firewalls:
        for reading, what in ((view.config, "config.xml"), (view.carp, "CARP")):
            if isinstance(reading, Unknown):
                saw = f"{what} of {view.name} is not known: {reading.why}"
                yield Objection(view.name, saw, "Wait until it answers", Override.NEVER)
    config, sender = config_of(snapshot, firewall), primary(snapshot)
    if config is None:
        return
    if not config.primary:
        clears = f"Sync from {sender}" if sender else "Set one up first (System > High Availability)"
        yield Objection(firewall, f"{firewall} syncs to nobody", clears, Override.NEVER)
    elif Effect.SYNCS_POOLS in effects and snapshot.cluster.balancer != "haproxy":
        saw = "relayd's pools are part of pfSense's own sync"
        yield Objection(firewall, saw, "Start that one", Override.NEVER)
    elif Effect.SYNCS_POOLS in effects and not config.balancer_sync:
        saw = f"HAProxy's own sync is off on {firewall}"
        yield Objection(firewall, saw, "Switch it on there (Services > HAProxy > Settings)", Override.NEVER)


def same_format(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """pfSense's own sync stops between versions; that of the HAProxy package does not."""
    mine = config_of(snapshot, firewall)
    for other in others(snapshot, firewall):
        theirs = config_of(snapshot, other)
        if mine and theirs and mine.version != theirs.version:
            saw = f"{firewall} and {other} have different configuration versions ({mine.version}, {theirs.version})"
            core = Effect.SYNCS_CORE in effects
            clears = "Upgrade the other one first" if core else "Upgrade it first, or say yes to sync across versions"
            yield Objection(other, saw, clears, Override.NEVER if core else Override.CONFIRM)


def is_behind(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """There must be something to sync, and a sync that goes on by itself is not disturbed."""
    parts, state = lagging(snapshot, effects, firewall), sync(snapshot)
    if parts == ():
        saw = f"the firewalls are alike in what this sync of {firewall} carries"
        yield Objection(firewall, saw, "There is nothing to sync", Override.NEVER)
    elif parts and state.equal is None:
        yield Objection(firewall, state.message, "Wait for its own sync, or say yes to start one", Override.CONFIRM)


def failed_before(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """The cause of a sync that failed must be cured: a person knows."""
    box = snapshot.firewall(firewall).box
    notices = box.value.sync_notices if isinstance(box, Known) else ()
    if notices:
        saw = f"{firewall} tells of a sync that failed: {quoted(notices[-1], 120)}"
        yield Objection(firewall, saw, "Say yes if that is mended: this tries once more", Override.CONFIRM)


def goes_live(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """Nobody's pending change is applied by us; a sync carries it, and the other firewall applies it."""
    for view in snapshot.firewalls:
        if isinstance(view.box, Unknown):
            saw = f"whether {view.name} holds changes that nobody has applied is not known: {view.box.why}"
            yield Objection(view.name, saw, "Wait until it is", Override.CONFIRM)
        elif view.box.value.unapplied:
            config = config_of(snapshot, view.name)
            last = f"; its last change: {quoted(config.revision, 120)}" if config and config.revision else ""
            saw = f"{view.name} holds changes that nobody has applied: {listed(view.box.value.unapplied)}{last}"
            there = f"they go live on {listed(others(snapshot, firewall))}"
            end = there if view.name == firewall else "the sync replaces or applies them"
            yield Objection(view.name, saw, f"Apply or revert them there first: {end}", Override.NAME_AND_REASON)


def reloads_master(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """Ask before the firewall that carries visitors is reloaded."""
    what = "HAProxy is" if Effect.SYNCS_POOLS in effects else "rules are"
    for other in others(snapshot, firewall):
        carp = snapshot.firewall(other).carp
        if isinstance(carp, Known) and "MASTER" in roles(snapshot, carp.value):
            saw = f"{other} is CARP MASTER: its {what} reloaded while it carries visitors"
            clears = f"Say yes, or wait until {firewall} leads"
            yield Objection(other, saw, clears, Override.CONFIRM)


def overwrites(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """A change made on the receiving firewall alone is lost, and a node that is out only there comes back."""
    for other in others(snapshot, firewall):
        config = config_of(snapshot, other)
        if config and config.own_change:
            saw = f"{other} was changed by itself: {quoted(config.own_change, 120)}"
            yield Objection(other, saw, f"Make that change on {firewall} first, or lose it", Override.NAME_AND_REASON)
        for node in snapshot.nodes if Effect.SYNCS_POOLS in effects else ():
            out = {one.firewall: one.out_in_config for one in memberships(snapshot, node.name)}
            if out.get(other) and out.get(firewall) is False:
                saw = f"{node.name} is out in config.xml of {other} only"
                clears = f"Take it out on {firewall} too: the sync puts it back"
                yield Objection(node.name, saw, clears, Override.NAME_AND_REASON)
