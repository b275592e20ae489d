"""Parsers over what real machines printed."""

from pathlib import Path

import pytest

from console.inventory.cluster import Login, Node
from console.probes.ask import Page, Ran, Rows
from console.probes.database import galera
from console.probes.firewalls import carp
from console.probes.firewalls import config as pfsense_config
from console.probes.pools import haproxy
from console.probes.pools.servers import Admin, Pools
from console.probes.storage import gluster
from console.probes.web import apache

RECORDINGS = Path(__file__).parents[1] / "recordings"


def printed(name: str, status: int = 0) -> Ran:
    return Ran(status, (RECORDINGS / name).read_text(), "")


def rows(name: str) -> Rows:
    lines = (RECORDINGS / name).read_text().splitlines()
    pairs = tuple(tuple(line.split("\t", 1)) for line in lines if "\t" in line)
    return Rows((*pairs, ("Uptime", "100")))


VARIABLES = Rows((("read_only", "OFF"), ("wsrep_desync", "OFF")))
SYSCTL = "net.inet.carp.allow: {}\nnet.inet.carp.demotion: {}\nkern.boottime: {{ sec = 1790000000, usec = 1 }} Sun\n"


@pytest.mark.parametrize(
    ("recording", "roles", "advskews"),
    [
        ("ifconfig-fbsd14-master.txt", ["MASTER", "MASTER"], [0, 0]),
        ("ifconfig-fbsd14-backup.txt", ["BACKUP", "BACKUP"], [100, 100]),
        ("ifconfig-fbsd14-maint-backup.txt", ["BACKUP", "BACKUP"], [254, 254]),
        ("ifconfig-fbsd11-12-master.txt", ["MASTER", "MASTER"], [0, 0]),
        ("ifconfig-fbsd15-vrrp-mixed.txt", ["MASTER", "MASTER"], [0, None]),
        ("ifconfig-fbsd14-carpdisabled.txt", [], []),
    ],
)
def test_ifconfig(recording: str, roles: list[str], advskews: list[int | None]) -> None:
    vhids, *_ = carp.parse_ifconfig((RECORDINGS / "pfsense" / recording).read_text(), [])
    assert [vhid.role for vhid in vhids] == roles
    assert [vhid.advskew for vhid in vhids] == advskews


def test_carp_role_by_virtual_address() -> None:
    answers = (printed("pfsense/ifconfig-fbsd14-master.txt"), Ran(0, SYSCTL.format(1, 0), ""))
    seen = carp.parse(answers, None)
    assert seen.role("198.51.100.10") == "MASTER"
    assert seen.role("10.20.0.1") == "MASTER"
    assert seen.role("198.51.100.2") is None
    assert seen.roles == {"MASTER"}


def test_carp_switched_off_is_said_whatever_ifconfig_shows() -> None:
    answers = (printed("pfsense/ifconfig-fbsd14-master.txt"), Ran(0, SYSCTL.format(0, 240), ""))
    seen = carp.parse(answers, None)
    assert (seen.roles, seen.demotion) == ({"DISABLED"}, 240)


@pytest.mark.parametrize(
    ("recording", "status", "state", "size", "synced"),
    [
        ("synced.node1.txt", "Primary", "Synced", 3, True),
        ("donor.txt", "Primary", "Donor/Desynced", 3, False),
        ("joining.txt", "Primary", "Joining: receiving State Transfer", 3, False),
        ("non-primary.node1.txt", "non-Primary", "Initialized", 1, False),
        ("one-node-killed.node1.txt", "Primary", "Synced", 2, True),
    ],
)
def test_wsrep(recording: str, status: str, state: str, size: int, synced: bool) -> None:
    seen = galera.parse((rows(f"galera/{recording}"), VARIABLES), None)
    assert (seen.status, seen.state, seen.size, seen.synced) == (status, state, size, synced)
    assert seen.commits_per_second is None


def gluster_answers(state: str) -> tuple[Ran, ...]:
    names = ("volume-status.xml", "heal-statistics-healcount.txt")
    store = printed("gluster/1-healthy/composed-glusterd-store.txt")
    return (store, *(printed(f"gluster/{state}/{name}") for name in names))


def test_gluster_healthy_counts_clean_looks() -> None:
    first = gluster.parse(gluster_answers("1-healthy"), None)
    second = gluster.parse(gluster_answers("1-healthy"), first)
    assert [brick.host for brick in second.bricks] == ["node1", "node2", "node3"]
    assert all(brick.well for brick in second.bricks)
    assert (first.clean_looks, second.clean_looks, second.pending) == (1, 2, 0)


def test_gluster_a_brick_that_is_away_is_neither_missing_nor_zero() -> None:
    clean = gluster.parse(gluster_answers("1-healthy"), None)
    seen = gluster.parse(gluster_answers("2-node3-down"), clean)
    away = seen.bricks[2]
    assert (away.host, away.online, away.connected, away.pending) == ("node3", False, False, None)
    assert [brick.pending for brick in seen.bricks[:2]] == [63, 63]
    assert (seen.clean_looks, seen.pending) == (0, None)


