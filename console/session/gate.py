"""A run waits at a gate until a person has answered, who sees what stands against its target at that moment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from console.operations.plan import Consent, Plan
from console.session.runner import Unanswered


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


async def passed(gate: Gate) -> tuple[Consent, Plan]:
    """Return the answer. Raises Unanswered."""
    answer = await gate.answer
    if answer is None:
        raise Unanswered(gate.message)
    return answer
