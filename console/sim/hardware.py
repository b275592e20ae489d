"""The hardware and system of a node, and their faults: clock, memory, disks, RAID, network cards, packages, mounts."""

from dataclasses import dataclass, field
from enum import Enum

GIB = 1 << 30
REBUILD = 0.004
"""Share of an array that is rebuilt in a second: 250 s for all of it."""
KERNELS = ("6.1.0-25-amd64", "6.1.0-26-amd64")


class MountState(Enum):
    """States of the volume's FUSE mount."""

    ANSWERS = "answers"
    STOPPED = "the daemon reads nothing: whoever waits can be killed"
    HUNG = "the daemon has read the request and is silent: whoever waits stays"
    GONE = "not mounted"


@dataclass
class Disk:
    """A file system: bytes and inodes. A share of `reserved` is root's."""

    size: int
    used: float
    inodes: int = 6_553_600
    inodes_used: int = 181_204
    reserved: float = 0.05

    @property
    def figures(self) -> tuple[int, int, int, int]:
        """Bytes, bytes programs may still use, inodes, inodes free."""
        free = self.size - int(self.used) - int(self.size * self.reserved)
        return self.size, max(0, free), self.inodes, self.inodes - self.inodes_used

    @property
    def share(self) -> float:
        """The share of the space for programs that is used."""
        return self.used / (self.size * (1 - self.reserved))

    def fill(self, share: float) -> None:
        """Use this share of the space that programs may use."""
        self.used = self.size * (1 - self.reserved) * share


@dataclass
class Card:
    """A slave of the bond."""

    name: str
    up: bool = True
    failures: int = 0

    def lose(self) -> None:
        """Its link is gone."""
        self.failures += self.up
        self.up = False


@dataclass
class Array:
    """A RAID 10 of four disks. `rebuilt`: the share of the new disk that is done, None: nothing is being rebuilt."""

    failed: int = 0
    rebuilt: float | None = None

    def lose_disk(self) -> None:
        """Lose one more disk; two that mirror each other are never lost here."""
        self.failed = min(2, self.failed + 1)
        self.rebuilt = None

    def replace_disk(self) -> None:
        """A new disk is there and is being filled."""
        self.rebuilt = 0.0 if self.failed else None

    def whole(self) -> None:
        """Every disk is there and filled."""
        self.failed, self.rebuilt = 0, None

    def tick(self, dt: float) -> None:
        """Let the rebuild go on."""
        if self.rebuilt is not None:
            self.rebuilt += REBUILD * dt
            if self.rebuilt >= 1:
                self.failed, self.rebuilt = self.failed - 1, None


@dataclass(frozen=True)
class Update:
    """A package that apt would replace."""

    name: str
    now: str
    then: str
    security: bool


KNOWN = (
    ("linux-image-amd64", "6.1.112-1", "6.1.115-1"),
    ("apache2", "2.4.62-1~deb12u1", "2.4.62-1~deb12u2"),
    ("mariadb-server", "1:10.11.6-0+deb12u1", "1:10.11.9-0+deb12u1"),
    ("glusterfs-server", "10.3-5", "10.5-1"),
)
"""Packages that are among those that wait; the others are libraries."""


@dataclass
class Packages:
    """Packages that apt would change, and those that wait for a reboot."""

    waiting: list[Update] = field(default_factory=list[Update])
    kernel: str = KERNELS[0]
    installed: list[str] = field(default_factory=lambda: [KERNELS[0]])
    flagged: bool = False
    held: list[str] = field(default_factory=list[str])
    """Packages that apt keeps back."""
    by_itself: bool = False
    """unattended-upgrades installs what waits."""
    works: list[str] = field(default_factory=list[str])
    """Other package managers that run now."""
    half_done: bool = False
    """A transaction did not come to its end."""
    replaces: bool = False
    """The next ones put the packaged configuration of MySQL in the place of the one that was made here."""
    beside: list[str] = field(default_factory=list[str])
    """Files that packages have left beside the configuration."""

    def arrive(self, pending: int, security: int) -> None:
        """Refresh the package lists."""
        others = ((f"lib{place:03}", "1.0-1", "1.0-2") for place in range(pending))
        named = (*KNOWN, *others)[:pending]
        self.waiting = [Update(*one, security=at < security) for at, one in enumerate(named)]

    @property
    def pending(self) -> int:
        return len(self.waiting)

    @property
    def security(self) -> int:
        return sum(one.security for one in self.waiting)

    def upgrade(self, keeps: frozenset[str] = frozenset(), security_only: bool = False) -> None:
        """Install everything but what is kept; a new kernel waits for a reboot."""
        self.waiting = [one for one in self.waiting if one.name in keeps or (security_only and not one.security)]
        if "linux-image-amd64" not in {one.name for one in self.waiting}:
            self.installed = list(KERNELS)
            self.flagged = True
        self.half_done = False
        if self.replaces:
            self.beside.append("/etc/mysql/mariadb.conf.d/60-galera.cnf.dpkg-dist")

    def boot(self) -> None:
        """Run the newest kernel."""
        self.kernel, self.flagged = self.installed[-1], False


@dataclass
class Hardware:
    """One node's. Bytes, seconds."""

    clock_off: float = 0.0
    """Seconds that the clock is ahead of the others'."""
    memory: int = 16 * GIB
    memory_used: float = 5.4 * GIB
    swap: int = 4 * GIB
    swap_used: int = 0
    root: Disk = field(default_factory=lambda: Disk(40 * GIB, 11.2 * GIB))
    boot_disk: Disk = field(default_factory=lambda: Disk(1 * GIB, 0.21 * GIB, 65_536, 352))
    """Holds the kernels."""
    data: Disk = field(default_factory=lambda: Disk(400 * GIB, 61.0 * GIB, 26_214_400, 402_117))
    """Holds the database."""
    brick: Disk = field(default_factory=lambda: Disk(400 * GIB, 118.0 * GIB, 26_214_400, 1_204_233))
    cards: list[Card] = field(default_factory=lambda: [Card("eno1"), Card("eno2")])
    array: Array = field(default_factory=Array)
    packages: Packages = field(default_factory=Packages)
    mount: MountState = MountState.ANSWERS
    at_boot: bool = True
    """The volume is mounted at boot."""
    waiting: float | None = None
    """Time at which a look at the mount began that can't be ended."""
    failed_units: list[str] = field(default_factory=list[str])

    def tick(self, dt: float) -> None:
        self.array.tick(dt)

    def boot(self) -> None:
        """Boot: everything that hangs or has failed is well again."""
        self.mount, self.waiting = MountState.ANSWERS if self.at_boot else MountState.GONE, None
        self.failed_units.clear()
        self.packages.boot()
