"""A drain is over when nobody comes any more. Visitors with a cookie do; a process from before a reload has some."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

from console.health.facts.membership import master, membership
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, REBOOT
from console.operations.procedures.sessions import SESSIONS
from console.operations.procedures.steps import Intent
from console.probes.ask import Ran
from console.probes.pools.processes import Processes, parse
from console.probes.snapshot import Known
from console.session.journal import Record
from console.session.session import Session
from console.sim import Simulator
from tests.conftest import simulated, watching
from tests.console.telling import alter, until
from tests.console.test_asked import server
from tests.console.test_interrupted import carry_on, die

NAMED = Consent(True, "node2", "a test")
POOLS = ("web_ipvANY", "webtls_ipvANY")


def returning(sim: Simulator, rate: float) -> None:
    """Visitors with the node's cookie, on the firewall that leads."""
    server(sim, "fw1").returning = rate


def said(session: Session, step: str) -> str:
    """The end of a step of the last run, in its words."""
    return str(session.journal.records()[-1].steps["node2", step].facts["says"])


def sent(record: Record) -> dict[str, str]:
    """Each step's orders."""
    sending = (entry.facts for entry in record.entries if entry.kind == "sending")
    return {facts["step"]: " ".join(facts["orders"]) for facts in sending}


async def leads(sim: Simulator, firewall: str, session: Session) -> None:
    """fw1 enters maintenance, and the one that receives the sync leads."""
    sim.world.firewalls["fw1"].maintain(True)
    await until(session, lambda picture: master(picture) == firewall)