def test_gluster_healing_is_not_clean() -> None:
    seen = gluster.parse(gluster_answers("3-healing"), None)
    assert (seen.pending, seen.clean_looks) == (13, 0)
    assert all(brick.online and brick.heal_daemon for brick in seen.bricks)


@pytest.mark.parametrize(
    ("state", "entries"), [("1-healthy", 0), ("2-node3-down", None), ("3-healing", 0), ("5-split-brain", 1)]
)
def test_split_brain(state: str, entries: int | None) -> None:
    assert gluster.parse_summary((printed(f"gluster/{state}/heal-info-summary.xml"),), None).entries == entries


def test_apache() -> None:
    idle, load = (
        Page(200, (), (RECORDINGS / f"apache/server-status-auto.{name}.txt").read_text(), 0.01, at)
        for name, at in (("idle", 10.0), ("load", 13.0))
    )
    first = apache.parse((idle,), None)
    second = apache.parse((load,), first)
    assert (first.busy, first.idle, first.slots, first.requests_per_second) == (1, 49, 150, None)
    assert second.requests_per_second == pytest.approx((3333 - 1797) / 3)


def test_extended_status_off_is_said() -> None:
    body = (RECORDINGS / "apache/server-status-auto.idle.txt").read_text()
    without = "\n".join(line for line in body.splitlines() if not line.startswith("Total Accesses"))
    assert apache.parse((Page(200, (), without, 0.01),), None).accesses is None


def socket(stat: str, state: str) -> tuple[Ran, ...]:
    out = (RECORDINGS / stat).read_text().rstrip() + "\n\n" + (RECORDINGS / state).read_text()
    return Ran(0, out, ""), Ran(1, "", "")


@pytest.mark.parametrize(
    ("recording", "status", "admin", "serving"),
    [
        ("fw1", "UP", Admin.READY, True),
        ("drain", "DRAIN", Admin.DRAIN, False),
        ("maint", "MAINT", Admin.MAINT, False),
        ("disable", "MAINT", Admin.MAINT, False),
    ],
)
def test_show_stat(recording: str, status: str, admin: Admin, serving: bool) -> None:
    seen = haproxy.parse(
        socket(f"haproxy/show-stat.{recording}.csv", f"haproxy/show-servers-state.{recording}.txt"), None
    )
    mine = seen.of(Node("node2", "10.91.0.12", Login("x")))
    assert [(s.backend, s.status, s.admin, s.serving) for s in mine] == [("be_web", status, admin, serving)]


def test_show_stat_of_the_package_names_its_pools() -> None:
    seen = haproxy.parse(socket("pfsense/showstat-allup.csv", "pfsense/servers-state-allup.txt"), None)
    mine = seen.of(Node("node1", "10.20.0.11", Login("x")))
    assert [(server.pool, server.serving) for server in mine] == [("web", True), ("webtls", True)]


def test_weight_0_is_up_and_serves_nobody() -> None:
    seen = haproxy.parse(
        socket("pfsense/showstat-maint-weight0-down.csv", "pfsense/servers-state-mixed.txt"), None
    ).servers
    by_name = {(server.pool, server.name): server for server in seen}
    assert (by_name["web", "node2"].status, by_name["web", "node2"].serving) == ("UP", False)
    assert by_name["webtls", "node1"].admin is Admin.DRAIN


def test_haproxy_not_running_is_no_error() -> None:
    missing = Ran(1, "", "nc: unix connect failed: No such file or directory\n")
    assert haproxy.parse((missing, Ran(1, "", "")), None) == Pools(running=False)


def test_config_xml() -> None:
    first, second = (
        pfsense_config.parse((printed(f"pfsense/config-2.7.2-haproxy-{name}.xml"),), None) for name in ("fw1", "fw2")
    )
    assert (first.primary, second.primary) == (True, False)
    assert (first.balancer_sync, second.balancer_sync, first.maintenance) == (True, False, False)
    assert [(vip.address, vip.interface, vip.advskew) for vip in second.vips] == [
        ("198.51.100.10", "wan", "100"),
        ("10.20.0.1", "lan", "100"),
    ]
    mine = first.of(Node("node2", "10.20.0.12", Login("x")))
    assert [(s.pool, s.name, s.status, s.out) for s in mine] == [
        ("web", "node2", "active", False),
        ("webtls", "node2", "active", False),
    ]


def test_an_unknown_status_is_not_taken_for_active() -> None:
    text = (RECORDINGS / "pfsense/config-2.7.2-haproxy-fw1.xml").read_text()
    strange = text.replace("<status>active</status>\n\t\t\t\t\t\t\t\t<name>node2", "<status>odd</status><name>node2", 1)
    config = pfsense_config.parse((Ran(0, strange, ""),), None)
    assert [message for message in config.odd if "unknown status 'odd'" in message]
    assert ("web", "node2") not in {(server.pool, server.name) for server in config.servers}
    assert ("web", "node1") in {(server.pool, server.name) for server in config.servers}
