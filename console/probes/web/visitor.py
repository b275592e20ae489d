"""A visitor who comes all the time while a run is at work: every address of the site, in turn."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from console.inventory.cluster import Cluster
from console.probes.ask import Get, Page, WireError
from console.probes.parsing import serves
from console.probes.web.apache import own_site
from console.probes.web.vip import get_of
from console.text import clock, counted, plain_text

SLOW = 1.0
"""Seconds from which on a visit is slow."""


@dataclass(frozen=True)
class Times:
    """Visits that were served, and the seconds that they took."""

    served: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    slow: int = 0

    def with_one(self, seconds: float) -> "Times":
        """One more."""
        longest, slow = max(self.longest, seconds), self.slow + (seconds > SLOW)
        return Times(self.served + 1, self.seconds + seconds, longest, slow)

    def __add__(self, other: "Times") -> "Times":
        longest, slow = max(self.longest, other.longest), self.slow + other.slow
        return Times(self.served + other.served, self.seconds + other.seconds, longest, slow)

    @property
    def average(self) -> float:
        """0 where none was served."""
        return self.seconds / self.served if self.served else 0.0


class When(Enum):
    """The time of a visit, by the machines of the run."""

    BEFORE = "before"
    DURING = "during"
    """One of them is out."""
    AFTER = "after"
    """None is, and one was: also between two."""


@dataclass(frozen=True)
class Visits:
    """Visits of a run so far."""

    since: float
    """Unix time of the first one."""
    sent: int = 0
    failed: int = 0
    retried: int = 0
    """Failed while the roles of CARP moved, and served at once on a new connection: none of those that failed."""
    lost: int = 0
    """Not judged: this computer reached nobody just then."""
    before: Times = Times()
    during: Times = Times()
    after: Times = Times()
    failure: str = ""
    """The last one that failed, in a sentence."""
    failed_at: float = 0.0
    cut_at: float = 0.0
    """Unix time of the last one that was lost."""
    heard_at: float = 0.0
    """Unix time of the last one that was judged."""

    def with_answer(self, answer: Page | WireError, url: str, at: float, when: When = When.BEFORE) -> "Visits":
        """One more visit, begun at a Unix time."""
        one_more = replace(self, sent=self.sent + 1, heard_at=max(self.heard_at, at))
        if isinstance(answer, Page) and served(answer):
            times: Times = getattr(self, when.value)
            more: dict[str, Any] = {when.value: times.with_one(answer.seconds)}
            return replace(one_more, **more)
        why = f"{plain_text(url, 120)} answered {answer.status}" if isinstance(answer, Page) else str(answer)
        return replace(one_more, failed=self.failed + 1, failure=why, failed_at=at)

    def with_retried(self, at: float) -> "Visits":
        """One more that a move of the roles broke, and the next connection served."""
        return replace(self, sent=self.sent + 1, retried=self.retried + 1, heard_at=max(self.heard_at, at))

    def with_lost(self, at: float) -> "Visits":
        """One more that tells nothing of the site."""
        return replace(self, sent=self.sent + 1, lost=self.lost + 1, cut_at=max(self.cut_at, at))

    @property
    def latency(self) -> str:
        """84 ms on average, 310 ms at most; "" before a visit was served."""
        every = self.before + self.during + self.after
        if not every.served:
            return ""
        told = f"{1000 * every.average:.0f} ms on average, {1000 * every.longest:.0f} ms at most"
        parts = ((self.before, "before"), (self.during, "while one was out"), (self.after, "after"))
        each = [f"{1000 * times.average:.0f} {name}" for times, name in parts if times.served]
        return f"{told} ({', '.join(each)})" if len(each) > 1 else told

    @property
    def slow(self) -> int:
        """Visits that were served, and took long."""
        return (self.before + self.during + self.after).slow

    @property
    def line_cut(self) -> bool:
        """The newest visit was lost: this computer reaches nobody."""
        return self.cut_at > self.heard_at

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
    more = (Get(url, via=cluster.patch.via) for url in cluster.patch.visit)
    return tuple(dict.fromkeys(get for get in (*vips, *more) if get is not None))


def own_sites(cluster: Cluster) -> tuple[Get, ...]:
    """Each node's own site, past the load balancer."""
    return tuple(get for node in cluster.nodes for get in own_site(cluster, node.name))
