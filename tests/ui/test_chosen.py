"""Theme, order and columns: chosen by keys, kept, and found again by the next console."""

import json
import os

import pytest

from console.sim import Simulator
from console.ui.settings import MOST, Settings, load, place, save

from .conftest import Seen, cluster_of, nobody, shown


async def choose(seen: Seen, key: str, title: str) -> None:
    await seen.press(key)
    await seen.until(lambda: seen.dialog)
    words = (seen.dialog or "").split()
    await seen.press(words[words.index(title) - 1])
    await seen.until(lambda: not seen.dialog)


def at(seen: Seen, node: str) -> int:
    """The place of a node's row, from 0."""
    rows = [line for line in seen.text.splitlines() if line[2:7] in ("node1", "node2", "node3") and line[7] == " "]
    return next(place for place, line in enumerate(rows) if line[2:7] == node)


async def test_nodes_are_sorted_by_a_column_and_turned_round(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.world.nodes["node2"].apache.held = 40  # type: ignore[union-attr]
        await choose(seen, "O", "busy")
        await seen.until(lambda: "busy↓" in seen.text and at(seen, "node2") == 0)
        assert str(place()) in "".join(seen.text.split())
        await choose(seen, "O", "busy,")
        await seen.until(lambda: "busy↑" in seen.text and at(seen, "node2") == 2)
        await choose(seen, "O", "as")
        await seen.until(lambda: "busy↑" not in seen.text and at(seen, "node2") == 1)


async def test_who_is_ill_comes_first_and_what_is_not_known_last(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(120, 40)) as seen:
        await seen.well()
        sim.world.nodes["node1"].stop_unit("apache2.service")
        await seen.until(lambda: "Apache on node1" in seen.sentences, 20)
        await choose(seen, "O", "site")
        await seen.until(lambda: "site↓" in seen.text and at(seen, "node1") == 0)
        await choose(seen, "O", "req/s")
        await seen.until(lambda: at(seen, "node1") == 2)


async def test_arrows_and_enter_choose(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("t")
        await seen.until(lambda: seen.dialog)
        await seen.press("enter")  # nothing is selected yet
        await seen.pilot.pause()
        assert "►" not in (seen.dialog or "►")
        await seen.press("down", "down", "up", "up", "up")  # past the first entry, to the last but one
        themes = sorted(seen.app.available_themes)
        await seen.until(lambda: f"►{len(themes) - 1} " in (seen.dialog or ""))
        await seen.press("enter")
        await seen.until(lambda: not seen.dialog and seen.app.theme == themes[-2])


async def test_a_long_list_keeps_the_selected_entry_in_sight(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(80, 14)) as seen:
        await seen.until(lambda: "✓ nothing is wrong" in seen.text)
        await seen.press("O")
        await seen.until(lambda: seen.dialog)
        await seen.press("up")
        top = seen.app.screen
        body = top.query_one("#body")
        await seen.until(lambda: body.max_scroll_y > 0 and body.scroll_y == body.max_scroll_y)
        await seen.press("down")
        await seen.until(lambda: body.scroll_y == 0)


async def test_columns_and_theme_are_found_again(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(200, 60)) as seen:
        await seen.well()
        assert "heal  load " in seen.text
        await choose(seen, "C", "load")
        await seen.until(lambda: "heal  load " not in seen.text)
        await choose(seen, "t", "light")
        await seen.until(lambda: "The theme is light: kept in" in seen.sentences)
    assert json.loads(place().read_text()) == {"theme": "light", "sort": "", "downward": True, "hidden": ["load"]}
    async with shown(nobody(), size=(200, 60)) as seen:
        assert seen.app.theme == "light"
        await seen.until(lambda: " busy " in seen.text)
        assert "heal  load " not in seen.text
        await choose(seen, "C", "load,")
        await seen.until(lambda: "heal  load " in seen.text)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"theme": 1, "hidden": [1, "\\u001b"], "sort": null}', "\x00"])
async def test_a_damaged_file_costs_itself_only(text: str) -> None:
    place().parent.mkdir(parents=True, exist_ok=True)
    place().write_text(text)
    found, why = load()
    assert found.hidden == ()
    assert bool(why) != text.startswith('{"')
    async with shown(nobody(), size=(120, 40)) as seen:
        assert not why or "screen.json is not read" in seen.sentences


@pytest.mark.parametrize("kind", ["a pipe", "huge", "a device"])
def test_only_a_small_regular_file_is_read(kind: str) -> None:
    place().parent.mkdir(parents=True, exist_ok=True)
    if kind == "a pipe":
        os.mkfifo(place())
    elif kind == "a device":
        place().symlink_to("/dev/zero")
    else:
        place().write_text(" " * (MOST + 1))
    found, why = load()
    assert found == Settings() and "screen.json is not read" in why
    assert save(Settings(theme="light")).startswith("kept in ")
    assert load() == (Settings(theme="light"), "")


def test_what_can_not_be_kept_is_said() -> None:
    place().mkdir(parents=True)
    assert save(Settings()) == f"not kept for the next time: {place()}: is a directory"
