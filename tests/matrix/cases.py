"""The cases: an operation, one of its steps, a fault, and the machine that it strikes."""

import random
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, NamedTuple

from console.inventory.cluster import Cluster
from console.operations.effects import On
from console.operations.procedures import OPERATIONS, PATCH
from console.operations.procedures.steps import Operation, Step
from console.sim.faults import CLUSTER, FAULTS, Fault
from console.sim.firewall import Firewall
from console.sim.node import Node
from tests.console.test_interrupted import target_of
from tests.console.values import CLUSTER as KNOWN

CURES = ("all-back", "node-back", "firewall-back", "packages-mended")
OWN = {Node: ("node2", "node3"), Firewall: ("fw1", "fw2"), None: (CLUSTER,)}
"""The operation's own node and another one, both firewalls, or the cluster; for a fault of any machine one of each."""
OF_A_PATCH: dict[str, Any] = {"auto": True, "nodes": ["node2"], "firewalls": True, "turns": ["fw2", "fw1"]}
"""One node, then both firewalls."""
_SENDS_NOTHING = next(one.default for one in fields(Step) if one.name == "orders")


class Case(NamedTuple):
    """The fault strikes as the step begins, or as its orders leave."""

    operation: str
    on: str
    step: str
    leaving: bool
    fault: str
    target: str

    def __str__(self) -> str:
        when = "leaves" if self.leaving else "begins"
        return f"{self.operation}: {self.step} ({self.on}) {when}: {self.fault} {self.target}"


def cases() -> Iterator[Case]:
    """All of them."""
    for operation in OPERATIONS:
        for step in steps_of(operation):
            for fault in (one for one in FAULTS if one.name not in CURES):
                for target in struck(fault):
                    for leaving in (False, True) if step.orders is not _SENDS_NOTHING else (False,):
                        yield Case(operation.name, step.on, step.name, leaving, fault.name, target)


def sample(many: int, seed: int) -> list[Case]:
    """Choose so many, always the same ones for a seed, in an order of their own. 0: all of them."""
    every = list(cases())
    random.Random(seed).shuffle(every)
    return every[:many] if many else every


def target(operation: Operation, cluster: Cluster) -> str:
    return cluster.name if operation.on is On.CLUSTER else target_of(operation)


def options_of(operation: Operation) -> dict[str, Any]:
    return OF_A_PATCH if operation is PATCH else {}


def steps_of(operation: Operation) -> tuple[Step, ...]:
    return operation.steps(KNOWN, target(operation, KNOWN), options_of(operation))


def struck(fault: Fault) -> tuple[str, ...]:
    return OWN.get(fault.kind, ("node2", "fw1"))  # type: ignore[call-overload]
