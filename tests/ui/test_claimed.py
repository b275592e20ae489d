"""Another console, on another machine, is at work on this cluster: it is seen, and nothing is begun beside it."""

from pathlib import Path

import pytest

from console.operations.plan import Consent
from console.operations.procedures import DRAIN
from console.sim import Simulator
from tests.conftest import brisk, watching

from .conftest import cluster_of, shown


async def test_who_is_at_work_is_on_the_screen_and_in_the_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Simulator(tmp_path / "sim", timings=brisk()) as sim, shown(cluster_of(sim)) as seen:
        await seen.well()
        monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "elsewhere"))
        async with watching(cluster_of(sim)) as other:
            for firewall in sim.world.firewalls.values():
                for server in firewall._servers:
                    server.sessions = 1e9
            running = await other.begin(DRAIN, "node3", Consent(confirmed=True))
            await seen.until(lambda: "is at work: drain node3; wait until it ends" in seen.text)
            seen.screen.pane.selected = "node2"
            await seen.press("x")
            await seen.until(lambda: bool(seen.dialog) and "is at work on fw1" in seen.dialog)
            assert not seen.session.journal.records()
            await seen.press("escape")
            running.task.cancel()
            await seen.until(lambda: "is at work" not in seen.text)
