"""Two consoles on one machine share a journal: what one has read, the other may have ended since."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.health.facts.membership import Place, place
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, UNDO
from console.operations.procedures.steps import Operation
from console.session.journal import Journal, Record, load
from console.session.session import Session
from tests.conftest import simulated, watching
from tests.console.telling import until

NAMED = Consent(True, "node2", "a test")


@asynccontextmanager
async def two_consoles(folder: Path) -> AsyncIterator[tuple[Session, Session]]:
    async with (
        simulated(folder / "sim", speed=20.0) as (_, cluster),
        watching(cluster) as one,
        watching(cluster) as two,
    ):
        yield one, two


async def left_open(session: Session, action: Operation) -> Record:
    """A run that was stopped as soon as it had begun to change something."""
    running = await session.begin(action, "node2", NAMED)
    while load(running.record.path).last("seen") is None:
        await session.change()
    await session.stop()
    return load(running.record.path)


async def test_a_run_that_has_ended_meanwhile_is_not_resumed(tmp_path: Path) -> None:
    async with two_consoles(tmp_path) as (ours, theirs):
        seen = await left_open(theirs, DRAIN)
        (offered,) = ours.open_runs()
        assert (await (await theirs.begin(UNDO, "node2", NAMED)).task).outcome == "done"
        with pytest.raises(NotBegun, match="drain node2 has ended meanwhile: put back; nothing is begun"):
            await ours.resume(offered, NAMED)
        assert ours.running is None
        await until(ours, lambda _: ours.elsewhere is None)  # the lock and the claims are given back
        assert len(load(seen.path).entries) == len(seen.entries) + 1
        await until(ours, lambda now: place(now, "node2") is Place.IN)


async def test_a_resume_goes_on_from_what_the_other_console_has_done(tmp_path: Path) -> None:
    async with two_consoles(tmp_path) as (ours, theirs):
        offered = Journal(ours.journal.folder).open("node2", "drain")
        running = await theirs.resume(offered, NAMED)
        while load(offered.path).last("seen") is None:
            await theirs.change()
        await theirs.stop()
        assert running.task.cancelled()
        before = load(offered.path)
        record = (await ours.resume(offered, NAMED)).record
        assert (record.entries[:-1], record.entries[-1].kind) == (before.entries, "resumed")


async def test_a_run_whose_file_is_gone_is_not_resumed(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (_, cluster), watching(cluster) as session:
        offered = await left_open(session, DRAIN)
        offered.path.unlink()
        with pytest.raises(NotBegun, match="can't be read any more"):
            await session.resume(offered, NAMED)
