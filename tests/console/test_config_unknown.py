"""config.xml is the second source: where it can't be read a node is taken out at run time all the same, with a yes."""

from dataclasses import replace
from pathlib import Path

from console.health import Kind
from console.health.facts.membership import memberships
from console.inventory.cluster import Cluster
from console.operations.guards import Override, objections
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, REMOVE
from console.operations.procedures.steps import Operation
from console.probes.ask import MAX_OUT, Ran, Run
from console.probes.firewalls.config import CONFIG
from console.probes.pools.servers import Admin
from console.probes.snapshot import Unknown
from console.sim import Simulator
from console.wire import Wire
from tests.conftest import simulated, watching
from tests.console.telling import message, put

YES = Consent(True, "node2", "a test")


def unread(why: str = "config.xml holds more than it may") -> Unknown:
    return Unknown(why, 100.0, 50.0)


async def test_a_file_of_some_mebibytes_is_read(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=1.0) as (sim, cluster):
        fw1 = sim.world.firewalls["fw1"]
        fw1.config = replace(fw1.config, data=5 << 20)
        (ask,) = CONFIG.asks(cluster, "fw1")
        assert isinstance(ask, Run)
        wire = Wire(cluster)
        (whole,) = await wire.send("fw1", (ask,), 60.0)
        (short,) = await wire.send("fw1", (replace(ask, most=MAX_OUT),), 60.0)
        await wire.close()
    assert isinstance(whole, Ran)
    assert len(CONFIG.read(cluster, (whole,), None).servers) == 6
    assert "more than 4 MiB" in str(short)


async def test_an_odd_server_keeps_nobody_else_from_being_taken_out(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        for firewall in sim.world.firewalls.values():
            firewall.config = firewall.config.with_status({("web", "node3"): "standby"})
        async with watching(cluster) as session:
            assert "web/node3 the unknown status 'standby'" in message(session.picture, Kind.CONFIG_UNKNOWN)
            assert (await (await session.begin(REMOVE, "node2", YES)).task).outcome == "done"


async def test_unknown_on_both_is_asked_and_said_and_not_forbidden(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster), watching(cluster) as session:
        picture = session.picture
        for name in ("fw1", "fw2"):
            picture = put(picture, "firewalls", name, config=unread())
        for action in (DRAIN, REMOVE):
            found = objections(picture, action.effects, "node2")
            assert {one.override for one in found} == {Override.CONFIRM}
            assert [one.machine for one in found] == ["fw1", "fw2"]
            assert all("after its next reload" in one.sentence for one in found)
        for name in ("fw1", "fw2"):
            picture = put(picture, "firewalls", name, pools=unread())
        assert Override.NEVER in {one.override for one in objections(picture, DRAIN.effects, "node2")}


def spoil(sim: Simulator) -> None:
    """config.xml of both becomes none of pfSense's."""
    for firewall in sim.world.firewalls.values():
        firewall.config = replace(firewall.config, version="")


async def out(cluster: Cluster, action: Operation) -> None:
    async with watching(cluster) as session:
        record = await (await session.begin(action, "node2", YES)).task
        assert record.outcome != "done", "it does not last, and is not called done"
        assert "config.xml" in str([entry.facts for entry in record.entries if entry.kind == "parked"])
        servers = [server for one in memberships(session.picture, "node2") for server in one.runtime or ()]
        assert servers
        assert all(server.admin is not Admin.READY for server in servers)


async def test_a_node_is_taken_out_at_run_time_and_the_run_is_not_done(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        spoil(sim)
        await out(cluster, DRAIN)
