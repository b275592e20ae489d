"""A rolling patch: node by node, each out while packages are replaced, the writer last, nobody unserved meanwhile."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.cli import plain, rights
from console.health.facts.membership import Place, place
from console.inventory.cluster import Cluster, Patch
from console.operations.guards.updates import no_visit_failed
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import PATCH, REMOVE, UNDO
from console.operations.procedures.patching import _other_packages
from console.operations.procedures.steps import Intent
from console.probes.ask import Page
from console.probes.snapshot import Known, Snapshot, empty
from console.probes.web.visitor import Visits
from console.session.journal import Record
from console.session.runner import Stopped
from console.session.session import Session
from console.session.visitor import Visitor
from console.sim import Simulator
from console.sim.jobs import Work
from console.sim.machine import Link
from tests.conftest import busy, simulated, watching
from tests.console.kills import sample
from tests.console.telling import until, well
from tests.console.test_interrupted import Killed, MortalJournal
from tests.console.test_meanwhile import Meanwhile

AUTO = {"auto": True}
UNIT = "drainboard-packages.service"
NODES = ("node2", "node3", "node1")
"""Their order: node1 is MySQL's writer."""


@asynccontextmanager
async def waiting(folder: Path) -> AsyncGenerator[tuple[Simulator, Cluster]]:
    """A cluster whose nodes all wait for updates."""
    async with simulated(folder / "sim", speed=20.0) as (sim, cluster):
        for node in sim.world.nodes.values():
            node.hardware.packages.arrive(41, 7)
        yield sim, cluster


def updated(sim: Simulator) -> list[str]:
    return [name for name, node in sim.world.nodes.items() if not node.hardware.packages.pending]


async def ready(session: Session) -> None:
    every = lambda now: all(isinstance(view.updates, Known) and isinstance(view.jobs, Known) for view in now.nodes)  # noqa: E731
    await until(session, lambda now: well(now) and every(now))


async def patch(session: Session, options: dict[str, Any] = AUTO, consent: Consent | None = None) -> Record:
    await ready(session)
    running = await session.begin(PATCH, session.cluster.name, consent or Consent(confirmed=True), options)
    return await running.task


def order_of(record: Record, step: str) -> list[str]:
    return [str(one.facts["on"]) for one in record.entries if one.kind == "seen" and one.facts["step"] == step]


