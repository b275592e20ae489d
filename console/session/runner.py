"""Carries out an operation: the only code that changes the world.

For each step: look, see whether it has happened already, note what was found, write the journal, send, and wait until
what was wanted is read back; then write the journal again. Killed anywhere, `remaining` says where to go on.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, replace
from typing import Any, NamedTuple, NoReturn

from console import steady
from console.inventory.cluster import Cluster
from console.operations.effects import On, kind_of
from console.operations.guards import About, objections
from console.operations.plan import Consent, Plan
from console.operations.procedures.steps import (
    BACK,
    MAX_FAILED,
    Intent,
    OrderState,
    Progress,
    Step,
    placed,
)
from console.probes.freshness import patience, read_after, without_stale
from console.probes.question import Question, Subject
from console.probes.snapshot import FirewallView, Known, Snapshot, Unknown, View
from console.session.claims import Claims, Elsewhere
from console.session.journal import Journal, Record, who
from console.session.poller import Poller
from console.session.sender import Sender
from console.session.story import run_id
from console.session.waiting import Waiting
from console.text import clock, quoted, span
from console.wire import Wire

GRACE = 6.0
"""Seconds to wait for a firewall that became unreachable during the run, before the run goes on without it."""

GUARD_PATIENCE = 60.0
"""Seconds a guarded step waits for objections to clear before the run stops."""

QUIET = 1.0
"""Seconds a step may take before it says what it waits for."""

PAUSED = "this computer reaches nobody, so the run waits for its line"

PAUSE = 0.25
"""Seconds between two looks while waiting."""


class Stopped(Exception):
    """The run can't go on. One sentence; what is open stays open and can be resumed."""


class Unanswered(Stopped):
    """A gate waits for a person. The run is parked; whoever resumes it is asked again."""


class Failed(Stopped):
    """A step does not happen. `record`: what the journal holds by then."""

    def __init__(self, says: str, record: Record) -> None:
        super().__init__(says)
        self.record = record


class Held(Failed):
    """A guard keeps a step from sending: no machine has failed."""


class TakenBack(Stopped):
    """A step did not happen, what its phase had done is taken back, and the run is closed."""


class Note(NamedTuple):
    """One line about a run, for screen and terminal."""

    at: float
    target: str
    step: str
    message: str
    final: bool = False


