"""A cluster in one row: looked at when its row is shown, when its events have moved on, or now and then."""

import time
from typing import NamedTuple

from console.health import Condition, Level, Verdict, findings, site
from console.health.facts.membership import Place, master, place
from console.health.verdicts import judged as judge
from console.inventory.cluster import Cluster
from console.operations.may_go import one_line
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.session.handle import SessionHandle
from console.words import words
from console.words.words import Word

FRESH = 0.9
"""Seconds after which a row that is shown is looked at again."""


class FleetRow(NamedTuple):
    """The fleet's view of one cluster."""

    name: str
    word: Word
    message: str
    level: Level
    may_go: str
    master: Word
    nodes: tuple[Word, ...]
    """A mark for each node."""
    open: int
    """Runs left open."""
    running: bool
    at: float
    """Unix time of the oldest of the machines' last answers; 0: not every machine has answered."""

    @property
    def text(self) -> str:
        """The text that a filter searches."""
        return f"{self.name} {self.word.word} {self.message} {self.may_go} {'open' * bool(self.open)}".lower()


class FleetRowCache:
    """Holds the newest row of one cluster."""

    def __init__(self, session: SessionHandle) -> None:
        self._session = session
        self.last = unlooked(session.cluster)
        self._looked = 0.0
        self._event: object = None
        self._seen: tuple[Snapshot, int, bool] | None = None
        """Everything that the last row was made of: while no answer comes it stays true."""

    def fresh(self) -> FleetRow:
        """The row, at most a second old, for the screen."""
        return self.last if time.monotonic() - self._looked < FRESH else self.look()

    def due(self, patience: float) -> bool:
        """A hidden row wants a new look: something has been noted, or the last look is long ago."""
        return self._newest() is not self._event or time.monotonic() - self._looked > patience

    def _newest(self) -> object:
        events = self._session.state.events
        return events[-1] if events else None

    def look(self) -> FleetRow:
        """Look now."""
        self._looked, self._event = time.monotonic(), self._newest()
        session = self._session
        at_work = bool(session.running or session.state.history.elsewhere)
        seen = (session.picture, len(session.open), at_work)
        if self._seen is None or seen[0] is not self._seen[0] or seen[1:] != self._seen[1:]:
            self._seen, self.last = seen, fleet_row(*seen)
        return self.last


def unlooked(cluster: Cluster) -> FleetRow:
    """The row before the first look, which costs a thousandth of a second: a hundred of them would delay the first
    paint."""
    word = Word(words.ASKING, "ASKING", "unknown")
    marks = tuple(Word(words.ASKING, "", "dim") for _ in cluster.nodes)
    return FleetRow(cluster.name, word, "", Level.UNKNOWN, "", words.NOTHING, marks, 0, False, 0.0)


def fleet_row(picture: Snapshot, opened: int, running: bool) -> FleetRow:
    """Make the row from a picture."""
    found = findings(picture)
    judged, state = judge(picture, found), site(picture, found)
    asking = all(isinstance(view.host, Unknown) and view.host.cause is Cause.NOT_ASKED for view in picture.nodes)
    ill = state.condition in (Condition.HURT, Condition.DOWN)
    word = words.site_state(state.condition) if ill else words.verdict(judged.cluster.level)
    if asking:
        word = Word(words.ASKING, "ASKING", "unknown")
    looks = [view.carp for view in picture.firewalls] + [view.host for view in picture.nodes]
    known = [reading.at for reading in looks if isinstance(reading, Known)]
    lead = master(picture)
    return FleetRow(
        name=picture.cluster.name,
        word=word,
        message="every machine, for the first time" if asking else judged.cluster.message,
        level=Level.UNKNOWN if asking else judged.cluster.level,
        may_go="" if asking else one_line(picture),
        master=Word("", lead, "text") if lead else Word(words.UNKNOWN, "none", "unknown"),
        nodes=tuple(_mark(picture, view.name, judged.machines[view.name]) for view in picture.nodes),
        open=opened,
        running=running,
        at=min(known) if len(known) == len(looks) else 0.0,
    )


def _mark(picture: Snapshot, node: str, verdict: Verdict) -> Word:
    """Out by a person comes before what is wrong: it explains it."""
    if isinstance(picture.node(node).host, Unknown):
        return words.unknown(picture.node(node).host)._replace(word="")  # pyright: ignore[reportArgumentType]
    if place(picture, node) is Place.OUT:
        return Word(words.OUT, "", "note")
    return words.finding(verdict.level)
