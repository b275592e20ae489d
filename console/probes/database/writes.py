"""A write that MySQL's writer gets once a second while a run is at work: the commits, and the gaps between them."""

from dataclasses import dataclass, replace

from console.text import clock

EVERY = 1.0
"""Seconds between two writes, at least."""


@dataclass(frozen=True)
class Writes:
    """Writes of a run so far. Times are Unix times."""

    since: float
    sent: int = 0
    failed: int = 0
    lost: int = 0
    """Not judged: this computer reached nobody just then."""
    last: float = 0.0
    """End of the last one that was committed; 0 before the first one, and after one that was lost."""
    longest: float = 0.0
    """Seconds between two commits."""
    longest_at: float = 0.0
    failure: str = ""
    """The last one that failed, in a sentence."""
    failed_at: float = 0.0
    failing: bool = False
    """The newest one that was judged has failed."""

    def with_commit(self, at: float) -> "Writes":
        """One more that was committed."""
        gap = at - self.last if self.last else 0.0
        longer = {"longest": gap, "longest_at": self.last} if gap > self.longest else {}
        return replace(self, sent=self.sent + 1, last=at, failing=False, **longer)

    def with_failure(self, why: str, at: float) -> "Writes":
        """One more that failed."""
        return replace(self, sent=self.sent + 1, failed=self.failed + 1, failure=why, failed_at=at, failing=True)

    def with_lost(self) -> "Writes":
        """One more that tells nothing of MySQL: no gap is known around it."""
        return replace(self, sent=self.sent + 1, lost=self.lost + 1, last=0.0)

    @property
    def sentence(self) -> str:
        """0 of 812 writes failed; longest gap between two commits 1.4 s, at 14:03:11."""
        told = f"{self.failed:,} of {self.sent - self.lost:,} writes failed"
        why = f", the last one at {clock(self.failed_at)} ({self.failure})" if self.failed else ""
        gap = f"; longest gap between two commits {self.longest:.1f} s, at {clock(self.longest_at)}"
        return f"{told}{why}{gap if self.longest else ''}"
