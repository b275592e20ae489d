"""The same actions where relayd balances: it knows no drain, forgets who is disabled, and its ids change."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind, findings
from console.health.facts.holds import held
from console.health.facts.membership import Place, memberships, place
from console.inventory.cluster import Cluster
from console.inventory.load import load
from console.operations.guards import Override, objections
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, HOLD, REJOIN, holds
from console.operations.procedures.steps import Operation
from console.probes.ask import Ran
from console.probes.pools import relayd
from console.probes.snapshot import Known, Snapshot
from console.sim import Simulator
from console.sim.scenarios import Scenario
from console.words import words
from tests.conftest import brisk, watching
from tests.console.kills import sample
from tests.console.telling import alter, message, told, until
from tests.console.test_interrupted import OUT, carry_on, die, lines_of, points
from tests.parsers.test_haproxy_cases import picture

NAMED = Consent(True, "node2", "a test")
ADDRESS = "10.20.0.12"
LINES = {
    DRAIN: f"opened {OUT} seen closed",
    REJOIN: "opened seen seen sending answered seen seen seen seen closed",
}
"""The reload puts back at run time what config.xml says."""
RELAYD = Scenario("relayd", "relayd balances", balancer="relayd")


@asynccontextmanager
async def old_firewalls(folder: Path) -> AsyncIterator[tuple[Simulator, Cluster]]:
    async with Simulator(folder, speed=20.0, timings=brisk(), scenario=RELAYD) as sim:
        yield sim, load(sim.inventory).clusters[0]


def configured(sim: Simulator) -> list[str]:
    """The node's status on both firewalls in both pools."""
    servers = [
        firewall.config.server(pool, ADDRESS) for firewall in sim.world.firewalls.values() for pool in ("web", "webtls")
    ]
    return [server.status for server in servers if server]


def balanced(sim: Simulator, firewall: str) -> list[str]:
    process = sim.world.firewalls[firewall].haproxy
    return [server.address for server in process.servers if server.eligible] if process else []


