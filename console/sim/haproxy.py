"""One HAProxy process: servers with their runtime state, health checks, sessions, and what its socket answers.

Runtime state lives in the process and dies with it: a reload builds a new one from the firewall's configuration.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from console.sim.pfconfig import Pool, PoolServer

RISE, FALL = 2, 3
DECAY = 1.4
"""Seconds in which the sessions of a server that gets no new ones fall to a third."""
HOLD = 1.1
"""Seconds a session lasts on average."""


@dataclass(frozen=True)
class Check:
    """The result of one health check, in the words of `show stat`."""

    passed: bool
    status: str
    code: str = ""
    description: str = ""
    milliseconds: int = 0


INI = Check(True, "INI", "", "Initializing")
Probe = Callable[[str, str], Check]
"""(address, mode) -> what a check of that node finds."""


@dataclass
class Server:
    """One server of one backend."""

    backend: str
    name: str
    address: str
    port: int
    id: int
    mode: str
    backup: bool
    weight: int
    initial_weight: int
    disabled: bool
    """Disabled in haproxy.cfg. HAProxy goes on showing it, whatever the socket asks for later."""
    changed: float
    forced: str = ""
    """"drain", "maint" or "": what the socket asked for."""
    up: bool = True
    health: int = RISE
    """Below full until the first check has passed: UP 1/3 at start and after leaving maint."""
    check: Check = INI
    check_failures: int = 0
    downs: int = 0
    downtime: float = 0.0
    requests: float = 0.0
    rate: float = 0.0
    rate_max: float = 0.0
    sessions: float = 0.0
    sessions_max: int = 0
    last: float | None = None
    """Time of its last new session."""
    held: int = 0
    """Sessions that do not end: downloads, web sockets."""
    returning: float = 0.0
    """Requests a second of visitors who hold its cookie: a drain does not turn them away."""
    name_lost: str = ""
    """The name it is configured by, while that does not resolve."""
    tracked: "Server | None" = None
    """The server whose state it follows."""
    agent: str = ""
    """The agent's answer, once a second: up, down, drain, maint or ready; "" without an agent."""

    @property
    def maint(self) -> bool:
        """It is in maintenance: no traffic, no checks."""
        return bool(self.forced == "maint" or self.name_lost or (self.tracked and self.tracked.maint))

    @property
    def drained(self) -> bool:
        """It was asked to drain, or the server it follows was."""
        return self.forced == "drain" or bool(self.tracked and self.tracked.drained)

    @property
    def flags(self) -> int:
        """srv_admin_state."""
        inherited = (2 if self.tracked.maint else 0) + (16 if self.tracked.drained else 0) if self.tracked else 0
        asked = {"maint": 1, "drain": 8}.get(self.forced, 0)
        return asked + inherited + (4 if self.disabled else 0) + (32 if self.name_lost else 0)

    @property
    def eligible(self) -> bool:
        """It gets new sessions."""
        return self.up and not self.maint and not self.drained and self.agent != "down" and self.weight > 0

    @property
    def visited(self) -> bool:
        """It gets the sessions of visitors with its cookie."""
        return self.up and not self.maint and self.agent != "down"

    @property
    def status(self) -> str:
        """The status in the words of `show stat`."""
        if self.name_lost:
            return "MAINT (resolution)"
        if self.forced != "maint" and self.tracked and self.tracked.maint:
            return f"MAINT (via {self.tracked.backend}/{self.tracked.name})"
        if self.maint:
            return "MAINT"
        if self.agent == "down":
            return "DOWN (agent)"
        if not self.up:
            return f"DOWN {self.health}/{RISE}" if self.health else "DOWN"
        if self.drained:
            return "DRAIN (agent)" if self.agent else "DRAIN"
        full = self.health == RISE + FALL - 1
        return "UP" if full else f"UP {self.health - RISE + 1}/{FALL}"

    def force(self, state: str, now: float) -> None:
        """`set server ... state ready|drain|maint`. Leaving maint puts it UP before any check has run."""
        left = self.forced == "maint" and state != "maint"
        self.forced = "" if state == "ready" else state
        self.changed = now
        if left:
            self.up, self.health, self.check = True, RISE, INI

    def shut(self) -> None:
        """`shutdown sessions server`: every session ends; new ones may begin."""
        self.held, self.sessions = 0, 0.0

    def checked(self, check: Check, now: float) -> None:
        """Count one check in."""
        self.check = check
        was = self.up
        if check.passed:
            self.health = RISE + FALL - 1 if self.up or self.health + 1 >= RISE else self.health + 1
            self.up = self.up or self.health >= RISE
        else:
            self.check_failures += 1
            self.health = self.health - 1 if self.up and self.health > RISE else 0
            self.up = self.up and self.health > 0
        if was != self.up:
            self.changed = now
            self.downs += was

    def serve(self, requests: float, dt: float, now: float) -> None:
        """Take its share of the traffic of `dt` seconds, and let old sessions end."""
        self.requests += requests
        self.rate = requests / dt
        self.rate_max = max(self.rate_max, self.rate)
        fading = self.sessions * math.exp(-dt / DECAY)
        self.sessions = fading + requests * HOLD * (1 - math.exp(-dt / DECAY)) / dt
        if not requests and self.sessions < 0.5:
            self.sessions = 0.0
        if requests:
            self.last = now
        if not self.up or self.maint:
            self.downtime += dt
        self.sessions = max(self.sessions, self.held)
        self.sessions_max = max(self.sessions_max, round(self.sessions))


