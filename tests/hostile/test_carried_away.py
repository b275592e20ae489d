"""Text that leaves the screen, by the clipboard, a file or a finding's sentence, is text and no more."""

import base64
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from console.health import Finding, Kind, Level
from console.ui.clipboard import MAX_BYTES, harmless
from console.ui.export import export
from tests.hostile.machines import EVIL
from tests.ui.conftest import nobody, shown

SCRIPT = "</text></svg><script>alert(1)</script>\"'&<![CDATA["


@pytest.mark.parametrize("text", [EVIL, "a\rrm -rf\x1b[201~\n", "\ud800\udfff", "漢" * 100_000, "\n" * 100_000])
def test_the_clipboard_gets_text_that_a_terminal_takes(text: str) -> None:
    copied = harmless(text)
    assert copied.replace("\n", "").isprintable()
    assert len(copied.encode()) <= MAX_BYTES
    assert len(base64.b64encode(copied.encode())) < 74_994


@pytest.mark.parametrize("name", [f"brick\n{EVIL}\r", "x" * 1_000_000])
def test_a_finding_is_one_line(name: str) -> None:
    one = Finding(Level.DEGRADED, "node1", Kind.HEAL, f"{name} has entries to heal")
    assert one.message.isprintable()
    assert len(one.message) <= 4000
    assert one == Finding(Level.DEGRADED, "node1", Kind.HEAL, f"{name} has entries to heal")


async def test_the_picture_holds_no_script_and_asks_no_server(state: Path) -> None:
    cluster = nobody()
    async with shown(cluster) as seen:
        seen.screen.notice = f"{SCRIPT}{EVIL}"
        seen.screen.renew()
        await seen.pilot.pause()
        picture = seen.app.export_screenshot(title=SCRIPT)
    assert "exported to" in export("../../etc/x", f"{SCRIPT}\n", picture)
    text, svg = sorted((state / "screens").iterdir(), key=lambda path: path.suffix, reverse=True)
    assert text.read_text() == f"{SCRIPT}\n"
    assert "alert(1)" in svg.read_text()
    assert "url(https:" not in svg.read_text()
    tags = {one.tag.rpartition("}")[2] for one in ET.fromstring(svg.read_text()).iter()}
    assert tags <= {"svg", "style", "defs", "clipPath", "rect", "g", "circle", "text"}
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (text, svg))
    assert (state / "screens").stat().st_mode & 0o777 == 0o700


def test_an_export_follows_no_link(state: Path) -> None:
    folder = state / "screens"
    folder.mkdir(parents=True)
    for second in range(20):
        stamp = time.strftime("%Y%m%dT%H%M%S", time.localtime(time.time() + second))
        (folder / f"web-{stamp}.txt").symlink_to(state / "elsewhere")
    assert "can't be written" in export("web", "text", "<svg/>")
    assert not (state / "elsewhere").exists()
