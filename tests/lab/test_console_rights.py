"""status and check on the real cluster, with the rights that sudoers and grants print: `ops` has no others here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .driving import Console, standing
from .lab import Lab
from .rights import grants, sudoers


@pytest.fixture
def ops(lab: Lab, tmp_path: Path) -> Iterator[Console]:
    """A console that logs in as ops everywhere."""
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(lab.inventory.read_text().replace('user = "root"', 'user = "ops"'))
    yield Console(lab, inventory)
    lab.nodes["node2"].run(["tee", "/etc/sudoers.d/ops"], stdin=sudoers(lab.plan, "node2"))
    granted = [line for line in grants(lab.plan, "").splitlines() if line.startswith("GRANT")]
    lab.nodes["node1"].run(["mariadb"], stdin="\n".join(granted))
    lab.reset()


def wrong(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("✗")]


def test_everything_works_with_the_least_rights(lab: Lab, ops: Console) -> None:
    done = ops.run("check")
    assert [line for line in wrong(done.said) if "pending updates" not in line] == []  # the image has no package lists
    assert "node3      sudo -n" in done.said
    assert "fw2        sudo -n" in done.said
    assert ops.run("status").code == 0
    assert ops.run("reboot", "lab", "node2").code == 0
    assert standing(lab, "node2") == {"UP", "active"}


def test_check_finds_what_is_missing(lab: Lab, ops: Console) -> None:
    lab.nodes["node2"].sh("sed -i '/heal-count/d' /etc/sudoers.d/ops; systemctl stop apache2")
    lab.nodes["node3"].sh(
        "mariadb --execute=\"REVOKE SHOW VIEW ON *.* FROM drainboard@localhost, drainboard@'127.0.0.1'\""
    )
    done = ops.run("check")
    assert done.code == 1
    assert "sudo does not allow `gluster --mode=script volume heal www statistics heal-count`" in done.said
    assert "node2      check URL, by itself" in "\n".join(wrong(done.said))
    assert "mysql      MySQL, tables" in "\n".join(wrong(done.said))
    assert "GRANT SHOW VIEW ON *.* TO 'drainboard'@" in done.said


def test_status_with_a_node_lost(lab: Lab) -> None:
    console = Console(lab)
    lab.cut("node1", silent=True)
    try:
        done = console.run("status", "--json")
    finally:
        lab.reset()
    assert done.code in (1, 2, 3)
    assert done.seconds < 40  # no hang; it needs 2.5 s for the connection and 8 s of patience with Gluster
    here = json.loads(done.said)["clusters"]["lab"]
    assert not here["nodes"]["node1"]["host"]["known"]
    assert here["nodes"]["node2"]["host"]["known"]
    assert here["may_go"]["node1"]["may"] is None
