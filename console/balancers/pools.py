"""What a pool is on a firewall, whichever load balancer serves it: `haproxy` and `relayd` read their own into these."""

import re
from dataclasses import dataclass, field
from enum import Enum

from console.addresses import same
from console.inventory import Node

_SUFFIX = re.compile(r"_ipv(ANY|4|6)$|:[0-9]{1,5}$")
"""What the HAProxy package adds to a pool's name, and the port relayd adds."""
_TYPE = re.compile(r"_(http|https|tcp)$")
"""What the package of 2016 (0.36) added before that."""


class Admin(Enum):
    """What may be asked of a server, in HAProxy's words. relayd knows `host disable`, which is MAINT, and READY."""

    READY = "ready"
    DRAIN = "drain"
    MAINT = "maint"


@dataclass(frozen=True)
class Server:
    """A server of a backend, as one firewall's balancer sees it now. A figure is None where the balancer has none."""

    backend: str
    """As the balancer names it: web_ipvANY (HAProxy), or the table web:80 (relayd)."""
    name: str
    address: str
    """Without the port; "" where this balancer does not print it."""
    status: str
    """As printed: UP, UP 1/3, DOWN, NOLB, DRAIN, MAINT, MAINT (via x/y), no check. relayd's words up, down and
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
    """What an administrator has asked of it; its health is another matter: a drained server that fails its check is
    printed as DOWN."""
    since: int | None = field(compare=False)
    """Seconds in this status."""
    last_session: int | None = field(compare=False)
    """Seconds since a session was last given to this server; -1 for never."""

    @property
    def pool(self) -> str:
        """The name the pool has in pfSense's configuration, for those to whom it is shown."""
        return _SUFFIX.sub("", self.backend)

    @property
    def pools(self) -> tuple[str, ...]:
        """The names it may have there: site_http may be a pool, or what the package of 2016 made of the pool site."""
        return tuple(dict.fromkeys((self.pool, _TYPE.sub("", self.pool))))

    @property
    def serving(self) -> bool:
        """Gets new sessions: up (or unchecked), not drained, weighted. NOLB and DOWN do not."""
        up = self.status.startswith("UP") or self.status == "no check"
        return up and self.weight > 0 and self.admin is Admin.READY

    @property
    def failing(self) -> bool:
        """Serves still, and goes down with the next check that fails. A server that has just been started is UP 1/3
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
    lingering: tuple[tuple[str, int], ...] | None = ()
    """Sessions by address to machines that no server stands for any more, where the balancer forgets the disabled; None
    where they can't be counted."""

    def of(self, node: Node) -> tuple[Server, ...]:
        """The servers that are this node, matched by address, by name only where no address is printed."""
        return tuple(
            server
            for server in self.servers
            if same(server.address, node.address) or (not server.address and server.name == node.name)
        )

    def held(self, node: Node) -> int | None:
        """Sessions to a node that belong to none of its servers; None where they can't be counted."""
        if self.lingering is None:
            return None
        return sum(count for address, count in self.lingering if same(address, node.address))

    def pool(self, backend: str) -> tuple[Server, ...]:
        """Every server of one backend."""
        return tuple(server for server in self.servers if server.backend == backend)
