"""A pool on a firewall, of either load balancer: `haproxy` and `relayd` read their own into these types."""

import math
import re
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from console.inventory.addresses import same
from console.inventory.cluster import Node

_SUFFIX = re.compile(r"_ipv(ANY|4|6)$|:[0-9]{1,5}$")
"""Suffixes of a pool's name: the HAProxy package's, and relayd's port."""
_TYPE = re.compile(r"_(http|https|tcp)$")
"""A further suffix of the package of 2016 (0.36), before that."""


@lru_cache(maxsize=4096)
def pool_names(backend: str) -> tuple[str, ...]:
    """The names that a backend's pool may have in pfSense's configuration."""
    pool = _SUFFIX.sub("", backend)
    return tuple(dict.fromkeys((pool, _TYPE.sub("", pool))))


UNCHECKED = "unknown"
"""relayd's word for a host that it has not checked since it was reloaded: until then the host gets nothing."""


class Admin(Enum):
    """The state that can be asked of a server, in HAProxy's words. relayd knows `host disable`, which is MAINT, and
    READY."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


@dataclass(frozen=True)
class Server:
    """A server of a backend, as one firewall's balancer sees it now. A figure is None where the balancer has none."""

    backend: str
    """The balancer's own name: web_ipvANY (HAProxy), or the table web:80 (relayd)."""
    name: str
    address: str
    """Without the port; "" where this balancer does not print it."""
    status: str
    """The printed status: UP, UP 1/3, DOWN, NOLB, DRAIN, MAINT, MAINT (via x/y), no check. relayd's words up, down and
    disabled are UP, DOWN and MAINT here; what else it prints is as printed."""
    backup: bool
    weight: int
    sessions: int | None
    queued: int | None
    total: int | None
    """Sessions since this HAProxy process started."""
    rate: int | None
    """Sessions over the last second."""
    check: str
    admin: Admin
    """The state that was asked of it. Its real one may differ: a drained server that fails its check is printed as
    DOWN, and one of which nobody asked anything is in maintenance while its name does not resolve."""
    since: int | None = field(compare=False)
    """Seconds in this status."""
    last_session: int | None = field(compare=False)
    """Seconds since a session was last given to this server; -1 for never in this process."""
    given: float | None = field(default=None, compare=False)
    """Sessions given to it a second, between two looks."""
    unresolved: str = ""
    """The name that has no address just now, so that nothing is sent there; "" where that is not so."""
    tracks: str = ""
    """BACKEND/SERVER whose state it follows."""
    agent: bool = False
    """An agent on the machine is asked too. HAProxy notes its drain and maint as an administrator's, and `ready` lasts
    until its next answer."""
    port: str = ""
    """The port its sessions go to; "" where that is not printed."""
    strange: str = ""
    """A part of it that can't be read, so that it may be in any state; "" as a rule."""
    told: bool = True
    """The state that was asked of it can be read."""

    @property
    def path(self) -> str:
        """BACKEND/SERVER, as in orders."""
        return f"{self.backend}/{self.name}"

    @property
    def pool(self) -> str:
        """The name the pool has in pfSense's configuration, for those to whom it is shown."""
        return _SUFFIX.sub("", self.backend)

    @property
    def pools(self) -> tuple[str, ...]:
        """The names it may have there: site_http may be a pool, or what the package of 2016 made of the pool site."""
        return pool_names(self.backend)

    @property
    def serving(self) -> bool:
        """It gets new sessions: up (or unchecked), not drained, weighted. NOLB and DOWN do not."""
        return self._up and self.weight > 0

    @property
    def weightless(self) -> bool:
        """Only its weight, 0, keeps it from getting new sessions."""
        return self._up and self.weight == 0

    @property
    def _up(self) -> bool:
        up = self.status.startswith("UP") or self.status == "no check"
        return up and self.admin is Admin.READY and not self.strange

    @property
    def out(self) -> bool:
        """Drain or maintenance was asked."""
        return self.admin is not Admin.READY

    @property
    def may_serve(self) -> bool:
        """It gets new sessions, or may get some: its state can't be read."""
        return self.serving or bool(self.strange)

    @property
    def by_agent(self) -> bool:
        """Out by its agent's word, or it may be: DRAIN (agent) is printed for a drain by hand as well, and plain MAINT
        for an agent's."""
        return self.agent and (self.out or self.status == "DOWN (agent)")

    @property
    def unasked(self) -> str:
        """Why it gets nothing although nobody asked for that, as in "node2 ..."; "" where that is not so."""
        if self.unresolved:
            return f"has a name that does not resolve, {self.unresolved}"
        if self.by_agent:
            return f"has an agent check, which says {self.status.split()[0].lower()}"
        if self.tracks and not self.out and self.status.startswith(("MAINT", "DRAIN")):
            return f"follows {self.tracks}, which is {'drained' if self.status[0] == 'D' else 'in maintenance'}"
        return ""

    @property
    def quiet(self) -> float:
        """Seconds without a new session, as far as is known: for one that never got any, since its status changed.
        Without end where the balancer counts none; where it only counts them, between two looks."""
        if self.last_session is None:
            return math.inf if self.total is None or self.given == 0 else 0
        return self.last_session if self.last_session >= 0 else float(self.since or 0)

    @property
    def visited(self) -> bool:
        """It has got sessions since its status changed; to the second, so not in the one in which it did."""
        return self.last_session not in (None, -1) and self.since is not None and self.quiet + 1 < self.since

    @property
    def failing(self) -> bool:
        """It still serves, and goes down with the next check that fails. A server that has just been started is UP 1/3
        too, and no check of it has failed."""
        failed = self.check.removeprefix("* ") not in ("", "INI", "UNK") and not self.check.endswith("OK")
        return self.serving and failed and self.status.startswith("UP 1/")


