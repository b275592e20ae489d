"""MySQL's writer is moved on every node's own HAProxy, over the wire, and is put back where the move fails."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.health.facts.writer import writing
from console.inventory.cluster import MysqlProxy
from console.operations.guards import Objection, Override
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, REBOOT, REJOIN, WRITER
from console.operations.procedures.steps import Operation
from console.probes.snapshot import Known, Snapshot
from console.session.journal import Record
from console.session.runner import Stopped, TakenBack
from console.session.session import Session
from console.sim import Simulator
from console.sim.haproxy import Server
from console.sim.mysql_proxy import BACKEND, SOCKET
from tests.conftest import simulated, watching
from tests.console.kills import sample
from tests.console.telling import counted, until, well
from tests.console.test_interrupted import Killed, MortalJournal, lines_of
from tests.console.test_meanwhile import Meanwhile


def named(target: str) -> Consent:
    return Consent(True, target, "a test")


async def run(session: Session, one: Operation, target: str, **options: object) -> Record:
    return await (await session.begin(one, target, named(target), options)).task


def servers(sim: Simulator, name: str) -> Iterator[Server]:
    """The servers of a name, of every node's HAProxy that runs."""
    for node in sim.world.nodes.values():
        server = node.proxy.server(BACKEND, name) if node.proxy else ""
        if isinstance(server, Server):
            yield server


def target(sim: Simulator) -> dict[str, str]:
    """The node that each HAProxy sends MySQL to."""
    each = {name: node.proxy.backends[0].serving for name, node in sim.world.nodes.items() if node.proxy}
    return {name: " ".join(one.name for one in serving) for name, serving in each.items()}


def rate_of(now: Snapshot, name: str) -> float:
    """Commits a second; -1 for not known."""
    member = now.node(name).galera
    rate = member.value.commits_per_second if isinstance(member, Known) else None
    return -1.0 if rate is None else rate


def all_to(name: str) -> dict[str, str]:
    return dict.fromkeys(("node1", "node2", "node3"), name)


def says(record: Record, on: str, step: str) -> str:
    return record.steps[on, step].facts["says"]


