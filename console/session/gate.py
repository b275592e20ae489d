"""A run waits at a gate until a person has answered, who sees what stands against its target at that moment."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from console.operations.plan import Consent, Plan
from console.session.runner import Unanswered


@dataclass(frozen=True)
class Gate:
    """`look`: the plan of this moment for the gate's target. `answer`: set once, None for not now."""

    says: str
    look: Callable[[], Plan]
    answer: "asyncio.Future[Consent | None]"

    def agree(self, consent: Consent) -> str:
        """Let the run go on. Returns what the consent does not overcome; "" when it does."""
        left = self.look().unanswered(consent)
        if not left and not self.answer.done():
            self.answer.set_result(consent)
        return " ".join(one.sentence for one in left)

    def park(self) -> None:
        """Leave the run open, to be resumed."""
        if not self.answer.done():
            self.answer.set_result(None)


async def passed(gate: Gate) -> tuple[Consent, Plan]:
    """Return what was agreed to, and the plan that was agreed to. Raises Unanswered."""
    consent = await gate.answer
    if consent is None:
        raise Unanswered(f"{gate.says} waits for an answer")
    return consent, gate.look()
