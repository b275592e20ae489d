"""The command in a terminal of its own: what stands there when the screen is gone."""

import sys
from pathlib import Path

from console.journal import Journal
from console.paths import journal_dir
from tests.bench.terminal import Gone, terminal

INVENTORY = """
[cluster.web1.firewalls]
fw1 = '127.0.0.1'
fw2 = '127.0.0.2'
[cluster.web1.nodes]
node1 = '127.0.0.3'
node2 = '127.0.0.4'
[cluster.web1.ssh]
port = 1
"""


async def test_what_is_open_is_said_with_the_command_that_goes_on(tmp_path: Path, state: Path) -> None:
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(INVENTORY)
    journal = Journal(journal_dir() / "web1")
    journal.write(journal.open("node2", "drain"), "halted", by="ops@desk")
    argv = [sys.executable, "-m", "console", "-i", str(inventory)]
    async with terminal(argv, DRAINBOARD_STATE=str(state)) as shown:
        await shown.shows(lambda lines: any("a run is open" in line for line in lines))
        shown.keys("\x1b")
        await shown.shows(lambda lines: not any("a run is open" in line for line in lines))
        shown.keys("q")
        try:
            await shown.shows(lambda _lines: False)
        except Gone as end:
            said = " ".join(str(end).split())
        assert shown.process.wait(5) == 0
    assert "drainboard: open: drain node2, begun " in said
    assert "stopped by ops@desk" in said
    assert "drainboard resume web1 node2" in said
