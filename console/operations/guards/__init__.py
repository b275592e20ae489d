"""Objections to an operation, in sentences. A guard never says yes or no: it says what it saw and what clears it.

The same sentence is on the screen, on the command line and in the journal. Guards look at one picture in which what is
stale has already become unknown (`console.probes.freshness.without_stale`), and unknown always objects.
"""

from collections.abc import Iterator
from typing import NamedTuple

from console.operations.effects import ENDS, STARTS, STOPS, Effect, Effects, On, targets
from console.operations.guards.failover import (
    READY_TO_LEAD,
    READY_TO_SERVE,
    Check,
    all_applied,
    can_balance,
    can_lead,
    checks,
    led_elsewhere,
    missing_there,
    not_yet,
    switches,
    visited,
    way_through,
)
from console.operations.guards.firewalls import (
    balancer_runs,
    fresh_firewalls,
    if_skipped,
    lasts,
    nothing_unapplied,
    same_version,
)
from console.operations.guards.holds import held_already, held_out
from console.operations.guards.nodes import (
    all_is_listed,
    all_reachable,
    answers,
    elsewhere,
    fit_again,
    other_bricks,
    storage_whole,
)
from console.operations.guards.objection import About, Guard, Objection, Override
from console.operations.guards.pools import (
    agents_agree,
    busy_without,
    in_a_pool,
    no_traffic,
    one_at_a_time,
    out_first,
    really_out,
    room_left,
    serves_errors,
    somebody_serves,
    still_in,
    traffic,
)
from console.operations.guards.services import (
    layer_whole,
    service_known,
    somebody_to_join,
    visitors_come,
)
from console.operations.guards.storage import all_bricks_there, can_heal, can_mount
from console.operations.guards.sync import (
    can_send,
    failed_before,
    goes_live,
    is_behind,
    overwrites,
    reloads_master,
    same_format,
)
from console.operations.guards.updates import (
    can_update,
    is_in,
    no_visit_failed,
    nobody_else_installs,
    nobody_updates,
    writes_arrive,
)
from console.operations.guards.upgrades import can_upgrade, other_is_whole
from console.operations.guards.writer import (
    READY_TO_WRITE,
    proven,
    somebody_follows,
    successor,
    writer_checks,
    writer_taken,
    writes_elsewhere,
)
from console.probes.snapshot import Snapshot
from console.text import listed

__all__ = [
    "READY_TO_LEAD",
    "READY_TO_SERVE",
    "About",
    "Check",
    "Guard",
    "Objection",
    "Override",
    "all_is_listed",
    "all_reachable",
    "better_out",
    "busy_without",
    "can_balance",
    "can_lead",
    "checked",
    "checks",
    "elsewhere",
    "if_skipped",
    "layer_whole",
    "led_elsewhere",
    "missing_there",
    "no_traffic",
    "nobody_else_installs",
    "objections",
    "one_at_a_time",
    "other_bricks",
    "proven",
    "room_left",
    "somebody_serves",
    "storage_whole",
    "successor",
    "switches",
    "traffic",
    "writes_elsewhere",
]


class Rule(NamedTuple):
    """A guard, and the effects that it judges: it is asked about each operation that has one of them."""

    guard: Guard
    judges: Effects
    on: On = On.NODE
    begins: bool = False
    """It objects to beginning, not to resuming: an interrupted run's own doing would be held against it. A step that
    needs it asks it again."""


_OUT = frozenset({Effect.TAKES_OUT})
_MODE = frozenset({Effect.HOLDS_BACK, Effect.GIVES_BACK})
_MOVES = frozenset({Effect.FAILS_OVER})
_WRITES = frozenset({Effect.MOVES_WRITER})
_SYNCS = frozenset({Effect.SYNCS_POOLS, Effect.SYNCS_CORE})
_SHARED = frozenset({Effect.STOPS_DATABASE, Effect.STOPS_BRICKS})
_PATCH = (can_update, nobody_updates, nobody_else_installs, is_in)
_POOLS = frozenset({Effect.TAKES_OUT, Effect.ENDS_SESSIONS, Effect.PUTS_BACK, Effect.PUTS_BACK_UNFIT})

