"""One cluster as the screen and the command line see it: its picture, its runs, and what may be begun.

A session outlives the screen: its tasks are plain asyncio tasks, so a run goes on when a widget fails.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console import steady
from console.health import Finding, Kind
from console.inventory.cluster import Cluster, Inventory
from console.inventory.paths import journal_dir, make_private
from console.operations.effects import Effect, On
from console.operations.guards import About
from console.operations.plan import Consent, NotBegun, Plan, needed
from console.operations.procedures import operation as operation_named
from console.operations.procedures.steps import Intent, Operation, Options
from console.operations.ready import Hazard
from console.probes import logs
from console.probes.ask import Ask, WireError
from console.probes.firewalls.config import CONFIG
from console.probes.freshness import patience
from console.probes.pools.balancer import POOLS
from console.probes.schedule import questions_of, unasked
from console.probes.snapshot import QUESTIONS, Known, Snapshot
from console.probes.web.visitor import visited
from console.session.alerts import Alert, Alerts
from console.session.claimants import claimant, claimed, left_open
from console.session.claims import Claims, Elsewhere
from console.session.events import follow
from console.session.gate import Gate, Gates
from console.session.history import History, Reader
from console.session.journal import Journal, JournalError, Record, load, who
from console.session.journal_disk import in_time
from console.session.lock import Holder, Locked, holder, holding
from console.session.notifier import Notifier
from console.session.open_runs import operation_of
from console.session.planning import Planner, open_but
from console.session.poller import Poller
from console.session.readiness import readiness
from console.session.run_state import RunState, ended
from console.session.runner import Note, Runner, Stopped
from console.session.trends import Trends
from console.session.usual import absences
from console.session.visitor import Visitor
from console.session.writing import Writing
from console.wire import Wire

READ = 12.0
"""Seconds for one look at a log."""


@dataclass
class Running:
    """A run that is under way here."""

    record: Record
    intent: Intent
    task: "asyncio.Task[Record]"
    runner: Runner
    notes: list[Note] = field(default_factory=list[Note])
    halted: bool = False

    @property
    def state(self) -> RunState:
        record = self.record
        way = self.runner.on_its_way
        return RunState(record.path, self.intent, record.begun, tuple(self.notes), way)

    def halt(self) -> None:
        """Stop once: a second cancellation would end the wait for the orders. `task.cancelling()` can't tell, since it
        counts a timeout that ends at this moment, too."""
        if not self.halted and not self.runner.closed:
            self.halted = True
            self.task.cancel()


def _still_open(record: Record) -> Record:
    """A run as it is on disk: another console may have gone on with it, or ended it, since. Raises NotBegun."""
    now = load(record.path)
    if not now.entries:
        raise NotBegun(f"{record.path} can't be read any more; nothing is begun")
    if now.outcome is not None:
        raise NotBegun(f"{record.words} has ended meanwhile: {now.outcome}; nothing is begun")
    return now


def journal_of(cluster: Cluster) -> Journal:
    """A cluster's journal, which knows its runs also when the cluster had another name."""
    nodes = {node.name: node.address for node in cluster.nodes}
    return Journal(journal_dir() / cluster.name, nodes, [firewall.address for firewall in cluster.firewalls])


def strangers(inventory: Inventory) -> Iterator[Record]:
    """Open runs of clusters that the inventory no longer names, and that are not known by their addresses."""
    names = {cluster.name for cluster in inventory.clusters}
    known = {record.path for cluster in inventory.clusters for record in journal_of(cluster).records()}
    with suppress(OSError):
        for folder in sorted(journal_dir().iterdir()):
            mine = Journal(folder).open_runs() if folder.name not in names else ()
            yield from (record for record in mine if record.path not in known)


def _looks(cluster: Cluster) -> frozenset[Ask]:
    """Everything that may leave a console that only looks."""
    return questions_of(cluster).union(
        visited(cluster), *(logs.asked(cluster, machine.name) for machine in cluster.machines)
    )


