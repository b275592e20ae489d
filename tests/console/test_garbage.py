"""The search for garbage: at the console's pace while it runs, at Python's own again afterwards."""

import gc

from console.garbage import THRESHOLDS, searched_seldom


async def test_the_thresholds_are_ours_while_the_screen_is_on_and_pythons_afterwards() -> None:
    before = gc.get_threshold()
    async with searched_seldom():
        assert gc.get_threshold() == THRESHOLDS
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
