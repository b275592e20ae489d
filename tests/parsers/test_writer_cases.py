"""HAProxy for MySQL on every node, file by file, and the writer that they have together.

Beside each NAME.txt of tests/cases/writer, the answers of node1 to node3, stands NAME.json: who is written to, what is
found, and a node that may become the writer as far as its HAProxies are concerned.
"""

import json
import re
from dataclasses import replace
from functools import reduce
from pathlib import Path

import pytest

from console.health import findings
from console.health.facts.writer import writing
from console.inventory.cluster import MysqlProxy
from console.operations.guards.writer import reached
from console.operations.procedures.proxies import changes, is_up, over_proxies
from console.probes.ask import Ran
from console.probes.database import mysql_proxy
from console.probes.snapshot import Known, Snapshot
from tests.parsers.test_node_cases import CLUSTER, known

CASES = Path(__file__).parents[1] / "cases" / "writer"


def looks(answers: str) -> mysql_proxy.Writer:
    """The last of several looks."""
    first, *more = answers.split("== the next look\n")
    return reduce(lambda seen, look: mysql_proxy.parse((Ran(0, look, ""),), seen), more, looked(first))


def looked(answer: str) -> mysql_proxy.Writer:
    return mysql_proxy.parse((Ran(0, answer, ""),), None)


def read(name: str) -> Snapshot:
    answers = (CASES / f"{name}.txt").read_text().split("%%%%\n")
    told = [Known(looks(answer), 1.0) for answer in answers]
    seen = known("node1")
    nodes = tuple(replace(view, writer=one) for view, one in zip(seen.nodes, told, strict=True))
    return replace(seen, cluster=replace(CLUSTER, mysql_proxy=MysqlProxy("mysql")), nodes=nodes)


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.txt")))
def test_case(name: str) -> None:
    expected = json.loads((CASES / f"{name}.json").read_text())
    seen = read(name)
    assert sorted(writing(seen)) == expected["writing"]
    found = {one.kind.value: one.message for one in findings(seen)}
    assert not found.keys() & set(expected.get("finds_not", ()))
    assert found.keys() >= set(expected.get("finds", ()))
    assert all(any(re.search(wanted, told) for told in found.values()) for wanted in expected.get("says", ())), found
    if new := expected.get("move_to"):
        assert not [*reached(seen, frozenset(), new)]
        assert over_proxies(seen, is_up(seen, new), "is UP").done
        assert all(changes(seen, new).values())
