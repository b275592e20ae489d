"""An order beside its sending: as it is shown, how long it may take, and what its answer says."""

import shlex
from dataclasses import replace

from console.operations.procedures.steps import HERE, Intent, Order
from console.probes.ask import Answer, Ran, Refused, WireError, command
from console.probes.firewalls.script import refusal
from console.probes.parsing import first_line
from console.probes.snapshot import Snapshot
from console.session.program import complaint
from console.text import plain_text
from console.wire import Wire

DONE = "command succeeded"
"""relayctl's words for success; HAProxy prints nothing."""


def as_sent(order: Order, wire: Wire) -> str:
    """An order as it will leave, for dry run and journal."""
    if order.machine == HERE:
        return f"{HERE}: {shlex.join(order.run.argv)}"
    return f"{order.machine}: {command(order.run, 'END', wire.sudo(order.machine))}"


def deadline(order: Order) -> float:
    """Seconds in which an order has ended, also where nobody hears of it: the machine ends what takes longer."""
    return (order.run.timeout or 0.0) + 5


def error_in(order: Order, answer: Answer | WireError) -> str | None:
    """Why an order was not carried out, if the machine says so. That it was is never taken from here."""
    if isinstance(answer, WireError):
        return str(answer)
    if not isinstance(answer, Ran):
        return None
    if order.machine == HERE:
        return complaint(order.run.argv, answer) or None
    if order.run.argv[0].endswith("php"):
        why = refusal(answer)
        return f"{order.machine}: {why}" if why else None
    said = first_line(answer.err if answer.status else answer.out.replace(DONE, ""))
    return f"{order.machine}: {plain_text(said)}" if said else None


def outcome_unknown(answer: Answer | WireError) -> bool:
    """The link was lost, or the time was up: the order may have arrived all the same."""
    return isinstance(answer, WireError) and not isinstance(answer, Refused)


def preview(picture: Snapshot, intent: Intent, wire: Wire) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each step of a procedure in words, with the exact orders it would send as things stand."""
    found = dict(intent.found)
    lines: list[tuple[str, tuple[str, ...]]] = []
    for step in intent.taken_back or intent.steps:
        at = intent.at(step)
        found = {**step.finds(picture, at), **found}
        planned = replace(at, found=found)
        lines.append(
            (step.describe(at, picture), tuple(as_sent(order, wire) for order in step.orders(picture, planned)))
        )
    return tuple(lines)
