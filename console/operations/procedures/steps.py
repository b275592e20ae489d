"""Operations and their steps. A step is data: what to note, what to send, and how to tell that it has happened.

One predicate, `done`, serves verification, idempotence and resume: a step whose predicate holds already sends nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

from console.health.facts.fitness import fit
from console.health.facts.membership import master
from console.health.finding import Kind
from console.inventory.cluster import Cluster, Timings
from console.operations.effects import Effect, Effects, On
from console.operations.guards import Guard, Objection
from console.probes.ask import Run
from console.probes.pools.balancer import balancer_of
from console.probes.question import Question
from console.probes.snapshot import Snapshot
from console.text import listed

Options = Mapping[str, Any]
"""Decisions made when a run was begun. Its opening line holds them."""


Table = tuple[tuple[str, ...], ...]
"""Rows of texts; the first one is the head."""
Usual = Mapping[str, float]
"""Seconds that earlier runs took on a machine, where any has told."""


class Option(NamedTuple):
    """A choice that a person may make before an operation begins; without it the answer is no."""

    name: str
    """Its key among the options, and on the command line: --NAME."""
    key: str
    """In the dialog that asks; "" where it is chosen on the command line only."""
    help: str
    needs: str = ""
    """The decision without which there is nothing to choose; "" for none."""
    read: Callable[[str], Any] | None = None
    """Reads its value. Raises ValueError. None: it has none."""
    metavar: str = ""

    def fits(self, options: Options) -> bool:
        """There is something to choose."""
        return not self.needs or bool(options.get(self.needs))


MAX_FAILED = "max-failed"
"""The option that says how many machines a run may give up by itself."""


def unopposed(_snapshot: Snapshot, _options: Options, _usual: Usual) -> tuple[Objection, ...]:
    """No objection beside those of the guards."""
    return ()


def no_tables(_snapshot: Snapshot, _options: Options, _usual: Usual) -> tuple[()]:
    """Its steps alone are its plan."""
    return ()


def nothing_left(_snapshot: Snapshot, _target: str, _options: Options) -> tuple[str, ...]:
    """No lasting effect that a person must know."""
    return ()


@dataclass(frozen=True)
class Operation:
    """An act on a target, as a value: key, help, palette, command line, dry run, rights and guards follow from it."""

    name: str
    """On the command line, in the journal and in sentences."""
    key: str
    """On the screen; "" where it is found in the palette only."""
    word: str
    """In the bottom line of the screen."""
    help: str
    """Help of the key."""
    summary: str
    """Help of the command."""
    effects: Effects
    steps: Callable[[Cluster, str, Options], tuple["Step", ...]]
    """The steps on a target, from what the opening line of the journal holds: the same at each resume."""
    on: On = On.NODE
    on_firewalls: Effects = frozenset()
    """Its effects on firewalls, for one on the cluster that takes them in turn, too."""
    keep: int = 0
    """The higher, the longer the key stays in the bottom line when room is short."""
    asks: bool = False
    """A person is asked even if nothing objects."""
    helps: frozenset[Kind] = frozenset()
    """The findings about its target that it helps against."""
    fits: Callable[[Snapshot, str], bool] = lambda _snapshot, _target: True
    """True for the operation that its key means for a target now, where several share the key."""
    leaves: Callable[[Snapshot, str, Options], tuple[str, ...]] = nothing_left
    """Its lasting effects on a target, in sentences: the end of its plan."""
    lasts_until: bool = False
    """A person says until when it lasts, and why: both are in its options."""
    options: tuple[Option, ...] = ()
    decides: Callable[[Snapshot, str], Options] = lambda _snapshot, _target: {}
    """Choices that the picture makes when it is begun. They are kept: a resume does not choose again."""
    tables: Callable[[Snapshot, Options, Usual], tuple[Table, ...]] = no_tables
    """Its plan, a machine a row: in the place of steps that are too many to be read."""
    notes: Callable[[Snapshot, Options, Usual], tuple[str, ...]] = no_tables
    """Sentences below its tables."""
    against: Callable[[Snapshot, Options, Usual], Iterable[Objection]] = unopposed
    """Objections to the choices that were made for it, beside those of the guards. Not asked of a resume."""
    visited: bool = False
    """The site is visited all the time while it is carried out, and a visit that fails stands against it."""
    gives_up: "Step | None" = None
    """The look that a machine that has failed must pass, to be put back and given up by the run itself."""
    instead: str = ""
    """The name of the operation that is meant on a target that this one does not fit."""
    undo: str = "undo"
    """The name of the operation that takes back what this one has done; "" where there is nothing to."""

    def __repr__(self) -> str:
        return self.name

    @property
    def undoes_itself(self) -> bool:
        """Only the same operation on another target takes it back."""
        return self.undo == self.name

    def does(self, *effects: Effect) -> bool:
        """True for an operation that has one of these effects."""
        return not self.effects.isdisjoint(effects)

    def effects_on(self, on: On) -> Effects:
        """Its effects on a kind of target."""
        return self.on_firewalls if on is On.FIREWALL and self.on_firewalls else self.effects

    def words(self, target: str) -> str:
        """drain node2."""
        return f"{self.name} {target}"

    @property
    def leaves_out(self) -> bool:
        """Its node is out when it has ended."""
        return self.does(Effect.TAKES_OUT) and not self.does(Effect.PUTS_BACK)


class OrderState(Enum):
    """The fate of a step's orders so far, by the journal."""

    UNSENT = "unsent"
    SENT = "sent"
    """They have left, and may have been carried out."""
    REFUSED = "refused"
    """The last ones, all of whose ends were heard, were not carried out."""
    FAILED = "failed"
    """The step has failed for good and the run said so; a person has resumed it since."""


