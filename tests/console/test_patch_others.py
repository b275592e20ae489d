"""Another package manager on a node that is to be patched: it stands against the run, its gates, and its first step."""

from pathlib import Path

import pytest

from console.health.facts.membership import Place, place
from console.operations.guards import Override, nobody_else_installs
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import PATCH
from console.probes.snapshot import Unknown
from console.session.runner import Stopped, Unanswered
from tests.conftest import watching
from tests.console.telling import put
from tests.console.test_meanwhile import dpkg_begins
from tests.console.test_patching import AUTO, patch, ready, updated, waiting

YES = Consent(confirmed=True)
NODE2 = {**AUTO, "nodes": ["node2"]}


async def test_a_timer_is_asked_about_before_the_run_begins(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster):
        sim.world.nodes["node2"].hardware.packages.by_itself = True
        async with watching(cluster) as session:
            await ready(session)
            with pytest.raises(NotBegun, match=r"systemctl stop apt-daily-upgrade\.timer"):
                await session.begin(PATCH, cluster.name, Consent(), NODE2)
            record = await patch(session, NODE2)
            assert record.outcome == "done"
            assert "apt-daily-upgrade.timer on node2 may touch packages" in str(record.entries[0].facts["overridden"])


async def test_one_that_runs_keeps_a_gate_shut_until_it_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.session.gate.AGAIN", 0.3)
    monkeypatch.setattr("console.session.gate.PATIENCE", 1.0)
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        works = sim.world.nodes["node3"].hardware.packages.works
        running = await session.begin(PATCH, cluster.name, YES, {**AUTO, "nodes": ["node2", "node3"]})
        works.append("aptitude")
        while session.gate is None:
            await session.poller.change(0.2)
        assert updated(sim) == ["node2"]
        (objection,) = session.gate.look().objections
        assert objection.saw == "aptitude runs on node3 now"
        assert session.gate.agree(YES) == objection.sentence
        works.clear()
        record = await running.task
        assert record.outcome == "done"
        assert record.steps["node3", "gate"].facts["reason"] == "nothing stands against it any more"


async def test_nobody_is_left_to_answer_while_it_may_pass_by_itself(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        running = await session.begin(PATCH, cluster.name, YES, {**AUTO, "nodes": ["node2", "node3"]})
        sim.world.nodes["node3"].hardware.packages.works.append("aptitude")
        while not any("aptitude runs on node3 now; waited for" in note.message for note in running.notes):
            await session.poller.change(0.2)
        session.leave_alone()
        with pytest.raises(Unanswered):
            await running.task
        assert updated(sim) == ["node2"]


async def test_one_that_begins_meanwhile_stops_the_run_with_the_node_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.session.runner.GUARD_PATIENCE", 1.0)
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        session.journal = dpkg_begins(session, sim, "node2")
        with pytest.raises(Stopped, match="dpkg runs on node2 now"):
            await patch(session, NODE2)
        assert updated(sim) == []
        assert place(session.picture, "node2") is Place.IN


async def test_not_knowing_is_as_hard_as_the_worst_it_hides(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, cluster), watching(cluster) as session:
        await ready(session)
        hidden = put(session.picture, "nodes", "node2", prepared=Unknown("no answer", 9.0, 8.0))
        (objection,) = nobody_else_installs(hidden, PATCH.effects, "node2")
        assert objection.override is Override.NAME_AND_REASON
        assert objection.saw == "who else works on the packages of node2 is not known: no answer"
