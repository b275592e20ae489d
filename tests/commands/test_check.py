"""`drainboard check` over a simulated cluster: each thing that is not prepared is one line with its remedy."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.check import PFSENSE, PHP, check, known, lines
from console.cli.check_lines import MEND, NOTE, WORKS, Line, between
from console.cli.plain import Exit
from console.cli.status import look
from console.health import Kind, Level, findings
from console.inventory.cluster import Cluster, Login
from console.inventory.load import load
from console.probes.ask import Run
from console.probes.schedule import questions_of
from console.probes.snapshot import Known
from console.sim import Simulator
from console.sim.scenarios import scenario
from tests.conftest import brisk, simulated
from tests.hostile.machines import EVIL, MANNERS, Hostile

WRITTEN = "config.xml, how it is written"
Simulated = tuple[Simulator, Cluster]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Simulated]:
    async with simulated(tmp_path / "sim", speed=1.0) as (sim, cluster):
        yield sim, cluster


async def told(cluster: Cluster) -> list[Line]:
    return [line async for line in lines(cluster)]


def bad(found: list[Line]) -> list[Line]:
    return [line for line in found if line.mark == MEND]


def logins(cluster: Cluster, change: Callable[[Login], Login], *names: str) -> Cluster:
    nodes = tuple(replace(one, login=change(one.login)) if one.name in names else one for one in cluster.nodes)
    return replace(cluster, nodes=nodes)


async def test_all_is_prepared(demo: Simulated, capsys: pytest.CaptureFixture[str], state: Path) -> None:
    assert await check((demo[1],)) is Exit.DONE
    said = capsys.readouterr().out
    assert said.endswith("all that is needed works\n")
    assert said.count("pfSense 2.7.2-RELEASE: parse_config() returns the array (up to 2.7)") == 2
    for what in ("login by ssh", "sessions at once", "PHP", "config.xml", "mod_status", "check URL", "MySQL, tables"):
        assert what in said
    assert [path.name for path in (state / "journal" / "demo").iterdir()] == ["lock"]


async def test_nothing_but_known_questions_can_leave(demo: Simulated) -> None:
    extra = known(demo[1]) - questions_of(demo[1])
    runs = [ask for ask in extra if isinstance(ask, Run)]
    harmless = [
        run
        for run in runs
        if run.argv[:3] == ("sudo", "-n", "-l") or run.argv[1:] in (("-v",), ("--version",)) or run == PFSENSE
    ]
    assert len(harmless) == len(extra)
    assert PHP in extra


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("2.6.0-RELEASE", "parse_config() returns the array (up to 2.7)"),
        ("2.8.0-RELEASE", "config_read_file() sets $config (2.8 and later)"),
        ("25.07-RELEASE", "config_read_file() sets $config (2.8 and later)"),
        ("2.9.0-DEVELOPMENT", "config_read_file() sets $config (2.8 and later)"),
    ],
)
async def test_which_pfsense_it_is(demo: Simulated, release: str, message: str) -> None:
    sim, cluster = demo
    sim.world.firewalls["fw2"].release = release
    found = [line for line in await told(cluster) if (line.machine, line.what) == ("fw2", WRITTEN)]
    assert [(line.mark, line.message) for line in found] == [(WORKS, f"pfSense {release}: {message}")]


async def test_sudo_that_refuses(demo: Simulated) -> None:
    sim, cluster = demo
    sim.world.nodes["node2"].sudo = False
    found = await told(logins(cluster, lambda login: replace(login, user="ops"), "node1", "node2", "node3"))
    refused = [line for line in bad(found) if line.what == "sudo -n"]
    assert {line.machine for line in refused} == {"node2"}
    assert len(refused) > 5
    assert "systemctl reboot" in " ".join(line.message for line in refused)
    assert all("drainboard sudoers" in line.message for line in refused)
    assert [line.message for line in found if (line.machine, line.what, line.mark) == ("node1", "sudo -n", WORKS)]


@pytest.mark.parametrize(("name", "has", "lacks"), [("healthy", "tail -c", "clog"), ("relayd", "clog", "tail -c")])
async def test_sudo_is_asked_of_the_program_that_reads_the_log_of_this_pfsense(
    tmp_path: Path, name: str, has: str, lacks: str
) -> None:
    async with Simulator(tmp_path / "sim", scenario=scenario(name)) as sim:
        (cluster,) = load(sim.inventory).clusters
        sim.world.firewalls["fw1"].sudo = False
        firewalls = tuple(replace(one, login=replace(one.login, user="ops")) for one in cluster.firewalls)
        found = bad(await told(replace(cluster, firewalls=firewalls, nodes=cluster.nodes[:1])))
        refused = " ".join(line.message for line in found if (line.machine, line.what) == ("fw1", "sudo -n"))
        assert has in refused and lacks not in refused


async def test_logins_that_fail(demo: Simulated, tmp_path: Path) -> None:
    sim, cluster = demo
    empty = tmp_path / "known_hosts"
    empty.write_text("")
    sim.fault("node-lost", "node3")
    found = bad(await told(logins(cluster, lambda login: replace(login, known_hosts=empty), "node1")))
    by_machine = {line.machine: line for line in found}
    assert "ssh-keyscan" in by_machine["node1"].message
    assert "see whether the machine is up" in by_machine["node3"].message
    assert len([line for line in found if line.machine in ("node1", "node3")]) == 2, "the rest is not tried"


async def test_who_answers_is_said_with_the_id_that_may_prove_it(demo: Simulated) -> None:
    sim, cluster = demo
    machine_id = sim.world.nodes["node1"].machine_id.hex
    lines = await told(cluster)
    assert [line.message for line in lines if (line.machine, line.what) == ("node1", "identity of the node")] == [
        f'machine_id = "{machine_id}"'
    ]
    sim.fault("wrong-machine", "fw2")
    await asyncio.sleep(0.2)
    found = [line for line in bad(await told(cluster)) if line.machine == "fw2"]
    assert [line.what for line in found] == ["whose machine answers"]
    assert (
        "fw2 is not proven to be fw2: it does not have 10.20.0.3; its addresses are 10.20.0.2 (fw1's)"
        in found[0].message
    )
    assert f'machine_id = "{sim.world.firewalls["fw1"].machine_id}"' in found[0].message


async def test_names_and_addresses_that_do_not_fit(demo: Simulated) -> None:
    sim, cluster = demo
    assert cluster.mysql
    machine_id = sim.world.nodes["node1"].machine_id.hex
    first, *others = cluster.nodes
    vip = replace(cluster.vips[0], address="192.0.2.1")
    wrong = replace(
        cluster,
        nodes=(replace(first, name="alpha", address="10.9.9.9", machine_id=machine_id), *others),
        volumes=("www", "data"),
        vips=(vip, *cluster.vips[1:]),
        mysql=replace(cluster.mysql, user="nobody"),
    )
    found = {(line.machine, line.what): line.message for line in bad(await told(wrong))}
    assert "alpha in no pool" in found["fw1", "nodes in its pools"]
    assert "wan on none of its vhids" in found["fw2", "VIPs on its vhids"]
    assert any(
        "gluster volume list" in message or "docs/" in message for (name, _), message in found.items() if name == "data"
    )
    mysql = [message for (name, what), message in found.items() if "Galera member, now" in what]
    assert len(mysql) == 3
    assert all("refused the login of nobody" in message for message in mysql)


async def test_a_datadir_that_is_not_there_is_a_line_and_a_finding(demo: Simulated) -> None:
    """After a slip in the inventory MySQL's own disk would never be watched."""
    _, cluster = demo
    assert cluster.mysql
    wrong = replace(cluster, mysql=replace(cluster.mysql, datadir="/var/lib/mysqld"))
    found = bad(await told(wrong))
    assert {(line.machine, line.what) for line in found} == {
        (node.name, "space, bonds, RAID, units") for node in cluster.nodes
    }
    assert all("/var/lib/mysqld" in line.message and "`datadir`" in line.message for line in found)
    picture = await look(wrong)
    (one,) = [one for one in findings(picture) if one.kind is Kind.DATADIR_MISSING and one.machine == "node2"]
    assert one.level is Level.DEGRADED
    assert one.message == (
        "a data directory of node2 is not there, or closed to this login: /var/lib/mysqld is not watched"
    )


