"""Guards that no simulated or real cluster meets by itself: over pictures made by hand."""

import itertools
from dataclasses import replace

from console.inventory.cluster import Cluster, Firewall, Login, Node
from console.operations.guards import Override, objections
from console.operations.procedures import DRAIN, REMOVE
from console.probes.firewalls.config import FirewallConfig, PooledServer
from console.probes.pools.saved import Saved
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.snapshot import FirewallView, Known, NodeView, Reading, Snapshot, Unknown
from console.probes.web.apache import Apache, Site
from console.text import clock

LOGIN = Login("127.0.0.1")
NODES = ("10.0.0.11", "10.0.0.12", "10.0.0.13")
CLUSTER = Cluster(
    "c",
    (Firewall("fw1", "10.0.0.2", LOGIN), Firewall("fw2", "10.0.0.3", LOGIN)),
    tuple(Node(f"node{at}", address, LOGIN) for at, address in enumerate(NODES, 1)),
)


def server(at: int, address: str, status: str = "UP") -> Server:
    admin = Admin.DRAIN if status == "DRAIN" else Admin.READY
    return Server("web_ipvANY", f"node{at}", address, status, False, 10, 0, 0, 9, 1, "L7OK", admin, 9, 0)


def firewall(
    name: str, version: str = "23.3", configured: tuple[str, ...] = NODES, statuses: tuple[str, ...] = ("UP",) * 3
) -> FirewallView:
    later = tuple(PooledServer("web", f"node{at}", address, "active") for at, address in enumerate(configured, 1))
    config = FirewallConfig(version, name == "fw1", False, True, "", later, (), "1", "")
    now = tuple(server(at, *each) for at, each in enumerate(zip(NODES, statuses, strict=True), 1))
    return FirewallView(
        name, pools=Known(Pools(True, now), 1.0), config=Known(config, 1.0), saved=Known(Saved(()), 1.0)
    )


SERVES = Known(Site(200, 0.1), 1.0)
IDLE = Known(Apache(3, 47, 150, None, None, None), 1.0)


def node(at: int, site: Reading[Site] = SERVES, apache: Reading[Apache] = IDLE) -> NodeView:
    return NodeView(f"node{at}", site=site, apache=apache)


HEALTHY = Snapshot(CLUSTER, (firewall("fw1"), firewall("fw2")), (node(1), node(2), node(3)), (), ())


def told(picture: Snapshot) -> list[tuple[str, Override]]:
    return [(objection.saw, objection.override) for objection in objections(picture, DRAIN.effects, "node2")]


def test_nothing_objects_to_a_drain_in_a_healthy_cluster() -> None:
    assert told(HEALTHY) == []


def test_a_server_that_config_xml_knows_by_another_address_would_come_back() -> None:
    other = firewall("fw2", configured=("10.0.0.11", "10.0.0.99", "10.0.0.13"))
    assert told(replace(HEALTHY, firewalls=(firewall("fw1"), other))) == [
        ("config.xml of fw2 has no server with the address of node2 in pool web", Override.CONFIRM)
    ]


def test_a_server_by_host_name_is_found_by_what_run_time_says_of_it() -> None:
    by_name = firewall("fw2", configured=("10.0.0.11", "node2.example.com", "10.0.0.13"))
    assert told(replace(HEALTHY, firewalls=(firewall("fw1"), by_name))) == []


def test_firewalls_of_different_versions_are_said() -> None:
    assert told(replace(HEALTHY, firewalls=(firewall("fw1"), firewall("fw2", version="24.0")))) == [
        ("the firewalls have different configuration versions (fw1 23.3 and fw2 24.0)", Override.CONFIRM)
    ]


