"""Each question is answered in the recorded format."""

import re
import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import asyncssh
import pymysql
import pytest

from console.probes.ask import Run
from tests.sim.conftest import SOCKET, Cluster, ask

CARP = re.compile(r"^\tcarp: (MASTER|BACKUP|INIT) vhid (\d+) advbase (\d+) advskew (\d+)$", re.MULTILINE)
UNITS = ("mariadb.service", "mysql.service", "glusterd.service", "apache2.service", "httpd.service")


async def test_ifconfig_and_sysctl(cluster: Cluster) -> None:
    names = ("net.inet.carp.allow", "net.inet.carp.demotion", "kern.boottime", "vm.loadavg")
    roles = []
    for firewall in ("fw1", "fw2"):
        interfaces, values = await cluster.ask(firewall, Run(("ifconfig", "-a")), Run(("sysctl", *names)))
        roles.append(CARP.findall(interfaces.out))
        assert [line.partition(": ")[0] for line in values.out.splitlines() if line] == list(names)
        assert re.search(r"^kern\.boottime: \{ sec = \d+, usec = \d+ \} \w{3} \w{3}", values.out, re.MULTILINE)
    assert roles[0] == [("MASTER", "1", "1", "0"), ("MASTER", "2", "1", "0")]
    assert roles[1] == [("BACKUP", "1", "1", "100"), ("BACKUP", "2", "1", "100")]


async def test_haproxy_socket(cluster: Cluster) -> None:
    rows = await cluster.stat("fw1")
    server = rows["web_ipvANY", "node2"]
    assert (server["status"], server["addr"], server["check_status"]) == ("UP", "10.20.0.12:80", "L7OK")
    assert int(server["stot"]) > 0
    assert int(server["scur"]) > 0
    assert rows["webtls_ipvANY", "BACKEND"]["act"] == "3"
    assert int(rows["www_http", "FRONTEND"]["stot"]) > int(server["stot"])
    state = (await cluster.run("fw1", *SOCKET, stdin="show servers state")).out.splitlines()
    assert state[0] == "1"
    assert state[1].startswith("# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state ")
    assert state[2].split()[:7] == ["100", "web_ipvANY", "101", "node1", "10.20.0.11", "2", "0"]
    assert "node: fw1\n" in (await cluster.run("fw1", *SOCKET, stdin="show info")).out


async def test_socket_complaints_leave_status_0(cluster: Cluster) -> None:
    stdin = (
        "set server nope/node1 state drain; set server web_ipvANY/nope state drain; set server web_ipvANY/node1 state x"
    )
    answer = await cluster.run("fw1", *SOCKET, stdin=stdin)
    assert answer.status == 0
    assert answer.out.startswith("No such backend.\n\nNo such server.\n\n'set server <srv> state' expects")
    good = await cluster.run("fw1", *SOCKET, stdin="set server web_ipvANY/node1 state ready")
    assert good.out.strip() == ""


async def test_firewall_files(cluster: Cluster) -> None:
    flag, version, config = await cluster.ask(
        "fw2",
        Run(("test", "-e", "/var/run/haproxy.conf.dirty"), timeout=None),
        Run(("cat", "/etc/version")),
        Run(("cat", "/cf/conf/config.xml")),
    )
    assert flag.status == 1
    assert version.out.strip() == "2.7.2-RELEASE"
    tree = ET.fromstring(config.out)
    assert tree.findtext("version") == "23.3"
    assert tree.find("hasync/synchronizetoip") is None
    assert len(tree.findall("installedpackages/haproxy/ha_pools/item/ha_servers/item")) == 6
    assert [vip.findtext("advskew") for vip in tree.findall("virtualip/vip")] == ["100", "100"]
    first = ET.fromstring((await cluster.run("fw1", "cat", "/cf/conf/config.xml")).out)
    assert first.findtext("hasync/synchronizetoip") == "172.16.1.3"
    assert first.find("installedpackages/haproxy/enablesync") is not None


async def test_node_system(cluster: Cluster) -> None:
    proc, cores, units, bricks = await cluster.ask(
        "node1",
        Run(("cat", "/proc/sys/kernel/random/boot_id", "/proc/loadavg", "/proc/uptime")),
        Run(("nproc",)),
        Run(("systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", "--full", *UNITS)),
        Run(("pgrep", "-x", "glusterfsd")),
    )
    boot_id, load, uptime, *_ = proc.out.split("\n")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", boot_id)
    assert float(load.split()[0]) < float(uptime.split()[0])
    assert int(cores.out) > 0
    lines = units.out.splitlines()
    assert lines[0].split()[:4] == ["mariadb.service", "loaded", "active", "running"]
    assert len(lines) == 3
    assert bricks.out.strip().isdigit()


async def test_gluster(cluster: Cluster) -> None:
    volume = ("gluster", "--mode=script", "volume")
    info, status, peers, count, heal = await cluster.ask(
        "node2",
        Run((*volume, "info", "www", "--xml")),
        Run((*volume, "status", "www", "--xml")),
        Run(("gluster", "peer", "status", "--xml")),
        Run((*volume, "heal", "www", "statistics", "heal-count", "--xml")),
        Run((*volume, "heal", "www", "info", "summary", "--xml")),
    )
    names = [brick.findtext("name") for brick in ET.fromstring(info.out).iter("brick")]
    assert names == ["node1:/data/www", "node2:/data/www", "node3:/data/www"]
    nodes = list(ET.fromstring(status.out).iter("node"))
    assert [node.findtext("status") for node in nodes] == ["1"] * 6
    assert nodes[3].findtext("path") == "localhost"
    assert [peer.findtext("hostname") for peer in ET.fromstring(peers.out).iter("peer")] == ["node1", "node3"]
    assert count.out.count("Number of entries: 0") == 3
    bricks = list(ET.fromstring(heal.out).iter("brick"))
    assert [brick.findtext("totalNumberOfEntries") for brick in bricks] == ["0", "0", "0"]


