"""The simulated database in depth, as the console reads it over real sockets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.health.facts.ist import ist_window
from console.health.facts.sst import joining, transfers
from console.probes.snapshot import Known, Snapshot, Unknown
from console.sim import Simulator, mysql_proxy
from console.sim.haproxy_socket import answer
from tests.conftest import simulated, watching


class Watch:
    """A session on a simulated cluster, and patience."""

    def __init__(self, sim: Simulator, session: Any) -> None:
        self.sim, self.session = sim, session
        self.galera = sim.world.galera

    async def until(self, ready: Callable[[Snapshot], object], seconds: float = 12.0) -> Snapshot:
        """The first picture of which `ready` is true."""
        for _ in range(int(seconds * 50)):
            if ready(self.session.poller.snapshot):
                break
            await self.session.poller.change(0.05)
        picture = self.session.poller.snapshot
        assert ready(picture), picture.nodes
        return picture


def member(picture: Snapshot, name: str) -> Any:
    reading = picture.node(name).galera
    return reading.value if isinstance(reading, Known) else None


@pytest.fixture
async def watch(tmp_path: Path) -> Any:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        yield Watch(sim, session)


async def test_everything_is_answered(watch: Watch) -> None:
    picture = await watch.until(
        lambda now: all(member(now, view.name).commits_per_second is not None for view in now.nodes)
    )
    for view in picture.nodes:
        assert isinstance(view.member, Known) and view.member.value.flavour == "MariaDB"
        assert view.member.value.gcache_bytes == 1 << 30
        assert isinstance(view.transfer, Known) and view.transfer.value.role == ""
        assert isinstance(view.writer, Known) and view.writer.value.targets == ("10.20.0.11",)
        assert member(picture, view.name).bytes_per_second > 0
        assert member(picture, view.name).flow_control == 0
    tables = picture.databases[0].tables
    assert isinstance(tables, Known) and (tables.value.not_innodb, tables.value.no_primary_key) == (1, 1)
    assert tables.value.names == ("blog.log: no primary key", "shop.sessions: MEMORY")
    assert ist_window(picture, "node2").message.startswith("back by IST until about ")


async def test_a_user_without_the_right_sees_no_tables(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.world.galera.privileges = ["PROCESS"]
        async with watching(cluster) as session:
            tables = session.poller.snapshot.databases[0].tables
    assert isinstance(tables, Unknown) and "GRANT SHOW VIEW ON *.* TO 'drainboard'" in tables.why


async def test_a_right_that_a_role_holds_counts(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        sim.world.galera.privileges, sim.world.galera.role_privileges = ["PROCESS"], ["SHOW VIEW"]
        async with watching(cluster) as session:
            tables = session.poller.snapshot.databases[0].tables
    assert isinstance(tables, Known) and tables.value.not_innodb == 1


async def test_a_full_copy_goes_on(watch: Watch) -> None:
    watch.galera.copy_seconds = 40.0
    watch.galera.wipe("node3")
    watch.sim.world.nodes["node3"].stop_unit("mariadb.service")
    await watch.sim.until(lambda: watch.galera.members["node3"].phase.name == "OUT")
    watch.sim.world.nodes["node3"].start_unit("mariadb.service")

    def under_way(now: Snapshot) -> bool:
        donor = member(now, "node2")
        copies = [it for it in transfers(now) if it.share and it.left]
        silent = isinstance(now.node("node3").galera, Unknown)  # until it is asked again, it is as it was before
        return bool(copies) and silent and donor is not None and donor.state == "Donor/Desynced"

    picture = await watch.until(under_way)  # several questions, each with a pace of its own
    (copy,) = transfers(picture)
    assert (copy.joiner, copy.donor, copy.method) == ("node3", "node2", "rsync")
    assert 0 < (copy.share or 0) < 1 and copy.message.startswith("SST from node2, ")
    assert isinstance(picture.node("node3").galera, Unknown)
    names = ("node1", "node2", "node3")
    await watch.until(lambda now: all((it := member(now, name)) and it.synced for name in names) and not transfers(now))


async def test_flow_control_and_conflicts(watch: Watch) -> None:
    watch.galera.hold("node3", 0.4)
    watch.galera.conflicts = 10.0
    await watch.until(lambda now: (member(now, "node1").flow_control or 0) > 0.3)
    await watch.until(lambda now: (member(now, "node2").cert_failures or 0) > 2)
    await watch.until(lambda now: (member(now, "node2").bf_aborts or 0) > 1)
    picture = await watch.until(lambda now: member(now, "node3").recv_queue >= 17)
    assert member(picture, "node1").recv_queue == 0
    watch.galera.hold("", 0.0)
    await watch.until(lambda now: member(now, "node1").flow_control == 0)


async def test_no_member_has_a_quorum(watch: Watch) -> None:
    watch.galera.part()
    picture = await watch.until(lambda now: all(member(now, view.name).status == "non-Primary" for view in now.nodes))
    assert not ist_window(picture, "node1").possible
    assert [member(picture, view.name).size for view in picture.nodes] == [1, 1, 1]
    # HAProxy's own check does not see it.
    assert all(isinstance(view.writer, Known) and view.writer.value.target for view in picture.nodes)
    watch.galera.unite()
    await watch.until(lambda now: all(member(now, view.name).synced for view in now.nodes))


def target(picture: Snapshot, node: str) -> str | None:
    """The target of its HAProxy for MySQL; "" where that is not known."""
    writer = picture.node(node).writer
    return writer.value.target if isinstance(writer, Known) else ""


async def test_every_server_crashes(watch: Watch) -> None:
    watch.galera.crash()
    picture = await watch.until(lambda now: all(isinstance(view.galera, Unknown) for view in now.nodes))
    assert ist_window(picture, "node1").possible is False
    await watch.until(lambda now: {target(now, view.name) for view in now.nodes} == {None})


async def test_nodes_disagree_on_the_writer(watch: Watch) -> None:
    node = watch.sim.world.nodes["node3"]
    mysql_proxy.disagree(node, "node1")
    picture = await watch.until(lambda now: target(now, "node3") == "10.20.0.12")
    assert target(picture, "node2") == "10.20.0.11"
    mysql_proxy.agree(node)
    await watch.until(lambda now: target(now, "node3") == "10.20.0.11")


def written(watch: Watch) -> dict[str, float]:
    return {name: member.replicated for name, member in watch.galera.members.items()}


async def test_who_writes_follows_the_haproxy_of_each_node(watch: Watch) -> None:
    """A drained server keeps its sessions, and their writes, until they end or are closed."""
    nodes = watch.sim.world.nodes.values()
    before = written(watch)
    await watch.sim.until(lambda: written(watch)["node1"] > before["node1"])
    assert (written(watch)["node2"], written(watch)["node3"]) == (before["node2"], before["node3"])
    for node in nodes:
        assert node.proxy
        server = node.proxy.server("mysql", "node1")
        assert not isinstance(server, str)
        server.held = 2
        mysql_proxy.disagree(node, "node1")
    between = written(watch)
    await watch.sim.until(lambda: written(watch)["node2"] > between["node2"] + 1)
    between = written(watch)
    await watch.sim.until(lambda: written(watch)["node1"] > between["node1"])
    for node in nodes:
        line = "shutdown sessions server mysql/node1"
        assert node.proxy and answer(node.proxy, line, node.name, node.clock.now) == "\n"
    between = written(watch)
    await watch.sim.until(lambda: written(watch)["node2"] > between["node2"] + 1)
    assert written(watch)["node1"] == between["node1"]


async def test_a_reload_forgets_what_the_socket_asked_for(watch: Watch) -> None:
    node = watch.sim.world.nodes["node2"]
    mysql_proxy.disagree(node, "node1")
    await watch.until(lambda now: target(now, "node2") == "10.20.0.12")
    watch.sim.fault("proxy-reloaded", "node2")
    await watch.until(lambda now: target(now, "node2") == "10.20.0.11")
    mysql_proxy.keep(node, (mysql_proxy.KEEP, "node3"))
    await watch.until(lambda now: target(now, "node2") == "10.20.0.13")


async def test_open_transactions_are_counted_with_the_privilege_only(watch: Watch) -> None:
    watch.galera.transactions["node1"] = [watch.galera.clock.now - 41]
    await watch.until(lambda now: isinstance(it := now.node("node1").transactions, Known) and it.value.longest >= 41)
    watch.galera.privileges = ["SHOW VIEW"]
    await watch.until(lambda now: isinstance(it := now.node("node1").transactions, Unknown) and "PROCESS" in it.why)


async def test_what_was_missed_is_no_full_copy(watch: Watch) -> None:
    """A joiner's script runs for an IST too, and its donor's says so."""
    watch.galera.missed_seconds = 30.0
    watch.galera.leave("node3")
    watch.galera.start("node3")
    since = (await watch.until(lambda now: member(now, "node2").state != "Synced")).node("node2").galera.at
    picture = await watch.until(lambda now: all(now.node(name).transfer.at > since for name in ("node2", "node3")))
    assert (joining(picture), transfers(picture)) == (("node3",), ())
