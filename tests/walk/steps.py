"""The steps of a walk, drawn from a seed before it begins: the same seed is the same list."""

from enum import Enum
from random import Random
from typing import NamedTuple

from console.operations.effects import Effect
from console.operations.plan import Consent
from console.operations.procedures import (
    DRAIN,
    END_MAINTENANCE,
    HOLD,
    MAINTAIN,
    OPERATIONS,
    REBOOT,
    REBOOT_FIREWALL,
    REJOIN,
    REMOVE,
    SYNC_CORE,
    SYNC_POOLS,
    UNDO,
)
from console.operations.procedures.steps import Operation
from console.sim.faults import CLUSTER, FAULTS
from console.sim.world import NODES, World

CONSOLES = ("A", "B")
LENGTH = 13


class Yes(Enum):
    """The objections that a person agrees to."""

    NOTHING = "without a word"
    CONFIRMED = "confirmed"
    NAMED = "with name and reason"

    def consent(self, node: str) -> Consent:
        """The session's form of it."""
        return {
            Yes.NOTHING: Consent(),
            Yes.CONFIRMED: Consent(confirmed=True),
            Yes.NAMED: Consent(True, node, "a walk"),
        }[self]


class Begin(NamedTuple):
    console: str
    action: Operation
    node: str
    yes: Yes

    def __str__(self) -> str:
        return f"{self.console}: {self.action.name} {self.node} {self.yes.value}"


class Both(NamedTuple):
    """Two begin at the same moment."""

    first: Begin
    second: Begin

    def __str__(self) -> str:
        return f"{self.first}; at the same moment {self.second}"


class Resume(NamedTuple):
    console: str
    which: float
    """Place among the open runs: 0 the oldest, 1 the newest."""
    yes: Yes

    def __str__(self) -> str:
        return f"{self.console}: resume {self.yes.value}"


class Stop(NamedTuple):
    console: str

    def __str__(self) -> str:
        return f"{self.console}: stop"


class Kill(NamedTuple):
    """A console's machine loses power: at once, or at one of its next journal lines, before or after it is on disk. It
    is started again for its next step."""

    console: str
    lines: int
    written: bool

    def __str__(self) -> str:
        at = f" {'after' if self.written else 'before'} line {self.lines} from here" if self.lines else ""
        return f"{self.console}: killed{at}"


class Strike(NamedTuple):
    fault: str
    target: str

    def __str__(self) -> str:
        return f"fault {self.fault} {self.target}"


class Wait(NamedTuple):
    seconds: float

    def __str__(self) -> str:
        return f"wait {self.seconds:.1f} s"


class Until(NamedTuple):
    """Waits for what was begun, for some seconds at most."""

    console: str
    lines: int
    """Lines of its journal, from here; 0: until nothing is under way there."""

    def __str__(self) -> str:
        return (
            f"{self.console}: until {f'{self.lines} journal lines are written' if self.lines else 'its run has ended'}"
        )


Step = Begin | Both | Resume | Stop | Kill | Strike | Until | Wait

FIREWALLS = ("fw1", "fw2")
ENDS = ("all-back", "node-back", "firewall-back")
OF_A_PATCH = (
    *("packages-wait", "packages-fail", "packages-killed", "packages-locked", "packages-mended"),
    *("configuration-replaced", "no-boot", "mount-not-at-boot", "copy-needed", "ssh-cut"),
)
"""Faults for a patch, which no walk begins: see test_patch_faults."""
SERVICES = tuple(one for one in OPERATIONS if one.key == "S")
ON_LAYER = tuple(one for one in SERVICES if not one.does(Effect.TAKES_OUT))
"""Restart, stop and start MySQL, Apache and Gluster."""
IN_TURN = {one: 1 for one in SERVICES if one.does(Effect.TAKES_OUT)}
"""Restarts of a node that gets visitors."""
ACTIONS = {DRAIN: 6, REMOVE: 6, REBOOT: 3, REJOIN: 4, UNDO: 6, HOLD: 3, **IN_TURN}
YES = {Yes.NOTHING: 3, Yes.CONFIRMED: 4, Yes.NAMED: 3}


