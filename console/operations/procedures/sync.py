"""A configuration sync that is started now: HAProxy's own, or pfSense's. What both config.xml say afterwards counts."""

from console.health.facts.membership import pools_of
from console.health.facts.takeover import can_not_balance
from console.operations.effects import Effect
from console.operations.guards import missing_there
from console.operations.guards.failover import others
from console.operations.guards.sync import (
    can_send,
    goes_live,
    lagging,
    overwrites,
    reloads_master,
    same_format,
)
from console.operations.procedures.steps import Intent, Options, Order, Progress, Step
from console.probes.firewalls.carp import CARP
from console.probes.firewalls.config import CONFIG
from console.probes.firewalls.pfsense import BOX
from console.probes.firewalls.sync_now import sync_core, sync_pools
from console.probes.pools.balancer import POOLS
from console.probes.snapshot import Known, Snapshot
from console.text import listed, quoted

_EFFECTS = frozenset({Effect.SYNCS_POOLS, Effect.SYNCS_CORE})


def _alike(snapshot: Snapshot, intent: Intent) -> Progress:
    name, rest = intent.target, listed(others(snapshot, intent.target))
    left = lagging(snapshot, intent.operation.effects & _EFFECTS, name)
    if left is None:
        return Progress(False, f"config.xml of {name} or {rest} is not known yet")
    if left:
        return Progress(False, f"{rest} is still behind in {listed(left)}{_notice(snapshot, name)}")
    return Progress(True, f"{name} and {rest} are alike in what was synced")


def _notice(snapshot: Snapshot, firewall: str) -> str:
    box = snapshot.firewall(firewall).box
    notices = box.value.sync_notices if isinstance(box, Known) else ()
    return f"; {firewall} tells: {quoted(notices[-1], 120)}" if notices else ""


def _serves(snapshot: Snapshot, intent: Intent) -> Progress:
    """The HAProxy that was reloaded sends visitors to every server that this one does."""
    name, reasons = intent.target, list[str]()
    for other in others(snapshot, name):
        if pools_of(snapshot, name) is None:
            reasons.append(f"the pools of {name} are not known")
        missing = missing_there(snapshot, name, other)
        reasons += [*can_not_balance(snapshot, name, other)]
        reasons += [f"{other} sends no visitor to {listed(missing)} yet"] if missing else []
    rest = listed(others(snapshot, name))
    return Progress(not reasons, "; ".join(reasons) or f"HAProxy on {rest} serves as {name}'s does")


def _receivers(snapshot: Snapshot) -> tuple[str, ...]:
    """Firewalls that do not send."""
    configs = ((view.name, view.config) for view in snapshot.firewalls)
    return tuple(name for name, config in configs if not (isinstance(config, Known) and config.value.primary))


def leaves(snapshot: Snapshot, target: str, _options: Options) -> tuple[str, ...]:
    """Say that the other firewall loses what it has otherwise."""
    return (f"What {listed(others(snapshot, target))} has otherwise is overwritten. Nothing takes that back.",)


_GUARDS = (can_send, same_format, goes_live, reloads_master, overwrites)
SYNC_POOLS = (
    Step(
        name="sync HAProxy",
        phase="sync",
        summary="have {node} send HAProxy's configuration to {others}; {reload}",
        orders=lambda _snapshot, intent: (Order(intent.target, sync_pools()),),
        done=_alike,
        watches=(CONFIG, BOX, CARP),
        timeout=lambda _timings: 60.0,
        guards=_GUARDS,
        reloads=_receivers,
        lasts=True,
    ),
    Step(
        name="serves",
        phase="sync",
        summary="see HAProxy on {others} serve as {node}'s does",
        done=_serves,
        watches=(POOLS,),
        timeout=lambda _timings: 60.0,
    ),
)
SYNC_CORE = (
    Step(
        name="sync pfSense",
        phase="sync",
        summary="have {node} send what pfSense syncs to {others}; HAProxy is not reloaded",
        orders=lambda _snapshot, intent: (Order(intent.target, sync_core()),),
        done=_alike,
        watches=(CONFIG, BOX, CARP),
        timeout=lambda _timings: 90.0,
        guards=_GUARDS,
        lasts=True,
    ),
)