async def test_a_drain_that_visitors_with_a_cookie_outlast_says_so_and_stays_a_drain(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        returning(sim, 3.0)
        record = await (await session.begin(DRAIN, "node2", NAMED)).task
        left = said(session, "sessions")
        assert record.outcome == "done"
        assert re.match(r"\d+ requests a second still reach node2: visitors with its cookie .*; x sends them", left)
        assert record.entries[-2].kind == "left"
        assert server(sim, "fw1").forced == "drain"


async def test_a_reboot_shuts_the_door_on_them_before_anything_stops(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        returning(sim, 3.0)
        await session.ready(REBOOT, "node2", 10)
        record = await (await session.begin(REBOOT, "node2", NAMED)).task
        assert record.outcome == "done"
        orders = sent(record)
        assert list(orders)[2:4] == ["maintenance", "stop MySQL"]
        assert "set server web_ipvANY/node2 state maint" in orders["maintenance"]
        assert record.found["now fw1 web_ipvANY/node2"] == "ready"
        assert [server(sim, "fw1", pool).forced for pool in POOLS] == ["", ""]


async def test_a_drain_that_was_there_before_stays_one_and_is_there_again(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in ("fw1", "fw2"):
            server(sim, firewall).force("drain", sim.world.clock.now)
        async with watching(cluster) as session:
            await session.ready(REBOOT, "node2", 10)
            record = await (await session.begin(REBOOT, "node2", NAMED)).task
        assert (record.outcome, record.found["now fw1 web_ipvANY/node2"]) == ("done", "drain")
        assert "webtls_ipvANY/node2 state maint" in sent(record)["maintenance"]
        assert "web_ipvANY/node2 state maint" not in sent(record)["maintenance"]
        assert server(sim, "fw1").forced == "drain"


async def test_a_process_from_before_a_reload_has_sessions_still(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        server(sim, "fw1").held = 2
        await until(session, lambda picture: (membership(picture, "fw1", "node2").sessions or 0) >= 2)
        old = server(sim, "fw1")
        sim.world.firewalls["fw1"].reload()  # somebody's Apply
        running = await session.begin(DRAIN, "node2", NAMED)
        await until(session, lambda picture: membership(picture, "fw1", "node2").held == 2)
        await asyncio.sleep(1.0)
        assert not running.task.done()
        old.held = 0
        assert (await running.task).outcome == "done"
        assert said(session, "sessions") == "no session to node2 left on fw1 and fw2"


async def test_where_the_sync_reloads_a_busy_haproxy_its_sessions_end_first(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, known):
        cluster = replace(known, timings=replace(known.timings, sessions=600.0))  # simulated ones
        async with watching(cluster) as session:
            await leads(sim, "fw2", session)
            server(sim, "fw2").held = 2
            await until(session, lambda picture: (membership(picture, "fw2", "node2").sessions or 0) >= 2)
            plan = session.plan(DRAIN, "node2")
            (line,) = [message for message, _ in plan.steps if "config.xml" in message]
            assert line.endswith(
                "HAProxy on fw2 is reloaded by the sync, after the sessions there have ended: fw2 carries the traffic"
            )
            running, process = await session.begin(DRAIN, "node2", NAMED), sim.world.firewalls["fw2"].haproxy
            await asyncio.sleep(2.0)
            assert sim.world.firewalls["fw2"].haproxy is process
            server(sim, "fw2").held = 0
            assert (await running.task).outcome == "done"
            assert sim.world.firewalls["fw2"].haproxy is not process


async def test_sessions_that_never_end_are_counted_in_the_process_that_the_sync_leaves_behind(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await leads(sim, "fw2", session)
        server(sim, "fw2").held = 2
        await until(session, lambda picture: (membership(picture, "fw2", "node2").sessions or 0) >= 2)
        record = await (await session.begin(DRAIN, "node2", NAMED)).task
        assert record.outcome == "done"
        left = "2 sessions to node2 left on fw2, 2 of them in a process from before a reload, after 8 s"
        assert said(session, "sessions") == left


async def test_what_can_not_be_counted_is_not_none(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        sim.world.firewalls["fw1"].reload()
        server(sim, "fw1").force("drain", sim.world.clock.now)
        picture = await until(session, lambda one: (membership(one, "fw1", "node2").uptime or 0) > 30)
        pid = sim.world.firewalls["fw1"].haproxy.pid  # type: ignore[union-attr]
        assert isinstance(picture.firewall("fw1").processes, Known)
        for processes in (Processes((pid, 7), None), Processes(()), Processes((7,))):
            hidden = alter(picture, "firewalls", "fw1", "processes", **vars(processes))
            progress = SESSIONS.done(hidden, Intent(cluster, "node2", DRAIN))
            assert not progress.done
            assert "sessions to node2 can't be counted on fw1: HAProxy was reloaded there" in progress.message


def test_connections_are_those_of_other_haproxys_to_the_node() -> None:
    table = (
        "USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS      \n"
        "proxy    haproxy    40321 11  tcp4   10.20.0.2:51322       10.20.0.12:80        \n"
        "proxy    haproxy    40321 12  tcp4   10.20.0.2:51323       10.20.0.12:443       \n"
        "proxy    haproxy    40334 11  tcp4   10.20.0.2:51324       10.20.0.12:80        \n"
        "proxy    haproxy    40321 13  tcp6   2001:db8::2:51324     2001:db8::12:80      \n"
        "root     sshd       812   4   tcp4   10.20.0.2:22          10.20.0.12:50122     \n"
        "?        ?          ?     ?   tcp4   10.20.0.2:80          10.20.0.12:80        \n"
    )
    seen = parse((Ran(0, "haproxy: 40334 40321\n", ""), Ran(0, table, "")), None)
    asked = ("10.20.0.12", "2001:db8::12", "2001:DB8:0:0::12", "10.20.0.1")
    assert [seen.older(40334, address) for address in asked] == [2, 1, 1, 0]
    assert seen.older(40399, "10.20.0.12") is None
    refused = parse((Ran(0, "haproxy: 40334 40321\n", ""), Ran(127, "", "sockstat: not found")), None)
    assert refused.older(40334, "10.20.0.12") is None
    assert parse((Ran(1, "haproxy: 40334\n", ""), Ran(1, "", "")), None).older(40334, "10.20.0.12") == 0
    assert parse((Ran(1, "haproxy: \n", ""), Ran(1, "", "")), None).older(None, "10.20.0.12") == 0


async def test_a_run_of_before_this_step_whose_node_has_rebooted_goes_on_behind_it(tmp_path: Path) -> None:
    """0.2.0 wrote no line of maintenance, nor of a writer. Nobody is taken out again for it."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        assert await die(cluster, REBOOT, 25, written=True)  # fit was seen
        async with watching(cluster) as session:
            (record,) = session.open_runs()
            lines = record.path.read_text().splitlines()
            kept = [line for line in lines if json.loads(line).get("step") not in ("maintenance", "writer at once")]
            assert json.loads(kept[-1])["step"] == "fit"
            record.path.write_text("\n".join(kept) + "\n")
        async with watching(cluster) as session:
            resumed = await carry_on(session, REBOOT)
        assert resumed.outcome == "done"
        again = {entry.facts["step"] for entry in resumed.entries[len(kept) :] if entry.kind == "sending"}
        assert again == {"back in config.xml", "back at run time"}
        assert server(sim, "fw1").eligible
