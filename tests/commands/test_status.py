"""`drainboard status` over a simulated cluster: table, JSON, exit codes, and how long a dead machine makes one wait."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.cli.main import main
from console.cli.status import Exit, look, status
from console.cli.status_table import WIDTH, lines
from console.health import findings, site
from console.health.verdicts import judged
from console.inventory.cluster import Cluster
from console.operations.plan import Consent
from console.operations.procedures import HOLD, holds
from console.probes.pools.hold import hold
from console.probes.question import Subject
from console.probes.snapshot import Snapshot, Unknown
from console.probes.web.apache import SITE
from console.sim import Simulator
from console.ui.board.board import board_lines
from console.ui.board.view import BoardView
from console.ui.detail.reading import section
from console.ui.detail.sections import Ref, sections
from tests.conftest import simulated, watching

Simulated = tuple[Simulator, Cluster]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Simulated]:
    async with simulated(tmp_path / "sim", speed=1.0) as (sim, cluster):
        yield sim, replace(cluster, timings=replace(cluster.timings, poll=2.0, storage=5.0, slow=30.0))


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


async def test_all_is_well(demo: Simulated, capsys: pytest.CaptureFixture[str]) -> None:
    _, cluster = demo
    assert await status((cluster,)) is Exit.OK
    text = capsys.readouterr().out
    assert "✓OK" in text
    assert "3 of 3" in text
    assert all(len(line) <= WIDTH for line in text.splitlines())
    assert "nothing is wrong" in text and "SITE UP" in text


def endless(cluster: Cluster) -> Cluster:
    """The same, but a slow question that nobody answers is waited for until the test is given up."""
    return replace(cluster, timings=replace(cluster.timings, slow_answer=900.0, seldom_answer=900.0))


async def test_a_dead_node_costs_no_more_than_its_connection(
    demo: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first one: volumes are asked through it until it is known to be silent."""
    sim, cluster = demo
    sim.fault("node-lost", "node1")
    assert await status((endless(cluster),), as_json=True) is Exit.DEGRADED
    here = said(capsys)["clusters"]["demo"]
    host = here["nodes"]["node1"]["host"]
    assert not host["known"]
    assert "node1" in host["why"]
    assert host["cause"] == "silent"
    assert "value" not in host
    assert here["volumes"]["www"]["state"]["cause"] == "busy"  # Gluster waits for the one that vanished
    assert {"node1"} <= {finding["machine"] for finding in here["findings"]}


async def test_a_site_that_refuses_the_connection_is_known_to_be_bad(
    demo: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the row, on the board, in the details, in the finding, in the list of what is not known."""
    sim, cluster = demo
    sim.fault("apache-stopped", "node2")
    assert await status((cluster,)) is Exit.DEGRADED
    text = capsys.readouterr().out
    (row,) = [line for line in text.splitlines() if line.startswith("node2 ")]
    assert "✗down" in row
    assert "?" not in row
    assert "“check URL, by itself” nothing listens: as above" in " ".join(text.split())
    assert "! Apache on node2 takes no connection: http://" in text
    picture = await look(cluster)
    shown = drawn(picture)
    assert "?lost" not in shown
    assert "✗down" in shown
    (asked,) = [one for one in sections(picture, Ref(Subject.NODE, "node2")) if one.question is SITE]
    text = "\n".join(each.text for each in section(asked, picture, 90, time.time(), True, True))
    assert "✗down since" in text


def drawn(picture: Snapshot) -> str:
    found = findings(picture)
    sight = BoardView(
        picture, time.time(), judged(picture, found).cluster, site(picture, found), found, width=120, height=40
    )
    return "\n".join(one.text for one in board_lines(sight))


async def test_a_hung_node_is_not_waited_for_with_the_slow_questions(demo: Simulated) -> None:
    sim, cluster = demo
    sim.fault("node-hung", "node2")
    picture = await look(endless(cluster))
    view = picture.node("node2")
    assert isinstance(view.services, Unknown)
    assert "node2" in view.services.why


async def test_what_is_critical_and_what_is_not_known(demo: Simulated, capsys: pytest.CaptureFixture[str]) -> None:
    sim, cluster = demo
    for name in ("fw1", "fw2"):
        sim.fault("firewall-lost", name)
    assert await status((cluster,)) in (Exit.UNKNOWN, Exit.CRITICAL)
    assert "lost" in capsys.readouterr().out
    for name in ("node1", "node2", "node3"):
        sim.fault("node-lost", name)
    assert await status((cluster,), as_json=True) in (Exit.UNKNOWN, Exit.CRITICAL)
    here = said(capsys)["clusters"]["demo"]
    assert not any(reading["known"] for view in here["nodes"].values() for reading in view.values())


async def test_the_worst_of_several_clusters_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "a", 1.0) as (_, one), simulated(tmp_path / "b", 1.0) as (sim, other):
        sim.fault("apache-stopped", "node1")
        second = replace(other, name="second")
        assert await status((one, second), as_json=True) is Exit.DEGRADED
        clusters = said(capsys)["clusters"]
        assert {name: here["level"] for name, here in clusters.items()} == {"demo": "ok", "second": "degraded"}


async def test_patience_ends_the_waiting(demo: Simulated) -> None:
    sim, cluster = demo
    sim.fault("node-hung", "node2")
    picture = await look(cluster, patience=0.5)
    assert "no answer within 0.5 s" in "\n".join(lines(picture, time.time()))


@pytest.mark.parametrize("words", [["--cluster", "none"], ["--timeout", "soon"], ["--timeout", "0"], ["--yaml"]])
def test_a_wrong_command_line_is_4(tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    inventory = tmp_path / "inventory.toml"
    inventory.write_text('[cluster.a]\nfirewalls = { fw1 = "10.0.0.1" }\nnodes = { n1 = "10.0.0.2" }\n')
    try:
        code = main(["-i", str(inventory), "status", *words])
    except SystemExit as end:
        code = end.code
    assert code == 4
    assert capsys.readouterr().err


def test_no_inventory_is_4(tmp_path: Path) -> None:
    assert main(["-i", str(tmp_path / "none.toml"), "status"]) == 4


async def test_a_held_node_is_said_and_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        async with watching(cluster) as session:
            options = holds.options("ops@desk", time.time(), time.time() + 7200, "bad cert")
            assert (await (await session.begin(HOLD, "node2", Consent(True), options)).task).outcome == "done"
        assert await status((cluster,)) is Exit.OK
        text = capsys.readouterr().out
        assert "✓OK  nothing else is wrong: node2 is held out until 20" in " ".join(text.split("\n"))
        assert "“bad cert”" in " ".join(text.split())
        past = hold("ops@desk", time.time() - 7200, time.time() - 60, "bad cert").note
        for firewall in sim.world.firewalls.values():
            firewall.persist({}, "by hand", {(pool.name, "node2"): past for pool in firewall.config.pools})
        assert await status((cluster,)) is Exit.DEGRADED
        assert "the hold of node2 has ended" in " ".join(capsys.readouterr().out.split())
