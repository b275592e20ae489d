"""Saved states that HAProxy starts with, and their consequences.

Beside each NAME.txt of tests/cases/saved (haproxy.cfg and the server-state file of both firewalls) stands NAME.json:
the backends that load them, what is said of fw2, where HAProxy is stopped, and of a node2 that fw1 has drained.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.health import Kind, findings
from console.health.facts.takeover import takes_over
from console.operations.guards import objections
from console.operations.procedures import DRAIN
from console.operations.procedures.persistent import OUT_IN_CONFIG
from console.operations.procedures.steps import Intent
from console.probes.ask import Ran, Unreadable
from console.probes.firewalls.carp import Carp, Vhid
from console.probes.firewalls.config import FirewallConfig
from console.probes.pools import saved
from console.probes.pools.configured import PooledServer
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.snapshot import NOT_ASKED, FirewallView, Known, Reading, Snapshot, empty
from tests.console.telling import message
from tests.parsers.test_haproxy_cases import CLUSTER

CASES = Path(__file__).parents[1] / "cases" / "saved"
WRITTEN = "1794103200\n"  # 2026-11-08 02:00:00 UTC


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    os.environ.pop("TZ")
    os.environ |= {"TZ": before} if before else {}
    time.tzset()


def read(name: str) -> saved.Saved:
    cfg, found, state = (
        (CASES / f"{name}.txt").read_text().removeprefix("== haproxy.cfg\n").partition("== server state\n")
    )
    missing = Ran(1, "", f"cat: {saved.STATES}: No such file or directory\n")
    there = (Ran(0, state, ""), Ran(0, WRITTEN, "")) if found else (missing, Ran(1, "", ""))
    return saved.parse((Ran(0, cfg, ""), *there), None)


def server(node: str, admin: Admin) -> Server:
    figures = {"weight": 1, "sessions": 0, "queued": 0, "total": 0, "rate": 0, "since": 90, "last_session": 0}
    status = "UP" if admin is Admin.READY else "DRAIN"
    return Server("web_ipvANY", node, f"10.20.0.1{node[-1]}", status, False, check="", admin=admin, **figures)  # type: ignore[arg-type]


def picture(
    reading: Reading[saved.Saved], status: str = "active", stopped: bool = True, node1: Admin = Admin.READY
) -> Snapshot:
    """fw1 leads and has node2 drained; config.xml has it in, unless `status` says otherwise."""
    later = tuple(PooledServer("web", f"node{at}", f"10.20.0.1{at}", status if at == 2 else "active") for at in (1, 2))
    config = FirewallConfig("23.3", False, False, False, "198.51.100.10", later, (), "1", "")
    now = Pools(True, (server("node1", node1), server("node2", Admin.DRAIN)))
    cluster = replace(CLUSTER, nodes=CLUSTER.nodes[:2])

    def view(name: str, role: str, pools: Pools) -> FirewallView:
        carp = Carp((Vhid("em0", 1, role, 0, ("198.51.100.10",)),), True, 0, "boot", "on")
        return FirewallView(name, Known(carp, 9.0), Known(pools, 9.0), config=Known(config, 9.0), saved=reading)

    views = view("fw1", "MASTER", now), view("fw2", "BACKUP", Pools(False) if stopped else now)
    return replace(empty(cluster), firewalls=views)


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.json")))
def test_case(name: str) -> None:
    expected: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())
    if "unknown" in expected:
        with pytest.raises(Unreadable, match=expected["unknown"]):
            read(name)
        return
    states = read(name)
    if "backends" in expected:
        assert list(states.backends) == expected["backends"]
    seen = picture(Known(states, 9.0), expected.get("status", "active"))
    told = message(seen, Kind.SAVED_STATES)
    assert re.search(expected["starts"], told) if expected["starts"] else not told, told
    found = message(seen, Kind.SAVED_UNKNOWN)
    assert re.search(expected["unread"], found) if "unread" in expected else not found
    if "mixed" in expected:
        assert re.search(expected["mixed"], message(seen, Kind.MIXED)), message(seen, Kind.MIXED)
    if "stays" in expected:
        assert expected["stays"] in takes_over(seen, "fw1")
    judged(states, expected)


def judged(states: saved.Saved, expected: dict[str, Any]) -> None:
    """Findings where the pool's last member is out too, and objections to taking it out."""
    found = {one.kind.value: one for one in findings(picture(Known(states, 9.0), node1=Admin.MAINT))}
    for kind, level in expected.get("finds", {}).items():
        assert found[kind].level.name == level, found[kind]
    assert not found.keys() & set(expected.get("finds_not", ()))
    assert all(any(re.search(wanted, one.message) for one in found.values()) for wanted in expected.get("says", ()))
    if "last" in expected:
        told = [one.saw for one in objections(picture(Known(states, 9.0)), DRAIN.effects, "node1")]
        assert any("last serving member of web" in one for one in told) is expected["last"], told


def test_what_runs_says_for_itself() -> None:
    assert not message(picture(Known(read("drained-three-weeks-ago"), 9.0), stopped=False), Kind.SAVED_STATES)


def test_nothing_is_foretold_where_it_is_not_known() -> None:
    told = message(picture(NOT_ASKED), Kind.MIXED)
    assert (
        told == "node2 is out at run time only: what a reload, a boot or a failover of fw1 and fw2 brings is not known"
    )


def test_disabled_in_config_xml_is_not_said_to_last_where_the_saved_states_say_otherwise() -> None:
    intent = Intent(CLUSTER, "node2", DRAIN)
    done = OUT_IN_CONFIG.done(picture(Known(read("made-ready-against-config"), 9.0), "disabled"), intent)
    assert [where for where, _ in done.skipped] == ["fw2"]
    assert done.skipped[0][1].startswith("HAProxy on fw2 would start with node2 in, whatever config.xml says: ")
    assert OUT_IN_CONFIG.done(picture(Known(read("disabled-then"), 9.0), "disabled"), intent).skipped == ()


@pytest.mark.parametrize(("name", "words"), [("without-the-line", "will be back"), ("by-the-defaults", "may be back")])
def test_who_is_not_in_config_xml_may_stay_out_by_its_saved_state(name: str, words: str) -> None:
    seen = picture(Known(read(name), 9.0))
    config: Any = seen.firewalls[0].config
    lacks = replace(config.value, servers=(replace(config.value.servers[1], address="10.20.0.99"),))
    seen = replace(seen, firewalls=(replace(seen.firewalls[0], config=Known(lacks, 9.0)), seen.firewalls[1]))
    assert any(words in one.sentence for one in objections(seen, DRAIN.effects, "node2"))
