"""Faults of the real cluster, one at a time: the picture says so in the right words, and no longer once it is cured;
with the timings a user has."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from console.health import Finding, findings
from console.health.finding import Kind
from console.session.session import Session

from .driving import watched
from .lab import Lab
from .services import heal_entries, is_synced, wait_for


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    lab.reset()


@dataclass(frozen=True)
class Wound:
    """`message`: by machine and kind, words that the finding's sentence must hold. Times in seconds."""

    name: str
    hurt: Callable[[Lab], object]
    cure: Callable[[Lab], object]
    message: dict[tuple[str, Kind], str]
    within: float = 20
    gone: float = 60


def _sh(machine: str, script: str) -> Callable[[Lab], object]:
    return lambda lab: lab.machines[machine].sh(script)


def _cut(*names: str) -> Callable[[Lab], object]:
    return lambda lab: [lab.cut(name) for name in names]


def _on(*names: str) -> Callable[[Lab], object]:
    return lambda lab: [lab.on(name) for name in names]


def _backlog(lab: Lab) -> None:
    """Files that node3's brick misses."""
    lab.nodes["node3"].sh("pkill -x glusterfsd")
    lab.nodes["node1"].sh("for i in $(seq 40); do echo missed > /var/www/html/missed$i; done")


def _healed(lab: Lab) -> None:
    lab.nodes["node1"].sh("gluster --mode=script volume start www force")
    wait_for("www is healed", lambda: heal_entries(lab.nodes["node1"]) == 0, 60)
    lab.nodes["node1"].sh("rm -f /var/www/html/missed*")


def _needs_a_copy(lab: Lab) -> None:
    """node3 comes back with an empty datadir; whoever gives the copy holds it still, however fast this machine is."""
    for donor in ("node1", "node2"):
        lab.nodes[donor].sh(
            "systemd-run --quiet --unit=hold-copy sh -c "
            "'until pkill -STOP -x rsync; do sleep 0.02; done; sleep 60; pkill -CONT -x rsync'"
        )
    lab.nodes["node3"].sh(f"systemctl stop mariadb && rm -rf {lab.datadir}/* && systemctl --no-block start mariadb")


def _copied(lab: Lab) -> None:
    for donor in ("node1", "node2"):
        lab.nodes[donor].sh("systemctl stop hold-copy; pkill -CONT -x rsync; true")
    wait_for("node3 is Synced", lambda: is_synced(lab.nodes["node3"]), 120)


WOUNDS = (
    Wound(
        "Apache stopped",
        _sh("node2", "systemctl stop apache2"),
        _sh("node2", "systemctl start apache2"),
        {("node2", Kind.SITE_SILENT): "Apache on node2"},
    ),
    Wound(
        "server drained by hand",
        _sh("fw1", "echo 'set server web_ipvANY/node2 state drain' | nc -U /tmp/haproxy.socket"),
        _sh("fw1", "echo 'set server web_ipvANY/node2 state ready' | nc -U /tmp/haproxy.socket"),
        {("node2", Kind.MIXED): "node2"},
    ),
    Wound(
        "mysqld stopped by SIGSTOP",
        _sh("node3", "pkill -STOP -x mariadbd"),
        _sh("node3", "pkill -CONT -x mariadbd"),
        {("node3", Kind.MYSQL_SILENT): "MySQL on node3"},
    ),
    Wound(
        "sshd stopped",
        _sh("node1", "systemctl stop ssh ssh.socket; pkill ^sshd; true"),
        _sh("node1", "systemctl start ssh"),
        {("node1", Kind.LOST): "node1 does not answer since"},
    ),
    Wound(
        "mount hung",
        _sh("node2", "pkill -STOP -f 'glusterfs.*/var/www/html'"),
        _sh("node2", "pkill -CONT -f 'glusterfs.*/var/www/html'"),
        {("node2", Kind.MOUNT_HUNG): "/var/www/html"},
        within=30,
    ),
    Wound(
        "brick down, then a heal backlog",
        _backlog,
        _healed,
        {("www", Kind.BRICK_AWAY): "node3", ("www", Kind.HEAL): "is behind by"},
        within=30,
        gone=60,
    ),
    Wound("Donor and SST", _needs_a_copy, _copied, {("node3", Kind.SST): "node3"}, within=40, gone=60),
    Wound("node power cut", _cut("node2"), _on("node2"), {("node2", Kind.LOST): "node2 does not answer"}, gone=90),
    Wound(
        "node power cut without a word",  # no FIN, no RST: Gluster's lock is held from here on, only heal info answers
        lambda lab: lab.cut("node2", silent=True),
        _on("node2"),
        {
            ("node2", Kind.LOST): "node1 and node3 still serve",
            ("www", Kind.BRICK_AWAY): "www on node2 is offline: heal info",
        },
        within=30,
        gone=90,
    ),
    Wound(
        "firewall power cut",
        _cut("fw1"),
        _on("fw1"),
        {("fw1", Kind.FIREWALL_LOST): "fw2 is CARP MASTER"},
        gone=90,
    ),
    Wound(
        "two nodes cut: no majority",
        _cut("node2", "node3"),
        _on("node2", "node3"),
        {("mysql", Kind.NO_PRIMARY): "node1", ("node2", Kind.LOST): "node2", ("node3", Kind.LOST): "node3"},
        within=40,
        gone=120,
    ),
)


@pytest.mark.parametrize("wound", WOUNDS, ids=lambda wound: wound.name)
def test_is_seen_and_gone_when_cured(lab: Lab, wound: Wound) -> None:
    async def look(session: Session) -> None:
        await _until(session, "a healthy cluster", lambda now: not _not_well(now), 40)
        await asyncio.to_thread(wound.hurt, lab)
        await _until(session, wound.name, lambda now: _said(now, wound), wound.within)
        await asyncio.to_thread(wound.cure, lab)
        await _until(session, f"no more {wound.name}", lambda now: not _not_well(now), wound.gone)

    watched(lab, look)


def _said(now: tuple[Finding, ...], wound: Wound) -> bool:
    every = [one for finding in now for one in (finding, *finding.brings)]
    return all(
        any((one.machine, one.kind) == key and words in one.message for one in every)
        for key, words in wound.message.items()
    )


def _not_well(now: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in now if finding.level.name not in ("OK", "NOTE")]


async def _until(session: Session, what: str, holds: Callable[[tuple[Finding, ...]], bool], patience: float) -> None:
    began = time.monotonic()
    while not holds(now := findings(session.picture)):
        told = "\n".join(f"{one.level.name} {one.machine} {one.kind}: {one.message}" for one in now)
        assert time.monotonic() - began < patience, f"not within {patience:g} s: {what}\n{told}"
        await session.poller.change(0.2)
    print(f"FIGURES {what}: after {time.monotonic() - began:.1f} s")
    for one in _not_well(findings(session.picture)):
        print(f"   {one.level.name} {one.machine} {one.kind}: {one.message}")
