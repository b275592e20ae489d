"""The whole product against each version's PHP, over the wire: out and back again, while somebody saves."""

from pathlib import Path

import pytest

from console.operations.plan import Consent
from console.operations.procedures import REJOIN, REMOVE
from console.sim import Simulator
from console.sim.pfconfig import form_of
from tests.conftest import simulated, watching

YES = Consent(True, "node2", "a test")


@pytest.mark.parametrize(
    ("release", "form"),
    [
        *(("2.4.5-RELEASE", "2.6"), ("2.5.2-RELEASE", "2.6"), ("2.6.0-RELEASE", "2.6"), ("2.7.2-RELEASE", "2.7")),
        *(("2.8.0-RELEASE", "2.8"), ("2.8.1-RELEASE", "2.8"), ("2.9.0-DEVELOPMENT", "master")),
        *(("22.05-RELEASE", "2.6"), ("23.09.1-RELEASE", "2.7"), ("24.11-RELEASE", "2.8"), ("25.07-RELEASE", "2.8")),
    ],
)
def test_the_form_of_a_release(release: str, form: str) -> None:
    assert form_of(release) == form


def statuses(sim: Simulator) -> set[str]:
    """The statuses of node2, in each pool on each firewall."""
    pools = [pool for firewall in sim.world.firewalls.values() for pool in firewall.config.pools]
    return {server.status for pool in pools for server in pool.servers if server.name == "node2"}


@pytest.mark.parametrize("release", ["2.6.0-RELEASE", "2.8.0-RELEASE", "2.9.0-DEVELOPMENT"])
async def test_out_and_back_again_lasts(tmp_path: Path, release: str) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in sim.world.firewalls.values():
            firewall.release = release
            firewall.cached = firewall.config
        sim.world.firewalls["fw1"].drift()  # past the cache
        async with watching(cluster) as session:
            assert (await (await session.begin(REMOVE, "node2", YES)).task).outcome == "done"
            assert statuses(sim) == {"disabled"}
            assert "allow monitoring" in sim.world.firewalls["fw1"].config.rules
            assert (await (await session.begin(REJOIN, "node2", YES)).task).outcome == "done"
        assert statuses(sim) == {"active"}


async def test_what_is_saved_meanwhile_stays_and_what_was_there_before_us_comes_back(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        fw1 = sim.world.firewalls["fw1"]
        backup = {("web", "node2"): "backup"}
        fw1.meanwhile = [fw1.drift, lambda: fw1.persist(backup, "made a backup in the web interface")]
        async with watching(cluster) as session:
            assert (await (await session.begin(REMOVE, "node2", YES)).task).outcome == "done"
            assert not fw1.meanwhile
            assert "allow monitoring" in fw1.config.rules
            assert statuses(sim) == {"disabled"}
            assert (await (await session.begin(REJOIN, "node2", YES)).task).outcome == "done"
        server = fw1.config.server("web", "node2")
        assert server is not None
        assert server.status == "backup"
        assert not fw1.test_copy