RULES: tuple[Rule, ...] = (
    Rule(held_out, frozenset({Effect.PUTS_BACK, Effect.PUTS_BACK_UNFIT})),
    Rule(held_already, frozenset({Effect.HOLDS}), begins=True),
    Rule(fresh_firewalls, _POOLS),
    Rule(in_a_pool, _POOLS),
    Rule(somebody_serves, _OUT),
    Rule(one_at_a_time, _OUT),
    Rule(nothing_unapplied, _POOLS),
    Rule(balancer_runs, _POOLS),
    Rule(lasts, _OUT),
    Rule(same_version, _POOLS),
    Rule(fit_again, frozenset({Effect.PUTS_BACK_UNFIT})),
    Rule(room_left, _OUT),
    Rule(out_first, STOPS),
    Rule(answers, STOPS | STARTS, begins=True),
    Rule(elsewhere, ENDS, begins=True),
    Rule(all_is_listed, ENDS, begins=True),
    Rule(all_reachable, ENDS | _SHARED, begins=True),
    Rule(storage_whole, ENDS, begins=True),
    Rule(service_known, STOPS | STARTS, begins=True),
    Rule(layer_whole, _SHARED, begins=True),
    Rule(somebody_to_join, frozenset({Effect.STARTS_DATABASE}), begins=True),
    Rule(visitors_come, frozenset({Effect.STARTS_WEB})),
    Rule(really_out, frozenset({Effect.PUTS_BACK}), begins=True),
    Rule(still_in, _OUT, begins=True),
    Rule(agents_agree, frozenset({Effect.PUTS_BACK}), begins=True),
    Rule(somebody_follows, _OUT | STOPS, begins=True),
    Rule(writer_taken, _WRITES, begins=True),
    *(Rule(guard, _WRITES, begins=True) for guard in READY_TO_WRITE),
    Rule(switches, _MODE, On.FIREWALL, begins=True),
    Rule(not_yet, _MODE, On.FIREWALL, begins=True),
    *(Rule(guard, _MOVES, On.FIREWALL, begins=True) for guard in READY_TO_LEAD),
    Rule(visited, _MOVES, On.FIREWALL, begins=True),
    Rule(all_applied, frozenset({Effect.REBOOTS}), On.FIREWALL),
    Rule(way_through, frozenset({Effect.REBOOTS}), On.FIREWALL, begins=True),
    Rule(is_behind, _SYNCS, On.FIREWALL, begins=True),
    Rule(failed_before, _SYNCS, On.FIREWALL, begins=True),
    *(Rule(guard, _SYNCS, On.FIREWALL) for guard in (can_send, same_format, goes_live, reloads_master, overwrites)),
    Rule(can_heal, frozenset({Effect.HEALS}), On.VOLUME, begins=True),
    Rule(all_bricks_there, frozenset({Effect.HEALS}), On.VOLUME),
    Rule(answers, frozenset({Effect.MOUNTS})),
    Rule(can_mount, frozenset({Effect.MOUNTS}), begins=True),
    *(Rule(guard, frozenset({Effect.UPDATES}), begins=True) for guard in _PATCH),
    *(Rule(guard, frozenset({Effect.UPDATES})) for guard in (no_visit_failed, writes_arrive)),
    *(Rule(guard, frozenset({Effect.UPDATES}), On.FIREWALL, begins=True) for guard in (can_upgrade, other_is_whole)),
    *(Rule(guard, frozenset({Effect.UPDATES}), On.FIREWALL) for guard in (no_visit_failed, writes_arrive)),
)
"""Listed here and nowhere else, in the order in which their sentences are shown."""

HARDEST = (Override.NEVER, Override.NAME_AND_REASON, Override.CONFIRM)


def objections(
    snapshot: Snapshot, effects: Effects, target: str, on: On = On.NODE, resumed: bool = False
) -> tuple[Objection, ...]:
    """All objections to an operation now, each once; the hardest to overcome comes first. An operation that no guard
    has judged is refused, and so is a target that the inventory does not have."""
    if refused := tuple(_refused(snapshot, effects, target, on)):
        return refused
    rules = (rule for rule in RULES if rule.on is on and rule.judges & effects and not (resumed and rule.begins))
    found = dict.fromkeys(objection for rule in rules for objection in rule.guard(snapshot, effects, target))
    return tuple(sorted(found, key=lambda objection: HARDEST.index(objection.override)))


def _refused(snapshot: Snapshot, effects: Effects, target: str, on: On) -> Iterator[Objection]:
    """Refuse by default: no guard has judged the operation, or the inventory does not have the target."""
    if target not in targets(snapshot.cluster, on):
        saw = f"{snapshot.cluster.name} has no {on.value} {target}"
        yield Objection(target, saw, "See the inventory", Override.NEVER)
    judged = frozenset[Effect]().union(*(rule.judges for rule in RULES if rule.on is on))
    unjudged = sorted(effect.value for effect in effects - judged)
    if unjudged or not effects:
        saw = f"no guard judges an operation on a {on.value} that {listed(unjudged) or 'declares no effect'}"
        yield Objection(target, saw, "A later version may", Override.NEVER)


def checked(snapshot: Snapshot, effects: Effects, target: str, on: On = On.NODE) -> Iterator[Check]:
    """Things that the guards judge, where a person is to see their state."""
    by_target = {On.FIREWALL: checks, On.NODE: writer_checks}
    yield from by_target[on](snapshot, effects, target) if on in by_target else ()


def better_out(snapshot: Snapshot, node: str) -> str:
    """Advice to take a node out now; "" unless it serves errors, another node serves, and no pool would be left
    empty."""
    message = serves_errors(snapshot, node)
    if not message or any(one.override is Override.NEVER for one in objections(snapshot, _OUT, node)):
        return ""
    return f"{message}: drain or remove it"
