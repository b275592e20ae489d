"""The question of identity: the wire has asked it on the connection, see `console.probes.hosts.identity`."""

from console.probes.ask import Answer, Identify, Identity, Unreadable
from console.probes.hosts.identity import question
from console.probes.question import Cadence, Question, Subject


def parse(answers: tuple[Answer, ...], _before: Identity | None) -> Identity:
    """Pass on the identity that the wire has read."""
    if not isinstance(answers[0], Identity):
        raise Unreadable("not an identity")
    return answers[0]


def _question(subject: Subject, whose: str) -> Question[Identity]:
    return Question(
        field="identity",
        title=f"identity of the {whose}",
        subject=subject,
        cadence=Cadence.FAST,
        asks=lambda cluster, name: (Identify(question(cluster.machine(name))),),
        parse=parse,
    )


FIREWALL_IDENTITY = _question(Subject.FIREWALL, "firewall")
NODE_IDENTITY = _question(Subject.NODE, "node")
