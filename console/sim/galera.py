"""A Galera cluster: its Primary component, each member's own words, and its way back.

Rules and seconds were measured on MariaDB 10.11 with galera 26.4: a graceful leave shrinks the component at once, a
crash stalls commits for six seconds and then costs quorum; a lost component is restored by itself only when all of its
members are back.
"""

import math
from collections.abc import Callable, Mapping
from uuid import uuid1

from console.sim.machine import Clock
from console.sim.members import SILENT, Copy, Member, Phase
from console.sim.tables import Table

EVICTION = 6.0
"""Seconds until the others give a silent member up (evs.suspect_timeout and what follows)."""
WRITE_SET = 2_200
"""Bytes, on average."""
CACHED = int(0.97 * 2**30) // WRITE_SET
"""Write-sets a member's gcache of 1G holds: further behind than that and it needs a full copy (SST)."""


class Galera:
    """All members, and the one Primary component."""

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
        self.writes = 42.0
        """Commits a second."""
        self.pause = 0.0
        """Share of the time in which flow control holds all commits, for the sake of `slow`."""
        self.slow = ""
        self.conflicts = 0.0
        """Transactions a second that lose against one of another node."""
        self.parted = False
        """No member reaches another."""
        self.datadir = 11_400_000_000
        """Bytes."""
        self.copy_seconds = 8.0
        """Seconds that a full copy takes."""
        self.missed_seconds = 1.0
        """Seconds that what was missed takes (IST)."""
        self.written: list[tuple[str, str]] = []
        """Statements that were committed for the account that may write, with the member that was told."""
        self.read_only = False
        """For a fault: nobody may write."""
        self.tables = [Table("shop", "orders"), Table("shop", "sessions", "MEMORY"), Table("blog", "log", keyed=False)]
        self.privileges = ["PROCESS", "BINLOG MONITOR", "SHOW VIEW"]
        self.role_privileges: list[str] = []
        """Privileges of the console's user on *.*."""
        self.clients = dict[str, int]()
        """Clients of each member beside the few there always are."""
        self.transactions = dict[str, list[float]]()
        """Times at which the open transactions of each member began."""
        self.refuses = set[str]()
        """Members that take no writes of the programs': their account has no right there."""
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
        self._later(member, 0.7, lambda: self._alone(member) if member.bare else self._connect(member))

    def rejoin(self, name: str) -> None:
        """A member finds itself outside of the component: non-Primary, until there is one it can join."""
        member = self.members[name]
        member.phase = Phase.INITIALIZED
        self._later(member, 1.5, lambda: self._connect(member))

    def bootstrap(self, name: str) -> None:
        """This member alone becomes the Primary component (pc.bootstrap)."""
        member = self.members[name]
        member.life += 1
        member.phase = Phase.SYNCED
        self._become(frozenset({name}))

    def safe_to_bootstrap(self, name: str) -> bool:
        """grastate.dat: only the last one to leave gracefully may start a new component."""
        return not self.view and self.last == frozenset({name}) and not self.members[name].recoverable

    def tick(self, dt: float, shares: Mapping[str, float]) -> None:
        """Commits flow while the component is whole; members that wait try again. `shares`: of all writes, those that
        each member gets; one that is not ready takes none."""
        synced = [self.members[name] for name in sorted(self.view) if self.members[name].ready]
        if synced and not self._evicting:
            self._write(synced, dt, shares)
        elif not self.view and not self.parted:
            self._restore()

    def part(self) -> None:
        """Cut every member from the others: none is left with a quorum."""
        self.parted = True
        alive = [name for name, member in self.members.items() if member.phase not in SILENT]
        self._become(frozenset())
        for name in alive:
            self.rejoin(name)

    def unite(self) -> None:
        """They reach each other again, and restore the component by themselves if all are back."""
        self.parted = False

    def crash(self) -> None:
        """Every mariadbd dies at the same moment and none may start a component by itself."""
        for name in self.members:
            self._end(name)
        self._become(frozenset())

    def wipe(self, name: str) -> None:
        """The member loses its data: its next start is a full copy."""
        self.members[name].lost_data = True

    def hold(self, slow: str, share: float) -> None:
        """Flow control on behalf of one member that does not keep up; 0 ends it."""
        self.slow, self.pause = slow if share else "", share

    def mend(self) -> None:
        """The end of flow control, of conflicts and of a parted network."""
        self.hold("", 0.0)
        self.conflicts = 0.0
        self.refuses.clear()
        self.unite()

    def queue(self, member: Member) -> int:
        """wsrep_local_recv_queue."""
        if member.phase is Phase.DONOR:
            return 31
        return 17 + int(self.clock.now) % 5 if self.pause and member.name == self.slow else 0

    def size(self, member: Member) -> int:
        """wsrep_cluster_size as this member sees it: its component's, itself alone where none reaches another."""
        if member.name in self.view:
            return len(self.view)
        if self.parted:
            return 1
        return sum(other.phase is Phase.INITIALIZED for other in self.members.values())

    def _write(self, synced: list[Member], dt: float, shares: Mapping[str, float]) -> None:
        """Each member's own clients write their share; the others receive it."""
        wave = 1 + 0.2 * math.sin(self.clock.now / 9)
        rate = self.writes * wave * (1 - self.pause) * dt
        able = {member.name: member.name not in self.refuses for member in synced}
        written = {name: rate * shares.get(name, 0.0) if takes else 0.0 for name, takes in able.items()}
        total = sum(written.values())
        for member in synced:
            member.seqno += total
            member.paused += self.pause * dt
            member.replicated += written[member.name]
            member.received += total - written[member.name]
        for member in synced[:2]:
            member.cert_failures += 0.6 * self.conflicts * dt
            member.bf_aborts += 0.4 * self.conflicts * dt

    def _end(self, name: str) -> Member:
        member = self.members[name]
        member.life += 1
        member.phase = Phase.OUT
        member.recoverable = True
        member.copy = None
        member.replicated = member.received = member.paused = member.cert_failures = member.bf_aborts = 0.0
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

    def _alone(self, member: Member) -> None:
        member.phase = Phase.INITIALIZED
        member.variables |= {"wsrep_on": "OFF", "wsrep_provider": "none", "wsrep_cluster_address": ""}

    def _connect(self, member: Member) -> None:
        if not self.view or (self._evicting and member.name in self.view):
            self._later(member, 1.0, lambda: self._connect(member))
            return
        members = (self.members[name] for name in sorted(self.view, reverse=True))
        donor = next((one for one in members if one.phase is Phase.SYNCED), None)
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
        seconds = self.copy_seconds if full else self.missed_seconds
        member.copy = Copy("joiner", member.address, self.clock.now, seconds, full)
        donor.copy = Copy("donor", member.address, self.clock.now, seconds, full)
        self._later(donor, seconds, lambda: self._copied(donor))
        self._later(member, seconds, lambda: self._copied(member))
        self._later(donor, seconds, lambda: self._set(donor, Phase.SYNCED))
        self._later(member, seconds, lambda: self._set(member, Phase.JOINING))
        self._later(member, seconds + 0.7, lambda: self._joined(member, donor, full))
        self._later(member, seconds + 1.5, lambda: self._set(member, Phase.SYNCED))

    def _copied(self, member: Member) -> None:
        member.copy = None

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
