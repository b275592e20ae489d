"""Objections to stopping and starting one layer of a node: MySQL, Apache, or Gluster with its bricks."""

from collections.abc import Iterator
from typing import NamedTuple

from console.health.facts.fitness import gluster_unfit, mysql_unfit
from console.health.facts.membership import memberships
from console.operations.effects import ENDS, Effect, Effects
from console.operations.guards.nodes import other_bricks, others_synced, volumes_served
from console.operations.guards.objection import Objection, Override
from console.probes.hosts.system import APACHE_UNITS, GLUSTER_UNITS, MYSQL_UNITS, Services
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import listed

BOOTSTRAP = "mysql@bootstrap.service"
"""Percona's unit that makes a new cluster: it is stopped by its own name, and never started."""


class Layer(NamedTuple):
    """A layer of a node that is stopped and started by itself."""

    word: str
    """On the command line."""
    name: str
    units: tuple[str, ...]
    stops: Effect
    starts: Effect

    @property
    def startable(self) -> tuple[str, ...]:
        """Units that are started by name."""
        return tuple(unit for unit in self.units if "@" not in unit)

    def to_start(self, services: Services) -> tuple[str, ...]:
        """The units that run, else those that are stopped. A member that was bootstrapped joins as an ordinary one."""
        running = services.running(self.units)
        named = ("mysql.service" if unit == BOOTSTRAP else unit for unit in running)
        return tuple(named) or tuple(unit for unit in services.stopped if unit in self.startable)


LAYERS = (
    Layer("mysql", "MySQL", MYSQL_UNITS, Effect.STOPS_DATABASE, Effect.STARTS_DATABASE),
    Layer("apache", "Apache", APACHE_UNITS, Effect.STOPS_WEB, Effect.STARTS_WEB),
    Layer("gluster", "Gluster", GLUSTER_UNITS, Effect.STOPS_BRICKS, Effect.STARTS_BRICKS),
)


def _layers(effects: Effects) -> Iterator[Layer]:
    """Layers that are stopped or started by themselves, without the whole machine."""
    yield from (one for one in LAYERS if not effects & ENDS and effects & {one.stops, one.starts})


def service_known(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """There must be something to stop, or exactly one unit to start."""
    for layer in _layers(effects):
        services = snapshot.node(node).services
        if isinstance(services, Unknown):
            saw = f"which services run on {node} is not known: {services.why}"
            yield Objection(node, saw, "Wait until it is", Override.NEVER)
            continue
        running = services.value.running(layer.units)
        bricks = layer.stops is Effect.STOPS_BRICKS and services.value.bricks
        if layer.starts not in effects:
            if not running and not bricks:
                saw = f"{layer.name} does not run on {node}"
                yield Objection(node, saw, "There is nothing to stop", Override.NEVER)
            continue
        if running and layer.stops not in effects:
            saw = f"{listed(running)} on {node} runs already, or starts"
            yield Objection(node, saw, "There is nothing to start", Override.NEVER)
            continue
        yield from _one_unit(layer, services.value, node)


def _one_unit(layer: Layer, services: Services, node: str) -> Iterator[Objection]:
    units = layer.to_start(services)
    if not units:
        saw = f"systemd on {node} knows no unit of {layer.name} that is only stopped"
        yield Objection(node, saw, "Enable it there, or start it by hand", Override.NEVER)
    elif len(units) > 1 or not set(units) <= set(layer.startable):
        saw = f"which unit of {layer.name} on {node} is meant is not known: {listed(units)}"
        yield Objection(node, saw, "Do it by hand there", Override.NEVER)


def layer_whole(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """The layer that is stopped must be whole on the other nodes."""
    stopped = {layer.stops for layer in _layers(effects)} & effects
    if Effect.STOPS_DATABASE in stopped:
        yield from others_synced(snapshot, effects, node)
    if Effect.STOPS_BRICKS in stopped:
        yield from other_bricks(snapshot, effects, node)
        yield from volumes_served(snapshot, effects, node)


def somebody_to_join(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """A MySQL that is only started needs a cluster: this never makes a new one."""
    others = [view.galera for view in snapshot.nodes if view.name != node]
    if Effect.STOPS_DATABASE in effects or snapshot.cluster.mysql is None:
        return
    if not any(isinstance(one, Known) and one.value.synced for one in others):
        saw = f"no other node's MySQL is Synced: that of {node} would wait for them"
        yield Objection(node, saw, "Say yes to have it wait; a new cluster is never begun from here", Override.CONFIRM)


def visitors_come(snapshot: Snapshot, effects: Effects, node: str) -> Iterator[Objection]:
    """Require the layers below of an Apache whose node is in a pool: visitors come as soon as it runs."""
    places = memberships(snapshot, node)
    if Effect.STOPS_WEB in effects or all(one.out_at_runtime for one in places if one.runtime):
        return
    for reason in (*mysql_unfit(snapshot, node), *gluster_unfit(snapshot, node, looks=1)):
        saw = f"{node} gets visitors as soon as Apache runs, and {reason}"
        yield Objection(node, saw, f"Drain {node} first", Override.NAME_AND_REASON)
