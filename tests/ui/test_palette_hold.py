"""A hold with its end, typed into the palette."""

from console.sim import Simulator

from .conftest import cluster_of, shown


async def test_a_hold_is_typed_with_its_end(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press(":", *"hold node2 07:00", "enter")
        await seen.until(lambda: "hold node2 until 07:00" in (seen.dialog or ""))
        assert "until another time" not in (seen.dialog or ""), "the time is known"
        await seen.press(*"mend it", "enter")
        await seen.until(lambda: "What would be done" in (seen.dialog or ""), 30)
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        assert not seen.session.journal.records()
