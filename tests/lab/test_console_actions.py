"""Every action on a node of the real cluster, under load: no request fails, and none reaches a node that is out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from console.health import verdict
from console.health.facts.membership import master
from console.probes.snapshot import Unknown
from console.session.session import Session

from .driving import (
    Console,
    answers_of,
    moment,
    report,
    roles,
    seen,
    standing,
    visits,
    wait_master,
    wait_traffic,
    watched,
)
from .lab import Lab
from .services import is_synced, wait_for


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    lab.reset()


@pytest.mark.parametrize(("action", "node"), [("drain", "node1"), ("remove", "node2"), ("drain keep-alive", "node3")])
def test_out_and_back(lab: Lab, action: str, node: str) -> None:
    console = Console(lab)
    with lab.load(rate=100, keep_alive="keep-alive" in action) as load:
        wait_traffic(load, node)
        assert console.run(action.split()[0], "lab", node).code == 0
        out = moment(console.last(), "seen", "out at run time")
        assert standing(lab, node) == {"MAINT", "disabled"} | ({"DRAIN"} if action != "remove" else set())
        time.sleep(1.5)
        assert console.run("rejoin", "lab", node).code == 0
        back = moment(console.last(), "sending", "back at run time")
        assert standing(lab, node) == {"UP", "active"}
        wait_traffic(load, node)
    report(f"{action} and rejoin {node}", load)
    assert load.result.failures == 0
    assert answers_of(load, node, out, back) == []


def test_undo_puts_back_at_once(lab: Lab) -> None:
    console = Console(lab)
    with lab.load(rate=100) as load:
        assert console.run("drain", "lab", "node1").code == 0
        assert console.run("undo", "lab", "node1").code == 0
        assert standing(lab, "node1") == {"UP", "active"}
        wait_traffic(load, "node1")
    report("drain and undo node1", load)
    assert load.result.failures == 0


def test_reboot(lab: Lab) -> None:
    console = Console(lab)
    ask = "cat /proc/sys/kernel/random/boot_id"
    before = lab.ssh("node3", ask).stdout
    with lab.load(rate=100) as load:
        wait_traffic(load, "node3")
        assert console.run("reboot", "lab", "node3").code == 0
        assert lab.ssh("node3", ask).stdout not in ("", before)
        assert is_synced(lab.nodes["node3"], 3)
        assert standing(lab, "node3") == {"UP", "active"}
        out = moment(console.last(), "seen", "out at run time")
        back = moment(console.last(), "sending", "back at run time")
        wait_traffic(load, "node3")
    report("reboot node3", load)
    assert load.result.failures == 0
    assert answers_of(load, "node3", out, back) == []


async def _fw1_is_back(session: Session) -> None:
    await seen(session, "fw1 on: it is MASTER again", lambda now: master(now) == "fw1", 15)


RELOADS = ("if (!haproxy_check_and_run($m, true)) { die($m); }", "haproxy_configure();")


def test_a_drain_survives_reloads(lab: Lab) -> None:
    """The reload of the GUI's Apply, and that of a boot or a renewed certificate."""
    console = Console(lab)
    with lab.load(rate=100) as load:
        assert console.run("drain", "lab", "node1").code == 0
        out = moment(console.last(), "seen", "out at run time")
        for call in RELOADS:
            pid = lab.ssh("fw1", "cat /var/run/haproxy.pid").stdout
            script = f"<?php require_once('config.inc'); require_once('haproxy/haproxy.inc'); {call} echo 'DONE';"
            assert lab.ssh("fw1", "/usr/local/bin/php -q", stdin=script).stdout.endswith("DONE")
            assert lab.ssh("fw1", "cat /var/run/haproxy.pid").stdout != pid, "it was not reloaded"
            time.sleep(1.5)
            assert standing(lab, "node1") == {"MAINT", "disabled"}
        assert answers_of(load, "node1", out) == []
        assert console.run("rejoin", "lab", "node1").code == 0
        assert standing(lab, "node1") == {"UP", "active"}
        wait_traffic(load, "node1")
    report("drain node1, two reloads, rejoin", load)
    assert load.result.failures == 0


async def _fw1_fails(session: Session) -> None:
    """Cut fw1, and see what the console shows of it."""
    assert master(session.picture) == "fw1"
    Lab.find(session.cluster.title.removeprefix("the lab ")).cut("fw1", silent=True)
    await seen(session, "fw1 cut: its row says lost", lambda now: isinstance(now.firewall("fw1").carp, Unknown), 5)
    await seen(session, "fw1 cut: fw2 is MASTER", lambda now: master(now) == "fw2", 15)
    await seen(
        session, "fw1 cut: the verdict says so", lambda now: "fw1 does not answer since" in verdict(now).message, 15
    )
    wan = "fw1 cut: visitors are served by the others"
    await seen(session, wan, lambda now: {one.node for one in visits(now)} <= {"node2", "node3"} and visits(now), 15)


def test_a_drain_survives_a_failover_and_the_way_back(lab: Lab) -> None:
    console = Console(lab)
    with lab.load(rate=50) as load:
        assert console.run("drain", "lab", "node1").code == 0
        out = moment(console.last(), "seen", "out at run time")
        watched(lab, _fw1_fails)
        wait_master(lab, "fw2")
        through_fw2 = time.monotonic()
        time.sleep(2)
        assert load.since(through_fw2).by_node.keys() == {"node2", "node3"}
        lab.on("fw1")
        wait_for("fw1 boots", lambda: roles(lab, "fw1") == ["MASTER"] * 2, 40)
        wait_master(lab, "fw1")
        watched(lab, _fw1_is_back)
        assert answers_of(load, "node1", out) == []
        assert standing(lab, "node1") == {"MAINT", "disabled"}
        assert console.run("rejoin", "lab", "node1").code == 0
        assert standing(lab, "node1") == {"UP", "active"}
        wait_traffic(load, "node1")
    report("drain node1, fw1 cut and on, rejoin", load)


KILLS = ("out at run time", "out in config.xml", "stop MySQL", "reboot", "back in config.xml", "back at run time")


def test_a_killed_console_is_resumed(lab: Lab) -> None:
    """The console dies again and again in one reboot; each new one takes the run up where it stands."""
    console = Console(lab)
    ask = "journalctl --list-boots --no-pager | wc -l; cat /proc/sys/kernel/random/boot_id"
    boots, before = lab.ssh("node3", ask).stdout.split()
    with lab.load(rate=100) as load:
        command = "reboot"
        for step in KILLS:
            console.kill_at(step, command, "lab", "node3")
            assert "reboot node3, begun" in console.run("runs").said
            command = "resume"
        assert console.run("resume", "lab", "node3").code == 0
        assert console.run("runs").said == ""
        again, after = lab.ssh("node3", ask).stdout.split()
        assert after != before
        assert int(again) == int(boots) + 1, "it was to be rebooted once"
        assert standing(lab, "node3") == {"UP", "active"}
        assert is_synced(lab.nodes["node3"], 3)
        assert len(console.journal.records()) == 1
        back = moment(console.last(), "sending", "back at run time")
        out = next(e.at for e in console.last().entries if e.kind == "seen" and e.facts["step"] == "out at run time")
        assert answers_of(load, "node3", out - time.time() + time.monotonic() + 0.002, back) == []
        wait_traffic(load, "node3")
    report(f"reboot node3, console killed {len(KILLS)} times", load)
    assert load.result.failures == 0
