"""A Galera cluster: who is in the Primary component, what each member says of itself, and how one comes back.

Rules and seconds were measured on MariaDB 10.11 with galera 26.4: a graceful leave shrinks the component at once, a
crash stalls commits for six seconds and then costs quorum; a lost component is restored by itself only when all of its
members are back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from uuid import uuid1

from console.sim.machine import Clock
from console.sim.tables import Table

EVICTION = 6.0
"""Seconds until the others give a silent member up (evs.suspect_timeout and what follows)."""
CACHED = 50_000
"""Write-sets a member's gcache holds: further behind than that and it needs a full copy (SST)."""


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


@dataclass
class Member:
    """One mariadbd."""

    name: str
    address: str
    started: float
    phase: Phase = Phase.SYNCED
    seqno: float = 4211.0
    lost_data: bool = False
    """Its datadir is gone or too old: the next start needs an SST."""
    recoverable: bool = True
    """Crashed with gvwstate.dat in place: counts when the component restores itself."""
    first: float = 1.0
    """The oldest write-set in its gcache."""
    replicated: float = 0.0
    received: float = 9.0
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


class Galera:
    """All members and the one Primary component there may be."""

    def __init__(self, clock: Clock, addresses: dict[str, str]) -> None:
        self.clock = clock
        started = clock.now - 86_000
        self.members = {name: Member(name, address, started) for name, address in addresses.items()}
        self.view = frozenset(addresses)
        """Members of the Primary component. Empty: there is none."""
        self.last = self.view
        """Members of the most recent Primary component: all of them must be back before it restores itself."""
        self.uuid = str(uuid1())
        self.conf_id = len(addresses)
        self.writes = 3.0
        """Commits a second."""
        self.tables = [Table("shop", "orders"), Table("shop", "sessions", "MEMORY"), Table("blog", "log", keyed=False)]
        self.privileges = ["PROCESS", "BINLOG MONITOR", "SHOW VIEW"]
        """What the console's user may do on *.*."""
        self._evicting = False

    def leave(self, name: str) -> None:
        """A graceful stop: the component shrinks at once and keeps its quorum."""
        member = self._end(name)
        member.recoverable = name not in self.view
        if name in self.view:
            self._become(self.view - {name})

    def vanish(self, name: str) -> None:
        """A crash, a power cut or a hang: the others notice after a stall."""
        self._end(name)
        if name in self.view and not self._evicting:
            self._evicting = True
            self.clock.later(EVICTION, self._evict)

    def start(self, name: str) -> None:
        """mariadbd is started: it looks for the component, or waits for one."""
        member = self.members[name]
        if member.phase is not Phase.OUT:
            return
        member.phase = Phase.WAITING
        member.started = self.clock.now
        self._later(member, 0.7, lambda: self._connect(member))

    def rejoin(self, name: str) -> None:
        """A member finds itself outside of the component: non-Primary, until there is one it can join."""
        member = self.members[name]
        member.phase = Phase.INITIALIZED
        self._later(member, 1.5, lambda: self._connect(member))

    def bootstrap(self, name: str) -> None:
        """This member alone becomes the Primary component (pc.bootstrap or galera_new_cluster)."""
        member = self.members[name]
        member.life += 1
        member.phase = Phase.SYNCED
        self._become(frozenset({name}))

    def safe_to_bootstrap(self, name: str) -> bool:
        """grastate.dat: only the last one to leave gracefully may start a new component."""
        return not self.view and self.last == frozenset({name}) and not self.members[name].recoverable

    def tick(self, dt: float) -> None:
        """Commits flow while the component is whole; members that wait try again."""
        synced = [self.members[name] for name in self.view if self.members[name].ready]
        if synced and not self._evicting:
            for member in synced:
                member.seqno += self.writes * dt
                member.received += self.writes * dt
            synced[0].replicated += self.writes * dt
        elif not self.view:
            self._restore()

    def size(self, member: Member) -> int:
        """wsrep_cluster_size as this member sees it: both halves of a split count only themselves."""
        if member.name in self.view:
            return len(self.view)
        return sum(other.phase is Phase.INITIALIZED for other in self.members.values())

    def _end(self, name: str) -> Member:
        member = self.members[name]
        member.life += 1
        member.phase = Phase.OUT
        member.recoverable = True
        member.variables = {"wsrep_desync": "OFF", "read_only": "OFF"}
        return member

    def _become(self, view: frozenset[str]) -> None:
        if view:
            self.conf_id += 1
            self.last = view
        else:
            self.last = self.view
        self.view = view

    def _evict(self) -> None:
        self._evicting = False
        alive = frozenset(name for name in self.view if self.members[name].phase is not Phase.OUT)
        if 2 * len(alive) > len(self.view):
            self._become(alive)
            return
        self._become(frozenset())
        for name in alive:
            self.rejoin(name)

    def _connect(self, member: Member) -> None:
        if not self.view or (self._evicting and member.name in self.view):
            self._later(member, 1.0, lambda: self._connect(member))
            return
        donor = next((self.members[name] for name in self.view if self.members[name].phase is Phase.SYNCED), None)
        if donor is None:
            self._later(member, 1.0, lambda: self._connect(member))
            return
        member.gcomm = str(uuid1())
        self._become(self.view | {member.name})
        full = member.lost_data or donor.seqno - member.seqno > CACHED
        self._transfer(member, donor, full)

    def _transfer(self, member: Member, donor: Member, full: bool) -> None:
        member.phase = Phase.TRANSFER if full else Phase.JOINING
        donor.phase = Phase.DONOR
        seconds = 8.0 if full else 1.0
        self._later(donor, seconds, lambda: self._set(donor, Phase.SYNCED))
        self._later(member, seconds, lambda: self._set(member, Phase.JOINING))
        self._later(member, seconds + 0.7, lambda: self._joined(member, donor, full))
        self._later(member, seconds + 1.5, lambda: self._set(member, Phase.SYNCED))

    def _joined(self, member: Member, donor: Member, full: bool) -> None:
        member.phase = Phase.JOINED
        member.seqno = donor.seqno
        member.lost_data = False
        if full:
            member.first = donor.seqno

    def _set(self, member: Member, phase: Phase) -> None:
        if member.name in self.view:
            member.phase = phase

    def _restore(self) -> None:
        back = [self.members[name] for name in self.last]
        if not back or any(not member.recoverable or member.phase is Phase.OUT for member in back):
            return
        newest = max(member.seqno for member in back)
        for member in back:
            member.life += 1
            member.phase = Phase.SYNCED
            member.seqno = newest
        self._become(self.last)

    def _later(self, member: Member, delay: float, act: Callable[[], None]) -> None:
        life = member.life
        self.clock.later(delay, lambda: act() if life == member.life else None)
