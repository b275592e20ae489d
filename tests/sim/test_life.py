"""State that lives: what is ordered shows, what breaks looks broken, what comes back comes back in steps."""

import asyncio
import base64
import json
import xml.etree.ElementTree as ET

import asyncssh
import pymysql
import pytest

from console.probes.ask import Ran
from tests.sim.conftest import SOCKET, SPEED, Cluster

WEB, TLS = ("web_ipvANY", "node2"), ("webtls_ipvANY", "node2")
SUMMARY = ("gluster", "volume", "heal", "www", "info", "summary", "--xml")


def php(status: str, expect: str | None, sync: bool = True, server: str = "node2") -> str:
    servers = [
        {"pool": pool, "server": server, "address": "10.20.0.12", "expect": expect, "status": status}
        for pool in ("web", "webtls")
    ]
    asked = json.dumps({"servers": servers, "sync": sync, "description": "drainboard: node2"})
    payload = base64.b64encode(asked.encode()).decode()
    line = f"$drainboard = json_decode(base64_decode('{payload}'), true);"
    return f'<?php\nrequire_once("config.inc");\n{line}\necho "\\n";\n'


async def persist(cluster: Cluster, firewall: str, script: str) -> dict[str, object]:
    answer = await cluster.run(firewall, "/usr/local/bin/php", "-q", stdin=script)
    last = answer.out.strip().splitlines()[-1]
    assert last.startswith("drainboard ")
    return json.loads(last.removeprefix("drainboard "))


async def config(cluster: Cluster, firewall: str) -> ET.Element:
    return ET.fromstring((await cluster.run(firewall, "cat", "/cf/conf/config.xml")).out)


async def statuses(cluster: Cluster, firewall: str) -> list[str | None]:
    tree = await config(cluster, firewall)
    items = tree.iterfind("installedpackages/haproxy/ha_pools/item/ha_servers/item")
    return [item.findtext("status") for item in items if item.findtext("name") == "node2"]


async def state(cluster: Cluster, firewall: str, wanted: str) -> Ran:
    stdin = f"set server web_ipvANY/node2 state {wanted}; set server webtls_ipvANY/node2 state {wanted}"
    return await cluster.run(firewall, *SOCKET, stdin=stdin)


async def shows(cluster: Cluster, firewall: str, status: str) -> bool:
    rows = await cluster.stat(firewall)
    return {rows[WEB]["status"], rows[TLS]["status"]} == {status}


async def test_drain_shows_and_sessions_end(cluster: Cluster) -> None:
    assert (await state(cluster, "fw1", "drain")).out.strip() == ""
    assert await shows(cluster, "fw1", "DRAIN")

    async def empty() -> bool:
        rows = await cluster.stat("fw1")
        return rows[WEB]["scur"] == rows[TLS]["scur"] == "0"

    await cluster.until(empty)
    before = (await cluster.stat("fw1"))[WEB]
    await cluster.sim.sleep(3)
    after = (await cluster.stat("fw1"))[WEB]
    assert before["stot"] == after["stot"]
    assert int(after["lastsess"]) >= 3
    assert await shows(cluster, "fw2", "UP")
    await state(cluster, "fw1", "maint")
    assert await shows(cluster, "fw1", "MAINT")
    await state(cluster, "fw1", "ready")
    assert (await cluster.stat("fw1"))[WEB]["status"] in ("UP", "UP 1/3")
    await cluster.until(lambda: shows(cluster, "fw1", "UP"))


async def test_persist_reaches_the_peer_and_reloads_only_it(cluster: Cluster) -> None:
    revision = (await config(cluster, "fw2")).findtext("revision/time")
    await state(cluster, "fw1", "drain")
    await state(cluster, "fw2", "drain")
    assert await persist(cluster, "fw1", php("disabled", "active")) == {"ok": True, "changed": 2}
    assert await statuses(cluster, "fw1") == ["disabled", "disabled"]
    assert await statuses(cluster, "fw2") == ["disabled", "disabled"]
    assert await shows(cluster, "fw1", "DRAIN")
    assert await shows(cluster, "fw2", "MAINT")
    assert (await config(cluster, "fw1")).findtext("revision/description") == "(system): drainboard: node2"
    peer = await config(cluster, "fw2")
    assert peer.findtext("revision/time") != revision
    assert peer.find("installedpackages/haproxy/enablesync") is None


