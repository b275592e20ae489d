"""Work that systemd does under a name of ours: started once, read to its end, cleared, whatever dies meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.rights import commands, ordered
from console.inventory.load import load
from console.operations import procedures
from console.operations.effects import Effect
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, OPERATIONS
from console.operations.procedures.jobs import always, job
from console.operations.procedures.steps import placed
from console.session.journal import Record
from console.session.runner import Stopped
from console.session.session import Session
from console.sim.jobs import Job as Started
from console.sim.jobs import Work
from console.sim.node import Node
from tests.conftest import simulated, watching
from tests.console.kills import sample
from tests.console.telling import until
from tests.console.test_interrupted import Killed, MortalJournal
from tests.console.test_meanwhile import Meanwhile

UNIT = "drainboard-packages.service"
KEY = "job node2 packages"
ARGV = ("/usr/bin/apt-get", "--yes", "dist-upgrade")
PATCH = replace(
    DRAIN,
    name="tidy",
    effects=frozenset({Effect.TAKES_OUT, Effect.PUTS_BACK}),
    steps=lambda _cluster, target, _options: placed(
        (
            job(
                "packages",
                always(*ARGV),
                name="install",
                phase="packages",
                summary="install updates on {node}",
                timeout=lambda _timings: 30.0,
            ),
        ),
        target,
    ),
)
NAMED = Consent(True, "node2", "a test")
BROKEN = Work(lines=("Reading package lists...", "E: Could not get lock /var/lib/dpkg/lock-frontend"), status=100)
FRESH = "opened found sending answered"
CLEARED = "found sending answered seen closed"
"""Lines of a run that nobody interrupts: none ran, the start; its id; its end, the clearing."""
LINES = f"{FRESH} found {CLEARED}"


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedures, "OPERATIONS", (*OPERATIONS, PATCH))


async def go_on(session: Session) -> Record:
    left = session.open_runs()
    running = await (session.resume(left[0], NAMED) if left else session.begin(PATCH, "node2", NAMED))
    return await running.task


def kinds(record: Record) -> str:
    return " ".join(entry.kind for entry in record.entries)


async def test_it_runs_to_its_end_and_is_cleared(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        record = await go_on(session)
        assert (record.outcome, kinds(record)) == ("done", LINES)
        notes = [entry.facts[KEY] for entry in record.entries if entry.kind == "found"]
        assert notes == ["none", notes[1], f"{notes[1]} ended"]
        assert (node.started, node.jobs) == ([UNIT], {})
        again = await go_on(session)
        assert (again.outcome, node.started) == ("done", [UNIT, UNIT])


async def test_it_fails_with_its_last_words_and_a_resume_starts_it_anew(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        node.work[UNIT] = BROKEN
        for _ in range(2):
            with pytest.raises(Stopped, match=r"has failed \(exit status 100\): .*“E: Could not get lock /var"):
                await go_on(session)
            assert UNIT in node.jobs
        assert node.started == [UNIT, UNIT]
        node.work[UNIT] = Work()
        record = await go_on(session)
        assert (record.outcome, node.started, node.jobs) == ("done", [UNIT] * 3, {})


async def test_work_that_a_signal_ends_has_failed(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        sim.world.nodes["node2"].work[UNIT] = Work(signal=9, lines=())
        with pytest.raises(Stopped, match=r"has failed \(signal, 9\)\. Mend"):
            await go_on(session)


def of_somebody_else(node: Node) -> None:
    node.jobs[UNIT] = Started(("sleep", "1000"), Work(1000.0), node.clock.now)


async def test_a_unit_that_somebody_else_has_started_is_left_alone(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        of_somebody_else(node)
        before = node.jobs[UNIT]
        for _ in range(2):
            with pytest.raises(Stopped, match=f"{UNIT} runs on node2 and this run did not start it"):
                await go_on(session)
        assert (node.jobs[UNIT], node.started) == (before, [])
        assert kinds(session.open_runs()[0]) == "opened failed resumed failed"
        del node.jobs[UNIT]
        assert (await go_on(session)).outcome == "done"


def at(kind: str, which: int, then: Callable[[], None]) -> Callable[[Record], None]:
    """Something happens once the nth line of a kind is written."""

    def happens(record: Record) -> None:
        lines = [entry.kind for entry in record.entries]
        if lines[-1] == kind and lines.count(kind) == which:
            then()

    return happens


async def test_a_start_that_is_refused_because_another_came_first_makes_that_not_ours(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        session.journal = Meanwhile(session.journal.folder, at("sending", 1, lambda: of_somebody_else(node)))
        with pytest.raises(Stopped, match="this run did not start it"):
            await go_on(session)
        assert session.open_runs()[0].found[KEY] == "none"
        assert node.started == []


async def test_a_start_that_sudo_refuses_is_said_at_once_and_tried_again_by_a_resume(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        nodes = tuple(replace(node, login=replace(node.login, user="ops")) for node in cluster.nodes)
        async with watching(replace(cluster, nodes=nodes)) as session:
            node = sim.world.nodes["node2"]
            node.sudo = False
            with pytest.raises(Stopped, match=f"node2 has not carried out the order about {UNIT}"):
                await go_on(session)
            node.sudo = True
            assert (await go_on(session)).outcome == "done"
            assert node.started == [UNIT]


@pytest.mark.parametrize("what", ["cleared", "rebooted"])
async def test_work_that_went_away_before_its_end_was_read_is_not_started_again_by_itself(
    tmp_path: Path, what: str
) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        node.work[UNIT] = Work(seconds=1000.0)
        happens = node.jobs.clear if what == "cleared" else node.reboot
        session.journal = Meanwhile(session.journal.folder, at("found", 2, happens))
        with pytest.raises(Stopped, match="is gone, and how it ended is not known"):
            await go_on(session)
        assert node.started == [UNIT]
        node.work[UNIT] = Work()
        session.journal = Meanwhile(session.journal.folder, lambda _record: None)
        assert (await go_on(session)).outcome == "done"
        assert node.started == [UNIT, UNIT]


Point = tuple[int, bool]
POINTS: list[Point] = [
    (line, written) for line in range(1, len(LINES.split()) + 1) for written in (False, True) if written or line > 1
]


@pytest.mark.parametrize(("line", "written"), sample(POINTS, lambda point: point[1], 4))
async def test_killed_at_each_line_it_is_started_once(tmp_path: Path, line: int, written: bool) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        async with watching(cluster) as session:
            session.journal = MortalJournal(session.journal.folder, line, written)
            with pytest.raises(Killed):
                await go_on(session)
        async with watching(cluster) as session:
            if session.open_runs():
                assert (await go_on(session)).outcome == "done"
            assert session.journal.records()[-1].outcome == "done"
        assert (sim.world.nodes["node2"].started, sim.world.nodes["node2"].jobs) == ([UNIT], {})


async def test_work_that_has_ended_while_nobody_looked_is_read_and_not_started_again(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        node = sim.world.nodes["node2"]
        node.work[UNIT] = BROKEN
        async with watching(cluster) as session:
            session.journal = MortalJournal(session.journal.folder, 4, True)
            with pytest.raises(Killed):
                await go_on(session)
            await until(session, lambda _now: node.jobs[UNIT].properties(node.clock.now)["ActiveState"] == "failed")
        async with watching(cluster) as session:
            with pytest.raises(Stopped, match="Could not get lock"):
                await go_on(session)
        assert node.started == [UNIT]


def test_sudoers_holds_its_commands(tmp_path: Path) -> None:
    cluster = load(Path(__file__).parents[2] / "inventory.example.toml").clusters[0]
    node = cluster.nodes[1].name
    mine = [
        run.argv for run in ordered(cluster, node, [PATCH]) if any("drainboard-packages" in word for word in run.argv)
    ]
    options = ("--no-ask-password", "--no-block", "--quiet", "--remain-after-exit")
    assert mine == [
        ("systemd-run", "--unit=drainboard-packages", *options, *ARGV),
        ("systemctl", "stop", UNIT),
        ("systemctl", "reset-failed", UNIT),
    ]
    assert all(commands(argv) for argv in mine)
