"""A firewall that a run has left out, and that is back, is told with one key, on any console."""

from pathlib import Path

import pytest

from console.health.facts.membership import Place, place
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, REJOIN, REMOVE
from console.operations.procedures.steps import Operation
from console.operations.remedy import remedy
from console.probes.snapshot import Known, Unknown
from tests.conftest import simulated, watching
from tests.console.telling import told, until, well

NAMED = Consent(True, "node2", "a test")


@pytest.mark.parametrize(("wish", "again"), [(DRAIN, DRAIN), (REMOVE, REMOVE), (REJOIN, REJOIN)])
async def test_another_console_s_run_is_brought_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wish: Operation, again: Operation
) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        async with watching(cluster) as theirs:
            await until(theirs, well)
            if wish is REJOIN:
                await (await theirs.begin(DRAIN, "node2", NAMED)).task
            sim.fault("firewall-lost", "fw2")
            await until(theirs, lambda now: isinstance(now.firewall("fw2").pools, Unknown))
            record = await (await theirs.begin(wish, "node2", NAMED)).task
            assert record.outcome is None, "it is parked: fw2 was left out"
        monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "another"))
        sim.fault("firewall-back", "fw2")
        async with watching(cluster) as ours:
            await until(ours, lambda now: isinstance(now.firewall("fw2").pools, Known))
            finding = await told(ours, "node2", "mixed")
            assert not ours.open_runs(), "this console knows nothing of that run"
            await until(ours, lambda now: remedy(now, finding) is not None)
            assert remedy(ours.picture, finding) == (again, "node2")
            assert (await (await ours.begin(again, "node2", NAMED)).task).outcome == "done"
            out = wish is not REJOIN
            await until(ours, lambda now: place(now, "node2") is (Place.OUT if out else Place.IN))


async def test_where_no_run_is_known_no_key_is_named(tmp_path: Path) -> None:
    """A person may have meant to set it on one firewall only."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        process = sim.world.firewalls["fw1"].haproxy
        assert process
        for server in process.servers:
            if server.name == "node2":
                server.force("drain", sim.world.clock.now)
        finding = await told(session, "node2", "mixed")
        assert remedy(session.picture, finding) is None
