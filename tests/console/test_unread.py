"""Rows that can't be read are said, and nothing is told as bad for them."""

from console.health import findings
from console.probes.ask import Ran
from console.probes.snapshot import QUESTIONS, Known, Snapshot
from console.probes.storage import mounts
from tests.console.telling import alter, put

MAY_BE_UNREAD = {
    *("carp", "saved", "box", "services", "devices", "updates", "mounts", "galera", "writer", "apache"),
    *("state", "split_brain", "options"),
}
"""Questions whose answers have rows of which one may be odd."""


def test_a_mount_that_may_be_the_odd_one_is_not_told_as_missing(fine: Snapshot) -> None:
    odd = mounts.parse((Ran(0, "? localhost:/www /var/www\nlisted localhost:/www /var/www rw\nend\n", ""),), None)
    told = {one.kind.value for one in findings(put(fine, "nodes", "node1", mounts=Known(odd, 1.0)))}
    assert "mounts-unknown" in told
    assert "mount-missing" not in told


def test_whatever_of_a_reading_is_unread_is_a_finding(fine: Snapshot) -> None:
    """For each question whose value may hold it; pools and config.xml have findings of their own."""
    found = set[str]()
    for question in QUESTIONS:
        for view in getattr(fine, question.subject.value):
            reading = getattr(view, question.field)
            if not (isinstance(reading, Known) and hasattr(reading.value, "unread")):
                continue
            seen = alter(fine, question.subject.value, view.name, question.field, unread=("a row that is odd",))
            told = [one.message for one in findings(seen)]
            assert any("in part" in says and "a row that is odd" in says for says in told), (question.field, told)
            found.add(question.field)
    assert found == MAY_BE_UNREAD
