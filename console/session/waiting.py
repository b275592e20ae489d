"""The time for which a step is waited for: it runs only while nothing moves."""

import time

from console.operations.procedures.steps import Progress

OWN_WAY = 60.0
"""Seconds to wait for machines that do not answer just after roles have moved: our own way may lead through them."""


class Waiting:
    """One wait, from the moment at which it is made."""

    def __init__(self) -> None:
        self._began = self._moved = time.monotonic()
        self._least: float | None = None
        self._unseen = False

    @property
    def lasted(self) -> float:
        """Seconds."""
        return time.monotonic() - self._began

    def look(self, progress: Progress, paused: bool) -> None:
        """Note what has moved since the last look. `paused`: nothing can be told just now."""
        less = progress.left is not None and (self._least is None or progress.left < self._least)
        seen_again = self._unseen and not progress.unseen and self.lasted < OWN_WAY
        if less:
            self._least = progress.left
        if paused or less or seen_again:
            self._moved = time.monotonic()
        self._unseen = progress.unseen

    def over(self, limit: float) -> bool:
        """Nothing has moved for so many seconds."""
        return time.monotonic() - self._moved > (max(limit, OWN_WAY) if self._unseen else limit)
