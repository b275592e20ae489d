"""The palette finds by words, and takes the end of a hold behind them."""

import pytest

from console.ui.screens.commands import Command, matching

DONE: list[str] = []
EVERY = (
    Command("d", "drain node2", lambda: None),
    Command("h", "hold node1", lambda: None, lambda until: DONE.append(f"1 {until}")),
    Command("h", "hold node2", lambda: None, lambda until: DONE.append(f"2 {until}")),
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hold node2", ["hold node2"]),
        ("hold node2 07:00", ["hold node2 until 07:00"]),
        ("node2 hold none", ["hold node2 until none"]),
        ("hold node2 2090-11-30T07:00", ["hold node2 until 2090-11-30T07:00"]),
        ("hold node2 2030-11-30 07:00", ["hold node2 until 2030-11-30 07:00"]),
        ("hold 07:00", ["hold node1 until 07:00", "hold node2 until 07:00"]),
        ("hold node2 25:00", []),
        ("hold node2 2020-01-01T07:00", []),
        ("drain node2 07:00", []),
        ("07:00", []),
    ],
)
def test_a_time_behind_the_words_is_the_end(typed: str, found: list[str]) -> None:
    assert [one.help for one in matching(EVERY, typed)] == found


def test_the_time_goes_along() -> None:
    (one,) = matching(EVERY, "hold node2 07:00")
    one.do()
    assert DONE == ["2 07:00"]
