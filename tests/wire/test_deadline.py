"""This computer may be the slow one: what it loses is given back to whoever is waited for, and said."""

import asyncio
import time

import pytest

from console.probes.ask import Cause
from console.wire.deadline import Deadline


def holds_up(after: float, seconds: float) -> None:
    """The loop does nothing else then."""
    asyncio.get_running_loop().call_later(after, time.sleep, seconds)


async def test_an_answer_that_came_while_the_loop_was_held_up_is_in_time() -> None:
    deadline = Deadline(0.5)
    async with deadline.enforced():
        holds_up(0.05, 0.8)
        await asyncio.sleep(0.4)
    assert deadline.held_up > 0.5


async def test_who_never_answers_is_late_all_the_same_and_the_sentence_says_who_was_slow() -> None:
    deadline = Deadline(0.5)
    with pytest.raises(TimeoutError):
        async with deadline.enforced():
            holds_up(0.05, 0.8)
            await asyncio.Event().wait()
    assert deadline.describe(0.5).startswith("within 0.5 s (this computer was held up for 0.")
    assert deadline.cause is Cause.HELD_UP, "and says nothing about who was asked"


async def test_after_a_standstill_nobody_gets_more_than_the_limit_anew() -> None:
    deadline, began = Deadline(0.3), time.monotonic()
    with pytest.raises(TimeoutError):
        async with deadline.enforced():
            holds_up(0.05, 3.0)
            await asyncio.Event().wait()
    assert time.monotonic() - began > 3.0
    assert deadline.left <= 0.3


async def test_a_loop_that_is_not_held_up_takes_the_limit_as_it_is() -> None:
    deadline = Deadline(0.4)
    with pytest.raises(TimeoutError):
        async with deadline.enforced():
            await asyncio.Event().wait()
    if deadline.held_up == 0.0:
        assert deadline.describe(0.4) == "within 0.4 s"
        assert deadline.cause is Cause.SILENT


async def test_the_rest_of_a_shared_limit_is_not_told_as_the_limit() -> None:
    deadline = Deadline(5.0)
    assert deadline.describe(0.1) == "in the 0.1 s that were left of 5 s"
    assert deadline.describe(4.9) == "within 5 s"
