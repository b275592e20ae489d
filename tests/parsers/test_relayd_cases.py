"""relayd's summary in states that few firewalls are in, file by file.

Beside each NAME.txt of tests/cases/relayd stands NAME.json: the status of each server, and the fall-backs among them.
The form of the rows is relayctl's (OpenBSD usr.sbin/relayctl/relayctl.c), which prints a table below each of its
redirects.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from console.probes.ask import Ran
from console.probes.pools import relayd

CASES = Path(__file__).parents[1] / "cases" / "relayd"


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.json")))
def test_case(name: str) -> None:
    expected: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text())
    summary, counted = Ran(0, (CASES / f"{name}.txt").read_text(), ""), Ran(0, "10.20.0.11:80 3\ncounted\n", "")
    servers = relayd.parse((summary, Ran(1, "", ""), counted), None).servers
    assert {server.path: server.status for server in servers} == expected["servers"]
    assert [server.path for server in servers if server.backup] == expected["backup"]
    assert sum(server.sessions or 0 for server in servers) == 3
