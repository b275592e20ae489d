"""The target of MySQL's HAProxy on a node: one active server, the others `backup`, so that one node takes all writes.

Each node runs its own, and each decides by its own checks: they can disagree. The socket is asked for the servers of
that one backend only: `show stat NAME 4 -1`, where 4 means servers and -1 every one of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.inventory.addresses import plain, same
from console.inventory.cluster import Cluster, MysqlProxy
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import nobody_listens, ran, told
from console.probes.pools.haproxy import NAME, parse_stat, parse_state, told_states, unexpected
from console.probes.pools.servers import Admin, Server
from console.probes.question import Cadence, Question, Subject


@dataclass(frozen=True)
class ProxyServer:
    """One server of the backend, as this node's HAProxy sees it."""

    name: str
    address: str
    """Without the port."""
    status: str
    """The printed status: UP, UP 1/3, DOWN, DRAIN, MAINT, no check."""
    backup: bool
    sessions: int
    serving: bool = True
    """May get new connections: up or unchecked, neither drained nor in maintenance, weighted."""
    admin: Admin = Admin.READY
    """The state that was asked of it."""
    total: int = field(default=0, compare=False)
    """Sessions that it was given since this HAProxy process started."""

    @property
    def up(self) -> bool:
        """It passes its checks, or has none: it would serve if it were asked to. Maintenance is not checked."""
        return self.status.split()[0:1] in (["UP"], ["DRAIN"]) or self.status == "no check"


@dataclass(frozen=True)
class Writer:
    """One node's HAProxy for MySQL."""

    running: bool
    servers: tuple[ProxyServer, ...] = ()
    unread: tuple[str, ...] = ()
    """Servers that can't be read, and why, where another one is known to take the writes."""
    given: tuple[str, ...] = ()
    """Names of the servers that got the latest new sessions, as long as no server's state has changed since: a stick
    table keeps them where they were, whoever is first by the configuration."""

    @property
    def target(self) -> str | None:
        """The address new connections go to; None: to nobody. Where several share them, the first."""
        return next(iter(self.targets), None)

    @property
    def targets(self) -> tuple[str, ...]:
        """Every address new connections may go to: a single writer means one."""
        serving = [server for server in self.servers if server.serving]
        first = [server for server in serving if not server.backup] or serving[:1]
        kept = [server for server in self.servers if server.name in self.given]
        return tuple(server.address for server in (first if all(one in first for one in kept) else kept))

    @property
    def sticks(self) -> bool:
        """New sessions go to a server although another one is before it."""
        return any(
            one.serving and one in self.before(to) and one.address not in self.targets
            for to in self.targets
            for one in self.servers
        )

    def server(self, address: str) -> ProxyServer | None:
        """The server of an address."""
        return next((server for server in self.servers if same(server.address, address)), None)

    def before(self, address: str) -> tuple[ProxyServer, ...]:
        """The servers that get the connections in its place while they may: for an active one every other active one,
        for a backup all active ones and the backups before it."""
        wanted = self.server(address)
        others = [server for server in self.servers if server is not wanted]
        ahead = self.servers[: self.servers.index(wanted)] if wanted else self.servers
        backups = wanted is None or wanted.backup
        return tuple(one for one in others if not one.backup or (backups and one in ahead))

    def changes(self, address: str) -> dict[str, Admin]:
        """The states that make an address the only target, by server, where they are others now. Drain closes no
        session, and the checks go on; what is in maintenance stays there."""
        wanted = self.server(address)
        if wanted is None:
            return {}
        ready = {wanted.name: Admin.READY} if wanted.admin is not Admin.READY else {}
        return ready | {one.name: Admin.DRAIN for one in self.before(address) if one.admin is Admin.READY}


def parse(answers: tuple[Ran, ...], before: Writer | None) -> Writer:
    """Read `show stat` and `show servers state` of the backend."""
    socket = answers[0]
    if nobody_listens(socket):
        return Writer(running=False)
    printed = ran(socket)
    if "No such proxy" in printed or "Can't find backend" in printed:
        raise Unreadable("this HAProxy has no backend of the name that `mysql_proxy` gives in the inventory")
    stat, version, state = printed.partition("\n1\n#")
    if not version:
        raise Unreadable(unexpected(stat))
    servers = parse_stat(stat, parse_state(state))
    if not servers:
        raise Unreadable("the backend has no servers")
    strange = [server for server in servers if server.strange]
    if strange and not any(server.serving and not server.backup for server in servers):
        raise Unreadable(f"{strange[0].path}: {strange[0].strange}")
    unread = told(f"{server.path}: {server.strange}" for server in strange)
    seen = tuple(_server(server) for server in servers)
    return Writer(True, seen, unread, _given(seen, before))


def _given(servers: tuple[ProxyServer, ...], before: Writer | None) -> tuple[str, ...]:
    """Return the value of `Writer.given`. A total that is lower than before is that of another process."""
    if before is None or [*map(_state, servers)] != [*map(_state, before.servers)]:
        return ()
    grown = [now.total - then.total for now, then in zip(servers, before.servers, strict=True)]
    if any(count < 0 for count in grown):
        return ()
    return tuple(one.name for one, count in zip(servers, grown, strict=True) if count) or before.given


def _state(server: ProxyServer) -> tuple[str, bool, bool, Admin]:
    return server.name, server.backup, server.serving, server.admin


def _server(server: Server) -> ProxyServer:
    address = plain(server.address)  # the nodes' words are compared with each other
    sessions, total = server.sessions or 0, server.total or 0
    return ProxyServer(
        server.name, address, server.status, server.backup, sessions, server.serving, server.admin, total
    )


def tell(proxy: MysqlProxy, states: Mapping[str, Admin]) -> Run:
    """The order that brings servers to their states, in one line, so that none is without a target in between."""
    return told_states(proxy.socket, {f"{proxy.backend}/{name}": admin for name, admin in states.items()})


def close(proxy: MysqlProxy, names: tuple[str, ...]) -> Run:
    """The order that ends the sessions to servers; their clients see one failed query each."""
    named = (f"shutdown sessions server {proxy.backend}/{name}" for name in names if NAME.fullmatch(name))
    return Run(("nc", "-U", proxy.socket), stdin="; ".join(named) + "\n", root=True)


def _asks(cluster: Cluster, _name: str) -> tuple[Run, ...]:
    proxy = cluster.mysql_proxy
    if proxy is None:
        return ()
    stdin = f"show stat {proxy.backend} 4 -1; show servers state {proxy.backend}\n"
    return (Run(("nc", "-U", proxy.socket), stdin=stdin, root=True),)


WRITER = Question(
    field="writer",
    title="HAProxy for MySQL",
    subject=Subject.NODE,
    cadence=Cadence.FAST,
    asks=_asks,
    parse=parse,
    remedy="correct [mysql_proxy] in the inventory: the backend's name and the socket",
)
