"""The picture once, without a screen: a table for people, JSON for programs, an exit code for both.

Always read-only: nothing but the known questions can leave, and what is asked seldom is not asked at all.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from console import steady
from console.cli.plain import say
from console.health import Level, verdict
from console.health.facts.bricks import known_volumes, offline_nodes
from console.inventory.cluster import Cluster
from console.probes.freshness import without_stale
from console.probes.question import Cadence, Question, Subject
from console.probes.schedule import about, asked, questions_of, unasked
from console.probes.snapshot import NOT_ASKED, Known, Reading, Snapshot, Unknown, fold, reading_of
from console.probes.storage.gluster import SPLIT_BRAIN, STORAGE
from console.session.journal import MOVE
from console.session.poller import Poller
from console.session.session import journal_of
from console.wire import Wire

SELDOM = frozenset({Cadence.SELDOM})


class Exit(IntEnum):
    """The exit code: the worst level over the clusters asked."""

    OK = 0
    DEGRADED = 1
    CRITICAL = 2
    UNKNOWN = 3


EXITS = {Level.DEGRADED: Exit.DEGRADED, Level.UNKNOWN: Exit.UNKNOWN, Level.CRITICAL: Exit.CRITICAL}
"""All else is OK."""


async def status(clusters: Sequence[Cluster], as_json: bool = False, patience: float | None = None) -> Exit:
    """Ask all clusters at once, print what is known, return the exit code."""
    pictures = await asyncio.gather(*(look(cluster, patience) for cluster in clusters))
    now = steady.now()
    unread = {
        cluster.name: [f"{file.message}. {MOVE}" for file in journal_of(cluster).read().unread] for cluster in clusters
    }
    if as_json:
        from console.cli.status_json import document

        for line in json.dumps(document(pictures, now, unread), indent=2).splitlines():
            say(line)
    else:
        from console.cli.status_table import lines
        from console.words.harmless import harmless

        for picture in pictures:
            for line in (*lines(picture, now), *(f"? {message}" for message in unread[picture.cluster.name])):
                say(harmless(line))  # like on the screen: no name moves a column, or turns its figures round
    worst = max((verdict(picture).level for picture in pictures), default=Level.OK)
    return EXITS.get(worst, Exit.OK)


async def look(cluster: Cluster, patience: float | None = None) -> Snapshot:
    """One answer or error to every question that is not asked seldom, or what there is after `patience` seconds."""
    wire = Wire(cluster, allowed=questions_of(cluster))
    poller = Poller(cluster, wire, without=SELDOM)
    limit = patience or cluster.timings.slow_answer + cluster.timings.connect
    poller.start()
    try:
        await _answered(poller, limit)
        return _explained(without_stale(poller.snapshot, steady.now()), limit)
    finally:
        await poller.close()
        await wire.close()


async def _answered(poller: Poller, limit: float) -> None:
    """Wait until no answer is missing, with a second try for those asked through a node that gave none."""
    deadline = time.monotonic() + limit
    again: dict[tuple[Question[Any], str], Unknown] = {}
    while time.monotonic() < deadline:
        picture = poller.snapshot
        failed = _through_unanswering_node(picture)
        fresh = {key: reading for key, reading in failed.items() if key not in again}
        if fresh:
            again |= fresh
            poller.nudge([question for question, _ in fresh])
        waiting = any(reading_of(picture, *key) is one and _waits(picture, *key) for key, one in again.items())
        if not waiting and not unasked(picture, lambda question, name, now=picture: _waits(now, question, name)):
            return
        await poller.change(max(0.05, deadline - time.monotonic()))


def _waits(picture: Snapshot, question: Question[Any], name: str) -> bool:
    """An answer is waited for, unless it is asked seldom, or is a slow one of a machine that gives no quick one."""
    if question is SPLIT_BRAIN and _brick_offline(picture, name):
        return False
    slow = question is not STORAGE and _why_silent(picture, question.subject, name)
    return question.cadence is not Cadence.SELDOM and not slow


def _brick_offline(picture: Snapshot, volume: str) -> bool:
    """A brick of the volume is offline. Then `heal info` takes 10 s, and counts no split-brain after all (measured on
    Gluster 10.3)."""
    return any(
        view.name == volume and offline_nodes(picture, view, told.bricks) for view, told in known_volumes(picture)
    )


def _why_silent(picture: Snapshot, subject: Subject, name: str) -> Unknown | None:
    """The reason, if a machine has left every quick question, or a volume its cheap one, without an answer."""
    if subject is Subject.VOLUME:
        state = reading_of(picture, STORAGE, name)
        return state if isinstance(state, Unknown) and state is not NOT_ASKED else None
    quick = [
        reading_of(picture, question, name)
        for question in about(picture.cluster, subject, name)
        if question.cadence is Cadence.FAST
    ]
    unanswered = [reason for reading in quick if (reason := _unanswered(reading))]
    return unanswered[0] if quick and len(unanswered) == len(quick) else None


def _unanswered(reading: Reading[Any]) -> Unknown | None:
    return reading if isinstance(reading, Unknown) and reading.unanswered else None


def _through_unanswering_node(picture: Snapshot) -> dict[tuple[Question[Any], str], Unknown]:
    """Readings of volumes and databases that no node has answered, while some node answers and can be asked."""
    if not any(isinstance(view.host, Known) for view in picture.nodes):
        return {}
    found = {
        (question, name): reading_of(picture, question, name)
        for question, name in asked(picture.cluster)
        if question.subject in (Subject.VOLUME, Subject.DATABASE) and question.cadence is not Cadence.SELDOM
    }
    return {key: reading for key, reading in found.items() if isinstance(reading, Unknown) and reading.unanswered}


def _explained(picture: Snapshot, limit: float) -> Snapshot:
    """Give each reading without an answer the reason."""
    now = steady.now()
    late = Unknown(f"no answer within {limit:g} s", now, now)
    offline = Unknown("not waited for: while a brick is away Gluster counts none", now, now)
    for question, name in asked(picture.cluster):
        if reading_of(picture, question, name) is NOT_ASKED and question.cadence not in SELDOM:
            unanswered = _why_silent(picture, question.subject, name)
            uncounted = offline if question is SPLIT_BRAIN and _brick_offline(picture, name) else None
            picture = fold(picture, question, name, unanswered or uncounted or late)
    return picture
