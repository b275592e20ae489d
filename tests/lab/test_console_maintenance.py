"""CARP maintenance of the real cluster's firewalls, under load: what fails, fails while the addresses move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .driving import Console, moment, report, revision, wait_master
from .lab import Lab

BEFORE, AFTER = 1.0, 5.0
"""Seconds around a move of the addresses in which a connection may break."""


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    lab.reset()


def test_on_and_off_under_load(lab: Lab) -> None:
    console = Console(lab)
    moves: list[float] = []
    with lab.load(rate=100) as load:
        for state, step, lead in (("on", "enter maintenance", "fw2"), ("off", "leave maintenance", "fw1")):
            assert console.run("maintenance", "lab", "fw1", state, "--yes").code == 0
            moves.append(moment(console.last(), "sending", step))
            wait_master(lab, lead)
            words = "Enter" if state == "on" else "Leave"
            assert f"(drainboard): {words} CARP maintenance mode" in revision(lab, "fw1")
    report("maintenance of fw1 on and off", load)
    broken = [answer.began for answer in load.answers if answer.error]
    assert [at for at in broken if not any(move - BEFORE <= at <= move + AFTER for move in moves)] == []
