"""What every step on the firewalls shares: when it has happened on both, and what was found there.

Keys of `Intent.found`: "now FIREWALL BACKEND/SERVER" -> ready | drain | maint, "later FIREWALL POOL/SERVER" -> a
status of config.xml. What was found is what is put back, not "ready". Of a node that was out for good already nothing
is noted: that is another console's doing, and is put back whole.
"""

from collections.abc import Callable

from console.health.facts.membership import Membership, membership
from console.operations.guards import missed
from console.operations.procedures.steps import Intent, Progress
from console.probes.snapshot import Snapshot, Unknown
from console.text import listed


class Missed(str):
    """What can't happen on one firewall: the run goes on without it, and is not done."""


Verdict = Callable[[Membership], str | None]
"""What is still to happen on one firewall, what can't (Missed), or None."""


def over_firewalls(snapshot: Snapshot, intent: Intent, layer: str, verdict: Verdict, success: str) -> Progress:
    """Done when every firewall that answers says so; those that don't answer are missed, with what it means. Nothing
    found is no success: a firewall that has no server of the node says nothing of it."""
    waiting: list[str] = []
    silent: list[tuple[str, str]] = []
    empty: list[str] = []
    for view in snapshot.firewalls:
        gone = isinstance(view.pools, Unknown) and not view.pools.pending  # then its slow answers are not waited for
        reading = view.pools if layer == "pools" or gone else view.config
        if isinstance(reading, Unknown) and reading.pending:
            waiting.append(f"{view.name} has not said so yet")
        elif isinstance(reading, Unknown):
            silent.append(
                (view.name, f"{missed(snapshot, intent.operation.effects, intent.target, view.name)} ({reading.why})")
            )
        elif isinstance(left := verdict(one := membership(snapshot, view.name, intent.target)), Missed):
            silent.append((view.name, left))
        elif left:
            waiting.append(left)
        elif not one.now and one.later == ():
            empty.append(view.name)
    if waiting or all(isinstance(view.pools, Unknown) for view in snapshot.firewalls):
        return Progress(False, "; ".join(waiting) or "no firewall answers", tuple(silent))
    told = [view.name for view in snapshot.firewalls if view.name not in (*dict(silent), *empty)]
    if not told and not silent:
        return Progress(False, f"{listed(empty)} {'have' if empty[1:] else 'has'} no server of {intent.target}")
    says = [f"{success} on {listed(told)}"] if told else [says for _, says in silent]
    says += [f"{listed(empty)} {'have' if empty[1:] else 'has'} no server of {intent.target}"] if empty else []
    return Progress(True, "; ".join(says), tuple(silent))


def noted(intent: Intent, layer: str, firewall: str, server: str) -> str | None:
    """What was found on this firewall or, where it could not be asked, on the other one."""
    elsewhere = (
        value for key, value in intent.found.items() if key.startswith(f"{layer} ") and key.endswith(f" {server}")
    )
    return intent.found.get(f"{layer} {firewall} {server}") or next(elsewhere, None)
