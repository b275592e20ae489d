"""Machines that fail in a patch: how many a run gives up by itself, and whose objections are overcome beforehand."""

from pathlib import Path

import pytest

from console.cli import plain
from console.cli.options import parser
from console.health.facts.membership import Place, place
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import PATCH
from console.session.open_runs import why_open
from console.session.runner import Stopped
from console.session.story import story
from tests.conftest import watching
from tests.console.telling import until, well
from tests.console.test_meanwhile import dpkg_begins
from tests.console.test_patching import AUTO, patch, ready, updated, waiting

ONE_MAY = {**AUTO, "max-failed": 1}


async def test_one_that_fails_unharmed_is_put_back_and_the_next_is_begun(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        sim.fault("packages-locked", "node2")
        record = await patch(session, {**ONE_MAY, "nodes": ["node2", "node3"]})
        assert record.outcome == "done"
        assert updated(sim) == ["node3"]
        assert [place(session.picture, name) for name in ("node2", "node3")] == [Place.IN, Place.IN]
        assert "has failed (exit status 100)" in record.given_up["node2"]
        (line,) = (entry for entry in record.entries if entry.kind == "skipped")
        assert line.facts["by"] == "--max-failed 1"
        assert session.newest
        assert session.newest.final
        assert session.newest.final.message.startswith("patch demo: done, without node2 (drainboard-packages.service")
        assert plain.code_of(session.newest) is plain.Exit.GIVEN_UP
        assert any(one.startswith("node2 failed and was given up: ") for one in story("demo", record).ends)
        await until(session, well)


async def test_the_next_one_that_fails_stops_the_run(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        for name in ("node2", "node3"):
            sim.fault("packages-locked", name)
        with pytest.raises(Stopped, match="on node3 has failed"):
            await patch(session, ONE_MAY)
        assert updated(sim) == []
        assert [place(session.picture, name) for name in ("node1", "node2", "node3")] == [Place.IN, Place.IN, Place.OUT]
        told = why_open(session.open_runs()[0])
        assert ["node2" in one for one in told if one.startswith("stopped at ")] == [False]
        assert any(one.startswith("gave up node2: ") for one in told)


async def test_one_with_half_installed_packages_stays_out_and_lets_no_other_go(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        sim.fault("packages-killed", "node2")
        with pytest.raises(Stopped, match="It is not given up: packages on node2 are half installed"):
            await patch(session, ONE_MAY)
        assert place(session.picture, "node2") is Place.OUT
        assert updated(sim) == []
        assert session.open_runs()[0].machine == "node2"


async def test_a_guard_that_objects_is_no_machine_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.session.runner.GUARD_PATIENCE", 1.0)
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        session.journal = dpkg_begins(session, sim, "node2")
        with pytest.raises(Stopped, match="dpkg runs on node2 now"):
            await patch(session, ONE_MAY)
        assert updated(sim) == []
        assert not session.open_runs()[0].given_up


async def test_each_machine_is_overridden_by_its_own_name(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster):
        for name in ("node2", "node3"):
            sim.world.nodes[name].hardware.packages.works = ["aptitude"]
        async with watching(cluster) as session:
            await ready(session)
            for machines in (frozenset[str](), frozenset({"node2"}), frozenset({cluster.name, "node1"})):
                with pytest.raises(NotBegun, match="aptitude runs on node3 now"):
                    await session.begin(PATCH, cluster.name, Consent(True, "", "a test", machines=machines), AUTO)
            both = frozenset({"node2", "node3"})
            with pytest.raises(NotBegun, match="aptitude runs on node2 now"):
                await session.begin(PATCH, cluster.name, Consent(True, "", "", machines=both), AUTO)  # no reason
            running = await session.begin(PATCH, cluster.name, Consent(True, "", "a test", machines=both), AUTO)
            assert running.record.entries[0].facts["override"] == ["node2", "node3"]
            assert story("demo", running.record).agreed[0].what == "began it --override node2 --override node3"


def test_the_command_line_takes_them() -> None:
    words = ["patch", "demo", "--max-failed", "2", "--override", "node2", "--override", "fw1", "--reason", "rain"]
    options = parser().parse_args(words)
    assert (options.max_failed, options.override) == (2, ["node2", "fw1"])
    with pytest.raises(SystemExit):
        parser().parse_args(["patch", "demo", "--max-failed", "-1"])
