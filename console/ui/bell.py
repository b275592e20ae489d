"""The terminal's bell and title: they tell of what is worse to somebody who looks elsewhere."""

import time
from collections.abc import Iterable

from console.session.handle import SessionHandle
from console.text import printable
from console.words import words

MORNING = 7
"""The hour until which bell and notify are kept quiet."""
SAVE, RESTORE = "\x1b[22;2t", "\x1b[23;2t"
"""The terminal's own title, put away and fetched again."""


def morning(now: float) -> float:
    """The next seven o'clock, in local time."""
    day = time.localtime(now)
    at = (MORNING, 0, 0, 0, 0, -1)
    today = time.mktime((*day[:3], *at))
    return today if today > now else time.mktime((day[0], day[1], day[2] + 1, *at))


def title(sessions: Iterable[SessionHandle]) -> str:
    """The newest alert of each cluster that has any, or the program's name."""
    worse = [
        session.state.alerts[-1] for session in sessions if session.state.alerts and session.state.alerts[-1].worse
    ]
    told = " ".join(f"{words.BAD} {one.cluster} {one.what.partition(':')[0]}" for one in worse)
    return printable(f"{told} drainboard".strip())


def as_title(text: str) -> str:
    """The sequence that sets a terminal's title."""
    return f"\x1b]2;{text}\x07"


class Bell:
    """The alerts that have been rung for."""

    def __init__(self) -> None:
        self._rung: dict[str, float] = {}
        self.title = ""

    def rings(self, sessions: Iterable[SessionHandle]) -> bool:
        """True if something is worse than at the last call."""
        rings = False
        for session in sessions:
            newest = max((one.at for one in session.state.alerts if one.worse), default=0.0)
            quiet = session.state.muted > time.time()
            rings |= not quiet and newest > self._rung.get(session.cluster.name, 0.0)
            self._rung[session.cluster.name] = newest
        return rings
