"""The time of a question, the age of an answer, and a fault of our own, which is seen like any other."""

import asyncio
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.status_table import lines
from console.operations.plan import Consent
from console.operations.procedures import REMOVE, UNDO
from console.probes.ask import Answer, Ask, Ran, WireError
from console.probes.freshness import read_after, without_stale
from console.probes.question import Subject
from console.probes.snapshot import NOT_ASKED, QUESTIONS, Known, Unknown
from console.session.poller import Poller
from console.session.session import Session
from console.wire import Wire
from tests.conftest import simulated, watching
from tests.console.telling import put, told


class Faulty(Wire):
    """Raises what it must not, for one machine, for a while."""

    faulty = True

    async def send(
        self, machine: str, asks: tuple[Ask, ...], timeout: float, keep: bool = False
    ) -> tuple[Answer | WireError, ...]:
        if self.faulty and machine == "fw1":
            raise RuntimeError("never thought of")
        return await super().send(machine, asks, timeout, keep)


async def test_a_wire_that_raises_is_an_answer(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        wire = Faulty(cluster)
        poller = Poller(cluster, wire)
        poller.start()
        try:
            async with asyncio.timeout(20):
                while not isinstance(pools := poller.snapshot.firewall("fw1").pools, Unknown) or not pools.since:
                    await poller.change()
                assert "RuntimeError('never thought of')" in pools.why
                wire.faulty = False
                while not isinstance(poller.snapshot.firewall("fw1").pools, Known):
                    await poller.change()
        finally:
            await poller.close()
            await wire.close()


class Outvoted(Wire):
    """Some nodes' glusterd tells of a cluster in which its peers have rejected it, or are out of its reach."""

    rejected = True
    alone: tuple[str, ...] = ("node1",)

    async def send(
        self, machine: str, asks: tuple[Ask, ...], timeout: float, keep: bool = False
    ) -> tuple[Answer | WireError, ...]:
        answers = await super().send(machine, asks, timeout, keep)
        here = machine in self.alone
        return tuple(self._altered(one, machine) if isinstance(one, Ran) and here else one for one in answers)

    def _altered(self, answer: Ran, machine: str) -> Ran:
        if self.rejected:
            return replace(answer, out=answer.out.replace("state=3\n", "state=6\n"))
        own = re.compile(f"<hostname>{machine}<|<path>localhost<")
        rows = re.compile(r"<node>.*?</node>", re.DOTALL)
        return replace(answer, out=rows.sub(lambda row: row[0] if own.search(row[0]) else "", answer.out))


@pytest.mark.parametrize("rejected", [True, False])
async def test_a_majority_tells_of_a_volume(tmp_path: Path, rejected: bool) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        wire = Outvoted(cluster)
        wire.rejected = rejected
        poller = Poller(cluster, wire)
        poller.start()
        try:
            async with asyncio.timeout(30):
                while (state := poller.snapshot.volumes[0].state) is NOT_ASKED:
                    await poller.change()
                assert isinstance(state, Known), state
                assert [brick.reached for brick in state.value.bricks] == [True, True, True]
                wire.alone = ("node1", "node2", "node3")
                asked = state.at
                while (state := poller.snapshot.volumes[0].state).at < asked + 2 * cluster.timings.storage:
                    await poller.change()
            if rejected:
                assert isinstance(state, Unknown)
            else:
                assert isinstance(state, Known)
                assert not state.value.majority, "there is nobody else to ask"
        finally:
            await poller.close()
            await wire.close()


async def test_what_cant_be_read_has_the_name_it_has_on_the_screen(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        sim.world.firewalls["fw2"].release = "v2.7.2"
        why = "“pfSense: version, notices, pf” can't be read: /etc/version holds no version"
        async with asyncio.timeout(20):
            while not isinstance(box := session.picture.firewall("fw2").box, Unknown) or box.why != why:
                await session.change()
        told = list(lines(session.picture, time.time()))
        assert "? fw2: “pfSense: version, notices, pf” not known: as above" in told
        silent = Unknown("no route to it", 9.0, 8.0)
        picture = put(session.picture, "nodes", "node2", **dict.fromkeys(NODES, silent))
        assert "? node2: nothing is known: as above" in list(lines(picture, time.time()))


NODES = [question.field for question in QUESTIONS if question.subject is Subject.NODE]


async def _begun_in(session: Session, seconds: float) -> int:
    began = session.poller.begun
    await asyncio.sleep(seconds)
    return session.poller.begun - began


async def test_a_cluster_nobody_looks_at_is_asked_at_a_calmer_pace_and_is_not_stale(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        cluster = replace(cluster, timings=replace(cluster.timings, background=3.0))
        session = Session(cluster)
        session.attend(False)
        session.start()
        try:
            await session.settled(10)
            calm = await _begun_in(session, 3)
            assert session.pace == 3.0
            assert isinstance(session.picture.node("node1").host, Known)
            session.attend(True)
            asked = time.time()
            async with asyncio.timeout(2):
                while not isinstance(host := read_after(session.poller.snapshot, asked).node("node1").host, Known):
                    assert isinstance(session.picture.node("node1").host, Known), "doubted before it could be asked"
                    await session.change()
            assert host.at >= asked
            await asyncio.sleep(cluster.timings.answer + 0.5)
            assert session.pace == cluster.timings.poll
            assert calm < await _begun_in(session, 3) / 2, "as often as if somebody looked"
        finally:
            await session.close()


async def test_a_clock_that_is_set_blinds_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back by an hour, then forward by two: what is read stays as old as it is, and a run goes on."""
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        real = time.time
        for hours, action in ((-1, REMOVE), (2, UNDO)):
            monkeypatch.setattr(time, "time", lambda hours=hours: real() + 3600 * hours)
            assert isinstance(session.picture.node("node1").host, Known)
            record = await (await session.begin(action, "node2", Consent(True, "node2", "a test"))).task
            assert record.outcome == "done"
            assert not any("not read back yet" in note.message for note in session.events)
            await session.change()
            assert isinstance(session.picture.node("node1").host, Known)


async def test_where_nothing_is_doubted_the_picture_is_the_very_same(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        snapshot = session.poller.snapshot
        assert without_stale(snapshot, time.time()) is snapshot


async def test_a_machine_that_has_not_answered_is_named_before_the_time_for_a_connection_is_over(
    tmp_path: Path,
) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.fault("node-lost", "node2")
        sim.fault("firewall-lost", "fw1")
        session = Session(replace(cluster, timings=replace(cluster.timings, connect=900.0, answer=900.0)))
        session.start()
        try:
            node = await told(session, "node2", "lost")
            firewall = await told(session, "fw1", "firewall-lost")
            assert "node2 has not answered yet" in node.message and "fw1 has not answered yet" in firewall.message
            assert session.poller.snapshot.node("node1").host is not NOT_ASKED
        finally:
            await session.close()
