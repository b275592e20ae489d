"""config.xml as people and scripts leave it: each case is an input and what is kept of it, side by side."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.health.facts.membership import membership
from console.inventory.addresses import plain, same
from console.inventory.cluster import Login, Node
from console.probes.ask import Ran
from console.probes.firewalls.config import FirewallConfig, parse, parse_xml
from console.probes.firewalls.script import refusal
from console.probes.pools.configured import Change
from console.probes.pools.haproxy_config import persist
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.snapshot import FirewallView, Known, Snapshot, empty
from tests.console.values import CLUSTER
from tests.pfsense.standin import PfSense, needs_php

CASES = Path(__file__).parent / "cases"


def kept(config: FirewallConfig) -> str:
    servers = [f"{one.pool}/{one.name} {one.address} {one.status}" for one in config.servers]
    return "\n".join((*servers, *(f"odd: {message}" for message in config.odd))) + "\n"


@pytest.mark.parametrize("case", sorted(path.stem for path in CASES.glob("*.xml")))
def test_case(case: str) -> None:
    assert kept(parse_xml((CASES / f"{case}.xml").read_text())) == (CASES / f"{case}.expect").read_text()


def node(address: str) -> Node:
    return Node("node2", address, Login("127.0.0.1"))


def listed(name: str, address: str, backend: str = "web_ipvANY") -> Pools:
    figures = {"weight": 1, "sessions": 0, "queued": 0, "total": 0, "rate": 0, "since": 0, "last_session": 0}
    one = Server(backend, name, address, "UP", backup=False, check="L7OK", admin=Admin.READY, **figures)  # type: ignore[arg-type]
    return Pools(True, (one,))


def picture(address: str, case: str, pools: tuple[Pools, ...]) -> Snapshot:
    """A picture of two firewalls that hold the same config.xml."""
    cluster = replace(CLUSTER, nodes=(node(address),))
    config = Known(parse_xml((CASES / f"{case}.xml").read_text()), 1.0)
    views = zip(cluster.firewalls, pools, strict=True)
    seen = tuple(FirewallView(firewall.name, pools=Known(one, 1.0), config=config) for firewall, one in views)
    return replace(empty(cluster), firewalls=seen)


@pytest.mark.parametrize("written", ["2001:db8::12", "2001:DB8::12", "2001:0db8:0:0:0:0:0:12"])
def test_an_address_is_compared_as_one_and_sent_as_written(written: str) -> None:
    found = parse_xml((CASES / "ipv6-in-capitals.xml").read_text()).of(node(written))
    assert [server.address for server in found] == ["2001:DB8:0:0::12"]


def test_a_server_by_host_name_is_found_by_its_pool_and_name_at_run_time() -> None:
    stopped = Pools(running=False)
    seen = picture("10.20.0.12", "server-by-host-name", (listed("node2", "10.20.0.12"), stopped))
    for firewall in ("fw1", "fw2"):
        found = [(one.pool, one.name, one.address) for one in membership(seen, firewall, "node2").configured or ()]
        assert found == [("web", "node2", "node2.web.internal")]


@pytest.mark.parametrize(
    "pools",
    [
        listed("node2", "10.20.0.19"),  # the name leads elsewhere
        listed("node2", "10.20.0.12", "other_ipvANY"),
        listed("node2_0", "10.20.0.12"),  # one of several addresses of that name
        listed("node1", "10.20.0.12"),  # config.xml has an address for it, and another one
        Pools(running=False),
    ],
)
def test_what_run_time_does_not_tell_of_a_host_name_is_not_guessed(pools: Pools) -> None:
    seen = picture("10.20.0.12", "server-by-host-name", (pools, pools))
    assert membership(seen, "fw1", "node2").configured == ()


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("10.20.0.12", "::ffff:10.20.0.12", True),
        ("10.20.0.12", "::FFFF:0a14:000c", True),
        ("[2001:db8::12]", "2001:DB8:0::0012", True),
        ("Node2.Example.org.", "node2.example.ORG", True),
        ("node2", "node2.example.org", False),
        ("10.20.0.12", "10.20.0.120", False),
        ("", "", False),
        ("010.20.0.12", "10.20.0.12", False),
    ],
)
def test_spellings(one: str, other: str, alike: bool) -> None:
    assert same(one, other) is alike


def test_at_run_time_too() -> None:
    one = node("2001:db8::12")
    assert listed("x", "2001:DB8:0::12").of(one)
    lingering = (("2001:DB8:0::12", 2), ("2001:db8::12", 3), ("2001:db8::13", 4))
    assert Pools(True, lingering=lingering).held(one) == 5
    assert plain("node2") == "node2"


def test_a_file_of_some_mebibytes_is_read_once() -> None:
    blob = f"<rrd>{'A' * (5 << 20)}</rrd></pfsense>"
    document = (CASES / "ipv6-in-capitals.xml").read_text().replace("</pfsense>", blob)
    first = parse((Ran(0, document, ""),))
    assert len(first.servers) == 1
    assert parse((Ran(0, document, ""),), first) is first
    assert parse((Ran(0, document.replace("active", "disabled"), ""),), first).servers[0].out


@needs_php
@pytest.mark.parametrize("case", ["server-without-status", "server-with-empty-status", "server-without-name"])
def test_what_is_read_is_what_the_order_finds(tmp_path: Path, case: str) -> None:
    text = (CASES / f"{case}.xml").read_text()
    box = PfSense(tmp_path, "2.8", text)
    mine = parse_xml(text).of(node("10.20.0.12"))
    order = persist(tuple(Change(server, "disabled") for server in mine), False, "drainboard")
    assert refusal(box.run(order)) is None
    assert [server.status for server in parse_xml(box.file.read_text()).of(node("10.20.0.12"))] == ["disabled"]