@dataclass(frozen=True)
class Pools:
    """Run-time state of one firewall's load balancer. A HAProxy that does not run is normal on a passive firewall with
    `carpdev`."""

    running: bool
    servers: tuple[Server, ...] = ()
    dirty: bool = False
    """Changes made in the GUI that nobody has applied yet."""
    pid: int | None = None
    """The process that answered; None where it does not say."""
    processes: int | None = None
    """The number of processes it says it runs as; None where it does not say."""
    uptime: int | None = field(default=None, compare=False)
    """Seconds since that process began: since the last reload."""
    strange: tuple[str, ...] = ()
    """Lines that can't be read, a sentence each. They say nothing of the rest."""
    waiting: tuple[tuple[str, int], ...] = ()
    """(backend, sessions that wait there for any of its servers), where some do; none of these is a server's."""
    history: tuple[tuple[float, tuple[tuple[str, int], ...]], ...] = field(default=(), compare=False)
    """(time, totals by server) of the last note: the base that `given` is measured from."""
    lingering: tuple[tuple[str, int], ...] | None = ()
    """Sessions by address to machines that no server stands for any more, where the balancer forgets the disabled; None
    where they can't be counted."""

    def of(self, node: Node) -> tuple[Server, ...]:
        """The servers that are this node, matched by address, by name only where no address is printed."""
        return tuple(
            server
            for server in self.servers
            if same(server.address, node.address) or (not server.address and same(server.name, node.name))
        )

    def held(self, node: Node) -> int | None:
        """Sessions to a node that belong to none of its servers; None where they can't be counted."""
        if self.lingering is None:
            return None
        return sum(count for address, count in self.lingering if same(address, node.address))

    def pool(self, backend: str) -> tuple[Server, ...]:
        """Every server of one backend."""
        return tuple(server for server in self.servers if server.backend == backend)

    def named(self, backend: str) -> str:
        """A backend by the name that its pool has in config.xml, as people know it; by its own where several have that
        (web_ipv4 and web_ipv6)."""
        pools = {server.backend: server.pool for server in self.servers}
        name = pools.get(backend, backend)
        return name if [*pools.values()].count(name) == 1 else backend
