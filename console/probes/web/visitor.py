"""A visitor who comes all the time while a run is at work: every address of the site, in turn."""

from dataclasses import dataclass, replace

from console.inventory.cluster import Cluster
from console.probes.ask import Get, Page, WireError
from console.probes.parsing import serves
from console.probes.web.vip import get_of
from console.text import clock, counted, plain_text

SLOW = 1.0
"""Seconds from which on a visit is slow."""


@dataclass(frozen=True)
class Visits:
    """Visits of a run so far. Seconds are of those that were served."""

    since: float
    """Unix time of the first one."""
    sent: int = 0
    failed: int = 0
    retried: int = 0
    """Failed while the roles of CARP moved, and served at once on a new connection: none of those that failed."""
    lost: int = 0
    """Not judged: this computer reached nobody just then."""
    slow: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    failure: str = ""
    """The last one that failed, in a sentence."""
    failed_at: float = 0.0
    cut_at: float = 0.0
    """Unix time of the last one that was lost."""

    def with_answer(self, answer: Page | WireError, url: str, at: float) -> "Visits":
        """One more visit, begun at a Unix time."""
        if isinstance(answer, Page) and served(answer):
            return replace(
                self,
                sent=self.sent + 1,
                slow=self.slow + (answer.seconds > SLOW),
                seconds=self.seconds + answer.seconds,
                longest=max(self.longest, answer.seconds),
            )
        why = f"{plain_text(url, 120)} answered {answer.status}" if isinstance(answer, Page) else str(answer)
        return replace(self, sent=self.sent + 1, failed=self.failed + 1, failure=why, failed_at=at)

    def with_retried(self) -> "Visits":
        """One more that a move of the roles broke, and the next connection served."""
        return replace(self, sent=self.sent + 1, retried=self.retried + 1)

    def with_lost(self, at: float) -> "Visits":
        """One more that tells nothing of the site."""
        return replace(self, sent=self.sent + 1, lost=self.lost + 1, cut_at=at)

    @property
    def latency(self) -> str:
        """84 ms on average, 310 ms at most; "" before a visit was served."""
        served = self.sent - self.failed - self.retried - self.lost
        if not served:
            return ""
        return f"{1000 * self.seconds / served:.0f} ms on average, {1000 * self.longest:.0f} ms at most"

    @property
    def sentence(self) -> str:
        """0 of 12,408 visits failed since 14:02:11."""
        told = f"{self.failed:,} of {self.sent - self.lost:,} visits failed since {clock(self.since)}"
        slow = f"; {self.slow:,} took over {SLOW:g} s" if self.slow else ""
        lost = f"; {counted(self.lost, 'visit')} more did not leave this computer" if self.lost else ""
        again = f"; {self.retried:,} served at the second try, as the roles moved" if self.retried else ""
        return f"{told}{again}{slow}{lost}"


def served(answer: Page | WireError) -> bool:
    """A page came, and it is no error."""
    return isinstance(answer, Page) and serves(answer.status)


def visited(cluster: Cluster) -> tuple[Get, ...]:
    """Every address of the site: those of the VIPs, then those of [patch]."""
    vips = (get_of(vip) for vip in cluster.vips)
    more = (Get(url) for url in cluster.patch.visit)
    return tuple(dict.fromkeys(get for get in (*vips, *more) if get is not None))
