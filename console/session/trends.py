"""The figures of the last hours, node by node: in memory only, and bounded. A time without a reading stays empty."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from console.health.facts.bricks import brick_of
from console.health.facts.membership import sessions_of
from console.probes.snapshot import Known, Reading, Snapshot

STEP = 10.0
"""Seconds of one value: the highest of them, for a peak is what is looked for."""
KEPT = 1440
"""Values of each figure: four hours."""

Values = tuple[float | None, ...]
"""Oldest first; None where nothing was known."""


Figure = Callable[[Snapshot, str], float | None]


def _read(field: str, name: str) -> Figure:
    """A figure of one reading of a node."""

    def figure(picture: Snapshot, node: str) -> float | None:
        reading: Reading[Any] = getattr(picture.node(node), field)
        return getattr(reading.value, name) if isinstance(reading, Known) else None

    return figure


def _heal(picture: Snapshot, node: str) -> float | None:
    """Entries on the worst of its bricks; None where some are not counted."""
    bricks = [brick_of(picture, view, node) for view in picture.volumes if isinstance(view.state, Known)]
    known = [brick.pending for brick in bricks if brick is not None and brick.pending is not None]
    return max(known) if known and len(known) == len(picture.volumes) else None


def _sessions(picture: Snapshot, node: str) -> float | None:
    counts = sessions_of(picture, node)
    return sum(one or 0 for one in counts) if counts and None not in counts else None


FIGURES: Mapping[str, Figure] = {
    "req/s": _read("apache", "requests_per_second"),
    "busy": _read("apache", "busy"),
    "commits": _read("galera", "commits_per_second"),
    "queue": _read("galera", "recv_queue"),
    "heal": _heal,
    "load": _read("host", "load"),
    "sess": _sessions,
}


class Trend(NamedTuple):
    """The figures of one node."""

    end: float = 0.0
    """The moment of the newest values' end."""
    figures: Mapping[str, Values] = {}


class Trends:
    """Collects the figures of a cluster. `kept` is replaced at the end of each step."""

    def __init__(self, nodes: tuple[str, ...]) -> None:
        self._values = {node: {name: deque[float | None](maxlen=KEPT) for name in FIGURES} for node in nodes}
        self._now: dict[tuple[str, str], float] = {}
        self._end = 0.0
        self.kept: Mapping[str, Trend] = {}

    def look(self, picture: Snapshot, now: float) -> None:
        """Take in one picture."""
        if not self._end:
            self._end = now + STEP
        if now >= self._end:
            self._close(now)
        for node in self._values:
            for name, figure in FIGURES.items():
                value = figure(picture, node)
                if value is not None:
                    self._now[node, name] = max(value, self._now.get((node, name), value))

    def _close(self, now: float) -> None:
        """End the step, and those in which nothing was seen at all."""
        gone = min(KEPT, int((now - self._end) // STEP))
        for node, figures in self._values.items():
            for name, values in figures.items():
                values.append(self._now.get((node, name)))
                values.extend([None] * gone)
        self._now.clear()
        self._end += (gone + 1) * STEP
        end = self._end - STEP
        self.kept = {
            node: Trend(end, {name: tuple(values) for name, values in figures.items()})
            for node, figures in self._values.items()
        }
