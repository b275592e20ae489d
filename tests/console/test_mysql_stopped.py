"""Before a reboot MySQL must have stopped: what systemd says of its units is not all there is to it."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.inventory.cluster import Mysql
from console.operations.procedures import REBOOT
from console.operations.procedures.power import STOP_GLUSTER, STOP_MYSQL
from console.operations.procedures.steps import Intent
from console.probes.database.galera import Wsrep
from console.probes.hosts.system import Host, Services
from console.probes.snapshot import NOT_ASKED, Cause, Known, Reading, Snapshot, Unknown
from tests.conftest import simulated, watching
from tests.console.telling import put
from tests.console.test_guards import HEALTHY
from tests.console.test_resumed_reboot import NAMED, sent

STILL = (
    "MySQL on node2 still answers, and none of mariadb.service, mysql.service, mysqld.service,"
    " mysql@bootstrap.service, mariadb@*.service, mysql@*.service and mysqld@*.service runs: stop it there"
)
ANSWERS = Known(Wsrep("Primary", 3, 3, "uuid", "Synced", True, 0, 1, None, False, False, ""), 1.0)
WITH_MYSQL = replace(HEALTHY, cluster=replace(HEALTHY.cluster, mysql=Mysql("ops")))
INTENT = Intent(WITH_MYSQL.cluster, "node2", REBOOT, {"boot node2": "before"})


def stopped(galera: Reading[Wsrep], snapshot: Snapshot = WITH_MYSQL, boot_id: str = "before") -> Snapshot:
    """A node all of whose units have ended."""
    services, host = Known(Services((), (), 0), 1.0), Known(Host(boot_id, 0.1, 4, 60.0), 1.0)
    return put(snapshot, "nodes", "node2", host=host, services=services, galera=galera)


def unknown(why: str, cause: Cause) -> Unknown:
    return Unknown(why, 1.0, 1.0, cause)


@pytest.mark.parametrize(
    ("galera", "done", "message"),
    [
        (ANSWERS, False, STILL),
        (unknown("galera can't be read: MySQL runs without wsrep", Cause.UNREADABLE), False, STILL),
        (unknown("it refused the connection: (1040) Too many connections", Cause.REFUSED), False, STILL),
        (unknown("it doesn't listen", Cause.ABSENT), True, "MySQL on node2 has stopped"),
        *(
            (reading, False, f"whether MySQL on node2 has stopped is not known: {reading.why}")
            for reading in (
                unknown("it broke the login off", Cause.SILENT),
                unknown("not read back yet", Cause.NOT_READ_BACK),
                unknown("stale: last read 9 s ago", Cause.STALE),
                NOT_ASKED,
            )
        ),
    ],
)
def test_mysql_has_stopped_when_it_answers_no_more(galera: Reading[Wsrep], done: bool, message: str) -> None:
    assert STOP_MYSQL.done(stopped(galera), INTENT)[:2] == (done, message)
    assert STOP_GLUSTER.done(stopped(galera), INTENT).done
    assert STOP_MYSQL.done(stopped(galera, boot_id="after"), INTENT)[:2] == (True, "node2 has rebooted already")


def test_where_there_is_no_mysql_none_is_waited_for() -> None:
    assert STOP_MYSQL.done(stopped(NOT_ASKED, HEALTHY), INTENT).done


async def test_a_mysql_that_only_refuses_runs(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        running = await session.begin(REBOOT, "node2", NAMED)
        node.by_hand = node.full = True
        await sim.until(lambda: running.task.done() or any(note.message.startswith(STILL) for note in running.notes))
        assert not running.task.done() and node.running
        sim.world.galera.leave("node2")
        assert (await running.task).outcome == "done"


@pytest.mark.parametrize("unit", ["mysql@replica01.service", "mysqld@a-b.service", "mariadb@bootstrap.service"])
async def test_a_server_with_a_name_of_its_own_is_stopped_before_the_reboot(tmp_path: Path, unit: str) -> None:
    """It is stopped by a pattern of ours: no word of the node's is sent to it as an order."""
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        sim.world.nodes["node2"].mysql_unit = unit
        async with watching(cluster) as session:
            services = session.picture.node("node2").services
            assert isinstance(services, Known) and unit in services.value.active
            running = await session.begin(REBOOT, "node2", NAMED)
            record = await running.task
            assert record.outcome == "done"
            orders = [str(entry.facts["orders"]) for entry in record.entries if entry.kind == "sending"]
            pattern = f"stop --no-block '{unit.partition('@')[0]}@*.service'"
            assert any(pattern in order for order in orders), orders


async def test_a_mysql_that_no_unit_runs_holds_the_reboot_until_somebody_has_stopped_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        node = sim.world.nodes["node2"]
        node.by_hand, before = True, node.boot_id
        running = await session.begin(REBOOT, "node2", NAMED)
        await sim.until(lambda: running.task.done() or any(note.message.startswith(STILL) for note in running.notes))
        assert not running.task.done()
        assert (node.boot_id, node.unit("glusterd.service")) == (before, "active")
        sim.world.galera.leave("node2")
        assert (await running.task).outcome == "done"
        assert node.boot_id != before
        assert [sent(running, step) for step in ("stop MySQL", "stop Gluster", "reboot")] == [0, 1, 1]