async def test_each_node_is_updated_and_rebooted_in_turn_and_the_writer_last(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        boots = {name: node.boot_id for name, node in sim.world.nodes.items()}
        record = await patch(session)
        assert record.outcome == "done"
        assert order_of(record, "updated") == [*NODES]
        assert updated(sim) == ["node1", "node2", "node3"]
        assert all(node.boot_id != boots[name] for name, node in sim.world.nodes.items()), "a new kernel waits"
        assert all(place(session.picture, name) is Place.IN for name in NODES)
        said = [(one.kind, one.facts.get("step", at), one.facts.get("on")) for at, one in enumerate(record.entries)]
        assert abs(len(dict.fromkeys(said)) - LINES) <= 8, "the points of the kills are those of a whole run"
        assert {tuple(one.name for one in node.proxy.backends[0].serving) for node in sim.world.nodes.values()
                if node.proxy} == {("node2",)}  # fmt: skip
        await until(session, well)


async def test_a_node_that_needs_no_reboot_has_its_services_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        boots = {name: node.boot_id for name, node in sim.world.nodes.items()}
        record = await patch(session, {**AUTO, "nodes": ["node3"], "reboot": "never"})
        assert record.outcome == "done"
        assert updated(sim) == ["node3"]
        assert {name: node.boot_id for name, node in sim.world.nodes.items()} == boots
        sent = [one.facts["step"] for one in record.entries if one.kind == "sending"]
        assert "services" in sent
        assert "reboot" not in sent
        await until(session, well)


async def test_a_rolling_reboot_installs_nothing_and_begins_with_the_canary(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        boots = {name: node.boot_id for name, node in sim.world.nodes.items()}
        options = {**AUTO, "nodes": ["node3", "node1"], "canary": "node1", "no-packages": True, "reboot": "always"}
        record = await patch(session, options)
        assert record.outcome == "done"
        assert order_of(record, "reboot") == ["node1", "node3"]
        assert updated(sim) == []
        same = {name for name, node in sim.world.nodes.items() if node.boot_id == boots[name]}
        assert same == {"node2"}
        await until(session, well)


async def test_packages_are_replaced_while_nothing_of_the_node_runs_or_is_visited(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        seen = list[tuple[bool, bool, bool]]()

        def look(_record: Record) -> None:
            node, fw1 = sim.world.nodes["node2"], sim.world.firewalls["fw1"].haproxy
            if UNIT in node.jobs and fw1:
                out = all(one.forced for one in fw1.servers if one.name == "node2")
                seen.append((out, node.mysql_listens, sim.world.gluster.bricks["node2"].brick))

        session.journal = Meanwhile(session.journal.folder, look)
        record = await patch(session, {**AUTO, "nodes": ["node2"]})
        assert record.outcome == "done"
        assert seen
        assert set(seen) == {(True, False, False)}


async def test_a_transaction_that_fails_stops_the_run_and_the_others_serve(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        sim.world.nodes["node2"].work[UNIT] = Work(
            lines=("E: Sub-process /usr/bin/dpkg returned an error",), status=100
        )
        with pytest.raises(Stopped, match=r"has failed \(exit status 100\): “E: Sub-process"):
            await patch(session)
        assert updated(sim) == []
        assert place(session.picture, "node2") is Place.OUT
        assert place(session.picture, "node3") is Place.IN
        (left,) = session.open_runs()
        sim.world.nodes["node2"].work[UNIT] = Work()
        running = await session.resume(left, Consent(True, cluster.name, "mended"))
        assert (await running.task).outcome == "done"
        assert updated(sim) == ["node1", "node2", "node3"]


async def test_half_installed_packages_after_it_stop_the_run(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        packages = sim.world.nodes["node2"].hardware.packages

        def killed(_record: Record) -> None:
            packages.half_done = UNIT in sim.world.nodes["node2"].started

        session.journal = Meanwhile(session.journal.folder, killed)
        with pytest.raises(Stopped, match="packages on node2 are half installed: “The following packages"):
            await patch(session)
        assert updated(sim) == ["node2"]
        assert place(session.picture, "node2") is Place.OUT


Change = Callable[[Simulator], object]


@pytest.mark.parametrize(
    ("change", "saw"),
    [
        (lambda sim: setattr(sim.world.nodes["node3"].hardware.packages, "half_done", True), "half installed"),
        (lambda sim: sim.fault("mysql-stopped", "node3"), "node3"),
    ],
)
async def test_what_stands_against_any_node_stands_against_the_patch(tmp_path: Path, change: Change, saw: str) -> None:
    async with waiting(tmp_path) as (sim, cluster):
        change(sim)
        async with watching(cluster) as session:
            known = lambda now: all(isinstance(view.updates, Known) for view in now.nodes)  # noqa: E731
            await until(session, lambda now: known(now) and not well(now))
            with pytest.raises(NotBegun, match=saw):
                await session.begin(PATCH, cluster.name, Consent(confirmed=True), AUTO)
        assert updated(sim) == []


async def test_without_auto_each_node_but_the_first_is_asked_about(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), {})
        asked = list[str]()
        while not running.task.done():
            if session.gate:
                asked.append(session.gate.message)
                assert len(updated(sim)) == len(asked)
                assert session.gate.agree(Consent(confirmed=True)) == ""
            await session.poller.change(0.2)
        assert running.task.result().outcome == "done"
        assert list(dict.fromkeys(asked)) == ["begin with node3", "begin with node1"]


@asynccontextmanager
async def site(status: list[int]) -> AsyncGenerator[str]:
    """A page on this computer that answers with the last of these; 0 closes without an answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if status[-1]:
            writer.write(f"HTTP/1.1 {status[-1]} X\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/cart"


async def test_a_visitor_comes_all_the_time_and_is_counted(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, cluster), site([200]) as url:
        cluster = replace(cluster, patch=Patch(visit=(url,)))
        async with watching(cluster) as session:
            record = await patch(session, {**AUTO, "nodes": ["node2"]})
            assert re.fullmatch(
                r"0 of [1-9][0-9]+ visits failed since [0-9:]{8}.*", record.steps["node2", "visits"].facts["says"]
            )
            assert "visits failed" in record.steps["node2", "soak"].facts["says"]
            await until(session, lambda now: now.visits is None)


@pytest.mark.parametrize("status", [503, 0])
async def test_a_visit_that_fails_stops_the_run_before_anything_more_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("console.session.runner.GUARD_PATIENCE", 1.0)
    monkeypatch.setattr("console.session.visitor.EVERY", 0.05)  # the simulator's time runs faster, too
    answers = [200]
    async with waiting(tmp_path) as (sim, cluster), site(answers) as url:
        cluster = replace(cluster, patch=Patch(visit=(url,)))
        async with watching(cluster) as session:

            def look(_record: Record) -> None:
                if UNIT in sim.world.nodes["node2"].jobs:
                    answers.append(status)

            session.journal = Meanwhile(session.journal.folder, look)
            with pytest.raises(Stopped, match=r"a visitor's page failed at [0-9:]{8}: "):
                await patch(session)
            assert updated(sim) == ["node2"]
            assert place(session.picture, "node3") is Place.IN
            (left,) = session.open_runs()
            answers.append(200)
            await ready_again(session)
            plan = session.plan_again(left)
            assert not [one for one in plan.objections if "visit" in one.saw], "a new visitor has not failed"
            running = await session.resume(left, Consent(True, cluster.name, "a test"))
            assert (await running.task).outcome == "done"


async def test_visits_that_never_left_this_computer_are_not_the_sites(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        cluster = replace(cluster, timings=replace(cluster.timings, answer=1.0))
        task = asyncio.create_task(Visitor(cluster, session.wire, session.poller).visit())
        await until(session, lambda now: now.visits is not None and now.visits.sent > 3)
        for name in sim.world.machines:
            sim.fault("firewall-lost" if name in sim.world.firewalls else "node-lost", name)
        seen = await until(session, lambda now: now.visits is not None and now.visits.lost > 3)
        objections = no_visit_failed(seen, PATCH.effects, "node1")
        assert any("this computer reached nobody" in one.saw for one in objections)
        assert seen.visits
        assert seen.visits.failed == 0
        for name in sim.world.machines:
            sim.fault("firewall-back" if name in sim.world.firewalls else "node-back", name)
        seen = await until(session, lambda now: now.visits is not None and not now.visits.line_cut)
        assert not list(no_visit_failed(seen, PATCH.effects, "node1")), "it goes on when the line is back"
        task.cancel()


@pytest.mark.parametrize(("fault", "fails"), [("node-lost", False), ("apache-stopped", True)])
async def test_a_machine_that_carries_a_visit_and_is_lost_is_not_the_site(
    tmp_path: Path, fault: str, fails: bool
) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        timings = replace(cluster.timings, answer=busy())
        vips = tuple(replace(vip, url=None) for vip in cluster.vips)
        site = replace(cluster, vips=vips, timings=timings, patch=Patch(visit=("http://127.0.0.1/",), via="node1"))
        task = asyncio.create_task(Visitor(site, session.wire, session.poller).visit())
        await until(session, lambda now: now.visits is not None and now.visits.sent > 3)
        sim.fault(fault, "node1")
        since = session.poller.snapshot.visits
        assert since
        seen = await until(session, lambda now: now.visits is not None and now.visits.sent > since.sent + 20)
        assert seen.visits
        assert (seen.visits.failed > 0) is fails
        assert seen.visits.lost == 0
        task.cancel()


async def test_each_node_that_serves_is_visited_by_itself(tmp_path: Path) -> None:
    """No virtual address has a URL here: only the nodes' own sites are visited."""
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        vips = tuple(replace(vip, url=None) for vip in cluster.vips)
        task = asyncio.create_task(Visitor(replace(cluster, vips=vips), session.wire, session.poller).visit())
        await until(session, lambda now: now.visits is not None and now.visits.sent > 6)
        sim.fault("mysql-stopped", "node2")
        seen = await until(session, lambda now: now.visits is not None and now.visits.failed > 0)
        assert seen.visits
        assert re.fullmatch(r"http://\S+ on node2 answered 500", seen.visits.failure)
        await (await session.begin(REMOVE, "node2")).task
        out = session.poller.snapshot.visits
        assert out
        seen = await until(session, lambda now: now.visits is not None and now.visits.sent > out.sent + 6)
        assert seen.visits
        assert seen.visits.failed == out.failed, "nobody visits a node that is out"
        task.cancel()


@asynccontextmanager
async def every_other_time() -> AsyncGenerator[str]:
    """A page that breaks one connection and serves the next."""
    connections = list[None]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(None)
        if len(connections) % 2 == 0:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/cart"


async def test_a_visit_that_a_move_of_the_roles_breaks_is_counted_apart(tmp_path: Path) -> None:
    """The same visit is a failure while no roles move."""
    async with waiting(tmp_path) as (sim, cluster), every_other_time() as url, watching(cluster) as session:
        await ready(session)
        vips = tuple(replace(vip, url=None) for vip in cluster.vips)
        site = replace(cluster, vips=vips, patch=Patch(visit=(url,)))
        task = asyncio.create_task(Visitor(site, session.wire, session.poller).visit())
        seen = await until(session, lambda now: now.visits is not None and now.visits.failed > 0)
        assert seen.visits
        assert seen.visits.retried == 0
        sim.fault("firewall-maintenance", "fw1")
        seen = await until(session, lambda now: now.visits is not None and now.visits.retried > 0)
        assert seen.visits
        assert "served at the second try, as the roles moved" in seen.visits.sentence
        task.cancel()


def test_sudoers_holds_it_under_an_alias_of_its_own() -> None:
    from tests.console.values import CLUSTER

    held = rights.rights(CLUSTER, "node2")
    words = [" ".join(run.argv) for run in held.patch]
    for manager in ("apt-get", "dnf"):
        assert any("drainboard-packages" in one and f" {manager} " in one for one in words)
        assert any("drainboard-refresh" in one and f" {manager} " in one for one in words)
    every = {" ".join(run.argv) for run in (*held.act, *held.patch)}
    assert "systemctl start --no-block mariadb.service" in every
    assert not any("start" in one and "bootstrap" in one for one in every)
    assert not any("systemd-run" in " ".join(run.argv) for run in held.act)


# --- interrupted


LINES = 182
"""Lines of a run over three nodes that nobody interrupts."""
POINTS = [(line, written) for line in range(2, LINES + 1) for written in (False, True)]
"""Each is killed in `make kills`; some runs are a few lines longer."""


async def go_on(session: Session) -> Record:
    left = session.open_runs()
    if not left:
        return await patch(session)
    await ready_again(session)
    return await (await session.resume(left[0], Consent(True, session.cluster.name, "a test"))).task


async def ready_again(session: Session) -> None:
    await session.ready(PATCH, session.cluster.name, 60.0, resumed=True)


@pytest.mark.parametrize(("line", "written"), sample(POINTS, lambda _: 0, 3))
async def test_killed_at_a_line_it_updates_and_reboots_each_node_once(tmp_path: Path, line: int, written: bool) -> None:
    async with waiting(tmp_path) as (sim, cluster):
        nodes = sim.world.nodes
        boots = {name: node.boot_id for name, node in nodes.items()}
        reboots = Counter[str]()
        for name, node in nodes.items():
            node.watchers.append(lambda link, name=name: reboots.update({name: link is Link.REFUSED}))
        async with watching(cluster) as session:
            await ready(session)
            session.journal = MortalJournal(session.journal.folder, line, written)
            with suppress(Killed):
                assert (await go_on(session)).outcome == "done"
                assert line > LINES - 8, "it ended before it was killed"
        async with watching(cluster) as session:
            if session.open_runs():
                assert (await go_on(session)).outcome == "done"
            assert [node.started.count(UNIT) for node in nodes.values()] == [1, 1, 1]
            assert reboots == Counter(dict.fromkeys(nodes, 1))
            assert all(node.boot_id != boots[name] for name, node in nodes.items())
            assert updated(sim) == ["node1", "node2", "node3"]
            assert all(place(session.picture, name) is Place.IN for name in nodes)
            assert not session.open_runs()


async def test_a_node_that_would_get_other_packages_is_asked_about(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        sim.world.nodes["node3"].hardware.packages.arrive(43, 7)
        await ready(session)
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), AUTO)
        while session.gate is None:
            await session.poller.change(0.2)
        objection = session.gate.look().objections[-1]
        assert objection.saw.startswith("node3 gets other updates than node2 got: node3 alone: ")
        assert session.gate.agree(Consent(confirmed=True, read=frozenset())) == objection.sentence
        assert session.gate.agree(Consent(confirmed=True)) == ""
        record = await running.task
        assert record.outcome == "done"
        assert record.steps["node2", "pending"].facts["says"].startswith("41 updates for node2: ")


@pytest.mark.parametrize(("window", "now", "goes_on"), [
    ("14:00-17:00", "14:00:00", True), ("14:00-17:00", "17:00:00", False), ("14:00-17:00", "03:00:00", False),
    ("22:00-02:00", "23:59:00", True), ("22:00-02:00", "01:59:59", True), ("22:00-02:00", "02:00:00", False),
])  # fmt: skip
async def test_no_node_is_begun_outside_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: str, now: str, goes_on: bool
) -> None:
    monkeypatch.setattr("console.operations.procedures.hours.clock", lambda _: now)
    async with waiting(tmp_path) as (_, cluster), watching(cluster) as session:
        await ready(session)
        options = {**AUTO, "nodes": ["node2"], "window": window}
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), options)
        while session.gate is None and "out at run time" not in {note.step for note in running.notes}:
            await session.poller.change(0.1)
        assert (session.gate is None) is goes_on
        if session.gate:
            saw = session.gate.look().objections[-1].saw
            assert re.fullmatch(rf"it is {now[:5]} \(\w+\), outside the window {window}", saw)


