"""States that no simulated cluster shows, or not for long: a picture is taken there, and then altered."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import console
from console.health import Kind, Layer, Level, Verdict, findings, verdict, verdicts
from console.probes.pools.servers import Admin
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from tests.console.telling import alter, message, put


async def test_what_no_cluster_shows_for_long(fine: Snapshot) -> None:
    """Pictures taken there, and then altered."""
    galera = fine.nodes[1].galera
    assert isinstance(galera, Known)
    steady = fine
    for node in ("node1", "node3"):
        steady = alter(steady, "nodes", node, "galera", looks=3)
    other = alter(steady, "nodes", "node2", "galera", conf_id=galera.value.conf_id + 1, looks=1)
    assert not message(other, Kind.VIEWS_DIFFER), "a moment after each change this is normal"
    assert "conf_id" in message(alter(other, "nodes", "node2", "galera", looks=3), Kind.VIEWS_DIFFER)
    assert "uuids differ" in message(alter(fine, "nodes", "node2", "galera", uuid="other"), Kind.UUID_DIFFERS)
    slow = alter(alter(fine, "nodes", "node1", "galera", flow_control=0.31), "nodes", "node3", "galera", recv_queue=212)
    assert message(slow, Kind.FLOW_CONTROL) == (
        "MySQL holds back all commits 31 % of the time (flow control), for node3, where 212 write-sets wait"
    )
    assert "write the same rows" in message(alter(fine, "nodes", "node1", "galera", bf_aborts=4.0), Kind.SINGLE_WRITER)
    assert not message(alter(fine, "nodes", "node1", "galera", bf_aborts=0.4), Kind.SINGLE_WRITER)
    left = alter(fine, "nodes", "node1", "galera", read_only=True)
    assert message(left, Kind.LEFTOVER) == "MySQL on node1 refuses writes: read_only=ON was left there"
    kept = alter(fine, "nodes", "node1", "galera", maintenance="MAINTENANCE")
    assert message(kept, Kind.LEFTOVER) == (
        "MySQL on node1 gets nothing from checkers that read it: pxc_maint_mode=MAINTENANCE was left there"
    )
    foreign = alter(fine, "nodes", "node1", "galera", maintenance="DISABLED” OK “ all is well, and more of it")
    assert message(foreign, Kind.LEFTOVER).endswith(": pxc_maint_mode=“DISABLED' OK ' all is w…” was left there")
    split = alter(fine, "nodes", "node1", "galera", status="non-Primary", ready=False)
    assert message(split, Kind.NON_PRIMARY).endswith("it refuses every table, and it gets traffic")
    assert verdict(split).level is Level.CRITICAL


async def test_silence_is_no_proof_that_the_database_refuses(fine: Snapshot) -> None:
    late = Unknown("no answer in 3.0 s", fine.nodes[0].galera.at, 1.0)
    silent = fine
    for node in fine.nodes:
        silent = put(silent, "nodes", node.name, galera=late)
    one = findings(silent)[0]
    assert (one.level, one.kind, one.machine) == (Level.UNKNOWN, Kind.MYSQL_UNKNOWN, "mysql")
    assert one.message == (
        "MySQL does not answer on node1, node2 and node3, and whether it serves is not known: no answer in 3.0 s"
    )
    assert not message(silent, Kind.NO_PRIMARY) and not message(silent, Kind.MYSQL_SILENT), "they follow from it"
    told = alter(fine, "nodes", "node2", "galera", status="non-Primary", ready=False)
    told = put(put(told, "nodes", "node1", galera=late), "nodes", "node3", galera=late)
    assert message(told, Kind.NO_PRIMARY).endswith(
        "node2 is non-Primary (Synced); MySQL on node1 and node3 does not answer"
    )
    told = alter(told, "nodes", "node1", "services", active=())
    told = put(told, "nodes", "node3", host=late)
    assert message(told, Kind.NO_PRIMARY).endswith(
        "node2 is non-Primary (Synced); MySQL is stopped on node1; node3 does not answer"
    )


async def test_a_mysql_that_refuses_is_not_called_stopped(fine: Snapshot) -> None:
    full = Unknown("refused: (1040) Too many connections", fine.nodes[0].galera.at, 1.0, Cause.REFUSED)
    one = alter(put(fine, "nodes", "node2", galera=full), "nodes", "node2", "services", active=(), settling=())
    assert message(one, Kind.MYSQL_SILENT).startswith("MySQL on node2 can't be asked: refused: (1040)")
    assert not message(one, Kind.UP_BUT_NOT_SYNCED), "it may refuse nobody but us"
    every = one
    for node in fine.nodes:
        every = put(every, "nodes", node.name, galera=full)
        every = alter(every, "nodes", node.name, "services", active=(), settling=())
    assert not message(every, Kind.NO_MYSQL)
    assert message(every, Kind.MYSQL_UNKNOWN).startswith("MySQL refuses to tell on node1, node2 and node3, and whether")


async def test_mysqld_that_is_down_everywhere_is_told_as_that(fine: Snapshot) -> None:
    late = Unknown("Connection refused", fine.nodes[0].galera.at, 1.0)
    down = fine
    for node in fine.nodes:
        down = put(down, "nodes", node.name, galera=late)
    for at, node in enumerate(fine.nodes):
        assert not message(down, Kind.NO_MYSQL), f"{at} of 3 are seen to be stopped"
        down = alter(down, "nodes", node.name, "services", active=(), settling=())
    one = findings(down)[0]
    assert (one.level, one.kind, one.machine) == (Level.CRITICAL, Kind.NO_MYSQL, "mysql")
    assert one.message == "MySQL is stopped on every node: no table can be read or written"
    assert not message(down, Kind.NO_PRIMARY) and not message(down, Kind.MYSQL_SILENT), "they follow from it"
    waits = {"active": ("mariadb.service",), "settling": ("mariadb.service",)}
    some = alter(down, "nodes", "node3", "services", **waits)
    assert message(some, Kind.NO_MYSQL) == (
        "MySQL is stopped on node1 and node2, and only starting or stopping on node3: no table can be read or written"
    )
    for node in fine.nodes:
        some = alter(some, "nodes", node.name, "services", **waits)
    assert message(some, Kind.NO_MYSQL) == (
        "MySQL is only starting or stopping on every node: no table can be read or written"
    )
    lost = put(down, "nodes", "node3", host=late, services=late)
    assert not message(lost, Kind.NO_MYSQL), "what runs on node3 is not known"
    assert message(lost, Kind.NO_PRIMARY).endswith(": MySQL is stopped on node1 and node2; node3 does not answer")


async def test_a_small_backlog_of_a_moment_is_not_told(fine: Snapshot) -> None:
    state = fine.volumes[0].state
    assert isinstance(state, Known)
    bricks = tuple(replace(brick, pending=2) for brick in state.value.bricks)
    once = alter(fine, "volumes", "www", "state", bricks=bricks, history=((1.0, 0), (6.0, 0), (11.0, 2)))
    assert not message(once, Kind.HEAL)
    judged = verdicts(once)
    assert judged.cluster == Verdict(Level.OK, "3 of 3 nodes serve, synced; 2 entries to heal")
    assert judged.machines["node1"].message == "node1 serves, synced; 2 entries to heal"
    assert judged.layers[Layer.STORAGE].message == "www: 2 entries to heal, every brick online"
    assert verdict(fine).message == "3 of 3 nodes serve, synced and healed"
    lasting = alter(once, "volumes", "www", "state", history=((0.0, 0), (1.0, 2), (6.0, 2), (11.0, 2)), progress_at=1.0)
    assert message(lasting, Kind.HEAL) == "a copy of www is behind by 2 files"
    slow = alter(once, "volumes", "www", "state", history=((0.0, 3), (10.0, 2), (20.0, 2), (30.0, 2)))
    assert message(slow, Kind.HEAL) == "a copy of www is behind by 2 files", "0.03 a second is no pace"
    stuck = alter(lasting, "volumes", "www", "state", history=((1.0, 2), (800.0, 2)), progress_at=1.0)
    assert message(stuck, Kind.HEAL_STUCK) == "a copy of www is behind by 2 files, and no progress for 13 min"


async def test_a_node_serves_by_itself_only_if_asked_since_the_pools_say_down(fine: Snapshot) -> None:
    """An answer from before the loss says nothing about the pools."""

    def down(since: int) -> str:
        now = fine
        for name in ("fw1", "fw2"):
            pools = now.firewall(name).pools
            assert isinstance(pools, Known)
            gone = tuple(
                replace(one, status="DOWN", check="L4TOUT", since=since) if one.name == "node2" else one
                for one in pools.value.servers
            )
            now = put(now, "firewalls", name, pools=Known(replace(pools.value, servers=gone), asked + 2.0))
        return message(now, Kind.DOWN_BUT_SERVES)

    asked = fine.node("node2").site.at
    assert down(3).startswith("the pools say node2 is DOWN (L4TOUT), but asked by itself it serves")
    assert not down(1)


async def test_one_pool_that_fails_is_not_all_traffic(fine: Snapshot) -> None:
    down = fine
    for name in ("fw1", "fw2"):
        pools = down.firewall(name).pools
        assert isinstance(pools, Known)
        servers = tuple(
            replace(one, status="DOWN", check="L6RSP") if (one.pool, one.name) == ("webtls", "node2") else one
            for one in pools.value.servers
        )
        down = alter(down, "firewalls", name, "pools", servers=servers)
    assert message(down, Kind.DOWN_IN_POOL) == (
        "node2 gets no traffic from webtls: the health check fails on fw1 and fw2 (L6RSP); web still sends some"
    )
    assert not message(down, Kind.DOWN)


@pytest.mark.parametrize(
    ("status", "check", "told", "kind"),
    [
        (
            "UP 1/3",
            "L4CON",
            "node2 is about to go down in web on fw1: its health check fails (UP 1/3 L4CON)",
            "failing",
        ),
        ("UP 2/3", "L4CON", "", "failing"),
        ("UP 1/3", "INI", "", "failing"),
        ("UP 1/3", "* L7OK", "", "failing"),
        ("DOWN", "L4CON", "node2 gets no traffic: the health check fails on fw1 (L4CON)", "down"),
        (
            *("DOWN 1/2", "L7OK"),
            "node2 gets no traffic: the health check succeeds again on fw1, and not often enough yet (DOWN 1/2)",
            "down",
        ),
    ],
)
async def test_a_server_that_goes_down_or_comes_up_is_told(
    fine: Snapshot, status: str, check: str, told: str, kind: str
) -> None:
    pools = fine.firewall("fw1").pools
    assert isinstance(pools, Known)
    one = next(each for each in pools.value.servers if (each.pool, each.name) == ("web", "node2"))
    servers = (
        *(each for each in pools.value.servers if each.name != "node2"),
        replace(one, status=status, check=check),
    )
    now = alter(fine, "firewalls", "fw1", "pools", servers=servers)
    now = alter(now, "firewalls", "fw2", "pools", running=False, servers=())
    assert message(now, Kind.CHECK_FAILING if kind == "failing" else Kind.DOWN) == told


async def test_the_accident_is_the_headline_and_not_what_is_left_after_it(fine: Snapshot) -> None:
    def so(now: Snapshot, node: str, **changes: Any) -> Snapshot:
        for name in ("fw1", "fw2"):
            pools = now.firewall(name).pools
            assert isinstance(pools, Known)
            servers = tuple(replace(one, **changes) if one.name == node else one for one in pools.value.servers)
            now = alter(now, "firewalls", name, "pools", servers=servers)
            config = now.firewall(name).config
            assert isinstance(config, Known)
            later = tuple(
                replace(one, status="disabled") if one.name == "node1" else one for one in config.value.servers
            )
            now = alter(now, "firewalls", name, "config", servers=later)
        return now

    def first(now: Snapshot) -> tuple[Kind, set[Kind]]:
        one = findings(now)[0]
        return one.kind, {each.kind for each in one.brings}

    silent = Unknown("no answer", 9.0, 8.0)
    drained = so(fine, "node1", status="DRAIN", admin=Admin.DRAIN)
    down = so(drained, "node2", status="DOWN", check="L4TOUT")
    assert first(down) == (Kind.DOWN, {Kind.POOL_THIN})
    lost = put(down, "nodes", "node2", host=silent)
    assert first(lost)[0] is Kind.LOST and first(lost)[1] >= {Kind.DOWN, Kind.POOL_THIN}
    stalled = so(so(fine, "node3", status="DOWN", check="L7TOUT"), "node2", status="DOWN", check="L4TOUT")
    assert first(put(stalled, "nodes", "node2", host=silent))[0] is Kind.LOST
    uncounted = put(put(fine, "nodes", "node2", host=silent), "volumes", "www", split_brain=silent)
    assert first(uncounted)[0] is Kind.LOST, "that its brick is away Gluster says some seconds later"


async def test_config_sync_is_judged_once_it_has_had_time(fine: Snapshot) -> None:
    config = fine.firewall("fw1").config
    assert isinstance(config, Known)
    now = f"{config.at:.0f}"
    fresh = alter(fine, "firewalls", "fw1", "config", balancer_digest="x", revised=now)
    assert not message(fresh, Kind.SYNC_DIFFERS)
    older = alter(fresh, "firewalls", "fw1", "config", revised="1700000000")
    older = alter(older, "firewalls", "fw2", "config", revised="1700000000")
    assert "fw1 and fw2 differ in pools" in message(older, Kind.SYNC_DIFFERS)


@pytest.mark.parametrize("word", ["²", "٣", "-1", "", "9" * 30, "1e400"])
async def test_a_time_of_change_that_is_no_time_costs_itself_only(fine: Snapshot, word: str) -> None:
    odd = alter(fine, "firewalls", "fw1", "config", revised=word, maintenance=True, balancer_digest="x")
    odd = alter(odd, "firewalls", "fw2", "config", revised=word)
    assert message(odd, Kind.MAINTENANCE)
    assert message(odd, Kind.SYNC_DIFFERS)


def test_figures_are_read_in_one_place() -> None:
    """`str.isdigit` takes "²", and int() raises for it."""
    files = [path for path in Path(console.__path__[0]).rglob("*.py") if "sim" not in path.parts]
    assert [path.name for path in files if re.search(r"\.(isdigit|isnumeric)\(", path.read_text())] == ["text.py"]
