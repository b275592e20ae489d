"""A run waits at a gate until a person has answered, who sees what stands against its target at that moment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from console import steady
from console.inventory.cluster import Cluster
from console.operations.effects import kind_of
from console.operations.guards import Objection, Override, objections
from console.operations.plan import Consent, Plan
from console.operations.procedures.patching import AUTO
from console.operations.procedures.steps import Intent, Step
from console.probes.ask import WireError
from console.session import program
from console.session.own_line import in_time
from console.session.poller import Poller
from console.session.program import complaint
from console.session.runner import Note, Unanswered
from console.text import clock

BLOCK_SECONDS = 30.0
"""Time for the program that may say "not now"."""
AGAIN = 15.0
"""Seconds between two looks at what keeps a gate shut."""
PATIENCE = 30.0
"""Seconds in which that may pass by itself, before anybody is called to a run that goes on by itself."""


@dataclass(frozen=True)
class Gate:
    """`look`: the plan of this moment for the gate's target. `answer`: the consent with the very plan that it overcame,
    or None for not now; set once."""

    message: str
    look: Callable[[], Plan]
    answer: "asyncio.Future[tuple[Consent, Plan] | None]"

    def agree(self, consent: Consent) -> str:
        """Let the run go on. Returns what the consent does not overcome; "" when it does."""
        plan = self.look()
        left = plan.unanswered(consent)
        if not left and not self.answer.done():
            self.answer.set_result((consent, plan))
        return " ".join(one.sentence for one in left)

    def park(self) -> None:
        """Leave the run open, to be resumed."""
        if not self.answer.done():
            self.answer.set_result(None)


class Gates:
    """The gates of a cluster's runs; one waits at a time."""

    def __init__(
        self,
        cluster: Cluster,
        poller: Poller,
        tell: Callable[[Note], None],
        call: Callable[[Intent, str], None],
    ) -> None:
        """`call`: calls a person to a gate's question."""
        self._cluster = cluster
        self._poller = poller
        self._tell = tell
        self._call = call
        self.waits: Gate | None = None
        """The gate at which the run waits for a person."""
        self._alone = False

    def leave_alone(self) -> None:
        """Note that nobody is left to answer: a run parks at its gate, also at one that is yet to come."""
        self._alone = True
        if self.waits is not None:
            self.waits.park()

    async def ask(self, run: str, message: str, intent: Intent, step: Step) -> tuple[Consent, Plan]:
        """Wait at a gate. All guards are asked of its target, at each look. `run`: its id. Raises Unanswered."""
        blocked = await self._blocked(run, intent.target)
        by_itself = bool(intent.options.get(AUTO))

        def look() -> Plan:
            return self._plan(intent, step, blocked)

        async def look_again(gate: Gate) -> None:
            nonlocal blocked
            while True:
                await asyncio.sleep(AGAIN)
                blocked = await self._blocked(run, intent.target)
                if look().objections:  # the cause may be gone by now
                    self._poller.nudge(step.watches)
                elif by_itself:
                    gate.agree(Consent(reason="nothing stands against it any more"))
                self._poller.wake()

        passes = by_itself and await self._passes(look, step)
        if self._alone:
            raise Unanswered(message)
        if passes:
            return Consent(reason="nothing stands against it"), look()
        self.waits = gate = Gate(message, look, asyncio.get_running_loop().create_future())
        self._call(intent, message)
        self._poller.wake()
        looking = asyncio.create_task(look_again(gate))
        try:
            answer = await gate.answer
        finally:
            looking.cancel()
            self.waits = None
        if answer is None:
            raise Unanswered(message)
        return answer

    def _plan(self, intent: Intent, step: Step, blocked: tuple[Objection, ...]) -> Plan:
        picture = self._poller.picture
        operation, target, kind = intent.operation, intent.target, kind_of(self._cluster, intent.target)
        stands = objections(picture, operation.effects_on(kind), target, kind)
        return Plan(self._cluster.name, operation, target, (*stands, *step.against(picture, intent), *blocked), ())

    async def _passes(self, look: Callable[[], Plan], step: Step) -> bool:
        """Nothing stands against it, within the time for what may pass by itself."""
        until = steady.now() + PATIENCE
        if stands := look().objections:
            self._poller.nudge(step.watches)
            message = f"{stands[0].saw}; waited for until {clock(until)}"
            self._tell(Note(steady.now(), stands[0].machine, step.name, message))
        await in_time(self._poller, lambda: self._alone or not look().objections, until)
        return not look().objections

    async def _blocked(self, run: str, target: str) -> tuple[Objection, ...]:
        """An objection where the inventory's program says "not now" for a machine, or does not tell."""
        argv = self._cluster.patch.block
        if not argv:
            return ()
        named = {"CLUSTER": self._cluster.name, "NODE": target, "RUN": run}
        try:
            why = complaint(argv, await program.run(argv, named, BLOCK_SECONDS))
        except WireError as error:
            why = str(error)
        saw = f"{argv[0]} says not now for {target}: {why}"
        return (Objection(target, saw, "Wait: it is asked again; or say yes", Override.CONFIRM),) if why else ()
