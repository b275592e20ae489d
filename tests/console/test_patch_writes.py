"""The inventory's write: once a second to MySQL's writer while a patch is at work, by an account of its own."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from console.cli.grants import statements
from console.inventory.cluster import Cluster, Mysql, Patch, Write
from console.inventory.load import InventoryError, load
from console.operations.guards import Override, objections
from console.operations.procedures import PATCH
from console.operations.procedures.steps import Intent
from console.probes import ask
from console.probes.ask import Refused
from console.probes.database.writes import Writes
from console.probes.schedule import questions_of
from console.session.run_state import RunState
from console.session.runner import Note
from console.session.story import Commits, story
from console.session.writing import Writing, writer_of
from console.ui.board.run import panel
from console.wire import Wire
from tests.conftest import watching
from tests.console.telling import until
from tests.console.test_patching import AUTO, patch, waiting
from tests.console.values import CLUSTER
from tests.inventory.test_inventory_file import SMALL, fault, written

STATEMENT = "REPLACE INTO drainboard.beat (id, at) VALUES (1, NOW(6))"


def writing(cluster: Cluster, statement: str = STATEMENT) -> Cluster:
    assert cluster.mysql
    write = Write(replace(cluster.mysql, user="drainboard_write"), "drainboard.beat", statement)
    return replace(cluster, patch=replace(cluster.patch, write=write))


async def test_it_goes_to_whoever_is_the_writer_and_stands_once_in_the_journal(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, known):
        cluster = writing(known)
        async with watching(cluster) as session:
            record = await patch(session, {**AUTO, "nodes": ["node2", "node1"]})
            assert record.outcome == "done"
            assert {name for name, _ in sim.world.galera.written} == {"node1", "node2"}, "the role moves to node2"
            told = [entry.facts["write"] for entry in record.entries if "write" in entry.facts]
            assert told == [{"statement": STATEMENT, "user": "drainboard_write"}]
            assert record.entries[0].kind == "opened"
            says = record.steps["node1", "visits"].facts["says"]
            assert re.search(r"[0-9]+ of [0-9]+ writes failed.*; longest gap between two commits [0-9.]+ s, at ", says)
            run = story(cluster.name, record)
            assert run.commits
            assert run.commits.sent <= len(sim.world.galera.written) + run.commits.failed + 1
            assert run.commits.longest_gap >= 1.0
            assert [one.when for one in run.served] == ["before", "during", "after"]
            await until(session, lambda now: now.writes is None)


async def test_while_none_is_committed_nothing_more_is_taken_out(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, known):
        cluster = writing(known)
        async with watching(cluster) as session:
            await until(session, lambda now: writer_of(now) == "node1")
            assert cluster.patch.write
            task = asyncio.create_task(Writing(cluster, cluster.patch.write, session.wire, session.poller).write())
            await until(session, lambda now: now.writes is not None and now.writes.sent > 1)
            sim.world.galera.read_only = True
            seen = await until(session, lambda now: now.writes is not None and now.writes.failing)
            stands = objections(seen, PATCH.effects, "node2", resumed=True)
            (objection,) = (one for one in stands if "commits nothing" in one.saw)
            assert objection.override is Override.CONFIRM
            assert "--read-only option" in objection.saw
            sim.world.galera.read_only = False
            seen = await until(session, lambda now: now.writes is not None and not now.writes.failing)
            stands = objections(seen, PATCH.effects, "node2", resumed=True)
            assert not [one for one in stands if "commits nothing" in one.saw]
            assert seen.writes
            assert re.match(r"[1-9] of [0-9]+ writes failed, the last one at ", seen.writes.sentence)
            task.cancel()


async def test_it_can_not_leave_where_only_questions_may(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, known):
        cluster = writing(known)
        wire = Wire(cluster, allowed=questions_of(cluster))
        (answer,) = await wire.send("node1", (ask.Write(STATEMENT),), 5.0)
        assert isinstance(answer, Refused)
        assert "read-only is on" in str(answer)
        assert sim.world.galera.written == []
        await wire.close()


async def test_the_account_of_the_questions_is_not_the_one_that_writes(tmp_path: Path) -> None:
    async with waiting(tmp_path) as (sim, known):
        cluster = writing(known, "REPLACE INTO shop.orders VALUES (1)")
        wire = Wire(cluster)
        (answer,) = await wire.send("node1", (ask.Write("REPLACE INTO shop.orders VALUES (1)"),), 5.0)
        assert "doesn't let drainboard_write run `REPLACE INTO shop.orders" in str(answer)
        assert sim.world.galera.written == []
        await wire.close()


def test_gaps_are_between_commits_and_none_is_known_around_a_cut_line() -> None:
    seen = Writes(10.0).with_commit(11.0).with_failure("no", 12.0).with_commit(13.5).with_commit(14.5)
    assert (seen.sent, seen.failed, seen.longest, seen.longest_at) == (4, 1, 2.5, 11.0)
    cut = seen.with_lost().with_commit(99.0)
    assert (cut.longest, cut.lost) == (2.5, 1)


def test_the_board_shows_them_below_the_visits() -> None:
    intent = Intent(CLUSTER, "c", PATCH, options={"nodes": ["node2"]})
    state = RunState(Path("x"), intent, 1.0, (Note(2.0, "node2", "lists", "have node2 fetch them"),))
    writes = Writes(1.0).with_commit(2.0).with_failure("it is read-only", 3.0)
    lines = panel(state, 120, 9, 4.0, writes=writes)
    assert "1 of 2 writes failed, the last one at" in lines[1].text
    assert len(panel(state, 120, 5, 4.0, writes=writes)) <= 5


def test_grants_are_for_that_one_table() -> None:
    login = Mysql("beat")
    for statement, needs in (
        ("INSERT INTO a.b VALUES (1)", "INSERT"),
        ("REPLACE INTO a.b VALUES (1)", "INSERT, DELETE"),
        ("UPDATE a.b SET n = n + 1", "SELECT, UPDATE"),
        ("INSERT INTO a.b VALUES (1) ON DUPLICATE KEY UPDATE n = n + 1", "SELECT, INSERT, UPDATE"),
    ):
        cluster = replace(CLUSTER, patch=Patch(write=Write(login, "a.b", statement)))
        lines = [line for line in statements(cluster) if "'beat'" in line]
        assert lines[1::2] == [f"GRANT {needs} ON a.b TO 'beat'@'{host}';" for host in ("localhost", "127.0.0.1")]


GOOD = """
[cluster.web1.mysql]
user = "ops"
port = 3307
[cluster.web1.patch.write]
user = "beat"
table = "a.b"
statement = "INSERT INTO a.b VALUES (1)"
"""


def test_it_is_read_from_the_inventory(tmp_path: Path) -> None:
    (cluster,) = load(written(tmp_path, SMALL + GOOD)).clusters
    assert cluster.patch.write == Write(Mysql("beat", port=3307), "a.b", "INSERT INTO a.b VALUES (1)")
    (cluster,) = load(written(tmp_path, f'{SMALL}{GOOD}host = "::1"\n')).clusters
    assert cluster.patch.write
    assert cluster.patch.write.login == Mysql("beat", host="::1"), "an address of its own"


@pytest.mark.parametrize(("was", "becomes", "says"), [
    ("INSERT INTO a.b VALUES (1)", "DELETE FROM a.b", "is not one INSERT, REPLACE or UPDATE on one line"),
    ("INSERT INTO a.b VALUES (1)", "INSERT INTO a.b VALUES (1); DROP TABLE a.b", "without a semicolon"),
    ("INSERT INTO a.b VALUES (1)", "INSERT INTO a.bc VALUES (1)", "does not name a.b, the table that it writes to"),
    ('"a.b"', '"b"', "is not written as DATABASE.TABLE"),
    ('"beat"', '"ops"', "is the account of [mysql]"),
    ("user = \"beat\"", "password = \"x\"", "a secret doesn't belong in this file"),
])  # fmt: skip
def test_a_fault_in_it_is_said(tmp_path: Path, was: str, becomes: str, says: str) -> None:
    assert says in fault(written(tmp_path, SMALL + GOOD.replace(was, becomes, 1)))


def test_without_mysql_there_is_no_writer(tmp_path: Path) -> None:
    text = SMALL + GOOD[GOOD.index("[cluster.web1.patch") :]
    with pytest.raises(InventoryError, match="has no MySQL to write to"):
        load(written(tmp_path, text))


def test_commits_of_a_resumed_run_are_added_up() -> None:
    from tests.commands.test_report import patched

    record = patched(4, 90.0)
    entry = record.entries[-2]
    counts = [
        {"since": since, "sent": 10, "failed": 1, "longest": since, "longest_at": 5.0} for since in (1.0, 1.0, 3.0)
    ]
    more = tuple(entry._replace(facts={**entry.facts, "writes": one}) for one in counts)
    run = story("shop", record._replace(entries=(*record.entries, *more)))
    assert run.commits == Commits(20, 2, 3.0, 5.0)
