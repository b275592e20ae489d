"""A firewall into persistent CARP maintenance and out of it: who leads, if the site is there, what is left behind.

Key of `Intent.found`: "STEP FIREWALL VIP" -> visits served in a row when the roles had been seen, so that only later
ones count. Where it is more than is counted now, another console has counted from its own beginning.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from console.health.facts.maintenance import maintained
from console.health.facts.membership import config_of, master, pools_of
from console.health.facts.takeover import carried
from console.inventory.addresses import same
from console.operations.guards import READY_TO_LEAD, READY_TO_SERVE, switches
from console.operations.procedures.steps import Intent, Order, Progress, Step
from console.probes.firewalls.carp import CARP, MAINTENANCE_ADVSKEW, Carp, Vhid
from console.probes.firewalls.config import CONFIG, FirewallConfig
from console.probes.firewalls.maintenance import set_maintenance
from console.probes.firewalls.pfsense import BOX
from console.probes.pools.balancer import POOLS
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.probes.web.vip import VISIT
from console.text import counted, figure, listed

VISITS = 10
"""Visits of each virtual address through the new MASTER."""
MAXSKEW = 240
"""CARP advertises no more (FreeBSD ip_carp.c, CARP_MAXSKEW): maintenance and a fault weigh the same."""


def in_maintenance(snapshot: Snapshot, firewall: str) -> bool:
    """By its config.xml, or by what it advertises."""
    carp = _carp(snapshot, firewall)
    return maintained(snapshot, firewall) is not None or (carp is not None and carp.maintenance)


def _carp(snapshot: Snapshot, firewall: str) -> Carp | None:
    carp = snapshot.firewall(firewall).carp
    return carp.value if isinstance(carp, Known) else None


def _switched(snapshot: Snapshot, intent: Intent, on: bool) -> Progress:
    """In config.xml, so that it lasts, and in what is advertised."""
    name, what = intent.target, "in" if on else "out of"
    config, carp = config_of(snapshot, name), _carp(snapshot, name)
    if config is None or carp is None:
        return Progress(False, f"it is not known yet if {name} is {what} maintenance")
    if config.maintenance is not on:
        return Progress(False, f"config.xml of {name} does not say yet that it is {what} maintenance")
    for vhid in _otherwise(carp, config, on) if carp.allow else ():
        return Progress(False, f"{name} still advertises advskew {vhid.advskew} on {vhid.interface}")
    return Progress(True, f"{name} is {what} persistent CARP maintenance, also after a boot")


def _otherwise(carp: Carp, config: FirewallConfig, on: bool) -> Iterator[Vhid]:
    """The vhids that do not advertise 254, or not the configured skew."""
    for vhid in carp.vhids:
        own = {vip.advskew for vip in config.vips if any(same(vip.address, each) for each in vhid.addresses)}
        wanted = {str(MAINTENANCE_ADVSKEW)} if on else own
        if vhid.advskew is not None and wanted and str(vhid.advskew) not in wanted:
            yield vhid


def _switch(intent: Intent, on: bool) -> tuple[Order, ...]:
    """pfSense's own function changes nothing where the mode is as wanted already."""
    return (Order(intent.target, set_maintenance(on, intent.who)),)


def _not_moved(snapshot: Snapshot, message: str) -> Progress:
    """Roles that can't be seen have not failed to move."""
    silent = {view.name: view.carp.why for view in snapshot.firewalls if isinstance(view.carp, Unknown)}
    told = "".join(f"; CARP of {name} is not known: {why}" for name, why in silent.items())
    return Progress(False, f"{message}{told}", unseen=bool(silent))


def _led_elsewhere(snapshot: Snapshot, intent: Intent) -> Progress:
    lead = master(snapshot)
    if lead is None or lead == intent.target or _carp(snapshot, intent.target) is None:
        return _not_moved(snapshot, f"the roles have not moved: {carried(snapshot)}")
    return Progress(True, f"{lead} is CARP MASTER of every address, {intent.target} BACKUP")


def _led_as_configured(snapshot: Snapshot, intent: Intent) -> Progress:
    """By the firewall that advertises best: CARP lets no other keep its role."""
    lead, best = master(snapshot), _best(snapshot)
    if lead is None or best not in (None, lead) or _carp(snapshot, intent.target) is None:
        return _not_moved(snapshot, f"the roles are not settled: {carried(snapshot)}")
    return Progress(True, f"{lead} is CARP MASTER of every address, as configured")


def _best(snapshot: Snapshot) -> str | None:
    """None where two are alike, or one does not say."""
    skews: dict[str, int] = {}
    for view in snapshot.firewalls:
        carp = _carp(snapshot, view.name)
        if carp and carp.allow:
            told = [vhid.advskew for vhid in carp.vhids if vhid.advskew is not None]
            skews[view.name] = min(MAXSKEW, max(told, default=0) + max(carp.demotion, 0))
    least = [name for name, skew in skews.items() if skew == min(skews.values())]
    return least[0] if len(least) == 1 else None


def _find_visits(snapshot: Snapshot, intent: Intent, name: str) -> Mapping[str, str]:
    rows = {view.name: view.visit.value.row if isinstance(view.visit, Known) else 0 for view in snapshot.vips}
    return {f"{name} {intent.target} {vip}": str(row) for vip, row in rows.items()}


