"""A firewall: its configuration, its HAProxy, its part in CARP."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from console.sim.haproxy import HAProxy
from console.sim.machine import Clock, Machine
from console.sim.pfconfig import Config

MAINTENANCE_ADVSKEW = 254


class Firewall(Machine):
    """What runs is one thing, what config.xml says another: only a reload or a boot brings them together."""

    def __init__(self, clock: Clock, name: str, address: str, config: Config) -> None:
        super().__init__(clock, name, address)
        self.config = config
        self.allow = True
        """net.inet.carp.allow."""
        self.demotion = 0
        self.dirty = False
        self.peer: Firewall | None = None
        self.carp = True
        """Whether it takes part in CARP yet: a little after boot."""
        self._pid = 40_321
        self.haproxy: HAProxy | None = None
        self.reload()

    @property
    def advskew(self) -> int:
        """What it advertises: persistent maintenance mode overrides what is configured."""
        return MAINTENANCE_ADVSKEW if self.config.maintenance else self.config.advskew

    @property
    def candidate(self) -> bool:
        """Whether it advertises."""
        return self.running and self.carp and self.allow

    def reload(self) -> None:
        """A new HAProxy process built from config.xml; runtime states of the old one are lost."""
        self._pid += 13
        self.haproxy = HAProxy(self.config.pools, self.clock.now, self._pid)

    def maintain(self, on: bool) -> None:
        """Enters or leaves persistent CARP maintenance mode."""
        words = "Enter" if on else "Leave"
        config = self.config.revised(self.clock.now, f"{words} CARP maintenance mode")
        self.config = replace(config, maintenance=on)

    def persist(self, changes: Mapping[tuple[str, str], str], description: str) -> None:
        """Writes statuses to config.xml and haproxy.cfg, and leaves the running process alone."""
        self.config = self.config.with_status(changes).revised(self.clock.now, description)

    def receive(self, sender: Config) -> None:
        """The peer's haproxy section replaces the own one, whole, and HAProxy is reloaded."""
        user = f"admin@{sender.sync} (Local Database)"
        merged = "Merged in config (haproxysyncpkg sections) from XMLRPC client."
        self.config = replace(self.config, pools=sender.pools).revised(self.clock.now, merged, user)
        self.reload()

    def lost(self) -> None:
        self.haproxy = None
        self.carp = False

    def stopping(self) -> None:
        self.lost()

    def booted(self) -> None:
        self.demotion = 0
        self.dirty = False
        self.allow = True
        self.later(0.4, self.reload)
        self.later(1.2, self._join)

    def _join(self) -> None:
        self.carp = True


class Carp:
    """Who is MASTER of the virtual addresses: the candidate with the lowest (demotion, advskew), with preempt."""

    def __init__(self, clock: Clock, firewalls: Callable[[], list[Firewall]]) -> None:
        self.clock = clock
        self.firewalls = firewalls
        self.master: Firewall | None = firewalls()[0]
        self._waits: tuple[Firewall, float] | None = None

    def role(self, firewall: Firewall) -> str:
        """As ifconfig on that firewall says."""
        return "MASTER" if self.master is firewall else "BACKUP"

    def tick(self) -> None:
        """A better one preempts after a second; without a master the next one waits for three missed advertisements."""
        candidates = [firewall for firewall in self.firewalls() if firewall.candidate]
        best = min(candidates, key=lambda firewall: (firewall.demotion, firewall.advskew), default=None)
        if best is None or best is self.master:
            self._waits = None
            self.master = best
        elif self._waits is None or self._waits[0] is not best:
            self._waits = (best, self.clock.now + (1.0 if self.master in candidates else 3.0))
        elif self.clock.now >= self._waits[1]:
            self.master = best
            self._waits = None
