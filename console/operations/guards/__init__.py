"""What stands against an action, in sentences. A guard never says yes or no: it says what it saw, what would clear it.

The same sentence is on the screen, on the command line and in the journal. Guards look at one picture in which what is
stale has already become unknown (`console.probes.freshness.as_of`), and unknown always objects.
"""

from console.operations.guards.firewalls import (
    balancer_runs,
    fresh_firewalls,
    lasts,
    missed,
    nothing_unapplied,
    same_version,
)
from console.operations.guards.nodes import (
    all_is_listed,
    answers,
    elsewhere,
    fit_again,
    none_lost,
    other_bricks,
    storage_whole,
)
from console.operations.guards.objection import About, Action, Guard, Objection, Override
from console.operations.guards.pools import (
    agents_agree,
    busy_without,
    in_a_pool,
    no_traffic,
    one_at_a_time,
    really_out,
    room_left,
    serves_errors,
    somebody_serves,
    still_in,
    traffic,
)
from console.probes.snapshot import Snapshot

__all__ = [
    "About",
    "Action",
    "Guard",
    "Objection",
    "Override",
    "all_is_listed",
    "better_out",
    "busy_without",
    "elsewhere",
    "missed",
    "no_traffic",
    "none_lost",
    "objections",
    "one_at_a_time",
    "other_bricks",
    "room_left",
    "somebody_serves",
    "storage_whole",
    "traffic",
]

RULES: tuple[Guard, ...] = (
    fresh_firewalls,
    in_a_pool,
    somebody_serves,
    one_at_a_time,
    nothing_unapplied,
    balancer_runs,
    lasts,
    same_version,
    fit_again,
    room_left,
)
TO_BEGIN: tuple[Guard, ...] = (
    answers,
    elsewhere,
    all_is_listed,
    none_lost,
    storage_whole,
    really_out,
    still_in,
    agents_agree,
)
"""These stand against beginning, not against resuming: what an interrupted run has done already would be held against
it. A step that needs one of them asks it again."""


HARDEST = (Override.NEVER, Override.NAME_AND_REASON, Override.CONFIRM)


def objections(snapshot: Snapshot, action: Action, node: str, resumed: bool = False) -> tuple[Objection, ...]:
    """All that stands against an action now, each once; what is hardest to overcome comes first."""
    rules = RULES if resumed else RULES + TO_BEGIN
    found = dict.fromkeys(objection for rule in rules for objection in rule(snapshot, action, node))
    return tuple(sorted(found, key=lambda objection: HARDEST.index(objection.override)))


def better_out(snapshot: Snapshot, node: str) -> str:
    """That a node is better taken out now: it serves errors, another serves, and no pool would be left empty; or ""."""
    says = serves_errors(snapshot, node)
    if not says or any(one.override is Override.NEVER for one in objections(snapshot, Action.DRAIN, node)):
        return ""
    return f"{says}: drain or remove it"
