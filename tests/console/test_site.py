"""The site's condition, the order of findings by harm, headlines, and the operation that helps."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from console.health import Condition, Finding, Kind, Level, findings, site
from console.health.finding import MAX_HEADLINE
from console.operations.procedures import DRAIN, REJOIN, REMOVE
from console.operations.remedy import remedy
from console.probes.snapshot import NOT_ASKED, Cause, Known, Snapshot, Unknown
from tests.conftest import simulated, watching
from tests.console.telling import alter, put, until, well
from tests.console.test_any_picture import SETTINGS
from tests.console.values import pictures

SILENT = Unknown("no answer", 0.0, 1.0)
CONDITIONS: tuple[tuple[str, str, Condition, str], ...] = (
    ("apache-stopped", "node2", Condition.UP, "2 of 3 nodes serve"),
    ("firewall-lost", "fw1", Condition.UP, "3 of 3 nodes serve"),
    ("node-hung", "node2", Condition.HURT, "1 of 3 visitors waits: node2 is ill"),
    ("carp-split-brain", "cluster", Condition.HURT, "two firewalls are MASTER: connections may break"),
    ("non-primary", "cluster", Condition.DOWN, "no visitor is served"),
    ("database-crash", "cluster", Condition.DOWN, "no visitor is served"),
)


def state(picture: Snapshot) -> tuple[Condition, str]:
    return tuple(site(picture, findings(picture)))  # pyright: ignore[reportReturnType]


def worst(picture: Snapshot) -> Finding:
    return next(one for one in findings(picture) if one.level > Level.NOTE)


@pytest.mark.parametrize(("fault", "target", "condition", "message"), CONDITIONS, ids=[one[0] for one in CONDITIONS])
async def test_the_site_is_judged_by_its_visitors(
    tmp_path: Path, fault: str, target: str, condition: Condition, message: str
) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        assert state(await until(session, well)) == (Condition.UP, "3 of 3 nodes serve")
        sim.fault(fault, target)
        seen = await until(session, lambda now: not well(now) and state(now) == (condition, message))
        for one in findings(seen):
            assert not re.search(r"(^|\s)/\w|`|://|\d+\.\d+\.\d+\.\d+", one.headline), "no path, command or address"


async def test_a_node_that_gets_visitors_and_hangs_comes_before_a_dead_firewall(fine: Snapshot) -> None:
    hung = put(unchecked(fine), "nodes", "node2", host=SILENT, site=SILENT)
    both = put(hung, "firewalls", "fw2", carp=SILENT, pools=SILENT)
    assert (worst(both).machine, worst(both).level) == ("node2", Level.CRITICAL)
    assert worst(both).headline == "node2 does not answer since 00:00:01; fw1 still sends it visitors"
    assert remedy(both, worst(both)) == (REMOVE, "node2")


async def test_a_node_whose_page_the_firewall_has_read_serves_although_we_do_not_reach_it(fine: Snapshot) -> None:
    picture = put(fine, "nodes", "node2", host=SILENT, site=SILENT)
    assert state(picture)[0] is Condition.UP
    assert worst(picture).level is Level.DEGRADED


def unchecked(picture: Snapshot) -> Snapshot:
    """The balancers look at a port alone."""
    for view in picture.firewalls:
        assert isinstance(view.pools, Known)
        servers = tuple(replace(one, check="L4OK") for one in view.pools.value.servers)
        picture = alter(picture, "firewalls", view.name, "pools", servers=servers)
    return picture


async def test_what_was_not_asked_yet_outranks_nothing_that_is_known(fine: Snapshot) -> None:
    picture = put(fine, "nodes", "node3", host=NOT_ASKED)
    picture = put(picture, "firewalls", "fw2", carp=SILENT, pools=SILENT)
    kinds = [one.kind for one in findings(picture)]
    assert kinds.index(Kind.FIREWALL_LOST) < kinds.index(Kind.NOT_ASKED)


async def test_no_answer_at_all_is_not_known(fine: Snapshot) -> None:
    picture = fine
    for view in fine.firewalls:
        picture = put(picture, "firewalls", view.name, carp=SILENT, pools=SILENT)
    for view in fine.vips:
        picture = put(picture, "vips", view.name, visit=NOT_ASKED)
    assert state(picture) == (Condition.UNKNOWN, "no visit was answered, and no firewall tells its pools")
    served = put(picture, "vips", "wan", visit=fine.vips[0].visit)
    assert state(served) == (Condition.UP, "visitors of wan are served; the pools are not known")


async def test_two_masters_hide_no_site_that_is_down(fine: Snapshot) -> None:
    picture = put(fine, "firewalls", "fw2", carp=fine.firewall("fw1").carp)
    assert state(picture) == (Condition.HURT, "two firewalls are MASTER: connections may break")
    for view in fine.vips:
        picture = alter(picture, "vips", view.name, "visit", status=500)
    assert state(picture) == (Condition.DOWN, "no visitor is served")


async def test_the_key_against_an_absence_is_offered_once_the_node_is_fit(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await (await session.begin(DRAIN, "node3")).task
        await until(session, lambda now: not well(now) and remedy(now, worst(now)) == (REJOIN, "node3"))
        sim.fault("mysql-stopped", "node3")
        ill = await until(session, lambda now: worst(now).kind is Kind.OUT and not remedy(now, worst(now)))
        assert state(ill)[0] is Condition.UP


def test_a_headline_is_short_whatever_machines_say() -> None:
    seen = Counter[Kind]()

    @SETTINGS
    @given(pictures())
    def short(picture: Snapshot) -> None:
        for one in (each for found in findings(picture) for each in (found, *found.brings)):
            seen[one.kind] += 1
            assert 0 < len(one.headline) <= MAX_HEADLINE

    short()
    assert len(seen) > 20, seen


async def test_absence_and_cause_of_silence_are_told_apart(fine: Snapshot) -> None:
    unproven = put(fine, "nodes", "node2", host=replace(SILENT, cause=Cause.UNPROVEN, why="another machine answers"))
    assert state(unproven)[0] is Condition.UP
    assert worst(unproven).kind is Kind.UNPROVEN
