"""A reason that begins with the one it is about, as the wire's do, names nobody twice in a sentence."""

import asyncio
import re
import time
from dataclasses import replace
from typing import Any

import pytest

from console.cli.status_table import lines
from console.health import Kind, findings
from console.health.facts.fitness import galera_without, unfit
from console.inventory.cluster import Cluster
from console.operations.guards import objections
from console.operations.may_go import may_go
from console.operations.procedures import REBOOT
from console.probes.ask import Rows
from console.probes.database import galera
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.text import because
from tests.console.telling import put
from tests.hostile.lies import Honest, believed, honest

SQL = (
    "MySQL on node2 (127.0.0.1:3306 through SSH) doesn't listen, “Connection refused”; see on the node whether it runs"
)
SSH = "node2 (10.20.0.12:22) doesn't answer; see whether the machine is up"


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Honest]:
    return asyncio.run(honest(tmp_path_factory.mktemp("truth") / "sim"))


@pytest.mark.parametrize(
    ("named", "why", "told"),
    [
        ("MySQL on node2", SQL, SQL.replace("MySQL on node2", "it", 1)),
        ("node2", SSH, SSH.replace("node2", "it", 1)),
        ("node2", "node2 (x:22): the host name x is not found", "the host name x is not found"),
        ("node2", "node20 (x:22) doesn't answer", "node20 (x:22) doesn't answer"),
        ("node2", "no route", "no route"),
    ],
)
def test_a_reason_for_a_sentence(named: str, why: str, told: str) -> None:
    assert because(named, why) == told


@pytest.mark.parametrize(
    ("reading", "why", "who"), [("galera", SQL, "MySQL on node2"), ("host", SSH, "node2"), ("carp", SSH, "fw1")]
)
def test_nobody_is_named_twice(truth: tuple[Cluster, Honest], reading: str, why: str, who: str) -> None:
    part, name = ("firewalls", "fw1") if reading == "carp" else ("nodes", "node2")
    away: dict[str, Any] = {reading: Unknown(why.replace("node2", name), time.time(), time.time(), Cause.ABSENT)}
    seen = put(believed(*truth), part, name, **away)
    told = [one.message for one in findings(seen)] + [*may_go(seen, "node1").reasons, may_go(seen, name).message]
    told += [*unfit(seen, "node2"), *galera_without(seen, "node1")]
    told += [one.sentence for node in ("node1", "node2") for one in objections(seen, REBOOT.effects, node)]
    about = [one for one in told if who in one]
    assert about
    assert not [one for one in about if re.search(rf"{who} [^:;]*: {who} \(", one)]
    assert not [one for one in lines(seen, time.time()) if "Connection refused" in one and one.startswith("?")]


def without_a_view(seen: Snapshot, *nodes: str) -> Snapshot:
    for name in nodes:
        known = seen.node(name).galera
        assert isinstance(known, Known)
        seen = put(seen, "nodes", name, galera=replace(known, value=replace(known.value, size=0, conf_id=-1)))
    return seen


def test_a_member_that_does_not_tell_its_view_is_no_majority_of_nobody(truth: tuple[Cluster, Honest]) -> None:
    seen = without_a_view(believed(*truth), "node2")
    assert may_go(seen, "node2").reasons == (
        "whether MySQL would keep its quorum is not known: node2 does not tell which members it sees",
    )
    assert may_go(seen, "node1").reasons == ("MySQL on node2 does not tell which members it sees",)
    assert unfit(seen, "node1", looks=1) == ()
    assert unfit(seen, "node2", looks=1) == ("MySQL on node2 does not tell which members it sees",)
    every = findings(without_a_view(seen, "node1", "node3"))
    assert [one.machine for one in every if one.kind is Kind.VIEW_UNTOLD] == ["node1", "node2", "node3"]
    assert Kind.SIZE_BELOW not in {one.kind for one in every}


def test_a_server_without_wsrep_refuses_no_table(truth: tuple[Cluster, Honest]) -> None:
    plain = galera.parse((Rows((("Uptime", "86400"),), 1.0), Rows((("read_only", "OFF"),), 1.0)), None)
    seen = believed(*truth)
    apart = replace(plain, alone=False, status="non-Primary", size=1, state="Initialized")
    for name in ("node1", "node2", "node3"):
        seen = put(seen, "nodes", name, galera=Known(plain, time.time()))
    kinds = {one.kind for one in findings(seen)}
    assert Kind.ALONE in kinds
    assert Kind.NO_PRIMARY not in kinds
    for name in ("node2", "node3"):
        seen = put(seen, "nodes", name, galera=Known(apart, time.time()))
    (told,) = [one.message for one in findings(seen) if one.kind is Kind.NO_PRIMARY]
    assert told.startswith("MySQL refuses every table but on node1, for no node has the majority: node2 is non-Primary")
