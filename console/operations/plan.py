"""What would be done, what stands against it, and what a person says to that. Pure."""

from typing import Any, NamedTuple

from console.health import serving
from console.operations.guards import About, Action, Objection, Override, traffic
from console.probes.hosts.running import LISTED
from console.probes.question import Cadence, Question, Subject
from console.probes.schedule import Wanted
from console.probes.snapshot import Snapshot
from console.probes.web.apache import APACHE, SITE


class Consent(NamedTuple):
    """What a person has said to the objections."""

    confirmed: bool = False
    typed: str = ""
    """The node's name, typed by hand."""
    reason: str = ""
    shown: frozenset[About] | None = None
    """The objections that were read; None: whatever there is, as said beforehand on a command line."""


class Plan(NamedTuple):
    """What would be done now, and what stands against it."""

    cluster: str
    action: Action
    node: str
    objections: tuple[Objection, ...]
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    """Each step in words, with the exact orders as things stand."""

    @property
    def title(self) -> str:
        """Every cluster has a node1."""
        return f"{self.cluster}: {self.action.value} {self.node}"

    @property
    def shown(self) -> frozenset[About]:
        """What a person has read who was shown this."""
        return frozenset(objection.about for objection in self.objections)

    def unanswered(self, consent: Consent) -> tuple[Objection, ...]:
        """The objections that a consent does not overcome: too strong for it, or come up since it was asked for."""
        named = consent.typed == self.node and bool(consent.reason.strip())
        overcome = {
            Override.NEVER: False,
            Override.CONFIRM: consent.confirmed or named,
            Override.NAME_AND_REASON: named,
        }
        read = self.shown if consent.shown is None else consent.shown
        return tuple(one for one in self.objections if not overcome[one.override] or one.about not in read)

    def must_be_unopposed(self, consent: Consent) -> None:
        """Raises NotBegun."""
        left = self.unanswered(consent)
        if left:
            raise NotBegun(" ".join(objection.sentence for objection in left))


def needed(snapshot: Snapshot, action: Action, node: str, resumed: bool = False) -> Wanted:
    """What must have been asked before it can be said what stands against an action: the firewalls always; of the nodes
    and volumes what the guards read (`console.operations.guards`), so that a dead node delays no drain."""
    visited = {node, *serving(snapshot)} if action.takes_out and traffic(snapshot, node) else set[str]()
    whole = action is Action.UNDO or (action is Action.REBOOT and not resumed)

    def wanted(question: Question[Any], name: str) -> bool:
        if question.subject is Subject.FIREWALL:
            return question.cadence is not Cadence.SELDOM
        if question in (APACHE, SITE) and name in visited:
            return True
        if question is LISTED:
            return action is Action.REBOOT and name == node
        mine = whole or (action is Action.REBOOT and name == node)
        return mine and question.subject is not Subject.VIP and question.cadence in (Cadence.FAST, Cadence.STORAGE)

    return wanted


class NotBegun(Exception):
    """Nothing was changed, and why. One sentence or several."""
