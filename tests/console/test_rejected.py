"""A node whose glusterd the others have rejected: it is named, and nobody waits for what no waiting brings."""

from pathlib import Path

import pytest

from console.health import Kind, findings
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, REJOIN
from console.session.runner import Stopped
from tests.conftest import simulated, watching
from tests.console.telling import told, until, well

NAMED = Consent(True, "node2", "a test")


async def test_a_rejoin_ends_at_once_and_says_what_to_mend(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        assert (await (await session.begin(DRAIN, "node2", NAMED)).task).outcome == "done"
        sim.fault("glusterd-rejected", "node2")
        finding = await told(session, "www", "peer-rejected")
        assert "node2 is rejected by the other glusterds" in finding.message
        assert Kind.BRICK_QUORUM not in {one.kind for one in findings(session.picture)}
        running = await session.begin(REJOIN, "node2", NAMED)
        with pytest.raises(Stopped, match=r"have rejected that node, and waiting heals nothing.*Mend it and resume"):
            await running.task
        sim.fault("all-back", "cluster")
        await until(session, lambda now: Kind.PEER_REJECTED not in {one.kind for one in findings(now)})
        (left,) = session.open_runs()
        assert (await (await session.resume(left, NAMED)).task).outcome == "done"
