"""Decisions over any answers, or none: each says something, and unknown is never well."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from console.health import Level, findings, verdicts
from console.health.explained import explanations
from console.health.facts.fitness import unfit
from console.health.facts.sync import sync
from console.health.unknowns import GAPS, SPOKEN
from console.operations.guards import objections
from console.operations.may_go import all_may_go, may_go, one_line
from console.operations.procedures import OPERATIONS
from console.probes.snapshot import QUESTIONS, Cause, Known, Snapshot, Unknown, empty
from tests.console.telling import put
from tests.console.values import CLUSTER, Change, altered, changes, pictures

SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@SETTINGS
@given(pictures())
def test_no_picture_raises(picture: Snapshot) -> None:
    for one in findings(picture):
        assert one.message and one.kind in explanations()
        assert one.level > Level.OK
    judged = verdicts(picture)
    assert set(judged.machines) == {machine.name for machine in CLUSTER.machines}
    assert one_line(picture).startswith("can be lost now: ")
    assert all(spare.message and (spare.may is not False or spare.reasons) for spare in all_may_go(picture))
    assert sync(picture).message
    for node in CLUSTER.nodes:
        unfit(picture, node.name)
        for action in OPERATIONS:
            assert all(one.sentence for one in objections(picture, action.effects, node.name))


async def test_what_is_not_known_is_never_well(fine: Snapshot) -> None:
    premise = Counter[bool]()

    @SETTINGS
    @given(changes(fine))
    def never(made: list[Change]) -> None:
        picture = altered(fine, made)
        judged = verdicts(picture)
        unknown = {
            view.name
            for question in QUESTIONS
            if question.field not in GAPS or GAPS[question.field].level > Level.NOTE
            for view in getattr(picture, question.subject.value)
            if isinstance(getattr(view, question.field), Unknown) and question.asks(picture.cluster, view.name)
        }
        premise[judged.cluster.level is Level.OK] += 1
        if judged.cluster.level is Level.OK:
            assert not unknown
        for name, verdict in judged.machines.items():
            assert not (verdict.level is Level.OK and name in unknown)

    never()
    assert premise[True] * 3 >= premise.total(), premise


async def test_who_may_go_is_known_and_leaves_somebody(fine: Snapshot) -> None:
    premise = Counter[bool]()

    @SETTINGS
    @given(changes(fine))
    def leaves(made: list[Change]) -> None:
        picture = altered(fine, made)
        free = [node for node in picture.nodes if may_go(picture, node.name).may]
        premise[bool(free)] += 1
        for node in free:
            others = [view for view in picture.nodes if view.name != node.name]
            assert isinstance(node.host, Known)
            assert all(isinstance(view.galera, Known) and view.galera.value.synced for view in others)
            assert all(isinstance(volume.state, Known) for volume in picture.volumes)

    leaves()
    assert premise[True] * 3 >= premise.total(), premise


@pytest.mark.parametrize("field", sorted(SPOKEN))
async def test_the_silence_of_each_reading_is_the_finding_that_is_named(fine: Snapshot, field: str) -> None:
    question = next(one for one in QUESTIONS if one.field == field)
    name = getattr(fine, question.subject.value)[0].name
    silent = put(fine, question.subject.value, name, **{field: Unknown("no answer", 9.0, 8.0, Cause.SILENT)})
    assert SPOKEN[field] in {each.kind for one in findings(silent) for each in (one, *one.brings)}


def test_before_the_first_answer_nothing_is_well_and_nobody_may_go() -> None:
    blank = empty(CLUSTER)
    judged = verdicts(blank)
    assert {judged.cluster.level, *(one.level for one in judged.machines.values())} == {Level.UNKNOWN}
    assert all(one.level is Level.UNKNOWN for one in judged.layers.values())
    assert one_line(blank) == "can be lost now: none | not known: node1, node2, node3, fw1, fw2"