def remaining(record: Record, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps from the beginning of the phase that was interrupted: within a phase each is checked again. Of a target
    that was skipped, the steps that put back. Of a run that is being taken back, the steps that take it back."""
    steps = taking_back(record, steps) or steps
    steps = tuple(step for step in steps if step.on not in record.skipped_targets or step.phase == BACK)
    first = next((at for at, step in enumerate(steps) if step.id not in record.behind), len(steps))
    while 0 < first < len(steps) and _phase(steps[first - 1]) == _phase(steps[first]):
        first -= 1
    return steps[first:]


def taking_back(record: Record, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps that take back the phase of the step that failed for good, as far as it has sent something; the last
    first. None while the run goes on as planned."""
    failed = next((at for at, step in enumerate(steps) if step.id == record.taken_back), None)
    return () if failed is None else _backs(record, steps, steps[failed])


def _backs(record: Record, steps: tuple[Step, ...], failed: Step) -> tuple[Step, ...]:
    until = [step.id for step in steps].index(failed.id)  # not the same object where the steps were made anew
    phase = [step for step in steps[: until + 1] if _phase(step) == _phase(failed)]
    sent = [step for step in reversed(phase) if record.order_state(step.id) is not OrderState.UNSENT]
    return tuple(back for step in sent for back in step.back)


def _phase(step: Step) -> tuple[str, str]:
    return step.on, step.phase


class Runner:
    """Carries out one run of one cluster."""

    def __init__(
        self,
        cluster: Cluster,
        wire: Wire,
        poller: Poller,
        journal: Journal,
        claims: Claims,
        agreed: frozenset[About],
        tell: Callable[[Note], None],
        ask: Callable[[str, str, Intent, Step], Awaitable[tuple[Consent, Plan]]],
    ) -> None:
        """`agreed`: the objections that a person has overcome. `ask`: puts the question of a
        run's gate to a person; raises Unanswered."""
        self._cluster = cluster
        self._wire = wire
        self._poller = poller
        self._journal = journal
        self._claims = claims
        self._agreed = agreed
        self._tell = tell
        self._ask = ask
        self.alone = False
        """Nobody is left to answer: no gate asks, and no other machine is begun."""
        self._has_undo = False
        self.closed = False
        """The run has its end in the journal: it can be stopped no more."""
        self._steps: tuple[Step, ...] = ()
        self._sender = Sender(cluster, wire, journal, claims, self._say_of)

    @property
    def on_its_way(self) -> str:
        """The orders that have left and not ended, in a sentence; "" while there are none."""
        return self._sender.on_its_way

    async def carry_out(self, record: Record, intent: Intent) -> Record:
        """Carry out the run to its end, or as far as it can go. Raises Stopped with the sentence, or JournalError."""
        agreed_to_skip = frozenset(_unknown(self._picture()))  # confirmed before the run began: not waited for
        self._steps, skipped = intent.steps, dict[str, str]()
        self._has_undo = bool(intent.operation.undo) and not intent.operation.undoes_itself
        try:
            if not record.taken_back:
                record, skipped = await self._go_on(record, intent, agreed_to_skip)
        except Failed as failed:
            if not failed.record.taken_back:
                raise
            record = failed.record
        if record.taken_back:
            await self._take_back(record, intent, agreed_to_skip)
        if skipped:
            record = self._journal.write(record, "parked", missed=skipped)
            await self._claims.release(ended=not record.outcome_unknown, open=True)
            self._say(intent, "parked", "; ".join(skipped.values()), final=True)
            return record
        record = self._close(record, "done")
        # before it is said: whoever reads "done" may go on
        await self._claims.release(ended=not record.outcome_unknown)
        left_out = "".join(f", without {name} ({why})" for name, why in record.left_out.items())
        self._say(intent, "done", f"{intent.words}: done{left_out}", final=True)
        return record

    async def _go_on(
        self, record: Record, intent: Intent, agreed_to_skip: frozenset[str]
    ) -> tuple[Record, dict[str, str]]:
        """Carry out every step that remains, and look once more at the effects that the run claims. Raises Stopped."""
        skipped: dict[str, str] = {}
        begun = None
        steps = remaining(record, intent.steps)
        while steps:
            step, *steps = steps
            if self.alone and begun not in (None, step.on):
                self._park(step, record, f"go on with {step.on}")
            begun, at = step.on, replace(intent.at(step), found=record.found)
            try:
                record, left = await self._step(step, record, at, agreed_to_skip)
            except Failed as failed:
                record, left = await self._give_up(step, failed, intent), {}
                steps = remaining(record, intent.steps)
            skipped |= left
        if not skipped and not record.taken_back:
            record, skipped = await self._recheck_lasting(record, replace(intent, found=record.found), agreed_to_skip)
        return record, skipped

    async def _give_up(self, step: Step, failed: Failed, intent: Intent) -> Record:
        """Give up the machine of a step that has failed, where a person has allowed that beforehand and the machine may
        serve as it is: only its steps that put back remain. Raises Failed."""
        record, look = failed.record, intent.operation.gives_up
        allowed = intent.options.get(MAX_FAILED, 0)
        here = (
            kind_of(self._cluster, step.on) is On.NODE and step.phase != BACK and step.on not in record.skipped_targets
        )
        if look is None or len(record.given_up) >= allowed or not here or record.taken_back or isinstance(failed, Held):
            raise failed
        (look,) = placed((look,), step.on)
        picture = await self._look(look.watches, step.on)
        progress = look.done(picture, _as_written(look, record, intent.at(look)))
        if not progress.done:
            raise Failed(f"{failed}. It is not given up: {progress.message}", record) from None
        why = str((record.last("failed") or record.entries[-1]).facts.get("why", ""))
        self._say(intent.at(step), step.name, f"{step.on} has failed and is given up: {why}. It is put back")
        return self._journal.write(
            record, "skipped", on=step.on, by=f"--{MAX_FAILED} {allowed}", reason=why, failed=True
        )

    async def _take_back(self, record: Record, intent: Intent, agreed_to_skip: frozenset[str]) -> NoReturn:
        """Raises TakenBack at its end; another Stopped where it gets stuck: then a resume goes on with it."""
        failed = record.last("failed")
        why = str(failed.facts.get("why")) if failed else ""
        self._say(intent, "taken back", f"{why}: what was done is taken back")
        record, skipped = await self._go_on(record, intent, agreed_to_skip)
        message = "; ".join([why, *skipped.values()])
        if skipped:
            record = self._journal.write(record, "parked", missed=skipped)
            await self._claims.release(ended=not record.outcome_unknown, open=True)
            raise Stopped(f"{message}. What was done is not taken back everywhere")
        record = self._close(record, "taken back", why=why)
        await self._claims.release(ended=not record.outcome_unknown)
        seen = record.last("seen")
        now = f": {seen.facts.get('says')}" if seen else ""
        raise TakenBack(f"{message}. It is taken back{now}")

    async def _recheck_lasting(
        self, record: Record, intent: Intent, agreed_to_skip: frozenset[str]
    ) -> tuple[Record, dict[str, str]]:
        """Read everything that the run claims once more, over one picture: somebody may have written between two steps.
        A step that has come undone is done again once; the second time the run stops, and names who wrote last. Raises
        Stopped."""
        claimed, skipped = lasting(intent.steps), dict[str, str]()
        for last in (False, True):
            now = await self._as_it_is(claimed, record, intent)
            for step, progress in now.items():
                if progress.skipped:
                    record = self._ended_step(record, "partly", step, progress)
                    skipped |= progress.skipped
            undone = {step: progress.message for step, progress in now.items() if not progress.done}
            for step, message in undone.items():
                if last:
                    why = f"what was done has come undone twice: {message}{_who_wrote(self._picture())}"
                    self._write(record, "failed", step, why=why)
                    raise Stopped(f"{why}. Agree with them and resume this run{self._or_back(step)}")
                self._say(intent, step.name, f"it has come undone and is done again: {message}")
                record, left = await self._step(step, record, intent.at(step), agreed_to_skip)
                skipped |= left
            if not undone or skipped:
                break
        return record, skipped

    async def _as_it_is(self, claimed: tuple[Step, ...], record: Record, intent: Intent) -> dict[Step, Progress]:
        """The progress of each of these steps, over one picture that was asked for now."""
        if not claimed:
            return {}
        every = tuple(dict.fromkeys(question for step in claimed for question in step.watches))
        targets = tuple(dict.fromkeys(name for step in claimed for name in (step.on, *step.of)))
        picture = await self._look(every, *targets)
        return {step: step.done(picture, _as_written(step, record, intent.at(step))) for step in claimed}

    async def _step(
        self, step: Step, record: Record, intent: Intent, agreed_to_skip: frozenset[str]
    ) -> tuple[Record, dict[str, str]]:
        message = step.describe(intent, self._picture())
        self._say(intent, step.name, message)
        intent = _as_written(step, record, intent)
        picture = await self._look(step.watches, step.on, *step.of)
        if step.gate:
            return await self._gate(step, record, intent, message), {}
        record, intent = self._see(step, record, intent, picture)
        progress = step.done(picture, intent)
        if not _over(progress, agreed_to_skip):
            record, intent, picture = await self._wait_until_allowed(step, record, intent, picture)
            progress = step.done(picture, intent)
        if not _over(progress, agreed_to_skip):
            record, progress = await self._send_until_done(step, record, intent, agreed_to_skip, picture)
        kind = "partly" if progress.skipped else "seen" if progress.done else "left"
        record = self._ended_step(record, kind, step, progress)
        self._say(intent, step.name, progress.message)
        return record, dict(progress.skipped)

    async def _gate(self, step: Step, record: Record, intent: Intent, message: str) -> Record:
        """Ask a person at a gate. Raises Unanswered."""
        if self.alone:
            self._park(step, record, message)
        try:
            consent, plan = await self._ask(run_id(self._cluster.name, record), message, intent, step)
        except Unanswered:
            self._park(step, record, message)
        self._agreed |= plan.identities
        return self._write(
            record,
            "agreed",
            step,
            says=message,
            by=who(),
            reason=consent.reason,
            overridden=[one.sentence for one in plan.objections],
            agreed=[list(about) for about in plan.identities],
            **(consent.noted if plan.objections else {}),
        )

    def _park(self, step: Step, record: Record, question: str) -> NoReturn:
        """Leave the run parked. Raises Unanswered."""
        self._write(record, "parked", step, why=question, missed={})
        raise Unanswered(f"{question} waits for an answer")

    def _ended_step(self, record: Record, kind: str, step: Step, progress: Progress) -> Record:
        return self._write(record, kind, step, says=progress.message, missed=dict(progress.skipped), **self._counted())

    def _counted(self) -> dict[str, Any]:
        """The figures of visits and writes so far, for the report."""
        now = self._poller.snapshot
        return {name: asdict(one) for name, one in (("visits", now.visits), ("writes", now.writes)) if one}

    def _close(self, record: Record, outcome: str, **facts: Any) -> Record:
        record = self._journal.write(record, "closed", outcome=outcome, **facts)
        self.closed = True
        return record

    def _write(self, record: Record, kind: str, step: Step, **facts: Any) -> Record:
        """Append a line about a step. Raises JournalError."""
        return self._journal.write(record, kind, on=step.on, step=step.name, **facts)

    def _find(self, step: Step, record: Record, intent: Intent, picture: Snapshot) -> tuple[Record, Intent]:
        """Note the state found, unless an interrupted run has noted it before: by now it may be our own doing."""
        old = record.found
        found = step.finds(picture, intent).items()
        facts = {key: value for key, value in found if key not in old or (step.renews and old[key] != value)}
        if facts:
            record = self._journal.write(record, "found", **facts)
        return record, _as_written(step, record, intent)

    def _see(self, step: Step, record: Record, intent: Intent, picture: Snapshot) -> tuple[Record, Intent]:
        """Note what passes, where it is news."""
        old = record.found
        facts = {key: value for key, value in step.sees(picture, intent).items() if old.get(key) != value}
        if not facts:
            return record, intent
        record = self._journal.write(record, "found", **facts)
        return record, _as_written(step, record, intent)

    async def _send_until_done(
        self, step: Step, record: Record, intent: Intent, agreed_to_skip: frozenset[str], picture: Snapshot
    ) -> tuple[Record, Progress]:
        record, moment, sent = await self._send(step, record, intent, picture)
        waiting, asking, last = Waiting(), _Asking(self._poller, step, self._cluster.timings.poll), ""
        while True:
            await asking.change()
            picture, intent = self._read_after(moment), _as_written(step, record, intent)
            record, intent = self._see(step, record, intent, picture)
            progress = step.done(picture, intent)
            if progress.failed:
                raise self._failed(step, record, progress.message, ". Mend it and", final=True)
            due = step.again is not None and time.monotonic() - sent > step.again and not progress.done
            # an objection to the first order forbids another
            against = self._why_not_send(step, intent, picture) if due else ""
            if against not in ("", progress.message):
                progress = progress._replace(message=f"{progress.message}; {against.removesuffix('.')}")
            paused = picture.visits is not None and picture.visits.line_cut and not progress.done
            if paused:  # no machine's time runs out by that
                progress = progress._replace(message=f"{progress.message}; {PAUSED}")
            if _over(progress, agreed_to_skip) or (progress.done and waiting.lasted > GRACE):
                return record, progress
            told = waiting.lasted > QUIET and not any(
                _under_way(picture, one, (step.on, *step.of)) for one in step.watches
            )
            if not progress.done and told and progress.message != last:
                self._say(intent, step.name, last := progress.message)
            waiting.look(progress, paused)
            if waiting.over(progress.within or step.timeout(self._cluster.timings)):
                return record, self._late(step, record, progress)
            if due and not against:
                record, intent = self._find(step, record, intent, picture)
                record, moment, sent = await self._send(step, record, intent, picture)

    def _failed(
        self, step: Step, record: Record, why: str, end: str, failure: type[Failed] = Failed, **facts: Any
    ) -> Failed:
        """Write why, and by the same line if it is to be taken back: a resume finds both or none."""
        back = {"back": True} if not record.taken_back and _backs(record, self._steps, step) else {}
        record = self._write(record, "failed", step, why=why, **facts, **back, **self._counted())
        return failure(f"{why}{end} resume this run{self._or_back(step)}", record)

    def _or_back(self, step: Step) -> str:
        """The other way out of a run that has stopped, where there is one."""
        return f", or put {step.on} back" if self._has_undo else ""

    def _late(self, step: Step, record: Record, progress: Progress) -> Progress:
        limit = progress.within or step.timeout(self._cluster.timings)
        if step.goes_on or progress.goes_on:
            return progress._replace(message=f"{progress.message}, after {limit:g} s")
        message = "; ".join(filter(None, (progress.message, self._claims.unclaimed())))
        after = f", and no progress for {span(limit)}" if progress.left is not None else f", after {limit:g} s"
        raise self._failed(step, record, message, f"{after}. Mend it and")

    async def _send(self, step: Step, record: Record, intent: Intent, picture: Snapshot) -> tuple[Record, float, float]:
        """Send the step's orders. Returns the Unix time at which they left, and the monotonic time of their end."""
        try:
            orders = await self._sender.claimed(step, step.orders(picture, intent))
        except Elsewhere as why:
            self._write(record, "failed", step, why=str(why))
            raise Stopped(f"{why}. Nothing more is sent; resume this run then{self._or_back(step)}") from None
        if not orders:
            return record, steady.now(), time.monotonic()
        record, moment = await self._sender.send(step, record, orders)
        return record, moment, time.monotonic()

    async def _look(self, watches: tuple[Question[Any], ...], *targets: str) -> Snapshot:
        """A picture in which all that is watched was asked just now; what did not answer in time is unknown."""
        moment, began = steady.now(), time.monotonic()
        limit = 1 + max(patience(question.cadence, self._cluster.timings) for question in watches)
        self._poller.nudge(watches)
        while True:
            picture = self._read_after(moment)
            pending = any(_under_way(picture, question, targets) for question in watches)
            if not pending or time.monotonic() - began > limit:
                return picture
            await self._poller.change(PAUSE)

    async def _wait_until_allowed(
        self, step: Step, record: Record, intent: Intent, picture: Snapshot
    ) -> tuple[Record, Intent, Snapshot]:
        """Wait until the step may send, or has happened meanwhile. Raises Stopped."""
        began, known, last = time.monotonic(), False, ""
        while True:
            record, intent = self._find(step, record, intent, picture)
            message = self._why_not_send(step, intent, picture)
            if not message:
                return record, intent, picture
            if not known and step.orders(picture, intent):
                began, known = time.monotonic(), True
            visits = self._poller.snapshot.visits
            if visits and visits.line_cut:  # it pauses until the line is back
                began = time.monotonic()
            limit = step.until_known(self._cluster.timings) if step.until_known and not known else GUARD_PATIENCE
            if time.monotonic() - began > limit:
                end = " Then" if known else f", after {limit:g} s. Mend it and"
                raise self._failed(step, record, message, end, Held)
            if message != last:
                last, left = message, limit - (time.monotonic() - began)
                self._say(intent, step.name, f"{message}; waited for until {clock(steady.now() + left)}")
            await self._poller.change(1.0)
            picture = self._picture()
            if not self._why_not_send(step, intent, picture):
                picture = await self._look(step.watches, step.on, *step.of)  # orders must fit the state of this moment

    def _why_not_send(self, step: Step, intent: Intent, picture: Snapshot) -> str:
        """Why this step can't send yet: a guard's objection, or unknown orders. Empty if it may."""
        progress = step.done(picture, intent)
        if progress.done:
            return ""
        if not step.orders(picture, intent):
            return progress.message if step.until_known else ""
        now = self._picture()
        kind = kind_of(now.cluster, step.on)
        effects = intent.operation.effects_on(kind)
        against = [one for guard in step.guards for one in guard(now, effects, step.on)]
        if step.asks_all:
            against += objections(now, effects, step.on, kind, resumed=True)
        return next((one.sentence for one in against if one.about not in self._agreed), "")

    def _picture(self) -> Snapshot:
        """The picture on which guards judge, and on which a person has agreed to the run."""
        return self._poller.picture

    def _read_after(self, moment: float) -> Snapshot:
        """The picture of readings asked after a moment. An older reading counts as under way, however old: only a
        machine that gave no answer is unreachable."""
        return without_stale(read_after(self._poller.snapshot, moment), steady.now())

    def _say_of(self, step: Step, message: str) -> None:
        self._tell(Note(steady.now(), step.on, step.name, message))

    def _say(self, intent: Intent, step: str, message: str, final: bool = False) -> None:
        self._tell(Note(steady.now(), intent.target, step, message, final))


class _Asking:
    """Has what a step watches asked anew, as often as its answers may be news."""

    def __init__(self, poller: Poller, step: Step, seldom: float) -> None:
        """`seldom`: seconds between two looks at a volume; those that follow too close are one."""
        self._poller = poller
        self._seldom = seldom
        self._every = step.watches
        self._often = tuple(one for one in step.watches if one.subject is not Subject.VOLUME)
        self._nudged, self._nudged_all = 0.0, time.monotonic()

    async def change(self) -> None:
        """Wait for the next answer. A machine that is down answers at once, again and again: it is not asked again for
        that."""
        now = time.monotonic()
        if now - self._nudged > PAUSE:
            self._poller.nudge(self._often)
            self._nudged = now
        if now - self._nudged_all > self._seldom:
            self._poller.nudge(self._every)
            self._nudged_all = now
        await self._poller.change(PAUSE)


def _unknown(picture: Snapshot) -> Iterator[str]:
    """Machines that can't be told now."""
    yield from (view.name for view in picture.firewalls if isinstance(view.pools, Unknown))
    yield from (view.name for view in picture.nodes if isinstance(view.host, Unknown))


def _as_written(step: Step, record: Record, intent: Intent) -> Intent:
    """The intent with everything that the journal holds for a step by now."""
    return replace(intent, found=record.found, order_state=record.order_state(step.id))


def lasting(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps whose effect a finished run claims: those that say so, of the last phase in which any does."""
    claimed = [step for step in steps if step.lasts]
    return tuple(step for step in claimed if step.phase == claimed[-1].phase)


def _who_wrote(picture: Snapshot) -> str:
    """The last change of each config.xml, as pfSense tells it."""
    told = [
        f"{view.name}: {quoted(view.config.value.revision, 80)}"
        for view in picture.firewalls
        if isinstance(view.config, Known) and view.config.value.revision
    ]
    return f" (the last change on {'; on '.join(told)})" if told else ""


def _over(progress: Progress, agreed_to_skip: frozenset[str]) -> bool:
    """Done everywhere except on firewalls the operator agreed to skip."""
    return progress.done and agreed_to_skip.issuperset(name for name, _ in progress.skipped)


def _under_way(picture: Snapshot, question: Question[Any], targets: tuple[str, ...]) -> bool:
    views: tuple[View, ...] = getattr(picture, question.subject.value)
    asked = [view for view in views if question.subject is not Subject.NODE or view.name in targets]
    readings = (getattr(view, question.field) for view in asked if not _unreachable(view))
    return any(isinstance(reading, Unknown) and reading.under_way for reading in readings)


def _unreachable(view: View) -> bool:
    """A firewall that gives no answer to the quick questions is not waited for with the slow ones."""
    return isinstance(view, FirewallView) and isinstance(view.pools, Unknown) and not view.pools.under_way