class Session:
    """The one way to a cluster. `read_only`: nothing but the known questions can leave its wire."""

    def __init__(self, cluster: Cluster, read_only: bool = False) -> None:
        self.cluster = cluster
        self.read_only = read_only
        self.wire = Wire(cluster, allowed=_looks(cluster) if read_only else None)
        self.poller = Poller(cluster, self.wire)
        self.journal = journal_of(cluster)
        self._planner = Planner(cluster, self.wire, self.journal)
        self.running: Running | None = None
        self.events: deque[Note] = deque(maxlen=500)
        """Notes of runs, and of findings that appeared or are over; newest last."""
        self._own: deque[str] = deque(maxlen=9)
        """Tokens of the last claims of this console: how a firewall tells of them may be some seconds old."""
        self.alerts: deque[Alert] = deque(maxlen=20)
        """Messages for a person at once, newest last."""
        self.trends = Trends(tuple(node.name for node in cluster.nodes))
        self.muted = 0.0
        """Until when nobody is told of anything, in Unix time."""
        self._alerts, self._notifier = (
            Alerts(cluster.name),
            None if cluster.notify is None else Notifier(cluster.notify, self._complain),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gates = Gates(cluster, self.poller, self._tell, self._call)
        self._ended: RunState | None = None
        self._reader = Reader(cluster, self.journal)
        self._alone = False
        self._attended = True
        self._watch: asyncio.Task[None] | None = None

    def start(self, after: float = 0.0) -> None:
        """Begin to ask, once, `after` seconds from now: many clusters at once would all be slow to log in."""
        if self._watch is not None:
            return
        self._loop = asyncio.get_running_loop()
        self.poller.start(after)
        self._watch = asyncio.create_task(
            follow(
                self.cluster,
                self.poller.change,
                lambda: self.picture,
                self._worth_telling,
                self._note,
                self._look_at_site,
            )
        )

    async def close(self) -> None:
        """End a run where it stands (it stays open in the journal), and every connection."""
        await self.stop()
        if self._watch is not None:
            self._watch.cancel()
        await self.poller.close()
        await self.wire.close()

    @property
    def picture(self) -> Snapshot:
        """The newest picture, in which stale readings are unknown."""
        return self.poller.picture

    @property
    def gate(self) -> Gate | None:
        """The gate at which the run waits for a person."""
        return self._gates.waits

    @property
    def newest(self) -> RunState | None:
        """The run here that began last, as it stands or has ended."""
        return self.running.state if self.running else self._ended

    @property
    def history(self) -> History:
        """The journal as it was read last."""
        return self._reader.history

    def look_at_history(self, anew: bool = False) -> None:
        """Read the journal: `anew`, or where something in it may be new."""
        if anew:
            self._reader.forget()
        self._reader.look(steady.now(), self.elsewhere)

    @property
    def attended(self) -> bool:
        """True while somebody looks at this cluster, or a run is under way."""
        return self._attended or self.running is not None

    @property
    def pace(self) -> float:
        """Seconds between two fast batches as things are."""
        return max(self.cluster.timings.poll, self.poller.calm)

    def attend(self, on: bool) -> None:
        """Say that somebody looks at this cluster, or no longer does: then, unless a run is under way, it is asked less
        often."""
        self._attended = on
        self.poller.attend(self.attended)

    def look_again(self) -> None:
        """Ask everything now, also machines that are in a pause after a failure."""
        for machine in self.cluster.machines:
            self.wire.retry(machine.name)
        self.poller.nudge(QUESTIONS)

    async def change(self) -> None:
        """Wait for the next answer."""
        await self.poller.change()

    async def ssh_argv(self, machine: str) -> tuple[str, ...]:
        """The command that opens a person's shell on a machine. Raises NotBegun."""
        if self.read_only:
            raise NotBegun("Read-only is on: a shell could change anything. Start the console without --read-only")
        try:
            return await self.wire.ssh_argv(machine)
        except WireError as error:
            raise NotBegun(str(error)) from None

    def logs_of(self, machine: str) -> tuple[logs.Log, ...]:
        """The logs of a machine, as its version has them."""
        boxes = (view.box for view in self.picture.firewalls if view.name == machine)
        version = next((box.value.version for box in boxes if isinstance(box, Known)), "")
        return logs.logs(self.cluster, machine, version)

    async def read_log(self, machine: str, log: logs.Log) -> tuple[logs.Source, ...]:
        """The end of a log, as it is now. A machine gives at most READ seconds to it, beside all other questions."""
        return logs.read(log, await self.wire.send(machine, log.runs, READ, keep=True))

    async def settled(self, patience: float) -> None:
        """Wait until every question has had one answer or error, at most `patience` seconds."""
        await self.poller.settle(unasked, patience)

    async def ready(self, operation: Operation, target: str, patience: float, resumed: bool = False) -> None:
        """Like `settled`, but wait only for the readings that the guards of an operation need."""
        await self.poller.settle(lambda now: unasked(now, needed(now, operation, target, resumed)), patience)

    async def readiness(self) -> tuple[Hazard, ...]:
        """Everything to clear before a patch, once each question has had an answer; nothing is changed."""
        await self.settled(self.cluster.timings.seldom_answer)
        return await readiness(self.wire, self.picture, absences(self.journal.read().records))

    def plan(self, operation: Operation, target: str, options: Options | None = None) -> Plan:
        """The steps of an operation, and the objections to it, in the picture of this moment. Raises NotBegun for a
        node that only the journal knows."""
        return self._with_claims(self._plan(self._intent(operation, target, options)))

    def plan_again(self, record: Record) -> Plan:
        """The same, for the resume of a run. Raises NotBegun."""
        return self._with_claims(self._plan(self._planner.resumed(record, operation_of(record)), record))

    def _intent(self, operation: Operation, target: str, options: Options | None = None) -> Intent:
        return self._planner.intent(self.picture, operation, target, options)

    def _plan(self, intent: Intent, record: Record | None = None) -> Plan:
        """Plan without objecting to other consoles' claims: a run that begins takes the claims, or can't."""
        return self._planner.plan(self.picture, intent, record, self._under_way)

    def _with_claims(self, plan: Plan) -> Plan:
        return plan._replace(objections=(*claimed(self.picture, frozenset(self._own)), *plan.objections))

    @property
    def abroad(self) -> tuple[str, ...]:
        """Open runs of other journals, a sentence each: nobody can resume them here."""
        return tuple(left_open(self.picture, self._planner.place))

    async def begin(
        self, operation: Operation, target: str, consent: Consent | None = None, options: Options | None = None
    ) -> Running:
        """Begin a run. The guards are asked once more when the firewalls are claimed. Raises NotBegun."""
        consent = consent or Consent()
        self._must_be_free()
        self._agreed(self._intent(operation, target, options), consent)
        async with self._claimed(operation.words(target)) as (lock, claims):
            await self._read_again()
            intent = self._intent(operation, target, options)  # notes of another console are on disk now
            plan = self._agreed(intent, consent)
            try:
                record = self.journal.open(
                    target,
                    operation.name,
                    reason=consent.reason,
                    overridden=[objection.sentence for objection in plan.objections],
                    agreed=[list(about) for about in plan.identities],
                    found=dict(intent.found),
                    **({"options": dict(intent.options)} if intent.options else {}),
                    **self._will_write(operation),
                    **consent.noted,
                )
            except JournalError as error:
                raise NotBegun(str(error)) from error
            return self._run(record, intent, plan.identities, claims, lock.pop_all())

    async def resume(self, record: Record, consent: Consent | None = None, skips: str = "") -> Running:
        """Go on with a run that was interrupted or parked, as it stands in the journal by now. `skips`: the reason to
        give up the machine whose turn it is: it is put back, and the next one is begun. Raises NotBegun."""
        consent = consent or Consent()
        self._must_be_free()
        operation = operation_of(record)
        if skips and operation.on is not On.CLUSTER:
            raise NotBegun(f"{record.words} is about one machine alone: put it back, there is no next one")
        self._agreed(self._planner.resumed(record, operation), consent, record)
        async with self._claimed(record.words) as (lock, claims):
            record = _still_open(record)
            await self._read_again()
            intent = self._planner.resumed(record, operation)
            plan = self._agreed(intent, consent, record)
            record = self._taken_on(record, consent, plan, skips)
            return self._run(record, intent, plan.identities | record.agreed, claims, lock.pop_all())

    def _taken_on(self, record: Record, consent: Consent, plan: Plan, skips: str) -> Record:
        """Write down who goes on with a run, against which objections, and why without the machine whose turn it is.
        Raises NotBegun."""
        try:
            record = self.journal.write(
                record,
                "resumed",
                by=who(),
                reason=consent.reason,
                overridden=[one.sentence for one in plan.objections],
                agreed=[list(about) for about in plan.identities],
                **self._will_write(plan.operation, record),
                **consent.noted,
            )
            skipped = {"on": record.machine, "by": who(), "reason": skips}
            return self.journal.write(record, "skipped", **skipped) if skips else record
        except JournalError as error:
            raise NotBegun(str(error)) from error

    @asynccontextmanager
    async def _claimed(self, what: str) -> AsyncGenerator[tuple[ExitStack, Claims]]:
        """The cluster's lock on this machine and the claims on its firewalls, kept only if the lock is popped. `what`:
        operation and target. Raises NotBegun."""
        with self._locked(what) as lock:
            claims = Claims(self.cluster, self.wire, what, who(), self._planner.place)
            self._own.append(claims.token)
            try:
                await claims.take()
                yield lock, claims
            except BaseException as error:
                await claims.release()
                if isinstance(error, Elsewhere):
                    raise NotBegun(f"{error}; nothing is begun") from None
                raise

    async def _read_again(self) -> None:
        """The firewalls, once they are claimed: another console may have been at work until then. Raises NotBegun."""
        if not await self.look_back():
            raise NotBegun("a firewall did not tell its pools again in time; nothing is begun")

    def _agreed(self, intent: Intent, consent: Consent, record: Record | None = None) -> Plan:
        """The plan, against which nothing stands that nobody has agreed to. Raises NotBegun."""
        plan = self._plan(intent, record)
        plan.must_be_unopposed(consent)
        return plan

    def halt(self) -> None:
        """Stop the run where it stands. Nothing is taken back; it stays open. It ends when its orders have."""
        if self.running is not None:
            self.running.halt()

    def leave_alone(self) -> None:
        """Note that nobody is left to answer: the run here goes on with the machine at work, parks at a gate, and
        begins no other machine."""
        self._alone = True
        if self.running is not None:
            self.running.runner.alone = True
        self._gates.leave_alone()

    async def stop(self) -> None:
        """Like `halt`, but return when the run has ended."""
        self.halt()
        if self.running is not None:
            await asyncio.wait({self.running.task})

    async def look_back(self) -> bool:
        """Wait until the firewalls have told their state anew. Returns False if their time for that is over."""
        moment, watched = steady.now(), (POOLS, CONFIG)

        def older(now: Snapshot) -> bool:
            readings = (reading for view in now.firewalls for reading in (view.pools, view.config))
            return any(isinstance(reading, Known) and reading.at < moment for reading in readings)

        self.poller.nudge(watched)
        await self.poller.settle(older, max(patience(one.cadence, self.cluster.timings) for one in watched))
        return not older(self.poller.snapshot)

    def open_runs(self) -> tuple[Record, ...]:
        """Runs in the journal that were never closed and are not under way here, oldest first."""
        return open_but(self.journal.records(), self._under_way)

    @property
    def _under_way(self) -> Path | None:
        """The file of the run that is under way here."""
        return self.running.record.path if self.running else None

    @property
    def elsewhere(self) -> Holder | None:
        """The other console that carries out a run in this cluster, or claims its firewalls."""
        if self.running:
            return None
        lock, here = self.journal.folder / "lock", None
        with suppress(JournalError, OSError):
            here = in_time(lambda: holder(lock), lock)
        return here or claimant(self.picture, frozenset(self._own))

    def taken_out(self, node: str) -> Record | None:
        """The run that took a node out, if this console's journal knows it."""
        return self.journal.taken_out(node)

    def _must_be_free(self) -> None:
        if self.read_only:
            raise NotBegun("Read-only is on: nothing can be changed from this console. Start it without --read-only")
        if self._alone:
            raise NotBegun("The terminal is gone, so nobody is left to answer; nothing is begun")
        if self.running is not None:
            intent = self.running.intent
            raise NotBegun(f"{intent.words} is under way; wait until it ends, or stop it")

    def _locked(self, what: str) -> ExitStack:
        """Hold the cluster's lock until it is closed. Raises NotBegun."""
        lock, folder = ExitStack(), self.journal.folder
        try:
            in_time(lambda: make_private(folder), folder)
            lock.enter_context(holding(self.journal.folder / "lock", f"{who()}: {what}"))
        except (Locked, JournalError) as error:
            raise NotBegun(str(error)) from error
        except OSError as error:
            raise NotBegun(f"{self.journal.folder} can't be written: {error.strerror}; nothing is begun") from error
        return lock

    def _run(
        self, record: Record, intent: Intent, agreed: frozenset[About], claims: Claims, lock: ExitStack
    ) -> Running:
        runner = Runner(self.cluster, self.wire, self.poller, self.journal, claims, agreed, self._tell, self._gates.ask)
        task = asyncio.create_task(self._carry_out(runner, record, intent, claims), name=intent.words)
        runner.alone = self._alone
        beside = [asyncio.create_task(one) for one in self._beside(intent)]
        running = self.running = Running(record, intent, task, runner)
        self.look_at_history(anew=True)
        self.attend(self._attended)

        def over(task: "asyncio.Task[Record]") -> None:  # also when it was cancelled before its first line
            lock.close()
            for one in beside:
                one.cancel()
            if beside:
                self.poller.visits(None)
                self.poller.writes(None)
            self._ended = ended(running.state, task)
            self._alert(self._alerts.of_run(self._ended, steady.now()))
            self.running = None
            self.look_at_history(anew=True)
            self.poller.wake()
            self.attend(self._attended)
            self.poller.nudge((POOLS, CONFIG))  # the effect of an order is news even if its run was stopped

        task.add_done_callback(over)
        return self.running

    def _beside(self, intent: Intent) -> Iterator[Coroutine[None, None, None]]:
        """Visits, and the inventory's write: they go on beside a run, until that ends."""
        if intent.operation.visited:
            targets = dict.fromkeys(step.on for step in intent.steps)
            yield Visitor(self.cluster, self.wire, self.poller, targets).visit()
            if write := self.cluster.patch.write:
                yield Writing(self.cluster, write, self.wire, self.poller).write()

    def _will_write(self, operation: Operation, record: Record | None = None) -> dict[str, Any]:
        """The inventory's write, as it stands in a run's journal before it is sent; {} where the journal has it."""
        write = self.cluster.patch.write if operation.visited else None
        told = {"statement": write.statement, "user": write.login.user} if write else None
        known = any(entry.facts.get("write") == told for entry in record.entries) if record else False
        return {"write": told} if told and not known else {}

    async def _carry_out(self, runner: Runner, record: Record, intent: Intent, claims: Claims) -> Record:
        try:
            record = await runner.carry_out(record, intent)
            self._close_what_was_put_back(record, intent)
        except asyncio.CancelledError:
            now = load(record.path)
            with suppress(JournalError):  # it is open all the same
                self.journal.write(now if now.entries else record, "halted", by=who())
            raise
        except (Stopped, JournalError) as error:
            self._tell(Note(steady.now(), intent.target, "stopped", str(error), final=True))
            raise
        finally:
            last = load(record.path)
            known = bool(last.entries)  # on a disk that hangs nothing is
            await claims.release(ended=known and not last.outcome_unknown, open=last.outcome is None)
        return record

    def _close_what_was_put_back(self, record: Record, intent: Intent) -> None:
        """An open run that took the node out has nothing left to do once the node is back, as after a reboot; nor has
        one that this run undoes."""
        if record.outcome != "done":
            return
        for earlier in self.journal.open_runs():
            known = operation_named(earlier.operation)
            undone = known is not None and known.undo == intent.operation.name
            out = known is None or known.does(Effect.TAKES_OUT)
            back = undone or (out and intent.operation.does(Effect.PUTS_BACK))
            same = earlier.machine == intent.target or intent.operation.undoes_itself
            if back and same and earlier.path != record.path:
                self.journal.write(earlier, "closed", outcome="put back")

    def mute(self, until: float) -> None:
        """Tell nobody of anything until then, in Unix time; 0: tell again."""
        self.muted = until
        self.poller.wake()

    def _look_at_site(self, picture: Snapshot) -> None:
        self.trends.look(picture, steady.now())
        for alert in (self._alerts.of_site(picture, steady.now()), *self._alerts.of_holds(picture, steady.now())):
            self._alert(alert)

    def _alert(self, alert: Alert | None) -> None:
        if alert is None:
            return
        self.alerts.append(alert)
        if self._notifier is not None and alert.told and time.time() >= self.muted:
            self._notifier.tell(alert)

    def _call(self, intent: Intent, question: str) -> None:
        """Call a person to a gate."""
        self._alert(self._alerts.of_gate(intent.words, question, intent.target, steady.now()))

    def _complain(self, message: str) -> None:
        """Say on the screen that nobody was told. From any thread."""
        note = Note(steady.now(), self.cluster.name, "seen", message)
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # it ends just now
                self._loop.call_soon_threadsafe(self._note, note)

    def _note(self, note: Note) -> None:
        self.events.append(note)
        self.poller.wake()

    def _tell(self, note: Note) -> None:
        if self.running is not None:
            self.running.notes.append(note)
        self._note(note)

    def _worth_telling(self, finding: Finding) -> bool:
        """A finding is worth an event, unless its machine was not asked yet, or our own run makes it of its node on the
        way."""
        mine = self.running is not None and finding.machine == self.running.intent.target
        return finding.kind is not Kind.NOT_ASKED and not (mine and finding.kind is Kind.MIXED)
