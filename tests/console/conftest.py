"""Pictures that several tests begin with."""

from pathlib import Path

import pytest

from console.probes.snapshot import Snapshot
from tests.conftest import simulated, watching
from tests.console.telling import until, well


@pytest.fixture
async def fine(tmp_path: Path) -> Snapshot:
    """A cluster in which all is well."""
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        return await until(session, well)
