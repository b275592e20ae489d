"""Services on a node that are in no inventory: a reboot stops them, so they are seen, told, and objected with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.check import lines
from console.cli.check_lines import NOTE
from console.health import Kind, findings
from console.health.facts.fitness import fit, unfit
from console.inventory.cluster import Cluster, Mysql
from console.operations.guards import Override, objections
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import REBOOT
from console.operations.procedures.steps import Intent
from console.probes.ask import Ran, Unreadable
from console.probes.hosts.running import Listed, Running, parse, parse_listed
from console.probes.snapshot import Known, Unknown
from console.session.session import Session
from console.sim import Simulator
from tests.conftest import simulated, watching
from tests.console.telling import put, until

NAMED = Consent(True, "node2", "a test")
YES = Consent(True)


def bare(cluster: Cluster) -> Cluster:
    return replace(cluster, mysql=None, mysql_proxy=None, volumes=(), vips=())


@asynccontextmanager
async def unlisted(folder: Path) -> AsyncIterator[tuple[Simulator, Cluster, Session]]:
    async with simulated(folder / "sim") as (sim, cluster), watching(bare(cluster)) as session:
        yield sim, bare(cluster), session


async def test_no_reboot_without_name_and_reason_where_mysql_and_gluster_are_asked_nothing(tmp_path: Path) -> None:
    async with unlisted(tmp_path) as (sim, _, session):
        before = sim.world.nodes["node2"].boot_id
        plan = session.plan(REBOOT, "node2")
        said = {one.saw: (one.clears, one.override) for one in plan.objections}
        mysql = next(saw for saw in said if "no [mysql]:" in saw)
        assert mysql == (
            "MySQL runs on node2, and the inventory has no [mysql]: nobody asks whether it is Synced (mariadb.service, "
            "mariadbd, port 3306, port 4567 and grastate.dat)"
        )
        assert said[mysql] == ("Add [cluster.demo.mysql] to the inventory", Override.NAME_AND_REASON)
        gluster = next(saw for saw in said if "no volumes" in saw)
        assert "Gluster runs on node2, and the inventory has no volumes" in gluster
        assert said[gluster] == ('Add volumes = ["www"] to [cluster.demo] in the inventory', Override.NAME_AND_REASON)
        assert next(one for saw, (_, one) in said.items() if "[mysql_proxy]" in saw) is Override.CONFIRM
        with pytest.raises(NotBegun, match=r"has no \[mysql\]"):
            await session.begin(REBOOT, "node2", YES)
        assert sim.world.nodes["node2"].boot_id == before
        kinds = {(one.machine, one.kind) for one in findings(session.picture)}
        for kind in (Kind.MYSQL_UNLISTED, Kind.VOLUME_UNLISTED, Kind.PROXY_UNLISTED):
            assert {(f"node{at}", kind) for at in (1, 2, 3)} <= kinds
        assert ("carp", Kind.VIPS_UNLISTED) in kinds


async def test_fit_says_only_what_was_asked(tmp_path: Path) -> None:
    async with unlisted(tmp_path) as (sim, cluster, session):
        before = sim.world.nodes["node2"].boot_id
        running = await session.begin(REBOOT, "node2", NAMED)
        await running.task
        assert sim.world.nodes["node2"].boot_id != before
        said = [note.message for note in running.notes]
        assert "node2 is fit: serving by itself" in said
        assert not [one for one in said if "Synced" in one or "healed" in one]
    told = [step.describe(Intent(cluster, "node2", REBOOT)) for step in REBOOT.steps(cluster, "node2", {})]
    assert "wait until node2 is fit: serving by itself" in told


def test_the_words_of_fitness_follow_the_inventory() -> None:
    cluster = Cluster("c", (), ())
    assert fit(cluster) == "serving by itself"
    assert fit(replace(cluster, volumes=("www",))) == "healed, serving by itself"


async def test_a_database_that_is_only_seen_is_waited_for(tmp_path: Path) -> None:
    async with unlisted(tmp_path) as (sim, _, session):
        sim.fault("mysql-stopped", "node2")
        message = "MySQL does not run on node2, whose grastate.dat says that it is a Galera member"
        await until(session, lambda now: message in unfit(now, "node2"))


@pytest.mark.parametrize("datadir", ["/var/lib/mariadb", "/srv/db"])
async def test_a_member_is_known_by_its_data_wherever_they_are(tmp_path: Path, datadir: str) -> None:
    """Debian's MariaDB from 11.8.6-5 on has /var/lib/mariadb; other folders are in the inventory."""
    async with simulated(tmp_path / "sim") as (sim, cluster):
        for node in sim.world.nodes.values():
            node.datadir = datadir
        mysql = Mysql("ops", datadir=datadir) if datadir == "/srv/db" else None
        async with watching(replace(bare(cluster), mysql=mysql)) as session:
            view = session.picture.node("node2")
            assert isinstance(view.running, Known) and view.running.value.grastate


