"""One firewall and one node are in an enemy's hands: the others are seen and served as before, and nobody is fooled."""

import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from console.cli import plain
from console.inventory.cluster import Cluster
from console.inventory.load import load
from console.operations.plan import Consent
from console.operations.procedures import DRAIN, UNDO
from console.probes.snapshot import Known, Reading, Unknown
from console.session.journal import Journal
from console.session.session import Session
from tests.conftest import brisk, handled, watching
from tests.hostile.machines import EVIL, LIARS, MANNERS, POOL, Hostile
from tests.ui.conftest import Seen, shown

WHY = {
    "dressed up": "",
    "failing": "failed with status 1",
    "flooding": "more than 4 MiB",
    "dripping": "didn't answer within",
    "impossible": "can't be read",
}
"""Reasons given for the liars."""


@asynccontextmanager
async def hostile(folder: Path, manner: str) -> AsyncIterator[tuple[Hostile, Cluster]]:
    async with Hostile(folder / "sim", MANNERS[manner], brisk()) as sim:
        yield sim, replace(load(sim.inventory).clusters[0], timings=brisk())


def painted(seen: Seen) -> str:
    """Every cell that goes to the terminal, of every screen there is; none of them may be anything but a character."""
    lines: list[str] = []
    for screen in seen.app.screen_stack:
        for strip in screen._compositor.render_strips():
            text = "".join(segment.text for segment in strip if not segment.control)
            assert text.isprintable(), repr(text)
            assert not {"R", "AL", "AN"} & {unicodedata.bidirectional(char) for char in text}, repr(text)
            assert cell_len(text) == len(text) == seen.app.size.width, repr(text)
            lines.append(text)
    return "\n".join(lines)


def whys(session: Session) -> list[str]:
    """Why something is not known of the liars."""
    views = [session.picture.firewall(LIARS[0]), session.picture.node(LIARS[1])]
    return [one.why for view in views for one in vars(view).values() if isinstance(one, Unknown)]


def known(*readings: Reading[Any]) -> bool:
    return all(isinstance(one, Known) for one in readings)


def unharmed(session: Session) -> bool:
    """The honest ones are known, all of them."""
    picture = session.picture
    first, others = picture.firewall("fw1"), [picture.node(name) for name in ("node1", "node3")]
    return known(first.carp, first.pools, first.config) and all(
        known(one.host, one.services, one.galera, one.apache, one.site) for one in others
    )


def row(seen: Seen, name: str) -> str:
    return next((line for line in seen.text.splitlines() if re.match(rf"[ ►!?✗]{{1,2}}{name} ", line)), "")


@pytest.mark.parametrize("manner", MANNERS)
async def test_the_screen_shows_what_they_say_and_obeys_nothing(tmp_path: Path, manner: str) -> None:
    async with hostile(tmp_path, manner) as (_, cluster), shown(cluster, size=(120, 40)) as seen:
        await seen.until(lambda: unharmed(seen.session), 40)
        await seen.until(lambda: WHY[manner] in " ".join(whys(seen.session)), 40)
        await seen.until(lambda: not WHY[manner] or all("lost" in row(seen, name) for name in LIARS), 40)
        seen.screen.pane.selected = "node1"
        await seen.press("down")
        await seen.until(lambda: seen.screen.pane.selected == "node2")
        assert "node3" in painted(seen)
        await seen.press("l")
        await seen.until(lambda: seen.dialog and WHY[manner] in seen.dialog, 40)
        await seen.pilot.pause()
        painted(seen)
        assert "OWNED" in (seen.dialog or "") or manner not in ("dressed up", "failing")
        await seen.pilot.press("escape")
        await seen.press("b")
        await seen.until(lambda: seen.dialog, 40)
        await seen.pilot.pause()
        painted(seen)
        assert not any(task.done() for task in seen.session.poller._tasks)
        assert all(len(why) < 800 for why in whys(seen.session))


async def test_a_drain_goes_through_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names travel into orders, journal and lines, and come back as they were."""
    async with (
        hostile(tmp_path, "dressed up") as (sim, cluster),
        watching(cluster) as session,
        handled(session) as handle,
    ):
        assert isinstance(session.picture.firewall("fw2").config, Known), whys(session)
        boots = [machine.boot_id for machine in sim.world.machines.values()]
        consent = Consent(True, "node2", EVIL)
        assert await plain.act(handle, DRAIN, "node2", consent, dry_run=False) is plain.Exit.DONE
        (record,) = Journal(session.journal.folder).records()
        assert record.found[f"later fw2 {POOL}/node2"] == "disabled"
        assert record.found["later fw1 web/node2"] == "active"
        assert record.first("reason") == EVIL
        assert await plain.act(handle, UNDO, "node2", consent, dry_run=False) is plain.Exit.DONE
        assert {one.status for pool in sim.world.firewalls["fw1"].config.pools for one in pool.servers} == {"active"}
        assert boots == [machine.boot_id for machine in sim.world.machines.values()]
        assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


async def test_no_secret_is_kept(tmp_path: Path, state: Path) -> None:
    """config.xml holds the password of the firewalls' own sync; MySQL's lies in its file."""
    async with hostile(tmp_path, "dressed up") as (sim, cluster), watching(cluster) as session:
        assert "sync-pass" in sim.world.firewalls["fw1"].config.xml()
        secrets = ("sync-pass", (sim.inventory.parent / "mysql-password").read_text().strip())
        await (await session.begin(DRAIN, "node2", Consent(True, "node2", "a test"))).task
        said = [repr(session.picture), repr(tuple(session.events)), repr(session.wire.__dict__)]
        files = [path for path in state.rglob("*") if path.is_file()]
        assert files
        said += [path.read_text() for path in files]
        assert not [secret for secret in secrets for text in said if secret in text]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert session.journal.folder.stat().st_mode & 0o777 == 0o700
