"""MySQL, Apache and Gluster are stopped and started by themselves, on a node that is out, and seen well again."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.cli import plain, rights
from console.health.facts.membership import Place, place
from console.health.facts.writer import writing
from console.operations.guards import Override, objections
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, REMOVE, fitting, operation
from console.operations.procedures.steps import Operation
from console.probes.hosts.system import Services
from console.probes.snapshot import Known, Snapshot, Unknown
from console.session.journal import Record
from console.session.runner import Stopped
from console.session.session import Session
from console.sim.node import APACHE, MYSQL
from tests.conftest import handled, simulated, watching
from tests.console.telling import alter, put, until, well


def known(name: str) -> Operation:
    found = operation(name)
    assert found
    return found


RESTARTS = [known(f"restart {layer}") for layer in ("mysql", "apache", "gluster")]
STOP_MYSQL, START_MYSQL, START_APACHE = known("stop mysql"), known("start mysql"), known("start apache")
RESTART_MYSQL, RESTART_APACHE, RESTART_GLUSTER = RESTARTS


def named(target: str) -> Consent:
    return Consent(True, target, "a test")


async def run(session: Session, one: Operation, target: str = "node2", **options: object) -> Record:
    return await (await session.begin(one, target, named(target), options)).task


def orders(record: Record) -> list[str]:
    sent = [order for entry in record.entries for order in entry.facts.get("orders", [])]
    return [order.removesuffix(" </dev/null").rpartition("systemctl ")[2] for order in sent]


def against(picture: Snapshot, one: Operation) -> list[tuple[str, Override]]:
    return [(each.saw, each.override) for each in objections(picture, one.effects, "node2")]


@pytest.mark.parametrize("one", RESTARTS)
async def test_a_node_that_gets_visitors_is_drained_first(fine: Snapshot, one: Operation) -> None:
    assert ("fw1 sends traffic to node2", Override.NEVER) in against(fine, one)


async def test_mysql_is_restarted_and_seen_synced(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await run(session, DRAIN)
        started = sim.world.galera.members["node2"].started
        record = await run(session, RESTART_MYSQL)
        assert record.outcome == "done"
        assert orders(record) == ["stop --no-block mariadb.service", "start --no-block mariadb.service"]
        assert record.steps["node2", "MySQL again"].facts["says"] == "MySQL on node2 is Synced"
        assert sim.world.galera.members["node2"].started > started
        assert sim.world.nodes["node2"].boot_id == session.picture.node("node2").host.value.boot_id  # type: ignore[union-attr]


@pytest.mark.parametrize("one", RESTARTS)
async def test_a_restart_of_a_node_that_gets_visitors_drains_it_in_the_same_plan(
    tmp_path: Path, one: Operation
) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        meant = fitting(one, session.picture, "node2")
        assert meant is known(f"drain-and-{one.name}") and fitting(meant, session.picture, "node2") is meant
        first = [step.partition(" on ")[0] for step, _ in session.plan(meant, "node2").steps]
        assert first[0].startswith("take node2 out") and any(step.startswith("put node2 back") for step in first)
        booted = sim.world.nodes["node2"].boot_id
        record = await run(session, meant)
        assert record.outcome == "done"
        sent = [order.partition(" ")[0] for order in orders(record) if " --no-block " in order]
        assert sent == ["stop", "start"]
        assert place(session.picture, "node2") is Place.IN
        assert sim.world.nodes["node2"].boot_id == booted


async def test_on_the_command_line_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        session = Session(cluster)
        try:
            async with handled(session) as handle:
                assert (
                    await plain.act(handle, RESTART_APACHE, "node2", named("node2"), dry_run=False) is plain.Exit.DONE
                )
            (record,) = session.journal.records()
        finally:
            await session.close()
    assert record.operation == "drain-and-restart apache"
    assert "node2 gets visitors: it is drained first, and put back once it is fit." in capsys.readouterr().out
    assert sim.world.nodes["node2"].unit(APACHE) == "active"


async def test_the_writer_moves_first_and_back_if_asked(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster), watching(cluster) as session:
        await until(session, well)
        await run(session, REMOVE, "node1")
        assert writing(session.picture) == ("node1",)
        plan = session.plan(RESTART_MYSQL, "node1", {"writer-back": True})
        first = [step.partition(" on ")[0] for step, _ in plan.steps]
        assert first.index("see node2 UP") < first.index("stop MySQL") < first.index("see node1 UP")
        record = await run(session, RESTART_MYSQL, "node1", **{"writer-back": True})
        assert record.outcome == "done"
        assert writing(session.picture) == ("node1",)


async def test_a_unit_that_ends_again_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await run(session, DRAIN)
        node = sim.world.nodes["node2"]
        start = node.start_unit

        def starts_and_ends(name: str) -> None:
            start(name)
            sim.world.galera.members["node2"].life += 1  # it never gets as far as to join
            node.later(20.0, lambda: sim.world.galera.leave("node2"))

        monkeypatch.setattr(node, "start_unit", starts_and_ends)
        with pytest.raises(Stopped, match=r"mariadb\.service on node2 has ended again: look at its log"):
            await run(session, RESTART_MYSQL)
        monkeypatch.setattr(node, "start_unit", start)
        (record,) = [one for one in session.open_runs() if one.operation == "restart mysql"]
        node.start_unit(MYSQL)
        assert (await (await session.resume(record, named("node2"))).task).outcome == "done"


async def test_what_is_stopped_stays_so_and_is_started_again(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await run(session, DRAIN)
        assert session.plan(STOP_MYSQL, "node2").leaves == (
            "MySQL on node2 stays stopped until somebody starts it, or node2 boots.",
        )
        assert (await run(session, STOP_MYSQL)).outcome == "done"
        assert sim.world.nodes["node2"].unit(MYSQL) == "inactive"
        with pytest.raises(NotBegun, match="MySQL does not run on node2"):
            await run(session, STOP_MYSQL)
        assert (await run(session, START_MYSQL)).outcome == "done"
        with pytest.raises(NotBegun, match=r"mariadb\.service on node2 runs already, or starts"):
            await run(session, START_MYSQL)
        assert (await run(session, RESTART_GLUSTER)).outcome == "done"
        assert (await run(session, RESTART_APACHE)).outcome == "done"
        assert sim.world.nodes["node2"].unit(APACHE) == "active"


async def test_the_layer_must_be_whole_on_the_others(fine: Snapshot) -> None:
    away = put(fine, "nodes", "node3", galera=Unknown("no answer", 9.0, 8.0))
    assert ("MySQL on node3 is not known: no answer", Override.NEVER) in against(away, RESTART_MYSQL)
    assert not [saw for saw, _ in against(away, RESTART_GLUSTER) if "MySQL" in saw]
    assert not [saw for saw, _ in against(away, RESTART_APACHE) if "MySQL" in saw]
    (volume,) = fine.volumes
    assert isinstance(volume.state, Known)
    bricks = volume.state.value.bricks
    others = tuple(
        replace(one, online=False, connected=False, pending=None) if one.host == "node3" else one for one in bricks
    )
    assert others != bricks
    hurt = alter(fine, "volumes", "www", "state", bricks=others)
    assert ("the brick of www on node3 is offline", Override.NEVER) in against(hurt, RESTART_GLUSTER)
    assert not [saw for saw, _ in against(hurt, RESTART_MYSQL) if "brick" in saw]


@pytest.mark.parametrize(
    ("active", "stopped", "saw"),
    [
        (("mysql@two.service",), (), "which unit of MySQL on node2 is meant is not known: mysql@two.service"),
        (("mysql@bootstrap.service",), (), ""),
        ((), ("mariadb.service", "mysql.service"), "which unit of MySQL on node2 is meant is not known: "),
        ((), ("mysql@bootstrap.service",), "systemd on node2 knows no unit of MySQL that is only stopped"),
    ],
)
async def test_exactly_one_unit_is_started(
    fine: Snapshot, active: tuple[str, ...], stopped: tuple[str, ...], saw: str
) -> None:
    picture = put(fine, "nodes", "node2", services=Known(Services(active, (), 0, stopped), 1.0))
    told = [each for each, _ in against(picture, RESTART_MYSQL) if "unit" in each]
    assert bool(told) is bool(saw)
    assert not told or told[0].startswith(saw)


async def test_a_member_that_was_bootstrapped_joins_as_an_ordinary_one(fine: Snapshot) -> None:
    for name in ("node1", "node2", "node3"):
        lines = {" ".join(one.argv) for one in rights.ordered(fine.cluster, name)}
        assert "systemctl start --no-block mysql.service" in lines
        assert not [line for line in lines if "start" in line and "@" in line and "stop" not in line]


async def test_only_started_mysql_waits_for_the_others_and_makes_no_cluster(fine: Snapshot) -> None:
    picture = put(fine, "nodes", "node2", services=Known(Services((), (), 0, ("mariadb.service",)), 1.0))
    assert against(picture, START_MYSQL) == []
    for name in ("node1", "node3"):
        picture = put(picture, "nodes", name, galera=Unknown("no answer", 9.0, 8.0))
    saw = "no other node's MySQL is Synced: that of node2 would wait for them"
    assert against(picture, START_MYSQL) == [(saw, Override.CONFIRM)]


async def test_apache_does_not_start_into_visitors_without_a_database(fine: Snapshot) -> None:
    picture = put(fine, "nodes", "node2", services=Known(Services((), (), 0, ("apache2.service",)), 1.0))
    assert against(picture, START_APACHE) == []
    picture = put(picture, "nodes", "node2", galera=Unknown("no answer", 9.0, 8.0))
    saw = "node2 gets visitors as soon as Apache runs, and MySQL on node2 is not known: no answer"
    assert against(picture, START_APACHE) == [(saw, Override.NAME_AND_REASON)]