def steps(seed: int, length: int = LENGTH) -> tuple[Step, ...]:
    """Each kind as often as it is worth."""
    return _Draw(seed).steps(length)


class _Draw:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.struck: list[str] = []
        self.insists = self.random.random() < 0.3
        """Somebody takes out one node after the other, and says why."""
        self.taken: list[str] = []
        """Nodes that may be out."""
        world = World()
        self.faults = [(fault.name, fault.targets(world)) for fault in FAULTS if fault.name not in (*ENDS, *OF_A_PATCH)]

    def steps(self, length: int) -> tuple[Step, ...]:
        kinds = {
            self.begin: 80 if self.insists else 30,
            self.both: 4 if self.insists else 14,
            self.resume: 14,
            self.stop: 4,
            self.kill: 9,
            self.inject: 14,
            self.mend: 9,
            self.wait: 6,
        }
        drawn: list[Step] = []
        for kind in self.random.choices(list(kinds), list(kinds.values()), k=length):
            step = kind()
            drawn.append(step)
            if isinstance(step, Begin | Both | Resume) and self.random.random() < 0.85:
                lines = 0 if self.insists else self.random.choice((0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 8))
                drawn.append(Until(step.first.console if isinstance(step, Both) else step.console, lines))
            elif isinstance(step, Kill | Stop) and self.random.random() < 0.6:
                drawn += [self.wait(), Resume(step.console, self.random.random(), self.yes()), Until(step.console, 0)]
            elif self.random.random() < 0.2:
                drawn.append(self.wait())
        return tuple(drawn)

    def console(self) -> str:
        return self.random.choice(CONSOLES)

    def yes(self) -> Yes:
        return self.random.choices(list(YES), [1, 1, 8] if self.insists else list(YES.values()))[0]

    def begin(self, console: str = "", not_node: str = "") -> Begin:
        if self.random.random() < 0.12:
            on_firewall = self.random.choice((MAINTAIN, END_MAINTENANCE, REBOOT_FIREWALL, SYNC_POOLS, SYNC_CORE))
            return Begin(console or self.console(), on_firewall, self.random.choice(FIREWALLS), self.yes())
        if self.taken and self.random.random() < 0.15:
            one = self.random.choice(ON_LAYER)
            return Begin(console or self.console(), one, self.random.choice(self.taken), self.yes())
        back = self.taken and (not self.insists or self.random.random() < 0.3)
        actions = {action: often for action, often in ACTIONS.items() if back or action.does(Effect.TAKES_OUT)}
        action = self.random.choices(list(actions), list(actions.values()))[0]
        known = self.taken if action in (REJOIN, UNDO) and self.random.random() < 0.9 else []
        if self.insists and action.does(Effect.TAKES_OUT):
            known = [name for name in NODES if name not in self.taken]
        node = self.random.choice([name for name in known or NODES if name != not_node] or ["node1"])
        if action.does(Effect.TAKES_OUT):
            self.taken.append(node)
        return Begin(console or self.console(), action, node, self.yes())

    def both(self) -> Both:
        first = self.begin()
        other = CONSOLES[1 - CONSOLES.index(first.console)]
        return Both(first, self.begin(other, not_node=first.node))

    def resume(self) -> Resume:
        return Resume(self.console(), self.random.random(), self.yes())

    def stop(self) -> Stop:
        return Stop(self.console())

    def kill(self) -> Kill:
        return Kill(self.console(), self.random.randint(0, 9), self.random.random() < 0.5)

    def inject(self) -> Strike:
        name, targets = self.random.choice(self.faults)
        self.struck.append(self.random.choice(targets))
        return Strike(name, self.struck[-1])

    def mend(self) -> Step:
        """A fault ends."""
        if not self.struck:
            return self.wait()
        target = self.struck.pop(self.random.randrange(len(self.struck)))
        if target == CLUSTER:
            return Strike("all-back", CLUSTER)
        return Strike("node-back" if target in NODES else "firewall-back", target)

    def wait(self) -> Wait:
        return Wait(round(self.random.choice((0.05, 0.2, 0.6, 1.5, 2.5)) * (0.5 + self.random.random()), 2))
