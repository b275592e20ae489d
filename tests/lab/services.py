"""The cluster on the machines: made once, then asked whether it is whole."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from xml.etree import ElementTree

from . import rights
from .host import LabError
from .install import Secrets
from .machine import Machine
from .plan import NODES

_DATABASE = """\
CREATE USER haproxy_check@'%';
CREATE DATABASE app;
CREATE TABLE app.hits (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, node VARCHAR(20) NOT NULL,
  at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB;
CREATE USER app@'127.0.0.1' IDENTIFIED BY '{words.app}', app@localhost IDENTIFIED BY '{words.app}';
GRANT SELECT, INSERT ON app.* TO app@'127.0.0.1', app@localhost;
"""
_VOLUME = """\
set -e
for peer in {peers}; do
    for try in $(seq 60); do
        timeout 20 gluster peer probe $peer && break
        sleep 0.2
    done
done
# A new peer is "Peer in Cluster" a moment later.
for try in $(seq 100); do
    [ "$(gluster pool list | grep -c Connected)" = 3 ] && timeout 30 gluster --mode=script volume create www replica 3 \
        {bricks} force && break
    sleep 0.2
done
gluster volume set www network.ping-timeout 5 cluster.heal-timeout 5 performance.client-io-threads off
timeout 30 gluster volume start www
"""
_PAGES = r"""
until mountpoint -q /var/www/html; do sleep 0.1; done
echo '<h1>The lab</h1>' > /var/www/html/index.html
echo '<!--#echo var="NODE" -->' > /var/www/html/health
"""


NO_ANSWER = (LabError, ElementTree.ParseError, subprocess.TimeoutExpired)
START_GLUSTERD = "systemctl reset-failed glusterd; systemctl start --no-block glusterd"
"""Its unit may start six times an hour."""


def wait_for(what: str, ready: Callable[[], bool], timeout: float, pause: float = 0.2) -> None:
    """Ask until it is so; the sentence says what never came."""
    deadline = time.monotonic() + timeout
    while not _answers_yes(ready):
        if time.monotonic() > deadline:
            raise LabError(f"not within {timeout:.0f} s: {what}")
        time.sleep(pause)


def _answers_yes(ready: Callable[[], bool]) -> bool:
    """A machine that is just starting or off has not said yes."""
    try:
        return ready()
    except (LabError, OSError, ElementTree.ParseError, subprocess.TimeoutExpired):
        return False


def create(nodes: dict[str, Machine], words: Secrets) -> None:
    """Database and volume side by side: both wait for others most of the time."""
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(_create_database, nodes[NODES[0]], words), pool.submit(_create_volume, nodes)]
        for job in jobs:
            job.result()


def _create_database(first: Machine, words: Secrets) -> None:
    wait_for("the first database is Primary", lambda: is_synced(first), 60)
    first.run(["mariadb"], stdin=rights.grants(first.plan, words.mysql) + _DATABASE.format(words=words))


def _create_volume(nodes: dict[str, Machine]) -> None:
    for node in nodes.values():
        wait_for(f"glusterd on {node.name}", lambda node=node: is_active(node, "glusterd"), 60)
    first = nodes[NODES[0]]
    bricks = " ".join(f"{name}:/data/www" for name in NODES)
    first.sh(_VOLUME.format(peers=" ".join(NODES[1:]), bricks=bricks), timeout=90)
    first.sh(_PAGES)


def is_active(machine: Machine, unit: str) -> bool:
    """The unit is active, by the machine's systemd."""
    return machine.run(["systemctl", "is-active", unit], check=False, timeout=10).returncode == 0


def wsrep(node: Machine) -> dict[str, str]:
    """Status values, asked as root through the socket."""
    query = "SHOW GLOBAL STATUS LIKE 'wsrep_%'"
    lines = node.run(["mariadb", "--skip-column-names", f"--execute={query}"], timeout=10).stdout.splitlines()
    return dict(line.split("\t", 1) for line in lines)


def is_synced(node: Machine, size: int | None = None) -> bool:
    """Synced in a Primary component, of that size where one is given."""
    status = wsrep(node)
    whole = size is None or status["wsrep_cluster_size"] == str(size)
    return whole and status["wsrep_local_state_comment"] == "Synced" and status["wsrep_cluster_status"] == "Primary"


def start_bricks(nodes: dict[str, Machine]) -> None:
    """See that each brick runs and is reached. glusterd 9.2 does not always start one that was killed, or starts two,
    or names the port that it had before: then `volume status` has it online, and no client gets there."""
    first = nodes[NODES[0]]
    wait_for(f"glusterd on {first.name}", lambda: is_active(first, "glusterd"), 60)
    if not _soon(lambda: bricks_online(first) == len(NODES), 8):
        start = "for at in 1 2 3 4 5; do gluster --mode=script volume start www force && break; sleep 3; done"
        first.sh(start, timeout=60)
    for _ in range(4):
        if _soon(lambda: not _unreached(first), 8):
            return
        with suppress(*NO_ANSWER):
            for name in _unreached(first):
                nodes[name].sh(f"systemctl stop glusterd; pkill -x glusterfsd; sleep 1; {START_GLUSTERD}", timeout=60)


def _soon(so: Callable[[], bool], seconds: float) -> bool:
    """It is so within that time. A question that could not be asked is a no."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(*NO_ANSWER):
            if so():
                return True
        time.sleep(0.5)
    return False


def _unreached(node: Machine) -> list[str]:
    """The nodes whose brick a client of one node does not reach."""
    bricks = [*_heal_info(node).iter("brick")]
    away = [brick.findtext("name") or "" for brick in bricks if brick.findtext("status") != "Connected"]
    return [path.partition(":")[0] for path in away]


def bricks_online(node: Machine) -> int:
    """Bricks of the volume that run, as one node sees it."""
    text = node.run(["gluster", "volume", "status", "www", "--xml"], timeout=20).stdout
    found = ElementTree.fromstring(text).findall(".//node")
    return sum(1 for item in found if item.findtext("status") == "1" and item.findtext("hostname") in NODES)


def heal_entries(node: Machine) -> int | None:
    """Entries left to heal; None where a brick did not answer, for that is not 0."""
    counts = [item.text or "-" for item in _heal_info(node).iter("numberOfEntries")]
    return sum(int(count) for count in counts) if counts and all(count.isdigit() for count in counts) else None


def _heal_info(node: Machine) -> ElementTree.Element:
    return ElementTree.fromstring(node.run(["gluster", "volume", "heal", "www", "info", "--xml"], timeout=40).stdout)


def is_mounted(node: Machine) -> bool:
    """The docroot is the volume."""
    return node.run(["timeout", "5", "mountpoint", "-q", "/var/www/html"], check=False).returncode == 0
