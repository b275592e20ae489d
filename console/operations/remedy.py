"""The operation that helps against a finding."""

from console.health import Finding, serving
from console.health.facts.fitness import unfit
from console.operations.effects import Effect, targets
from console.operations.guards import Override, objections
from console.operations.procedures import OPERATIONS
from console.operations.procedures.steps import Operation
from console.probes.snapshot import Snapshot


def remedy(snapshot: Snapshot, one: Finding) -> tuple[Operation, str] | None:
    """The first operation that helps and is not refused, with its target; None: no key helps."""
    able = (
        (operation, target)
        for operation in OPERATIONS
        if one.kind in operation.helps
        for target in one.machines
        if target in targets(snapshot.cluster, operation.on) and _helps(snapshot, operation, target)
    )
    return next(able, None)


def _helps(snapshot: Snapshot, operation: Operation, target: str) -> bool:
    """Taking out helps a node that gets visitors; putting back, one that is fit."""
    if operation.does(Effect.TAKES_OUT) and target not in serving(snapshot):
        return False
    if operation.does(Effect.PUTS_BACK) and any(unfit(snapshot, target)):
        return False
    against = objections(snapshot, operation.effects, target, operation.on)
    return not any(one.override is Override.NEVER for one in against)
