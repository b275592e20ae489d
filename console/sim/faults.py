"""What can be made to go wrong: one tuple, read by the demo's menu, by the tests and by `python -m console.sim`."""

from collections.abc import Callable
from dataclasses import dataclass

from console.sim.firewall import Firewall
from console.sim.machine import Link, Machine
from console.sim.node import APACHE, GLUSTERD, MYSQL, Node
from console.sim.world import World

BACKLOG = 120.0


@dataclass(frozen=True)
class Fault:
    """`act` does it to the target; `kind` is what the target must be."""

    name: str
    label: str
    kind: type[Machine]
    act: Callable[[World, str], None]


def _node_back(world: World, target: str) -> None:
    """The end of whatever was done to the node."""
    node = world.nodes[target]
    node.power_on()
    node.resume()
    if node.link is Link.UP:
        for unit in (GLUSTERD, MYSQL, APACHE):
            node.start_unit(unit)


def _firewall_back(world: World, target: str) -> None:
    world.firewalls[target].power_on()


def _backlog(world: World, target: str) -> None:
    world.gluster.bricks[target].missed += BACKLOG


def _database_lost(world: World, target: str) -> None:
    world.galera.members[target].lost_data = True
    world.nodes[target].stop_unit(MYSQL)


FAULTS = (
    Fault("node-lost", "a node loses power", Node, lambda world, target: world.nodes[target].cut()),
    Fault(
        "node-hung",
        "a node hangs: it accepts and never answers",
        Node,
        lambda world, target: world.nodes[target].hang(),
    ),
    Fault("node-back", "a node is back: power, programs and services", Node, _node_back),
    Fault("firewall-lost", "a firewall loses power", Firewall, lambda world, target: world.firewalls[target].cut()),
    Fault("firewall-back", "a firewall has power again", Firewall, _firewall_back),
    Fault("heal-backlog", "a brick has entries to heal", Node, _backlog),
    Fault(
        "apache-stopped", "Apache stops on a node", Node, lambda world, target: world.nodes[target].stop_unit(APACHE)
    ),
    Fault("mysql-stopped", "MySQL stops on a node", Node, lambda world, target: world.nodes[target].stop_unit(MYSQL)),
    Fault("database-lost", "MySQL stops and its next start needs a full copy (SST)", Node, _database_lost),
)


def strike(world: World, name: str, target: str) -> None:
    """Raises ValueError with a sentence if there is no such fault, machine, or the two don't fit."""
    fault = next((fault for fault in FAULTS if fault.name == name), None)
    if fault is None:
        raise ValueError(f"no fault is called {name}: there are {', '.join(fault.name for fault in FAULTS)}")
    fitting = [machine.name for machine in world.machines.values() if isinstance(machine, fault.kind)]
    if target not in fitting:
        raise ValueError(f"{name} can't happen to {target!r}: say one of {', '.join(fitting)}")
    fault.act(world, target)