async def test_a_node_is_drained_and_comes_back(tmp_path: Path) -> None:
    async with old_firewalls(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        assert place(session.picture, "node2") is Place.IN
        drained = await (await session.begin(DRAIN, "node2", NAMED)).task
        assert (drained.outcome, lines_of(drained)) == ("done", LINES[DRAIN])
        assert not any(entry.facts["errors"] for entry in drained.entries if entry.kind == "answered")
        assert configured(sim) == ["disabled"] * 4
        assert ADDRESS not in balanced(sim, "fw1") + balanced(sim, "fw2")
        assert place(session.picture, "node2") is Place.OUT
        assert [one.sessions for one in memberships(session.picture, "node2")] == [0, 0]
        back = await (await session.begin(REJOIN, "node2", NAMED)).task
        assert (back.outcome, lines_of(back)) == ("done", LINES[REJOIN])
        assert configured(sim) == ["active"] * 4
        assert balanced(sim, "fw1").count(ADDRESS) == balanced(sim, "fw2").count(ADDRESS) == 2
        assert place(session.picture, "node2") is Place.IN


async def test_changes_that_nobody_has_applied_are_told_once_and_by_their_name(tmp_path: Path) -> None:
    async with old_firewalls(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        sim.fault("unapplied", "fw1")
        picture = await until(session, _both_say_so)
        for one in (picture, alter(picture, "firewalls", "fw1", "box", unapplied=())):  # pools are asked more often
            assert message(one, Kind.UNAPPLIED) == "changes on fw1 that nobody has applied yet: loadbalancer"


def _both_say_so(picture: Snapshot) -> bool:
    pools, box = picture.firewall("fw1").pools, picture.firewall("fw1").box
    return isinstance(pools, Known) and pools.value.dirty and isinstance(box, Known) and bool(box.value.unapplied)


async def test_the_last_server_of_a_pool_stays(tmp_path: Path) -> None:
    """The guard refuses, and pfSense's own PHP where a guard could not know."""
    async with old_firewalls(tmp_path / "sim") as (sim, cluster):
        others = {("web", "10.20.0.11"): "disabled", ("web", "10.20.0.13"): "disabled"}
        for firewall in sim.world.firewalls.values():
            firewall.persist(others, "by hand")
        async with watching(cluster) as session:
            told = [one.sentence for one in objections(session.picture, DRAIN.effects, "node2")]
            assert any("node2 is the last serving member of web on fw1" in sentence for sentence in told)


async def test_a_relayd_that_does_not_run_is_no_error(tmp_path: Path) -> None:
    async with old_firewalls(tmp_path / "sim") as (sim, cluster):
        sim.world.firewalls["fw2"].haproxy = None
        async with watching(cluster) as session:
            pools = session.picture.firewall("fw2").pools
            assert isinstance(pools, Known)
            assert not pools.value.running


@pytest.mark.parametrize(("action", "line", "written"), sample(points(LINES), lambda point: point[0].name, 2))
async def test_killed_at_each_line(tmp_path: Path, action: Operation, line: int, written: bool) -> None:
    async with old_firewalls(tmp_path / "sim") as (sim, cluster):
        assert await die(cluster, action, line, written)
        async with watching(cluster) as session:
            if session.open_runs():
                assert (await carry_on(session, action)).outcome == "done"
            drained = action is DRAIN
            assert place(session.picture, "node2") is (Place.OUT if drained else Place.IN)
            assert configured(sim) == ["disabled" if drained else "active"] * 4
            assert balanced(sim, "fw1").count(ADDRESS) == balanced(sim, "fw2").count(ADDRESS) == (0 if drained else 2)


async def test_a_hold_is_told_by_the_text_of_the_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with old_firewalls(tmp_path / "sim") as (sim, cluster):
        options = holds.options("ops@desk", time.time(), time.time() + 7200, "apache: bad cert path")
        async with watching(cluster) as session:
            assert any("relayd has no place for the note" in one for one in session.plan(HOLD, "node2", options).leaves)
            record = await (await session.begin(HOLD, "node2", Consent(True), options)).task
            assert record.outcome == "done"
        servers = [server for pool in sim.world.firewalls["fw1"].config.pools for server in pool.servers]
        assert {server.advanced for server in servers} == {None}
        monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "another"))
        async with watching(cluster) as other:
            finding = await told(other, "node2", "held")
            assert finding.message.endswith("“apache: bad cert path”")
            (asked,) = [one for one in other.plan(REJOIN, "node2").objections if "is held out until" in one.saw]
            assert asked.override is Override.NAME_AND_REASON
            assert (await (await other.begin(REJOIN, "node2", NAMED)).task).outcome == "done"
            await until(other, lambda now: place(now, "node2") is Place.IN and held(now, "node2") is None)


HEAD = "Id\tType\t\tName\t\t\t\tAvlblty\tStatus\n1\tredirect\tvs\t\tactive\n"
FALL_BACK = "2\ttable\tsorry:80\t\tactive (1 hosts)\n9\thost\t10.20.0.99\t100.00%\tup\n"


@pytest.mark.parametrize(
    ("table", "states", "more", "says", "word"),
    [
        (
            "active (2 hosts)",
            ("up", "unknown", "up"),
            "",
            "relayd on fw1 and fw2 has not checked it since",
            "?untested",
        ),
        ("disabled", ("up", "up", "up"), "", "nobody serves web on fw1: visitors get an error", "✗off"),
        ("empty", ("down", "down", "down"), FALL_BACK, "visitors get the fall-back sorry, or an error", "✗DOWN"),
    ],
)
def test_what_relayd_prints_is_told_for_what_it_is(
    table: str, states: tuple[str, ...], more: str, says: str, word: str
) -> None:
    hosts = "".join(f"{at}\thost\t10.20.0.1{at}\t\t{state}\n" for at, state in enumerate(states, 1))
    summary = f"{HEAD}1\ttable\tweb:80\t\t{table}\n{hosts}{more}"
    pools = relayd.parse((Ran(0, summary, ""), Ran(1, "", ""), Ran(0, "counted\n", "")), None)
    seen = picture(pools)
    seen = replace(seen, cluster=replace(seen.cluster, balancer="relayd"))
    every = [each for one in findings(seen) for each in (one, *one.brings)]
    assert any(says in one.message for one in every), every
    assert not [one.message for one in every if "health check fails" in one.message and "DOWN" not in word]
    assert words.membership(memberships(seen, "node2")[0], None).text.removesuffix("≠") == word
