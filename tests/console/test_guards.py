"""Guards that no simulated or real cluster meets by itself: over pictures made by hand."""

from dataclasses import replace

from console.balancers.pfsense_config import FirewallConfig, PooledServer
from console.balancers.pools import Admin, Pools, Server
from console.guards import Action, Override, objections
from console.inventory import Cluster, Firewall, Login, Node
from console.snapshot import FirewallView, Known, NodeView, Snapshot

LOGIN = Login("127.0.0.1")
NODES = ("10.0.0.11", "10.0.0.12")
CLUSTER = Cluster(
    "c",
    (Firewall("fw1", "10.0.0.2", LOGIN), Firewall("fw2", "10.0.0.3", LOGIN)),
    tuple(Node(f"node{at}", address, LOGIN) for at, address in enumerate(NODES, 1)),
)


def server(at: int, address: str) -> Server:
    return Server("web_ipvANY", f"node{at}", address, "UP", False, 10, 0, 0, 9, 1, "L7OK", Admin.READY, 9, 0)


def firewall(name: str, version: str = "23.3", configured: tuple[str, ...] = NODES) -> FirewallView:
    later = tuple(PooledServer("web", f"node{at}", address, "active") for at, address in enumerate(configured, 1))
    config = FirewallConfig(version, name == "fw1", False, True, "", later, (), "1", "")
    now = tuple(server(at, address) for at, address in enumerate(NODES, 1))
    return FirewallView(name, pools=Known(Pools(True, now), 1.0), config=Known(config, 1.0))


HEALTHY = Snapshot(CLUSTER, (firewall("fw1"), firewall("fw2")), (NodeView("node1"), NodeView("node2")), (), ())


def told(picture: Snapshot) -> list[tuple[str, Override]]:
    return [(objection.saw, objection.override) for objection in objections(picture, Action.DRAIN, "node2")]


def test_nothing_objects_to_a_drain_in_a_healthy_cluster() -> None:
    assert told(HEALTHY) == []


def test_a_server_that_config_xml_knows_by_another_address_would_come_back() -> None:
    by_name = firewall("fw2", configured=("10.0.0.11", "node2.example.com"))
    assert told(replace(HEALTHY, firewalls=(firewall("fw1"), by_name))) == [
        ("config.xml of fw2 has no server with the address of node2 in pool web", Override.CONFIRM)
    ]


def test_firewalls_of_different_versions_are_said() -> None:
    assert told(replace(HEALTHY, firewalls=(firewall("fw1"), firewall("fw2", version="24.0")))) == [
        ("the firewalls have different configuration versions (fw1 23.3 and fw2 24.0)", Override.CONFIRM)
    ]
