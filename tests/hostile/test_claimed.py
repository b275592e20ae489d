"""A node that calls itself by another's names: no brick is taken for another's, and nothing goes on because of it."""

from dataclasses import replace

from console.health.facts.bricks import brick_of, offline_nodes
from console.health.facts.fitness import healed
from console.probes.hosts.devices import Devices
from console.probes.snapshot import Known, Snapshot, VolumeView, empty
from tests.console.test_bricks import brick, volume
from tests.console.values import CLUSTER

STORAGE = ("gl1", "gl2", "gl3")
"""Gluster's names for the peers, which the inventory does not have."""


def claims(view: VolumeView, *names: tuple[str, ...]) -> Snapshot:
    """A picture in which node1, node2 and node3 call themselves so. () stands for a node that does not answer."""
    sound = empty(CLUSTER)
    told = (
        Known(Devices((), (), (), None, (), own), 1.0) if own else one.devices
        for one, own in zip(sound.nodes, names, strict=True)
    )
    nodes = tuple(replace(one, devices=devices) for one, devices in zip(sound.nodes, told, strict=True))
    return replace(sound, nodes=nodes, volumes=(view,))


def test_a_brick_that_two_nodes_claim_is_on_neither() -> None:
    bricks = tuple(brick(host, online=host != "gl3") for host in STORAGE)
    view = volume(*bricks)
    now = claims(view, STORAGE, ("gl2",), ("gl3",))
    assert offline_nodes(now, view, bricks) == ("gl3",), "node1 has not lost its brick"
    assert brick_of(now, view, "node1") is bricks[0]
    assert brick_of(now, view, "node2") is brick_of(now, view, "node3") is None


def test_a_node_whose_brick_is_there_is_not_spared_for_another_that_is_away() -> None:
    """It would be stopped while node3 is away: two of three."""
    view = volume(*(brick(host, online=host != "gl3") for host in reversed(STORAGE)))
    assert healed(claims(view, STORAGE, ("gl2",), ("gl3",)), "node1") == ("the brick of www on gl3 is offline",)


def test_the_inventory_knows_better_than_the_only_one_that_claims_it() -> None:
    """While the node that is called so is silent."""
    bricks = (brick("gl1", "10.0.0.11", online=False), brick("gl2"), brick("gl3"))
    view = volume(*bricks)
    now = claims(view, (), ("gl2",), ("gl1", "gl3"))
    assert offline_nodes(now, view, bricks) == ("node1",)
    assert healed(now, "node3") == ("the brick of www on gl1 is offline",)
