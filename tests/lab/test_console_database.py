"""The real database in depth: a full copy under load, rates, IST windows, tables, the writer of each node's HAProxy."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.health.facts.ist import ist_window
from console.health.facts.sst import transfers
from console.probes.snapshot import Known, Snapshot, Unknown
from console.session.session import Session

from .driving import seen, watched
from .lab import Lab
from .machine import Machine
from .plan import NODES
from .services import wsrep

WRITES = r"""
( while :; do echo "INSERT INTO t (s) VALUES (REPEAT('x', 60000));"; sleep 0.02; done ) |
    timeout {seconds} mariadb --unbuffered big
"""
FILL = """\
CREATE DATABASE IF NOT EXISTS big;
CREATE TABLE IF NOT EXISTS big.t (id BIGINT AUTO_INCREMENT PRIMARY KEY, s MEDIUMTEXT);
INSERT INTO big.t (s) SELECT REPEAT('x', 100000) FROM seq_1_to_1000;
INSERT INTO big.t (s) SELECT s FROM big.t;
"""


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster, without the data of this file."""
    yield
    lab.reset()
    lab.nodes["node1"].run(["mariadb"], stdin="DROP DATABASE IF EXISTS big")


@contextmanager
def writes(node: Machine, seconds: int) -> Iterator[None]:
    """Some 45 write-sets of 60 kB a second, on one node, for as long as this lasts and no longer than that."""
    sql = "CREATE DATABASE IF NOT EXISTS big; CREATE TABLE IF NOT EXISTS big.t "
    node.run(["mariadb"], stdin=sql + "(id BIGINT AUTO_INCREMENT PRIMARY KEY, s MEDIUMTEXT)")
    load = threading.Thread(target=lambda: node.sh(WRITES.format(seconds=seconds), check=False, timeout=seconds + 20))
    load.start()
    try:
        yield
    finally:
        node.sh("pkill -f '[m]ariadb --unbuffered big'", check=False)
        load.join()


def value(reading: Any) -> Any:
    return reading.value if isinstance(reading, Known) else None


def test_a_full_copy_under_load(lab: Lab, tmp_path: Path) -> None:
    """node3 loses its data: who gives, who takes, how far it is, and that it is over. 200 MB take only seconds."""
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(lab.inventory.read_text() + "[cluster.lab.timings]\npoll = 0.5\nstorage = 1.0\n")
    node = lab.nodes["node3"]
    lab.nodes["node1"].run(["mariadb", "app"], stdin=FILL, timeout=60)
    node.sh(f"systemctl stop mariadb; rm -rf {lab.datadir}/*")

    def both(now: Snapshot) -> bool:
        copies = [one for one in transfers(now) if one.done and one.whole]
        return any(value(now.node(one.donor).galera).state == "Donor/Desynced" for one in copies)

    async def look(session: Session) -> list[Any]:
        node.sh("systemctl start --no-block mariadb")
        await seen(session, "both sides of the SST", both, 25)
        (copy,) = transfers(session.picture)
        print(copy.message)
        picture = session.picture
        await seen(session, "node3 is Synced", lambda now: (it := value(now.node("node3").galera)) and it.synced, 60)
        await seen(session, "no SST runs", lambda now: not transfers(now), 15)
        return [copy, picture]

    with writes(lab.nodes["node1"], 12):
        copy, picture = watched(lab, look, inventory)
    assert (copy.joiner, copy.method) == ("node3", "rsync")
    assert value(picture.node(copy.donor).galera).state == "Donor/Desynced"
    assert value(picture.node(copy.donor).transfer).peer == lab.plan.lan("node3")
    assert isinstance(picture.node("node3").galera, Unknown)
    assert copy.message.startswith(f"SST from {copy.donor}, ")
    size = lab.nodes[copy.donor].sh(f"du -s -b --exclude=galera.cache {lab.datadir}").split()[0]
    assert copy.whole == pytest.approx(int(size), rel=0.3)
    assert 0 < copy.done < 1.5 * copy.whole


def test_rates_and_the_ist_window(lab: Lab) -> None:
    """The window that is said is the time after which the donors really have dropped a write-set."""
    first = lab.nodes["node1"]

    async def look(session: Session) -> Snapshot:
        full = lambda now: all((it := value(now.node(name).galera)) and it.cache_full for name in NODES)  # noqa: E731
        await seen(session, "the gcaches are full", full, 60)
        await seen(session, "the window is exact", lambda now: ist_window(now, "node2").exact, 60)
        return session.picture

    with writes(first, 100):
        began, before = time.monotonic(), wsrep(first)
        picture = watched(lab, look)
        rate = (int(wsrep(first)["wsrep_last_committed"]) - int(before["wsrep_last_committed"])) / (
            time.monotonic() - began
        )
        at = int(wsrep(first)["wsrep_last_committed"])
        told, moment = ist_window(picture, "node2"), time.monotonic()
        while int(wsrep(first)["wsrep_local_cached_downto"]) <= at:
            assert time.monotonic() - moment < 90
            time.sleep(0.5)
        took = time.monotonic() - moment
    print(f"IST window: said {told.seconds:.0f} s ({told.message}), was {took:.0f} s; {rate:.0f} commits/s")
    assert told.seconds == pytest.approx(took, rel=0.35)
    for name in NODES:
        member = value(picture.node(name).galera)
        assert member.commits_per_second == pytest.approx(rate, rel=0.4)
        assert member.bytes_per_second == pytest.approx(member.commits_per_second * 60_300, rel=0.05)


def test_tables_and_the_right_to_see_them(lab: Lab) -> None:
    first = lab.nodes["node1"]
    right = "{} SHOW VIEW ON *.* {} drainboard@'127.0.0.1', drainboard@localhost"

    async def look(session: Session) -> Any:
        return session.picture.databases[0].tables

    sql = "CREATE DATABASE big; CREATE TABLE big.m (a INT PRIMARY KEY) ENGINE=MyISAM; CREATE TABLE big.n (a INT);"
    first.run(["mariadb"], stdin=sql)
    tables = value(watched(lab, look))
    assert (tables.not_innodb, tables.no_primary_key) == (1, 1)
    assert tables.names == ("big.m: MyISAM", "big.n: no primary key")
    first.run(["mariadb"], stdin=right.format("REVOKE", "FROM"))
    try:
        refused = watched(lab, look)
    finally:
        first.run(["mariadb"], stdin=right.format("GRANT", "TO"))
    assert isinstance(refused, Unknown) and "GRANT SHOW VIEW ON *.* TO 'drainboard'@" in refused.why


def test_where_each_nodes_haproxy_sends(lab: Lab) -> None:
    order = "echo 'set server mysql/node1 state {}' | nc -U /run/haproxy/admin.sock"

    def targets(now: Snapshot) -> list[str | None]:
        return [getattr(value(now.node(name).writer), "target", "?") for name in NODES]

    async def look(session: Session) -> None:
        one, two = lab.plan.lan("node1"), lab.plan.lan("node2")
        await seen(session, "all agree", lambda now: targets(now) == [one, one, one], 10)
        lab.nodes["node3"].sh(order.format("maint"))
        await seen(session, "node3 disagrees", lambda now: targets(now) == [one, one, two], 10)
        lab.nodes["node2"].sh("systemctl stop haproxy")
        silent = lambda now: (it := value(now.node("node2").writer)) and not it.running  # noqa: E731
        await seen(session, "node2's HAProxy does not run", silent, 10)

    try:
        watched(lab, look)
    finally:
        lab.nodes["node3"].sh(order.format("ready"))
        lab.nodes["node2"].sh("systemctl start haproxy")
