"""Every procedure, killed at every journal point, is resumed by a new console to the same end."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.health.facts.holds import held
from console.health.facts.membership import Place, master, place
from console.health.facts.writer import writing
from console.inventory.cluster import Cluster
from console.operations.effects import STARTS, STOPS, Effect, On
from console.operations.guards.services import LAYERS
from console.operations.guards.sync import lagging
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import (
    DRAIN,
    END_MAINTENANCE,
    HEAL,
    HOLD,
    MAINTAIN,
    OPERATIONS,
    REBOOT,
    REBOOT_FIREWALL,
    REJOIN,
    REMOUNT,
    REMOVE,
    SHUT_DOWN,
    SYNC_CORE,
    SYNC_POOLS,
    UNDO,
    UPGRADE_FIREWALL,
    WRITER,
)
from console.operations.procedures.maintenance import in_maintenance
from console.operations.procedures.steps import Operation
from console.operations.procedures.storage import missing
from console.probes.snapshot import Known
from console.session.journal import Journal, Record
from console.session.open_runs import how_far, why_open
from console.session.session import Session
from tests.conftest import simulated, watching
from tests.console.kills import sample
from tests.console.telling import rates_known, until, well
from tests.console.test_operations import differ


class Killed(BaseException):
    """A power cut of the console's own machine, as its code meets it: nothing after it runs."""


class MortalJournal(Journal):
    """Dies at its n-th line, just before it is on disk or just after."""

    def __init__(self, folder: Path, lines: int, written: bool) -> None:
        super().__init__(folder)
        self.left = lines
        self.written = written

    def write(self, record: Record, kind: str, **facts: Any) -> Record:
        self.left -= 1
        if self.left == 0 and not self.written:
            raise Killed
        record = super().write(record, kind, **facts)
        if self.left == 0:
            raise Killed
        return record


async def die(cluster: Cluster, action: Operation, lines: int, written: bool) -> bool:
    """Begin a run, or go on with the open one, with a console that dies. Returns True if it did."""
    async with watching(cluster) as session:
        await take_out_before(session, action)
        session.journal = MortalJournal(session.journal.folder, lines, written)
        try:
            await carry_on(session, action)
        except Killed:
            return True
        except NotBegun:  # the one before died after its very last line: there is nothing left to do
            return False
    return False


SINGLE = [one for one in OPERATIONS if one.on is not On.CLUSTER and one is not UPGRADE_FIREWALL]
"""Operations on one machine or volume: see test_patching for the cluster's, and test_upgrade."""
ON_LAYER = [one for one in SINGLE if one.key == "S"]
"""Restart, stop and start MySQL, Apache and Gluster."""
BEFORE = {
    REJOIN: DRAIN,
    UNDO: DRAIN,
    END_MAINTENANCE: MAINTAIN,
    **{one: DRAIN for one in ON_LAYER if one.does(*STOPS) and not one.does(Effect.TAKES_OUT)},
}
"""The operation that each of these needs before it."""


def target_of(action: Operation) -> str:
    return {On.FIREWALL: "fw1", On.VOLUME: "www"}.get(action.on, "node2")


SYNCS = (SYNC_POOLS, SYNC_CORE)
WRONG = {
    HEAL: ("heal-waits", "node3"),
    REMOUNT: ("mount-gone", "node2"),
    **{one: (f"{one.name.split()[1]}-stopped", "node2") for one in ON_LAYER if not one.does(*STOPS)},
}
"""The fault that each of these mends."""


async def take_out_before(session: Session, action: Operation) -> None:
    """Take the target out before an operation that puts it back."""
    if action in BEFORE and not session.journal.records():
        target = target_of(action)
        await (await session.begin(BEFORE[action], target, Consent(True, target, "a test"))).task


async def before(session: Session, action: Operation) -> None:
    """The first step of a writer's move waits for the commits a second, and has one line more then. A service that is
    to be started takes its time to stop."""
    if action is WRITER:
        await until(session, rates_known)
    elif action in ON_LAYER and action in WRONG and not session.open_runs():
        runs = "runs already, or starts"
        await until(session, lambda _: not any(runs in one.saw for one in session.plan(action, "node2").objections))


