"""This computer may be the slow one: it says so, and blames no machine."""

import time
from dataclasses import replace
from pathlib import Path

from console.health import Condition, Kind, Level, findings, site, verdicts
from console.operations.guards import objections
from console.operations.may_go import may_go
from console.operations.procedures import REBOOT
from console.probes.freshness import max_age
from console.probes.question import Cadence
from console.probes.snapshot import QUESTIONS, Cause, Snapshot, Unknown
from console.words import words
from tests.conftest import simulated, watching
from tests.console.telling import put, until, well

HELD_UP = Unknown("node2 is connected but didn't answer within 5 s", 0.0, 1.0, Cause.HELD_UP)


def all_of(picture: Snapshot, reading: Unknown) -> Snapshot:
    """Nothing has been heard of anything."""
    for question in QUESTIONS:
        views = getattr(picture, question.subject.value)
        picture = replace(
            picture, **{question.subject.value: tuple(replace(view, **{question.field: reading}) for view in views)}
        )
    return picture


async def test_a_console_that_stood_still_blames_no_machine_and_is_well_again(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        await until(session, well)
        time.sleep(max_age(Cadence.FAST, cluster.timings) + 0.5)
        picture = session.picture
        found = [one for one in findings(picture) if one.level > Level.NOTE]
        assert [one.kind for one in found] == [Kind.CONSOLE_BUSY]
        assert found[0].headline == f"this computer is too busy to tell the state of {cluster.name}"
        assert verdicts(picture).cluster.level is Level.UNKNOWN
        await until(session, well)


async def test_nothing_is_known_of_machines_that_were_not_heard(fine: Snapshot) -> None:
    unheard = all_of(fine, HELD_UP)
    found = [one for one in findings(unheard) if one.level > Level.NOTE]
    assert [one.kind for one in found] == [Kind.CONSOLE_BUSY]
    assert site(unheard, findings(unheard)).condition is Condition.UNKNOWN
    assert words.unknown(HELD_UP).style == "unknown"


async def test_one_machine_that_was_not_heard_is_named_and_still_stands_against_a_reboot(fine: Snapshot) -> None:
    unheard = put(fine, "nodes", "node2", host=HELD_UP, site=HELD_UP, galera=HELD_UP)
    found = [one for one in findings(unheard) if one.level > Level.NOTE]
    assert [one.headline for one in found] == ["this computer is too busy to tell the state of node2"]
    assert may_go(unheard, "node2").may is None
    assert not may_go(unheard, "node2").unreachable
    assert objections(unheard, REBOOT.effects, "node1", REBOOT.on)


async def test_silence_of_the_machine_itself_is_told_beside_it(fine: Snapshot) -> None:
    silent = replace(HELD_UP, cause=Cause.SILENT)
    both = put(put(fine, "nodes", "node2", host=HELD_UP), "nodes", "node3", host=silent)
    assert {one.kind for one in findings(both) if one.level > Level.NOTE} >= {Kind.CONSOLE_BUSY, Kind.LOST}