async def test_undo_of_the_node_at_work_puts_it_back_and_ends_the_run(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        for pool in ("fw1", "fw2"):
            assert pool in sim.world.firewalls
        sim.world.nodes["node3"].work[UNIT] = Work(lines=("E: it fails",), status=100)
        with pytest.raises(Stopped):
            await patch(session)
        assert place(session.picture, "node3") is Place.OUT
        taken = session.taken_out("node3")
        assert taken is not None
        assert taken.target == cluster.name
        assert session.taken_out("node2") is None, "it is back"
        await session.settled(20.0)
        running = await session.begin(UNDO, "node3", Consent(True, "node3", "a test"))
        assert (await running.task).outcome == "done"
        await until(session, lambda now: place(now, "node3") is Place.IN)
        assert not session.open_runs()
        assert session.journal.records()[0].outcome == "put back"


async def test_a_node_that_is_skipped_is_put_back_and_the_next_is_begun(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        sim.world.nodes["node2"].work[UNIT] = Work(lines=("E: it fails",), status=100)
        with pytest.raises(Stopped):
            await patch(session)
        (left,) = session.open_runs()
        assert left.machine == "node2"
        await ready_again(session)
        running = await session.resume(left, Consent(True, cluster.name, "a test"), skips="node2 is mended tomorrow")
        record = await running.task
        assert record.outcome == "done"
        assert session.newest and session.newest.final
        assert session.newest.final.message.endswith(": done, without node2 (node2 is mended tomorrow)")
        assert plain.code_of(session.newest) is plain.Exit.GIVEN_UP
        assert updated(sim) == ["node1", "node3"]
        assert all(place(session.picture, name) is Place.IN for name in NODES)
        await until(session, well)


def test_packages_of_another_package_manager_are_not_compared() -> None:
    from tests.console.values import CLUSTER

    found = {"packages node2": "kernel=2", "packages node3": "linux=2", "packages node1": "linux=3"}
    managers = {"node2": "apt-get", "node3": "dnf", "node1": "dnf"}
    options = {"nodes": ["node2", "node3", "node1"], "managers": managers}
    asked = {
        node: _other_packages(empty(CLUSTER), Intent(CLUSTER, node, PATCH, found=found, options=options))
        for node in managers
    }
    assert asked["node2"] == asked["node3"] == ()
    (objection,) = asked["node1"]
    assert objection.saw == "node1 gets other updates than node3 got: node1 alone: linux 3"


async def test_the_firewalls_follow_the_nodes_and_the_primary_is_last(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        for name in sim.world.firewalls:
            sim.fault("upgrade-offered", name)
        await until(session, lambda now: all(_offered(now, view.name) for view in now.firewalls))
        record = await patch(session, {**AUTO, "nodes": ["node2"], "firewalls": True})
        assert record.outcome == "done"
        assert order_of(record, "updated") == ["node2"]
        assert order_of(record, "upgraded") == ["fw2", "fw1"]
        assert {one.release for one in sim.world.firewalls.values()} == {"2.8.0-RELEASE"}
        assert [one.facts["on"] for one in record.entries if one.kind == "agreed"] == ["fw2", "fw1"]
        assert "visits failed since" in str(record.steps["fw1", "all visits"].facts["says"])
        lead = sim.world.master
        assert lead
        assert lead.name == "fw1"


async def test_the_second_firewall_is_not_begun_while_the_first_is_half_done(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster):
        cluster = replace(cluster, timings=replace(cluster.timings, boot=3.0))
        async with watching(cluster) as session:
            sim.fault("upgrade-offered", "fw1")
            sim.fault("upgrade-half-way", "fw2")
            await until(session, lambda now: all(_offered(now, view.name) for view in now.firewalls))
            with pytest.raises(Stopped, match="its upgrade is not finished: stage 2 waits"):
                await patch(session, {**AUTO, "nodes": ["none"], "firewalls": True})
        assert [one.upgrades.starts for one in sim.world.firewalls.values()] == [0, 1]
        assert sim.world.firewalls["fw2"].config.maintenance


def _offered(now: Snapshot, firewall: str) -> bool:
    reading = now.firewall(firewall).upgrade
    return isinstance(reading, Known) and reading.value.offered == "2.8.0"


def test_a_visit_served_at_the_second_try_does_not_count_in_the_average() -> None:
    seen = Visits(1.0).with_answer(Page(200, (), "", 0.2), "http://shop/", 1.0).with_retried(2.0)
    assert seen.latency == "200 ms on average, 200 ms at most"
