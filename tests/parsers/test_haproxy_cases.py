"""HAProxy's output in states that few firewalls are in, file by file, and the conclusions from each.

Beside each NAME.txt of tests/cases/haproxy stands NAME.json: of the servers, the findings, the orders and the steps.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.health import findings
from console.health.facts.membership import membership, place
from console.health.finding import Layer
from console.inventory.cluster import Cluster, Firewall, Login, Node
from console.operations.guards import objections
from console.operations.procedures import DRAIN, REBOOT, REJOIN, REMOVE, operation
from console.operations.procedures.power import CLOSE
from console.operations.procedures.runtime import BACK_AT_RUNTIME, OUT_AT_RUNTIME, UP
from console.operations.procedures.sessions import SESSIONS
from console.operations.procedures.steps import Intent, Operation, Progress, Step
from console.probes.ask import Ran, Unreadable
from console.probes.firewalls.config import FirewallConfig
from console.probes.pools import haproxy
from console.probes.pools.configured import PooledServer
from console.probes.pools.servers import Admin, Pools
from console.probes.snapshot import Known, Snapshot, empty

CASES = Path(__file__).parents[1] / "cases" / "haproxy"
LOGIN = Login("127.0.0.1")
CLUSTER = Cluster(
    "c",
    (Firewall("fw1", "10.20.0.2", LOGIN), Firewall("fw2", "10.20.0.3", LOGIN)),
    tuple(Node(f"node{at}", f"10.20.0.1{at}", LOGIN) for at in (1, 2, 3)),
)
NEXT_LOOK = "== the next look, 2 s later\n"


def looks(name: str) -> list[Pools | str]:
    """Each look of a case, or why it can't be read."""
    seen: list[Pools | str] = []
    for at, text in enumerate((CASES / f"{name}.txt").read_text().split(NEXT_LOOK)):
        before = seen[-1] if seen and isinstance(seen[-1], Pools) else None
        try:
            seen.append(haproxy.parse((Ran(0, text, "", 2.0 * at), Ran(1, "", "")), before))
        except Unreadable as why:
            seen.append(str(why))
    return seen


def picture(pools: Pools, statuses: str = "active") -> Snapshot:
    """Two firewalls that print the same, and config.xml where every node is in the pool."""
    servers = tuple(PooledServer("web", node.name, node.address, statuses) for node in CLUSTER.nodes)
    config = FirewallConfig("23.3", False, False, False, "", servers, (), "1", "")
    blank = empty(CLUSTER)
    views = (replace(view, pools=Known(pools, 1.0), config=Known(config, 1.0)) for view in blank.firewalls)
    return replace(blank, firewalls=tuple(views))


def sent(step: Step, action: Operation, seen: Snapshot, found: dict[str, str] | None = None) -> str:
    """The orders of a step for node2's servers on fw1."""
    orders = step.orders(seen, Intent(CLUSTER, "node2", action, found or {}))
    return "".join(order.run.stdin for order in orders if order.machine == "fw1")


def progress(step: Step, seen: Snapshot, action: Operation = DRAIN, found: dict[str, str] | None = None) -> Any:
    return step.done(seen, Intent(CLUSTER, "node2", action, found or {}))


NAMES = sorted(path.stem for path in CASES.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str) -> None:
    expected = json.loads((CASES / f"{name}.json").read_text())
    seen = looks(name)
    for look, of_it in zip(seen, expected["looks"], strict=True) if "looks" in expected else [(seen[-1], expected)]:
        if "unknown" in of_it:
            assert isinstance(look, str)
            assert re.search(of_it["unknown"], look)
        else:
            assert isinstance(look, Pools), look
            holds(look, of_it)


def holds(pools: Pools, expected: dict[str, Any]) -> None:
    by_path = {server.path: server for server in pools.servers}
    if "servers" in expected:
        assert by_path.keys() == expected["servers"].keys()
    for path, facts in expected.get("servers", {}).items():
        for name, value in facts.items():
            read = getattr(by_path[path], name)
            assert (read.value if isinstance(read, Admin) else read) == value, (path, name)
    if "strange" in expected:
        assert list(pools.strange) == expected["strange"]
    concluded(picture(pools), expected)
    acted(picture(pools), expected)


def concluded(seen: Snapshot, expected: dict[str, Any]) -> None:
    for node, where in expected.get("place", {}).items():
        assert place(seen, node).value == where, node
    if "out" in expected:
        assert membership(seen, "fw1", "node2").out_at_runtime is expected["out"]
    told = [each.message for one in findings(seen) if one.layer is Layer.POOL for each in (one, *one.brings)]
    assert all(any(re.search(wanted, message) for message in told) for wanted in expected.get("says", ())), told
    about = [message for message in told if "node2" in message]
    assert not any(re.search(unwanted, message) for unwanted in expected.get("says_not", ()) for message in about), told
    for action, wanted in expected.get("objects", {}).items():
        known = operation(action)
        assert known
        assert any(re.search(wanted, one.sentence) for one in objections(seen, known.effects, "node2")), action


def acted(seen: Snapshot, expected: dict[str, Any]) -> None:
    noted = {**OUT_AT_RUNTIME.finds(seen, Intent(CLUSTER, "node2", REMOVE))}
    assert expected.get("found", {}).items() <= noted.items()
    for action in (DRAIN, REMOVE):
        if action.name in expected:
            assert expected[action.name] in sent(OUT_AT_RUNTIME, action, seen)
            assert (
                bool(expected[action.name]) is not progress(OUT_AT_RUNTIME, seen, action).done
                or not expected[action.name]
            )
    if "back" in expected:
        assert sent(BACK_AT_RUNTIME, REJOIN, seen, noted).strip() == expected["back"]
    if "up" in expected:
        up = progress(UP, seen, REJOIN, noted)
        assert up.done
        assert up.message.startswith(expected["up"])
    if "waits" in expected:
        waits = progress(UP, seen, REJOIN, noted)
        assert not waits.done
        assert re.search(expected["waits"], waits.message)
    if "sessions" in expected:
        assert not progress(SESSIONS, seen).done
        assert expected["sessions"] in progress(SESSIONS, seen).message
    if "sessions_done" in expected:
        assert progress(SESSIONS, seen) == Progress(True, expected["sessions_done"])


@pytest.mark.parametrize(("found", "order"), [({}, "state maint"), ({"now fw1 web_ipvANY/node2": "drain"}, "")])
def test_before_a_stop_our_drains_become_maintenance(found: dict[str, str], order: str) -> None:
    (pools,) = looks("quiet-and-drained")
    assert isinstance(pools, Pools)
    host: Any = type("Host", (), {"boot_id": "before"})()
    seen = picture(pools)
    seen = replace(seen, nodes=tuple(replace(view, host=Known(host, 1.0)) for view in seen.nodes))
    found = {"boot node2": "before", **found}
    assert order in sent(CLOSE, REBOOT, seen, found)
    assert progress(CLOSE, seen, REBOOT, found).done is not bool(order)
    rebooted = progress(CLOSE, seen, REBOOT, {**found, "boot node2": "another"})
    assert (rebooted.done, rebooted.message) == (True, "node2 has rebooted already")