def _visited(snapshot: Snapshot, intent: Intent, name: str) -> Progress:
    lead, few = master(snapshot), dict[str, int]()
    asked = {vip.name for vip in snapshot.cluster.vips if vip.url}
    for view in (view for view in snapshot.vips if view.name in asked):
        visit, through = view.visit, f"{view.name} through {lead}" if lead else view.name
        if isinstance(visit, Unknown):
            message, cut = f"a visit of {through} fails: {visit.why}", _way_is_cut(snapshot, view.name)
            known = not visit.under_way and visit.cause is not Cause.NOT_ASKED
            return Progress(False, message, failed=known and not cut, unseen=cut)
        if not visit.value.served:
            return Progress(False, f"a visit of {through} gets HTTP {visit.value.status}", failed=True)
        few[view.name] = _later(visit.value.row, intent.found.get(f"{name} {intent.target} {view.name}"))
    if not asked:
        return Progress(True, "no virtual address has a URL: nothing is visited")
    if lead is None:
        return Progress(False, carried(snapshot))
    if min(few.values()) < VISITS:
        return Progress(False, f"{min(few.values())} of {VISITS} visits served through {lead}")
    return Progress(True, f"{listed(few)} served {VISITS} visits of {VISITS} through {lead}")


def _way_is_cut(snapshot: Snapshot, vip: str) -> bool:
    """The machine from which it is visited does not answer; for a visit from here, none does."""
    via = next(one.via for one in snapshot.cluster.vips if one.name == vip)
    answers = {view.name: isinstance(view.carp, Known) for view in snapshot.firewalls}
    answers |= {view.name: isinstance(view.host, Known) for view in snapshot.nodes}
    return not (answers.get(via, True) if via else any(answers.values()))


def _later(row: int, noted: str | None) -> int:
    """Visits since the note; none where nothing was noted yet."""
    before = row if (count := figure(noted)) is None else count
    return row - before if row >= before else row


def _left(snapshot: Snapshot, intent: Intent) -> Progress:
    """On whoever leads no more. HAProxy's connections can't move to the other; what pf only passes on, pfsync has."""
    lead, relayd = master(snapshot), intent.cluster.balancer == "relayd"
    left: list[str] = []
    for view in snapshot.firewalls:
        pools, states = pools_of(snapshot, view.name), view.box.value.states if isinstance(view.box, Known) else None
        sessions = None if pools is None else sum(server.sessions or 0 for server in pools.servers)
        if view.name != lead and sessions != 0 and not relayd:
            many = "sessions that are not known" if sessions is None else counted(sessions, "session")
            held = f" ({counted(states, 'state')})" if states is not None else ""
            left.append(f"{view.name} still holds {many} from before{held}")
    if left:
        return Progress(False, f"{'; '.join(left)}: long downloads may break off")
    return Progress(True, f"nothing is left on whoever leads no more; {carried(snapshot)}")


ENTER = Step(
    name="enter maintenance",
    phase="carp",
    summary="enter persistent CARP maintenance on {node}: {others} leads, also after a boot of {node}",
    orders=lambda _snapshot, intent: _switch(intent, True),
    done=lambda snapshot, intent: _switched(snapshot, intent, True),
    watches=(CONFIG, CARP),
    timeout=lambda _timings: 60.0,
    again=25.0,
    lasts=True,
)
LEAVE = Step(
    name="leave maintenance",
    phase="carp",
    summary="leave CARP maintenance on {node}: it may lead again at once",
    orders=lambda _snapshot, intent: _switch(intent, False),
    done=lambda snapshot, intent: _switched(snapshot, intent, False),
    watches=(CONFIG, CARP),
    timeout=lambda _timings: 60.0,
    again=25.0,
    lasts=True,
)
AWAY = Step(
    name="roles",
    phase="carp",
    summary="see {others} CARP MASTER of every address and {node} BACKUP",
    done=_led_elsewhere,
    watches=(CARP,),
    timeout=lambda _timings: 15.0,
    lasts=True,
)
HOME = Step(
    name="roles as configured",
    phase="carp",
    summary="see the roles as CARP is configured",
    done=_led_as_configured,
    watches=(CARP,),
    timeout=lambda _timings: 15.0,
    lasts=True,
)


def visited(name: str, phase: str = "carp") -> Step:
    """A step that sees each virtual address serve; each has a name of its own in a run, and notes under it."""
    return Step(
        name=name,
        phase=phase,
        summary=f"visit each virtual address {VISITS} times through whoever leads; none may fail",
        finds=lambda snapshot, intent: _find_visits(snapshot, intent, name),
        done=lambda snapshot, intent: _visited(snapshot, intent, name),
        watches=(VISIT, CARP),
        timeout=lambda _timings: 60.0,
    )


LEFT = Step(
    name="what is left",
    phase="carp",
    summary="watch the sessions on whoever leads no more; long downloads may break off",
    done=_left,
    watches=(POOLS, CARP, BOX),
    timeout=lambda timings: timings.sessions,
    goes_on=True,
)
ON = (replace(ENTER, guards=(switches, *READY_TO_LEAD), back=(LEAVE, HOME)), AWAY, visited("visits"), LEFT)
OFF = (replace(LEAVE, guards=(switches, *READY_TO_SERVE), back=(ENTER, AWAY)), HOME, visited("visits"), LEFT)
