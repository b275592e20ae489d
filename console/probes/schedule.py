"""The schedule of a cluster: every question with its subject, and the batches in which they travel. Pure."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from console.inventory.cluster import Cluster
from console.probes.ask import Ask, Identify, Run
from console.probes.question import Cadence, Question, Subject
from console.probes.snapshot import QUESTIONS, Cause, Snapshot, Unknown, reading_of


class Batch(NamedTuple):
    """Questions about one subject that are asked together: those of the shell in one script, every other by itself."""

    subject: Subject
    name: str
    cadence: Cadence
    questions: tuple[Question[Any], ...]


def batches(cluster: Cluster) -> tuple[Batch, ...]:
    """All batches of a cluster. A question that sends nothing (no MySQL, no URL) is in none."""
    names = {
        Subject.FIREWALL: [firewall.name for firewall in cluster.firewalls],
        Subject.NODE: [node.name for node in cluster.nodes],
        Subject.VOLUME: list(cluster.volumes),
        Subject.DATABASE: list(cluster.databases),
        Subject.VIP: [vip.name for vip in cluster.vips],
    }
    found: dict[tuple[Any, ...], Batch] = {}
    for question in QUESTIONS:
        for name in names[question.subject]:
            asks = question.asks(cluster, name)
            if not asks:
                continue
            together = all(isinstance(ask, Run | Identify) for ask in asks) and not question.apart
            key = (question.subject, name, question.cadence, "" if together else question.field)
            before = found[key].questions if key in found else ()
            found[key] = Batch(question.subject, name, question.cadence, (*before, question))
    return tuple(found.values())


def asked(cluster: Cluster) -> Iterator[tuple[Question[Any], str]]:
    """Every question that sends something, with what it is about."""
    for one in batches(cluster):
        for question in one.questions:
            yield question, one.name


def about(cluster: Cluster, subject: Subject, name: str) -> tuple[Question[Any], ...]:
    """Every question about one machine, volume, database or VIP."""
    return tuple(question for question, one in asked(cluster) if question.subject is subject and one == name)


def questions_of(cluster: Cluster) -> frozenset[Ask]:
    """Everything that may leave in read-only mode."""
    return frozenset(ask for question, name in asked(cluster) for ask in question.asks(cluster, name))


Wanted = Callable[[Question[Any], str], bool]
"""True for a question about a subject whose answer is waited for."""


def unasked(snapshot: Snapshot, wanted: Wanted = lambda _question, _name: True) -> bool:
    """Some question still waits for its first answer or error."""
    return any(
        isinstance(reading := reading_of(snapshot, question, name), Unknown)
        and reading.cause is Cause.NOT_ASKED
        and wanted(question, name)
        for question, name in asked(snapshot.cluster)
    )
