"""Nodes that may be taken out while something else is wrong: never the last node that serves, ever the one that does
not."""

from pathlib import Path

import pytest

from console.health.facts.membership import Place, memberships, place
from console.health.facts.writer import writing
from console.operations.guards import Override, objections, successor
from console.operations.may_go import may_go, one_line
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, REBOOT, REJOIN, REMOVE, UNDO
from console.operations.procedures.steps import Operation
from console.probes.pools.servers import Admin
from console.probes.snapshot import Known, Snapshot, Unknown
from tests.conftest import simulated, watching
from tests.console.test_health import until, well

OUT = (DRAIN, REMOVE, REBOOT)
INSIST = Consent(True, "node1", "I insist")
KEEPS_WRITING = ("no other node can become MySQL's writer", Override.CONFIRM)
"""A drain of node1, which is MySQL's writer: a person may say yes, and it goes on writing."""
NODE3_WRITES = [
    ("HAProxy for MySQL on node2 is not known", Override.NAME_AND_REASON),
    ("HAProxy takes node2 before node3", Override.CONFIRM),
    ("no node would take over from node3", Override.CONFIRM),
]
"""A drain of node1, which is MySQL's writer, while node2 answers nobody: its role goes to node3."""


def fails(picture: Snapshot, node: str) -> bool:
    """HAProxy calls it UP, or has found out; the node's own Apache serves errors or nothing."""
    site = picture.node(node).site
    return bool(site.since) if isinstance(site, Unknown) else not site.value.serves


def up(picture: Snapshot, node: str) -> bool:
    return any(server.serving for one in memberships(picture, node) for server in one.runtime or ())


def lost(picture: Snapshot) -> bool:
    """node2 answers nobody, and HAProxy has found out."""
    return isinstance(picture.node("node2").host, Unknown) and not up(picture, "node2")


def donates(picture: Snapshot) -> bool:
    """node2 gives its data to another."""
    galera = picture.node("node2").galera
    return isinstance(galera, Known) and galera.value.state.startswith("Donor")


def told(picture: Snapshot, action: Operation, node: str) -> list[tuple[str, Override]]:
    """The objections, without the machines' own words."""
    return [(one.saw.partition(": ")[0], one.override) for one in objections(picture, action.effects, node)]


@pytest.mark.parametrize("fault", ["mysql-stopped", "apache-stopped"])
async def test_the_last_node_whose_site_answers_stays(tmp_path: Path, fault: str) -> None:
    """HAProxy's own check may see nothing of it: node3 is UP all the time."""
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault(fault, "node2")
        sim.fault("mysql-stopped", "node3")
        picture = await until(
            session,
            lambda now: fails(now, "node2") and fails(now, "node3") and up(now, "node2") is (fault == "mysql-stopped"),
        )
        assert up(picture, "node3")
        for action in OUT:
            assert ("node1 is the last node whose site answers", Override.NEVER) in told(picture, action, "node1")[:1]
            with pytest.raises(NotBegun, match=r"HTTP 500 from .*node3\. Mend another node first"):
                await session.begin(action, "node1", INSIST)
        assert may_go(picture, "node1").message.startswith(
            "node1 must not be lost: node1 is the last node whose site answers"
        )
        assert place(session.picture, "node1") is Place.IN
        assert session.journal.records() == ()
        assert told(picture, DRAIN, "node3") == [], "a node that serves errors is not held back"
        record = await (await session.begin(REMOVE, "node3")).task
        assert record.outcome == "done"


async def test_all_that_serve_errors_may_be_taken_out_but_for_the_last_member(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("database-crash", "cluster")
        picture = await until(session, lambda now: all(fails(now, node.name) for node in now.nodes))
        assert told(picture, REMOVE, "node1") == []
        assert "drain or remove" not in one_line(picture), "nobody would be served better"


async def test_of_three_with_one_lost_none_is_taken_out_without_a_word(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("node-lost", "node2")
        picture = await until(session, lambda now: lost(now) and successor(now, "node1") == "node3")
        for action, others in ((DRAIN, NODE3_WRITES), (REMOVE, [])):
            objected = [(saw.partition(" since ")[0], override) for saw, override in told(picture, action, "node1")]
            assert objected == [("node2 does not answer", Override.NAME_AND_REASON), *others]
            assert told(picture, action, "node2") == [], "the lost one itself goes without a question"
        with pytest.raises(NotBegun, match="Wait until node2 is back"):
            await session.begin(DRAIN, "node1", Consent(confirmed=True))
        record = await (await session.begin(DRAIN, "node1", INSIST)).task
        assert record.outcome == "done" or set(record.skipped_machines) == {"node2"}
        assert writing(session.picture) == ("node3",)
        assert told(session.picture, REJOIN, "node1") == []
        assert not [saw for saw, _ in told(session.picture, UNDO, "node1") if saw.startswith("node2 ")]
        assert (await (await session.begin(UNDO, "node1", INSIST)).task).outcome == "done"


async def test_a_node_that_is_down_counts_as_one_that_is_out(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("apache-stopped", "node2")
        picture = await until(session, lambda now: not up(now, "node2"))
        assert told(picture, DRAIN, "node1") == [
            ("node2 gets no traffic from web on fw1 (DOWN L4CON)", Override.NAME_AND_REASON)
        ]
        assert told(picture, REMOVE, "node2") == []


async def test_what_can_not_be_taken_out_at_all_is_said_first(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await (await session.begin(DRAIN, "node3")).task
        sim.fault("node-lost", "node2")
        picture = await until(session, lost)
        last = "node1 is the last serving member of web and webtls on fw1 and fw2"
        assert may_go(picture, "node1").message.startswith(f"node1 must not be lost: {last} (and ")
        sentences = [one.sentence for one in objections(picture, DRAIN.effects, "node1")]
        assert sentences[0] == f"{last}. Bring another node back into those pools first."
        assert sum("last serving member" in one for one in sentences) == 1
        for action in OUT:
            strengths = [one.override is Override.NEVER for one in objections(picture, action.effects, "node1")]
            assert strengths == sorted(strengths, reverse=True)
            assert len(strengths) > 2
        assert {server.admin for one in memberships(picture, "node3") for server in one.runtime or ()} != {Admin.READY}
        assert told(picture, REMOVE, "node3") == [], "drained, it may still be put into maintenance"


async def test_the_board_says_who_is_better_out(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=4.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("sst", "node3")
        picture = await until(session, lambda now: donates(now) and fails(now, "node3") and up(now, "node3"))
        message = "node3 serves errors (HTTP 500): drain or remove it"
        assert f" | {message} | " in one_line(picture)
        assert "not: node1 (MySQL on node2 is Donor/Desynced" in one_line(picture)
        assert may_go(picture, "node3").message.startswith(
            f"{message}; a reboot must wait: MySQL on node2 is Donor/Desynced"
        )
        assert told(picture, DRAIN, "node3") == []
        worse = ("node3 serves errors (HTTP 500)", Override.NAME_AND_REASON)
        assert told(picture, DRAIN, "node1") == [worse, KEEPS_WRITING]
        assert told(picture, REMOVE, "node1") == [worse]