async def test_what_glusterd_keeps(cluster: Cluster) -> None:
    folder = "/var/lib/glusterd"
    argv = ("grep", "-r", "-s", "-E", "^(hostname[0-9]*|count)=", f"{folder}/peers", f"{folder}/vols/www/info")
    (kept,) = await cluster.ask("node2", Run(argv, root=True))
    assert [line.rpartition(":")[2] for line in kept.out.splitlines()] == [
        "hostname1=node1",
        "hostname1=node3",
        "count=3",
    ]


async def test_apache(cluster: Cluster) -> None:
    page = await cluster.get("node3", "/server-status?auto")
    values = dict(line.split(": ", 1) for line in page.splitlines() if ": " in line)
    assert int(values["Total Accesses"]) > 0
    assert set(values["Scoreboard"]) <= set("_SRWKDCLGI.")
    health = await cluster.get("node3", "/health")
    assert health.startswith("HTTP/1.1 200 ")
    assert "\r\nX-Node: node3\r\n" in health


async def test_mysql(cluster: Cluster) -> None:
    values = await cluster.wsrep("node1")
    assert len(values) >= 70
    assert (values["wsrep_local_state_comment"], values["wsrep_cluster_size"]) == ("Synced", "3")
    names = "'wsrep_desync', 'read_only', 'pxc_maint_mode', 'version'"
    variables = dict(await cluster.sql("node1", f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})"))
    assert set(variables) == {"wsrep_desync", "read_only", "version"}
    assert await cluster.sql("node1", "SELECT 1") == (("1",),)
    with pytest.raises(pymysql.err.OperationalError) as refused:
        await cluster.sql("node1", "SELECT 1", password="wrong")
    assert refused.value.args[0] == 1045


async def test_vips_round_robin(cluster: Cluster) -> None:
    answers = [await cluster.visit(vip) for vip in ("wan", "lan", "wan")]
    assert all(answer.startswith("HTTP/1.1 200 ") for answer in answers)
    assert len({line for answer in answers for line in answer.splitlines() if line.startswith("X-Node")}) == 3


async def test_shell_is_strict(cluster: Cluster) -> None:
    missing, quoted, slow = await cluster.ask(
        "node1", Run(("frobnicate", "-x")), Run(("echo", "a b; 'c' $HOME")), Run(("sleep", "9"), timeout=0.1)
    )
    assert missing.status == 127
    assert quoted.out == "a b; 'c' $HOME\n"
    assert slow.status == 124
    async with cluster.ssh("node1") as connection:
        done = await connection.run("/bin/sh", input="frob\nfalse && echo no; true | cat; echo $? x >&2; exit 3\n")
    assert (done.exit_status, done.stderr) == (3, "sh: frob: not found\n0 x\n")


async def test_several_sessions_on_one_connection(cluster: Cluster) -> None:
    async with cluster.ssh("node1") as connection:
        slow = connection.run("/bin/sh", input="sleep 3; echo slow\n")
        quick = await ask(connection, Run(("nproc",)), Run(("pgrep", "-x", "glusterfsd")))
        assert quick[0].status == 0
        assert (await slow).stdout == "slow\n"


async def test_sudo(cluster: Cluster) -> None:
    order = Run(("systemctl", "stop", "--no-block", "apache2.service"), root=True)
    (without,) = await cluster.ask("node1", order, user="ops")
    assert without.status == 1
    (asked,) = await cluster.ask("fw1", Run(SOCKET, "show info", root=True), user="ops", sudo=True)
    assert asked.out.startswith("Name: HAProxy")
    cluster.sim.world.machines["fw1"].sudo = False
    (refused,) = await cluster.ask("fw1", Run(SOCKET, "show info", root=True), user="ops", sudo=True)
    assert (refused.status, refused.err) == (1, "sudo: a password is required\n")


async def test_logins_are_strict(cluster: Cluster, folder: Path) -> None:
    login, ssh = cluster.machine("fw1"), cluster.inventory["ssh"]
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    where = {"host": login["host"], "port": login["port"], "config": [ssh["config"]], "agent_path": None}
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(**where, username="admin", known_hosts=ssh["known_hosts"], client_keys=[stranger])
    (folder / "other_hosts").write_text(Path(ssh["known_hosts"]).read_text().replace("ssh-ed25519 A", "ssh-ed25519 B"))
    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await asyncssh.connect(
            **where, username="admin", known_hosts=str(folder / "other_hosts"), client_keys=[ssh["identity"]]
        )
    for secret in ("id_ed25519", "mysql-password"):
        assert stat.S_IMODE((folder / secret).stat().st_mode) == 0o600


async def test_only_the_node_itself_is_behind_its_tunnels(cluster: Cluster) -> None:
    async with cluster.ssh("node1") as connection:
        for host, port in (("10.20.0.12", 80), ("127.0.0.1", 22), ("127.0.0.1", 8080)):
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection(host, port)
