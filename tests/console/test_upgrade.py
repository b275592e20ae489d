"""A firewall is upgraded: over the wire, with its boots, its faults, and a console that dies on the way."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli import rights
from console.health import findings
from console.health.finding import Finding, Kind, Level
from console.inventory.cluster import Cluster, Patch
from console.operations.effects import On
from console.operations.guards import Override, objections
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, PATCH, REJOIN, UPGRADE_FIREWALL
from console.probes.snapshot import Known, Snapshot
from console.session.journal import Record
from console.session.runner import Stopped
from console.session.session import Session
from console.sim import Simulator
from console.sim import upgrade as stand_in
from console.sim.firewall import Firewall
from tests.conftest import simulated, watching
from tests.console.kills import sample
from tests.console.telling import alter, until, well
from tests.console.test_interrupted import Killed, MortalJournal, lines_of
from tests.console.test_meanwhile import Meanwhile
from tests.console.values import CLUSTER

NAMED = Consent(True, "fw1", "a test")
NEW = ("2.8.0-RELEASE", "24.0")


# --- what is found


def found(picture: Snapshot, kind: Kind) -> list[Finding]:
    return [one for one in findings(picture) if one.kind is kind]


async def test_half_done_and_running_upgrades_are_findings(fine: Snapshot) -> None:
    assert not found(fine, Kind.UPGRADE_UNFINISHED)
    (half,) = found(alter(fine, "firewalls", "fw2", "upgrade", stage="2"), Kind.UPGRADE_UNFINISHED)
    assert (half.machine, half.level) == ("fw2", Level.DEGRADED)
    assert half.message == (
        "the upgrade of fw2 is not finished: stage 2 waits for its next boot, and it runs 2.7.2-RELEASE"
    )
    runs = alter(fine, "firewalls", "fw2", "upgrade", stage="2", running=True)
    assert not found(runs, Kind.UPGRADE_UNFINISHED)
    assert [one.level for one in found(runs, Kind.UPGRADING)] == [Level.NOTE]


async def test_two_releases_are_a_note(fine: Snapshot) -> None:
    assert not found(fine, Kind.RELEASES_DIFFER)
    (one,) = found(alter(fine, "firewalls", "fw2", "box", version="2.8.0-RELEASE"), Kind.RELEASES_DIFFER)
    assert one.message == "two releases of pfSense: fw1 runs 2.7.2-RELEASE and fw2 runs 2.8.0-RELEASE"
    assert one.level is Level.NOTE
    box = fine.firewall("fw2").box
    assert isinstance(box, Known)
    assert not found(replace(fine, firewalls=fine.firewalls[:1]), Kind.RELEASES_DIFFER)


# --- the operation


@asynccontextmanager
async def offered(folder: Path, boot: float = 600.0) -> AsyncGenerator[tuple[Simulator, Cluster]]:
    """A cluster for whose firewalls there is a newer version."""
    async with simulated(folder / "sim", speed=20.0) as (sim, cluster):
        for firewall in sim.world.firewalls.values():
            firewall.upgrades.offered = NEW
        yield sim, replace(cluster, timings=replace(cluster.timings, boot=boot))


async def ready(session: Session) -> None:
    every = lambda now: all(isinstance(view.upgrade, Known) for view in now.firewalls)  # noqa: E731
    await until(session, lambda now: well(now) and every(now))


async def upgrade(session: Session, target: str = "fw1") -> Record:
    await ready(session)
    return await (await session.begin(UPGRADE_FIREWALL, target, Consent(True, target, "a test"))).task


def statuses(firewall: Firewall) -> set[str]:
    """Those of node2 in config.xml."""
    return {one.status for pool in firewall.config.pools for one in pool.servers if one.name == "node2"}


def roles(sim: Simulator) -> dict[str, str]:
    return {name: sim.world.carp.role(firewall) for name, firewall in sim.world.firewalls.items()}


@pytest.mark.parametrize("major", [False, True])
async def test_the_master_is_upgraded_as_backup_and_leads_again(tmp_path: Path, major: bool) -> None:
    async with offered(tmp_path) as (sim, cluster), watching(cluster) as session:
        fw1, seen = sim.world.firewalls["fw1"], list[tuple[str, bool]]()
        fw1.upgrades.major = major

        def look(_record: Record) -> None:
            if fw1.upgrades.running or fw1.upgrades.stage:
                seen.append((roles(sim)["fw1"], fw1.config.maintenance))

        session.journal = Meanwhile(session.journal.folder, look)
        record = await upgrade(session)
        assert record.outcome == "done"
        assert set(seen) == {("BACKUP", True)}
        assert (fw1.release, fw1.upgrades.stage, fw1.upgrades.starts) == ("2.8.0-RELEASE", "", 1)
        assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}
        assert not fw1.config.maintenance
        asked = [entry.facts["step"] for entry in record.entries if entry.kind == "sending"]
        assert asked == ["enter maintenance", "upgraded", "leave maintenance"]
        assert record.steps["fw1", "upgraded"].facts["says"] == "fw1 runs 2.8.0-RELEASE, before 2.7.2-RELEASE"
        assert "visits failed since" in str(record.steps["fw1", "all visits"].facts["says"])
        assert not session.open_runs()


async def test_both_are_upgraded_one_after_the_other(tmp_path: Path) -> None:
    """Between the two their versions differ, which stands against nothing here."""
    async with offered(tmp_path) as (sim, cluster), watching(cluster) as session:
        assert (await upgrade(session, "fw2")).outcome == "done"
        await until(session, lambda now: bool(found(now, Kind.VERSIONS_DIFFER)))
        assert [one.saw for one in session.plan(UPGRADE_FIREWALL, "fw1").objections] == []
        running = await session.begin(UPGRADE_FIREWALL, "fw1", NAMED)
        assert (await running.task).outcome == "done"
        assert {one.release for one in sim.world.firewalls.values()} == {"2.8.0-RELEASE"}
        await until(session, well)


async def test_a_drain_between_the_two_is_written_on_both_and_synced_to_neither(tmp_path: Path) -> None:
    """pfSense's own sync is off between two versions, and the HAProxy package's would carry the pools across."""
    async with offered(tmp_path) as (sim, cluster), watching(cluster) as session:
        assert (await upgrade(session, "fw2")).outcome == "done"
        await until(session, lambda now: bool(found(now, Kind.VERSIONS_DIFFER)))
        synced = {name: one.haproxy for name, one in sim.world.firewalls.items()}
        plan = session.plan(DRAIN, "node2")
        assert [one.sentence for one in plan.objections if "versions" in one.sentence] == [
            "the firewalls have different configuration versions (fw1 23.3 and fw2 24.0). Upgrade the other one first,"
            " or say yes: each is written by itself, and nothing is synced."
        ]
        assert not [words for words, _ in plan.steps if "reloaded by the sync" in words]
        record = await (await session.begin(DRAIN, "node2", NAMED)).task
        sent = {entry.facts["step"]: entry.facts["within"] for entry in record.entries if entry.kind == "sending"}
        assert set(sent["out in config.xml"]) == {"fw1", "fw2"}
        for name, firewall in sim.world.firewalls.items():
            assert statuses(firewall) == {"disabled"}
            assert firewall.haproxy is synced[name], "no sync has reloaded it"
        record = await (await session.begin(REJOIN, "node2", NAMED)).task
        assert record.outcome == "done"
        for firewall in sim.world.firewalls.values():
            assert statuses(firewall) == {"active"}


async def test_one_that_finds_nothing_to_do_stops_in_maintenance_and_says_so(tmp_path: Path) -> None:
    async with offered(tmp_path) as (sim, cluster), watching(cluster) as session:
        fw1 = sim.world.firewalls["fw1"]
        fw1.upgrades.fault = stand_in.NOTHING
        with pytest.raises(Stopped, match=r"has ended, and it runs 2.7.2-RELEASE as before: “Your packages are up to"):
            await upgrade(session)
        assert (fw1.config.maintenance, roles(sim)["fw1"]) == (True, "BACKUP")
        fw1.upgrades.fault = ""
        (left,) = session.open_runs()
        assert (await (await session.resume(left, NAMED)).task).outcome == "done"
        assert (fw1.release, fw1.upgrades.starts) == ("2.8.0-RELEASE", 2)


async def test_one_that_stops_half_way_is_said_once_it_is_up_for_long(tmp_path: Path) -> None:
    async with offered(tmp_path, boot=3.0) as (sim, cluster), watching(cluster) as session:
        fw1 = sim.world.firewalls["fw1"]
        fw1.upgrades.fault = stand_in.STOPS
        with pytest.raises(Stopped, match=r"stage 2 waits, and it runs 2.7.2-RELEASE; see /cf/conf/upgrade_log.txt"):
            await upgrade(session)
        assert (fw1.config.maintenance, roles(sim)["fw1"]) == (True, "BACKUP")
        await until(session, lambda now: bool(found(now, Kind.UPGRADE_UNFINISHED)))
        fw1.upgrades.fault = ""
        fw1.reboot()  # which goes on with it
        await until(session, lambda _: fw1.release == "2.8.0-RELEASE" and fw1.running)
        (left,) = session.open_runs()
        assert (await (await session.resume(left, NAMED)).task).outcome == "done"
        assert fw1.upgrades.starts == 1
        assert roles(sim)["fw1"] == "MASTER"


async def test_one_that_has_lost_its_haproxy_package_stays_in_maintenance(tmp_path: Path) -> None:
    async with offered(tmp_path) as (sim, cluster), watching(cluster) as session:
        fw1 = sim.world.firewalls["fw1"]
        fw1.upgrades.fault = stand_in.LOSES
        with pytest.raises(Stopped, match="pfSense-pkg-haproxy is gone from fw1: the new release has none"):
            await upgrade(session)
        assert (fw1.config.maintenance, roles(sim)["fw1"]) == (True, "BACKUP")
        fw1.upgrades.package = f"{stand_in.PACKAGE} 0.63_5"
        fw1.reload()
        (left,) = session.open_runs()
        assert (await (await session.resume(left, NAMED)).task).outcome == "done"


@pytest.mark.parametrize(
    ("field", "change", "saw", "override"),
    [
        ("fw1", {"offered": ""}, "fw1 runs 2.7.2-RELEASE, and found no newer version", Override.NEVER),
        ("fw1", {"offered": None}, "whether there is a newer version", Override.CONFIRM),
        ("fw1", {"stage": "3"}, "an upgrade of fw1 is not finished (stage 3)", Override.NEVER),
        ("fw2", {"stage": "3"}, "an upgrade of fw2 is not finished (stage 3)", Override.NEVER),
        ("fw1", {"stage": None}, "whether an upgrade of fw1 is unfinished", Override.NEVER),
        ("fw2", {"running": True}, "an upgrade of fw2 runs already", Override.NEVER),
        ("fw1", {"free": 300 << 20}, "/ of fw1 has 300 MiB free", Override.NAME_AND_REASON),
        ("fw1", {"free": None}, "how much room there is on fw1", Override.CONFIRM),
    ],
)
async def test_what_stands_against_it(
    fine: Snapshot, field: str, change: dict[str, object], saw: str, override: Override
) -> None:
    for name in ("fw1", "fw2"):
        fine = alter(fine, "firewalls", name, "upgrade", offered="2.8.0")
    before = objections(fine, UPGRADE_FIREWALL.effects, "fw1", On.FIREWALL)
    now = alter(fine, "firewalls", field, "upgrade", **change)
    after = objections(now, UPGRADE_FIREWALL.effects, "fw1", On.FIREWALL)
    assert [one.override for one in after if one not in before and one.saw.startswith(saw)] == [override]


async def test_changes_that_wait_on_the_other_one_stand_against_it(fine: Snapshot) -> None:
    dirty = alter(fine, "firewalls", "fw2", "box", unapplied=("filter",))
    saw = [one.saw for one in objections(dirty, UPGRADE_FIREWALL.effects, "fw1", On.FIREWALL)]
    assert "fw2 holds changes that nobody has applied: filter" in saw


async def test_without_a_newer_version_nothing_is_begun(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        with pytest.raises(NotBegun, match="found no newer version"):
            await upgrade(session)
        assert not sim.world.firewalls["fw1"].upgrades.starts


def test_its_rights_are_those_of_patching() -> None:
    held = rights.rights(CLUSTER, "fw1")
    (start,) = held.patch
    assert "pfSense-upgrade -y" in start.argv[2]
    assert not [run for run in held.act if "pfSense-upgrade" in " ".join(run.argv)]


WHOLE = (
    "opened found sending answered seen seen found seen seen found sending answered seen seen seen "
    "sending answered seen seen found seen seen closed"
)
POINTS = [(line, written) for line in range(2, len(WHOLE.split()) + 1) for written in (False, True)]


async def test_the_lines_of_a_run(tmp_path: Path) -> None:
    async with offered(tmp_path) as (_, cluster), watching(cluster) as session:
        assert lines_of(await upgrade(session)) == WHOLE


@pytest.mark.parametrize(("line", "written"), sample(POINTS, lambda _: 0, 4))
async def test_killed_at_each_line(tmp_path: Path, line: int, written: bool) -> None:
    """Whenever the console dies: the upgrade is begun once, and a resume ends as it should."""
    async with offered(tmp_path) as (sim, cluster):
        async with watching(cluster) as session:
            await ready(session)
            session.journal = MortalJournal(session.journal.folder, line, written)
            with pytest.raises(Killed):
                await (await session.begin(UPGRADE_FIREWALL, "fw1", NAMED)).task
        async with watching(cluster) as session:
            for left in session.open_runs():
                await session.ready(UPGRADE_FIREWALL, "fw1", 10.0, resumed=True)
                assert (await (await session.resume(left, NAMED)).task).outcome == "done"
            fw1 = sim.world.firewalls["fw1"]
            assert (fw1.release, fw1.upgrades.starts) == ("2.8.0-RELEASE", 1)
            assert not fw1.config.maintenance
            assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}


BOTH = {"auto": True, "firewalls": True, "nodes": ["none"]}
"""A patch of the firewalls alone."""
ONE = WHOLE.split()[1:-2]
IN_TURN = " ".join(["opened", *ONE, "agreed", *ONE, "seen", "closed"])
"""Without the visits of the first, with the gate of the second."""
LINES = [(line, written) for line in range(2, len(IN_TURN.split()) + 1) for written in (False, True)]


async def patch(session: Session) -> Record:
    """Begin it, or go on with the open one."""
    named = Consent(True, session.cluster.name, "a test")
    left = session.open_runs()
    await session.ready(PATCH, session.cluster.name, 60.0, resumed=bool(left))
    running = await (
        session.resume(left[0], named) if left else session.begin(PATCH, session.cluster.name, named, BOTH)
    )
    while not running.task.done():
        if session.gate is not None:  # an objection that a busy machine brings
            session.gate.agree(named._replace(typed="fw1"))
        await asyncio.wait({running.task}, timeout=0.2)
    return running.task.result()


async def test_the_lines_of_a_patch_of_both(tmp_path: Path) -> None:
    async with offered(tmp_path) as (_, cluster), watching(cluster) as session:
        await ready(session)
        record = await patch(session)
        said = [(one.kind, one.facts.get("on"), one.facts.get("step", at)) for at, one in enumerate(record.entries)]
        assert " ".join(kind for kind, *_ in dict.fromkeys(said)) == IN_TURN


@pytest.mark.parametrize(("line", "written"), sample(LINES, lambda _: 0, 4))
async def test_a_patch_of_both_is_killed_at_each_line(tmp_path: Path, line: int, written: bool) -> None:
    """Whenever the console dies: one of them leads, each upgrade is begun once, and a resume ends as it should."""
    async with offered(tmp_path) as (sim, cluster):
        firewalls = sim.world.firewalls.values()
        async with watching(cluster) as session:
            await ready(session)
            session.journal = MortalJournal(session.journal.folder, line, written)
            with pytest.raises(Killed):
                await patch(session)
        assert "MASTER" in roles(sim).values()
        async with watching(cluster) as session:
            if session.open_runs():
                assert (await patch(session)).outcome == "done"
            assert [(one.release, one.upgrades.starts) for one in firewalls] == [("2.8.0-RELEASE", 1)] * 2
            assert not any(one.config.maintenance for one in firewalls)
            assert roles(sim) == {"fw1": "MASTER", "fw2": "BACKUP"}
            assert not session.open_runs()


@pytest.mark.parametrize("block", [(), ("/usr/local/sbin/busy",)])
def test_the_first_firewall_has_a_gate_where_the_inventory_may_say_not_now(block: tuple[str, ...]) -> None:
    cluster = replace(CLUSTER, patch=Patch(block=block))
    options = {"nodes": ["none"], "firewalls": True, "turns": ["fw2", "fw1"]}
    gates = [step.on for step in PATCH.steps(cluster, cluster.name, options) if step.gate]
    assert gates == (["fw2", "fw1"] if block else ["fw1"])
