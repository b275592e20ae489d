"""The plan of an operation: its steps, the objections to it, and a person's consent. Pure."""

from types import MappingProxyType
from typing import Any, NamedTuple

from console.health import serving
from console.health.facts.writer import found_up, in_order, writers, writes
from console.operations.effects import ENDS, STARTS, STOPS, Effect, On, kind_of
from console.operations.guards import About, Check, Objection, Override, objections, traffic
from console.operations.procedures.steps import Intent, Operation, Option, Options, Table, Usual
from console.probes.database.galera import GALERA
from console.probes.database.mysql_proxy import WRITER
from console.probes.database.transactions import TRANSACTIONS
from console.probes.firewalls.upgrade import UPGRADE
from console.probes.hosts.jobs import JOBS
from console.probes.hosts.preparing import PREPARED
from console.probes.hosts.running import LISTED
from console.probes.hosts.system import HOST
from console.probes.hosts.updates import UPDATES
from console.probes.question import Cadence, Question, Subject
from console.probes.schedule import Wanted
from console.probes.snapshot import Snapshot
from console.probes.storage.gluster import STORAGE
from console.probes.storage.mounts import MOUNTS
from console.probes.web.apache import APACHE, SITE


class Consent(NamedTuple):
    """A person's answer to the objections."""

    confirmed: bool = False
    typed: str = ""
    """The target's name, typed by hand: all that asks for name and reason."""
    reason: str = ""
    read: frozenset[About] | None = None
    """The objections that were read; None: accept any objection (command line)."""
    machines: frozenset[str] = frozenset()
    """Machines whose objections that ask for name and reason are overcome, as said beforehand on a command line."""

    @property
    def noted(self) -> dict[str, list[str]]:
        """The machines that were named, for the journal; {} for none."""
        return {"override": sorted(self.machines)} if self.machines else {}


class Plan(NamedTuple):
    """The steps of an operation as things stand now, and the objections to it."""

    cluster: str
    operation: Operation
    target: str
    objections: tuple[Objection, ...]
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    """Each step in words, with the exact orders as things stand."""
    checks: tuple[Check, ...] = ()
    """The things that were looked at, where a person is to see their state."""
    options: Options = MappingProxyType({})
    """Decisions and choices made for it."""

    @property
    def choices(self) -> tuple[Option, ...]:
        """The options that a person may choose by a key, as things stand."""
        return tuple(one for one in self.operation.options if one.key and one.fits(self.options))

    leaves: tuple[str, ...] = ()
    """Its lasting effects, in sentences."""
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[Objection, ...]:
        """The objections, each sentence once: one of the cluster stands against each of its machines."""
        return tuple({one.sentence: one for one in self.objections}.values())

    @property
    def words(self) -> str:
        """drain node2."""
        return self.operation.words(self.target)

    @property
    def title(self) -> str:
        """Every cluster has a node1."""
        return f"{self.cluster}: {self.words}"

    @property
    def identities(self) -> frozenset[About]:
        """Identities of the objections, to be noted as read."""
        return frozenset(objection.about for objection in self.objections)

    def unanswered(self, consent: Consent) -> tuple[Objection, ...]:
        """The objections that a consent does not overcome: too strong for it, or come up since it was asked for."""
        reason, read = bool(consent.reason.strip()), self.identities if consent.read is None else consent.read

        def overcome(one: Objection) -> bool:
            named = reason and (consent.typed == self.target or one.machine in consent.machines)
            agreed = named or (one.override is Override.CONFIRM and consent.confirmed)
            return one.override is not Override.NEVER and agreed and one.about in read

        return tuple(one for one in self.objections if not overcome(one))

    def must_be_unopposed(self, consent: Consent) -> None:
        """Raise NotBegun while an objection stands that the consent does not overcome."""
        left = self.unanswered(consent)
        if left:
            raise NotBegun(" ".join(dict.fromkeys(objection.sentence for objection in left)))


NO_USUAL: Usual = MappingProxyType({})


def against(
    snapshot: Snapshot, intent: Intent, resumed: bool = False, turn: str = "", usual: Usual = NO_USUAL
) -> tuple[Objection, ...]:
    """All objections to an operation. One on a cluster takes each of its machines in turn, and is judged on each; its
    resume on the one whose `turn` it is, for each later one has a gate."""
    operation, cluster = intent.operation, snapshot.cluster
    turns = dict.fromkeys(step.on for step in intent.steps)
    each = {intent.target: None} if intent.operation.on is not On.CLUSTER else {turn: None} if turn in turns else turns
    kinds = {name: kind_of(cluster, name) for name in each}
    found = [
        one for name, on in kinds.items() for one in objections(snapshot, operation.effects_on(on), name, on, resumed)
    ]
    found += () if resumed else operation.against(snapshot, intent.options, usual)
    nothing = Objection(
        intent.target, f"{intent.words} has no step", "Name a machine that the inventory has", Override.NEVER
    )
    return tuple(dict.fromkeys(found if each else (*found, nothing)))


def needed(snapshot: Snapshot, operation: Operation, target: str, resumed: bool = False) -> Wanted:
    """Return the readings that the guards need: all of the firewalls; of nodes and volumes only those that they judge,
    so that a dead node delays no drain."""
    takes_out = operation.on is On.NODE and operation.does(Effect.TAKES_OUT)
    visited = {target, *serving(snapshot)} if takes_out and traffic(snapshot, target) else set[str]()
    stops = operation.does(*STOPS, *STARTS)
    of_writer, writing = _asked_of_writer(snapshot, operation, target)
    whole = operation.does(Effect.PUTS_BACK_UNFIT) or (stops and not resumed)

    def wanted(question: Question[Any], name: str) -> bool:
        if operation.on is On.VOLUME and question in (STORAGE, HOST):
            return name == target or question is HOST
        if operation.does(Effect.MOUNTS) and question in (MOUNTS, HOST, STORAGE):
            return name == target or question is STORAGE
        if question.subject is Subject.FIREWALL:
            if question is UPGRADE:
                return operation.does(Effect.UPDATES)
            return question.cadence is not Cadence.SELDOM
        if question.subject is Subject.VIP:
            return Effect.FAILS_OVER in operation.effects_on(On.FIREWALL)
        if operation.does(Effect.UPDATES) and question in (UPDATES, JOBS, PREPARED):
            return True
        if question in (APACHE, SITE) and name in visited:
            return True
        if question in of_writer and name in writing:
            return True
        if question is LISTED:
            return operation.does(*ENDS) and name == target
        mine = whole or (stops and name == target)
        return mine and question.cadence in (Cadence.FAST, Cadence.STORAGE)

    return wanted


def _asked_of_writer(
    snapshot: Snapshot, operation: Operation, target: str
) -> tuple[tuple[Question[Any], ...], tuple[str, ...]]:
    """Questions before the writer moves, and to whom: to every node; of one that goes, to it and to those that HAProxy
    finds UP, if it is the writer."""
    every, goes = tuple(node.name for node in snapshot.cluster.nodes), operation.does(Effect.TAKES_OUT)
    if not operation.does(Effect.MOVES_WRITER):
        return (), ()
    if goes and not writes(snapshot, target):
        return () if writers(snapshot) else (WRITER,), every
    asked = (target, *(name for name in in_order(snapshot, target) if found_up(snapshot, name))) if goes else every
    return (WRITER, GALERA, TRANSACTIONS), asked


class NotBegun(Exception):
    """Nothing was changed: the reason, in one sentence or several."""