@dataclass(frozen=True)
class Intent:
    """A person's wish for a target, and the state found before anything was changed."""

    cluster: Cluster
    target: str
    operation: Operation
    found: Mapping[str, str] = field(default_factory=dict[str, str])
    """See `firewalls`, `power` and `jobs` beside this module for the keys."""
    who: str = ""
    options: Options = field(default_factory=dict[str, Any])
    order_state: OrderState = OrderState.UNSENT
    """State of the orders of the step that is asked."""

    @property
    def words(self) -> str:
        """drain node2."""
        return self.operation.words(self.target)

    taken_back: tuple["Step", ...] = ()
    """The steps that are left of a run that is being taken back."""

    @cached_property
    def steps(self) -> tuple["Step", ...]:
        """Its steps, each with its own id. Raises ValueError where two have the same."""
        steps = self.operation.steps(self.cluster, self.target, self.options)
        for twice in (step for step, many in Counter(step.id for step in steps).items() if many > 1):
            raise ValueError(f"{self.operation.name} has two steps {twice}")
        return steps

    def at(self, step: "Step") -> "Intent":
        """The same, for the target of one step."""
        return replace(self, target=step.on)


BACK = "in"
"""The phase whose steps put a target back."""

HERE = "this computer"
"""Stands for the console's own computer among machines, none of which has a blank in its name."""


class Order(NamedTuple):
    """One command that changes one machine, or that runs on this computer."""

    machine: str
    run: Run
    notes: str = ""
    """Key of `Intent.found` for its end, where nothing that is read back tells of it."""


class Progress(NamedTuple):
    """The progress of a step, in a sentence. `skipped`: machines that can't be told now, and what that means. `failed`:
    it does not happen any more, and the run stops at once."""

    done: bool
    message: str
    skipped: tuple[tuple[str, str], ...] = ()
    failed: bool = False
    left: int | None = None
    """Things that are left: each time there are fewer, the time of the step begins anew."""
    within: float = 0.0
    """Seconds in which there must be fewer; 0: the time of the step."""
    goes_on: bool = False
    """Nothing has failed if it does not happen: the run goes on when the time of the step is up."""
    unseen: bool = False
    """Machines that would tell do not answer: roles that move may cut the console's own way, which is no failure."""