async def test_it_is_moved_and_commits_follow(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        plan = session.plan(WRITER, "node2")
        assert not plan.objections
        assert [check.what for check in plan.checks if not check.holds] == []
        record = await run(session, WRITER, "node2")
        assert record.outcome == "done"
        assert target(sim) == all_to("node2")
        assert says(record, "node2", "move") == "HAProxy on node1, node2 and node3 sends MySQL to node2"
        assert says(record, "node2", "commits") == "commits arrive at node2"
        assert says(record, "node2", "commits end") == "commits arrive at node2 only"
        members = sim.world.galera.members
        before = {name: member.replicated for name, member in members.items()}
        await sim.until(lambda: members["node2"].replicated > before["node2"])
        assert members["node1"].replicated == before["node1"]
        for node in sim.world.nodes.values():
            assert node.proxy_first == "node2", "the inventory's command ran there"
        assert writing(session.picture) == ("node2",)
        with pytest.raises(NotBegun, match="node2 is MySQL's writer already"):
            await run(session, WRITER, "node2")


async def test_where_no_commit_arrives_the_old_writer_is_put_back(tmp_path: Path) -> None:
    """Everybody agrees, and the programs can't write there."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, counted)
        sim.world.galera.refuses.add("node2")
        running = await session.begin(WRITER, "node2", named("node2"))
        with pytest.raises(TakenBack, match="no commit has arrived at node2 yet"):
            await running.task
        assert target(sim) == all_to("node1")
        assert {one.forced for name in all_to("") for one in servers(sim, name)} == {""}
        assert {node.proxy_first for node in sim.world.nodes.values()} == {""}, "nothing was made to last"
        assert not session.open_runs()
        assert lines_of(session.journal.records()[-1]) == LINES


async def test_it_is_not_called_taken_back_while_an_haproxy_was_not_told(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, counted)
        sim.world.galera.refuses.add("node2")

        def happens(record: Record) -> None:
            if record.taken_back and record.entries[-1].kind == "failed":
                sim.fault("node-lost", "node3")

        session.journal = Meanwhile(session.journal.folder, happens)
        running = await session.begin(WRITER, "node2", named("node2"))
        with pytest.raises(Stopped, match="HAProxy on node3 is not told") as stopped:
            await running.task
        assert not isinstance(stopped.value, TakenBack)
        (left,) = session.open_runs()
        assert "node3" in left.skipped_machines
        sim.fault("node-back", "node3")
        await until(session, counted)
        with pytest.raises(TakenBack):
            await (await session.resume(left, named("node2"))).task
        assert target(sim) == all_to("node1")
        assert not session.open_runs()


@pytest.mark.parametrize(("writes", "programs"), [(0.005, True), (20.0, False)])
async def test_where_nearly_nobody_writes_no_commit_is_no_failure(
    tmp_path: Path, writes: float, programs: bool
) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        sim.world.galera.writes = writes
        await until(session, lambda now: counted(now) and (rate_of(now, "node2") < 1.5) is programs)
        sim.world.galera.refuses.add("node2")
        running = await session.begin(WRITER, "node2", named("node2"))
        for node in sim.world.nodes.values() if not programs else ():
            node.apache = None
        record = await running.task
        assert record.outcome == "done"
        few = ("no commit has arrived at node2 yet, and there were only", "nobody wrote before the move")
        assert says(record, "node2", "commits").startswith(few if programs else "nobody has connected to node2")
        assert target(sim) == all_to("node2")


async def test_states_that_were_found_are_put_back_and_no_others(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for server in servers(sim, "node3"):
            server.force("maint", sim.world.clock.now)
        await until(session, lambda now: all("MAINT" in repr(view.writer) for view in now.nodes))
        sim.world.galera.refuses.add("node3")
        plan = session.plan(WRITER, "node3")
        assert [one.saw for one in plan.objections] == [
            "HAProxy takes node2 before node3: node2 is drained too",
            "no node would take over from node3: there is no spare",
        ]
        running = await session.begin(WRITER, "node3", named("node3"))
        with pytest.raises(TakenBack):
            await running.task
        assert target(sim) == all_to("node1")
        assert [{one.forced for one in servers(sim, name)} for name in all_to("")] == [{""}, {""}, {"maint"}]


async def test_sessions_that_stay_are_said_and_closed_if_asked(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for server in servers(sim, "node1"):
            server.held = 2
        record = await run(session, WRITER, "node2")
        assert record.outcome == "done"
        assert says(record, "node2", "sessions left").endswith(" sessions left on node1, after 8 s")
        assert " sessions from before" in says(record, "node2", "commits end")
        for server in servers(sim, "node2"):
            server.held = 2
        record = await run(session, WRITER, "node1", close=True)
        assert record.outcome == "done"
        assert says(record, "node1", "close") == "no session is left but those to node1"
        assert says(record, "node1", "commits end") == "commits arrive at node1 only"
        assert [one.held for one in servers(sim, "node2")] == [0, 0, 0]


async def test_an_haproxy_that_does_not_answer_is_asked_about_and_told_later(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("node-hung", "node3")
        await until(session, lambda now: not isinstance(now.node("node3").host, Known))
        await until(session, lambda _: Override.NEVER not in {one.override for one in against(session)})
        plan = session.plan(WRITER, "node2")
        strong = [one.saw for one in plan.objections if one.override is Override.NAME_AND_REASON]
        assert [saw.partition(" since ")[0] for saw in strong] == ["HAProxy for MySQL on node3 is not known"]
        record = await run(session, WRITER, "node2")
        assert record.outcome is None
        assert set(record.skipped_machines) == {"node3"}
        assert target(sim) == {**all_to("node2"), "node3": "node1"}
        sim.world.nodes["node3"].resume()
        await until(session, lambda now: isinstance(now.node("node3").writer, Known) and well_but_writers(now))
        (left,) = session.open_runs()
        assert (await (await session.resume(left, named("node2"))).task).outcome == "done"
        assert target(sim) == all_to("node2")


def well_but_writers(now: Snapshot) -> bool:
    return all(isinstance(view.galera, Known) and view.galera.value.synced for view in now.nodes)


@pytest.mark.parametrize("fault", ["mysql-stopped", "flow-control", "conflicts"])
async def test_a_node_that_is_not_proven_is_not_made_the_writer(tmp_path: Path, fault: str) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault(fault, "cluster" if fault == "conflicts" else "node2")
        wanted = {"mysql-stopped": "MySQL on node2", "flow-control": "write-sets wait", "conflicts": ""}[fault]
        await until(session, lambda _: any(wanted in one.saw for one in against(session)) or not wanted)
        never = {one.override for one in against(session) if wanted and wanted in one.saw}
        assert (
            never
            == {
                "mysql-stopped": {Override.NEVER},
                "flow-control": {Override.NAME_AND_REASON},
                "conflicts": set(),
            }[fault]
        )


def against(session: Session) -> tuple[Objection, ...]:
    return session.plan(WRITER, "node2").objections


async def test_connections_and_long_transactions_stand_against_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        galera = sim.world.galera
        galera.clients["node2"] = 210
        galera.transactions["node1"] = [sim.world.clock.now - 1000]
        await until(session, lambda _: len(against(session)) == 2)
        room, longest = against(session)
        assert "of 250 connections" in room.saw
        assert room.override is Override.NAME_AND_REASON
        assert longest.saw.startswith("a transaction has been open on node1 for ")
        galera.clients["node2"] = 260
        await until(session, lambda _: against(session)[0].override is Override.NEVER)


# --- the writer goes


async def test_draining_the_writer_moves_it_first(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        plan = session.plan(DRAIN, "node1")
        assert plan.options == {"writer": "node2"}
        assert plan.steps[1][0] == "have each node's HAProxy send MySQL to node2, those before it to drain; " + BACK
        record = await run(session, DRAIN, "node1")
        assert record.outcome == "done"
        assert target(sim) == all_to("node2")
        assert record.options == {"writer": "node2"}
        assert session.plan(DRAIN, "node3").options == {}, "no writer"


BACK = "taken back at once if a step after it fails"


async def test_a_writer_without_a_successor_is_drained_by_a_yes_and_not_rebooted(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for name in ("node2", "node3"):
            sim.world.galera.members[name].variables["read_only"] = "ON"
        await until(session, lambda _: any(NOBODY in one.saw for one in session.plan(DRAIN, "node1").objections))
        (drained,) = (one for one in session.plan(DRAIN, "node1").objections if NOBODY in one.saw)
        assert drained.override is Override.CONFIRM
        (rebooted,) = (one for one in session.plan(REBOOT, "node1").objections if NOBODY in one.saw)
        assert rebooted.override is Override.NEVER
        assert (await run(session, DRAIN, "node1")).outcome == "done"
        assert target(sim) == all_to("node1")


NOBODY = "no other node can become MySQL's writer: MySQL on node2 has a leftover set: read_only=ON"


async def test_a_rebooted_writer_is_told_again_and_gets_its_role_back_only_if_asked(tmp_path: Path) -> None:
    """Without a command that keeps it, its HAProxy starts as it is configured: with itself as the writer."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        cluster = replace(cluster, mysql_proxy=MysqlProxy(BACKEND, SOCKET))
        async with watching(cluster) as session:
            await until(session, well)
            record = await run(session, REBOOT, "node1")
            assert record.outcome == "done"
            sent = [entry.facts["step"] for entry in record.entries if entry.kind == "sending"]
            told = [step for step in sent if step in ("writer at once", "writer")]
            assert told
            assert sent.index(told[0]) < sent.index("back at run time")
            assert target(sim) == all_to("node2")
            record = await run(session, REBOOT, "node2", **{"writer-back": True})
            assert record.outcome == "done"
            assert record.options == {"writer": "node1", "writer-back": True}
            assert target(sim) == all_to("node2")


async def test_a_reloaded_haproxy_is_told_again_before_visitors_come(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        cluster = replace(cluster, mysql_proxy=MysqlProxy(BACKEND, SOCKET))
        async with watching(cluster) as session:
            await until(session, well)
            await run(session, WRITER, "node2")
            await run(session, DRAIN, "node3")
            sim.fault("proxy-reloaded", "node3")
            assert target(sim)["node3"] == "node1"
            seen = list[tuple[str, bool]]()

            def look(_record: Record) -> None:
                fw1 = sim.world.firewalls["fw1"].haproxy
                back = bool(fw1) and all(not one.forced for one in fw1.servers if one.name == "node3")
                seen.append((target(sim)["node3"], back))

            session.journal = Meanwhile(session.journal.folder, look)
            assert (await run(session, REJOIN, "node3")).outcome == "done"
            assert ("node1", True) not in seen
            assert target(sim) == all_to("node2")


LINES = "opened seen found sending answered seen failed sending answered seen closed"
POINTS = [(line, written) for line in range(2, len(LINES.split()) + 1) for written in (False, True)]


@pytest.mark.parametrize(("line", "written"), sample(POINTS, lambda _: 0, 4))
async def test_killed_at_each_line_of_a_move_that_is_taken_back(tmp_path: Path, line: int, written: bool) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        sim.world.galera.refuses.add("node2")
        async with watching(cluster) as session:
            await until(session, well)
            session.journal = MortalJournal(session.journal.folder, line, written)
            with pytest.raises(Killed):
                await (await session.begin(WRITER, "node2", named("node2"))).task
        async with watching(cluster) as session:
            if left := session.open_runs():
                running = await session.resume(left[0], named("node2"))
                with pytest.raises(TakenBack):
                    await running.task
            else:
                assert (line, written) == POINTS[-1]
            assert target(sim) == all_to("node1")
