"""MySQL's writer of the real cluster, moved under write load through each node's HAProxy: no commit is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .driving import Console
from .lab import Lab
from .plan import NODES
from .services import wait_for

TABLE = """\
CREATE DATABASE IF NOT EXISTS big;
CREATE TABLE big.w (
    id BIGINT AUTO_INCREMENT PRIMARY KEY, node CHAR(5), writer CHAR(64), at TIMESTAMP(6) DEFAULT NOW(6)
);
CREATE USER IF NOT EXISTS 'load'@'%' IDENTIFIED BY 'load';
GRANT INSERT, SELECT ON big.* TO 'load'@'%';
"""
LOAD = """
ok=0 failed=0
while [ ! -e /run/enough ]; do
    if mariadb -h 127.0.0.1 -P 3307 -u load -pload --connect-timeout=3 \\
        -e "INSERT INTO big.w (node, writer) VALUES ('{node}', @@hostname)"
    then ok=$((ok + 1)); else failed=$((failed + 1)); fi
done
echo "$ok $failed"
"""
GAP = """\
SELECT MAX(gap) FROM (
    SELECT TIMESTAMPDIFF(MICROSECOND, LAG(at) OVER (ORDER BY at), at) AS gap FROM big.w WHERE node = '{node}'
) AS gaps
"""


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster, whose HAProxies do as they are configured."""
    yield
    lab.reset()
    lab.nodes["node1"].run(["mariadb"], stdin="DROP DATABASE IF EXISTS big; DROP USER IF EXISTS 'load'@'%'")


def asked(lab: Lab, sql: str) -> list[str]:
    return lab.nodes["node1"].run(["mariadb", "-N"], stdin=sql).stdout.split()


@contextmanager
def writing(lab: Lab) -> Iterator[dict[str, tuple[int, int]]]:
    """The programs of every node write through its HAProxy, a connection for each row. (written, failed) by node."""
    told = dict[str, tuple[int, int]]()

    def write(name: str) -> None:
        ok, failed = lab.nodes[name].sh(LOAD.format(node=name), timeout=170).split()[-2:]
        told[name] = int(ok), int(failed)

    lab.nodes["node1"].run(["mariadb"], stdin=TABLE)
    loads = [threading.Thread(target=write, args=(name,)) for name in NODES]
    for load in loads:
        load.start()
    try:
        wait_for("writes arrive", lambda: int(asked(lab, "SELECT COUNT(*) FROM big.w")[0]) > 30, 20)
        yield told
    finally:
        for name in NODES:
            lab.nodes[name].sh("touch /run/enough")
        for load in loads:
            load.join()
        for name in NODES:
            lab.nodes[name].sh("rm /run/enough")


def writers(lab: Lab) -> list[str]:
    """The writers of each node's next row, past the product."""
    sql = "mariadb -N -h 127.0.0.1 -P 3307 -u load -pload -e 'SELECT @@hostname'"
    return [lab.nodes[name].sh(sql).strip() for name in NODES]


def test_moved_there_and_back_under_load(lab: Lab, tmp_path: Path) -> None:
    """A console is killed on the way, and an HAProxy is reloaded while the writer is moved."""
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(lab.inventory.read_text() + "[cluster.lab.timings]\nsessions = 5.0\nquiet = 2.0\n")
    console = Console(lab, inventory)
    with writing(lab) as told:
        console.kill_at("move", "writer", "lab", "node2", "--yes")
        assert console.run("resume", "lab", "node2", "--yes").code == 0
        assert writers(lab) == ["node2"] * 3
        lab.nodes["node3"].sh("systemctl reload haproxy")
        wait_for("node3 forgets it", lambda: writers(lab)[2] == "node1", 10)
        assert console.run("drain", "lab", "node3", "--yes").code == 0
        assert console.run("rejoin", "lab", "node3", "--yes").code == 0
        assert writers(lab) == ["node2"] * 3, "told again before visitors came"
        assert console.run("writer", "lab", "node1", "--yes", "--close").code == 0
        assert writers(lab) == ["node1"] * 3
    rows = int(asked(lab, "SELECT COUNT(*) FROM big.w")[0])
    gaps = {name: int(asked(lab, GAP.format(node=name))[0]) / 1e6 for name in NODES}
    by_writer = asked(lab, "SELECT writer, COUNT(*) FROM big.w GROUP BY writer")
    print(f"written and failed by node {told}; {rows} rows; by writer {by_writer}; longest gap in s by node {gaps}")
    assert rows == sum(ok for ok, _ in told.values())
    assert [failed for _, failed in told.values()] == [0, 0, 0]
    assert max(gaps.values()) < 5
