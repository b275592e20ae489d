"""A gate in a run over two nodes: each machine is begun only when a person agrees to what stands against it then."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console import steady
from console.cli import plain
from console.health.facts.membership import Place, place
from console.operations import procedures
from console.operations.effects import Effect
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, OPERATIONS, UNDO
from console.operations.procedures.steps import Progress, Step, placed
from console.probes.hosts.system import HOST
from console.probes.pools.balancer import POOLS
from console.probes.snapshot import Cause, Known, Unknown
from console.session.journal import Record
from console.session.open_runs import why_open
from console.session.runner import Unanswered
from console.sim import Simulator
from tests.conftest import handled, simulated, watching
from tests.console.telling import put, until, well
from tests.console.test_meanwhile import Meanwhile
from tests.ui.conftest import shown

GO_ON = Step(
    name="go on",
    phase="gate",
    summary="go on with {node}",
    done=lambda _snapshot, _intent: Progress(False, "nobody has agreed"),
    watches=(POOLS, HOST),
    gate=True,
)
IN_TURN = replace(
    DRAIN,
    name="in turn",
    key="T",
    effects=frozenset({Effect.TAKES_OUT, Effect.PUTS_BACK}),
    steps=lambda cluster, _target, _options: (
        *(step for one in (DRAIN, UNDO) for step in one.steps(cluster, "node1", {})),
        *placed((GO_ON,), "node2"),
        *(step for one in (DRAIN, UNDO) for step in one.steps(cluster, "node2", {})),
    ),
)
YES = Consent(confirmed=True)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedures, "OPERATIONS", (*OPERATIONS, IN_TURN))


async def test_nobody_is_asked_on_a_command_line_and_the_run_is_parked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        simulated(tmp_path / "sim", speed=20.0) as (_, cluster),
        watching(cluster) as session,
        handled(session) as handle,
    ):
        await until(session, well)
        assert await plain.act(handle, IN_TURN, "node1", Consent(), dry_run=False) is plain.Exit.GATE
        assert "go on with node2? Not now: nobody has agreed beforehand (--yes)" in capsys.readouterr().out
        (record,) = session.open_runs()
        assert why_open(record)[0] == "waits for an answer: go on with node2"
        assert {on for on, _ in record.steps} == {"node1"}
        assert all(place(session.picture, name) is Place.IN for name in ("node1", "node2"))
        assert await plain.resume(handle, "node1", YES) is plain.Exit.DONE
        ended = session.journal.records()[-1]
        assert [entry.facts["on"] for entry in ended.entries if entry.kind == "agreed"] == ["node2"]
        assert {on for on, _ in ended.steps} == {"node1", "node2"}


def fails_at_the_gate(sim: Simulator) -> Callable[[Record], None]:
    """node3 and node1 stop serving once node1 is back: node2 is the last one then."""

    def happens(record: Record) -> None:
        entry = record.entries[-1]
        if entry.kind == "seen" and entry.facts["step"] == "back at run time":
            for name in ("node1", "node3"):
                sim.fault("mysql-stopped", name)

    return happens


async def test_what_stands_against_a_machine_at_that_moment_is_asked(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        session.journal = Meanwhile(session.journal.folder, fails_at_the_gate(sim))
        running = await session.begin(IN_TURN, "node1", YES)
        while session.gate is None:
            await session.change()
        gate = session.gate
        await until(
            session,
            lambda now: all(
                isinstance(site := now.node(name).site, Known) and not site.value.serves for name in ("node1", "node3")
            ),
        )
        assert "node2 is the last node whose site answers" in gate.agree(Consent(True, "node2", "a test"))
        gate.park()
        with pytest.raises(Unanswered):
            await running.task
        assert place(session.picture, "node2") is Place.IN


@pytest.mark.parametrize("late", [False, True], ids=["before the gate", "at the gate"])
async def test_a_gate_parks_the_run_where_nobody_is_left_to_answer(tmp_path: Path, late: bool) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster), watching(cluster) as session:
        await until(session, well)
        running = await session.begin(IN_TURN, "node1", YES)
        while late and session.gate is None:
            await session.change()
        session.leave_alone()
        with pytest.raises(Unanswered):
            await running.task
        assert why_open(session.open_runs()[0])[0] == "waits for an answer: go on with node2"
        assert place(session.picture, "node2") is Place.IN


async def test_what_comes_up_after_the_answer_is_not_agreed_to(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        await until(session, well)
        running = await session.begin(IN_TURN, "node1", YES)
        while session.gate is None:
            await session.change()
        assert session.gate.agree(YES) == ""
        lost = Unknown("no answer", steady.now(), steady.now(), Cause.SILENT)
        session.poller.snapshot = put(session.poller.snapshot, "firewalls", "fw2", config=lost)
        assert (await running.task).outcome == "done"
        (agreed,) = [entry for entry in session.journal.records()[-1].entries if entry.kind == "agreed"]
        assert agreed.facts["agreed"] == []


async def test_the_screen_asks(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster), shown(cluster) as seen:
        await seen.well()
        await seen.screen.pane.session.begin(IN_TURN, "node1", YES)
        await seen.until(lambda: seen.dialog and "go on with node2?" in seen.dialog, 60)
        await seen.pilot.press("y")
        await seen.until(lambda: seen.session.running is None, 60)
        assert seen.session.journal.records()[-1].outcome == "done"
