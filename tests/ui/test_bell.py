"""The terminal's bell and title, under the real command."""

import time
from pathlib import Path

from console.sim import Simulator

from .conftest import cluster_of, shown
from .test_terminal import watched


async def test_it_rings_once_and_says_it_in_the_title(tmp_path: Path, state: Path) -> None:
    async with watched(tmp_path, state) as seen:
        await seen.well()
        heard = bytearray()
        feed = seen.shown.grid.feed
        seen.shown.grid.feed = lambda text: (heard.extend(text.encode()), feed(text))[1]  # type: ignore[assignment]
        seen.sim.world.nodes["node2"].hang()
        await seen.shown.shows(lambda lines: "SITE HURT" in lines[0], 60)
        title = f"\x1b]2;✗ {seen.name} SITE HURT drainboard\x07".encode()
        await seen.shown.shows(lambda _: title in heard, 60)
        seen.sim.world.nodes["node2"].resume()
        await seen.shown.shows(lambda _: b"\x1b]2;drainboard\x07" in heard, 60)
        assert heard.replace(title, b"").replace(b"\x1b]2;drainboard\x07", b"").count(b"\x07") == 1
        await seen.quits()


async def test_m_keeps_it_quiet_until_the_morning(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("B")
        await seen.until(lambda: "Bell and notify are off until" in seen.text and "07:00" in seen.text)
        await seen.until(lambda: " MUTED " in seen.text.splitlines()[-1])
        assert time.localtime(seen.session.muted)[3:5] == (7, 0)
        await seen.press("B")
        await seen.until(lambda: "on again" in seen.text and "MUTED" not in seen.text)
        assert seen.session.muted == 0.0
