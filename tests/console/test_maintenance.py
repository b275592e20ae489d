"""A firewall goes into CARP maintenance and out of it, over the wire, and is taken back where the site is gone."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.health.facts.membership import master, pools_of
from console.operations.effects import On
from console.operations.guards import Override, objections
from console.operations.plan import Consent
from console.operations.procedures import END_MAINTENANCE, MAINTAIN, REBOOT_FIREWALL
from console.operations.procedures.maintenance import in_maintenance, visited
from console.operations.procedures.steps import Intent, Operation, Step
from console.operations.remedy import remedy
from console.probes.snapshot import Known, Snapshot, Unknown
from console.session.journal import Record
from console.session.runner import Stopped, TakenBack
from console.session.session import Session
from console.sim import Simulator
from tests.conftest import simulated, watching
from tests.console.kills import sample
from tests.console.telling import alter, put, told, until, well
from tests.console.test_interrupted import Killed, MortalJournal, lines_of
from tests.console.test_meanwhile import Meanwhile

NAMED = Consent(True, "fw1", "a test")


def roles(sim: Simulator) -> dict[str, str]:
    return {name: sim.world.carp.role(firewall) for name, firewall in sim.world.firewalls.items()}


async def run(session: Session, one: Operation, target: str = "fw1") -> Record:
    return await (await session.begin(one, target, NAMED)).task


async def test_on_and_off_again(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        record = await run(session, MAINTAIN)
        assert record.outcome == "done"
        assert roles(sim) == {"fw1": "BACKUP", "fw2": "MASTER"}
        fw1 = sim.world.firewalls["fw1"]
        assert fw1.config.maintenance
        assert fw1.advskew == 254
        says = record.steps["fw1", "visits"].facts["says"]
        assert says == "wan and lan served 10 visits of 10 through fw2"
        finding = await told(session, "fw1", "maintenance")
        assert "(drainboard)" in finding.message
        assert " since 20" in finding.message
        assert (await run(session, END_MAINTENANCE)).outcome == "done"
        assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}
        assert not fw1.config.maintenance
        assert not session.open_runs()


async def blocked(session: Session, sim: Simulator) -> Record:
    """Begins, or goes on with what is open, while fw2 lets no visitor in."""
    sim.fault("visitors-blocked", "fw2")
    left = session.open_runs()
    running = await (session.resume(left[0], NAMED) if left else session.begin(MAINTAIN, "fw1", NAMED))
    with pytest.raises(TakenBack):
        await running.task
    return session.journal.records()[-1]


async def test_where_a_visit_fails_it_is_taken_back_at_once(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        record = await blocked(session, sim)
        assert lines_of(record) == BLOCKED
        assert record.outcome == "taken back"
        assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}
        assert not sim.world.firewalls["fw1"].config.maintenance
        assert not session.open_runs()
        newest = session.newest
        assert newest
        assert newest.ended == "taken back"
        assert newest.final
        assert "a visit of " in newest.final.message
        assert newest.final.message.endswith("It is taken back: fw1 is CARP MASTER of every address, as configured")


async def test_where_the_roles_do_not_move_it_is_taken_back(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)

        def demote(record: Record) -> None:
            if record.entries[-1].kind == "sending":
                sim.world.firewalls["fw2"].demotion = 240

        session.journal = Meanwhile(session.journal.folder, demote)
        running = await session.begin(MAINTAIN, "fw1", NAMED)
        with pytest.raises(TakenBack, match="the roles have not moved: fw1 is CARP MASTER and carries the traffic"):
            await running.task
        assert roles(sim)["fw1"] == "MASTER"
        assert not sim.world.firewalls["fw1"].config.maintenance


async def test_what_can_not_be_taken_back_stays_open_and_is_taken_back_by_a_resume(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("visitors-blocked", "fw2")

        def cut(record: Record) -> None:
            if record.entries[-1].kind == "failed" and record.taken_back:
                sim.fault("firewall-lost", "fw1")

        session.journal = Meanwhile(session.journal.folder, cut)
        await session.begin(MAINTAIN, "fw1", NAMED)
        await until(session, lambda _: any(note.step == "leave maintenance" for note in session.events))
        await session.stop()
        (record,) = session.open_runs()
        assert record.taken_back == ("fw1", "visits")
        sim.fault("firewall-back", "fw1")
        sim.world.firewalls["fw1"].maintain(True)  # with its power came the end of all that was done to it
        await until(session, lambda now: isinstance(now.firewall("fw1").config, Known))
        sim.world.firewalls["fw2"].haproxy = None  # against beginning there would be no way round
        await until(session, lambda now: (pools := pools_of(now, "fw2")) is not None and not pools.running)
        plan = session.plan_again(record)
        assert not plan.objections
        assert [says for says, _ in plan.steps] == [
            "leave CARP maintenance on fw1: it may lead again at once",
            "see the roles as CARP is configured",
        ]
        with pytest.raises(TakenBack):
            await (await session.resume(record, NAMED)).task
        assert not sim.world.firewalls["fw1"].config.maintenance


BLOCKED = "opened sending answered seen seen found failed sending answered seen seen closed"
POINTS = [(line, written) for line in range(2, len(BLOCKED.split()) + 1) for written in (False, True)]


@pytest.mark.parametrize(("line", "written"), sample(POINTS, lambda _: 0, 5))
async def test_killed_at_each_line_of_a_run_that_is_taken_back(tmp_path: Path, line: int, written: bool) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        async with watching(cluster) as session:
            await until(session, well)
            sim.fault("visitors-blocked", "fw2")
            session.journal = MortalJournal(session.journal.folder, line, written)
            with pytest.raises(Killed):
                await (await session.begin(MAINTAIN, "fw1", NAMED)).task
        async with watching(cluster) as session:
            if session.open_runs():
                record = await blocked(session, sim)
                assert record.outcome == "taken back"
            else:
                assert (line, written) == POINTS[-1]
            assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}
            assert not sim.world.firewalls["fw1"].config.maintenance


async def test_a_mode_that_somebody_else_switched_on_is_not_taken_back(tmp_path: Path) -> None:
    """The step found it so and sent nothing."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("visitors-blocked", "fw2")
        fw1 = sim.world.firewalls["fw1"]
        session.journal = Meanwhile(
            session.journal.folder, lambda record: fw1.maintain(True, "admin") if len(record.entries) == 1 else None
        )
        running = await session.begin(MAINTAIN, "fw1", NAMED)
        with pytest.raises(Stopped, match="put fw1 back"):
            await running.task
        assert fw1.config.maintenance
        assert fw1.config.username == "admin"


