"""Everything the console reads of the real cluster, against the same read past it: healthy, wounded, and as `ops`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.health import Level, findings, verdict
from console.health.facts.membership import Place, master, place
from console.health.finding import Kind
from console.probes.schedule import batches
from console.probes.snapshot import Known, Reading, Snapshot, Unknown, reading_of
from console.session.session import Session

from .driving import Console, answers_of, moment, report, roles, rows, seen, standing, statuses, wait_traffic, watched
from .lab import Lab
from .plan import NODES
from .services import wsrep


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    lab.reset()


def known(reading: Reading[Any]) -> Any:
    assert isinstance(reading, Known), reading
    return reading.value


def _busy(picture: Snapshot) -> bool:
    """Every Apache has been asked twice."""
    sites = [picture.node(name).apache for name in NODES]
    return all(isinstance(one, Known) and (one.value.requests_per_second or 0) > 5 for one in sites)


def test_everything_when_healthy(lab: Lab) -> None:
    async def look(session: Session) -> Snapshot:
        await seen(session, "every node serves requests", _busy, 15)
        return session.picture

    with lab.load(rate=90):
        picture = watched(lab, look)
    assert verdict(picture).message == "3 of 3 nodes serve, synced and healed"
    assert [one for one in findings(picture) if one.level is not Level.NOTE] == []
    _firewalls_are_read_right(lab, picture)
    for name in NODES:
        _node_is_read_right(lab, picture, name)
    volume = known(picture.volumes[0].state)
    assert [brick.host for brick in volume.bricks] == list(NODES)
    assert all(brick.online and brick.heal_daemon and brick.connected for brick in volume.bricks)
    assert [brick.pending for brick in volume.bricks] == [0, 0, 0]
    assert known(picture.volumes[0].split_brain).entries == 0
    _volume_options_are_read_right(lab, picture)
    tables = known(picture.databases[0].tables)
    assert (tables.not_innodb, tables.no_primary_key) == _tables(lab)
    visit = known(next(view.visit for view in picture.vips if view.name == "wan"))
    assert visit.status == 200
    assert visit.node in NODES


def _volume_options_are_read_right(lab: Lab, picture: Snapshot) -> None:
    options = known(picture.volumes[0].options)
    get = "gluster --mode=script volume get www {} | tail -n 1"
    names = ("network.ping-timeout", "cluster.quorum-type")
    timeout, quorum = (lab.nodes["node1"].sh(get.format(name)).split()[1] for name in names)
    assert (options.ping_timeout, options.quorum_type) == (float(timeout), quorum)
    assert [(brick.host, brick.path) for brick in options.bricks] == [(name, "/data/www") for name in NODES]
    for brick in options.bricks:
        size, inodes = _df(lab, brick.host, brick.path)
        assert (brick.size, brick.inodes) == (size, inodes)
        assert 0 < (brick.free or 0) <= size


def _df(lab: Lab, machine: str, path: str) -> tuple[int, int]:
    """Bytes and inodes there are, as df counts them."""
    lines = lab.machines[machine].sh(f"df -B1 --output=size,itotal {path}").splitlines()
    size, inodes = lines[1].split()
    return int(size), int(inodes)


def _tables(lab: Lab) -> tuple[int, int]:
    """Not InnoDB, and without a primary key."""
    mine = "TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA NOT IN ('mysql', 'sys', 'performance_schema')"
    keys = (
        "SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) FROM information_schema.STATISTICS WHERE INDEX_NAME = 'PRIMARY'"
    )
    of = f"SELECT COUNT(*) FROM information_schema.TABLES WHERE {mine}"
    asked = f"{of} AND ENGINE <> 'InnoDB'; {of} AND CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) NOT IN ({keys});"
    first, second = lab.nodes["node1"].sh(f'mariadb --skip-column-names --execute="{asked}"').split()
    return int(first), int(second)


def _firewalls_are_read_right(lab: Lab, picture: Snapshot) -> None:
    vips = (lab.plan.wan_vip, lab.plan.lan_vip)
    for name, advskew in (("fw1", 0), ("fw2", 100)):
        view = picture.firewall(name)
        carp, pools, config = known(view.carp), known(view.pools), known(view.config)
        assert [carp.role(vip) for vip in vips] == roles(lab, name) == [["BACKUP", "MASTER"][name == "fw1"]] * 2
        assert {vhid.advskew for vhid in carp.vhids} == {advskew}
        assert (carp.allow, carp.demotion, config.maintenance) == (True, 0, False)
        servers = {f"{server.backend}/{server.name}": server.status.split()[0] for server in pools.servers}
        assert servers == {key: status.split()[0] for key, status in rows(lab, name).items()}
        assert sum(server.status.startswith("UP") for server in pools.servers) == 6
        assert {f"{server.pool}/{server.name}": server.status for server in config.servers} == statuses(lab, name)
        box = known(view.box)
        assert (box.version, box.unapplied, box.sync_notices) == (
            lab.machines[name].sh("cat /etc/version").strip(),
            (),
            (),
        )
        assert (pools.running, pools.dirty, config.primary, config.balancer_sync) == (True, False, *[name == "fw1"] * 2)


def _node_is_read_right(lab: Lab, picture: Snapshot, name: str) -> None:
    view = picture.node(name)
    host, member, apache = known(view.host), known(view.galera), known(view.apache)
    boot, load, uptime, cores = lab.ssh(
        name, "cat /proc/sys/kernel/random/boot_id; cut -d' ' -f1 /proc/loadavg; cut -d' ' -f1 /proc/uptime; nproc"
    ).stdout.split()
    assert (host.boot_id, host.cores) == (boot, int(cores))
    assert abs(host.load - float(load)) < 1.5
    assert 0 <= float(uptime) - host.uptime < 30
    status = wsrep(lab.nodes[name])
    assert (member.size, member.status, member.state) == (3, "Primary", "Synced")
    assert (member.uuid, str(member.conf_id)) == (status["wsrep_cluster_state_uuid"], status["wsrep_cluster_conf_id"])
    assert member.ready
    assert 0 <= member.recv_queue < 100
    page = lab.ssh(name, "curl -s 'http://127.0.0.1/server-status?auto'").stdout
    values = dict(line.split(": ", 1) for line in page.splitlines() if ": " in line)
    assert apache.slots == len(values["Scoreboard"])
    assert apache.busy >= 1
    assert apache.idle >= 5
    assert 5 < apache.requests_per_second < 90
    assert known(view.site).status == 200
    assert known(view.services).bricks == 1
    assert set(known(view.services).active) == {"mariadb.service", "glusterd.service", "apache2.service"}

    _machine_is_read_right(lab, picture, name)
    _programs_are_read_right(lab, picture, name)


def _machine_is_read_right(lab: Lab, picture: Snapshot, name: str) -> None:
    view = picture.node(name)
    host, devices, mounts = known(view.host), known(view.devices), known(view.mounts)
    words = lab.ssh(name, "awk '/^(MemTotal|MemAvailable):/ {print $2 * 1024}' /proc/meminfo").stdout.split()
    assert host.memory_total == int(words[0])
    assert abs(host.memory_available - int(words[1])) < host.memory_total / 5
    middle = known(picture.node("node1").host).clock
    assert abs(host.clock - middle) < 1, "all machines of a lab share one clock"
    assert {one.path for one in devices.filesystems} >= {"/", lab.datadir}
    for one in devices.filesystems:
        lines = lab.machines[name].sh(f"df -B1 --output=used,avail,itotal {one.path}").splitlines()
        used, free, inodes = map(int, lines[1].split())
        assert one.inodes == inodes
        assert one.size == pytest.approx(used + free, rel=0.01), "without what is kept for root, as df's percentage"
        assert one.free == pytest.approx(free, rel=0.01)
        assert 0 < one.free <= one.size
    failed = lab.ssh(name, "systemctl list-units --failed --plain --no-legend").stdout.splitlines()
    assert list(devices.failed_units) == [line.split()[0] for line in failed]
    assert (devices.bonds, devices.raid) == ((), None)
    assert [(one.volume, one.path, one.answers) for one in mounts.mounts] == [("www", "/var/www/html", True)]
    assert lab.ssh(name, "findmnt -n -t fuse.glusterfs -o TARGET").stdout.split() == ["/var/www/html"]


def _programs_are_read_right(lab: Lab, picture: Snapshot, name: str) -> None:
    view = picture.node(name)
    member, transfer = known(view.member), known(view.transfer)
    query = 'mariadb --skip-column-names --execute="SELECT @@version, @@wsrep_sst_method, @@wsrep_node_name"'
    version, method, called = lab.nodes[name].sh(query).rstrip("\n").split("\t")
    assert (member.version, member.sst_method, member.node_name) == (version.split("-")[0], method, called)
    assert member.flavour == "MariaDB"
    assert transfer.role == ""
    writer = known(view.writer)
    assert writer.running
    assert writer.target == picture.cluster.machine("node1").address


WOUNDS = {
    ("fw1", Kind.MAINTENANCE),
    ("fw2", Kind.DEMOTED_MASTER),
    ("node1", Kind.MIXED),
    ("node2", Kind.LEFTOVER),
    ("node2", Kind.SITE_SILENT),
    ("node3", Kind.UP_BUT_BRICK_AWAY),
}
"""The headlines of the wounds below, by machine."""


def _heads(picture: Snapshot) -> set[tuple[str, Kind]]:
    return {(finding.machine, finding.kind) for finding in findings(picture)}


def _away(picture: Snapshot) -> set[str]:
    """The nodes whose brick is offline; none while that is not known."""
    state = picture.volumes[0].state
    return {brick.host for brick in state.value.bricks if not brick.online} if isinstance(state, Known) else set()


def test_every_wound_shows(lab: Lab) -> None:
    """One of each layer at a time on one cluster; each must be read as itself."""
    lab.ssh("fw1", "/usr/local/sbin/pfSsh.php playback enablecarpmaint")
    lab.ssh("fw2", "sysctl net.inet.carp.demotion=1")
    lab.machines["fw2"].sh("echo 'set server webtls_ipvANY/node1 state maint' | nc -U /tmp/haproxy.socket")
    lab.nodes["node2"].sh("mariadb --execute='SET GLOBAL wsrep_desync=ON'; systemctl stop apache2")
    lab.nodes["node3"].sh("systemctl stop glusterd; pkill -x glusterfsd; true")
    lab.nodes["node1"].sh("echo wounded > /var/www/html/wounded")

    async def look(session: Session) -> Snapshot:
        await seen(session, "fw1 in maintenance: fw2 is MASTER", lambda now: master(now) == "fw2", 20)
        await seen(session, "node2 fails HAProxy's checks", lambda now: ("node2", Kind.DOWN) in _brought(now), 20)
        await seen(session, "the brick of node3 alone is away", lambda now: _away(now) == {"node3"}, 20)
        await seen(session, "each wound has its headline", lambda now: _heads(now) >= WOUNDS, 20)
        return session.picture

    try:
        picture = watched(lab, look)
    finally:
        lab.nodes["node2"].sh("mariadb --execute='SET GLOBAL wsrep_desync=OFF'")
        lab.nodes["node1"].sh("rm /var/www/html/wounded")
    assert known(picture.firewall("fw1").config).maintenance
    assert {vhid.advskew for vhid in known(picture.firewall("fw1").carp).vhids} == {254}
    assert known(picture.firewall("fw2").carp).demotion == 1
    assert place(picture, "node1") is Place.MIXED
    assert known(picture.node("node2").galera).state == "Donor/Desynced"
    assert isinstance(picture.node("node2").site, Unknown)
    assert isinstance(picture.node("node2").apache, Unknown)
    bricks = {brick.host: brick for brick in known(picture.volumes[0].state).bricks}
    assert (bricks["node1"].pending or 0) >= 1
    assert bricks["node3"].pending is None
    assert known(picture.node("node3").services).bricks == 0
    mixed = next(finding.message for finding in findings(picture) if finding.kind is Kind.MIXED)
    assert mixed == "node1 is out of webtls, but not of every pool"
    assert _brought(picture) >= {
        ("node2", Kind.DOWN),
        ("www", Kind.BRICK_AWAY),
        ("www", Kind.HEAL),
    }


def _brought(picture: Snapshot) -> set[tuple[str, Kind]]:
    """Findings that follow from others."""
    return {(one.machine, one.kind) for finding in findings(picture) for one in finding.brings}


def test_as_ops_with_sudo(lab: Lab, tmp_path: Path) -> None:
    """Nobody logs in as root anywhere; what needs root goes through `sudo -n`."""
    text = lab.inventory.read_text().replace('user = "root"', 'user = "ops"')
    assert 'user = "root"' not in text
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(text)

    async def look(session: Session) -> Snapshot:
        return session.picture

    picture = watched(lab, look, inventory)
    for one in batches(picture.cluster):
        for question in one.questions:
            reading = reading_of(picture, question, one.name)
            if question.field == "updates":  # the machines have no package lists, and no way to get any
                assert isinstance(reading, Unknown)
                assert "apt-get update" in reading.why
                continue
            assert isinstance(reading, Known), f"{one.name} {question.field}: {reading}"
    console = Console(lab, inventory)
    with lab.load(rate=50) as load:
        assert console.run("drain", "lab", "node2").code == 0
        out = moment(console.last(), "seen", "out at run time")
        assert standing(lab, "node2") == {"DRAIN", "MAINT", "disabled"}
        time.sleep(1)
        assert console.run("rejoin", "lab", "node2").code == 0
        assert standing(lab, "node2") == {"UP", "active"}
        assert answers_of(load, "node2", out, moment(console.last(), "sending", "back at run time")) == []
        wait_traffic(load, "node2")
    report("drain and rejoin node2 as ops", load)
    assert load.result.failures == 0
