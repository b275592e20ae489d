"""ifconfig's output on firewalls in odd states, file by file, and the conclusions from each.

Beside each NAME.txt of tests/cases/firewalls stands NAME.json: who leads, the roles, the findings, who may take over. A
file of one firewall is fw1's; fw2 is then well, in the role that `fw2` names, and demoted as `demoted` says.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.health import Finding, findings
from console.health.facts.membership import master
from console.health.facts.takeover import takes_over
from console.inventory.cluster import Cluster, Firewall, Login, Node, Vip
from console.probes.ask import Ran, Unreadable
from console.probes.firewalls import carp
from console.probes.firewalls.config import FirewallConfig
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.snapshot import FirewallView, Known, Snapshot, empty

CASES = Path(__file__).parents[1] / "cases" / "firewalls"
LOGIN = Login("127.0.0.1")
CLUSTER = Cluster(
    "c",
    (Firewall("fw1", "10.20.0.2", LOGIN), Firewall("fw2", "10.20.0.3", LOGIN)),
    tuple(Node(f"node{at}", f"10.20.0.1{at}", LOGIN) for at in (1, 2)),
    vips=(Vip("wan", "198.51.100.10", None), Vip("lan", "10.20.0.1", None)),
)
SYSCTL = "net.inet.carp.allow: 1\nnet.inet.carp.demotion: {}\nkern.boottime: {{ sec = 1790000000, usec = 1 }} Sun\n"
WELL = "".join(
    f"em{at}: flags=8943<UP> metric 0 mtu 1500\n\tinet {address} netmask 0xffffff00 vhid {at + 1}\n"
    f"\tcarp: @role@ vhid {at + 1} advbase 1 advskew 100\n\tstatus: active\n"
    for at, address in enumerate(("198.51.100.10", "10.20.0.1"))
)


def read(text: str, demoted: int = 0) -> carp.Carp:
    interfaces, _, values = text.partition("== sysctl\n")
    return carp.parse((Ran(0, interfaces, ""), Ran(0, values or SYSCTL.format(demoted), "")), None)


def firewalls(name: str, expected: dict[str, Any]) -> dict[str, carp.Carp]:
    parts = re.split(r"^== (fw[12])\n", (CASES / f"{name}.txt").read_text(), flags=re.MULTILINE)
    if len(parts) > 1:
        return {
            of: read(text, expected.get("demoted", {}).get(of, 0))
            for of, text in zip(parts[1::2], parts[2::2], strict=True)
        }
    other = WELL.replace("@role@", expected.get("fw2", "BACKUP"))
    return {"fw1": read(parts[0]), "fw2": read(other, expected.get("demoted", {}).get("fw2", 0))}


def pools(state: str) -> Pools:
    figures = {"weight": 1, "sessions": 0, "queued": 0, "total": 0, "rate": 0, "since": 90, "last_session": 0}
    servers = (
        Server("web_ipvANY", node.name, node.address, state, False, check="", admin=Admin.READY, **figures)  # type: ignore[arg-type]
        for node in CLUSTER.nodes
    )
    return Pools(False) if state == "stopped" else Pools(True, tuple(servers))


def picture(read: dict[str, carp.Carp], expected: dict[str, Any]) -> Snapshot:
    config = FirewallConfig("23.3", False, False, False, expected.get("carpdev", ""), (), (), "1", "")
    views = (
        FirewallView(
            name,
            Known(value, 1.0),
            Known(pools(expected.get("pools", {}).get(name, "UP")), 1.0),
            config=Known(config, 1.0),
        )
        for name, value in read.items()
    )
    return replace(empty(CLUSTER), firewalls=tuple(views))


def told(found: tuple[Finding, ...]) -> dict[str, tuple[str, str]]:
    every = (*found, *(brought for one in found for brought in one.brings))
    return {f"{one.kind} {one.machine}": (one.level.name, one.message) for one in every}


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.json")))
def test_case(name: str) -> None:
    expected = json.loads((CASES / f"{name}.json").read_text())
    if "unknown" in expected:
        with pytest.raises(Unreadable, match=expected["unknown"]):
            firewalls(name, expected)
        return
    seen = firewalls(name, expected)
    for key, wanted in expected.get("fw1", {}).items():
        assert json.loads(json.dumps(getattr(seen["fw1"], key))) == wanted, key
    if "vhids" in expected:
        vhids = [[one.interface, one.vhid, one.role, *one.addresses] for one in seen["fw1"].vhids]
        assert vhids == expected["vhids"]
    now = picture(seen, expected)
    assert master(now) == expected["master"]
    found = told(findings(now))
    for which, (level, words) in expected.get("findings", {}).items():
        assert which in found, found
        assert found[which][0] == level, found[which]
        assert re.search(words, found[which][1]), found[which]
    assert not [which for which in found if which.partition(" ")[0] in expected.get("not", ())], found
    for name, words in expected.get("stays", {}).items():
        assert re.search(words, "; ".join(takes_over(now, name)))
    for name in expected.get("goes", ()):
        assert takes_over(now, name) == ()
