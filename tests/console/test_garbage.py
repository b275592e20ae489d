"""The search for garbage: at the console's pace while it runs, at Python's own again afterwards."""

import asyncio
import gc

import pytest

from console.cli import gc as garbage


async def test_the_search_is_off_while_the_screen_comes_up_then_seldom_and_afterwards_pythons_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "SETTLED", 0.05)
    before = gc.get_threshold()
    async with garbage.tuned():
        assert not gc.isenabled()
        await asyncio.sleep(0.1)
        assert gc.isenabled()
        assert gc.get_threshold() == garbage.THRESHOLDS
        assert gc.get_freeze_count()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


async def test_it_is_on_again_after_a_screen_that_ended_at_once() -> None:
    async with garbage.tuned():
        pass
    assert gc.isenabled()