async def carry_on(session: Session, action: Operation) -> Record:
    """Act like the engineer at the next start: resume what is open, else begin."""
    target = target_of(action)
    consent = Consent(True, target, "a test")
    unfinished = session.open_runs()
    await session.ready(action, target, 60.0, resumed=bool(unfinished))  # on a machine with much else to do
    await before(session, action)
    running = (
        await session.resume(unfinished[0], consent) if unfinished else await session.begin(action, target, consent)
    )
    return await running.task


async def end(cluster: Cluster, action: Operation, boot_before: str) -> None:
    """The end is the same, whatever happened on the way."""
    async with watching(cluster) as session:
        if session.open_runs():
            record = await carry_on(session, action)
            assert record.outcome == "done"
        picture = session.picture
        boot = picture.node("node2").host
        if action in SYNCS:
            assert lagging(picture, action.effects, "fw1") == ()
        elif action.on is On.FIREWALL:
            assert in_maintenance(picture, "fw1") is (action is MAINTAIN)
            assert master(picture) == ("fw2" if action is MAINTAIN else "fw1")
        elif action is WRITER:
            assert writing(picture) == ("node2",)
        elif action is HEAL:
            assert well(picture)
        elif action is REMOUNT:
            assert not missing(picture, "node2")
        elif action in ON_LAYER:
            services = picture.node("node2").services
            assert isinstance(services, Known)
            (layer,) = (one for one in LAYERS if action.does(one.starts, one.stops))
            assert bool(services.value.running(layer.units)) is action.does(*STARTS)
            stays_out = action.does(*STOPS) and not action.does(Effect.PUTS_BACK)
            assert place(picture, "node2") is (Place.OUT if stays_out else Place.IN)
        elif action.leaves_out:
            assert place(picture, "node2") is Place.OUT
            record = session.taken_out("node2")
            assert record is not None
            assert record.found["later fw1 web/node2"] == "active"
            assert record.found["now fw1 web_ipvANY/node2"] == "ready"
            assert (held(picture, "node2") is not None) is action.does(Effect.HOLDS)
        else:
            assert place(picture, "node2") is Place.IN
            assert session.taken_out("node2") is None
        if action is REBOOT:
            assert isinstance(boot, Known)
            assert boot.value.boot_id != boot_before
        assert not session.open_runs()


async def story(folder: Path, action: Operation, deaths: list[tuple[int, bool]]) -> int:
    """Count the deaths that came to pass: a run may end before."""
    async with simulated(folder, speed=20.0) as (sim, cluster):
        boot_before, died = sim.world.nodes["node2"].boot_id, 0
        if action in WRONG:
            sim.fault(*WRONG[action])
        if action in SYNCS:
            differ(sim)
        firewall, led_before = sim.world.firewalls["fw1"], sim.world.firewalls["fw1"].boot_id
        for lines, written in deaths:
            if not await die(cluster, action, lines, written):
                break
            died += 1
        await end(cluster, action, boot_before)
        assert (firewall.boot_id != led_before) is (action is REBOOT_FIREWALL)
    return died


OUT = "found sending answered seen found sending answered seen"
BACK = "sending answered seen sending answered seen"
MOVED = "sending answered seen seen found seen seen"
BOOT = "found sending answered seen sending answered seen sending answered seen sending answered seen"
KEPT = "found sending answered found found seen"
LAYER = {
    "restart": "opened found sending answered seen sending answered seen seen closed",
    "drain-and-restart": f"opened {OUT} seen sending answered seen found sending answered seen sending answered seen"
    f" seen seen seen {BACK} seen seen closed",
    "stop": "opened found sending answered seen closed",
    "start": "opened found sending answered seen seen closed",
}
LINES = {
    SYNC_POOLS: "opened sending answered seen seen closed",
    SYNC_CORE: "opened sending answered seen closed",
    DRAIN: f"opened {OUT} seen closed",
    REMOVE: f"opened {OUT} closed",
    UNDO: f"opened {BACK} closed",
    REJOIN: f"opened seen seen {BACK} seen seen closed",
    REBOOT: f"opened {OUT} seen {BOOT} seen seen seen {BACK} seen seen closed",
    WRITER: f"opened seen found sending answered seen seen seen seen {KEPT} {KEPT} {KEPT} seen closed",
    HOLD: f"opened {OUT} seen closed",
    SHUT_DOWN: f"opened {OUT} seen {BOOT} closed",
    REBOOT_FIREWALL: f"opened found {MOVED} found sending answered seen seen {MOVED.rpartition(' ')[0]} closed",
    MAINTAIN: f"opened {MOVED} closed",
    HEAL: "opened found sending answered seen closed",
    REMOUNT: "opened sending answered seen closed",
    END_MAINTENANCE: f"opened {MOVED} closed",
    **{one: LAYER[one.name.split()[0]] for one in ON_LAYER},
}
"""Lines of a run that nobody interrupts."""


