"""Asks every machine its questions, each at its own pace, and folds the answers into one snapshot.

Each batch (`console.probes.schedule`) is a task of its own, so a slow or dead machine, or a hung MySQL, delays nothing
else.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any

from console import steady
from console.inventory.cluster import Cluster
from console.probes.ask import Answer, Ask, Busy, Get, Page, Ran, Rows, Unreadable, WireError
from console.probes.database.writes import Writes
from console.probes.firewalls.carp import CARP
from console.probes.freshness import max_age, patience, without_stale
from console.probes.hosts.system import HOST
from console.probes.question import Cadence, Question, Subject
from console.probes.schedule import Batch, batches
from console.probes.snapshot import (
    NOT_ASKED,
    Cause,
    Known,
    Reading,
    Snapshot,
    Unknown,
    asked_but_unknown,
    empty,
    fold,
    reading_of,
)
from console.probes.web.visitor import Visits
from console.text import clock, plain_text
from console.wire import Wire

EVERYDAY = (Cadence.FAST, Cadence.STORAGE)
"""Cadences that are slowed down while nobody looks."""
LARGE = 64 << 10
"""Characters of an answer from which on it is read in a thread, so that meanwhile every key is heard."""
MAX_ROWS = 1000
"""Rows, likewise."""
ALIVE = {Subject.FIREWALL: CARP, Subject.NODE: HOST}
"""The questions that show whether a machine answers."""
SLOWER, LEAST, STEP = 3.0, 1.3, 0.05
"""A machine that has not answered is named after this many times the time of the second answer; seconds at least, and
those of one wait."""


def _slow(question: Question[Any], answers: tuple[Answer | WireError, ...]) -> bool:
    return question.searches or sum(map(_size, answers)) > LARGE


def _size(answer: Answer | WireError) -> int:
    """About; rows that are too many to count are LARGE."""
    match answer:
        case Ran():
            return len(answer.out) + len(answer.err)
        case Page():
            return len(answer.body)
        case Rows():
            return LARGE + 1 if len(answer.rows) > MAX_ROWS else sum(len(cell) for row in answer.rows for cell in row)
        case _:
            return 0


def _unanswered(reading: Reading[Any]) -> bool:
    return isinstance(reading, Unknown) and reading.unanswered


def _settled(question: Question[Any], reading: Reading[Any]) -> bool:
    """No other machine need be asked at once. A silent or busy answer counts: the others may well be the same."""
    if isinstance(reading, Unknown):
        return reading.cause is not Cause.UNREADABLE
    return question.settled is None or question.settled(reading.value)


def _kept(before: Reading[Any], age: float, busy: str, sent: float) -> Reading[Any]:
    """The reading before, until it is too old; then the sentence for busy, and the time since when it is not known."""
    if isinstance(before, Known) and sent - before.at <= age:
        return before
    last = before.at if isinstance(before, Known) else before.since
    known = f"; not known since {clock(last)}" if before is not NOT_ASKED else ""
    return Unknown(plain_text(busy + known), steady.now(), sent, Cause.BUSY)


def ours(error: Exception) -> str:
    """Words for a fault of this program."""
    return f"an error in this program: {error!r}"


class Poller:
    """Keeps `snapshot` as young as the timings say, from `start` to `close`."""

    def __init__(self, cluster: Cluster, wire: Wire, without: frozenset[Cadence] = frozenset()) -> None:
        """`without`: what is not asked at all."""
        self.snapshot: Snapshot = empty(cluster)
        self._cluster = cluster
        self._wire = wire
        self._rounds = tuple(one for one in batches(cluster) if one.cadence not in without)
        self._one_at_a_time = {volume: asyncio.Lock() for volume in cluster.volumes}
        self._last: dict[str, tuple[str, bool]] = {}
        """By volume: the node that was asked about it last, and True if it answered."""
        self._failing: set[Batch] = set()
        self._early = {one: asyncio.Event() for one in self._rounds}
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._naming: asyncio.Task[None] | None = None
        self._attended = True
        self._calm_until = 0.0
        self._start = 0.0
        self.begun = self.late = 0
        """Rounds so far, and those of them that began more than a tenth of their pace after they were due."""

    def start(self, after: float = 0.0) -> None:
        """Begin every batch, once, `after` seconds from now."""
        if self._tasks:
            return
        self._start = time.monotonic() + after
        self._tasks = [asyncio.create_task(self._keep_asking(one), name=f"ask {one.name}") for one in self._rounds]
        self._naming = asyncio.create_task(self._name_the_silent(), name="name the silent")

    async def close(self) -> None:
        """End every batch."""
        tasks = (*self._tasks, *([self._naming] if self._naming else []))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def attend(self, on: bool) -> None:
        """Tell it that somebody looks. While nobody does, nothing is asked more often than `timings.background`
        says."""
        if on and not self._attended:
            self._calm_until = time.monotonic() + self._cluster.timings.answer
            for one in self._rounds:
                if one.cadence in EVERYDAY:
                    self._early[one].set()
        self._attended = on

    @property
    def picture(self) -> Snapshot:
        """The newest snapshot, in which stale readings are unknown: guards judge on it, and a person agrees on it."""
        return without_stale(self.snapshot, steady.now(), self.calm)

    @property
    def calm(self) -> float:
        """The least seconds between two batches: 0 while somebody looks, and all readings are as young as that."""
        return 0.0 if self._attended and time.monotonic() >= self._calm_until else self._cluster.timings.background

    def _pace(self, one: Batch) -> float:
        pace = float(getattr(self._cluster.timings, one.cadence.value))
        calm = one.cadence in EVERYDAY and not self._attended
        return max(pace, self._cluster.timings.background) if calm else pace

    def nudge(self, questions: Sequence[Question[Any]]) -> None:
        """Have these asked again now, before their time."""
        for one in self._rounds:
            if any(question in one.questions for question in questions):
                self._early[one].set()

    def visits(self, visits: Visits | None) -> None:
        """Put the visitor's count into the picture."""
        self.snapshot = replace(self.snapshot, visits=visits)
        self.wake()

    def writes(self, writes: Writes | None) -> None:
        """Put the count of writes into the picture."""
        self.snapshot = replace(self.snapshot, writes=writes)
        self.wake()

    def wake(self) -> None:
        """Wake all that wait for a change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self, patience: float | None = None) -> None:
        """Wait for the next answer to be folded in or for `wake`, at most `patience` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._changed.wait()

    async def settle(self, waiting: Callable[[Snapshot], bool], patience: float) -> None:
        """Wait until no answer is missing, at most `patience` seconds."""
        deadline = time.monotonic() + patience
        while waiting(self.snapshot) and time.monotonic() < deadline:
            await self.change(max(0.05, deadline - time.monotonic()))

    async def _keep_asking(self, one: Batch) -> None:
        due = self._start
        await asyncio.sleep(due - time.monotonic())
        while True:
            self._early[one].clear()
            async with self._turn(one):
                self.begun += 1
                self.late += time.monotonic() > due + self._pace(one) / 10
                answered = await self._ask(one)
            pace = self._pace(one) if answered else min(self._pace(one), self._cluster.timings.storage)
            due = self._next(pace)
            with suppress(TimeoutError):
                async with asyncio.timeout(due - time.monotonic()):
                    await self._early[one].wait()
                    due = time.monotonic()

    async def _name_the_silent(self) -> None:
        """At the start, long before the time for a connection is over: the others have answered, these have not yet."""
        await asyncio.sleep(self._start - time.monotonic())
        began, at = time.monotonic(), steady.now()
        while sum(isinstance(reading, Known) for _, _, reading in self._first_answers()) < 2:
            await self.change()
        second = time.monotonic() - began
        for _ in range(round((max(LEAST, SLOWER * second) - second) / STEP)):
            await asyncio.sleep(STEP)  # a computer that is busy gives more time
        for question, name, reading in self._first_answers():
            if reading is NOT_ASKED:
                missing = Unknown(f"{name} has not answered yet", steady.now(), at, Cause.NOT_ASKED)
                self.snapshot = fold(self.snapshot, question, name, missing)
        self.wake()

    def _first_answers(self) -> list[tuple[Question[Any], str, Reading[Any]]]:
        alive = [(ALIVE[one.subject], one.name) for one in self._rounds if ALIVE.get(one.subject) in one.questions]
        return [(question, name, reading_of(self.snapshot, question, name)) for question, name in alive]

    def _next(self, pace: float) -> float:
        """Next slot on a common grid, at least a quarter period away, so batches of one cadence coincide."""
        count = int((time.monotonic() - self._start) / pace + 0.25) + 1
        return self._start + count * pace

    def _turn(self, one: Batch) -> AbstractAsyncContextManager[object]:
        """Gluster refuses two commands about a volume at the same time: "Another transaction is in progress"."""
        alone = one.subject is Subject.VOLUME and not any(question.apart for question in one.questions)
        return self._one_at_a_time[one.name] if alone else nullcontext()

    async def _ask(self, one: Batch) -> bool:
        """Ask one batch of one subject. Return True if all of it was answered."""
        began, (readings, machine) = steady.now(), await self._asked(one)
        back, answered, fresh = False, True, True
        for question, reading in zip(one.questions, readings, strict=True):
            back |= isinstance(reading, Known) and _unanswered(reading_of(self.snapshot, question, one.name))
            answered &= isinstance(reading, Known)
            fresh &= isinstance(reading, Known) and reading.at >= began
            self.snapshot = fold(self.snapshot, question, one.name, reading)
        if one.subject is Subject.VOLUME:
            self._last[one.name] = (machine, answered)
        if back or self._begins_to_fail(one, fresh):
            self._hurry(one)
        self.wake()
        return answered

    async def _asked(self, one: Batch) -> tuple[list[Reading[Any]], str]:
        """Through the first machine whose answer settles it; where none does, the answer that leaves least unknown."""
        asks = [question.asks(self._cluster, one.name) for question in one.questions]
        flat = tuple(ask for some in asks for ask in some)
        tried: list[tuple[int, bool, list[Reading[Any]], str]] = []
        for machine in self._askers(one, flat):
            sent = steady.now()
            try:
                answers = await self._wire.send(machine, flat, patience(one.cadence, self._cluster.timings), keep=True)
            except Exception as error:  # noqa: BLE001 -- a fault of ours must not end the asking, unseen
                answers = (WireError(f"{machine} can't be asked: {ours(error)}"),) * len(flat)
            left, readings = iter(answers), list[Reading[Any]]()
            for question, some in zip(one.questions, asks, strict=True):
                readings.append(await self._read(question, one.name, tuple(islice(left, len(some))), sent))
            settled = all(map(_settled, one.questions, readings))
            tried.append((sum(isinstance(reading, Unknown) for reading in readings), not settled, readings, machine))
            if settled:
                break
        _, _, readings, machine = min(tried, key=itemgetter(0, 1))
        return readings, machine

    def _begins_to_fail(self, one: Batch, fresh: bool) -> bool:
        """A volume whose cheap state is no longer told: then heal info is news (`console.health.facts.heal_info`)."""
        if one.subject is not Subject.VOLUME or one.cadence is not Cadence.STORAGE:
            return False
        begins = not fresh and one not in self._failing
        (self._failing.discard if fresh else self._failing.add)(one)
        return begins

    def _hurry(self, one: Batch) -> None:
        """A subject that answers again is asked the rest at once, not when its slow questions' time has come."""
        for other in self._rounds:
            if other is not one and (other.subject, other.name) == (one.subject, one.name):
                self._early[other].set()

    def _askers(self, one: Batch, asks: tuple[Ask, ...]) -> list[str]:
        """A volume is asked about through the node that told last, or another one where that gave no answer; a VIP
        from the console or through `via`."""
        first = self._cluster.nodes[0].name
        if one.subject is Subject.VOLUME:
            views = sorted(self.snapshot.nodes, key=lambda view: not isinstance(view.host, Known))
            last, told = self._last.get(one.name, ("", False))
            there = [view.name for view in views if not asked_but_unknown(view.host)]
            return sorted(there, key=lambda name: (name == last) is not told) or [first]
        if one.subject is Subject.DATABASE:
            serving = (
                view.name for view in self.snapshot.nodes if isinstance(view.galera, Known) and view.galera.value.serves
            )
            return [next(serving, first)]
        if one.subject is Subject.VIP:
            via = next((ask.via for ask in asks if isinstance(ask, Get)), None)
            return [via or self._cluster.machines[0].name]
        return [one.name]

    async def _read(
        self, question: Question[Any], name: str, answers: tuple[Answer | WireError, ...], sent: float
    ) -> Reading[Any]:
        error = next((answer for answer in answers if isinstance(answer, WireError)), None)
        if error is not None:
            return Unknown(str(error), steady.now(), sent, error.cause)
        before = reading_of(self.snapshot, question, name)
        parse = partial(question.read, self._cluster, answers, before.value if isinstance(before, Known) else None)
        try:
            return Known(await asyncio.to_thread(parse) if _slow(question, answers) else parse(), sent)
        except Busy as busy:
            return _kept(before, max_age(question.cadence, self._cluster.timings), str(busy), sent)
        except Unreadable as unreadable:
            why = f"“{question.title}” can't be read: {plain_text(str(unreadable))}"
            return Unknown(why, steady.now(), sent, Cause.UNREADABLE)
        except Exception as error:  # noqa: BLE001 -- as in _ask
            return Unknown(f"“{question.title}” can't be read: {ours(error)}", steady.now(), sent, Cause.UNREADABLE)
