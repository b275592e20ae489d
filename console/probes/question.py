"""A question to a machine, as a value: whom to ask, how often, what to send, how to read the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from console.inventory.cluster import Cluster
from console.probes.ask import Ask

T = TypeVar("T")


class Subject(Enum):
    """The kind of thing whose reading the answer becomes."""

    FIREWALL = "firewalls"
    NODE = "nodes"
    VOLUME = "volumes"
    """A Gluster volume is asked about through one node, whichever answers: two commands at once
    about one volume are refused."""
    DATABASE = "databases"
    """State that all Galera members share, asked about through one node that is Synced."""
    VIP = "vips"


class Cadence(Enum):
    """The pace of a question, by the name of the field of `Timings` that holds the seconds."""

    FAST = "poll"
    STORAGE = "storage"
    SLOW = "slow"
    SELDOM = "seldom"


@dataclass(frozen=True)
class Question(Generic[T]):
    """`asks` makes what to send from the inventory (the subject's name selects within it); `parse` reads it.

    `parse` gets the answers in the order of the asks, and the value it gave last time or None, so that it can turn
    totals into rates. It raises Unreadable, and nothing else, when an answer is not what the question asked for.
    """

    field: str
    """Name of the reading in the subject's view, and in JSON."""
    title: str
    """Its subject in the field's words: a heading on the screen, a line of `drainboard check`, and its name in every
    message."""
    subject: Subject
    cadence: Cadence
    asks: Callable[[Cluster, str], tuple[Ask, ...]]
    parse: Callable[[tuple[Any, ...], T | None], T]
    parse_for: Callable[[Cluster], Callable[[tuple[Any, ...], T | None], T]] | None = None
    """Replaces `parse` where the inventory says how an answer is to be read."""
    searches: bool = False
    """Reading even a small answer takes time: a thread reads it then, so that meanwhile every key is heard."""
    apart: bool = False
    """It is a batch of its own, beside the subject's others: it may hang, or take long, and delays none of them."""
    remedy: str = "docs/preparing.md says what it needs"
    """The remedy for an answer that can't be read. Empty: its reasons end with one themselves."""
    settled: Callable[[T], bool] | None = None
    """For a state that many machines share: True if no other machine need be asked as well. None: none ever need be."""
    privileges: tuple[str, ...] | None = None
    """MySQL's on *.*, the least that its statements need (SHOW GLOBAL STATUS and VARIABLES: none). None: it holds no
    statement."""

    def read(self, cluster: Cluster, answers: tuple[Any, ...], before: T | None) -> T:
        """Raises Unreadable."""
        parse = self.parse_for(cluster) if self.parse_for else self.parse
        return parse(answers, before)
