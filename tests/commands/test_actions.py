"""The actions' command line: how long it waits before it begins, and which run is resumed."""

import time
from pathlib import Path

import pytest

from console.cli import plain
from console.cli.main import main
from console.inventory.paths import journal_dir
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, REBOOT
from console.session.journal import Journal
from console.session.lock import Holder, Locked, holder, holding
from console.session.session import Session
from tests.conftest import busy, handled, simulated


@pytest.mark.parametrize(("fault", "least"), [("node-lost", 0.0), ("node-hung", 5.0)])
async def test_a_dead_node_delays_no_drain_of_another(
    tmp_path: Path, fault: str, least: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Apache's answer is waited for only where a hung node still counts as UP in a pool."""
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.fault(fault, "node1")
        await sim.sleep(8)  # until the health checks of the firewalls have seen it
        session = Session(cluster)
        began = time.monotonic()
        try:
            async with handled(session) as handle:
                assert await plain.act(handle, DRAIN, "node2", Consent(), dry_run=True) is plain.Exit.DONE
        finally:
            await session.close()
    assert time.monotonic() - began < (least + 1.5) * busy()
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
