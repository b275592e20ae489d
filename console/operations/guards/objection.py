"""An objection to an operation, and how to overcome it."""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from console.operations.effects import Effects
from console.probes.snapshot import Known, Reading, Snapshot
from console.text import clock


class Override(Enum):
    """The act by which a person can overcome an objection."""

    NEVER = "never"
    CONFIRM = "confirm"
    """Say yes to the sentence."""
    NAME_AND_REASON = "name and reason"
    """Type the node's name and why."""


About = tuple[str, str, str]
_FIGURES = re.compile(r"\b[0-9]+")


class Objection(NamedTuple):
    """A reason against an operation: the facts, on which machine, how old if that is long, and the way to clear it."""

    machine: str
    saw: str
    clears: str
    override: Override
    at: float = 0.0
    """Time of the reading, from `read_at`; 0: just now, or `saw` itself tells since when."""
    happening: float = 0.0
    """Time of an event that it is about: the next one of its kind is another objection."""

    @property
    def sentence(self) -> str:
        """The one sentence that screen, command line and journal show."""
        read = f" (read at {clock(self.at)})" if self.at else ""
        return f"{self.saw}{read}. {self.clears}."

    @property
    def about(self) -> About:
        """Identity of an objection, without figures that change."""
        happening = f" ({self.happening:.0f})" if self.happening else ""
        return self.machine, _FIGURES.sub("", self.saw.partition(": ")[0]), self.clears + happening


def read_at(snapshot: Snapshot, *readings: Reading[Any]) -> float:
    """Time of the oldest of these readings, if the machines have answered something since, two rounds of Gluster's
    questions later: config.xml is asked for seldom, and a busy Gluster tells nothing anew. Else 0."""
    looks = [view.pools for view in snapshot.firewalls] + [view.host for view in snapshot.nodes]
    latest = max((look.at for look in looks if isinstance(look, Known)), default=0.0)
    oldest = min((one.at for one in readings if isinstance(one, Known)), default=latest)
    return oldest if latest - oldest > 2 * snapshot.cluster.timings.storage else 0.0


Guard = Callable[[Snapshot, Effects, str], Iterator[Objection]]
