"""The lab proves itself: whole, wounded and healed, and gone without a trace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import pytest

from . import cgroups, services, slots
from .lab import Lab, clean_stale
from .plan import MACHINES, NODES

_ROOT = Path(__file__).parents[2]
_PERSIST = """\
<?php
require_once("config.inc"); require_once("functions.inc"); require_once("haproxy/haproxy.inc");
$config = parse_config(true);
$pools = config_get_path('installedpackages/haproxy/ha_pools/item', []);
foreach ($pools as $i => $pool) {
    foreach ($pool['ha_servers']['item'] as $j => $server) {
        if ($server['name'] == 'node2') {
            config_set_path("installedpackages/haproxy/ha_pools/item/$i/ha_servers/item/$j/status", 'disabled');
        }
    }
}
if (!haproxy_check_and_run($message, false)) { die("BAD $message"); }
if (!is_array(write_config('node2 out'))) { die('NOT WRITTEN'); }
haproxy_writeconf("{$g['varetc_path']}/haproxy");
haproxy_do_xmlrpc_sync();
echo 'DONE';
"""


def test_it_is_whole(lab: Lab) -> None:
    lab.wait_healthy(30)
    for machine in MACHINES:
        assert lab.ssh(machine, "hostname").stdout.strip() == machine
        assert lab.ssh(machine, "sudo -n id -u", user="ops").returncode != 0
    for name in NODES:
        assert lab.ssh(name, "sudo -n gluster --mode=script volume status www --xml", user="ops").returncode == 0
        assert lab.ssh(name, "sudo -n gluster --mode=script volume stop www", user="ops").returncode != 0


def test_the_inventory_names_files_that_are_there(lab: Lab) -> None:
    cluster = tomllib.loads(lab.inventory.read_text())["cluster"]["lab"]
    for path in (cluster["ssh"]["config"], cluster["ssh"]["known_hosts"], cluster["ssh"]["identity"]):
        assert Path(path).is_file()
    assert Path(cluster["mysql"]["password_file"]).stat().st_mode & 0o777 == 0o600
    password = Path(cluster["mysql"]["password_file"]).read_text().strip()
    query = f"mariadb -h127.0.0.1 -udrainboard -p{password} -Ne \"SHOW STATUS LIKE 'wsrep_cluster_size'\""
    assert lab.ssh("node3", query).stdout.split() == ["wsrep_cluster_size", "3"]


def test_every_node_serves_and_the_page_writes(lab: Lab) -> None:
    with lab.load(rate=100) as load:
        time.sleep(1)
    assert load.result.failures == 0, load.result
    assert set(load.result.by_node) == {"node1", "node2", "node3"}
    hit = lab.run_inside(["curl", "-sf", f"http://{lab.plan.wan_vip}/hit"], capture_output=True, text=True)
    assert hit.returncode == 0, hit


def test_there_is_no_way_out(lab: Lab) -> None:
    routes = lab.run_inside(["ip", "route"], capture_output=True, text=True).stdout
    assert "default" not in routes
    assert lab.run_inside(["ping", "-c1", "-W1", "192.0.2.1"], capture_output=True).returncode != 0


def test_a_thread_can_enter(lab: Lab) -> None:
    seen: list[bytes] = []

    def ask() -> None:
        lab.enter()
        with socket.create_connection((lab.plan.lan("node1"), 22), timeout=5) as sock:
            seen.append(sock.recv(4))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [b"SSH-"]


def test_persisting_through_pfsenses_php_reaches_the_peer(lab: Lab) -> None:
    done = lab.ssh("fw1", "/usr/local/bin/php -q", stdin=_PERSIST)
    assert done.stdout.endswith("DONE"), done
    rows = "echo 'show stat' | nc -U /tmp/haproxy.socket | grep ,node2,"
    assert lab.ssh("fw2", rows).stdout.count("MAINT") == 2
    assert "MAINT" not in lab.ssh("fw1", rows).stdout, "the primary must not reload"
    pick = "sed -n '/<ha_pools>/,/<.ha_pools>/p' /cf/conf/config.xml"
    assert lab.ssh("fw1", pick).stdout == lab.ssh("fw2", pick).stdout
    lab.reset()


def test_power_cut_of_a_node_heals_by_itself(lab: Lab) -> None:
    lab.cut("node2")
    assert not lab.machines["node2"].is_on
    first = lab.nodes["node1"]
    services.wait_for("the others go on", lambda: services.is_synced(first, 2) and lab.http_status() == 200, 30)
    lab.on("node2")
    lab.wait_healthy(60)


def test_a_reboot_inside_comes_back(lab: Lab) -> None:
    ask = "cat /proc/sys/kernel/random/boot_id"
    before = lab.ssh("node3", ask).stdout
    lab.ssh("node3", "systemctl reboot")
    services.wait_for("another boot_id", lambda: lab.ssh("node3", ask).stdout not in {before, ""}, 30)
    lab.wait_healthy(60)


def test_power_cut_of_the_master_moves_the_vips(lab: Lab) -> None:
    with lab.load(rate=30) as load:
        lab.cut("fw1", silent=True)
        wanted = ["carp: MASTER"] * 2
        role = "ifconfig | grep -o 'carp: [A-Z]*'"
        services.wait_for("fw2 is master", lambda: lab.ssh("fw2", role).stdout.splitlines() == wanted, 15)
        services.wait_for("visitors are served", lambda: lab.http_status() == 200, 15)
    assert 1 < load.result.longest_gap < 10
    lab.on("fw1")
    lab.wait_healthy(60)


def test_carp_maintenance_swaps_the_roles(lab: Lab) -> None:
    lab.ssh("fw1", "/usr/local/sbin/pfSsh.php playback enablecarpmaint")
    seen = "ifconfig | grep 'carp: BACKUP' | grep -c 'advskew 254'"
    assert lab.ssh("fw1", seen).stdout.strip() == "2"
    services.wait_for("fw2 is master", lambda: lab.ssh("fw2", "ifconfig").stdout.count("carp: MASTER") == 2, 15)
    lab.reset()


@pytest.mark.parametrize("killed", [False, True], ids=["down", "owner killed"])
def test_nothing_stays(killed: bool, lab: Lab) -> None:
    """A second lab beside the first, so that this also shows they do not disturb each other."""
    name = f"gone-{os.getpid()}"
    script = f"import sys; sys.path.insert(0, {str(_ROOT)!r})\nfrom tests.lab.lab import Lab\n"
    script += f"lab = Lab.up({name!r}, owned=True)\nprint('up', flush=True)\nsys.stdin.read()\nlab.down()\n"
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout and child.stdin
    assert child.stdout.readline() == "up\n"
    plan = slots.find(name).plan
    assert plan.slot != lab.plan.slot
    started = cgroups.pids(cgroups.lab_group(name))
    assert len(started) > 50
    if killed:
        child.send_signal(signal.SIGKILL)
    child.communicate()
    assert (name in clean_stale()) is killed
    assert _traces(name, started) == []
    lab.wait_healthy(10)


def _traces(name: str, started: list[int]) -> list[str]:
    """Everything that the lab of that name left behind."""
    found = [f"pid {pid}" for pid in started if f"drainboard-{name}" in _cgroup_of(pid)]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if name in line]
    found += [str(path) for path in Path("/run/netns").glob(f"*{name}*")]
    found += [str(path) for path in cgroups.mount_point().glob(f"*{name}*")]
    found += [str(path) for path in (slots.labs_dir() / name,) if path.exists()]
    return found


def _cgroup_of(pid: int) -> str:
    """A pid may have been given to someone else meanwhile; a zombie is PID 1's to collect, whenever it does."""
    try:
        if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():
            return ""
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""
