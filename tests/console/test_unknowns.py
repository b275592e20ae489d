"""The worst that an unknown reading could hide, and the level of its own finding: derived, not only stated."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from console.health import Kind, Level, findings
from console.health.unknowns import GAPS
from console.operations.guards.nodes import answers
from console.operations.procedures import REBOOT
from console.probes.ask import Cause
from console.probes.question import Subject
from console.probes.snapshot import NOT_ASKED, QUESTIONS, Known, Snapshot, Unknown
from console.probes.storage.mounts import MISSING, Mount
from console.text import clock
from tests.console.telling import alter, put

SILENT = Unknown("no answer", 9.0, 8.0)


def _every_node(picture: Snapshot, reading: str, **changes: object) -> Snapshot:
    for view in picture.nodes:
        picture = alter(picture, "nodes", view.name, reading, **changes)
    return picture


def _full(picture: Snapshot) -> Snapshot:
    devices = picture.node("node2").devices
    assert isinstance(devices, Known)
    spaces = tuple(replace(one, free=0) for one in devices.value.filesystems)
    return alter(picture, "nodes", "node2", "devices", filesystems=spaces)


def _brick_full(picture: Snapshot) -> Snapshot:
    options = picture.volumes[0].options
    assert isinstance(options, Known)
    bricks = tuple(replace(one, free=0) for one in options.value.bricks)
    return alter(picture, "volumes", "www", "options", bricks=bricks)


WORST: Mapping[str, tuple[Kind, Callable[[Snapshot], Snapshot]]] = {
    "services": (
        Kind.MYSQL_SILENT,
        lambda now: put(alter(now, "nodes", "node2", "services", active=()), "nodes", "node2", galera=SILENT),
    ),
    "apache": (Kind.APACHE_FULL, lambda now: alter(now, "nodes", "node2", "apache", busy=150, slots=150)),
    "devices": (Kind.DISK_FULL, _full),
    "mounts": (
        Kind.MOUNT_MISSING,
        lambda now: alter(now, "nodes", "node2", "mounts", mounts=(Mount("www", "/srv", False, MISSING),)),
    ),
    "member": (Kind.LEFTOVER, lambda now: alter(now, "nodes", "node2", "member", ignore_sb=True)),
    "writer": (Kind.WRITER_NONE, lambda now: _every_node(now, "writer", servers=())),
    "box": (
        Kind.SYNC_NOTICE,
        lambda now: alter(
            alter(now, "firewalls", "fw2", "config", balancer_digest="another"),
            *("firewalls", "fw1", "box"),
            sync_notices=("it failed",),
        ),
    ),
    "upgrade": (Kind.UPGRADE_UNFINISHED, lambda now: alter(now, "firewalls", "fw1", "upgrade", stage="2")),
    "saved": (
        Kind.SAVED_STATES,
        lambda now: alter(
            alter(now, "firewalls", "fw2", "pools", running=False), "firewalls", "fw2", "saved", elsewhere=True
        ),
    ),
    "options": (Kind.BRICK_FULL, _brick_full),
    "transfer": (Kind.SST, lambda now: alter(now, "nodes", "node2", "transfer", role="donor", peer="10.0.0.9")),
    "updates": (Kind.REBOOT_REQUIRED, lambda now: alter(now, "nodes", "node2", "updates", reboot_required=True)),
    "tables": (Kind.TABLES, lambda now: alter(now, "databases", "mysql", "tables", not_innodb=1)),
    "running": (
        Kind.MYSQL_UNLISTED,
        lambda now: replace(now, cluster=replace(now.cluster, mysql=None)),
    ),
    "listed": (Kind.VOLUME_UNLISTED, lambda now: alter(now, "nodes", "node2", "listed", volumes=("www", "data"))),
}
"""By the reading's field: the worst finding it leads to, and a picture in which it does."""
ASKED_AGAIN = frozenset({"claim", "identity", "jobs", "prepared", "processes", "revisions", "transactions"})
"""Readings that an operation asks for anew, whatever is drawn: the lock, the proof on each connection, the end of the
sessions, of a job and of transactions; who works on packages; and the revisions, which only name who did it. Their
silence is a note."""


def level(picture: Snapshot, kind: Kind) -> Level:
    """The level of a kind, capped at UNKNOWN: it may also be nothing."""
    every = [each for one in findings(picture) for each in (one, *one.brings)]
    return min(Level.UNKNOWN, max(one.level for one in every if one.kind is kind))


async def test_not_knowing_is_as_bad_as_the_worst_it_could_hide(fine: Snapshot) -> None:
    assert set(WORST) | ASKED_AGAIN == set(GAPS)
    assert {GAPS[field].level for field in ASKED_AGAIN} == {Level.NOTE}
    for question in QUESTIONS:
        if question.field not in WORST:
            continue
        kind, worsened = WORST[question.field]
        name = "node2" if question.subject is Subject.NODE else getattr(fine, question.subject.value)[0].name
        unknown = put(fine, question.subject.value, name, **{question.field: SILENT})
        doubt = GAPS[question.field]
        assert level(unknown, doubt.kind) == level(worsened(fine), kind) == doubt.level, question.field


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        (NOT_ASKED, "node2 was not asked yet. Wait until node2 itself answers."),
        (
            Unknown("node2: no route to host", 9.0, 8.0),
            f"node2 does not answer since {clock(8.0)}: no route to host. Power it on or reach its console.",
        ),
        (
            Unknown("node2 refuses sudo", 9.0, 8.0, Cause.REFUSED),
            "node2 is not known: it refuses sudo. Wait until node2 itself answers.",
        ),
        (
            Unknown("this computer was too busy", 9.0, 8.0, Cause.HELD_UP),
            "node2 is not known: this computer was too busy. Wait until node2 itself answers.",
        ),
        (
            Unknown("another machine answers as node2", 9.0, 8.0, Cause.UNPROVEN),
            "another machine answers as node2. Wait until node2 itself answers.",
        ),
    ],
)
async def test_only_a_machine_that_is_silent_does_not_answer(fine: Snapshot, host: Unknown, sentence: str) -> None:
    (objection,) = answers(put(fine, "nodes", "node2", host=host), REBOOT.effects, "node2")
    assert objection.sentence == sentence
