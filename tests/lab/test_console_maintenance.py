"""CARP maintenance and a reboot of the real cluster's firewalls, under load: what fails, fails while addresses move.

Beside them stands what a bare switch of ucarp costs, with nobody's care.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from .driving import Console, report, revision, roles, wait_master
from .firewalls import apart, enough, moves
from .lab import Lab


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    lab.reset()


def test_on_and_off_under_load(lab: Lab) -> None:
    console = Console(lab)
    with lab.load(rate=200, retry=True) as load:
        for state, words, lead in (("on", "Enter", "fw2"), ("off", "Leave", "fw1")) * 2:
            assert console.run("maintenance", "lab", "fw1", state, "--yes").code == 0
            wait_master(lab, lead)
            assert f"(drainboard): {words} CARP maintenance mode" in revision(lab, "fw1")
        enough(load)
    report("maintenance of fw1 on and off, twice", load)
    assert load.result.failures == 0
    assert apart(load, moves(*console.journal.records()[-4:])) == []


def test_the_master_is_rebooted_under_load(lab: Lab) -> None:
    console = Console(lab)
    with lab.load(rate=200, retry=True) as load:
        assert console.run("reboot-firewall", "lab", "fw1", "--yes").code == 0
        enough(load)
    report("reboot of fw1", load)
    assert roles(lab, "fw1") == ["MASTER"] * 2
    assert load.result.failures == 0
    assert apart(load, moves(console.last())) == []


def test_a_bare_switch_of_ucarp(lab: Lab) -> None:
    """The figure to set beside them."""
    with lab.load(rate=200, retry=True) as load:
        at = time.monotonic()
        lab.machines["fw1"].sh("systemctl stop ucarp@wan ucarp@lan")
        wait_master(lab, "fw2")
        lab.machines["fw1"].sh("systemctl start ucarp@wan ucarp@lan")
        wait_master(lab, "fw1")
        enough(load)
    report("a bare switch of ucarp, there and back", load)
    assert [one for one in load.answers if one.began < at and (one.error or one.first)] == []
