"""One run over two nodes, whose steps have the same names: killed anywhere, it goes on where it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.health.facts.membership import Place, place
from console.operations import procedures
from console.operations.effects import On
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, OPERATIONS, REBOOT
from console.operations.procedures.steps import Operation
from console.session.journal import Journal, Record
from console.session.open_runs import why_open
from console.session.runner import Unanswered, _backs
from console.session.session import Session
from console.sim.node import Node
from tests.conftest import simulated, watching
from tests.console.kills import sample
from tests.console.test_interrupted import LINES, Killed, MortalJournal, target_of
from tests.console.values import CLUSTER

TARGETS = ("node2", "node3")
"""Neither is MySQL's writer: no step moves one."""
BOTH = replace(
    REBOOT,
    name="reboot both",
    steps=lambda cluster, _target, options: tuple(
        step for name in options["targets"] for step in REBOOT.steps(cluster, name, {})
    ),
)
NAMED = Consent(True, "node2", "a test")
ONE = LINES[REBOOT].split()[1:-1]
"""Lines of one node."""


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedures, "OPERATIONS", (*OPERATIONS, BOTH))


async def go_on(session: Session) -> Record:
    left = session.open_runs()
    options = {"targets": list(TARGETS)}
    running = await (session.resume(left[0], NAMED) if left else session.begin(BOTH, "node2", NAMED, options=options))
    return await running.task


async def test_each_node_is_rebooted_once_one_after_the_other(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        boots = {name: sim.world.nodes[name].boot_id for name in ("node1", "node2", "node3")}
        record = await go_on(session)
        assert record.outcome == "done"
        assert record.options == {"targets": list(TARGETS)}
        ended = [entry for entry in record.entries if entry.kind in ("seen", "left")]
        assert [entry.facts["on"] for entry in ended] == sorted(entry.facts["on"] for entry in ended)
        done = {name: {step for on, step in record.behind if on == name} for name in TARGETS}
        assert done["node2"] == done["node3"]
        changed = {name for name, boot in boots.items() if sim.world.nodes[name].boot_id != boot}
        assert changed == set(TARGETS)


async def test_a_run_that_nobody_watches_begins_no_other_machine(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        before = sim.world.nodes["node3"].boot_id
        running = await session.begin(BOTH, "node2", NAMED, options={"targets": list(TARGETS)})
        session.leave_alone()
        with pytest.raises(Unanswered, match="go on with node3 waits for an answer"):
            await running.task
        assert place(session.picture, "node2") is Place.IN
        assert sim.world.nodes["node3"].boot_id == before
        (record,) = session.open_runs()
        assert why_open(record)[0] == "waits for an answer: go on with node3"
        with pytest.raises(NotBegun, match="nobody is left to answer"):
            await session.begin(DRAIN, "node1", NAMED)


Point = tuple[int, bool]


def half(point: Point) -> str:
    """The node that the line belongs to."""
    return "node2" if point[0] <= len(ONE) else "node3"


POINTS: list[Point] = [(line, written) for line in range(2, 2 * len(ONE) + 2) for written in (False, True)]


@pytest.mark.parametrize(("line", "written"), sample(POINTS, half, 3))
async def test_killed_at_a_line_it_reboots_each_node_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: int, written: bool
) -> None:
    booted, boots = Node.booted, list[str]()

    def counted(node: Node) -> None:
        boots.append(node.name)
        booted(node)

    monkeypatch.setattr(Node, "booted", counted)
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster):
        async with watching(cluster) as session:
            session.journal = MortalJournal(session.journal.folder, line, written)
            with pytest.raises(Killed):
                await go_on(session)
        async with watching(cluster) as session:
            assert (await go_on(session)).outcome == "done"
            assert all(place(session.picture, name) is Place.IN for name in TARGETS)
            assert not session.open_runs()
    assert boots == [*TARGETS]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_step_is_known_by_its_id(tmp_path: Path, operation: Operation) -> None:
    """A run that looks once more at its effects makes its steps anew: one of those may fail, too."""
    target = target_of(operation) if operation.on is not On.CLUSTER else CLUSTER.name
    record = Journal(tmp_path).open(target, operation.name)
    first, again = (operation.steps(CLUSTER, target, {}) for _ in range(2))
    assert [_backs(record, first, step) for step in again] == [()] * len(first)
