"""--utc: every time is UTC, shown and typed."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from console.cli import main as cli
from console.operations.procedures import hours
from console.operations.procedures.patching import OPTIONS, WINDOW

NOON = 1_782_561_600.0
"""2026-06-27 12:00 UTC, 14:00 in Berlin."""


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


def options_of(monkeypatch: pytest.MonkeyPatch, *line: str) -> Any:
    """The options of a command line, as it would carry them out."""
    found: list[Any] = []

    async def run(options: Any, *_: Any) -> int:
        found.append(options)
        return 0

    monkeypatch.setattr(cli, "load", lambda _: None)
    monkeypatch.setattr(cli, "_run", run)
    assert cli.main(line) == 0
    return found[0]


@pytest.mark.parametrize(("before", "after", "zone"), [(("--utc",), (), 0), ((), ("--utc",), 0), ((), (), 2 * 3600)])
def test_a_time_that_is_typed_is_in_the_zone_that_is_shown(
    berlin: pytest.MonkeyPatch, before: tuple[str, ...], after: tuple[str, ...], zone: int
) -> None:
    line = (*before, "hold", "web1", "node2", "--reason", "x", "--until", "2099-06-27T07:00", *after)
    assert (options_of(berlin, *line).until + zone) % 86400 == 7 * 3600


def in_zone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TZ", name)
    time.tzset()


@pytest.mark.parametrize(
    ("begun", "window", "inside"),
    [
        ("UTC", "11:00-13:00", True),
        ("UTC", "13:00-15:00", False),
        ("Europe/Berlin", "11:00-13:00", False),
        ("Europe/Berlin", "13:00-15:00", True),
        ("XYZ-2", "13:00-15:00", True),
    ],
)
@pytest.mark.parametrize("resumed", ["UTC", "Europe/Berlin", "Asia/Tokyo"])
def test_a_resume_in_another_zone_means_the_same_hours(
    berlin: pytest.MonkeyPatch, begun: str, window: str, inside: bool, resumed: str
) -> None:
    in_zone(berlin, begun)
    read = next(one.read for one in OPTIONS if one.name == WINDOW)
    assert read is not None
    kept = read(window)
    in_zone(berlin, resumed)
    assert (not hours.outside(kept, NOON)) is inside


def test_the_clock_of_the_window_is_told() -> None:
    assert hours.outside("16:00-17:00 Europe/Berlin", NOON) == "it is 14:00 (CEST), outside the window 16:00-17:00"


def test_hours_in_a_zone_that_nobody_knows_hold_nothing_open() -> None:
    assert hours.outside("00:00-23:59 Mars/Base", NOON) == "the zone of the window 00:00-23:59 Mars/Base is not known"


def test_a_window_of_an_older_journal_is_in_the_zone_of_this_computer() -> None:
    assert not hours.outside("14:00-15:00", NOON)
