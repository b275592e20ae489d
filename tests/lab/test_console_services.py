"""Services, holds and storage of the real cluster, under load: nobody's request fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .driving import Console, report, standing
from .lab import Lab
from .services import heal_entries, is_mounted, is_synced, wait_for

FSTAB = "localhost:/www /var/www/html glusterfs defaults,_netdev 0 0"
WHY = ("--yes", "--reason", "the lab")


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    lab.reset()


def started(lab: Lab, node: str, unit: str) -> str:
    return lab.nodes[node].sh(f"systemctl show {unit} --property=ActiveEnterTimestampMonotonic")


@pytest.mark.parametrize(
    ("layer", "unit"), [("mysql", "mariadb.service"), ("apache", "apache2.service"), ("gluster", "glusterd.service")]
)
def test_a_service_is_restarted_by_itself_and_on_a_drained_node(lab: Lab, layer: str, unit: str) -> None:
    console, before = Console(lab), started(lab, "node2", unit)
    with lab.load(rate=100) as load:
        in_turn = console.run("restart", "lab", "node2", layer, *WHY)
        assert in_turn.code == 0
        assert "it is drained first, and put back once it is fit" in in_turn.said
        assert standing(lab, "node2") == {"UP", "active"}
        assert started(lab, "node2", unit) != before
        before = started(lab, "node2", unit)
        assert console.run("drain", "lab", "node2", *WHY).code == 0
        assert console.run("restart", "lab", "node2", layer, *WHY).code == 0
        assert started(lab, "node2", unit) != before
        assert is_synced(lab.nodes["node2"], 3)
        assert console.run("rejoin", "lab", "node2", *WHY).code == 0
        assert standing(lab, "node2") == {"UP", "active"}
    report(f"{layer} of node2 restarted", load)
    assert load.result.failures == 0


def test_a_hold_is_told_and_keeps_its_node_out(lab: Lab) -> None:
    console = Console(lab)
    with lab.load(rate=100) as load:
        assert console.run("hold", "lab", "node3", "--until", "none", *WHY).code == 0
        status = console.run("status")
        assert status.code == 0, "held, and nothing else is wrong"
        assert "held" in status.said
        assert console.run("rejoin", "lab", "node3").code == 1, "a held node is put back by its name"
        assert console.run("rejoin", "lab", "node3", "--override", "node3", *WHY).code == 0
        assert standing(lab, "node3") == {"UP", "active"}
    report("node3 held and put back", load)
    assert load.result.failures == 0


def test_a_volume_is_healed_and_mounted_again(lab: Lab) -> None:
    console, node = Console(lab), lab.nodes["node3"]
    node.sh("pkill -x glusterfsd")
    lab.nodes["node1"].sh("for i in $(seq 40); do echo missed > /var/www/html/missed$i; done")
    lab.nodes["node1"].sh("gluster --mode=script volume start www force")
    assert console.run("heal", "lab", "www", *WHY).code in (0, 1), "it may have healed meanwhile"
    wait_for("the volume is healed", lambda: not heal_entries(lab.nodes["node1"]), 60)
    assert console.run("drain", "lab", "node3", *WHY).code == 0
    node.sh(f"echo '{FSTAB}' >>/etc/fstab; systemctl stop apache2; umount -l /var/www/html")
    assert console.run("remount", "lab", "node3", *WHY).code == 0
    assert is_mounted(node)
    node.sh("sed -i /glusterfs/d /etc/fstab; systemctl start apache2; rm -f /var/www/html/missed*")
    assert console.run("rejoin", "lab", "node3", *WHY).code == 0
