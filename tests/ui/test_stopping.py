"""What a person sees who stops a run while an order is on its way: it can't be called back, and nothing else waits."""

import asyncio
from pathlib import Path

from console.journal import load
from console.sim import Simulator

from .conftest import Seen, cluster_of, shown

WAITED = "an order to fw1 is on its way and can't be called back; it is waited for, at most"


async def removing(seen: Seen) -> Path:
    """A removal whose order to write config.xml has left; at this speed it takes five seconds."""
    await seen.well()
    seen.app.simulate_key("x")  # the pilot's own press returns when the screen is at rest, and that may be too late

    def left() -> bool:
        running = seen.session.running
        last = load(running.record.path).entries[-1] if running else None
        return last is not None and (last.kind, last.facts.get("step")) == ("sending", "out in config.xml")

    await seen.until(left)
    running = seen.session.running
    assert running is not None
    await asyncio.sleep(0.2)  # until it has arrived
    return running.record.path


async def says_yes(seen: Seen, key: str, title: str) -> None:
    """A key that stops the run, and yes to its question; then what is waited for is in sight."""
    seen.app.simulate_key(key)
    await seen.until(lambda: seen.dialog and title in seen.dialog)
    seen.app.simulate_key("y")
    await seen.until(lambda: WAITED in (seen.dialog or ""))


async def test_undo_waits_in_sight_for_an_order_and_puts_back_what_it_did(tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=0.5) as sim, shown(cluster_of(sim)) as seen:
        path = await removing(seen)
        await says_yes(seen, "u", "demo: undo node1?")
        await seen.until(lambda: "undo node1: done" in seen.text, 20)
        assert [entry.kind for entry in load(path).entries[-2:]] == ["answered", "closed"]
        await seen.until(lambda: seen.row("node1").count("✓UP ") == 2)


async def test_who_does_not_wait_has_every_key_and_the_run_stops_by_itself(tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=0.5) as sim, shown(cluster_of(sim)) as seen:
        path = await removing(seen)
        await says_yes(seen, "u", "demo: undo node1?")
        seen.app.simulate_key("escape")
        await seen.until(lambda: "remove node1 stops by itself; u puts node1 back then" in seen.text)
        await seen.press("l")
        await seen.until(lambda: seen.dialog and "log" in seen.dialog)
        assert WAITED in (seen.dialog or ""), "it is an event too"
        await seen.press("escape")
        await seen.until(lambda: seen.session.running is None)
        assert load(path).entries[-1].kind == "answered"
        await seen.until(lambda: "OPEN" in seen.text and "remove node1" in seen.text)


async def test_quitting_waits_in_sight(tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=0.5) as sim, shown(cluster_of(sim)) as seen:
        path = await removing(seen)
        await says_yes(seen, "q", "quit?")
        assert seen.app.return_value is None
        await seen.until(lambda: seen.app.return_value == 0)
        assert load(path).entries[-1].kind == "answered"


async def test_a_stopped_run_says_what_it_waits_for(tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=0.5) as sim, shown(cluster_of(sim)) as seen:
        await removing(seen)
        seen.app.simulate_key("s")
        await seen.until(lambda: seen.dialog and "stop remove node1?" in seen.dialog)
        seen.app.simulate_key("y")
        await seen.until(lambda: "an order to fw1 is on its way" in seen.text)
        assert seen.dialog is None
        await seen.until(lambda: "Nothing was taken back" in seen.text)
