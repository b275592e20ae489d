"""Time, power and what TCP shows of both: the base of every simulated machine."""

import heapq
import itertools
import uuid
from collections.abc import Callable
from enum import Enum

from console.sim.link import AT_ONCE, Pace

BOOT = 2.5
"""Seconds from power on until sshd answers."""
SHUTDOWN = 1.0
"""Seconds from the order to reboot until sshd is gone."""


class Clock:
    """Simulated seconds since the epoch, and what is due when. Nothing here knows real time."""

    def __init__(self, now: float) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def later(self, delay: float, act: Callable[[], None]) -> None:
        """Call `act` once `delay` seconds have passed."""
        heapq.heappush(self._due, (self.now + delay, next(self._order), act))

    def advance(self, dt: float) -> None:
        """Move on, and call what has become due, in order."""
        end = self.now + dt
        while self._due and self._due[0][0] <= end:
            at, _, act = heapq.heappop(self._due)
            self.now = max(self.now, at)
            act()
        self.now = end


class Link(Enum):
    """The answer of a machine's address to a TCP client."""

    UP = "answers"
    REFUSED = "open connections are dropped, new ones refused: the network is up and sshd is not"
    SILENT = "nothing is read, answered or refused: no power"


class Machine:
    """Power, boot and hang. Subclasses act on it by `stopping`, `lost`, `booted`, `stalled`, `resumed`."""

    def __init__(self, clock: Clock, name: str, address: str) -> None:
        self.clock = clock
        self.name = name
        self.address = address
        self.link = Link.UP
        self.pace: Pace = AT_ONCE
        self.hung = False
        self.sudo = True
        """`sudo -n` works for a login that is not root."""
        self.boot_id = str(uuid.uuid4())
        self.machine_id = uuid.uuid4()
        """A node's /etc/machine-id, a firewall's kern.hostuuid: kept over a boot."""
        self.leads_to: Machine | None = None
        """The machine that a login meets here instead: the ssh line is wrong."""
        self.booted_at = clock.now - 86_400.0
        self.boot_time = BOOT
        """Seconds from power to sshd."""
        self.written: dict[str, str] = {}
        """Files a script left here: gone after a boot, as /tmp and /run are."""
        self.locks: dict[str, str] = {}
        """The command line that holds a lock file of lockf(1), by path."""
        self.watchers: list[Callable[[Link], None]] = []
        self.ssh_cut = False
        """No login comes about, whatever else answers."""
        self.boots = True
        """It comes back from its next reboot."""
        self._boots = 0

    @property
    def running(self) -> bool:
        """Other machines get answers from it."""
        return self.link is Link.UP and not self.hung

    def later(self, delay: float, act: Callable[[], None]) -> None:
        """Like `Clock.later`, but a power cut or reboot in between cancels it."""
        boots = self._boots
        self.clock.later(delay, lambda: act() if boots == self._boots else None)

    def cut(self) -> None:
        """Pull the plug."""
        self._boots += 1
        self.hung = False
        self._show(Link.SILENT)
        self.lost()

    def power_on(self) -> None:
        """The plug is back: old connections are dropped once the network is up, sshd comes a little later."""
        if self.link is not Link.SILENT:
            return
        self._boots += 1
        self.later(self.boot_time / 2, lambda: self._show(Link.REFUSED))
        self.later(self.boot_time, self._boot)

    def reboot(self, power_off: bool = False) -> None:
        """An orderly end: services stop, sshd goes, and unless `power_off` the machine comes back by itself."""
        self._boots += 1
        self.later(SHUTDOWN / 2, self.stopping)
        stays_off, self.boots = power_off or not self.boots, True
        self.later(SHUTDOWN, lambda: self._show(Link.SILENT if stays_off else Link.REFUSED))
        if not stays_off:
            self.later(SHUTDOWN + 0.5 + self.boot_time, self._boot)

    def lead(self, to: "Machine | None") -> None:
        """Let its ssh line lead to another machine, or to itself again. Open connections end."""
        if self.leads_to is not to:
            self.leads_to = to
            self._show(self.link)

    def cut_ssh(self, seconds: float) -> None:
        """Only the console's way is gone for so long: its connections end, and no new one comes about."""
        self.ssh_cut = True
        self.clock.later(seconds, self._join_ssh)
        if self.link is Link.UP:
            self._show(Link.UP)

    def hang(self) -> None:
        """The kernel still answers TCP, no program runs. Without power there is nothing to hang."""
        if self.link is not Link.UP or self.hung:
            return
        self.hung = True
        self.stalled()

    def resume(self) -> None:
        """The end of a hang: what was asked meanwhile is answered now."""
        if not self.hung:
            return
        self.hung = False
        self.resumed()

    def stopping(self) -> None:
        """Services stop in an orderly way."""

    def lost(self) -> None:
        """Lose everything that ran."""

    def booted(self) -> None:
        """The system is up: services start."""

    def stalled(self) -> None:
        """The machine hangs from now on."""

    def resumed(self) -> None:
        """The machine hangs no longer."""

    def _boot(self) -> None:
        self.boot_id = str(uuid.uuid4())
        self.booted_at = self.clock.now - self.boot_time
        self.written.clear()
        self.locks.clear()
        self._show(Link.UP)
        self.booted()

    def _join_ssh(self) -> None:
        self.ssh_cut = False

    def _show(self, link: Link) -> None:
        self.link = link
        for watcher in self.watchers:
            watcher(link)