async def test_who_switched_it_on_in_the_web_interface_is_said(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("firewall-maintenance", "fw1")
        finding = await told(session, "fw1", "maintenance")
        assert " by “admin@10.20.0.50 (Local Database)”: it stays BACKUP" in finding.message
        sim.world.firewalls["fw1"].drift()  # a later change, and the text is in the backups
        await until(
            session,
            lambda now: (
                isinstance(kept := now.firewall("fw1").revisions, Known)
                and bool([one for one in kept.value.last if "Enter" in one.text])
            ),
        )
        again = await told(session, "fw1", "maintenance")
        assert again.message == finding.message


# --- reboot


async def test_a_firewall_is_rebooted_as_backup_and_leads_again(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        fw1, led = sim.world.firewalls["fw1"], list[str]()
        before = fw1.boot_id

        def lead(_record: Record) -> None:
            led.append(sim.world.master.name if sim.world.master else "nobody")

        session.journal = Meanwhile(session.journal.folder, lead)
        record = await run(session, REBOOT_FIREWALL)
        assert record.outcome == "done"
        assert fw1.boot_id != before
        assert list(dict.fromkeys(led)) == ["fw1", "fw2", "fw1"] or led[-1] == "fw1"
        assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}
        assert not fw1.config.maintenance
        asked = [entry.facts["step"] for entry in record.entries if entry.kind == "sending"]
        assert asked == ["enter maintenance", "reboot", "leave maintenance"]


async def test_one_that_was_found_in_maintenance_stays_there(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("firewall-maintenance", "fw1")
        await until(session, lambda now: in_maintenance(now, "fw1") and master(now) == "fw2")
        record = await run(session, REBOOT_FIREWALL)
        assert record.outcome == "done"
        assert sim.world.firewalls["fw1"].config.maintenance
        assert roles(sim) == {"fw1": "BACKUP", "fw2": "MASTER"}


async def test_it_waits_in_maintenance_until_it_could_lead(tmp_path: Path) -> None:
    """Its HAProxy does not run after the boot: nothing gives it the roles."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        fw1 = sim.world.firewalls["fw1"]
        reload, fw1.reload = fw1.reload, lambda: None
        await session.begin(REBOOT_FIREWALL, "fw1", NAMED)
        await until(
            session, lambda _: any("the load balancer does not run on fw1" in one.message for one in session.events)
        )
        assert fw1.config.maintenance
        assert roles(sim) == {"fw1": "BACKUP", "fw2": "MASTER"}
        assert session.running
        fw1.reload = reload
        reload()
        assert (await session.running.task).outcome == "done"
        assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}


@pytest.mark.parametrize(("one", "line"), [(MAINTAIN, 1), (REBOOT_FIREWALL, 1), (REBOOT_FIREWALL, 9)])
async def test_where_the_other_one_can_lead_no_more_nothing_is_sent(tmp_path: Path, one: Operation, line: int) -> None:
    """It was ready when the run was planned: the step asks again. Line 9: the roles have moved, the boot is next."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        fw1, fw2 = sim.world.firewalls["fw1"], sim.world.firewalls["fw2"]

        def disable(record: Record) -> None:
            if len(record.entries) == line:
                fw2.allow = False

        session.journal = Meanwhile(session.journal.folder, disable)
        before = fw1.boot_id
        await session.begin(one, "fw1", NAMED)
        await until(session, lambda _: any("CARP is disabled on fw2" in note.message for note in session.events))
        await session.stop()
        (record,) = session.open_runs()
        asked = [entry.facts["step"] for entry in record.entries if entry.kind == "sending"]
        assert asked == ([] if line == 1 else ["enter maintenance"])
        assert fw1.boot_id == before


async def test_m_helps_against_maintenance_unless_its_balancer_does_not_run(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("firewall-maintenance", "fw1")
        finding = await told(session, "fw1", "maintenance")
        await until(session, lambda now: remedy(now, finding) == (END_MAINTENANCE, "fw1"))
        sim.world.firewalls["fw1"].haproxy = None
        await until(session, lambda now: remedy(now, finding) is None)


async def test_roles_that_can_not_be_seen_are_waited_for(tmp_path: Path) -> None:
    """The console's own way may lead through the firewalls: what it does not see has not failed."""

    def brief(*given: Any) -> tuple[Step, ...]:
        steps = MAINTAIN.steps(*given)
        return tuple(replace(step, timeout=lambda _timings: 1.0) if step.name == "roles" else step for step in steps)

    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        fw1, fw2 = sim.world.firewalls.values()

        def cut(record: Record) -> None:
            last = record.entries[-1]
            if (last.kind, last.facts.get("step")) == ("seen", "enter maintenance"):
                fw2.lead(fw1)

        session.journal = Meanwhile(session.journal.folder, cut)
        running = await session.begin(replace(MAINTAIN, steps=brief), "fw1", NAMED)
        await until(session, lambda _: any("CARP of fw2 is not known" in note.message for note in running.notes))
        began = time.monotonic()
        while time.monotonic() - began < 3.0:  # longer than the step may take once all is seen
            await session.change()
        fw2.lead(None)
        assert (await running.task).outcome == "done"


async def test_a_visit_from_a_machine_that_is_cut_off_is_no_failed_visit(fine: Snapshot) -> None:
    """A machine that the console can't reach tells nothing about the visitors."""
    vips = tuple(replace(vip, via="node3") for vip in fine.cluster.vips)
    picture = replace(fine, cluster=replace(fine.cluster, vips=vips))
    picture = put(picture, "vips", "wan", visit=Unknown("no way to node3", 9.0, 8.0))
    step, intent = visited("visits"), Intent(picture.cluster, "fw1", MAINTAIN)
    assert (step.done(picture, intent).failed, step.done(picture, intent).unseen) == (True, False)
    picture = put(picture, "nodes", "node3", host=Unknown("no answer", 9.0, 8.0))
    assert (step.done(picture, intent).failed, step.done(picture, intent).unseen) == (False, True)


@pytest.mark.parametrize("way", [{"hops": ("fw1's key",)}, {"router": "10.20.0.2"}])
async def test_who_is_reached_through_the_firewall_is_named(fine: Snapshot, way: dict[str, Any]) -> None:
    effects = REBOOT_FIREWALL.effects
    before = [one.saw for one in objections(fine, effects, "fw1", On.FIREWALL)]
    picture = alter(fine, "firewalls", "fw1", "identity", host_key="fw1's key")
    for name in ("node2", "node3"):
        picture = alter(picture, "nodes", name, "identity", **way)
    found = objections(picture, effects, "fw1", On.FIREWALL)
    assert [(one.saw, one.override) for one in found if one.saw not in before] == [
        ("this console reaches node2 and node3 through fw1", Override.CONFIRM)
    ]
    assert not [one for one in objections(picture, effects, "fw2", On.FIREWALL) if "reaches" in one.saw]
