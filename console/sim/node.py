"""A node: Apache, a Galera member and a Gluster brick on one machine."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from console.sim.galera import Galera
from console.sim.gluster import Gluster
from console.sim.haproxy import Check, HAProxy
from console.sim.hardware import Hardware, MountState
from console.sim.jobs import Job, Work
from console.sim.machine import Clock, Link, Machine
from console.sim.members import SILENT

STOP = 1.2
"""Seconds mariadbd takes to stop."""
MYSQL = "mariadb.service"
GLUSTERD = "glusterd.service"
APACHE = "apache2.service"
SUBSTATES = {
    "active": "running",
    "inactive": "dead",
    "activating": "start",
    "deactivating": "stop-sigterm",
    "failed": "failed",
}


@dataclass
class Apache:
    """httpd's totals since its start."""

    started: float
    accesses: float = 0.0
    rate: float = 0.0
    busy: int = 1
    held: int = 0
    """Workers that are taken for good: by slow clients, or by a document root that hangs."""
    extended: bool = True
    """ExtendedStatus."""


class Node(Machine):
    """A node: systemd's three services, and the answer to a visitor of port 80."""

    def __init__(self, clock: Clock, name: str, address: str, galera: Galera, gluster: Gluster) -> None:
        super().__init__(clock, name, address)
        self.galera = galera
        self.gluster = gluster
        self.proxy: HAProxy | None = None
        """Its HAProxy for MySQL."""
        self.proxy_first = ""
        """The active server in its haproxy.cfg; "" for the first of all."""
        self.reload_proxy: Callable[[], None] = lambda: None
        self.signature = name
        """Apache's X-Node header."""
        self.apache: Apache | None = Apache(clock.now - 86_000, accesses=946_000)
        self.hardware = Hardware()
        gluster.bricks[name].space = lambda: self.hardware.brick.figures
        self.load = 0.35
        self.mysql_unit = MYSQL
        """The unit that runs its mariadbd."""
        self.datadir = "/var/lib/mysql"
        """The data folder of its mariadbd."""
        self.by_hand = False
        """Somebody has started its mariadbd: systemd calls the unit inactive, and stops nothing."""
        self.full = False
        """Its mariadbd has too many connections, and none for us."""
        self.jobs: dict[str, Job] = {}
        """Units that systemd-run has started and nobody has cleared; gone after a boot."""
        self.work: dict[str, Work] = {}
        """The work that the next jobs will do, by unit."""
        self.started: list[str] = []
        """The units of all that systemd-run has ever started."""
        self.journal: list[str] = []
        """systemd's journal: a line of JSON for each."""
        self._stopping_mysql = False
        self._hung_with_mysql = False

    @property
    def mounted(self) -> bool:
        """The volume is mounted: that needs no brick of its own, only enough of them."""
        return self.gluster.quorum and self.hardware.mount is MountState.ANSWERS

    @property
    def mount_hangs(self) -> bool:
        """A look into the document root never returns."""
        return self.hardware.mount in (MountState.STOPPED, MountState.HUNG)

    @property
    def brick_path(self) -> str:
        """The path of its brick."""
        return self.gluster.bricks[self.name].path

    @property
    def mysql_listens(self) -> bool:
        """mariadbd closes its port first of all when it is stopped, long before its unit has ended."""
        return not self._stopping_mysql and self.galera.members[self.name].phase not in SILENT

    @property
    def processes(self) -> dict[str, int]:
        """Running processes by name, of those that somebody looks for."""
        brick = self.gluster.bricks[self.name]
        mysqld = self._stopping_mysql or self.galera.members[self.name].phase not in SILENT
        return {
            "mariadbd": int(mysqld),
            "glusterd": int(brick.glusterd),
            "glusterfsd": int(brick.brick),
            "haproxy": int(self.proxy is not None),
        }

    def unit(self, name: str) -> str:
        """ActiveState."""
        if name in (MYSQL, self.mysql_unit) and not self.by_hand:
            return "deactivating" if self._stopping_mysql else self.galera.members[self.name].unit
        if name == GLUSTERD:
            return "active" if self.gluster.bricks[self.name].glusterd else "inactive"
        return "active" if name == APACHE and self.apache else "inactive"

    def start_unit(self, name: str) -> None:
        """systemctl start."""
        if name in (MYSQL, self.mysql_unit):
            self.galera.start(self.name)
        elif name == GLUSTERD:
            self.gluster.back(self.name)
        elif name == APACHE and self.apache is None:
            self.apache = Apache(self.clock.now)

    def stop_unit(self, name: str) -> None:
        """systemctl stop. glusterd's bricks stay, as its unit on Red Hat leaves them."""
        if name in (MYSQL, self.mysql_unit) and self.unit(MYSQL) in ("active", "activating"):
            self._stopping_mysql = True
            self.later(STOP, self._mysql_stopped)
        elif name == GLUSTERD:
            self.gluster.bricks[self.name].glusterd = False
        elif name == APACHE:
            self.apache = None

    def kill_bricks(self) -> bool:
        """pkill -x glusterfsd: whether there was one."""
        brick = self.gluster.bricks[self.name]
        had, brick.brick = brick.brick, False
        return had

    def probe(self, mode: str) -> Check:
        """The result of HAProxy's check of this node. A hung kernel still completes a TCP handshake."""
        layer7 = mode == "http"
        if self.link is Link.SILENT:
            return Check(False, "L4TOUT", "", "Layer4 timeout", 1000)
        if self.link is Link.REFUSED or (self.apache is None and not self.hung):
            return Check(False, "L4CON", "", "Layer4 connection problem")
        if not layer7:
            return Check(True, "L4OK", "", "Layer4 check passed")
        if self.hung:
            return Check(False, "L7TOUT", "", "Layer7 timeout", 1000)
        if self.mount_hangs:
            return Check(False, "L7TOUT", "", "Layer7 timeout", 1000)
        if not self.mounted:
            return Check(False, "L7STS", "403", "Layer7 wrong status", 1)
        return Check(True, "L7OK", "200", "Layer7 check passed", 1)

    def tick(self, requests: float, dt: float) -> None:
        """Take the requests that the load balancers sent in `dt` seconds."""
        self.hardware.tick(dt)
        rate = requests / dt if self.running else 0.0
        self.load += (0.3 + rate / 25 - self.load) * min(1.0, dt / 20) * random.uniform(0.5, 1.5)  # noqa: S311
        if self.apache and self.running:
            self.apache.accesses += requests
            self.apache.rate = rate
            self.apache.busy = 1 + round(rate * 0.3 * random.uniform(0.7, 1.3))  # noqa: S311

    def stopping(self) -> None:
        self.jobs.clear()
        self.galera.leave(self.name)
        self.gluster.bricks[self.name].lose()
        self.apache = None

    def lost(self) -> None:
        self.jobs.clear()
        self._stopping_mysql = False
        self.galera.vanish(self.name)
        self.gluster.vanish(self.name)
        self.apache = None

    def booted(self) -> None:
        self._stopping_mysql = self.by_hand = self.full = False
        self.hardware.boot()
        self.later(0.5, lambda: self.start_unit(GLUSTERD))
        self.later(0.3, lambda: self.start_unit(APACHE))
        self.later(0.6, lambda: self.start_unit(MYSQL))

    def stalled(self) -> None:
        self._hung_with_mysql = self.unit(MYSQL) == "active"
        self.galera.vanish(self.name)

    def resumed(self) -> None:
        self.gluster.bricks[self.name].since = self.clock.now
        if self._hung_with_mysql:
            self.galera.rejoin(self.name)

    def _mysql_stopped(self) -> None:
        self._stopping_mysql = False
        self.galera.leave(self.name)
