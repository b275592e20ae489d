"""HAProxy for MySQL on each node: one server takes all, the others are backups; each decides by its own checks.

The programs of a node write where its HAProxy has sessions: a drained server goes on getting the writes of those it
has.
"""

from collections.abc import Mapping

from console.sim.haproxy import Backend, Check, HAProxy, Server
from console.sim.haproxy_socket import answer
from console.sim.machine import Link
from console.sim.members import SILENT
from console.sim.node import Node
from console.sim.shell import Call

SOCKET = "/run/haproxy/admin.sock"
BACKEND = "mysql"
KEEP = "/usr/local/sbin/keep-writer"
"""A program of the site: it makes a node the active server in haproxy.cfg, and reloads HAProxy."""
CONNECTIONS = 5.0
"""New connections a second of a node's own programs."""


class Proxies:
    """The HAProxies of all nodes: each dies and comes back with its machine."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._boots: dict[str, str] = {}
        self._addresses = {node.address: node for node in nodes.values()}

    def tick(self, dt: float) -> None:
        """Move each on."""
        for node in self._nodes.values():
            if self._boots.get(node.name) != node.boot_id:
                self._boots[node.name] = node.boot_id
                self.reload(node)
            if node.proxy and node.running:
                node.proxy.tick(node.clock.now, dt, self._probe, {"tcp": CONNECTIONS if node.apache else 0.0})

    def shares(self) -> dict[str, float]:
        """The share of all writes that each member gets."""
        shares = dict.fromkeys(self._nodes, 0.0)
        for node in self._nodes.values():
            servers = node.proxy.servers if node.proxy and node.running and node.apache else []
            sessions = sum(server.sessions for server in servers)
            for server in servers if sessions else ():
                name = self._addresses[server.address].name
                shares[name] += server.sessions / sessions / len(self._nodes)
        return shares

    def reload(self, node: Node) -> None:
        """Start it anew, as its configuration says: what the socket asked for is forgotten."""
        node.proxy = self._started(node)

    def _started(self, node: Node) -> HAProxy:
        process, now = HAProxy((), node.clock.now, 611), node.clock.now
        first = node.proxy_first or next(iter(self._nodes))
        backend = Backend(BACKEND, 3, "tcp", now)
        for number, other in enumerate(self._nodes.values(), 1):
            backend.servers.append(
                Server(BACKEND, other.name, other.address, 3306, number, "tcp", other.name != first, 1, 1, False, now)
            )
        process.backends.append(backend)
        return process

    def _probe(self, address: str, _mode: str) -> Check:
        """mysql-check: a login. A member without a Primary component lets it in as well."""
        node = self._addresses[address]
        if node.link is Link.SILENT or node.hung:
            return Check(False, "L4TOUT", "", "Layer4 timeout", 1000)
        if node.galera.members[node.name].phase in SILENT or not node.running:
            return Check(False, "L4CON", "", "Layer4 connection problem")
        return Check(True, "L7OK", "0", "Layer7 check passed")


def nc(call: Call, node: Node) -> int:
    """nc -U SOCKET."""
    if call.argv[1:2] != ("-U",) or len(call.argv) != 3:
        return call.fail("usage: nc [-U] destination")
    if call.argv[2] != SOCKET or node.proxy is None:
        return call.fail("nc: unix connect failed: No such file or directory")
    if not call.root:
        return call.fail("nc: unix connect failed: Permission denied")
    call.out(answer(node.proxy, call.stdin.split("\n")[0], node.name, node.clock.now))
    return 0


def keep(node: Node, argv: tuple[str, ...]) -> None:
    """The site's program has ended well."""
    if argv[:1] == (KEEP,):
        node.proxy_first = argv[-1]
        node.reload_proxy()


def disagree(node: Node, other: str) -> None:
    """This node's HAProxy is told not to use a server that the others' use."""
    server = node.proxy.server(BACKEND, other) if node.proxy else ""
    if isinstance(server, Server):
        server.force("maint", node.clock.now)


def agree(node: Node) -> None:
    """Every server may be used again."""
    for server in node.proxy.servers if node.proxy else ():
        server.force("ready", node.clock.now)
