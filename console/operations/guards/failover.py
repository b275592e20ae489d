"""Objections of CARP: whoever is to lead must be proven ready to serve what the other one serves now."""

from collections.abc import Iterator
from typing import NamedTuple

from console.health.facts.maintenance import maintained
from console.health.facts.membership import config_of, master, memberships, pools_of, unused
from console.health.facts.sync import alike_between_releases, sync
from console.health.facts.takeover import can_not_balance, can_not_lead, carried
from console.inventory.addresses import same
from console.operations.effects import Effect, Effects
from console.operations.guards.objection import Guard, Objection, Override
from console.probes.firewalls.carp import Carp
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import listed

APART = 0.05
"""Share by which two state tables may differ that pfsync keeps alike."""
FEW = 100
"""States: so many more or less say nothing."""


def heirs(snapshot: Snapshot, effects: Effects, firewall: str) -> tuple[str, ...]:
    """The firewalls that are to lead: the others, or the one that gets its roles back."""
    return others(snapshot, firewall) if Effect.HOLDS_BACK in effects else (firewall,)


def others(snapshot: Snapshot, firewall: str) -> tuple[str, ...]:
    """Every other firewall."""
    return tuple(view.name for view in snapshot.firewalls if view.name != firewall)


def _pairs(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[tuple[str, str]]:
    """(who serves now, who is to)."""
    for heir in heirs(snapshot, effects, firewall):
        for other in others(snapshot, heir):
            yield other, heir


def _carp(snapshot: Snapshot, firewall: str) -> Carp | None:
    carp = snapshot.firewall(firewall).carp
    return carp.value if isinstance(carp, Known) else None


def switches(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """The firewall itself must answer, with CARP on: else the mode is written and nothing follows."""
    view = snapshot.firewall(firewall)
    for reading, what in ((view.carp, "CARP"), (view.config, "config.xml")):
        if isinstance(reading, Unknown):
            saw = f"{what} of {firewall} is not known: {reading.why}"
            yield Objection(firewall, saw, "Wait until it answers", Override.NEVER)
    carp = _carp(snapshot, firewall)
    if carp and not carp.allow:
        clears = "Enable CARP there first (Status > CARP)"
        yield Objection(firewall, f"CARP is disabled on {firewall}", clears, Override.NEVER)


def not_yet(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """There is something to switch."""
    mode, carp = maintained(snapshot, firewall), _carp(snapshot, firewall)
    if Effect.REBOOTS in effects:
        return
    if Effect.HOLDS_BACK in effects and mode:
        saw = f"{firewall} is in maintenance already{mode.words}"
        yield Objection(firewall, saw, "There is nothing to do; m leaves it", Override.NEVER)
    if Effect.GIVES_BACK in effects and carp and not carp.maintenance and config_of(snapshot, firewall) and not mode:
        yield Objection(firewall, f"{firewall} is not in maintenance", "There is nothing to leave", Override.NEVER)


def can_lead(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """Another firewall must be able to lead everything: two in maintenance leave it to chance who does."""
    if Effect.HOLDS_BACK not in effects:
        return
    rest = others(snapshot, firewall)
    if not rest:
        yield Objection(firewall, "there is no other firewall", "Nobody would lead", Override.NEVER)
    for other in rest:
        for reason in can_not_lead(snapshot, other):
            yield Objection(other, reason, f"Mend that on {other} first", Override.NEVER)
        mine, theirs = _carp(snapshot, firewall), _carp(snapshot, other)
        both = [
            vip.name
            for vip in snapshot.cluster.vips
            if mine and theirs and mine.role(vip.address) == theirs.role(vip.address) == "MASTER"
        ]
        if both:
            saw = f"{firewall} and {other} are both CARP MASTER for {listed(both)}"
            yield Objection(other, saw, "See first why they do not hear each other", Override.NEVER)


def can_balance(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """The load balancer of whoever is to lead must serve every pool. With carpdev it starts with the role only, so that
    nothing can be proven before."""
    for giver, heir in _pairs(snapshot, effects, firewall):
        reasons = [*can_not_balance(snapshot, giver, heir)]
        for reason in reasons:
            yield Objection(heir, reason, f"Mend that on {heir} first", Override.NEVER)
        pools = pools_of(snapshot, heir)
        if not reasons and pools and not pools.running:
            saw = f"the load balancer of {heir} starts only with the role (carpdev)"
            yield Objection(heir, saw, "Say yes to see only afterwards if it serves", Override.CONFIRM)


def same_servers(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """A server that one firewall sends visitors to, and the other one does not, would be missed afterwards."""
    for giver, heir in _pairs(snapshot, effects, firewall):
        if missing := missing_there(snapshot, giver, heir):
            saw = f"{heir} sends no visitor to {listed(missing)}, and {giver} does"
            yield Objection(heir, saw, f"See first why {heir} does not", Override.NAME_AND_REASON)


def missing_there(snapshot: Snapshot, giver: str, heir: str) -> tuple[str, ...]:
    """Servers that one firewall sends visitors to, and another one that balances does not."""
    ours, theirs = pools_of(snapshot, giver), pools_of(snapshot, heir)
    if not (ours and ours.running and theirs and theirs.running):
        return ()
    serving, idle = {one.path for one in theirs.servers if one.serving}, unused(snapshot, heir)
    ours_only = (one for one in ours.servers if one.serving and one.path not in serving)
    return tuple(one.path for one in ours_only if one.backend not in idle)


def same_out(snapshot: Snapshot, _effects: Effects, _firewall: str) -> Iterator[Objection]:
    """A node that is out on one firewall only would get visitors, or lose them, by the move."""
    for node in snapshot.nodes:
        places = memberships(snapshot, node.name)
        at_runtime = {one.firewall: one.out_at_runtime for one in places}
        in_config = {one.firewall: one.out_in_config for one in places}
        for where, told in (("", at_runtime), (" in config.xml", in_config)):
            out = [name for name, is_out in told.items() if is_out]
            if out and False in told.values():
                saw = f"{node.name} is out on {listed(out)} only{where}"
                clears = f"Put {node.name} back, or take it out everywhere, first"
                yield Objection(node.name, saw, clears, Override.NAME_AND_REASON)


def alike(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """Both do the same after a move only if both are configured alike. Between two upgrades the versions differ."""
    state = sync(snapshot)
    if Effect.UPDATES in effects and alike_between_releases(state):
        return
    if state.equal is False:
        clears = "Sync them first, or say why it may move all the same"
        yield Objection(firewall, state.message, clears, Override.NAME_AND_REASON)
    elif state.equal is None and len(snapshot.firewalls) > 1:
        clears = "Wait until both are compared"
        yield Objection(firewall, f"whether both are alike is not known: {state.message}", clears, Override.CONFIRM)


def states_copied(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Objection]:
    """Connections that don't go through the load balancer survive a move by the states that pfsync has copied."""
    known = {view.name: carp for view in snapshot.firewalls if (carp := _carp(snapshot, view.name))}
    off = [name for name, carp in known.items() if carp.pfsync not in ("on", "behind")]
    if off:
        saw = f"states are not copied: pfsync is off on {listed(off)}"
        clears = "Say yes to end connections that do not go through the load balancer"
        yield Objection(firewall, saw, clears, Override.CONFIRM)
    for heir in heirs(snapshot, effects, firewall):
        if heir in known and known[heir].pfsync == "behind":
            saw = f"{heir} has not got the states of connections yet (pfsync, syncok: 0)"
            yield Objection(heir, saw, "Wait until it has", Override.NAME_AND_REASON)
    counts = {
        view.name: view.box.value.states
        for view in snapshot.firewalls
        if isinstance(view.box, Known) and view.box.value.states is not None
    }
    if (
        len(counts) > 1
        and not off
        and max(counts.values()) - min(counts.values()) > max(FEW, APART * max(counts.values()))
    ):
        saw = f"the state tables differ: {listed(f'{name} holds {count}' for name, count in counts.items())}"
        yield Objection(firewall, saw, "Wait until pfsync has copied them", Override.CONFIRM)


def visited(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """Visits prove afterwards that the site is still there: they must work before."""
    asked = {vip.name for vip in snapshot.cluster.vips if vip.url}
    for view in (view for view in snapshot.vips if view.name in asked):
        visit, clears = view.visit, "Mend it first: the same afterwards has the move taken back"
        if isinstance(visit, Unknown):
            saw = f"a visit of {view.name} gives no answer: {visit.why}"
            yield Objection(firewall, saw, clears, Override.NAME_AND_REASON)
        elif not visit.value.served:
            saw = f"a visit of {view.name} gets HTTP {visit.value.status}"
            yield Objection(firewall, saw, clears, Override.NAME_AND_REASON)
    if not asked:
        saw = "no virtual address can be visited: the inventory gives none a URL"
        yield Objection(firewall, saw, "Say yes to see the roles only", Override.CONFIRM)


def led_elsewhere(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """A firewall that carries visitors is not rebooted: another one must be seen to lead."""
    lead = master(snapshot)
    if lead is None or lead == firewall:
        clears = "Wait until another one leads everything"
        yield Objection(firewall, f"{firewall} may carry visitors: {carried(snapshot)}", clears, Override.NEVER)


def way_through(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """Name the machines that this console reaches through the firewall that is to boot."""
    mine = snapshot.firewall(firewall).identity
    told = mine.value if isinstance(mine, Known) else None
    own = (snapshot.cluster.machine(firewall).address, *(told.addresses if told else ()))
    views = [view for view in (*snapshot.firewalls, *snapshot.nodes) if view.name != firewall]
    ways = {view.name: view.identity.value for view in views if isinstance(view.identity, Known)}
    through = [
        name
        for name, way in ways.items()
        if (told and told.host_key and told.host_key in way.hops) or any(same(way.router, one) for one in own)
    ]
    if through:
        saw = f"this console reaches {listed(through)} through {firewall}"
        yield Objection(firewall, saw, f"Say yes: nothing is known of them while {firewall} boots", Override.CONFIRM)


def all_applied(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """A boot applies what was changed in the web interface and not applied."""
    box = snapshot.firewall(firewall).box
    waiting = box.value.unapplied if isinstance(box, Known) else ()
    if waiting:
        saw = f"{firewall} holds changes that nobody has applied: {listed(waiting)}"
        clears = "Apply or revert them first; the boot would apply them"
        yield Objection(firewall, saw, clears, Override.NAME_AND_REASON)


READY_TO_SERVE: tuple[Guard, ...] = (can_balance, same_servers, same_out, alike, states_copied)
"""Asked before roles move: at the beginning, and by the step that moves them."""
READY_TO_LEAD: tuple[Guard, ...] = (can_lead, *READY_TO_SERVE)
"""The same, where another firewall is to get the roles."""


class Check(NamedTuple):
    """One thing that the guards judge, for a person: its state now, and the state it must have."""

    holds: bool
    what: str
    now: str
    must: str


def checks(snapshot: Snapshot, effects: Effects, firewall: str) -> Iterator[Check]:
    """Before roles move. Each holds if the guards that judge it say nothing."""
    if Effect.FAILS_OVER not in effects:
        return
    for giver, heir in _pairs(snapshot, effects, firewall):
        rows: tuple[tuple[tuple[Guard, ...], str, str, str], ...] = (
            ((switches, can_lead), f"{heir} answers and can lead", _roles(snapshot, heir), "every address"),
            ((can_balance, same_servers), f"{heir}'s balancer serves", _serving(snapshot, heir), f"as {giver}"),
            ((same_out,), "no node is out on one firewall only", _out(snapshot), "none"),
            ((alike,), "both are configured alike", _alike(snapshot), "equal"),
            ((states_copied,), "states are copied (pfsync)", _states(snapshot), f"within {APART:.0%}"),
            ((visited,), "virtual addresses serve", _visits(snapshot), "2xx or 3xx"),
        )
        for guards, what, now, must in rows:
            yield Check(not any(list(guard(snapshot, effects, firewall)) for guard in guards), what, now, must)


def _roles(snapshot: Snapshot, firewall: str) -> str:
    carp = _carp(snapshot, firewall)
    roles = [carp.role(vip.address) or "no vhid" for vip in snapshot.cluster.vips] if carp else []
    return ", ".join(f"{roles.count(role)} {role}" for role in dict.fromkeys(roles)) or "not known"


def _serving(snapshot: Snapshot, firewall: str) -> str:
    pools = pools_of(snapshot, firewall)
    if pools is None or not pools.running:
        return "does not run" if pools else "not known"
    return f"{sum(one.serving for one in pools.servers)} of {len(pools.servers)} UP"


def _out(snapshot: Snapshot) -> str:
    return listed(dict.fromkeys(one.machine for one in same_out(snapshot, frozenset(), ""))) or "none"


def _alike(snapshot: Snapshot) -> str:
    state = sync(snapshot)
    return "equal" if state.equal else "not known" if state.equal is None else f"differ in {listed(state.differs)}"


def _states(snapshot: Snapshot) -> str:
    boxes = [view.box.value.states if isinstance(view.box, Known) else None for view in snapshot.firewalls]
    return " / ".join("?" if states is None else str(states) for states in boxes)


def _visits(snapshot: Snapshot) -> str:
    asked = {vip.name for vip in snapshot.cluster.vips if vip.url}
    told = {view.name: view.visit for view in snapshot.vips if view.name in asked}
    codes = {name: str(one.value.status) if isinstance(one, Known) else "no answer" for name, one in told.items()}
    return ", ".join(f"{name} {code}" for name, code in codes.items()) or "none has a URL"