@dataclass(frozen=True)
class Step:
    """A step on one target. Times are in seconds."""

    name: str
    phase: str
    """A resume begins at the first step of the phase that was interrupted on its target, and checks each again."""
    summary: str
    """May hold {node}; {others}, the other firewalls; {fit}, the requirements of fitness; and {reload}, the fate of the
    running load balancer."""
    done: Callable[[Snapshot, Intent], Progress]
    watches: tuple[Question[Any], ...]
    """Questions whose answers show that it is done."""
    orders: Callable[[Snapshot, Intent], tuple[Order, ...]] = lambda _snapshot, _intent: ()
    finds: Callable[[Snapshot, Intent], Mapping[str, str]] = lambda _snapshot, _intent: {}
    """The state to put back later; noted before the orders leave."""
    renews: bool = False
    """A later note counts: `finds` never notes our own doing, once there is a note."""
    sees: Callable[[Snapshot, Intent], Mapping[str, str]] = lambda _snapshot, _intent: {}
    """Things that pass, to be noted at any look of the step; the newest note counts."""
    timeout: Callable[[Timings], float] = lambda _timings: 60.0
    goes_on: bool = False
    """The run goes on when time is up, and says what is left, instead of stopping."""
    guards: tuple[Guard, ...] = ()
    """Nothing is sent while one of these objects."""
    asks_all: bool = False
    """For a step that takes out, stops or reboots: nothing is sent while an objection to the operation stands that
    nobody has agreed to."""
    lasts: bool = False
    """It must still hold at the end of a run that ends in its phase, or the run is not done."""
    until_known: Callable[[Timings], float] | None = None
    """Seconds to wait for an unreachable node before giving up; `timeout` starts once it answers. None: the step sends
    what it can."""
    again: float | None = None
    """Seconds after which orders whose effect is not seen are sent once more; None: never."""

    reloads: Callable[[Snapshot], tuple[str, ...]] = lambda _snapshot: ()
    """The firewalls whose balancer is reloaded because a sync reaches them."""
    back: tuple["Step", ...] = ()
    """The steps that take it back if a later step of its phase fails: the run ends, taken back."""
    against: Callable[[Snapshot, Intent], tuple[Objection, ...]] = lambda _snapshot, _intent: ()
    """Objections of a gate that the run itself knows of, beside those of the guards."""
    gate: bool = False
    """It sends nothing: a person agrees to the objections against its target at that moment, or the run is parked."""
    on: str = ""
    """The target, which `placed` fills in."""
    of: tuple[str, ...] = ()
    """Nodes that it looks at beside its target: their answers are waited for, too."""

    @property
    def id(self) -> tuple[str, str]:
        """(target, name): unique in a run, and the key of its lines in the journal."""
        return self.on, self.name

    def describe(self, intent: Intent, picture: Snapshot | None = None) -> str:
        """The step in words for this target; with a picture, the firewalls whose balancer is reloaded are named."""
        balancer = balancer_of(intent.cluster)
        synced = self.reloads(picture) if picture else ()
        reload = f"{balancer.name} on {listed(synced)} is reloaded by the sync" if synced else balancer.reload
        waits = self.phase == "out" and not intent.operation.does(Effect.ENDS_SESSIONS)
        if waits and picture and master(picture) in synced:
            reload += f", after the sessions there have ended: {listed(synced)} carries the traffic"
        others = listed(one.name for one in intent.cluster.firewalls if one.name != intent.target)
        summary = self.summary.format(node=intent.target, others=others, fit=fit(intent.cluster), reload=reload)
        return f"{summary}; taken back at once if a step after it fails" if self.back else summary


def placed(steps: tuple[Step, ...], on: str) -> tuple[Step, ...]:
    """The steps on one target."""
    return tuple(replace(step, on=on, back=placed(step.back, on)) for step in steps)
