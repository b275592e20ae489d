"""The node of a brick, however Gluster names the peer; and whose bricks are away, by either's word."""

from dataclasses import replace

import pytest

from console.health.facts.bricks import brick_of, node_at, offline_nodes
from console.health.facts.heal_info import stands
from console.probes.hosts.devices import Devices
from console.probes.hosts.system import Host
from console.probes.snapshot import Known, Snapshot, Unknown, VolumeView, empty
from console.probes.storage.gluster import Brick, Healing, Volume
from tests.console.values import CLUSTER


def picture(*own: str) -> Snapshot:
    """In which node2 calls itself so."""
    fresh = empty(CLUSTER)
    devices = Known(Devices((), (), (), None, (), own), 1.0)
    nodes = tuple(replace(one, devices=devices) if one.name == "node2" else one for one in fresh.nodes)
    return replace(fresh, nodes=nodes)


def volume(*bricks: Brick) -> VolumeView:
    return VolumeView("www", Known(Volume(bricks, 0), 1.0))


def brick(host: str, *names: str, online: bool = True) -> Brick:
    return Brick(host, "/brick", online, heal_daemon=True, connected=True, pending=0, names=names)


SILENT = VolumeView("www", Unknown("busy", 2.0, 1.0))


@pytest.mark.parametrize("host", ["node2", "10.0.0.12", "node2.example.org", "gl2", "192.168.7.2"])
def test_a_brick_is_on_the_node_that_its_host_names(host: str) -> None:
    now, one = picture("gl2", "192.168.7.2"), brick(host, online=False)
    view = volume(brick("node1"), one, brick("node3"))
    assert brick_of(now, view, "node2") is one
    assert node_at(now, view, host) == node_at(now, SILENT, host) == "node2"
    assert offline_nodes(now, view, (brick("node1"), one)) == ("node2",)
    assert offline_nodes(now, SILENT, (Healing(host, "/brick", False, None, None),)) == ("node2",)


def test_heal_info_says_not_that_a_lost_node_is_reached() -> None:
    lost = picture()
    nodes = (replace(lost.nodes[0], host=Known(Host("b", 0.1, 4, 9.0), 3.0)), *lost.nodes[1:])
    now = replace(lost, nodes=nodes)
    here, gone = Healing("node1", "/brick", True, 4, 0), Healing("node2", "/brick", False, None, None)
    assert stands(now, "node1", here) and stands(now, "node2", gone)
    assert not stands(now, "node2", replace(gone, connected=True))


def test_the_peers_other_names_count_where_its_host_says_nothing() -> None:
    now, one = picture("gl2"), brick("storage-b", "gl2")
    view = volume(brick("node1", "gl2"), one)
    assert node_at(now, view, "node1") == "node1", "what Gluster calls the brick's host comes first"
    assert node_at(now, view, "storage-b") == "node2"
    assert brick_of(now, view, "node2") is one


def test_the_inventorys_name_comes_before_what_a_node_calls_itself() -> None:
    assert node_at(picture("node3"), SILENT, "node3") == "node3"


def test_a_host_that_is_no_node_keeps_its_name() -> None:
    now, view = picture(), volume(brick("node1"), brick("storage-b", "gl2", online=False))
    assert brick_of(now, view, "node2") is None
    assert offline_nodes(now, view, (brick("storage-b", online=False),)) == ("storage-b",)
    assert brick_of(now, SILENT, "node1") is None, "while the volume's own state is unknown no brick is known"
