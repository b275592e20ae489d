"""A large terminal is used: what is wrong, the events and the run stand beside the table, and every node is told."""

from console.sim import Simulator
from console.ui.lines import BLANK, Piece, line, side_by_side

from .conftest import Seen, cluster_of, shown

MIDDLE = "│"


def halves(seen: Seen) -> tuple[str, str]:
    """The words of the left column, and of the right one."""
    rows = [one.rpartition(MIDDLE) for one in seen.text.splitlines() if MIDDLE in one]
    left, right = ("\n".join(one[at] for one in rows) for at in (0, 2))
    return left, right


async def test_findings_events_and_the_run_stand_beside_the_table(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(120, 40)) as seen:
        await seen.until(lambda: "fit to serve" in seen.text and "also wrong" in halves(seen)[1])
        left, right = halves(seen)
        assert "node3 ✓UP" in left and "events, newest first" in right and "MySQL has 1 table" in right
        await seen.press("j", "d")
        await seen.until(lambda: "drain node2" in halves(seen)[1] and "1. take node2 out" in halves(seen)[1])
        await seen.until(lambda: "done" in halves(seen)[1] and not seen.session.running, 30)
        assert "1. take node2 out" not in halves(seen)[0]
        assert all(len(one) == 120 for one in seen.text.splitlines())


async def test_every_node_is_told_with_its_last_hours(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(200, 60)) as seen:
        await seen.until(lambda: halves(seen)[0].count("fit to serve") == 3)
        await seen.until(lambda: halves(seen)[0].count("highest in each cell") == 3, 20)
        left = halves(seen)[0]
        assert left.count("happened") == 3
        order = [left.index(f" node{number}: ") for number in (1, 2, 3)]
        assert order == sorted(order), "nothing moves when another node is selected"


async def test_keys_and_clicks_reach_both_columns(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(120, 40)) as seen:
        await seen.until(lambda: "fit to serve" in seen.text and "also wrong" in halves(seen)[1])
        await seen.press("k", "k", "k")  # over the firewalls, to the last row: the finding
        await seen.until(lambda: "►i MySQL has 1 table" in halves(seen)[1])
        assert "? says what causes it" in halves(seen)[0]
        rows = seen.text.splitlines()
        y = next(at for at, one in enumerate(rows) if one[2:].startswith("node3 "))
        await seen.pilot.click("#board", offset=(5, y))
        await seen.until(lambda: "►node3" in halves(seen)[0] and "►i MySQL" not in halves(seen)[1])
        y = next(at for at, one in enumerate(rows) if "i MySQL has" in one)
        await seen.pilot.click("#board", offset=(100, y))
        await seen.until(lambda: "►i MySQL has 1 table" in halves(seen)[1])


def test_each_column_keeps_its_own_row_and_colour() -> None:
    left = [line("node1", fill="selected", row="node1"), BLANK]
    right = [line(Piece("sick", "bad"), row="finding"), line("a long sentence", row="finding")]
    one, other = side_by_side(left, right, 10, 20)
    assert (one.text, other.text) == ("node1     │sick     ", "          │a long s…")
    assert [one.row_at(x) for x in (0, 9, 11, 19)] == ["node1", "node1", "finding", "finding"]
    assert one.text_of("node1") == "node1     │" and one.text_of("finding") == "sick     "
    assert {piece.fill for piece in one.pieces} == {"selected", ""} and one.fill == ""
    assert other.row_at(0) == "" and other.row_at(11) == "finding"
