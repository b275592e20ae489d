"""Faults in the middle of operations: a run ends, stops with a sentence, or is parked; never worse (`make matrix`)."""

from pathlib import Path

import pytest

from tests.matrix.cases import Case, cases, sample
from tests.matrix.play import play

SEED, MANY = 9, 12
"""Forty seconds of a core, and a minute of waiting."""


def test_every_fault_is_in_every_operation() -> None:
    every = list(cases())
    assert len({one.fault for one in every}) * len({one.operation for one in every}) == len(
        {(one.operation, one.fault) for one in every}
    )


@pytest.mark.parametrize("case", sample(MANY, SEED), ids=str)
async def test_a_fault_in_a_step_ends_as_it_may(tmp_path: Path, case: Case) -> None:
    played = await play(case, tmp_path)
    assert not played.wrong, str(played)
    assert played.end != "broken"
