"""The last hours of a node: what was known, drawn as bars; what was not, left empty."""

from console.probes.snapshot import empty
from console.session.runner import Note
from console.session.trends import KEPT, STEP, Trend, Trends
from console.sim import Simulator
from console.ui.board.trends import trend_lines
from console.words.ascii import plain

from .conftest import cluster_of, nobody, shown


def rows(trend: Trend, width: int = 40, *notes: Note) -> list[str]:
    return [line.text for line in trend_lines(trend, "node1", notes, width)]


def test_a_bar_for_each_value_and_a_blank_for_what_was_not_known() -> None:
    head, row, happened = rows(Trend(100.0, {"load": (0.0, None, 7.0, 3.5)}))
    assert head.startswith(" the last 40 s")
    assert row == " load        3.5 ▁ █▅"
    assert happened.strip() == "happened"
    assert plain("▁▂▃▄▅▆▇█") == "_.:-=+*#"


def test_many_values_share_a_cell_and_the_highest_counts() -> None:
    values = (*[1.0] * 99, 8.0, *[1.0] * 100)
    _, row, _ = rows(Trend(2000.0, {"req/s": values}), 38)
    bars = row.split(" ", 2)[2].replace(" ", "")[1:]
    assert bars.count("█") == 1
    assert len(bars) == 20


def test_a_mark_stands_where_something_happened() -> None:
    trend = Trend(100.0, {"load": (1.0,) * 10})
    lost, other = Note(35.0, "node1", "seen", "node1 is lost"), Note(35.0, "node2", "seen", "not mine")
    happened = rows(trend, 40, lost, other)[-1]
    assert happened[17:].rstrip() == "   !"
    assert rows(trend, 40, other)[-1].strip() == "happened"


def test_it_is_bounded_and_a_pause_is_a_gap() -> None:
    trends, picture = Trends(("node1",)), empty(nobody())
    for at in range(KEPT + 50):
        trends.look(picture, 1000.0 + at * STEP)
    assert {len(values) for values in trends.kept["node1"].figures.values()} == {KEPT}
    assert set(trends.kept["node1"].figures["load"]) == {None}, "never a figure for what nobody knows"
    trends.look(picture, 1e7)
    assert {len(values) for values in trends.kept["node1"].figures.values()} == {KEPT}
    assert set(trends.kept["node1"].figures["load"]) == {None}


def test_too_little_room_draws_nothing() -> None:
    assert rows(Trend(100.0, {"load": (1.0,)}), 20) == []
    assert rows(Trend(), 80) == []


async def test_they_stand_in_the_details_and_beside_the_table(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(120, 40)) as seen:
        await seen.well()
        await seen.until(lambda: "happened" in seen.text, 40)
        for name in ("req/s", "busy", "commits", "queue", "heal", "load", "sess"):
            assert f" {name} " in seen.text
        assert "fit to serve" in seen.text
        assert all(len(line) <= 120 for line in seen.text.splitlines())
        kept = seen.session.trends.kept["node1"].figures
        assert kept["load"][-1] is not None
        await seen.press("enter")
        await seen.until(lambda: "the last" in seen.top and "happened" in seen.top)