def points(lines: dict[Operation, str]) -> list[tuple[Operation, int, bool]]:
    """Each line, just before it is on disk and just after; but before its first line no run has begun."""
    every = [(action, line) for action, kinds in lines.items() for line in range(1, len(kinds.split()) + 1)]
    return [(action, line, written) for action, line in every for written in (False, True) if written or line > 1]


def lines_of(record: Record) -> str:
    """Kinds of a record's lines in the form of LINES, without those of orders that were sent again."""
    said = [(entry.kind, entry.facts.get("step", at)) for at, entry in enumerate(record.entries)]
    return " ".join(kind for kind, _ in dict.fromkeys(said))


@pytest.mark.parametrize("action", SINGLE)
async def test_these_are_the_lines(tmp_path: Path, action: Operation) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        if action in WRONG:
            sim.fault(*WRONG[action])
        if action in SYNCS:
            differ(sim)
        async with watching(cluster) as session:
            await take_out_before(session, action)
            await before(session, action)
            record = await (await session.begin(action, target_of(action))).task
    assert lines_of(record) == LINES[action]


async def test_a_console_that_dies_while_orders_are_on_their_way_leaves_by_when_they_have_ended(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster):
        assert await die(cluster, DRAIN, 3, written=True)
        async with watching(cluster) as session:
            (record,) = session.open_runs()
            assert record.entries[-1].kind == "sending"
            assert set(record.outcome_unknown) == {"fw1", "fw2"}


@pytest.mark.parametrize(("action", "line", "written"), sample(points(LINES), lambda point: point[0].name, 2))
async def test_killed_at_each_line(tmp_path: Path, action: Operation, line: int, written: bool) -> None:
    assert await story(tmp_path / "sim", action, [(line, written)]) == 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    action=st.sampled_from(SINGLE),
    deaths=st.lists(st.tuples(st.integers(2, 9), st.booleans()), min_size=2, max_size=4),
)
async def test_killed_again_and_again(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    action: Operation,
    deaths: list[tuple[int, bool]],
) -> None:
    folder = tmp_path_factory.mktemp("again")
    monkeypatch.setenv("DRAINBOARD_STATE", str(folder / "state"))
    await story(folder / "sim", action, deaths)


async def test_what_was_left_when_its_time_was_up_was_not_seen_and_is_behind_the_run(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=1.0) as (sim, cluster):
        balancer = sim.world.firewalls["fw1"].haproxy
        assert balancer
        for server in balancer.servers:
            server.sessions = 1e9  # half a minute's, however long the rest takes here
        cluster = replace(cluster, timings=replace(cluster.timings, sessions=1.0))
        assert await die(cluster, DRAIN, 10, written=True)
        async with watching(cluster) as session:
            (record,) = session.open_runs()
            assert re.fullmatch(
                r"\d+ sessions? to node2 left on fw1(; .+)?, after 1 s", record.entries[-1].facts["says"]
            )
            assert lines_of(record) == f"opened {OUT} left"
            assert how_far(record, cluster) == "2 of 3 steps done, 1 not in time"
            assert f"went on all the same: {record.entries[-1].facts['says']}" in why_open(record)
            assert lines_of(await carry_on(session, DRAIN)) == f"opened {OUT} left resumed closed"
