"""An action, what stands against it, and what it takes to go on all the same."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple

from console.snapshot import Snapshot


class Action(Enum):
    """What a person may intend with a node."""

    DRAIN = "drain"
    REMOVE = "remove"
    REJOIN = "rejoin"
    UNDO = "undo"
    REBOOT = "reboot"

    @property
    def takes_out(self) -> bool:
        """The node gets no traffic after it, or while it runs."""
        return self in (Action.DRAIN, Action.REMOVE, Action.REBOOT)


class Override(Enum):
    """What a person must do to go on all the same."""

    NEVER = "never"
    CONFIRM = "confirm"
    """Say yes to the sentence."""
    NAME_AND_REASON = "name and reason"
    """Type the node's name and why."""


class Objection(NamedTuple):
    """Why not: what was seen, on which machine, and what would clear it."""

    machine: str
    saw: str
    clears: str
    override: Override

    @property
    def sentence(self) -> str:
        """The one sentence that screen, command line and journal show."""
        return f"{self.saw}. {self.clears}."


Guard = Callable[[Snapshot, Action, str], Iterator[Objection]]
