"""A firewall of the real cluster is upgraded under load, with its boots: what fails, fails while the addresses move."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .driving import Console, report, roles, standing, statuses
from .firewalls import NEW, apart, enough, moves, offer, old_release, pids, release
from .lab import Lab
from .plan import FIREWALLS


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    old_release(lab)
    lab.reset()


def test_the_master_boots_twice_and_leads_again(lab: Lab) -> None:
    console = Console(lab)
    offer(lab, "fw1", f"{NEW} major")
    with lab.load(rate=200, retry=True) as load:
        done = console.run("upgrade", "lab", "fw1", "--yes", "--reason", "the lab", timeout=300)
        enough(load)
    report("upgrade of fw1, which boots twice", load)
    assert done.code == 0
    assert "fw1 runs 2.8.0-RELEASE, before 2.7.2-RELEASE" in done.said
    assert (release(lab, "fw1"), release(lab, "fw2")) == ("2.8.0-RELEASE", "2.7.2-RELEASE")
    assert "stage 3: “net.inet.carp.allow" not in done.said, "words from before the boot"
    assert roles(lab, "fw1") == ["MASTER"] * 2
    assert load.result.failures == 0
    assert apart(load, moves(console.last())) == []


def test_a_drain_between_the_two_is_written_on_both(lab: Lab) -> None:
    """The versions differ: no sync reloads the other HAProxy, and both know it all the same."""
    console = Console(lab)
    offer(lab, "fw2")
    assert console.run("upgrade", "lab", "fw2", "--yes", "--reason", "the lab", timeout=300).code == 0
    before = pids(lab)
    with lab.load(rate=100) as load:
        done = console.run("drain", "lab", "node2", "--yes")
        assert done.code == 0
        assert {statuses(lab, name)["web/node2"] for name in FIREWALLS} == {"disabled"}
        assert pids(lab) == before
        assert console.run("rejoin", "lab", "node2", "--yes").code == 0
        assert standing(lab, "node2") == {"UP", "active"}
    report("drain and rejoin between two versions", load)
    assert "nothing is synced" in console.run("drain", "lab", "node2").said
    assert load.result.failures == 0


def test_a_console_that_dies_changes_nothing(lab: Lab) -> None:
    """A resume sees what has become of the upgrade, and starts none."""
    console = Console(lab)
    offer(lab, "fw2")

    def waits_for_its_boot() -> bool:
        return "next_stage" in lab.machines["fw2"].sh("ls /var/db/pkg/pfSense-kernel-pfSense/note")

    console.kill_when("it waits for its boot", waits_for_its_boot, "upgrade", "lab", "fw2", "--yes", "--reason", "x")
    done = console.run("resume", "lab", "fw2", "--yes", "--reason", "the lab", timeout=300)
    assert done.code == 0
    assert "fw2 runs 2.8.0-RELEASE, before 2.7.2-RELEASE" in done.said
    assert [entry.facts["step"] for entry in console.last().entries if entry.kind == "sending"].count("upgraded") == 1
