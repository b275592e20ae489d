"""Shared by every step on the firewalls: progress over both of them, and the state found there.

Keys of `Intent.found`: "now FIREWALL BACKEND/SERVER" -> ready | drain | maint, "later FIREWALL POOL/SERVER" -> a status
of config.xml. Put back the state found, not "ready". Nothing is noted of a node that was already out for good: another
console has taken it out, and it is put back whole.
"""

from collections.abc import Callable

from console.health.facts.membership import Membership, membership
from console.operations.guards import if_skipped
from console.operations.procedures.steps import Intent, Progress
from console.probes.snapshot import Snapshot, Unknown
from console.text import listed

RUNTIME, CONFIGURED = "now", "later"
"""Layers, as the keys of journals name them."""


def of_the_pools(key: str) -> bool:
    """A note that outlives its run: whoever puts the node back needs it."""
    return key.startswith((f"{RUNTIME} ", f"{CONFIGURED} "))


class Skipped(str):
    """The reason why a step can't happen on one firewall: the run goes on without it, and is not done."""


Verdict = Callable[[Membership], str | None]
"""The unfinished part of a step on one firewall; Skipped if it can't happen there; None when it has happened."""


def over_firewalls(snapshot: Snapshot, intent: Intent, layer: str, verdict: Verdict, success: str) -> Progress:
    """Done when every firewall that answers says so; those that don't answer are skipped, with what it means. Nothing
    found is no success: a firewall that has no server of the node says nothing of it."""
    waiting: list[str] = []
    skipped: list[tuple[str, str]] = []
    empty: list[str] = []
    for view in snapshot.firewalls:
        unreachable = (
            isinstance(view.pools, Unknown) and not view.pools.under_way
        )  # then its slow answers are not waited for
        reading = view.pools if layer == "pools" or unreachable else view.config
        if isinstance(reading, Unknown) and reading.under_way:
            waiting.append(f"{view.name} has not said so yet")
        elif isinstance(reading, Unknown):
            skipped.append(
                (
                    view.name,
                    f"{if_skipped(snapshot, intent.operation.effects, intent.target, view.name)} ({reading.why})",
                )
            )
        elif isinstance(left := verdict(one := membership(snapshot, view.name, intent.target)), Skipped):
            skipped.append((view.name, left))
        elif left:
            waiting.append(left)
        elif not one.runtime and one.configured == ():
            empty.append(view.name)
    if waiting or all(isinstance(view.pools, Unknown) for view in snapshot.firewalls):
        return Progress(False, "; ".join(waiting) or "no firewall answers", tuple(skipped))
    reached = [view.name for view in snapshot.firewalls if view.name not in (*dict(skipped), *empty)]
    if not reached and not skipped:
        return Progress(False, f"{listed(empty)} {'have' if empty[1:] else 'has'} no server of {intent.target}")
    message = [f"{success} on {listed(reached)}"] if reached else [message for _, message in skipped]
    message += [f"{listed(empty)} {'have' if empty[1:] else 'has'} no server of {intent.target}"] if empty else []
    return Progress(True, "; ".join(message), tuple(skipped))


def noted(intent: Intent, layer: str, firewall: str, server: str) -> str | None:
    """The state noted for this firewall or, where it could not be asked, for the other one."""
    elsewhere = (
        value for key, value in intent.found.items() if key.startswith(f"{layer} ") and key.endswith(f" {server}")
    )
    return intent.found.get(f"{layer} {firewall} {server}") or next(elsewhere, None)
