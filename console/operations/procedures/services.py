"""One layer of a node stopped and started by itself: MySQL, Apache, or Gluster with its bricks.

Key of `Intent.found`: "units NODE" -> the units to start, noted before anything is stopped.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from console.health.facts.fitness import gluster_unfit, mysql_unfit, web_unfit
from console.operations.effects import Effect
from console.operations.guards import Guard, all_reachable, layer_whole, no_traffic, writes_elsewhere
from console.operations.guards.services import Layer
from console.operations.procedures.power import CLOSE, STOP_APACHE, STOP_GLUSTER, STOP_MYSQL, systemctl
from console.operations.procedures.steps import Intent, Order, Progress, Step
from console.probes.database.galera import GALERA
from console.probes.hosts.system import HOST, SERVICES, Services
from console.probes.question import Question
from console.probes.snapshot import Known, Snapshot
from console.probes.storage.gluster import STORAGE
from console.probes.web.apache import SITE
from console.text import listed

_STOP: Mapping[Effect, Step] = {
    Effect.STOPS_DATABASE: STOP_MYSQL,
    Effect.STOPS_BRICKS: STOP_GLUSTER,
    Effect.STOPS_WEB: STOP_APACHE,
}
_GUARDS: Mapping[Effect, tuple[Guard, ...]] = {
    Effect.STOPS_DATABASE: (no_traffic, all_reachable, layer_whole, writes_elsewhere),
    Effect.STOPS_BRICKS: (no_traffic, all_reachable, layer_whole),
    Effect.STOPS_WEB: (no_traffic,),
}
_FIT: Mapping[Effect, tuple[str, Callable[[Snapshot, str], Iterator[str]], tuple[Question[Any], ...]]] = {
    Effect.STARTS_DATABASE: ("Synced", mysql_unfit, (GALERA,)),
    Effect.STARTS_BRICKS: ("whole and healed", gluster_unfit, (STORAGE,)),
    Effect.STARTS_WEB: ("serving by itself", web_unfit, (SITE,)),
}


def _nothing(_snapshot: Snapshot, _intent: Intent) -> Mapping[str, str]:
    return {}


CLOSED = replace(CLOSE, phase="stop", finds=_nothing)
"""No visitor comes by a cookie while a layer is stopped: a drain lets those in."""


def _services(snapshot: Snapshot, node: str) -> Services | None:
    """Known only of a node that answers: a boot tells its services before its boot id."""
    view = snapshot.node(node)
    return view.services.value if isinstance(view.services, Known) and isinstance(view.host, Known) else None


def _find_units(layer: Layer) -> Callable[[Snapshot, Intent], Mapping[str, str]]:
    def find(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
        services = _services(snapshot, intent.target)
        units = layer.to_start(services) if services else ()
        return {f"units {intent.target}": " ".join(units)} if units else {}

    return find


def _units(layer: Layer, intent: Intent) -> tuple[str, ...]:
    """The noted units, of those that are ever started."""
    noted = intent.found.get(f"units {intent.target}", "").split()
    return tuple(unit for unit in noted if unit in layer.startable)


def _left(layer: Layer, snapshot: Snapshot, intent: Intent) -> tuple[str, ...] | None:
    """Units that are to run and do not; None where that is not known."""
    services, units = _services(snapshot, intent.target), _units(layer, intent)
    return None if services is None or not units else tuple(unit for unit in units if unit not in services.active)


def _start(layer: Layer) -> Callable[[Snapshot, Intent], tuple[Order, ...]]:
    def start(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
        left = _left(layer, snapshot, intent) or ()
        return tuple(Order(intent.target, systemctl("start", "--no-block", unit)) for unit in left)

    return start


def _started(layer: Layer) -> Callable[[Snapshot, Intent], Progress]:
    def done(snapshot: Snapshot, intent: Intent) -> Progress:
        node, left = intent.target, _left(layer, snapshot, intent)
        if left is None:
            return Progress(False, f"the services of {node} are not known yet")
        units = listed(_units(layer, intent))
        return Progress(not left, f"{listed(left)} on {node} does not run" if left else f"{units} on {node} runs")

    return done


def _fit(layer: Layer) -> Callable[[Snapshot, Intent], Progress]:
    """Nobody waits for a unit that has ended again."""
    wanted, unfit, _ = _FIT[layer.starts]

    def done(snapshot: Snapshot, intent: Intent) -> Progress:
        node, left = intent.target, _left(layer, snapshot, intent)
        if left:
            return Progress(False, f"{listed(left)} on {node} has ended again: look at its log", failed=True)
        reasons = tuple(unfit(snapshot, node))
        return Progress(not reasons and left == (), "; ".join(reasons) or f"{layer.name} on {node} is {wanted}")

    return done


def stop(layer: Layer, *, lasts: bool) -> Step:
    """Its clean stop, as before a reboot; a boot that happens meanwhile is no stop."""
    return replace(
        _STOP[layer.stops],
        phase="stop",
        finds=_find_units(layer),
        guards=_GUARDS[layer.stops],
        lasts=lasts,
    )


def start(layer: Layer) -> tuple[Step, Step]:
    """Its start, and what must be seen after it."""
    wanted, _, watches = _FIT[layer.starts]
    begin = Step(
        name=f"start {layer.name}",
        phase="start",
        summary=f"start {layer.name} on {{node}}",
        finds=_find_units(layer),
        orders=_start(layer),
        done=_started(layer),
        watches=(SERVICES, HOST),
        timeout=lambda timings: timings.stop,
        until_known=lambda timings: timings.boot,
    )
    see = Step(
        name=f"{layer.name} again",
        phase="start",
        summary=f"wait until {layer.name} on {{node}} is {wanted}",
        done=_fit(layer),
        watches=(SERVICES, HOST, *watches),
        timeout=lambda timings: timings.fit,
        lasts=True,
    )
    return begin, see
