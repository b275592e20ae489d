"""What the screen looks at in one moment: everything the blocks are made from, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from console.health import Finding, Verdict
from console.journal import Record
from console.runner import Note
from console.snapshot import Known, Reading, Snapshot, Unknown
from console.ui.widgets.run import RunView


@dataclass(frozen=True)
class Sight:
    """One cluster at one moment, and how much room there is."""

    picture: Snapshot
    now: float
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    width: int = 80
    height: int = 24
    selected: str = ""
    out: Mapping[str, Record] = field(default_factory=dict[str, Record])
    """The run that took a node out, by node."""
    open: tuple[Record, ...] = ()
    run: RunView | None = None
    events: tuple[Note, ...] = ()
    strip: tuple[tuple[str, Verdict], ...] = ()
    """Every cluster with its verdict."""
    notice: str = ""
    """What the last key led to, where it led to no run."""
    read_only: bool = False
    faults: bool = False

    @property
    def poll(self) -> float:
        """Seconds between two rounds."""
        return self.picture.cluster.timings.poll

    @property
    def asking(self) -> bool:
        """No machine has answered yet, nor failed to."""
        firewalls = [view.pools for view in self.picture.firewalls]
        readings: list[Reading[Any]] = [*firewalls, *(view.host for view in self.picture.nodes)]
        return all(isinstance(one, Unknown) and one.since == 0 for one in readings)

    def old(self, reading: Reading[Any], interval: float = 0.0) -> bool:
        """Known, and older than two rounds: shown dim until it counts as stale."""
        return isinstance(reading, Known) and self.now - reading.at > 2 * (interval or self.poll) + 1