async def test_a_mysqld_without_a_unit_is_not_rebooted_over(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        timings = replace(cluster.timings, stop=2.0, boot=2.0, sessions=1.0)
        async with watching(replace(bare(cluster), timings=timings)) as session:
            node = sim.world.nodes["node2"]
            node.by_hand, before = True, node.boot_id
            running = await session.begin(REBOOT, "node2", NAMED)
            with pytest.raises(Exception, match="MySQL on node2 still runs"):
                await running.task
            assert node.boot_id == before


async def test_a_volume_that_the_inventory_lacks(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        async with watching(cluster) as session:
            assert not [one for one in session.plan(REBOOT, "node2").objections if "Gluster" in one.saw]
        async with watching(replace(cluster, volumes=("data",))) as session:
            (one,) = [one for one in session.plan(REBOOT, "node2").objections if "Gluster on node2 names" in one.saw]
            assert one.saw == (
                "Gluster on node2 names www, which the inventory does not: nobody asks whether it is healed"
            )
            assert (one.clears, one.override) == ("Add www to `volumes` in the inventory", Override.NAME_AND_REASON)


async def test_volumes_that_can_not_be_listed_are_confirmed(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        silent = put(session.picture, "nodes", "node2", listed=Unknown("it refuses", 9.0, 8.0))
        (one,) = [one for one in objections(silent, REBOOT.effects, "node2") if "volumes that the inventory" in one.saw]
        assert one.saw.endswith("is not known: it refuses")
        assert one.override is Override.CONFIRM
        assert not [one for one in objections(silent, REBOOT.effects, "node1") if "volumes that the" in one.saw]


async def test_check_says_what_to_add(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=1.0) as (_, cluster):
        notes = [line async for line in lines(bare(cluster)) if line.mark == NOTE]
        assert {(one.machine, one.what) for one in notes if one.machine == "node2"} >= {
            ("node2", "mysql"), ("node2", "volumes"), ("node2", "mysql_proxy"),
        }  # fmt: skip
        assert ("carp", "vips") in {(one.machine, one.what) for one in notes}


TCP = "   3: 00000000:{port} 00000000:0000 0A 00000000:00000000 00:00000000 00000000   109        0 24105 1 0 100 0\n"


@pytest.mark.parametrize(
    ("processes", "listens", "grastate", "seen"),
    [
        (Ran(1, "", ""), Ran(1, "", ""), 1, Running((), (), False, False, 0, False)),
        (Ran(0, "12 mysqld\n13 glusterfsd\n14 glusterfsd\n", ""), Ran(2, TCP.format(port="0CEA"), "no tcp6"), 0,
         Running(("mysqld",), (3306,), True, False, 2, False)),
        (Ran(0, "9 haproxy\n12 mariadbd\n 800 glusterd\n", ""),
         Ran(0, TCP.format(port="11D7") + TCP.replace("00000000:{", "0" * 32 + ":{").format(port="0CEA"), ""), 1,
         Running(("mariadbd",), (3306, 4567), False, True, 0, True)),
    ],
)  # fmt: skip
def test_processes_and_ports(processes: Ran, listens: Ran, grastate: int, seen: Running) -> None:
    assert parse((processes, listens, Ran(grastate, "", "")), None) == seen


@pytest.mark.parametrize(
    ("answer", "volumes"),
    [
        (Ran(0, "data\nwww\n", ""), ("data", "www")),
        (Ran(0, "No volumes present in cluster\n", ""), ()),
        (Ran(0, "", "No volumes present in cluster\n"), ()),
        (Ran(1, "Connection failed. Please check if gluster daemon is operational.\n", ""), None),
        (Ran(127, "", "timeout: failed to run command 'gluster': No such file or directory\n"), None),
        (Ran(1, "", "sudo: gluster: command not found\n"), None),
    ],
)
def test_gluster_s_own_list(answer: Ran, volumes: tuple[str, ...] | None) -> None:
    assert parse_listed((answer,), None) == Listed(volumes)


def test_what_is_no_list_of_names_is_none() -> None:
    for answer in (Ran(0, "a b;c\n", ""), Ran(124, "", ""), Ran(0, "www\n\x1b[2J\n", "")):
        with pytest.raises(Unreadable):
            parse_listed((answer,), None)
