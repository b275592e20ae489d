"""Journals of released versions, cut at each line: their orders have left, and this version finishes the run."""

import json
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from console.health.facts.membership import Place, place
from console.inventory.cluster import Cluster
from console.inventory.load import load
from console.operations.plan import Consent
from console.operations.procedures import REBOOT, REJOIN, UNDO, operation
from console.operations.procedures.steps import Operation
from console.session.session import Session
from console.sim import Simulator
from console.sim.scenarios import Scenario
from tests.conftest import brisk, watching
from tests.console.kills import sample

FOLDER = Path(__file__).parents[1] / "journals"
NAMED = Consent(True, "node2", "a test")
Line = dict[str, Any]


def lines(name: str) -> list[Line]:
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


def cuts() -> list[tuple[str, int, bool]]:
    """(journal, its first so many lines, the orders of the last of them had left). None is closed. relayd's are cut at
    their orders only: the lines between them are HAProxy's too."""
    names = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.jsonl"))
    found: list[tuple[str, int, bool]] = []
    for name in names:
        for cut, line in enumerate(lines(name)[:-1], 1):
            if line["kind"] == "sending":
                found += [(name, cut, False), (name, cut, True)]
            elif "relayd" not in name:
                found.append((name, cut, True))
    return found


def drained_before(name: str) -> list[Line]:
    """The drain that a rejoin or an undo began with."""
    path = Path(name)
    return lines(str(path.with_name(path.name.replace("rejoin", "drain").replace("undo", "drain"))))


async def order(cluster: Cluster, said: str) -> None:
    """Send an order in the journal's form."""
    machine, _, text = said.partition(": ")
    login = cluster.machine(machine).login
    async with asyncssh.connect(
        login.host,
        login.port or 22,
        username=login.user or "root",
        known_hosts=str(login.known_hosts),
        client_keys=[str(login.identity)],
        config=[],
        agent_path=None,
    ) as connection:
        await connection.run("/bin/sh", input=text + "\n", check=False)


async def replay(sim: Simulator, cluster: Cluster, journal: list[Line], last_has_left: bool) -> None:
    """Bring the world to its state when the console died."""
    node = sim.world.nodes["node2"]
    for at, line in enumerate(journal, 1):
        if "boot node2" in line:
            node.boot_id = line["boot node2"]
        if line["kind"] != "sending" or (at == len(journal) and not last_has_left):
            continue
        before = node.boot_id
        for said in line["orders"]:
            await order(cluster, said)
        if line["step"] == "reboot":
            await sim.until(lambda: node.running and node.boot_id != before)  # noqa: B023
        await sim.sleep(2)


def write(folder: Path, action: str, journal: list[Line]) -> None:
    folder.mkdir(parents=True)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in journal)
    (folder / f"20260101T000000-000000000-node2-{action}.jsonl").write_text(text)


async def ends(session: Session, action: Operation) -> None:
    """Resume the open run, and see that the node is where the run was to bring it."""
    (record,) = session.open_runs()
    assert record.operation == action.name
    assert (await (await session.resume(record, NAMED)).task).outcome == "done"
    assert place(session.picture, "node2") is (Place.OUT if action.leaves_out else Place.IN)
    if action.leaves_out:
        await (await session.begin(REJOIN, "node2", NAMED)).task
        assert place(session.picture, "node2") is Place.IN


@pytest.mark.parametrize(("name", "cut", "left"), sample(cuts(), lambda cut: cut[0], 2))
async def test_a_run_of_an_old_version_comes_to_its_end(tmp_path: Path, name: str, cut: int, left: bool) -> None:
    journal, balancer = lines(name)[:cut], "relayd" if "relayd" in name else "haproxy"
    action = operation(journal[0]["action"])
    assert action
    scenario = Scenario("as before", "as before", balancer=balancer)
    async with Simulator(tmp_path / "sim", speed=20.0, timings=brisk(), scenario=scenario) as sim:
        cluster = load(sim.inventory).clusters[0]
        if action in (REJOIN, UNDO):  # these began with a node that was out
            await replay(sim, cluster, drained_before(name), True)
        await replay(sim, cluster, journal, left)
        write(tmp_path / "state" / "journal" / cluster.name, action.name, journal)
        rebooted = sim.world.nodes["node2"].boot_id
        async with watching(cluster) as session:
            await ends(session, action)
        if action is REBOOT and "reboot" in {line.get("step") for line in journal[:-1]}:
            assert sim.world.nodes["node2"].boot_id == rebooted, "it rebooted once more"
