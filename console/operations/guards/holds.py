"""Objections of whoever holds a node out."""

from collections.abc import Iterator

from console.health.facts.holds import by, held, over, until
from console.operations.effects import Effects
from console.operations.guards.objection import Objection, Override
from console.probes.snapshot import Snapshot


def held_out(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """A person wants the node out: who puts it back names it. A hold that has ended asks for nothing."""
    hold = held(snapshot, node)
    if hold is None or over(snapshot, hold):
        return
    saw = f"{node} is held out {until(hold)} {by(hold)}"
    yield Objection(node, saw, f"Wait until then, or ask whoever holds {node}", Override.NAME_AND_REASON)


def held_already(snapshot: Snapshot, _effects: Effects, node: str) -> Iterator[Objection]:
    """A new hold takes the place of the one before."""
    hold = held(snapshot, node)
    if hold is not None and not over(snapshot, hold):
        saw = f"{node} is held out already, {until(hold)} {by(hold)}"
        yield Objection(node, saw, "Say yes to hold it by a new note instead", Override.CONFIRM)
