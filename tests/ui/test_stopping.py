"""The view of a person who stops a run while an order is on its way: it can't be called back, and nothing else
waits."""

import asyncio
from pathlib import Path

from console.session.journal import load
from console.sim import Simulator

from .conftest import Seen, cluster_of, shown

WAITED = "an order to fw1 is on its way and can't be called back. It is waited for, at most"


async def removing(seen: Seen) -> Path:
    """A removal whose order to write config.xml has left; at this speed it takes five seconds."""
    await seen.well()
    seen.app.simulate_key("x")  # the pilot's own press returns when the screen is at rest, and that may be too late

    def left() -> bool:
        running = seen.session.running
        last = load(running.record.path).entries[-1:] if running else ()
        return [(one.kind, one.facts.get("step")) for one in last] == [("sending", "out in config.xml")]

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
        assert [entry.kind for entry in load(path).entries[-3:]] == ["answered", "halted", "closed"]
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
        assert [entry.kind for entry in load(path).entries[-2:]] == ["answered", "halted"]
        await seen.until(lambda: "OPEN" in seen.text and "remove node1" in seen.text)


async def test_quitting_waits_in_sight(tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=0.5) as sim, shown(cluster_of(sim)) as seen:
        path = await removing(seen)
        await says_yes(seen, "q", "quit?")
        assert seen.app.return_value is None
        await seen.until(lambda: seen.app.return_value == 0)
        assert [entry.kind for entry in load(path).entries[-2:]] == ["answered", "halted"]


async def test_a_stopped_run_says_what_it_waits_for(tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=0.5) as sim, shown(cluster_of(sim)) as seen:
        await removing(seen)
        seen.app.simulate_key("s")
        await seen.until(lambda: seen.dialog and "stop remove node1?" in seen.dialog)
        seen.app.simulate_key("y")
        await seen.until(lambda: "an order to fw1 is on its way" in seen.text)
        assert seen.dialog is None
        await seen.until(lambda: "Nothing was taken back" in seen.text)


async def waiting(seen: Seen, sim: Simulator) -> None:
    """A rejoin of node1, which has fallen silent, is under way."""
    await seen.well()
    await seen.press("x")
    await seen.until(lambda: "remove node1: done" in seen.text)
    sim.fault("node-hung", "node1")
    await seen.until(lambda: "?lost" in seen.row("node1"))
    await seen.press("p")
    await seen.until(lambda: seen.session.running)


async def test_undo_asks_what_it_must_before_it_stops_anything(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await waiting(seen, sim)
        running = seen.session.running
        await seen.press("u")
        await seen.until(lambda: seen.dialog)
        assert "rejoin node1 is under way. It is stopped where it stands, and node1 is put back" in (seen.dialog or "")
        assert "node1" in (seen.dialog or "").partition("as it was found.")[2], "what stands against it"
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        assert seen.session.running is running, "who thinks better of it has lost nothing"
        await seen.press("u")
        await seen.until(lambda: seen.dialog)
        await seen.press(*"node1", "enter", *"test", "enter")
        await seen.until(lambda: "undo node1: done" in seen.text, 20)
        assert any(record.first("reason") == "test" for record in seen.session.journal.records())


async def test_the_question_says_when_the_run_has_ended_meanwhile(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await waiting(seen, sim)
        await seen.press("u")
        await seen.until(lambda: "is under way" in (seen.dialog or ""))
        await seen.screen.pane.session.stop()
        await seen.until(lambda: "rejoin node1 has ended meanwhile: leave this with esc" in (seen.dialog or ""))


async def test_an_open_run_offers_no_key_while_another_puts_its_node_back(tmp_path: Path) -> None:
    async with Simulator(tmp_path / "sim", speed=0.5) as sim, shown(cluster_of(sim)) as seen:
        await removing(seen)
        seen.app.simulate_key("s")
        await seen.until(lambda: seen.dialog)
        seen.app.simulate_key("y")
        await seen.until(lambda: "Nothing was taken back" in seen.text)
        await seen.press("u")
        await seen.until(lambda: "RUNNING  undo node1" in seen.text)
        assert "!OPEN  remove node1: undo node1 puts it back and ends this" in seen.text
        assert "press r" not in seen.text
        await seen.press("u")
        await seen.until(lambda: "undo node1 is under way: it puts node1 back already" in seen.text)
        await seen.press("r")
        await seen.until(lambda: "undo node1 is under way; wait until it ends, or stop it with s" in seen.text)
        await seen.until(lambda: "undo node1: done" in seen.text, 20)
        await seen.until(lambda: "!OPEN" not in seen.text)


async def test_a_node_that_boots_when_its_reboot_is_stopped_is_told_as_that(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.world.nodes["node1"].boot_time = 60.0  # however seldom a busy machine looks, it is seen down
        await seen.press("b")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: not sim.world.nodes["node1"].running, 20)
        sim.world.nodes["node1"].cut()  # so that it stays away
        await seen.press("s")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: "Nothing was taken back" in seen.text)
        await seen.until(lambda: "node1 is out since" in seen.text.splitlines()[1])
        assert seen.text.splitlines()[1].rstrip().endswith("press r")