def test_what_was_read_long_before_the_rest_is_said_with_its_time() -> None:
    """config.xml is read seldom: somebody may have mended it meanwhile."""
    other = firewall("fw2", configured=("10.0.0.11", "10.0.0.99", "10.0.0.13"))
    for seconds, time in ((9, ""), (62, f" (read at {clock(1.0)})")):
        views = (firewall("fw1"), other)
        views = tuple(replace(one, pools=replace(one.pools, at=1.0 + seconds)) for one in views)
        (one,) = objections(replace(HEALTHY, firewalls=views), DRAIN.effects, "node2")
        assert one.sentence == (
            f"config.xml of fw2 has no server with the address of node2 in pool web{time}."
            " node2 will be back there after a reload; give the server that address in pfSense."
        )


def test_whether_the_others_serve_must_be_known() -> None:
    silent = Unknown("no answer", 1.0, 1.0)
    assert told(replace(HEALTHY, nodes=(node(1, silent), node(2), node(3)))) == [
        ("whether node1 serves is not known: no answer", Override.NAME_AND_REASON)
    ]
    assert told(replace(HEALTHY, nodes=(node(1), node(2, silent), node(3)))) == [], "the others are known to serve"
    assert told(replace(HEALTHY, nodes=(node(1, silent), node(2, silent), node(3, silent)))) == [
        ("whether node1 serves is not known: no answer", Override.NAME_AND_REASON),
        ("whether node3 serves is not known: no answer", Override.NAME_AND_REASON),
    ]


def test_whether_the_others_have_room_must_be_known() -> None:
    """With mod_status off on one node nobody would ever ask if the others are full."""
    off = Unknown("mod_status answers HTTP 404; allow /server-status from 127.0.0.1 on this node", 1.0, 1.0)
    for at in (1, 2):
        nodes = tuple(node(each, apache=off if each == at else IDLE) for each in (1, 2, 3))
        assert told(replace(HEALTHY, nodes=nodes)) == [
            (f"how busy Apache is on node{at} is not known: {off.why}", Override.CONFIRM)
        ]
    dead = replace(node(2, apache=off), host=off)
    assert not [saw for saw, _ in told(replace(HEALTHY, nodes=(node(1), dead, node(3)))) if "Apache" in saw]
    drained = firewall("fw1", statuses=("DRAIN", "UP", "UP")), firewall("fw2", statuses=("DRAIN", "UP", "UP"))
    nodes = (node(1, apache=off), node(2), node(3))
    assert not [saw for saw, _ in told(replace(HEALTHY, firewalls=drained, nodes=nodes)) if "Apache" in saw]


def test_whatever_three_nodes_do_two_of_three_are_never_gone_without_a_word() -> None:
    """And what serves nothing, or nothing but errors, is held back by nothing but an empty pool."""
    sites: dict[str, Reading[Site]] = {
        "serves": SERVES,
        "fails": Known(Site(500, 0.1), 1.0),
        "unknown": Unknown("no answer", 1.0, 1.0),
    }
    each = tuple(itertools.product(("UP", "DOWN", "DRAIN"), sites))
    for states in itertools.product(each, repeat=3):
        statuses = tuple(status for status, _ in states)
        views = tuple(node(at, sites[site]) for at, (_, site) in enumerate(states, 1))
        pools = tuple(firewall(name, statuses=statuses) for name in ("fw1", "fw2"))
        picture = replace(HEALTHY, firewalls=pools, nodes=views)
        first, mine, third = states
        for action in (REMOVE, DRAIN):
            found = [one for one in objections(picture, action.effects, "node2") if one.saw != "node2 is out already"]
            never = any(one.override is Override.NEVER for one in found)
            others_up = [site for status, site in (first, third) if status == "UP"]
            if mine[0] != "UP":
                assert not found, states
            elif not others_up or (mine[1] == "serves" and set(others_up) == {"fails"}):
                assert never, states
            elif mine[1] == "fails":
                assert not found, states
            else:
                assert not never, states
                assert bool(found) is ((first, third) != (("UP", "serves"), ("UP", "serves"))), states
