"""Orders that have left can't be called back: a person who stops a run, or finds one whose console was killed, is
told."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from console.cli import plain
from console.health.facts.membership import Place, place
from console.operations.guards import Override
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, REJOIN, REMOVE, UNDO
from console.session.claims import Claims
from console.session.journal import Journal, Record, load
from console.session.session import Running, Session
from tests.conftest import handled, simulated, watching
from tests.console.telling import until

OUT_IN_CONFIG = "out in config.xml"
NAMED = Consent(True, "node2", "a test")


async def sending(running: Running, step: str) -> Record:
    """The run as its journal has it, once the orders of a step have left."""
    while True:
        record = load(running.record.path)
        last = record.entries[-1]
        if (last.kind, last.facts.get("step")) == ("sending", step):
            await asyncio.sleep(0.2)  # until they have arrived: only then can they do what nobody waits for
            return record
        await asyncio.sleep(0.01)


def kinds(running: Running) -> list[str]:
    """The last two lines of its journal."""
    return [entry.kind for entry in load(running.record.path).entries[-2:]]


async def test_a_stopped_run_waits_for_its_order_so_that_undo_finds_what_it_did(tmp_path: Path) -> None:
    """pfSense's PHP takes half a second to write config.xml, and two more to sync it: undo came before."""
    async with simulated(tmp_path / "sim", speed=1.0) as (sim, cluster), watching(cluster) as session:
        running = await session.begin(DRAIN, "node2")
        await sending(running, OUT_IN_CONFIG)
        said = running.state.on_its_way
        assert said.startswith("an order to fw1 is on its way and can't be called back. It is waited for, at most 6")
        await session.stop()
        assert running.task.cancelled()
        assert session.newest is not None and session.newest.on_its_way == ""
        assert any("an order to fw1 is on its way" in note.message for note in running.notes)
        assert kinds(running) == ["answered", "halted"]
        assert session.plan(UNDO, "node2").objections == (), "nothing of it is under way any more"
        record = await (await session.begin(UNDO, "node2")).task
        assert record.outcome == "done"
        await sim.sleep(4)  # longer than an order takes, with its sync
        picture = await until(session, lambda now: place(now, "node2") is not Place.UNKNOWN)
        assert place(picture, "node2") is Place.IN
        configs = [firewall.config.server("web", "node2") for firewall in sim.world.firewalls.values()]
        assert [server and server.status for server in configs] == ["active", "active"]
        assert not session.open_runs()


async def test_who_stops_waiting_for_a_stop_calls_nothing_back_either(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=1.0) as (_, cluster), watching(cluster) as session:
        running = await session.begin(DRAIN, "node2")
        await sending(running, OUT_IN_CONFIG)
        for _ in range(2):
            stopping = asyncio.create_task(session.stop())
            await asyncio.sleep(0.05)
            stopping.cancel()
            assert session.running is running
        with pytest.raises(NotBegun, match="under way"):
            await session.begin(UNDO, "node2", NAMED)
        await session.stop()
        assert kinds(running) == ["answered", "halted"]


async def test_a_stop_in_the_moment_a_timeout_ends_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timeout cancels its task, too: until the task has run again, its count of cancellations is 1."""
    async with simulated(tmp_path / "sim", speed=10.0) as (sim, cluster), watching(cluster) as session:
        await (await session.begin(REMOVE, "node1")).task
        sim.fault("apache-stopped", "node1")
        running = await session.begin(REJOIN, "node1")

        async def change(_seconds: float | None = None) -> None:
            if asyncio.current_task() is not running.task:
                await asyncio.sleep(0.01)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(0):
                    asyncio.get_running_loop().call_soon(session.halt)  # right behind the timeout's own cancellation
                    await asyncio.Event().wait()

        with monkeypatch.context() as patch:
            patch.setattr(session.poller, "change", change)
            await asyncio.wait({running.task}, timeout=5)
        assert running.task.cancelled()


class Killed(BaseException):
    """`kill -9`, as the console's code meets it: nothing after it runs."""


class KilledAtOrder(Journal):
    """Dies when the order of OUT_IN_CONFIG is written down."""

    def write(self, record: Record, kind: str, **facts: object) -> Record:
        record = super().write(record, kind, **facts)
        if (kind, facts.get("step")) == ("sending", OUT_IN_CONFIG):
            raise Killed
        return record


async def test_an_order_of_a_killed_console_stands_against_all_but_its_own_resume(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster):
        async with watching(cluster) as session:
            session.journal = KilledAtOrder(session.journal.folder)
            with pytest.raises(Killed):
                await (await session.begin(DRAIN, "node2")).task
        async with watching(cluster) as session:
            (open_run,) = session.open_runs()
            (objection,) = (one for one in session.plan(UNDO, "node2").objections if "order" in one.saw)
            assert objection.override is Override.CONFIRM
            assert objection.saw == "an order of drain node2 to fw1 may still be on its way: nobody heard its end"
            assert objection.clears.startswith("Wait until ")
            with pytest.raises(NotBegun, match="may still be on its way"):
                await session.begin(UNDO, "node2")
            assert any("order" in one.saw for one in session.plan(DRAIN, "node3").objections)
            assert not session.plan_again(open_run).objections
            assert (await (await session.resume(open_run)).task).outcome == "done"
            assert not session.plan(UNDO, "node2").objections


async def test_an_interrupted_command_says_what_it_waits_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with simulated(tmp_path / "sim", speed=1.0) as (_, cluster):
        session = Session(cluster)
        async with handled(session) as handle:
            command = asyncio.create_task(plain.act(handle, DRAIN, "node2", Consent(), dry_run=False))
            while session.running is None:
                await asyncio.sleep(0.01)
            running = session.running
            await sending(running, OUT_IN_CONFIG)
            command.cancel()
            with pytest.raises(asyncio.CancelledError):
                await command
            assert "an order to fw1 is on its way and can't be called back" in capsys.readouterr().out
            assert running.task.cancelled()
            assert kinds(running) == ["answered", "halted"]
            await handle.close()


async def test_a_run_whose_end_is_written_down_can_be_stopped_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = Claims.release
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        await until(session, lambda now: place(now, "node2") is Place.IN)

        async def stopped_meanwhile(self: Claims, ended: bool, open: bool = False) -> None:
            session.halt()
            await asyncio.sleep(0)
            await release(self, ended, open)

        monkeypatch.setattr(Claims, "release", stopped_meanwhile)
        running = await session.begin(DRAIN, "node2")
        assert (await running.task).outcome == "done"
        assert kinds(running)[-1] == "closed"
        assert session.newest and session.newest.ended == "done"


async def test_a_rejoin_closes_only_runs_that_took_the_node_out(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        await until(session, lambda now: place(now, "node2") is Place.IN)
        left = session.journal.open("node2", "writer")
        session.journal.write(left, "parked", missed={"node3": "HAProxy on node3 is not told"})
        await (await session.begin(DRAIN, "node2", NAMED)).task
        assert (await (await session.begin(REJOIN, "node2", NAMED)).task).outcome == "done"
        assert [one.operation for one in session.open_runs()] == ["writer"]


async def test_only_a_run_over_several_machines_skips_one(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        await until(session, lambda now: place(now, "node2") is Place.IN)
        left = session.journal.open("node2", "drain")
        with pytest.raises(NotBegun, match="about one machine alone"):
            await session.resume(left, NAMED, skips="it is broken")
