"""A node's power is cut under load, with both firewalls and with one: out at once and for good, back when it is fit."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from console.health import findings
from console.health.facts.membership import Place, place
from console.probes.snapshot import Known, Snapshot, Unknown
from console.session.session import Session
from tests.conftest import busy

from .driving import (
    Console,
    answers_of,
    moment,
    report,
    revision,
    roles,
    seen,
    standing,
    wait_master,
    wait_traffic,
    watched,
)
from .lab import Lab
from .services import heal_entries, is_synced, wait_for


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    lab.wait_healthy()
    yield
    lab.reset()


def _two_synced(picture: Snapshot) -> bool:
    members = [picture.node(name).galera for name in ("node1", "node3")]
    return all(isinstance(one, Known) and one.value.synced and one.value.size == 2 for one in members)


def _visited(picture: Snapshot) -> bool:
    pools, node = picture.firewall("fw1").pools, picture.cluster.nodes[1]
    return isinstance(pools, Known) and any(server.serving for server in pools.value.of(node))


def _down_everywhere(picture: Snapshot) -> bool:
    nodes = picture.cluster.nodes
    pools = [view.pools.value for view in picture.firewalls if isinstance(view.pools, Known)]
    up = [[server.serving for node in nodes for server in pool.of(node)] for pool in pools]
    return up == [[True, True, False, False, True, True]] * 2


def _brick_away(picture: Snapshot) -> bool:
    """After a silent cut glusterd may not know for minutes, and then nothing must be claimed to be known."""
    state = picture.volumes[0].state
    return isinstance(state, Unknown) or not next(one for one in state.value.bricks if one.host == "node2").well


def _lost(picture: Snapshot) -> str:
    return next((one.message for one in findings(picture) if (one.machine, one.kind) == ("node2", "lost")), "")


@pytest.mark.parametrize("silent", [False, True], ids=["with FIN and RST", "without a word"])
def test_node2_loses_power(lab: Lab, silent: bool) -> None:
    console = Console(lab)
    with lab.load(rate=50) as load:
        wait_traffic(load, "node2")

        async def the_row_says_so(session: Session) -> None:
            before = session.picture.node("node2").host
            assert isinstance(before, Known)
            cut_at = time.time()
            lab.cut("node2", silent=silent)
            await seen(
                session,
                f"node2 cut {'without a word' if silent else 'with FIN and RST'}: its row says lost",
                lambda picture: isinstance(picture.node("node2").host, Unknown),
                5.0 * busy() - (time.time() - cut_at),
            )
            picture = session.picture
            host = picture.node("node2").host
            assert isinstance(host, Unknown)
            assert before.at <= host.since <= cut_at + 0.5, "since the last answer before the cut"
            clock = time.strftime("%H:%M:%S", time.localtime(host.since))
            assert f"node2 does not answer since {clock}" in _lost(picture)
            # the balancer's check takes a moment to see it, and until then there is something to do
            visits = f"node2 does not answer since {clock}; fw1 still sends it visitors: "
            assert (visits in _lost(picture)) is _visited(picture)
            # for some seconds Galera holds every commit, and the others' check URL with it
            still = "node1 and node3 still serve"
            await seen(session, "node2 cut: the others still serve", lambda now: still in _lost(now), 20)
            await seen(session, "node2 cut: MySQL of the others is whole without it", _two_synced, 30)
            await seen(session, "node2 cut: both firewalls see it down", _down_everywhere, 30)
            await seen(session, "node2 cut: its brick is not called well", _brick_away, 30)

        watched(lab, the_row_says_so)

        done = console.run("remove", "lab", "node2", "--reason", "power supply")
        assert done.code == 0
        out = moment(console.last(), "seen", "out at run time")
        assert standing(lab, "node2") == {"MAINT", "disabled"}

        removed = time.monotonic()
        if not silent:
            lab.nodes["node1"].sh("dd if=/dev/urandom of=/var/www/html/big bs=1M count=40 status=none")
        else:
            lab.on("node2")
            wait_for("node2 is Synced", lambda: is_synced(lab.nodes["node2"], 3), 60)
            wait_for("node2 is healed", lambda: heal_entries(lab.nodes["node2"]) == 0, 60)
            lab.cut("fw1", silent=True)
            wait_master(lab, "fw2")
            time.sleep(1)
            lab.on("fw1")
            wait_for("fw1 takes over again", lambda: roles(lab, "fw1") == ["MASTER"] * 2, 40)
            wait_master(lab, "fw1")
            time.sleep(1)
        assert standing(lab, "node2") == {"MAINT", "disabled"}
        assert answers_of(load, "node2", out) == []

        said = console.run("runs").said
        assert "node2 is out" in said
        assert "power supply" in said
        assert time.strftime("%Y-%m-%d %H:%M", time.localtime(console.last().begun)) in said

        async def a_new_console_knows(session: Session) -> None:
            record = session.taken_out("node2")
            assert record is not None
            assert (record.operation, record.first("reason")) == ("remove", "power supply")
            assert place(session.picture, "node2") is Place.OUT

        watched(lab, a_new_console_knows)
        if not silent:  # begun while the machine is still off
            threading.Timer(5, lab.on, ["node2"]).start()
        done = console.run("rejoin", "lab", "node2")
        assert done.code == 0
        assert "fit: wait until node2 is fit: Synced, healed" in done.said
        waited = [line for line in done.said.splitlines() if " fit: " in line][1:-1]
        if not silent:
            assert any("node2 does not answer" in line or "MySQL on node2 is" in line for line in waited), waited
        assert is_synced(lab.nodes["node2"], 3)
        assert heal_entries(lab.nodes["node2"]) == 0
        assert standing(lab, "node2") == {"UP", "active"}
        back = moment(console.last(), "sending", "back at run time")
        assert answers_of(load, "node2", out, back) == []
        wait_traffic(load, "node2")
        assert console.run("runs").said == ""
        if not silent:
            assert load.since(removed).failures == 0, "the others serve everything"
            lab.nodes["node1"].sh("rm /var/www/html/big")
    report(f"node2 cut (silent={silent}), removed, on, fw1 failover={silent}, rejoined", load)


def test_node2_and_firewall_1_lose_power(lab: Lab) -> None:
    console = Console(lab)
    before = revision(lab, "fw1")
    with lab.load(rate=50) as load:
        wait_traffic(load, "node2")
        lab.cut("fw1", silent=True)
        lab.cut("node2", silent=True)
        wait_master(lab, "fw2")
        wait_for("fw2 sees node2 down", lambda: "DOWN" in standing(lab, "node2", "fw2"), 20)

        done = console.run("remove", "lab", "node2")
        assert done.code == 1
        assert "When fw1 is back it will send traffic to node2 again" in done.said
        assert "its next configuration sync may revert the other firewall" in done.said
        assert "--yes" in done.said
        assert standing(lab, "node2", "fw2") == {"DOWN", "active"}
        assert console.run("runs").said == ""

        done = console.run("remove", "lab", "node2", "--yes")
        assert done.code == 3
        assert "When fw1 is back it will send traffic to node2 again" in done.said
        assert "its next configuration sync may revert the other firewall" in done.said
        out = moment(console.last(), "partly", "out at run time")
        assert standing(lab, "node2", "fw2") == {"MAINT", "disabled"}
        assert answers_of(load, "node2", out) == []

        lab.on("fw1")
        wait_for("fw1 takes over again", lambda: roles(lab, "fw1") == ["MASTER"] * 2, 40)
        wait_master(lab, "fw1")
        assert revision(lab, "fw1") == before
        assert not standing(lab, "node2", "fw1") & {"MAINT", "disabled"}, "fw1 knows nothing of it"
        said = console.run("runs").said
        assert "remove node2" in said
        assert "fw1" in said

        assert console.run("resume", "lab", "node2").code == 0
        # Until then fw1 sends visitors to node2, as was said; their connections may wait until it has power again.
        out = moment(console.last(), "seen", "out at run time")
        assert standing(lab, "node2") == {"MAINT", "disabled"}
        lab.on("node2")
        wait_for("node2 is Synced", lambda: is_synced(lab.nodes["node2"], 3), 60)
        time.sleep(2)
        assert answers_of(load, "node2", out) == []
        assert standing(lab, "node2") == {"MAINT", "disabled"}

        assert console.run("rejoin", "lab", "node2").code == 0
        assert standing(lab, "node2") == {"UP", "active"}
        assert answers_of(load, "node2", out, moment(console.last(), "sending", "back at run time")) == []
        wait_traffic(load, "node2")
        assert console.run("runs").said == ""
    report("fw1 and node2 cut, removed with --yes, fw1 on, resumed, node2 on, rejoined", load)