async def test_what_does_not_fit_together(demo: Simulated) -> None:
    picture = await look(demo[1])
    volume, view = picture.volumes[0], picture.nodes[0]
    assert isinstance(volume.state, Known)
    assert isinstance(view.host, Known)
    bricks = tuple(replace(one, host=f"box{at}", names=()) for at, one in enumerate(volume.state.value.bricks))
    state = replace(volume.state, value=replace(volume.state.value, bricks=bricks))
    host = replace(view.host, value=replace(view.host.value, clock=view.host.value.clock + 90))
    firewalls = tuple(replace(one, config=picture.firewalls[0].config) for one in picture.firewalls)
    changed = replace(
        picture,
        volumes=(replace(volume, state=state),),
        nodes=(replace(view, host=host), *picture.nodes[1:]),
        firewalls=firewalls,
    )
    found = {line.what: line for line in between(changed, {"Gluster": {"node1": "10.3", "node2": "11.1"}})}
    assert "its bricks are on box0, box1 and box2" in found["bricks on the nodes"].message
    assert (found["clock"].machine, found["clock"].message[:5]) == ("node1", "+90 s")
    assert "both sync to each other" in found["configuration sync"].message
    assert (found["Gluster"].mark, found["Gluster"].message[:16]) == (NOTE, "versions differ:")


async def test_a_journal_that_cannot_be_written(
    demo: Simulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "file"))
    assert [line.what for line in bad(await told(demo[1]))] == ["journal"]


async def test_apache_stopped_and_exit_code(demo: Simulated, capsys: pytest.CaptureFixture[str]) -> None:
    sim, cluster = demo
    sim.fault("apache-stopped", "node2")
    assert await check((cluster,)) is Exit.NOT_BEGUN
    said = capsys.readouterr().out
    assert re.search(r"^✗ node2 +check URL", said, re.MULTILINE)
    assert "to mend, marked ✗" in said


@pytest.mark.parametrize("manner", MANNERS)
async def test_machines_in_an_enemys_hands(tmp_path: Path, manner: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with Hostile(tmp_path / "sim", MANNERS[manner], brisk()) as sim:
        cluster = replace(load(sim.inventory).clusters[0], timings=replace(brisk(), seldom_answer=6.0))
        code = await check((cluster,))
    said = capsys.readouterr().out
    assert all(line.isprintable() for line in said.split("\n"))
    assert all(len(line) < 1000 for line in said.split("\n"))
    assert "\x1b" not in said
    assert EVIL not in said
    clock = re.compile(rf"{MEND} \w+ +clock")  # the simulator's run ten times too fast
    wrong = {line.split()[1] for line in said.splitlines() if line.startswith(MEND) and not clock.match(line)}
    assert not wrong & {"fw1", "node1", "node3"}
    assert code is Exit.NOT_BEGUN or not wrong
    assert manner == "dressed up" or wrong & {"fw2", "node2"}
