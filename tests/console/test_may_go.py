"""Machines that can be lost now, in the words of the board, over pictures from a simulated cluster."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Level, verdict
from console.health.facts.fitness import unfit
from console.operations.guards import objections
from console.operations.may_go import all_may_go, may_go, one_line
from console.operations.procedures import REBOOT
from console.probes.hosts.running import Listed, Running
from console.probes.hosts.system import Services
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.text import clock
from tests.conftest import simulated, watching
from tests.console.telling import alter, put


@pytest.fixture
async def fine(tmp_path: Path) -> Snapshot:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        async with asyncio.timeout(20):
            while verdict(session.picture).level is not Level.OK or not may_go(session.picture, "node2").may:
                await session.change()
        return session.picture


async def test_in_a_healthy_cluster_each_may_go_and_what_is_left_is_said(fine: Snapshot) -> None:
    assert one_line(fine) == "can be lost now: node1, node2, node3, fw1, fw2"
    message = may_go(fine, "node2").message
    assert message.startswith("node2 can be lost: each pool keeps 2, busy workers rise to ")
    assert "MySQL keeps 2 of 3, Gluster www keeps 2 of 3 bricks" in message
    assert may_go(fine, "fw1").message == (
        "fw1 can be lost: fw2 takes over: CARP BACKUP for every address, the load balancer runs, every pool served,"
        " configured alike"
    )
    assert may_go(fine, "fw2").message == "fw2 can be lost: fw1 is CARP MASTER and carries the traffic"


async def test_the_reasons_are_the_guards_own(fine: Snapshot) -> None:
    donor = alter(fine, "nodes", "node2", "galera", state="Donor/Desynced")
    stays = may_go(donor, "node1")
    assert stays.may is False
    assert stays.reasons == ("MySQL on node2 is Donor/Desynced (Primary)",)
    assert set(stays.reasons) <= {one.saw for one in objections(donor, REBOOT.effects, "node1")}
    assert one_line(donor) == (
        "can be lost now: node2, fw1, fw2 | not: node1, node3 (MySQL on node2 is Donor/Desynced (Primary))"
    )


async def test_full_workers_keep_a_node(fine: Snapshot) -> None:
    full = fine
    for name in ("node1", "node2", "node3"):
        full = alter(full, "nodes", name, "apache", busy=120, slots=150)
    assert may_go(full, "node2").reasons == (
        "without node2 the other nodes' Apache is full: 120 % of their workers busy",
    )


async def test_a_firewall_that_can_not_take_over_keeps_the_other(fine: Snapshot) -> None:
    demoted = alter(fine, "firewalls", "fw2", "carp", demotion=240)
    assert may_go(demoted, "fw1").message == "fw1 must not be lost: fw2 is demoted by 240"
    off = alter(fine, "firewalls", "fw2", "pools", running=False, servers=())
    assert may_go(off, "fw1").reasons == ("the load balancer does not run on fw2",)
    carpdev = alter(off, "firewalls", "fw2", "config", carpdev="198.51.100.10")
    assert may_go(carpdev, "fw1").may


async def test_what_does_not_answer_is_not_called_gone(fine: Snapshot) -> None:
    def without(name: str, cause: Cause, picture: Snapshot = fine) -> Snapshot:
        return put(picture, "nodes", name, host=Unknown("no route to it", 9.0, 8.0, cause))

    silent = without("node2", Cause.SILENT)
    assert (
        may_go(silent, "node2").message == f"node2 does not answer since {clock(8.0)}: whether it is gone is not known"
    )
    assert one_line(silent).endswith(" | does not answer: node2")
    assert one_line(without("node1", Cause.SILENT, silent)).endswith(" | do not answer: node1, node2")
    assert one_line(without("node1", Cause.STALE, silent)).endswith(" | does not answer: node2 | not known: node1")
    garbled = without("node2", Cause.UNREADABLE)
    assert may_go(garbled, "node2").message == "whether node2 can be lost is not known: no route to it"
    assert one_line(garbled).endswith(" | not known: node2")


def without_gluster(picture: Snapshot) -> Snapshot:
    """The picture of nodes that run none."""
    services = Services(("mariadb.service",), (), 0)
    running = Running(("mariadbd",), (3306, 4567), True, False, 0, False)
    for view in picture.nodes:
        known = {"services": Known(services, 9.0), "running": Known(running, 9.0), "listed": Known(Listed(None), 9.0)}
        picture = put(picture, "nodes", view.name, **known)
    return replace(picture, volumes=(), cluster=replace(picture.cluster, volumes=()))


async def test_two_members_would_lose_their_quorum(fine: Snapshot) -> None:
    two = replace(fine, nodes=fine.nodes[:2], cluster=replace(fine.cluster, nodes=fine.cluster.nodes[:2]))
    two = without_gluster(two)
    for name in ("node1", "node2"):
        two = alter(two, "nodes", name, "galera", size=2)
    assert may_go(two, "node1").reasons == ("MySQL would lose its quorum: 1 of 2 members left after a power cut",)
    assert len(all_may_go(two)) == 4

    hung = put(two, "nodes", "node2", galera=Unknown("no answer in 3.0 s", 9.0, 8.0))
    assert may_go(hung, "node2").message == "node2 must not be lost: MySQL may lose its quorum"
    assert may_go(hung, "node2").reasons == (
        "MySQL may lose its quorum: 1 of 2 members left after a power cut, if node2 is a member",
    )
    stopped = alter(hung, "nodes", "node1", "galera", size=1)
    assert may_go(stopped, "node2").may, "node1 is all of the component: nothing of it goes with node2"
    away = put(hung, "nodes", "node1", galera=Unknown("no answer in 3.0 s", 9.0, 8.0))
    untold = "whether MySQL would keep its quorum is not known: no answer in 3.0 s"
    assert untold in may_go(away, "node2").reasons


async def test_a_node_whose_mysql_is_not_known_takes_the_vote_along_that_it_may_have(fine: Snapshot) -> None:
    hung = put(fine, "nodes", "node2", galera=Unknown("no answer in 3.0 s", 9.0, 8.0))
    assert may_go(hung, "node2").may, "2 of 3 members are left"
    for name in ("node1", "node3"):
        hung = alter(hung, "nodes", name, "galera", size=2)
    assert may_go(hung, "node2").may, "node1 and node3 are all of the component: it has gone without node2"

    one = replace(fine.cluster, nodes=fine.cluster.nodes[1:2])
    alone = without_gluster(replace(fine, nodes=fine.nodes[1:2], cluster=one))
    alone = put(alone, "nodes", "node2", galera=Unknown("no answer in 3.0 s", 9.0, 8.0))
    assert may_go(alone, "node2").reasons == ("whether MySQL would keep its quorum is not known: no answer in 3.0 s",)


async def test_a_node_is_fit_beside_a_brick_that_is_away_once_its_own_is_healed(fine: Snapshot) -> None:
    state = fine.volumes[0].state
    assert isinstance(state, Known)
    one, two, three = state.value.bricks
    gone = replace(three, online=False, heal_daemon=False, pending=None)

    def unhealed(first: int, second: int | None) -> tuple[str, ...]:
        bricks = (replace(one, pending=first), replace(two, pending=second), gone)
        return unfit(alter(fine, "volumes", "www", "state", bricks=bricks, clean_looks=0), "node2")

    assert unhealed(40, 40) == (), "what both miss of the third brick says nothing about the second"
    assert unhealed(52, 40) == ("the brick of www on node2 is behind by 12 entries",)
    assert unhealed(40, None) == ("Gluster volume www: heal count not known on every brick that is online",)
    bricks = (replace(one, pending=40), replace(gone, host=two.host, path=two.path), replace(three, pending=40))
    away = alter(fine, "volumes", "www", "state", bricks=bricks, clean_looks=0)
    assert "the brick of www on node2 is offline" in unfit(away, "node2")
