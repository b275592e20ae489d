"""Refusals of the command line on the real cluster. A refusal, a dry run and read-only leave no trace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.inventory.load import load as load_inventory
from console.probes.ask import Refused
from console.probes.pools.haproxy import set_state
from console.probes.pools.servers import Admin
from console.probes.snapshot import Known
from console.session.session import Session

from .driving import Console, revision, rows, standing, watched
from .lab import Lab
from .services import wait_for


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    lab.reset()


def _traces(lab: Lab) -> list[object]:
    """Traces that any change would leave on the firewalls."""
    firewalls = ("fw1", "fw2")
    standings = [standing(lab, node, name) for node in ("node1", "node2", "node3") for name in firewalls]
    pids = [lab.machines[name].sh("cat /var/run/haproxy.pid") for name in firewalls]
    return [standings, pids, [revision(lab, name) for name in firewalls]]


INSIST = ("--yes", "--override", "node3", "--reason", "I insist")


def test_the_last_serving_member_stays(lab: Lab) -> None:
    console = Console(lab)
    for node in ("node1", "node2"):
        lab.nodes[node].sh("systemctl stop apache2")
    for name in ("fw1", "fw2"):
        wait_for(
            f"{name} sees both down",
            lambda name=name: all(standing(lab, node, name) == {"DOWN", "active"} for node in ("node1", "node2")),
            15,
        )
    before = _traces(lab)
    for action in ("drain", "remove"):
        done = console.run(action, "lab", "node3", *INSIST)
        assert done.code == 1
        assert "node3 is the last serving member of web and webtls" in done.said
        assert "Bring another node back into th" in done.said
    assert _traces(lab) == before
    assert console.journal.records() == ()


def test_one_node_at_a_time_unless_one_insists(lab: Lab) -> None:
    console = Console(lab)
    assert console.run("drain", "lab", "node1").code == 0
    before = _traces(lab)
    for words in ((), ("--yes",), ("--override", "node2"), ("--override", "node1", "--reason", "a typing error")):
        done = console.run("drain", "lab", "node2", *words)
        assert done.code == 1, words
        assert "node1 is out of the load balancer already. Rejoin node1 first." in done.said
        assert '--override node2 --reason "..."' in done.said
    assert _traces(lab) == before
    assert console.run("drain", "lab", "node2", "--override", "node2", "--reason", "both have bad memory").code == 0
    assert standing(lab, "node1") == standing(lab, "node2") == {"DRAIN", "MAINT", "disabled"}
    assert console.last().first("reason") == "both have bad memory"
    assert "node1 is out of the load balancer already" in str(console.last().entries[0].facts["overridden"])


def test_no_reboot_while_the_others_are_not_whole(lab: Lab) -> None:
    console = Console(lab)
    boot = lab.ssh("node3", "cat /proc/sys/kernel/random/boot_id").stdout
    before = _traces(lab)
    lab.nodes["node1"].sh("mariadb --execute='SET GLOBAL wsrep_desync=ON'")
    lab.nodes["node2"].sh("systemctl stop glusterd; pkill -x glusterfsd; true")
    try:
        done = console.run("reboot", "lab", "node3", *INSIST)
    finally:
        lab.nodes["node1"].sh("mariadb --execute='SET GLOBAL wsrep_desync=OFF'")
    assert done.code == 1
    assert "MySQL on node1 is Donor/Desynced" in done.said
    assert "brick of www on node2 is offline" in done.said
    assert _traces(lab) == before
    assert lab.ssh("node3", "cat /proc/sys/kernel/random/boot_id").stdout == boot


def test_dry_run_and_read_only_send_nothing(lab: Lab) -> None:
    console = Console(lab)
    before = _traces(lab)
    done = console.run("reboot", "lab", "node1", "--dry-run")
    assert done.code == 0
    assert "set server web_ipvANY/node1 state drain; set server webtls_ipvANY/node1 state drain" in done.said
    assert "systemctl reboot" in done.said
    done = console.run("--read-only", "remove", "lab", "node1", *INSIST)
    assert done.code == 1
    assert "Read-only is on" in done.said
    assert console.journal.records() == ()

    async def even_past_the_session(session: Session) -> None:
        pools = session.picture.firewall("fw1").pools
        assert isinstance(pools, Known)
        order = set_state(pools.value.of(load_inventory(lab.inventory).clusters[0].nodes[0]), Admin.MAINT)
        assert isinstance((await session.wire.send("fw1", (order,), 5))[0], Refused)

    watched(lab, even_past_the_session, read_only=True)
    assert _traces(lab) == before
    assert set(rows(lab, "fw1").values()) <= {"UP", "UP 1/3", "UP 2/3", "no check"}
