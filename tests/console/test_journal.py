"""The journal is read as often as anybody looks, and a run's file only when it has changed."""

from pathlib import Path

from console.session.history import Reader
from console.session.journal import Journal
from console.session.session import Session
from tests.ui.conftest import nobody


def test_a_run_is_read_again_only_when_its_file_has_changed(tmp_path: Path) -> None:
    ours, theirs = Journal(tmp_path), Journal(tmp_path)
    one, two = theirs.open("node1", "drain"), theirs.open("node2", "drain")
    first, second = ours.records()
    assert (first.path, second.path) == (one.path, two.path)
    theirs.write(one, "closed", outcome="done")
    changed, same = ours.records()
    assert changed.outcome == "done"
    assert same is second
    assert ours.open_runs() == (second,)
    assert ours.taken_out("node1") is changed
    one.path.unlink()
    assert ours.records() == (second,)


async def test_a_look_at_the_past_is_one_reading() -> None:
    session = Session(nobody())
    open_run = session.journal.open("node1", "drain")
    ended = session.journal.open("node2", "remove")
    session.journal.write(ended, "closed", outcome="done")
    past = Reader(session.cluster, session.journal).look(100.0, None)
    assert [record.path for record in past.open] == [open_run.path]
    assert {node: record.path for node, record in past.out.items()} == {"node1": open_run.path, "node2": ended.path}
    assert past.open[0] is past.out["node1"]
    await session.close()
