"""Two consoles, a cluster in which things break, and steps that nobody has thought of: what must hold does."""

from pathlib import Path

import pytest

from tests.walk.walk import walk

SEEDS = (1016, 1048, 1064, 1126)


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_must_hold_does_on_a_walk(tmp_path: Path, seed: int) -> None:
    walked = await walk(seed, tmp_path)
    assert not walked.wrong, walked.told
