"""Sections of a detail screen: the readings of one subject, each with its source, its age, and its value."""

import re
from dataclasses import dataclass
from typing import Any

from console.health.facts.bricks import brick_of
from console.health.facts.membership import membership
from console.inventory.cluster import Cluster
from console.probes.ask import Ask, Get, Identify, Query, Run, command
from console.probes.firewalls.config import CONFIG
from console.probes.pools.balancer import POOLS
from console.probes.question import Cadence, Question, Subject
from console.probes.snapshot import QUESTIONS, Known, Reading, Snapshot, reading_of
from console.probes.storage.gluster import STORAGE
from console.ui.detail.labels import LABELS
from console.ui.detail.shapes import Row, item, rows
from console.words.words import Word

NOWHERE = Word("", "in no pool here", "dim")


@dataclass(frozen=True)
class Ref:
    """Something that has a detail screen. `key` is its name, with its kind before it where it is no machine."""

    subject: Subject
    name: str

    @property
    def key(self) -> str:
        """One name may be a volume's and an address's."""
        machine = self.subject in (Subject.FIREWALL, Subject.NODE)
        return self.name if machine else f"{self.subject.value}/{self.name}"

    @property
    def title(self) -> str:
        """The name, with its kind where the name does not tell."""
        kinds = {Subject.VOLUME: "volume ", Subject.VIP: "VIP ", Subject.DATABASE: "database "}
        return kinds.get(self.subject, "") + self.name


def subjects(cluster: Cluster) -> tuple[Ref, ...]:
    """Everything that has a detail screen, in the order of the screen."""
    return (
        *(Ref(Subject.FIREWALL, one.name) for one in cluster.firewalls),
        *(Ref(Subject.NODE, one.name) for one in cluster.nodes),
        *(Ref(Subject.VOLUME, name) for name in cluster.volumes),
        *(Ref(Subject.DATABASE, name) for name in cluster.databases),
        *(Ref(Subject.VIP, one.name) for one in cluster.vips),
    )


@dataclass(frozen=True)
class Section:
    """One reading. `only`: of its value just these rows; None: everything."""

    question: Question[Any]
    name: str
    title: str
    reading: Reading[Any]
    only: tuple[Row, ...] | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        """Everything it says; nothing while it is not known."""
        if not isinstance(self.reading, Known):
            return ()
        return rows(self.reading.value, LABELS) if self.only is None else self.only


def sections(picture: Snapshot, ref: Ref) -> tuple[Section, ...]:
    """The subject's own readings; before them, for a node, what the firewalls and volumes know of it."""
    own = [
        Section(question, ref.name, question.title, reading_of(picture, question, ref.name))
        for question in QUESTIONS
        if question.subject is ref.subject and question.asks(picture.cluster, ref.name)
    ]
    if ref.subject is Subject.NODE:
        return (*_pools(picture, ref.name), *own, *_bricks(picture, ref.name))
    return tuple(own)


def _pools(picture: Snapshot, node: str) -> list[Section]:
    """Each firewall's pools, as far as this node is in them."""
    found: list[Section] = []
    for view in picture.firewalls:
        mine = membership(picture, view.name, node)
        for question, servers in ((POOLS, mine.runtime), (CONFIG, mine.configured)):
            said = tuple(item(one, LABELS) for one in servers or ())
            only = (Row("server", said or (NOWHERE,)),)
            title = f"{view.name}: {question.title}"
            found.append(Section(question, view.name, title, getattr(view, question.field), only))
    return found


def _bricks(picture: Snapshot, node: str) -> list[Section]:
    """Each volume, as far as this node's brick goes."""
    found: list[Section] = []
    for view in picture.volumes:
        brick = brick_of(picture, view, node)
        only = (Row("brick", (item(brick, LABELS) if brick else NOWHERE._replace(word="no brick here"),)),)
        found.append(Section(STORAGE, view.name, f"{STORAGE.title} {view.name}", view.state, only))
    return found


def source(ask: Ask, machine: str, sudo: bool) -> str:
    """The ask in the form in which it leaves."""
    match ask:
        case Identify():
            return source(ask.run, machine, sudo)
        case Run():
            return f"{machine}: {re.sub(' </dev/null$', '', command(ask, 'END', sudo))}"
        case Query():
            return f"{machine}, MySQL: {ask.sql}"
        case Get():
            host = f", Host: {ask.host}" if ask.host else ""
            to = f", to {ask.connect_to[0]}:{ask.connect_to[1]}" if ask.connect_to else ""
            return f"{ask.via or 'this console'}: GET {ask.url}{host}{to}"


def interval(cluster: Cluster, cadence: Cadence) -> float:
    """Seconds between two looks."""
    return float(getattr(cluster.timings, cadence.value))
