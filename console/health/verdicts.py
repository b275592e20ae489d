"""The cluster, each machine and each layer in one line: the worst finding, or what is well."""

from collections.abc import Mapping
from typing import NamedTuple

from console.health.facts.bricks import known_volumes
from console.health.facts.membership import master, roles
from console.health.finding import Finding, Kind, Layer, Level, Verdict
from console.health.pools import leading, serving
from console.probes.snapshot import Known, Snapshot
from console.text import counted, listed


class Verdicts(NamedTuple):
    """Verdicts on one picture."""

    cluster: Verdict
    machines: Mapping[str, Verdict]
    """By name, firewalls and nodes."""
    layers: Mapping[Layer, Verdict]


SILENCES: Mapping[Kind, frozenset[Layer]] = {
    Kind.NOT_ASKED: frozenset(Layer),
    Kind.LOST: frozenset({Layer.WEB, Layer.DATABASE, Layer.STORAGE}),
    Kind.FIREWALL_LOST: frozenset({Layer.POOL}),
}
"""Layers of which a machine tells nothing while it is unreachable."""


def judged(snapshot: Snapshot, found: tuple[Finding, ...]) -> Verdicts:
    """From findings, worst first. What follows from a finding counts for its machines and its layer all the same."""
    every = tuple(sorted((*found, *(one for each in found for one in each.brings)), key=lambda one: -one.level))
    machines = {
        machine.name: _worst(
            tuple(one for one in every if machine.name in (one.machine, *one.of)), _well(snapshot, machine.name)
        )
        for machine in snapshot.cluster.machines
    }
    layers = {layer: _worst(_of_layer(every, layer), _works(snapshot, layer)) for layer in Layer}
    return Verdicts(_worst(found, _all_well(snapshot)), machines, layers)


def _of_layer(every: tuple[Finding, ...], layer: Layer) -> tuple[Finding, ...]:
    """The findings of a layer, worst first; its own before those of an unreachable machine that are as bad."""
    found = (one for one in every if one.layer is layer or layer in SILENCES.get(one.kind, ()))
    return tuple(sorted(found, key=lambda one: (-one.level, one.layer is not layer)))


def _worst(found: tuple[Finding, ...], otherwise: str) -> Verdict:
    """The worst level, and the sentence of the first finding. Notes leave a verdict OK."""
    bad = [one for one in found if one.level > Level.NOTE]
    return Verdict(max(one.level for one in bad), bad[0].message) if bad else Verdict(Level.OK, otherwise)


def nothing_wrong(found: tuple[Finding, ...]) -> str:
    """The headline while no finding is worse than a note; who is held out is said all the same."""
    held = [one.headline for one in found if one.kind in (Kind.HELD, Kind.HELD_OFF)]
    return f"nothing else is wrong: {listed(held)}" if held else "nothing is wrong"


def _all_well(snapshot: Snapshot) -> str:
    return f"{len(serving(snapshot))} of {len(snapshot.nodes)} nodes serve{_data(snapshot)}"


def _data(snapshot: Snapshot) -> str:
    """A few entries that a moment's writing explains are no finding; healed is another thing all the same."""
    left = _to_heal(snapshot)
    healed = snapshot.volumes and not left
    words = [*(["synced"] if snapshot.cluster.mysql else []), *(["healed"] if healed else [])]
    return (f", {listed(words)}" if words else "") + (f"; {left}" if left else "")


def _to_heal(snapshot: Snapshot) -> str:
    """Entries that the worst brick lists, for a sentence; "" for none."""
    most = max((brick.pending or 0 for _, one in known_volumes(snapshot) for brick in one.bricks), default=0)
    return f"{counted(most, 'entry', 'entries')} to heal" if most else ""


def _well(snapshot: Snapshot, name: str) -> str:
    """The sentence on a machine while nothing is wrong with it."""
    if name in {view.name for view in snapshot.firewalls}:
        carp = snapshot.firewall(name).carp
        led = listed(sorted(roles(snapshot, carp.value))) if isinstance(carp, Known) else ""
        return f"{name} is CARP {led or 'without a vhid'}"
    return f"{name} {'serves' if name in serving(snapshot) else 'is well'}{_data(snapshot)}"


def _works(snapshot: Snapshot, layer: Layer) -> str:
    """The sentence on a layer while nothing is wrong with it."""
    lead, nodes = leading(snapshot), counted(len(snapshot.nodes), "node")
    left = _to_heal(snapshot)
    volumes = f"{listed(snapshot.cluster.volumes)}{f': {left}' if left else ' healed'}, every brick online"
    sentences = {
        Layer.FIREWALL: f"{master(snapshot) or 'no firewall alone'} carries the traffic",
        Layer.POOL: f"{len(serving(snapshot))} of {nodes} get traffic" + (f" from {lead[0]}" if lead else ""),
        Layer.WEB: f"Apache serves on {nodes}",
        Layer.DATABASE: f"MySQL is Synced on {nodes}"
        if snapshot.cluster.mysql
        else "the inventory has no [mysql]: MySQL is not asked",
        Layer.STORAGE: volumes if snapshot.volumes else "the inventory has no volumes: Gluster is not asked",
        Layer.HOST: f"{nodes} answer",
    }
    return sentences[layer]