async def test_persist_changes_nothing_that_is_not_as_expected(cluster: Cluster) -> None:
    refused = await persist(cluster, "fw1", php("disabled", "backup"))
    assert refused["ok"] is False
    assert "active" in str(refused["why"])
    assert (await persist(cluster, "fw1", php("disabled", None, server="node9")))["ok"] is False
    assert await statuses(cluster, "fw1") == ["active", "active"]
    unknown = await cluster.run("fw1", "/usr/local/bin/php", "-q", stdin="<?php phpinfo();\n")
    assert unknown.status == 255


async def test_sync_fails_in_silence_when_the_peer_is_gone(cluster: Cluster) -> None:
    cluster.sim.fault("firewall-lost", "fw2")
    assert (await persist(cluster, "fw1", php("disabled", "active")))["ok"] is True
    cluster.sim.fault("firewall-back", "fw2")
    await cluster.until(lambda: reachable(cluster, "fw2"))
    assert await statuses(cluster, "fw2") == ["active", "active"]


async def reachable(cluster: Cluster, name: str) -> bool:
    try:
        async with asyncio.timeout(0.5):
            return (await cluster.run(name, "echo")).status == 0
    except (TimeoutError, OSError, asyncssh.Error):
        return False


async def test_a_power_cut_is_silence(cluster: Cluster) -> None:
    async with cluster.ssh("node2") as connection:
        cluster.sim.fault("node-lost", "node2")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await connection.run("/bin/sh", input="echo\n")
        login = cluster.machine("node2")
        reader, writer = await asyncio.open_connection(login["host"], login["port"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await reader.read(1)
        cluster.sim.fault("node-back", "node2")
        async with asyncio.timeout(3):
            await connection.wait_closed()
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
        writer.close()
    await cluster.until(lambda: reachable(cluster, "node2"))


async def test_checks_notice_a_dead_node(cluster: Cluster) -> None:
    cluster.sim.fault("node-lost", "node2")
    await cluster.until(lambda: shows(cluster, "fw1", "DOWN"), 1.0)
    assert (await cluster.stat("fw2"))[WEB]["check_status"] == "L4TOUT"
    answers = [await cluster.visit() for _ in range(4)]
    assert not any("X-Node: node2" in answer for answer in answers)


async def test_a_hung_node_accepts_and_never_answers(cluster: Cluster) -> None:
    async with cluster.ssh("node2") as connection:
        cluster.sim.fault("node-hung", "node2")
        pending = asyncio.ensure_future(connection.run("/bin/sh", input="nproc\n"))
        await asyncio.sleep(0.4)
        assert not pending.done()
    async with cluster.ssh("node2"):
        pass
    pending.cancel()
    await asyncio.gather(pending, return_exceptions=True)
    cluster.sim.fault("node-back", "node2")
    assert await reachable(cluster, "node2")
    await cluster.until(lambda: synced(cluster, "node2"))


async def synced(cluster: Cluster, name: str, size: str = "3") -> bool:
    try:
        values = await cluster.wsrep(name)
    except (pymysql.err.Error, OSError, asyncssh.Error):
        return False
    wanted = ("wsrep_local_state_comment", "wsrep_cluster_status", "wsrep_cluster_size", "wsrep_ready")
    return [values[key] for key in wanted] == ["Synced", "Primary", size, "ON"]


async def pending(cluster: Cluster, through: str = "node1") -> list[str]:
    out = (await cluster.run(through, "gluster", "volume", "heal", "www", "statistics", "heal-count")).out
    return [line.rpartition(" ")[2] for line in out.splitlines() if line.startswith(("Number", "No "))]


async def test_a_reboot_comes_back_synced_and_healed(cluster: Cluster) -> None:
    boot_id = ("cat", "/proc/sys/kernel/random/boot_id")
    before = (await cluster.run("node3", *boot_id)).out
    for order in (("stop", "--no-block", "mariadb.service"), ("stop", "--no-block", "glusterd.service")):
        assert (await cluster.run("node3", "systemctl", *order)).status == 0
    assert (await cluster.run("node3", "pkill", "-x", "glusterfsd")).status == 0
    assert (await cluster.run("node3", "pgrep", "-x", "glusterfsd")).status == 1
    await cluster.until(lambda: synced(cluster, "node1", "2"))
    with pytest.raises(asyncssh.ChannelOpenError):
        async with cluster.ssh("node3") as connection:
            await connection.open_connection("127.0.0.1", 3306)
    async with cluster.ssh("node3") as connection:
        await connection.run("/bin/sh", input="systemctl reboot\n")
        async with asyncio.timeout(2):
            await connection.wait_closed()
    assert (await pending(cluster))[2] == "brick"
    await cluster.until(lambda: reachable(cluster, "node3"))
    assert (await cluster.run("node3", *boot_id)).out != before
    await cluster.until(lambda: synced(cluster, "node3"))
    confs = {(await cluster.wsrep(name))["wsrep_cluster_conf_id"] for name in ("node1", "node2", "node3")}
    assert len(confs) == 1

    async def healed() -> bool:
        return await pending(cluster) == ["0", "0", "0"]

    await cluster.until(healed)


async def test_a_down_brick_has_no_counts(cluster: Cluster) -> None:
    cluster.sim.fault("node-lost", "node3")
    await cluster.sim.sleep(3)
    started = asyncio.get_running_loop().time()
    first = await cluster.run("node1", *SUMMARY)
    assert asyncio.get_running_loop().time() - started > 8 / SPEED
    assert first.status == 0
    *_, down = ET.fromstring(first.out).iter("brick")
    assert down.get("hostUuid") == "-"
    assert (down.findtext("status") or "").endswith("totalNumberOfEntries0")
    assert down.find("totalNumberOfEntries") is None
    assert await pending(cluster) == []  # Gluster's lock waits for it
    cluster.sim.world.gluster.locked_until = 0.0
    counts = await pending(cluster)
    assert int(counts[0]) == int(counts[1]) > 0
    assert counts[2] == "brick"
    status = await cluster.run("node1", "gluster", "volume", "status", "www", "--xml")
    assert len(list(ET.fromstring(status.out).iter("node"))) == 4


async def test_heal_backlog_drains(cluster: Cluster) -> None:
    cluster.sim.fault("heal-backlog", "node2")
    first = await pending(cluster)
    assert int(first[0]) > 50
    assert first[1] == "0"

    async def healed() -> bool:
        return await pending(cluster) == ["0", "0", "0"]

    await cluster.until(healed)


async def test_two_of_three_cut_leave_no_primary(cluster: Cluster) -> None:
    cluster.sim.fault("node-lost", "node2")
    cluster.sim.fault("node-lost", "node3")
    assert (await cluster.wsrep("node1"))["wsrep_cluster_size"] == "3"

    async def alone() -> bool:
        return (await cluster.wsrep("node1"))["wsrep_cluster_status"] == "non-Primary"

    await cluster.until(alone)
    values = await cluster.wsrep("node1")
    assert (values["wsrep_local_state_comment"], values["wsrep_ready"]) == ("Initialized", "OFF")
    assert (values["wsrep_cluster_size"], values["wsrep_cluster_conf_id"]) == ("1", "18446744073709551615")
    assert await cluster.sql("node1", "SELECT 1") == (("1",),)
    with pytest.raises(pymysql.err.OperationalError) as refused:
        await cluster.sql("node1", "SELECT * FROM shop.orders")
    assert refused.value.args[0] == 1047
    assert (await cluster.get("node1", "/")).startswith("HTTP/1.1 403 ")
    for name in ("node2", "node3"):
        cluster.sim.fault("node-back", name)
    for name in ("node1", "node2", "node3"):
        await cluster.until(lambda name=name: synced(cluster, name))


async def test_failover_loses_a_drain_that_was_not_persisted(cluster: Cluster) -> None:
    await state(cluster, "fw1", "drain")
    cluster.sim.fault("firewall-lost", "fw1")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.15):
            await cluster.visit()
    assert "HTTP/1.1 200 " in await cluster.visit()
    assert "carp: MASTER vhid 1" in (await cluster.run("fw2", "ifconfig", "-a")).out
    assert int((await cluster.stat("fw2"))[WEB]["rate"]) >= 0
    cluster.sim.fault("firewall-back", "fw1")
    await cluster.until(lambda: reachable(cluster, "fw1"))

    async def preempted() -> bool:
        return "carp: MASTER vhid 1" in (await cluster.run("fw1", "ifconfig", "-a")).out

    await cluster.until(preempted)
    assert "carp: BACKUP vhid 1" in (await cluster.run("fw2", "ifconfig", "-a")).out
    await cluster.until(lambda: shows(cluster, "fw1", "UP"))


async def test_carp_maintenance_moves_the_roles_and_stays_in_config(cluster: Cluster) -> None:
    playback = ("/usr/local/sbin/pfSsh.php", "playback")
    assert (await cluster.run("fw1", *playback, "enablecarpmaint")).status == 0
    assert (await config(cluster, "fw1")).find("virtualip_carp_maintenancemode") is not None

    async def backup() -> bool:
        return "carp: BACKUP vhid 1 advbase 1 advskew 254" in (await cluster.run("fw1", "ifconfig", "-a")).out

    await cluster.until(backup)
    await cluster.run("fw1", *playback, "disablecarpmaint")
    assert (await config(cluster, "fw1")).find("virtualip_carp_maintenancemode") is None


async def test_stopped_services(cluster: Cluster) -> None:
    cluster.sim.fault("apache-stopped", "node2")
    cluster.sim.fault("mysql-stopped", "node2")
    await cluster.until(lambda: shows(cluster, "fw1", "DOWN"))
    units = ("systemctl", "list-units", "--all", "mariadb.service", "apache2.service")
    assert (await cluster.run("node2", *units)).out.count("loaded inactive dead") == 2
    cluster.sim.fault("node-back", "node2")
    await cluster.until(lambda: shows(cluster, "fw1", "UP"))
    await cluster.until(lambda: synced(cluster, "node2"))


async def test_a_mysql_connection_ends_with_its_server(cluster: Cluster) -> None:
    async with cluster.mysql("node2") as query:
        assert await query("SELECT 1") == (("1",),)
        await cluster.run("node2", "systemctl", "restart", "mariadb.service")
        assert (await cluster.run("node2", "systemctl", "is-active", "mariadb")).out == "active\n"
        with pytest.raises(pymysql.err.OperationalError) as lost:
            await query("SELECT 1")
    assert lost.value.args[0] == 2013


async def test_no_sql_during_a_full_copy(cluster: Cluster) -> None:
    cluster.sim.fault("database-lost", "node2")
    await cluster.until(lambda: synced(cluster, "node1", "2"))
    await cluster.run("node2", "systemctl", "start", "--no-block", "mariadb.service")

    async def donor() -> bool:
        found = [(await cluster.wsrep(name))["wsrep_local_state_comment"] for name in ("node1", "node3")]
        return "Donor/Desynced" in found

    await cluster.until(donor)
    units = await cluster.run("node2", "systemctl", "list-units", "--all", "mariadb.service")
    assert units.out.split()[:3] == ["mariadb.service", "loaded", "activating"]
    assert not await synced(cluster, "node2")
    await cluster.until(lambda: synced(cluster, "node2"))


async def test_no_server_left_is_503(cluster: Cluster) -> None:
    stdin = "; ".join(f"set server web_ipvANY/node{place} state maint" for place in (1, 2, 3))
    await cluster.run("fw1", *SOCKET, stdin=stdin)
    assert (await cluster.visit()).startswith("HTTP/1.1 503 ")
