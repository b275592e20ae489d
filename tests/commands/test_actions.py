"""The actions' command line: how long it waits before it begins, and which run is resumed."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli import plain
from console.cli.main import main
from console.inventory.paths import journal_dir
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, END_MAINTENANCE, MAINTAIN, REBOOT, REBOOT_FIREWALL
from console.session.journal import Journal
from console.session.lock import Holder, Locked, holder, holding
from console.session.session import Session
from tests.conftest import handled, simulated


@pytest.mark.parametrize(
    ("fault", "endless"), [("node-lost", ("answer", "slow_answer")), ("node-hung", ("slow_answer",))]
)
async def test_a_dead_node_delays_no_drain_of_another(
    tmp_path: Path, fault: str, endless: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Apache's answer is waited for only where a hung node still counts as UP in a pool."""
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.fault(fault, "node1")
        await sim.sleep(8)  # until the health checks of the firewalls have seen it
        session = Session(replace(cluster, timings=replace(cluster.timings, **dict.fromkeys(endless, 900.0))))
        try:
            async with handled(session) as handle:
                assert await plain.act(handle, DRAIN, "node2", Consent(), dry_run=True) is plain.Exit.DONE
        finally:
            await session.close()
    assert "take node2 out" in capsys.readouterr().out


async def test_the_newest_open_run_of_a_node_is_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        session = Session(cluster)
        for action, node in ((REBOOT, "node2"), (DRAIN, "node2"), (DRAIN, "node3")):
            session.journal.open(node, action.name)
        async with handled(session) as handle:
            assert await plain.resume(handle, "node2", Consent(confirmed=True)) is plain.Exit.DONE
            assert [(one.target, one.operation) for one in session.open_runs()] == [
                ("node2", "reboot"),
                ("node3", "drain"),
            ]
            said = capsys.readouterr().out
            assert "node2 has 2 open runs; the newest goes on: drain node2" in said
            assert await plain.resume(handle, "node1", Consent()) is plain.Exit.DONE
            assert "nothing is open for node1" in capsys.readouterr().out
            await handle.close()


def written(folder: Path) -> Path:
    """An inventory of addresses where nobody is."""
    path = folder / "inventory.toml"
    path.write_text(
        "[cluster.web1.firewalls]\nfw1 = '192.0.2.1'\nfw2 = '192.0.2.2'\n"
        "[cluster.web1.nodes]\nnode1 = '192.0.2.11'\nnode2 = '192.0.2.12'\n"
    )
    return path


