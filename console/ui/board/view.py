"""Everything the blocks of the board are made from, as one value."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from console.health import Condition, Finding, Kind, Level, SiteState, Verdict, harm, serving
from console.health.follows import ABSENCE
from console.operations.effects import Effect
from console.operations.procedures.power import BOOT
from console.probes.snapshot import Known, Reading, Snapshot, Unknown
from console.session.journal import Record, Unread
from console.session.lock import Holder
from console.session.run_state import RunState
from console.session.runner import Note
from console.session.trends import Trend
from console.words import ages, cells

NOT_JUDGED = SiteState(Condition.UNKNOWN, "")


@dataclass(frozen=True)
class BoardView:
    """One cluster at one moment, and how much room there is."""

    picture: Snapshot
    now: float
    verdict: Verdict
    site: SiteState = NOT_JUDGED
    findings: tuple[Finding, ...] = ()
    pace: float = 0.0
    """Seconds between two fast rounds as things are; 0: as the inventory says."""
    width: int = 80
    height: int = 24
    picked: str = ""
    """The selected row: a machine's name, or a finding's row."""
    may_go: str = ""
    """Machines that can be lost now, in a line."""
    layers: tuple[tuple[str, Level], ...] = ()
    """The layers of a request's path, each with the worst that is known of it."""
    out: Mapping[str, Record] = field(default_factory=lambda: MappingProxyType({}))
    """The run that took a node out, by node."""
    open: tuple[Record, ...] = ()
    elsewhere: Holder | None = None
    """The other process that works on the cluster."""
    unread: tuple[Unread, ...] = ()
    abroad: tuple[str, ...] = ()
    """Open runs of other journals, a sentence each."""
    run: RunState | None = None
    events: tuple[Note, ...] = ()
    trends: Mapping[str, Trend] = field(default_factory=lambda: MappingProxyType({}))
    """The figures of the last hours, by node."""
    place: tuple[int, int] = (1, 1)
    """(number of this cluster, number of clusters)."""
    sort: str = ""
    """The title of the column by which the nodes are ordered; "": as in the inventory."""
    downward: bool = True
    hidden: tuple[str, ...] = ()
    """Titles of columns that are left out."""
    filter: str = ""
    read_only: bool = False

    @property
    def selected(self) -> str:
        """The selected node or firewall; nothing when a finding is selected."""
        views = (*self.picture.nodes, *self.picture.firewalls)
        return self.picked if self.picked in {view.name for view in views} else ""

    @property
    def under_way(self) -> RunState | None:
        """The run here that has not ended."""
        return self.run if self.run and not self.run.ended else None

    @cached_property
    def news(self) -> tuple[Finding, ...]:
        """The findings without those that the run under way explains."""
        return tuple(one for one in self.findings if not self._explained(one))

    @cached_property
    def worst(self) -> Finding | None:
        """The first finding that is more than a note. A machine that was not asked yet comes last."""
        return next((one for one in self.news if one.level > Level.NOTE), None)

    @property
    def ill(self) -> str:
        """The machine of the worst finding, where it is one."""
        machines = {machine.name for machine in self.picture.cluster.machines}
        worst = self.worst
        named = machines.intersection(worst.machines) if worst and worst.kind != Kind.NOT_ASKED else set[str]()
        return named.pop() if len(named) == 1 else ""

    def naming(self, machine: str, kinds: Container[Kind] = Kind) -> Finding | None:
        """See `cells.naming`."""
        return cells.naming(self.news, machine, kinds)

    def harms(self, one: Finding) -> bool:
        """True if a finding hurts visitors, or may at any moment."""
        return one.level is Level.CRITICAL or harm(one, frozenset(serving(self.picture))) > 0

    def _explained(self, one: Finding) -> bool:
        """True for what the absence of the run's own target brings, while it hurts nobody."""
        target = self.under_way.intent.target if self.under_way else ""
        if not target or self.harms(one):
            return False
        return set(one.machines) <= {target} or (one.kind in ABSENCE and target in one.machines)

    def wants(self, text: str) -> bool:
        """The filter lets it through."""
        return not self.filter or self.filter.lower() in text.lower()

    def resumes(self, node: str) -> str:
        """The operation of a node's open run, which the key r resumes; "" if there is none, or a run is at work."""
        if self.elsewhere or self.read_only or (self.run and not self.run.ended):
            return ""
        left = [self.run] if self.run and self.run.ended in ("parked", "stopped") else []
        found = [one.intent.operation.name for one in left if one.machine == node]
        return next(iter([*found, *(one.operation for one in self.open if one.machine == node)]), "")

    def reboots(self, node: str) -> bool:
        """A run of ours reboots the node, or did when it was stopped."""
        run = self.run
        if run is None or run.machine != node or not run.intent.operation.does(Effect.REBOOTS):
            return False
        return not run.ended or any(note.step == BOOT.name for note in run.notes)

    @property
    def poll(self) -> float:
        """Seconds between two rounds."""
        return self.pace or self.picture.cluster.timings.poll

    @property
    def asking(self) -> bool:
        """No machine has answered yet, nor failed to."""
        pools = [view.pools for view in self.picture.firewalls]
        readings: list[Reading[Any]] = [*pools, *(view.host for view in self.picture.nodes)]
        return all(isinstance(one, Unknown) and one.since == 0 for one in readings)

    def limit(self, interval: float = 0.0) -> float:
        """Seconds after which a look is older than two rounds."""
        return ages.limit(max(interval, self.poll))

    def aging(self, reading: Reading[Any], interval: float = 0.0) -> bool:
        """Known, and older than two rounds: shown dim until it counts as stale."""
        return isinstance(reading, Known) and self.now - reading.at > self.limit(interval)

    @property
    def aging_machine(self) -> str:
        """A machine whose last look is older than two rounds and not yet counted as lost; "" if there is none."""
        looks = [(view.name, view.carp) for view in self.picture.firewalls]
        looks += [(view.name, view.host) for view in self.picture.nodes]
        old = [name for name, reading in looks if self.aging(reading)]
        return old[0] if old else ""


def finding_row(one: Finding) -> str:
    """The name of a finding's row: what identifies it over time."""
    return f"finding {one.machine} {one.kind}"
