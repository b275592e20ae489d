"""Machines that a run has skipped: who can be told now, and why not. Unknown is not back, and a verdict stays one."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.operations.procedures import DRAIN
from console.operations.procedures.steps import Intent
from console.probes.database.mysql_proxy import Writer
from console.probes.pools.servers import Pools
from console.probes.snapshot import Known, Reading, Snapshot, Unknown, empty
from console.session.journal import Entry, Record
from console.session.open_runs import why_open
from console.session.run_state import RunState
from console.session.runner import Note
from console.ui.board.run import open_runs, panel, unreachable
from console.ui.lines import Line
from tests.console.values import CLUSTER

DEAD = "HAProxy on node3 is not told, its pages may write elsewhere: resume this run as soon as it answers"
STOPPED = "HAProxy on node3 does not run, and starts as configured: resume this run as soon as it runs"
AWAY = "When fw2 is back it will send traffic to node2 again: resume this run as soon as it answers (no answer)"
UNTOLD = "fw2 may go on sending traffic to node2: resume this run as soon as its pools are known (it hangs)"
VERDICT = "config.xml of fw1 has no server of node2 in web: a reload, a boot or a failover of fw1 brings it back"
SILENT = Unknown("no answer", 1.0, 1.0)


def known(**fields: object) -> Snapshot:
    """A picture in which every machine tells all that a step needs, and node3 otherwise."""
    now = empty(CLUSTER)
    told: dict[str, Reading[object]] = {"host": Known(None, 1.0), "writer": Known(Writer(True), 1.0)}
    nodes = tuple(replace(one, **told | (fields if one.name == "node3" else {})) for one in now.nodes)  # pyright: ignore
    firewalls = tuple(replace(one, pools=Known(Pools(True), 1.0), config=Known(None, 1.0)) for one in now.firewalls)  # pyright: ignore
    return replace(now, nodes=nodes, firewalls=firewalls)


def fw2(**readings: object) -> Snapshot:
    now = known()
    views = tuple(replace(one, **readings) if one.name == "fw2" else one for one in now.firewalls)  # pyright: ignore
    return replace(now, firewalls=views)


def record(missed: dict[str, str]) -> Record:
    opened = Entry(0.0, "opened", {"node": "node2", "action": "drain", "who": "ops@desk"})
    partly = Entry(1.0, "partly", {"step": "out in config.xml", "on": "node2", "says": "x", "missed": missed})
    return Record(Path("of/no/file"), (opened, partly, Entry(2.0, "parked", {"missed": missed})))


def parked(missed: dict[str, str]) -> RunState:
    last = Note(2.0, "node2", "parked", "; ".join(missed.values()), final=True)
    return RunState(Path("of/no/file"), Intent(CLUSTER, "node2", DRAIN), 0.0, (last,), ended="parked", skipped=missed)


CASES = [
    (known(host=SILENT, writer=SILENT), {"node3": DEAD}, DEAD),
    (known(writer=SILENT), {"node3": DEAD}, DEAD),
    (known(), {"node3": DEAD}, "node3 answers again and was not told: {key} now"),
    (known(writer=Known(Writer(False), 1.0)), {"node3": STOPPED}, STOPPED),
    (known(), {"node3": STOPPED}, "node3 can be told now, and was not: {key}"),
    (known(), {"fw1": VERDICT}, VERDICT),
    (fw2(pools=SILENT), {"fw2": AWAY}, AWAY),
    (fw2(config=SILENT), {"fw2": AWAY}, AWAY),
    (fw2(), {"fw2": AWAY}, "fw2 answers again and was not told: {key} now"),
    (fw2(), {"fw2": UNTOLD}, "fw2 can be told now, and was not: {key}"),
    (fw2(), {"fw1": VERDICT, "fw2": AWAY}, "fw2 answers again and was not told: {key} now"),
]


@pytest.mark.parametrize(("now", "missed", "said"), CASES)
def test_what_is_told_of_a_skipped_machine(now: Snapshot, missed: dict[str, str], said: str) -> None:
    told = why_open(record(missed), unreachable(now))
    assert told[0] == said.format(key="resume")
    assert (VERDICT in told) is ("fw1" in missed)
    assert said.format(key="press r") in text(panel(parked(missed), 600, 12, 3.0, unreachable(now)))
    line = text(open_runs((record(missed),), now, 600, 5, 3.0, None, None))
    if said in (DEAD, AWAY):
        assert f"{next(iter(missed))} was not told; press r when it answers again" in line
    else:
        assert said.format(key="press r") in line


def text(lines: list[Line]) -> str:
    return "\n".join(one.text for one in lines)
