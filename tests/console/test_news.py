"""Events: what appeared is told once, and what a worse finding swallows is not told to be over."""

import asyncio
from pathlib import Path

from console.health import findings
from console.health.facts.membership import Place, place
from console.health.finding import Finding, Kind, Level
from console.health.news import Announced, news
from console.operations.procedures import DRAIN, REJOIN
from console.probes.snapshot import NOT_ASKED, Snapshot
from console.session.events import follow
from console.session.runner import Note
from console.session.session import Session
from tests.conftest import simulated, watching
from tests.console.telling import put
from tests.console.test_guards import HEALTHY

LOST = Finding(Level.DEGRADED, "node2", Kind.LOST, "node2 lost")
AWAY = Finding(Level.DEGRADED, "www", Kind.BRICK_AWAY, "brick away on node2")
BOTH = Finding(Level.DEGRADED, "node2", Kind.LOST, "node2 lost", brings=(AWAY,))


def test_each_is_told_once() -> None:
    told: Announced = {}
    looks = [
        ((AWAY,), (AWAY,), ()),
        ((AWAY,), (), ()),
        ((BOTH,), (BOTH,), ()),
        ((AWAY,), (), (BOTH,)),
        ((), (), (AWAY,)),
    ]
    for now, appeared, over in looks:
        seen, gone, told = news(told, now)
        assert (seen, gone) == (appeared, over), now


async def test_a_fault_of_ours_is_told_once_and_ends_nothing() -> None:
    """Such as a rule that fails on a picture nobody thought of."""
    pictures: list[Snapshot | Exception] = [ValueError("one"), ValueError("one"), KeyError("two"), HEALTHY]
    notes: list[Note] = []

    async def change() -> None:
        if not pictures:
            await asyncio.sleep(3600)

    def picture() -> Snapshot:
        now = pictures.pop(0)
        if isinstance(now, Exception):
            raise now
        return now

    telling = asyncio.create_task(
        follow(HEALTHY.cluster, change, picture, lambda _: True, notes.append, lambda _: None)
    )
    async with asyncio.timeout(10):
        while pictures:
            await asyncio.sleep(0.05)
    faults = [note.message for note in notes if "missing" in note.message]
    message = "events are missing: an error in this program: "
    assert faults == [f"{message}ValueError('one')", f"{message}KeyError('two')"]
    assert not telling.done()
    telling.cancel()


def test_a_health_check_that_fails_is_not_over_when_the_node_is_down() -> None:
    failing = Finding(Level.DEGRADED, "node2", Kind.CHECK_FAILING, "node2 is about to go down")
    down = Finding(Level.DEGRADED, "node2", Kind.DOWN, "node2 gets no traffic")
    _, _, told = news({}, (failing,))
    seen, over, told = news(told, (down,))
    assert (seen, over) == ((down,), ())
    assert news(told, ())[:2] == ((), (down,))
    assert news({("node2", Kind.CHECK_FAILING): failing}, ())[:2] == ((), (failing,))


def test_what_was_hidden_from_the_beginning_is_told_when_it_is_all_that_is_left() -> None:
    _, _, told = news({}, (BOTH,))
    seen, gone, _ = news(told, (AWAY,))
    assert (seen, gone) == ((AWAY,), (BOTH,))


def test_a_machine_that_falls_silent_ends_nothing_of_its_own() -> None:
    away = Finding(Level.DEGRADED, "node2", Kind.MOUNTS_UNKNOWN, "not known: what is mounted on node2")
    mysql = Finding(Level.UNKNOWN, "mysql", Kind.MYSQL_UNKNOWN, "MySQL does not answer", ("node1", "node2"))
    _, _, told = news({}, (away, mysql))
    _, over, told = news(told, (LOST,))
    assert over == (mysql,), "node1 answers"
    assert news(told, ())[1] == (away, LOST)


async def test_what_was_not_asked_yet_is_one_kind_of_finding_and_no_event(tmp_path: Path) -> None:
    """A console that has just been started is no news of the cluster."""
    async with simulated(tmp_path / "sim", 4) as (_, cluster), watching(cluster) as session:
        picture = put(session.picture, "firewalls", "fw1", pools=NOT_ASKED)
        picture = put(picture, "firewalls", "fw2", config=NOT_ASKED)
        picture = put(picture, "volumes", "www", split_brain=NOT_ASKED)
        found = findings(picture)
        assert {one.machine for one in found if one.kind is Kind.NOT_ASKED} == {"fw1", "fw2", "www"}
        assert not [one for one in found if one.kind is not Kind.NOT_ASKED and NOT_ASKED.why in one.message]
        assert not [note for note in session.events if NOT_ASKED.why in note.message]


async def test_who_is_out_is_not_back_because_both_firewalls_fell_silent(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await (await session.begin(DRAIN, "node3")).task
        await _said(session, "seen", "node3 is out of the load balancer")
        for name in ("fw1", "fw2"):
            sim.fault("firewall-lost", name)
        for name in ("fw1", "fw2"):
            await _said(session, "seen", f"{name} does not answer since")
        async with asyncio.timeout(20):
            while place(session.picture, "node3") is not Place.UNKNOWN:
                await session.change()
        await asyncio.sleep(1.0)
        assert not _notes(session, "over", "node3 is out of the load balancer")
        sim.fault("all-back", "cluster")
        for name in ("fw1", "fw2"):
            await _said(session, "over", f"{name} does not answer since")
        assert not _notes(session, "over", "node3 is out of the load balancer")
        async with asyncio.timeout(20):
            while session.plan(REJOIN, "node3").objections:
                await session.change()
        await (await session.begin(REJOIN, "node3")).task
        await _said(session, "over", "node3 is out of the load balancer")
        assert len(_notes(session, "seen", "node3 is out of the load balancer")) == 1, "told once"


def _notes(session: Session, step: str, message: str) -> list[str]:
    return [note.message for note in session.events if note.step == step and note.message.startswith(message)]


async def _said(session: Session, step: str, message: str) -> None:
    async with asyncio.timeout(20):
        while not _notes(session, step, message):
            await session.change()
