"""What a procedure is made of. A step is data: what to note, what to send, and how to tell that it has happened.

One predicate, `done`, serves verification, idempotence and resume: a step whose predicate holds already sends nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from console.health.facts.fitness import fit
from console.health.facts.membership import master
from console.inventory.cluster import Cluster, Timings
from console.operations.guards import Action, Guard
from console.probes.ask import Run
from console.probes.pools.balancer import balancer_of
from console.probes.question import Question
from console.probes.snapshot import Snapshot
from console.text import listed


@dataclass(frozen=True)
class Intent:
    """What a person wants with a node, and what was found before anything was changed."""

    cluster: Cluster
    node: str
    action: Action
    found: Mapping[str, str] = field(default_factory=dict[str, str])
    """See `console.operations.procedures.firewalls` and `console.operations.procedures.power` for the keys."""
    who: str = ""


class Order(NamedTuple):
    """One command that changes one machine."""

    machine: str
    run: Run


class Progress(NamedTuple):
    """How far a step is, in a sentence. `missed`: machines that can't be told now, and what that means."""

    done: bool
    says: str
    missed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Step:
    """Times in seconds."""

    name: str
    phase: str
    """A resume begins at the first step of the phase that was interrupted and checks each again."""
    says: str
    """May hold {node}, {fit}: what fitness asks, and {reload}: what becomes of the load balancer that runs."""
    done: Callable[[Snapshot, Intent], Progress]
    watches: tuple[Question[Any], ...]
    """What must be asked to know whether it is done."""
    orders: Callable[[Snapshot, Intent], tuple[Order, ...]] = lambda _snapshot, _intent: ()
    finds: Callable[[Snapshot, Intent], Mapping[str, str]] = lambda _snapshot, _intent: {}
    """What is there before, to be put back later; noted before the orders leave."""
    renews: bool = False
    """A later note counts: `finds` never notes our own doing, once there is a note."""
    timeout: Callable[[Timings], float] = lambda _timings: 60.0
    goes_on: bool = False
    """When time is up the run goes on and says what is left, instead of stopping."""
    guards: tuple[Guard, ...] = ()
    """Nothing is sent while one of these objects."""
    asks_all: bool = False
    """It takes out, stops or reboots: nothing is sent while anything stands against the action that nobody has agreed
    to."""
    lasts: bool = False
    """It is still so at the end of a run that ends in its phase, or the run is not done."""
    until_known: Callable[[Timings], float] | None = None
    """How long what there is to send may not be known, because the node that has to say so is away: `timeout` counts
    from then on. None: the step sends what it can, to whom it can, or nothing at all."""
    again: float | None = None
    """Seconds after which orders whose effect is not seen are sent once more; None: never."""

    reloads: Callable[[Snapshot], tuple[str, ...]] = lambda _snapshot: ()
    """The firewalls whose balancer is reloaded because a sync reaches them."""

    def told(self, intent: Intent, picture: Snapshot | None = None) -> str:
        """What it does, of this node; with a picture, on which firewalls."""
        balancer = balancer_of(intent.cluster)
        synced = self.reloads(picture) if picture else ()
        reload = f"{balancer.name} on {listed(synced)} is reloaded by the sync" if synced else balancer.reload
        if picture and master(picture) in synced and self.phase == "out" and intent.action is not Action.REMOVE:
            reload += f", after the sessions there have ended: {listed(synced)} carries the traffic"
        return self.says.format(node=intent.node, fit=fit(intent.cluster), reload=reload)


Procedure = tuple[Step, ...]
