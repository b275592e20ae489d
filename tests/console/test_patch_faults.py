"""A fault in each stage of a patch: what the run says, what the others do meanwhile, and the end after its cure."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from console import steady
from console.health import Kind, findings
from console.health.facts.membership import Place, place
from console.inventory.cluster import Cluster, Patch
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, PATCH
from console.probes.snapshot import Known
from console.session.journal import Record
from console.session.runner import Stopped, Unanswered
from console.session.session import Session
from console.sim import Simulator
from console.sim.jobs import Work
from tests.conftest import busy, watching
from tests.console.kills import sample
from tests.console.telling import until, well
from tests.console.test_meanwhile import Meanwhile
from tests.console.test_patching import UNIT, patch, ready, ready_again, site, updated, waiting

Act = Callable[[Simulator], object]
ONE = {"auto": True, "nodes": ["node2"]}
TWO = {"auto": True, "nodes": ["node2", "node3"]}
AT_ONCE = ("opened", "")


def strikes(name: str, target: str = "node2") -> Act:
    return lambda sim: sim.fault(name, target)


def healed(sim: Simulator) -> None:
    sim.world.gluster.stuck = False


def accepted(sim: Simulator) -> None:
    sim.world.gluster.rejected.clear()


def configured(sim: Simulator) -> None:
    sim.fault("packages-mended", "node2")
    sim.world.galera.members["node2"].bare = False
    sim.world.galera.leave("node2")
    sim.world.galera.start("node2")


def mounted(sim: Simulator) -> None:
    sim.world.nodes["node2"].hardware.at_boot = True
    sim.world.nodes["node2"].hardware.boot()


def roomy(sim: Simulator) -> None:
    sim.world.nodes["node2"].hardware.root.fill(0.3)


@dataclass(frozen=True)
class Fault:
    """`when`: (kind, step) of the line of node2 at which it strikes. `timings`: limits that are shorter here."""

    name: str
    when: tuple[str, str]
    strike: Act
    says: str
    cure: Act
    timings: dict[str, float] = field(default_factory=dict)
    skip: bool = False
    """It is not mended: the node is skipped, and the run goes on."""


STOPS = (
    Fault(
        "a script fails", AT_ONCE, strikes("packages-fail"),
        r"drainboard-packages\.service on node2 has failed \(exit status 100\): .*“.*post-installation script.*”",
        strikes("packages-mended"),
    ),
    Fault(
        "a script fails, and the node is skipped", AT_ONCE, strikes("packages-fail"),
        r"drainboard-packages\.service on node2 has failed \(exit status 100\)", strikes("packages-mended"), skip=True,
    ),
    Fault(
        "killed in the transaction", AT_ONCE, strikes("packages-killed"),
        r"drainboard-packages\.service on node2 has failed \(signal, 9\)", strikes("packages-mended"),
    ),
    Fault(
        "the lock is held", AT_ONCE, strikes("packages-locked"),
        r"has failed \(exit status 100\): .*It is held by process 4711 \(unattended-upgr\)”",
        strikes("packages-mended"),
    ),
    Fault(
        "the disk is full", ("seen", "stop Gluster"), strikes("disk-full"),
        r"has failed \(exit status 100\): “E: You don't have enough free space in /var/cache/apt/archives/\.”", roomy,
    ),
    Fault(
        "it does not come back", ("seen", "updated"), strikes("no-boot"), r"node2 is down, after 20 s",
        strikes("node-back"), {"boot": 20.0},
    ),
    Fault("its glusterd is rejected", ("seen", "reboot"), strikes("glusterd-rejected"),
        "the other glusterds have rejected that node, and waiting heals nothing", accepted),
    Fault(
        "nothing heals", ("seen", "reboot"), strikes("heal-stuck"),
        r"www has [0-9]+ entries to heal, and no progress for 4 s", healed, {"heal": 4.0},
    ),
    Fault(
        "the mount is missing after the boot", AT_ONCE, strikes("mount-not-at-boot"),
        r"Apache on node2 answers the check URL with HTTP 403; /var/www/html is not mounted there, after 12 s",
        mounted, {"fit": 12.0},
    ),
    Fault(
        "MySQL's configuration is replaced", AT_ONCE, strikes("configuration-replaced"),
        r"MySQL on node2 is not configured as before the patch: “wsrep_on=ON” before, .*“wsrep_on=OFF” now", configured,
    ),
)  # fmt: skip


def hooked(session: Session, when: tuple[str, str], act: Callable[[], object]) -> None:
    """Act once, as soon as that line is on disk."""
    left = [act]

    def happens(record: Record) -> None:
        entry = record.entries[-1]
        of_node = entry.facts.get("on", "node2") == "node2"
        if left and of_node and (entry.kind, entry.facts.get("step", "")) == when:
            left.pop()()

    session.journal = Meanwhile(session.journal.folder, happens)


def brief(cluster: Cluster, timings: dict[str, float]) -> Cluster:
    return replace(cluster, timings=replace(cluster.timings, **timings))


async def go_on(session: Session, **how: Any) -> Record:
    (left,) = session.open_runs()
    await ready_again(session)
    return await (await session.resume(left, Consent(True, session.cluster.name, "it is mended"), **how)).task


@pytest.mark.parametrize("fault", sample(STOPS, lambda _: 0, 5), ids=lambda fault: fault.name)
async def test_it_stops_before_the_next_node_and_goes_on_once_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    monkeypatch.setattr("console.session.runner.GUARD_PATIENCE", 4.0)
    async with waiting(tmp_path) as (sim, known):
        async with watching(brief(known, fault.timings)) as session:
            hooked(session, fault.when, lambda: fault.strike(sim))
            with pytest.raises(Stopped, match=fault.says):
                await patch(session, TWO if fault.skip else ONE)
            picture = session.picture
            assert [place(picture, name) for name in ("node1", "node2", "node3")] == [Place.IN, Place.OUT, Place.IN]
            assert set(updated(sim)) <= {"node2"}
            others = [sim.world.galera.members[name] for name in ("node1", "node3")]
            assert all(one.ready for one in others)
            (left,) = session.open_runs()
            assert left.machine == "node2"
        async with watching(known) as session:
            if not fault.skip:
                fault.cure(sim)
            record = await go_on(session, **({"skips": "tomorrow"} if fault.skip else {}))
            assert record.outcome == "done"
            assert updated(sim) == (["node3"] if fault.skip else ["node2"])
            assert place(session.picture, "node2") is Place.IN
            await until(session, well)


async def at_gate(session: Session, options: dict[str, Any]) -> str:
    """The last objection at the first gate; it is agreed to then."""
    await ready(session)
    running = await session.begin(PATCH, session.cluster.name, Consent(confirmed=True), options)
    while session.gate is None and not running.task.done():
        await session.poller.change(0.2)
    assert session.gate, running.notes[-1].message
    saw = session.gate.look().objections[-1].saw
    assert session.gate.agree(Consent(confirmed=True)) == ""
    assert (await running.task).outcome == "done"
    return saw


async def test_after_a_full_copy_the_next_node_is_asked_about(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        sim.fault("copy-needed", "node2")
        saw = await at_gate(session, TWO)
        assert any("; SST from node" in note.message for note in session.events)
        assert saw.startswith("node2 came back by a full copy (SST) from node")
        (record,) = session.journal.records()
        assert "; MySQL got a full copy (SST) from node" in record.steps["node2", "fit"].facts["says"]
        assert record.steps["node3", "fit"].facts["says"].endswith("; no full copy (SST) was seen")
        assert updated(sim) == ["node2", "node3"]


async def test_files_that_packages_leave_beside_the_configuration_are_named(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        packages = sim.world.nodes["node2"].hardware.packages
        packages.beside.append("/etc/apache2/ports.conf.dpkg-dist")
        new = "/etc/mysql/mariadb.cnf.dpkg-dist"
        hooked(session, ("seen", "stop Gluster"), lambda: packages.beside.append(new))
        record = await patch(session, ONE)
        says = record.steps["node2", "updated"].facts["says"]
        assert says.endswith(f"; its packages left {new} beside the configuration: compare them")


async def test_the_end_of_the_window_is_asked_about_before_the_next_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = ["16:59:00"]
    monkeypatch.setattr("console.operations.procedures.hours.clock", lambda _: now[-1])
    async with waiting(tmp_path) as (_, cluster), watching(cluster) as session:
        hooked(session, ("seen", "updated"), lambda: now.append("17:00:00"))
        assert (await at_gate(session, {**TWO, "window": "14:00-17:00"})).startswith("it is 17:00 ")


async def test_a_link_that_is_cut_in_the_transaction_changes_nothing(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        node.work[UNIT] = Work(seconds=100.0)
        hooked(session, ("answered", "packages"), lambda: sim.fault("ssh-cut", "node2"))
        assert (await patch(session, ONE)).outcome == "done"
        assert node.started.count(UNIT) == 1
        assert updated(sim) == ["node2"]


async def test_a_run_waits_while_this_computer_reaches_nobody(tmp_path: Path) -> None:
    """For longer than the step waits else."""
    answers = [200]
    async with waiting(tmp_path) as (sim, known), site(answers) as url:
        slow = busy()
        timings = replace(known.timings, answer=slow, poll=0.5, connect=slow, storage_answer=2 * slow, stop=7 * slow)
        vips = tuple(replace(vip, url=None) for vip in known.vips)
        cluster = replace(known, timings=timings, vips=vips, patch=Patch(visit=(url,)))
        async with watching(cluster) as session:

            def cut() -> None:
                answers.append(0)
                for machine in sim.world.machines.values():
                    machine.cut_ssh(20.0 * 14 * slow)  # its time runs 20 times as fast
                asyncio.get_running_loop().call_later(14 * slow, answers.append, 200)

            hooked(session, ("answered", "stop MySQL"), cut)
            record = await patch(session, ONE)
            assert record.outcome == "done"
            assert updated(sim) == ["node2"]
            assert any("this computer reaches nobody" in note.message for note in session.events)
            assert re.match(r"0 of [0-9]+ visits failed .*; [0-9]+ visits more did not leave this computer",
                            record.steps["node2", "visits"].facts["says"])  # fmt: skip


async def test_a_second_console_begins_nothing_meanwhile(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (_, cluster), watching(cluster) as session, watching(cluster) as second:
        await ready(session)
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), ONE)
        with pytest.raises(NotBegun, match="patch demo"):
            await second.begin(DRAIN, "node3", Consent(True, "node3", "a test"))
        assert (await running.task).outcome == "done"
        assert place(session.picture, "node3") is Place.IN


async def test_a_clock_that_is_set_back_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        real = time.time
        hooked(session, ("seen", "updated"), lambda: monkeypatch.setattr(time, "time", lambda: real() - 3600))
        assert (await patch(session, {**ONE, "soak": 1.0})).outcome == "done"
        assert steady.now() > time.time() + 3000
        assert updated(sim) == ["node2"]


async def test_roles_that_flip_meanwhile_stop_nothing(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        hooked(session, ("seen", "updated"), lambda: sim.fault("firewall-maintenance", "fw1"))
        record = await patch(session, ONE)
        assert record.outcome == "done"
        assert record.steps["node2", "visits"].facts["says"].startswith("0 of ")
        assert place(session.picture, "node2") is Place.IN


async def test_a_firewall_that_dies_is_asked_about_before_the_next_node(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        hooked(session, ("seen", "updated"), lambda: sim.fault("firewall-lost", "fw1"))
        await ready(session)
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), TWO)
        while session.gate is None and not running.task.done():
            await session.poller.change(0.2)
        assert session.gate, running.notes[-1].message
        assert any("fw1" in one.saw for one in session.gate.look().objections)
        session.gate.park()
        with pytest.raises(Unanswered):
            await running.task
        assert updated(sim) == ["node2"]
        assert sim.world.galera.members["node3"].ready
        sim.fault("firewall-back", "fw1")
        await until(session, lambda now: all(isinstance(view.pools, Known) for view in now.firewalls))
        assert (await go_on(session)).outcome == "done"
        assert updated(sim) == ["node2", "node3"]
        await until(session, lambda now: place(now, "node2") is Place.IN)


@pytest.mark.parametrize(
    ("fault", "target", "told"),
    [
        ("disk-full", "node1", "node1 is nearly full: / has "),
        ("clock-off", "node1", "the clocks are apart: node1 is "),
        ("conflicts", "cluster", " transactions a second fail because two nodes write"),
    ],
)
async def test_a_finding_that_is_new_stops_it_before_the_next_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, target: str, told: str
) -> None:
    monkeypatch.setattr("console.session.gate.PATIENCE", 0.5)
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        hooked(session, ("seen", "updated"), lambda: sim.fault(fault, target))
        await ready(session)
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), TWO)
        while session.gate is None and not running.task.done():
            await session.poller.change(0.2)
        assert session.gate, running.notes[-1].message
        (objection,) = session.gate.look().objections
        assert told in objection.saw
        assert objection.clears == "It was not so when the run began: mend it first, or say yes"
        assert session.gate.agree(Consent(confirmed=True)) == ""
        assert (await running.task).outcome == "done"
        assert updated(sim) == ["node2", "node3"]


async def test_a_finding_that_stood_when_it_began_stops_nothing(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        await ready(session)
        sim.fault("clock-off", "node1")
        await until(session, lambda now: any(one.kind is Kind.CLOCKS for one in findings(now)))
        record = await (await session.begin(PATCH, cluster.name, Consent(confirmed=True), TWO)).task
        assert record.outcome == "done"
        assert record.steps["node3", "gate"].facts["overridden"] == []


async def test_one_that_passes_by_itself_calls_nobody(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, cluster), watching(cluster) as session:
        hooked(session, ("seen", "traffic"), lambda: sim.fault("clock-off", "node1"))
        await ready(session)
        running = await session.begin(PATCH, cluster.name, Consent(confirmed=True), TWO)
        while not any("; waited for until " in note.message for note in running.notes) and not running.task.done():
            await session.poller.change(0.1)
        sim.fault("all-back", "cluster")
        assert (await running.task).outcome == "done"
        assert not any(alert.what.startswith("ask") for alert in session.alerts)