def test_a_run_of_another_process_is_under_way_and_not_interrupted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory = written(tmp_path)
    journal = Journal(journal_dir() / "web1")
    for node in ("node1", "node2"):
        journal.write(journal.open(node, "drain"), "sending", step="out in config.xml")
    with holding(journal.folder / "lock", "root@vm: drain node2"):
        assert main(["-i", str(inventory), "runs"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(
        "cut off at “out in config.xml” with its orders on their way: resuming sees whether they have arrived"
    )
    assert second.endswith("under way: root@vm carries it out; wait until it ends")
    assert main(["-i", str(inventory), "runs"]) == 0
    assert capsys.readouterr().out.count("cut off at “out in config.xml”") == 2


def test_nobody_holds_a_lock_that_is_only_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert holder(path) is None
    with holding(path, "root@vm: drain node2"):
        assert holder(path) == Holder("root@vm", "drain node2")
        with pytest.raises(Locked, match="root@vm: drain node2 is working on this cluster"), holding(path, "me"):
            pass
    assert path.read_text() == "root@vm: drain node2"
    assert holder(path) is None
    with holding(path, "me: undo node2"):
        pass


@pytest.mark.parametrize("more", [[], ["demo"], ["--theme", "nope"]])
def test_without_a_terminal_there_is_no_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    inventory = written(tmp_path)
    assert main(["-i", str(inventory), *more]) == 4
    said = capsys.readouterr()
    assert said.err == "drainboard: the screen needs a terminal; `drainboard status` needs none\n"
    assert said.out == ""


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert all(f"    {name}" in said for name in ("status", "check", "sudoers", "grants", "drain", "resume", "runs"))


async def test_maintenance_of_a_firewall_goes_on_and_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        session = Session(cluster)
        async with handled(session) as handle:
            assert await plain.act(handle, MAINTAIN, "fw1", Consent(True), dry_run=True) is plain.Exit.DONE
            said = capsys.readouterr().out
            assert "maintenance on fw1: nothing is sent, this is what would be" in said
            assert (
                "1. enter persistent CARP maintenance on fw1: fw2 leads, also after a boot of fw1; taken back" in said
            )
            assert "ok  fw2's balancer serves: 6 of 6 UP (must be: as fw1)" in said
            assert "interfaces_carp_set_maintenancemode" in said
            assert await plain.act(handle, REBOOT_FIREWALL, "fw2", Consent(True), dry_run=True) is plain.Exit.DONE
            assert "5. reboot fw2 and see it come back with another boot time" in capsys.readouterr().out
            assert said.rstrip().endswith("The other one must not be lost.")
            assert not sim.world.firewalls["fw1"].config.maintenance
            assert await plain.act(handle, MAINTAIN, "fw1", Consent(True), dry_run=False) is plain.Exit.DONE
            assert sim.world.firewalls["fw1"].config.maintenance
            assert await plain.act(handle, MAINTAIN, "fw1", Consent(True), dry_run=False) is plain.Exit.NOT_BEGUN
            assert "fw1 is in maintenance already since " in capsys.readouterr().out
            assert await plain.act(handle, MAINTAIN, "fw2", Consent(True), dry_run=False) is plain.Exit.NOT_BEGUN
            assert "fw1 is in persistent CARP maintenance mode. Mend that on fw1 first." in capsys.readouterr().out
            assert await plain.act(handle, END_MAINTENANCE, "fw1", Consent(True), dry_run=False) is plain.Exit.DONE
            await handle.close()


async def test_a_run_that_is_taken_back_has_a_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        sim.fault("visitors-blocked", "fw2")
        session = Session(cluster)
        async with handled(session) as handle:
            assert await plain.act(handle, MAINTAIN, "fw1", Consent(True), dry_run=False) is plain.Exit.TAKEN_BACK
            said = capsys.readouterr().out
            assert "It is taken back: fw1 is CARP MASTER of every address, as configured" in said
            assert "resume it with" not in said
            await handle.close()


def test_maintenance_says_on_or_off_and_is_a_firewall_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inventory = str(written(tmp_path))
    assert main(["-i", inventory, "maintenance", "web1", "node1", "on"]) == plain.Exit.USAGE
    assert "cluster web1 has no firewall node1; allowed: fw1, fw2" in capsys.readouterr().err
    for words in (["fw1"], ["fw1", "perhaps"]):
        with pytest.raises(SystemExit) as ended:
            main(["-i", inventory, "maintenance", "web1", *words])
        assert ended.value.code == plain.Exit.USAGE
    assert main(["-i", inventory, "resume", "web1", "nobody"]) == plain.Exit.USAGE
    assert "cluster web1 has no node nobody" in capsys.readouterr().err


async def said_by(inventory: Path, *words: str) -> tuple[int, str]:
    """The program itself, as a process of its own."""
    argv = (sys.executable, "-m", "console", "-i", str(inventory), *words)
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_undo_of_a_firewall_ends_its_maintenance(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        fw1, name = sim.world.firewalls["fw1"], cluster.name
        code, said = await said_by(sim.inventory, "undo", name, "fw1", "--yes")
        assert code == plain.Exit.NOT_BEGUN
        assert "fw1 is not in maintenance. There is nothing to leave." in said
        code, _ = await said_by(sim.inventory, "maintenance", name, "fw1", "on", "--yes")
        assert (code, fw1.config.maintenance) == (0, True)
        code, said = await said_by(sim.inventory, "undo", name, "fw1", "--yes")
        assert (code, fw1.config.maintenance) == (0, False), said
        assert "maintenance off fw1: done" in said
        code, said = await said_by(sim.inventory, "undo", name, "node2", "--dry-run")
        assert "undo node2: nothing is sent" in said


def test_a_machine_is_skipped_with_a_reason_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["resume", "web1", "web1", "--skip", "--yes", "--reason", " "])
    assert ended.value.code == plain.Exit.USAGE
    assert "--skip needs --reason TEXT" in capsys.readouterr().err
