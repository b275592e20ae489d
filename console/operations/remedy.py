"""The operation that helps against a finding."""

from console.health import Finding, Kind, serving
from console.health.facts.fitness import unfit
from console.operations.effects import Effect, targets
from console.operations.guards import Override, objections
from console.operations.procedures import DRAIN, OPERATIONS, REJOIN, REMOVE
from console.operations.procedures.steps import Operation
from console.probes.snapshot import Known, Snapshot


def remedy(snapshot: Snapshot, one: Finding) -> tuple[Operation, str] | None:
    """The first operation that helps and is not refused, with its target; None: no key helps."""
    if one.kind is Kind.MIXED:
        return _last_wish(snapshot, one.machine)
    able = (
        (operation, target)
        for operation in OPERATIONS
        if one.kind in operation.helps
        for target in one.machines
        if target in targets(snapshot.cluster, operation.on) and _helps(snapshot, operation, target)
    )
    return next(able, None)


def _last_wish(snapshot: Snapshot, node: str) -> tuple[Operation, str] | None:
    """For a node that is out on one firewall only: the operation that tells the firewall which a run has left out, and
    which is back. Its claim tells what was wanted, also where the run was another console's."""
    claims = (view.claim.value for view in snapshot.firewalls if isinstance(view.claim, Known))
    left = sorted((one for one in claims if one.open and not one.held), key=lambda one: one.since)
    wanted = next((one for one in OPERATIONS if left and left[-1].what == one.words(node)), None)
    if wanted is None or not wanted.does(Effect.TAKES_OUT, Effect.PUTS_BACK):
        return None
    out = REMOVE if wanted.does(Effect.ENDS_SESSIONS) else DRAIN
    again = out if wanted.leaves_out else REJOIN
    refused = Override.NEVER in {one.override for one in objections(snapshot, again.effects, node, again.on)}
    return None if refused else (again, node)


def _helps(snapshot: Snapshot, operation: Operation, target: str) -> bool:
    """Taking out helps a node that gets visitors; putting back, one that is fit."""
    if operation.does(Effect.TAKES_OUT) and target not in serving(snapshot):
        return False
    if operation.does(Effect.PUTS_BACK) and any(unfit(snapshot, target)):
        return False
    against = objections(snapshot, operation.effects, target, operation.on)
    return not any(one.override is Override.NEVER for one in against)
