"""What a question to a machine is: a value that says whom to ask, how often, what to send and how to read the answer."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from console.asks import Answer, Ask, Ran, Rows, Unreadable
from console.inventory import Cluster

T = TypeVar("T")


class Subject(Enum):
    """Whose reading the answer becomes."""

    FIREWALL = "firewalls"
    NODE = "nodes"
    VOLUME = "volumes"
    """A Gluster volume is asked about through one node, whichever answers: see design, "one asker a volume"."""
    VIP = "vips"


class Cadence(Enum):
    """How often, by the name of the field of `Timings` that holds the seconds."""

    FAST = "poll"
    STORAGE = "storage"
    SLOW = "slow"


@dataclass(frozen=True)
class Question(Generic[T]):
    """`asks` makes what to send from the inventory (the subject's name selects within it); `parse` reads it.

    `parse` gets the answers in the order of the asks, and the value it gave last time or None, so that it can turn
    totals into rates. It raises Unreadable, and nothing else, when an answer is not what the question asked for.
    """

    field: str
    """Name of the reading in the subject's view, and of the question in messages."""
    subject: Subject
    cadence: Cadence
    asks: Callable[[Cluster, str], tuple[Ask, ...]]
    parse: Callable[[tuple[Any, ...], T | None], T]


def ran(answer: Answer) -> str:
    """The output of a command that must have succeeded."""
    if not isinstance(answer, Ran):
        raise Unreadable("not a command's answer")
    if answer.status == 124:
        raise Unreadable("the command did not end in time and was ended")
    if answer.status != 0:
        complaint = (answer.err or answer.out).strip().splitlines()
        raise Unreadable(f"the command failed with status {answer.status}: {complaint[0] if complaint else 'no output'}")
    return answer.out


def table(answer: Answer) -> dict[str, str]:
    """Two-column rows, as SHOW STATUS gives them, as a mapping."""
    if not isinstance(answer, Rows) or any(len(row) != 2 for row in answer.rows):
        raise Unreadable("not the two columns of SHOW STATUS")
    return {row[0]: row[1] for row in answer.rows}


def whole(text: str | None, what: str) -> int:
    """A non-negative whole number, or Unreadable that names `what`."""
    if text is None or not text.strip().isascii() or not text.strip().isdigit() or len(text.strip()) > 20:
        raise Unreadable(f"{what} is {'missing' if text is None else repr(text[:40])}, not a whole number")
    return int(text)
