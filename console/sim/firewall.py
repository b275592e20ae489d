"""A firewall: its configuration, its load balancer, its part in CARP, what it tells its peer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from console.sim.haproxy import HAProxy, Server
from console.sim.machine import Clock, Machine
from console.sim.pfconfig import Config, form_of
from console.sim.upgrade import Upgrades

MAINTENANCE_ADVSKEW = 254
BACKUPS = 30
IDLE_STATES = 412
"""Entries of the state table that are not the visitors': DNS, monitoring, the firewalls themselves."""


@dataclass(frozen=True)
class Notice:
    """A notice of the web interface. It stays until somebody marks it as read."""

    at: int
    id: str
    text: str
    category: str


class Firewall(Machine):
    """The running balancer and config.xml are two states: only a reload or a boot makes them alike.

    For faults: `blocks`, `sync_works`, `pfsync`, `unplugged`, `demotion`, `unapplied`, `upgrade`, `drift`, `notices`,
    `meanwhile`, `cached`, `upgrades`.
    """

    def __init__(self, clock: Clock, name: str, address: str, config: Config) -> None:
        super().__init__(clock, name, address)
        self._config = config
        self.backups: dict[int, str] = {}
        """/cf/conf/backup: the texts of the revisions before this one, by their time."""
        self.release = "2.4.5-RELEASE" if config.relayd else "2.7.2-RELEASE"
        """/etc/version."""
        self.check_seconds = 0.5
        """Seconds that PHP takes, most of them in haproxy -c."""
        self.meanwhile: list[Callable[[], None]] = []
        """Edits that somebody makes in the web interface during the next checks, one for each check."""
        self.cached: Config | None = None
        """PHP's cached configuration, after config.xml was changed past the cache."""
        self.test_copy = False
        """The folder that haproxy -c has read is still there."""
        self.allow = True
        """net.inet.carp.allow."""
        self.demotion = 0
        self.unapplied: set[str] = set()
        """Subsystems changed in the web interface and not applied."""
        self.pfsync = True
        self.blocks = False
        """Its rules let no visitor in."""
        self.unplugged = False
        """The WAN has no carrier: its vhid is INIT and the machine is demoted."""
        self.sync_works = True
        """The peer accepts this firewall's configuration sync."""
        self.notices: list[Notice] = []
        self.peer: Firewall | None = None
        self.carp = True
        """It takes part in CARP: a little after boot."""
        self._pid = 40_321
        self.haproxy: HAProxy | None = None
        """The process that balances: HAProxy, or relayd on a firewall whose configuration is relayd's."""
        self.older: list[HAProxy] = []
        """HAProxy processes from before a reload, which still hold sessions."""
        self.upgrades = Upgrades(self)
        self.reload()

    @property
    def config(self) -> Config:
        """config.xml."""
        return self._config

    @config.setter
    def config(self, config: Config) -> None:
        """write_config keeps a copy of what was there."""
        if config.time != self._config.time:
            kept = {**self.backups, self._config.time: self._config.description}
            self.backups = dict(sorted(kept.items())[-BACKUPS:])
        self._config = config

    @property
    def form(self) -> str:
        """The one of FORMS that its PHP has."""
        return form_of(self.release)

    @property
    def subsystem(self) -> str:
        """The balancer's name in that of its dirty file."""
        return "loadbalancer" if self.config.relayd else "haproxy.conf"

    @property
    def advskew(self) -> int:
        """The advskew it advertises: persistent maintenance mode overrides the configured one."""
        return MAINTENANCE_ADVSKEW if self.config.maintenance else self.config.advskew

    @property
    def demoted(self) -> int:
        """net.inet.carp.demotion: an interface without carrier adds 240."""
        return self.demotion + (240 if self.unplugged else 0)

    @property
    def candidate(self) -> bool:
        """It advertises by CARP."""
        return self.running and self.carp and self.allow

    @property
    def sessions(self) -> list[tuple[str, int, int]]:
        """(address, port, how many): the visitors' connections to nodes that pf holds. States come from the peer too,
        while both have pfsync."""
        own = [(server.address, server.port, round(server.sessions)) for server in self._servers]
        if self.peer and self.peer.running and self.pfsync and self.peer.pfsync:
            own += [(server.address, server.port, round(server.sessions)) for server in self.peer._servers]
        return [(address, port, count) for address, port, count in own if count]

    @property
    def _servers(self) -> list[Server]:
        return self.haproxy.servers if self.haproxy else []

    @property
    def states(self) -> int:
        """Entries of the state table: two for each session."""
        return IDLE_STATES + 2 * sum(count for _, _, count in self.sessions)

    def reload(self) -> None:
        """Start a new process from config.xml; runtime states of the old one are lost, and relayd's ids change. The old
        HAProxy goes on with its sessions."""
        if self.haproxy and not self.config.relayd:
            self.older.append(self.haproxy)
        self._pid += 13
        self.haproxy = HAProxy(self.config.pools, self.clock.now, self._pid)

    def fade(self, dt: float) -> None:
        """Processes from before a reload end with their last session."""
        self.older = [process for process in self.older if process.fade(self.clock.now, dt)]

    @property
    def processes(self) -> list[HAProxy]:
        """HAProxy's, the one that answers last."""
        return [*self.older, *([self.haproxy] if self.haproxy else [])]

    def maintain(self, on: bool, user: str = "(system)") -> None:
        """Enter or leave persistent CARP maintenance mode: tell the addresses each time, write config.xml where that
        changes something. `user`: who is logged in to the web interface."""
        if on is not self.config.maintenance:
            words = "Enter" if on else "Leave"
            config = self.config.revised(self.clock.now, f"{words} CARP maintenance mode", user)
            self.config = replace(config, maintenance=on)
            self.later(1.0, self.sync)

    def persist(
        self,
        changes: Mapping[tuple[str, str], str],
        description: str,
        notes: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        """Write statuses and notes of holds to config.xml. HAProxy's running process is left alone, relayd is reloaded;
        pfSense's own sync follows each write by itself."""
        self.config = self.config.with_status(changes, notes).revised(self.clock.now, description)
        if self.config.relayd:
            self.reload()
        self.later(1.0, self.sync)

    def drift(self, rule: str = "allow monitoring") -> None:
        """A firewall rule more, made here."""
        self.config = replace(self.config, rules=(*self.config.rules, rule)).revised(self.clock.now, "rule added")
        self.later(1.0, self.sync)

    def upgrade(self, release: str, version: str) -> None:
        """Another release of pfSense, with another format of the configuration."""
        self.release = release
        self.config = replace(self.config, version=version)

    def sync(self) -> None:
        """pfSense's own sync: what it carries, to where it is told, unless the formats differ. Failure is a notice."""
        peer = self.peer
        if not (self.config.synchronizetoip and peer):
            return
        if not (self.sync_works and peer.running):
            self.complain("restore_config_section")
        elif peer.config.version == self.config.version:
            peer.receive_core(self.config)

    def complain(self, method: str) -> None:
        """The notice of a sync that failed."""
        url = f"https://{self.config.synchronizetoip}:443/xmlrpc.php"
        said = f"A communications error occurred while attempting to call XMLRPC method {method}: {url} & no answer"
        self.notices.append(Notice(int(self.clock.now), "sync_settings", said, "Communications error occurred"))

    def receive_core(self, sender: Config) -> None:
        """Rules, and relayd's pools, become those of the sender."""
        config = replace(self.config, rules=sender.rules, pools=sender.pools if sender.relayd else self.config.pools)
        if config == self.config:
            return
        pools, self.config = self.config.pools, config.revised(self.clock.now, "Merged in config from XMLRPC client.")
        if config.relayd and config.pools != pools:
            self.reload()

    def receive(self, sender: Config) -> None:
        """The peer's haproxy section comes, is taken over in the place of the own one, whole, and HAProxy is reloaded.
        Each is a revision (haproxy_xmlrpcsyncclient.inc)."""
        user = f"admin@{sender.sync} (Local Database)"
        merged = "Merged in config (haproxysyncpkg sections) from XMLRPC client."
        self.config = self.config.revised(self.clock.now, merged, user)
        taken = replace(self.config, pools=sender.pools)
        self.config = taken.revised(self.clock.now, "haproxy, xmlrpc config synced", user)
        self.reload()

    def lost(self) -> None:
        self.haproxy = None
        self.older = []
        self.carp = False
        self.upgrades.lost()

    def stopping(self) -> None:
        self.lost()

    def booted(self) -> None:
        """Lose the contents of memory file systems: notices and dirty files."""
        self.demotion = 0
        self.unapplied.clear()
        self.notices.clear()
        self.allow = True
        if self.upgrades.package or self.config.relayd:
            self.later(0.4, self.reload)
        self.upgrades.booted()
        self.later(1.2, self._join)

    def _join(self) -> None:
        self.carp = True


class Carp:
    """CARP makes one firewall MASTER of the virtual addresses: the candidate with the lowest (demotion, advskew), with
    preempt.

    For faults: `split`, the interfaces on which the firewalls don't hear each other; `apart`, those on which the other
    one is MASTER.
    """

    def __init__(self, clock: Clock, firewalls: Callable[[], list[Firewall]]) -> None:
        self.clock = clock
        self.firewalls = firewalls
        self.master: Firewall | None = firewalls()[0]
        self.split: set[str] = set()
        self.apart: set[str] = set()
        self._waits: tuple[Firewall, float] | None = None

    def role(self, firewall: Firewall, interface: str = "wan") -> str:
        """The role that ifconfig prints for that firewall's "wan" or "lan"."""
        if interface == "wan" and firewall.unplugged:
            return "INIT"
        if interface in self.split and firewall.candidate:
            return "MASTER"
        others = [other for other in self.firewalls() if other is not self.master and other.candidate]
        master = others[0] if interface in self.apart and others else self.master
        return "MASTER" if master is firewall else "BACKUP"

    def tick(self) -> None:
        """A better one preempts after a second; without a master the next one waits for three missed advertisements."""
        candidates = [firewall for firewall in self.firewalls() if firewall.candidate]
        best = min(candidates, key=lambda firewall: (firewall.demoted, firewall.advskew), default=None)
        if best is None or best is self.master:
            self._waits = None
            self.master = best
        elif self._waits is None or self._waits[0] is not best:
            self._waits = (best, self.clock.now + (1.0 if self.master in candidates else 3.0))
        elif self.clock.now >= self._waits[1]:
            self.master = best
            self._waits = None
