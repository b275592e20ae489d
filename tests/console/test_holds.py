"""A hold: out until a time, known on every console, put back by nobody, and asked about by name."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.health import Kind, Level, findings, verdict
from console.health.facts.holds import held
from console.health.facts.membership import Place, memberships, place
from console.operations.effects import Effect
from console.operations.guards import Override
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, HOLD, REBOOT, REJOIN, REMOVE, SHUT_DOWN, UNDO, holds
from console.operations.procedures.steps import Operation
from console.probes.snapshot import Unknown
from console.session.journal import Record
from console.session.session import Session
from console.sim import Simulator
from console.sim.machine import Link
from tests.conftest import simulated, watching
from tests.console.telling import told, until, well
from tests.console.test_put_back import configure, status

NAMED = Consent(True, "node2", "a test")
YES = Consent(True)
HOUR = 3600.0


def decided(hours: float = 8.0, why: str = "apache: bad cert path", who: str = "ops@desk") -> dict[str, Any]:
    return holds.options(who, time.time() - 60, time.time() + hours * HOUR, why)


async def run(session: Session, one: Operation, consent: Consent = NAMED, **options: Any) -> Record:
    return await (await session.begin(one, "node2", consent, options or None)).task


def settings(sim: Simulator, firewall: str = "fw1") -> str | None:
    server = sim.world.firewalls[firewall].config.server("web", "node2")
    assert server
    return server.advanced


async def test_it_is_out_and_every_console_knows_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        async with watching(cluster) as session:
            await until(session, well)
            says = session.plan(HOLD, "node2", decided()).leaves
            assert "Meanwhile node1 and node3 serve every visitor: none of them may be lost." in says
            assert any(one.startswith("Told meanwhile, by an open screen's bell alone: node1, node3, ") for one in says)
            record = await run(session, HOLD, YES, **decided())
            assert record.outcome == "done"
        monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "another"))
        async with watching(cluster) as other:
            finding = await told(other, "node2", "held")
            assert finding.level is Level.NOTE
            assert finding.headline.startswith("node2 is held out until 20")
            assert "by “ops@desk” since 20" in finding.message
            assert finding.message.endswith(": “apache: bad cert path”")
            assert verdict(other.picture).level is Level.OK, "nothing else is wrong"
            assert place(other.picture, "node2") is Place.OUT
            for action in (REJOIN, UNDO, REBOOT):
                (mine,) = [one for one in other.plan(action, "node2").objections if "is held out until" in one.saw]
                assert mine.override is Override.NAME_AND_REASON
            with pytest.raises(NotBegun, match="node2 is held out until"):
                await run(other, REJOIN, YES)
            assert (await run(other, REJOIN)).outcome == "done"
            assert held(other.picture, "node2") is None
        assert [settings(sim, name) for name in ("fw1", "fw2")] == [None, None]
        assert status(sim, "web") == "active"


async def test_it_comes_on_the_end_of_a_removal_and_a_later_one_asks(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await run(session, REMOVE)

        def ordering() -> list[str]:
            return [message for message, orders in session.plan(HOLD, "node2", decided()).steps if orders]

        await until(session, lambda _: bool(ordering()))
        assert "HAProxy on fw2 is reloaded by the sync" in ordering()[0]
        await run(session, HOLD, YES, **decided())
        servers = [server for one in memberships(session.picture, "node2") for server in one.runtime or ()]
        assert {server.status for server in servers} == {"MAINT"}, "it stays removed"
        with pytest.raises(NotBegun, match="is held out already, until"):
            await run(session, HOLD, Consent(), **decided())
        await run(session, HOLD, YES, **decided(why="longer"))
        hold = held(session.picture, "node2")
        assert hold
        assert hold.why == "longer"
        record = session.taken_out("node2")
        assert record
        assert record.found["later fw1 web/node2"] == "active", "as it was before the removal"
        assert (settings(sim) or "").count("# hold:") == 1


async def test_what_was_there_comes_back_also_on_a_console_that_has_noted_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        configure(sim, {("webtls", "node2"): "backup"})
        for firewall in sim.world.firewalls.values():
            pools = tuple(
                replace(
                    pool,
                    servers=tuple(
                        replace(s, advanced="check-ssl # mine" if s.name == "node2" else "") for s in pool.servers
                    ),
                )
                for pool in firewall.config.pools
            )
            firewall.config = replace(firewall.config, pools=pools)
        async with watching(cluster) as session:
            await run(session, HOLD, **decided())
        assert (settings(sim) or "").startswith("check-ssl # mine # hold: ops@desk 20")
        monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "another"))
        async with watching(cluster) as other:
            await run(other, REJOIN)
        assert [status(sim, pool) for pool in ("web", "webtls")] == ["active", "backup"]
        assert [settings(sim, name) for name in ("fw1", "fw2")] == ["check-ssl # mine"] * 2


async def test_an_end_is_told_and_puts_nothing_back(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await run(session, HOLD, **decided())
        await told(session, "node2", "held")
        note = settings(sim) or ""
        past = holds.decided_note(decided(-1.0))
        for firewall in sim.world.firewalls.values():  # time passes for nobody who waits in a test
            firewall.persist({}, "a colleague", {(pool.name, "node2"): past for pool in firewall.config.pools})
        assert note != past
        finding = await told(session, "node2", "hold-ended")
        assert finding.level is Level.DEGRADED
        assert finding.headline == "the hold of node2 has ended, and it is still out"
        await until(session, lambda _: any("the hold of node2 has ended" in one.message for one in session.events))
        assert not any(one.step == "over" and "held" in one.message for one in session.events)
        assert place(session.picture, "node2") is Place.OUT
        assert not [one for one in session.plan(REJOIN, "node2").objections if "held" in one.saw]
        assert (await run(session, REJOIN, YES)).outcome == "done"
        assert settings(sim) is None


async def test_what_follows_from_a_held_node_is_no_other_fault_and_another_one_is(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await run(session, HOLD, **decided())
        sim.fault("apache-stopped", "node2")
        await until(session, lambda now: isinstance(now.node("node2").site, Unknown))
        assert verdict(session.picture).level is Level.OK
        sim.fault("apache-stopped", "node3")
        await until(session, lambda now: verdict(now).level > Level.NOTE)
        assert "node3" in verdict(session.picture).message


async def test_a_node_that_somebody_has_put_back_by_hand_is_not_held(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await run(session, HOLD, **decided())
        configure(sim, {(pool.name, "node2"): "active" for pool in sim.world.firewalls["fw1"].config.pools})
        await until(session, lambda now: place(now, "node2") is Place.IN)
        assert settings(sim) is not None
        assert held(session.picture, "node2") is None
        await run(session, DRAIN)
        assert settings(sim) is None, "an old note holds nobody who is taken out anew"
        assert held(session.picture, "node2") is None


@pytest.mark.parametrize(
    "strange",
    ["# hold: \x1b[2J", "# hold: root@vm now - why:[red]ok[/red]", "# hold: root@vm 2026-10-26T02:14Z - why:é"],
)
async def test_what_anybody_may_have_written_holds_nobody(tmp_path: Path, strange: str) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in sim.world.firewalls.values():
            notes = {(pool.name, "node2"): strange.replace("\x1b", "") for pool in firewall.config.pools}
            firewall.persist({}, "somebody", notes)
        async with watching(cluster) as session:
            await run(session, DRAIN)
            assert held(session.picture, "node2") is None
            assert Kind.OUT in {one.kind for one in findings(session.picture)}


async def test_a_node_is_shut_down_and_comes_back_when_somebody_switches_it_on(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        plan = session.plan(SHUT_DOWN, "node2", decided())
        assert any("Nothing here can switch node2 on again" in one for one in plan.leaves)
        assert any("node1 and node3 serve every visitor: none of them may be lost" in one for one in plan.leaves)
        assert (await run(session, SHUT_DOWN, YES, **decided())).outcome == "done"
        assert sim.world.nodes["node2"].link is Link.SILENT
        assert sim.world.galera.members["node2"].unit == "inactive", "it has left cleanly"
        finding = await told(session, "node2", "held-off")
        assert finding.headline.startswith("node2 is shut down and held out until ")
        sim.world.nodes["node2"].power_on()
        assert (await run(session, REJOIN)).outcome == "done"
        assert settings(sim) is None


def test_effects_say_what_it_does() -> None:
    assert HOLD.effects == {Effect.TAKES_OUT, Effect.HOLDS, Effect.MOVES_WRITER}
    assert SHUT_DOWN.does(Effect.POWERS_OFF)


NOW = time.mktime((2026, 11, 30, 2, 14, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("07:00", (2026, 11, 30, 7, 0)),
        ("02:14", (2026, 12, 1, 2, 14)),
        ("01:00", (2026, 12, 1, 1, 0)),
        ("2026-12-24 18:30", (2026, 12, 24, 18, 30)),
        ("2026-12-24T18:30", (2026, 12, 24, 18, 30)),
    ],
)
def test_the_time_that_a_person_means(text: str, when: tuple[int, ...]) -> None:
    assert time.localtime(holds.moment(text, NOW))[:5] == when


@pytest.mark.parametrize(
    "text", ["", "7", "25:00", "tomorrow", "2026-11-29 07:00", "2026-02-30 07:00", "9999-01-01 00:00"]
)
def test_a_time_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time|is past, or too far away"):
        holds.moment(text, NOW)
    assert holds.moment("none", NOW) == 0
