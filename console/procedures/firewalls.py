"""What every step on the firewalls shares: when it has happened on both, and what was found there.

Keys of `Intent.found`: "now FIREWALL BACKEND/SERVER" -> ready | drain | maint, "later FIREWALL POOL/SERVER" -> a
status of config.xml. What was found is what is put back, not "ready".
"""

from collections.abc import Callable

from console.facts.membership import Membership, membership
from console.guards import missed
from console.procedures.steps import Intent, Progress
from console.saying import listed
from console.snapshot import Snapshot, Unknown

Verdict = Callable[[Membership], str | None]
"""What is still to happen on one firewall, or None."""


def over_firewalls(snapshot: Snapshot, intent: Intent, layer: str, verdict: Verdict, success: str) -> Progress:
    """Done when every firewall that answers says so; those that don't answer are missed, with what it means."""
    waiting: list[str] = []
    silent: list[tuple[str, str]] = []
    for view in snapshot.firewalls:
        gone = isinstance(view.pools, Unknown) and not view.pools.pending  # then its slow answers are not waited for
        reading = view.pools if layer == "pools" or gone else view.config
        if isinstance(reading, Unknown) and reading.pending:
            waiting.append(f"{view.name} has not said so yet")
        elif isinstance(reading, Unknown):
            silent.append((view.name, f"{missed(snapshot, intent.action, intent.node, view.name)} ({reading.why})"))
        elif left := verdict(membership(snapshot, view.name, intent.node)):
            waiting.append(left)
    if waiting or len(silent) == len(snapshot.firewalls):
        return Progress(False, "; ".join(waiting) or "no firewall answers", tuple(silent))
    told = [view.name for view in snapshot.firewalls if view.name not in dict(silent)]
    return Progress(True, f"{success} on {listed(told)}", tuple(silent))


def noted(intent: Intent, layer: str, firewall: str, server: str) -> str | None:
    """What was found on this firewall or, where it could not be asked, on the other one."""
    elsewhere = (
        value for key, value in intent.found.items() if key.startswith(f"{layer} ") and key.endswith(f" {server}")
    )
    return intent.found.get(f"{layer} {firewall} {server}") or next(elsewhere, None)
