"""However fast it is typed: a name lands in its field, a reason in its own, and nothing of it on the board."""

import pytest
from textual import events
from textual.keys import _character_to_key

from console.sim import Simulator
from tests.ui.conftest import Seen, cluster_of, shown

NAMES = {"\r": ("enter", "\r"), " ": ("space", " "), "\x7f": ("backspace", None), "\x1b": ("escape", None)}


def type_at_once(seen: Seen, text: str) -> None:
    """Hand over a text like a terminal that has read it in one piece: no key waits for the work of the one before
    it."""
    driver = seen.app._driver
    assert driver is not None
    for char in text:
        key, printed = NAMES.get(char, (_character_to_key(char), char))
        event = events.Key(key, printed)
        event.set_sender(seen.app)
        driver.send_message(event)


def reasons(seen: Seen) -> list[tuple[str, str, str]]:
    return [(one.operation, one.target, one.first("reason")) for one in seen.session.journal.records()]


async def one_is_out(seen: Seen) -> None:
    """So that taking out another wants its name and a reason."""
    await seen.well()
    await seen.press("x")
    await seen.until(lambda: "remove node1: done" in seen.text)
    await seen.press("j")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("broken", "broken"), ("eqdxbur?:/ 2j.", "eqdxbur?:/ 2j."), ("disk\x7f\x7f\x7f\x7fdust", "dust")],
)
async def test_a_name_and_a_reason_typed_at_once_land_in_their_fields(sim: Simulator, typed: str, reason: str) -> None:
    """Also what is typed before the fields are there."""
    async with shown(cluster_of(sim)) as seen:
        await one_is_out(seen)
        type_at_once(seen, f"dnode2\r{typed}\r")
        await seen.until(lambda: len(reasons(seen)) > 1, 20)
        assert reasons(seen)[1:] == [("drain", "node2", reason)]


async def test_a_mistake_is_mended_as_fast(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await one_is_out(seen)
        await seen.press("d")
        await seen.until(lambda: seen.dialog)
        type_at_once(seen, "node3\x7f2\rnoisy fan\r")
        await seen.until(lambda: len(reasons(seen)) > 1, 20)
        assert reasons(seen)[1:] == [("drain", "node2", "noisy fan")]


async def test_what_is_typed_ahead_agrees_to_nothing_that_nobody_has_read(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        type_at_once(seen, "jby")
        await seen.until(lambda: seen.dialog)
        await seen.pilot.pause(0.3)
        assert seen.dialog and "reboot node2" in seen.dialog and not reasons(seen)
        type_at_once(seen, "\x1b")
        await seen.until(lambda: seen.dialog is None)
        assert not reasons(seen)


async def test_keys_of_the_board_follow_each_other(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        type_at_once(seen, "jj/node3\r")
        await seen.until(lambda: seen.screen.filter == "node3")
        assert seen.screen.pane.picked == "node3"