@dataclass
class Backend:
    """One backend and its servers, in the order of the configuration."""

    name: str
    id: int
    mode: str
    changed: float
    servers: list[Server] = field(default_factory=list[Server])
    turn: int = 0

    @property
    def serving(self) -> list[Server]:
        """Servers that share new sessions: backups only when no other is left, and then the first."""
        eligible = [server for server in self.servers if server.eligible]
        return [server for server in eligible if not server.backup] or eligible[:1]

    def pick(self) -> Server | None:
        """Choose a server, round robin."""
        serving = self.serving
        self.turn += 1
        return serving[self.turn % len(serving)] if serving else None


class HAProxy:
    """A running process."""

    def __init__(self, pools: Iterable[Pool], now: float, pid: int) -> None:
        self.started = now
        self.pid = pid
        self.backends = [_backend(pool, now) for pool in pools]
        self._checked = now - 0.5

    def server(self, backend: str, name: str) -> Server | str:
        """The server, or the socket's complaint."""
        found = next((item for item in self.backends if item.name == backend), None)
        if found is None:
            return "No such backend."
        return next((server for server in found.servers if server.name == name), "No such server.")

    def tick(self, now: float, dt: float, probe: Probe, traffic: dict[str, float]) -> None:
        """Check each server once a second, and share `traffic` (requests a second by mode) out."""
        if now - self._checked >= 1.0:
            self._checked = now
            for server in self.servers:
                if not server.maint:
                    server.checked(probe(server.address, server.mode), now)
                if server.agent in ("drain", "maint", "ready") and server.forced != server.agent.replace("ready", ""):
                    server.force(server.agent, now)
        for backend in self.backends:
            serving = backend.serving
            weight = sum(server.weight for server in serving)
            for server in backend.servers:
                share = server.weight / weight if server in serving else 0.0
                cookies = server.returning if server.visited and traffic else 0.0
                server.serve((traffic.get(backend.mode, 0.0) * share + cookies) * dt, dt, now)

    def fade(self, now: float, dt: float) -> bool:
        """Let its sessions end, once another process has taken over. Returns True while some are left."""
        for server in self.servers:
            server.serve(0.0, dt, now)
        return any(round(server.sessions) for server in self.servers)

    @property
    def servers(self) -> list[Server]:
        """The servers of all backends."""
        return [server for backend in self.backends for server in backend.servers]


def _backend(pool: Pool, now: float) -> Backend:
    """Servers that are left out of the balancer's own configuration don't exist at runtime."""
    servers = [_server(pool, item, now) for item in pool.servers if item.status not in pool.absent]
    return Backend(pool.backend, pool.id, pool.mode, now, servers)


def _server(pool: Pool, item: PoolServer, now: float) -> Server:
    return Server(
        backend=pool.backend,
        name=item.name,
        address=item.address,
        port=item.port,
        id=item.id,
        mode=pool.mode,
        backup=item.status == "backup",
        weight=item.weight,
        initial_weight=item.weight,
        disabled=item.status == "disabled",
        changed=now,
        forced="maint" if item.status == "disabled" else "",
    )
