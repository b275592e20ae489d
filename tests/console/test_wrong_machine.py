"""A name that leads to another machine: nothing it says counts, and no order leaves to it, whatever was begun."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind, findings
from console.health.facts.membership import Place, place
from console.inventory.cluster import Cluster
from console.operations.guards import Override
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, REBOOT, REMOVE
from console.operations.procedures.steps import Operation
from console.probes.ask import Identify, Identity, Query, Run, Unproven
from console.probes.hosts.identity import question
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.session.runner import Stopped
from console.sim import Simulator
from console.wire import Wire
from console.wire.here import own_boot
from tests.conftest import simulated, watching
from tests.console.telling import until

NAMED = Consent(True, "node2", "a test")
STOPS = Run(("systemctl", "reboot"), root=True)


def why(now: Snapshot, node: str) -> str:
    host = now.node(node).host
    return host.why if isinstance(host, Unknown) and host.cause is Cause.UNPROVEN else ""


def boots(sim: Simulator) -> list[str]:
    return [node.boot_id for node in sim.world.nodes.values()]


async def test_no_reboot_of_a_node_whose_name_leads_to_another(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.fault("wrong-machine", "node2")
        before = boots(sim)
        async with watching(cluster) as session:
            told = why(session.picture, "node2")
            assert told.startswith(
                "the machine that answers for node2 is not proven to be node2: it does not have 10.20.0.12; its "
                "addresses are 10.20.0.11 (node1's); mend the ssh line or, only where addresses are translated, "
                'set machine_id = "'
            )
            against = session.plan(REBOOT, "node2").objections
            assert any(one.saw == told and one.override is Override.NEVER for one in against)
            with pytest.raises(NotBegun):
                await session.begin(REBOOT, "node2", NAMED)
            kinds = {(one.machine, one.kind) for one in findings(session.picture)}
            assert ("node2", Kind.UNPROVEN) in kinds and ("node2", Kind.LOST) not in kinds
        assert boots(sim) == before


async def test_nothing_at_all_is_sent_to_another_machine(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        wire, node1 = Wire(cluster), sim.world.nodes["node1"]
        try:
            assert (await wire.send("node2", (Run(("echo", "hello")),), 5))[0].status == 0  # type: ignore[union-attr]
            sim.fault("wrong-machine", "node2")
            await asyncio.sleep(0.2)  # the end of the old connection is heard
            for ask in (STOPS, Query("SELECT 1")):
                answers = await wire.send("node2", (ask,), 5)
                assert isinstance(answers[0], Unproven), answers
            assert node1.running
            sim.fault("node-back", "node2")
            wire.retry("node2")
            assert (await wire.send("node2", (Run(("echo", "hello")),), 5))[0].status == 0  # type: ignore[union-attr]
        finally:
            await wire.close()


async def test_a_line_that_leads_elsewhere_in_the_middle_of_a_run(tmp_path: Path) -> None:
    """Each new connection is proven anew: an alias may lead elsewhere by then."""
    async with simulated(tmp_path / "sim") as (sim, cluster):
        timings = replace(cluster.timings, boot=2.0, sessions=1.0)
        async with watching(replace(cluster, timings=timings)) as session:
            before = boots(sim)
            await until(session, lambda _now: not session.plan(REBOOT, "node2").objections)
            running = await session.begin(REBOOT, "node2", NAMED)
            await sim.until(lambda: any(note.step == "out in config.xml" for note in running.notes))
            sim.fault("wrong-machine", "node2")
            with pytest.raises(Stopped, match="not proven to be node2"):
                await running.task
            assert boots(sim) == before
            assert sim.world.nodes["node1"].mysql_listens
            with pytest.raises(Stopped, match="not proven to be node2"):
                await (await session.resume(session.open_runs()[0], NAMED)).task
            assert boots(sim) == before
            sim.fault("node-back", "node2")
            session.look_again()
            await until(session, lambda now: not why(now, "node2"))
            assert (await (await session.resume(session.open_runs()[0], NAMED)).task).outcome == "done"
        assert [old == new for old, new in zip(before, boots(sim), strict=True)] == [True, False, True]


async def test_what_comes_back_after_the_reboot_must_be_the_node(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        async with watching(replace(cluster, timings=replace(cluster.timings, boot=3.0, sessions=1.0))) as session:
            node, before = sim.world.nodes["node2"], boots(sim)
            await until(session, lambda _now: not session.plan(REBOOT, "node2").objections)
            running = await session.begin(REBOOT, "node2", NAMED)
            await sim.until(lambda: not node.running)
            sim.fault("wrong-machine", "node2")
            with pytest.raises(Stopped, match="not proven to be node2"):
                await running.task
            assert place(session.picture, "node2") is Place.OUT
        assert boots(sim)[0] == before[0]


async def test_a_node_is_taken_out_whoever_answers_at_its_name(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.fault("wrong-machine", "node2")
        async with watching(cluster) as session:
            assert (await (await session.begin(DRAIN, "node2", NAMED)).task).outcome == "done"


@pytest.mark.parametrize("action", [DRAIN, REMOVE])
async def test_firewalls_that_stand_for_each_other_are_told_nothing(action: Operation, tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        for name in ("fw1", "fw2"):
            sim.fault("wrong-machine", name)
        async with watching(cluster) as session:
            against = session.plan(action, "node2").objections
            assert [one.override for one in against if one.machine in ("fw1", "fw2")] == [Override.NEVER] * 2
            kinds = {(one.machine, one.kind) for one in findings(session.picture)}
            assert {("fw1", Kind.FIREWALL_UNPROVEN), ("fw2", Kind.FIREWALL_UNPROVEN)} <= kinds


async def test_a_firewall_and_a_node_are_not_taken_for_each_other(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        fw1, node1 = sim.world.firewalls["fw1"], sim.world.nodes["node1"]
        fw1.lead(node1)
        node1.lead(fw1)
        wire = Wire(cluster)
        try:
            for name in ("fw1", "node1"):
                (answer,) = await wire.send(name, (Run(("echo", "hello")),), 5)
                assert isinstance(answer, Unproven) and "not proven to be " + name in str(answer)
        finally:
            await wire.close()


async def told(wire: Wire, cluster: Cluster, name: str) -> Identity:
    (answer,) = await wire.send(name, (Identify(question(cluster.machine(name))),), 5)
    assert isinstance(answer, Identity), answer
    return answer


async def test_one_machine_under_two_names_is_neither(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.fault("wrong-machine", "node2")
        wire = Wire(cluster)
        try:
            assert (await told(wire, cluster, "node1")).doubt == ""
            await told(wire, cluster, "node2")
            message = "node1 and node2 lead to one and the same machine: mend the ssh line that is wrong"
            assert (await told(wire, cluster, "node1")).doubt == message
            (answer,) = await wire.send("node1", (STOPS,), 5)
            assert isinstance(answer, Unproven)
        finally:
            await wire.close()


async def test_the_console_s_own_machine_is_said_and_not_rebooted(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.world.nodes["node2"].boot_id = own_boot()
        async with watching(cluster) as session:
            against = session.plan(REBOOT, "node2").objections
            assert ("this console runs on node2", Override.NEVER) in {(one.saw, one.override) for one in against}
            assert ("node2", Kind.CONSOLE_HERE) in {(one.machine, one.kind) for one in findings(session.picture)}
            assert not [one for one in session.plan(DRAIN, "node2").objections if "console" in one.saw]


async def test_a_machine_id_proves_where_addresses_are_translated(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        for node in sim.world.nodes.values():
            node.address = node.address.replace("10.20", "192.168")
        right = sim.world.nodes["node2"].machine_id.hex
        for machine_id, proven in ((right, True), ("0123456789abcdef" * 2, False)):
            nodes = tuple(
                replace(node, machine_id=machine_id) if node.name == "node2" else node for node in cluster.nodes
            )
            wire = Wire(replace(cluster, nodes=nodes))
            try:
                doubts = [(await told(wire, cluster, name)).doubt for name in ("node1", "node2")]
                assert "does not have 10.20.0.11; its addresses are 192.168.0.11" in doubts[0]
                assert (doubts[1] == "") is proven
                assert proven or f"its machine_id is {right}, the inventory says {machine_id}" in doubts[1]
            finally:
                await wire.close()


async def test_clones_are_a_finding_and_work(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.world.nodes["node3"].machine_id = sim.world.nodes["node2"].machine_id
        async with watching(cluster) as session:
            assert isinstance(session.picture.node("node3").host, Known)
            (clones,) = [one for one in findings(session.picture) if one.kind is Kind.CLONES]
            assert (
                clones.message
                == "node2 and node3 have the same machine_id: one is a copy of the other; give each its own"
            )
