"""One member of a Galera cluster: a mariadbd, its phase and its counters."""

from dataclasses import dataclass, field
from enum import Enum
from uuid import uuid1


class Phase(Enum):
    """wsrep_local_state_comment, and two phases in which no SQL is answered at all."""

    OUT = "not running"
    WAITING = "activating: looks for a Primary component"
    TRANSFER = "receives a full copy"
    JOINING = "Joining: receiving State Transfer"
    JOINED = "Joined"
    SYNCED = "Synced"
    DONOR = "Donor/Desynced"
    INITIALIZED = "Initialized"


SILENT = (Phase.OUT, Phase.WAITING, Phase.TRANSFER)
NUMBERS = {Phase.INITIALIZED: 0, Phase.JOINING: 1, Phase.DONOR: 2, Phase.JOINED: 3, Phase.SYNCED: 4}


@dataclass(frozen=True)
class Copy:
    """A transfer that donor and joiner run scripts for: of all (SST), or of the part that was missed (IST)."""

    role: str
    """"joiner" or "donor"."""
    joiner: str
    """The joiner's address."""
    began: float
    seconds: float
    full: bool = True

    def share(self, now: float) -> float:
        """The share of the copy that is done."""
        return min(1.0, (now - self.began) / self.seconds)


@dataclass
class Member:
    """One mariadbd."""

    name: str
    address: str
    started: float
    phase: Phase = Phase.SYNCED
    seqno: float = 5_204_211.0
    lost_data: bool = False
    """Its datadir is gone or too old: the next start needs an SST."""
    recoverable: bool = True
    """Crashed with gvwstate.dat in place: counts when the component restores itself."""
    first: float = 1.0
    """The oldest write-set in its gcache."""
    replicated: float = 0.0
    received: float = 9.0
    paused: float = 0.0
    """Seconds that flow control has held it."""
    cert_failures: float = 0.0
    bf_aborts: float = 0.0
    bare: bool = False
    """Its configuration names no cluster: it starts by itself, without wsrep."""
    copy: Copy | None = None
    gcomm: str = field(default_factory=lambda: str(uuid1()))
    life: int = 0
    """Counts starts, so that a timer of an earlier life does nothing."""
    variables: dict[str, str] = field(default_factory=lambda: {"wsrep_desync": "OFF", "read_only": "OFF"})

    @property
    def ready(self) -> bool:
        """wsrep_ready."""
        return self.phase in (Phase.SYNCED, Phase.DONOR)

    @property
    def unit(self) -> str:
        """ActiveState of its systemd unit."""
        if self.phase is Phase.OUT:
            return "inactive"
        return "activating" if self.phase in SILENT else "active"
