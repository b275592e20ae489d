"""Two consoles on two machines: each has a journal and a lock of its own, and the firewalls are what they share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.health.facts.membership import Place, place
from console.inventory.cluster import Cluster
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, REBOOT, REMOVE, UNDO
from console.operations.procedures.steps import Operation
from console.probes.firewalls.claim import FILE, LOCK, Claim, read
from console.probes.snapshot import Known, Reading
from console.session.runner import Stopped
from console.session.session import Running, Session
from console.sim import Simulator, locks
from console.sim.firewall import Firewall
from console.sim.machine import Link
from console.sim.shell import Call
from tests.conftest import simulated, watching
from tests.console.telling import until

YES = Consent(confirmed=True)


def _ended(claim: Reading[Claim]) -> bool:
    """Somebody has claimed it, and does no more."""
    return isinstance(claim, Known) and bool(claim.value.token) and not claim.value.held


@asynccontextmanager
async def console(cluster: Cluster, folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    """One whose journal nobody else has."""
    patch.setenv("DRAINBOARD_STATE", str(folder))
    async with watching(cluster) as session:
        yield session


@pytest.fixture
async def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Simulator, Session, Session]]:
    async with (
        simulated(tmp_path / "sim", speed=20.0) as (sim, cluster),
        console(cluster, tmp_path / "one", monkeypatch) as one,
        console(replace(cluster, name="the same"), tmp_path / "other", monkeypatch) as other,
    ):
        yield sim, one, other


Two = tuple[Simulator, Session, Session]


async def begun(session: Session, node: str) -> Running | str:
    try:
        return await session.begin(DRAIN, node, YES)
    except NotBegun as why:
        return str(why)


async def written(session: Session, kind: str) -> None:
    """Wait until the newest run has such a line."""
    async with asyncio.timeout(20):
        while session.journal.records()[-1].last(kind) is None:
            await asyncio.sleep(0.005)


async def test_of_two_that_begin_at_the_same_moment_one_does(two: Two) -> None:
    sim, one, other = two
    begins = await asyncio.gather(begun(one, "node1"), begun(other, "node2"))
    (running,) = (each for each in begins if isinstance(each, Running))
    (why,) = (each for each in begins if isinstance(each, str))
    assert "at work on fw1" in why
    assert why.endswith("nothing is begun")
    assert (await running.task).outcome == "done"
    assert [place(one.picture, node) for node in ("node1", "node2")].count(Place.OUT) <= 1
    for firewall in sim.world.firewalls.values():
        await sim.until(lambda firewall=firewall: not firewall.locks)
        assert read(firewall.written[FILE], held=False).released


async def test_the_second_is_told_of_a_node_that_the_first_has_just_taken_out(two: Two) -> None:
    """Its own picture may be older than that."""
    _, one, other = two
    await (await one.begin(DRAIN, "node1", YES)).task
    with pytest.raises(NotBegun, match="node1 is out"):
        await other.begin(DRAIN, "node2", YES)


@pytest.mark.parametrize("action", [REMOVE, REBOOT])
async def test_what_the_other_has_drained_is_put_back_whole(two: Two, action: Operation) -> None:
    """Its drain was found, and is no state that somebody wants back while config.xml says active."""
    sim, one, other = two
    await (await other.begin(DRAIN, "node2", YES)).task
    named = Consent(True, "node2", "a test")
    await one.ready(REBOOT, "node2", 10)
    assert (await (await one.begin(action, "node2", named)).task).outcome == "done"
    if action.leaves_out:
        assert (await (await one.begin(UNDO, "node2", named)).task).outcome == "done"
    for firewall in sim.world.firewalls.values():
        assert {server.forced for server in firewall._servers if server.name == "node2"} == {""}
        assert {pool.servers[1].status for pool in firewall.config.pools} == {"active"}


async def test_every_console_shows_who_is_at_work(two: Two) -> None:
    sim, one, other = two
    for server in (server for firewall in sim.world.firewalls.values() for server in firewall._servers):
        server.sessions = 1e9
    running = await one.begin(DRAIN, "node1", YES)
    told_by = lambda view: isinstance(view.claim, Known) and view.claim.value.held and view.claim.value.what  # noqa: E731
    picture = await until(other, lambda now: all(told_by(view) for view in now.firewalls))
    told = picture.firewall("fw2").claim
    assert isinstance(told, Known)
    assert (told.value.what, told.value.cluster) == ("drain node1", "demo")
    assert other.elsewhere is not None
    assert other.elsewhere.what == "drain node1 (“demo”)"
    assert any("at work on fw1" in one.saw for one in other.plan(DRAIN, "node2").objections)
    assert one.elsewhere is None
    one.halt()
    await asyncio.wait({running.task})
    assert not any("at work" in each.saw for each in one.plan(UNDO, "node1").objections), "it is our own"
    await until(other, lambda _: other.elsewhere is None)


async def test_what_a_killed_console_has_sent_is_waited_for_by_others(two: Two) -> None:
    _, one, other = two
    running = await one.begin(DRAIN, "node1", YES)
    await written(one, "sending")
    for machine in one.cluster.firewalls:  # its machine is gone: nothing more is said, and the connections break
        one.wire._ssh[machine.name]._abort()
    running.task.cancel()
    await asyncio.wait({running.task})
    await until(other, lambda now: all(_ended(view.claim) for view in now.firewalls))
    left = [each for each in other.plan(DRAIN, "node2").objections if "fell silent" in each.saw]
    assert left
    assert "Wait until" in left[0].clears


async def test_a_claim_that_was_lost_is_taken_again_before_the_next_order(two: Two) -> None:
    sim, one, _ = two
    running = await one.begin(DRAIN, "node1", YES)
    await written(one, "seen")
    for firewall in one.cluster.firewalls:
        one.wire._ssh[firewall.name]._abort()
    assert (await running.task).outcome == "done"
    assert "node1" in read(sim.world.firewalls["fw1"].written[FILE], held=False).what


async def test_who_has_lost_a_claim_to_another_stops(two: Two) -> None:
    sim, one, _ = two
    running = await one.begin(DRAIN, "node1", YES)
    await written(one, "seen")
    for name, firewall in sim.world.firewalls.items():
        one.wire._ssh[name]._abort()
        await sim.until(lambda firewall=firewall: not firewall.locks)
        firewall.locks[LOCK] = f"lockf -k -s -t 0 {LOCK} tee {FILE}"
        firewall.written[FILE] = '{"claim": "77", "who": "kim@elsewhere", "what": "reboot node2", "cluster": "x"}\n'
    with pytest.raises(Stopped, match="“kim@elsewhere” is at work on fw1"):
        await running.task
    assert one.journal.open_runs()


async def test_one_firewall_is_enough_where_the_other_is_silent(two: Two) -> None:
    sim, one, other = two
    sim.world.firewalls["fw2"].cut()
    await until(one, lambda now: not isinstance(now.firewall("fw2").pools, Known))
    await until(other, lambda now: not isinstance(now.firewall("fw2").pools, Known))
    with pytest.raises(NotBegun, match="fw2"):
        await one.begin(DRAIN, "node1")
    begins = await asyncio.gather(begun(one, "node1"), begun(other, "node2"))
    assert sum(isinstance(each, Running) for each in begins) == 1
    for each in begins:
        if isinstance(each, Running):
            await each.task
    assert sim.world.firewalls["fw2"].link is Link.SILENT


async def test_a_firewall_that_can_not_be_claimed_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = locks.lockf

    async def mute(call: Call, firewall: Firewall) -> int:
        if firewall.name == "fw2":
            while await call.shell.more():
                pass
            return 1
        return await honest(call, firewall)

    monkeypatch.setattr(locks, "lockf", mute)
    async with simulated(tmp_path / "sim") as (sim, cluster):
        cluster = replace(cluster, timings=replace(cluster.timings, connect=2.0, answer=2.0))
        async with watching(cluster) as session:
            running = await session.begin(DRAIN, "node2")
            with pytest.raises(Stopped, match="nothing is sent to fw2, which is not claimed: fw2"):
                await running.task
        assert {one.forced for one in sim.world.firewalls["fw2"]._servers} == {""}


async def test_a_console_without_the_journal_says_whose_it_is_and_offers_no_resume(two: Two) -> None:
    _, one, other = two
    running = await one.begin(DRAIN, "node2", YES)
    await written(one, "seen")
    await one.stop()
    assert running.task.cancelled()
    await until(other, lambda _: bool(other.abroad))
    (message,) = other.abroad
    assert f"“drain node2” in “demo” of “{running.intent.who}” since 20" in message
    assert f"is open, in the journal “{one.journal.folder}” on “" in message
    assert not other.open_runs()
    with pytest.raises(NotBegun, match=r"“drain node2” in “demo” of .* is open"):
        await other.begin(UNDO, "node2", YES)
    assert not [one for one in other.plan(DRAIN, "node3").objections if "is open, in the journal" in one.saw]
    record = await (await other.begin(UNDO, "node2", Consent(True, "node2", "they are asleep"))).task
    assert record.outcome == "done"
    await until(other, lambda now: place(now, "node2") is Place.IN and not other.abroad)


async def test_a_run_that_has_ended_is_nobody_s_concern_elsewhere(two: Two) -> None:
    _, one, other = two
    assert (await (await one.begin(DRAIN, "node2", YES)).task).outcome == "done"
    await until(other, lambda now: _ended(now.firewall("fw1").claim) and _ended(now.firewall("fw2").claim))
    assert not other.abroad
    assert (await (await other.begin(UNDO, "node2", YES)).task).outcome == "done"
