"""A value that breaks its painter: the screen stays, says so, and hears its keys."""

import time
from typing import Any, cast

from console.probes.hosts.system import HOST
from console.probes.snapshot import Known, fold
from tests.ui.conftest import nobody, shown


async def test_a_screen_that_can_not_be_painted_hears_its_keys() -> None:
    """Nobody knows which value may do it: here one that no parser gives."""
    async with shown(nobody()) as seen:
        sound = seen.session.poller.snapshot
        await seen.show(fold(sound, HOST, "node1", Known(cast(Any, "no host at all"), time.time())))
        seen.screen.renew()
        await seen.until(lambda: "An error in this program" in seen.text)
        assert "AttributeError" in seen.text
        await seen.press("h")
        await seen.pilot.press("escape")
        await seen.show(sound)
        seen.screen.renew()
        await seen.until(lambda: "An error in this program" not in seen.text)
        assert seen.app.is_running
