"""A replica-3 Gluster volume: its bricks, the entries that each one lacks, and the pace of healing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from console.sim.machine import Clock

BACKLOG_LIMIT = 400.0
"""Distinct files that change while a brick is offline: a site writes the same ones again and again."""
HEAL_DELAY = 2.0
"""Seconds after a brick is back before healing begins: until then it says 0 while the others still count."""


LOCK = 60.0
"""Seconds for which a peer that vanished without a word keeps the volume's lock taken, unless it is back before. The
real one holds it for as long as the peer is away and TCP goes on sending: more than four minutes were measured."""


@dataclass
class Brick:
    """One brick with its self-heal daemon and the glusterd beside it."""

    name: str
    path: str
    pid: int
    port: int
    uuid: str = field(default_factory=lambda: str(uuid4()))
    brick: bool = True
    shd: bool = True
    glusterd: bool = True
    missed: float = 0.0
    """Entries the *other* bricks list as pending for this one."""
    since: float = 0.0
    """Time it came up."""
    space: Callable[[], tuple[int, int, int, int]] = lambda: (0, 0, 0, 0)
    """Its file system: bytes, bytes free, inodes, inodes free."""

    def start(self, now: float) -> None:
        """glusterd starts and brings up what is not running."""
        if not self.brick:
            self.pid += 97
            self.since = now
        self.glusterd = self.brick = self.shd = True

    def lose(self) -> None:
        """Lose everything of Gluster on the machine."""
        self.glusterd = self.brick = self.shd = False


class Gluster:
    """One volume. `running` tells whether a node answers at all."""

    def __init__(self, clock: Clock, volume: str, nodes: tuple[str, ...], running: Callable[[str], bool]) -> None:
        self.clock = clock
        self.volume = volume
        self.id = str(uuid4())
        self.bricks = {
            name: Brick(name, f"/data/{volume}", 880 + 11 * place, 51_700 + 613 * place)
            for place, name in enumerate(nodes)
        }
        self.writes = 1.5
        """Files changed a second."""
        self.heals = 12.0
        """Entries healed a second."""
        self.stuck = False
        """Files that are busy all the time: none of them is ever healed."""
        self.waits = False
        """The self-heal daemons wait for their next look at the index, ten minutes from now, unless they are told."""
        self.told = 0
        """Orders to heal now."""
        self.rejected: set[str] = set()
        """Nodes whose glusterd and the others' have rejected each other: a volume's settings differ there."""
        self.split = 0
        """Entries of which each copy blames the others: they stay until somebody decides."""
        self.locked_until = 0.0
        """Until then no command gets the volume's lock: one waits for a peer that has vanished."""
        self.asked: frozenset[str] = frozenset()
        """Bricks that were down at the last heal info: the first one after a loss takes much longer."""
        self._running = running

    def vanish(self, name: str) -> None:
        """Cut a machine's power: its peers' glusterds are not told, and the next command waits for it."""
        self.bricks[name].lose()
        self.locked_until = self.clock.now + LOCK

    def back(self, name: str) -> None:
        """glusterd starts; whoever still waited for it need not any more."""
        self.bricks[name].start(self.clock.now)
        if all(brick.glusterd for brick in self.bricks.values()):
            self.locked_until = 0.0

    def connected(self, name: str) -> bool:
        """Clients and self-heal daemons reach the brick."""
        return self._running(name) and self.bricks[name].brick

    def managed(self, name: str) -> bool:
        """The other glusterds see this node's: a node without it is left out of `volume status`."""
        return self._running(name) and self.bricks[name].glusterd and name not in self.rejected

    @property
    def locked(self) -> bool:
        """Another transaction is in progress."""
        return self.clock.now < self.locked_until

    @property
    def down(self) -> frozenset[str]:
        """Bricks nobody reaches."""
        return frozenset(name for name in self.bricks if not self.connected(name))

    @property
    def quorum(self) -> bool:
        """Client quorum: with fewer bricks reads and writes fail and Apache answers 403."""
        return 2 * (len(self.bricks) - len(self.down)) > len(self.bricks)

    def pending(self, name: str) -> int:
        """Entries this brick lists: those that the others lack, and those in split-brain."""
        return self.split + sum(round(brick.missed) for brick in self.bricks.values() if brick.name != name)

    @property
    def healing(self) -> bool:
        """A self-heal daemon is at work now."""
        return any(self._heals(brick) for brick in self.bricks.values())

    def heal(self) -> None:
        """gluster volume heal VOLUME: the daemons look at the index now."""
        self.waits, self.told = False, self.told + 1

    def tick(self, dt: float) -> None:
        """Let offline bricks fall behind, and the others catch up."""
        for brick in self.bricks.values():
            if self._heals(brick):
                brick.missed = max(0.0, brick.missed - self.heals * dt)
            elif not self.connected(brick.name) and self.quorum:
                brick.missed = max(brick.missed, min(BACKLOG_LIMIT, brick.missed + self.writes * dt))

    def _heals(self, brick: Brick) -> bool:
        others = [other for other in self.bricks.values() if other is not brick and self.connected(other.name)]
        return (
            brick.missed > 0
            and not self.stuck
            and not self.waits
            and self.connected(brick.name)
            and self.clock.now - brick.since > HEAL_DELAY
            and any(other.shd for other in others)
        )
