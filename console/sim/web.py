"""HTTP: Apache on a node, reached through its SSH connection, and the virtual addresses, reached as a visitor would."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from console.sim.haproxy import Server
from console.sim.link import end
from console.sim.node import Node
from console.sim.pfconfig import DATA
from console.sim.waiting import GLANCE, until
from console.sim.world import World

LIMIT = 16_384
SLOTS = 150
PAGE = "<!doctype html><title>demo</title><p>It works.\n"
EXTENDED = (
    *("Total Accesses", "Total kBytes", "Total Duration", "CPUUser", "CPUSystem", "CPUChildrenUser"),
    *("CPUChildrenSystem", "CPULoad", "Uptime", "ReqPerSec", "BytesPerSec", "BytesPerReq", "DurationPerReq"),
)
"""Left out with ExtendedStatus off."""
REASONS = {200: "OK", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}


class Reader(Protocol):
    """The part of a reader that asyncio's and asyncssh's streams share."""

    async def readuntil(self, separator: bytes, /) -> bytes: ...


class Writer(Protocol):
    """The part of a writer that asyncio's and asyncssh's streams share."""

    def write(self, data: bytes, /) -> None: ...
    async def drain(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/html; charset=UTF-8"

    def encoded(self, head_only: bool) -> bytes:
        """The bytes for the wire; every connection carries one request."""
        body = self.body.encode()
        lines = [f"HTTP/1.1 {self.status} {REASONS[self.status]}", "Server: Apache/2.4.71 (Debian)"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Type: {self.content_type}", f"Content-Length: {len(body)}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode() + (b"" if head_only else body)


async def serve(reader: Reader, writer: Writer, reply: Callable[[str], Awaitable[Reply]]) -> None:
    """Read one request, and write the reply for its target."""
    with contextlib.suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
        request = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = request[:LIMIT].partition(b"\r\n")[0].decode("latin-1").split(" ", 2)
        answer = await reply(target)
        writer.write(answer.encoded(method == "HEAD"))
        await writer.drain()
    writer.close()


async def apache(node: Node, target: str) -> Reply:
    """A hung machine never answers; without enough bricks the document root is not there."""
    await until(lambda: not node.hung)
    path, _, query = target.partition("?")
    if path == "/server-status":
        return Reply(200, _server_status(node), content_type="text/plain") if query == "auto" else Reply(200, PAGE)
    named = (("X-Node", node.signature),)
    await until(lambda: not node.mount_hangs)
    if not node.mounted:
        return Reply(403, "Forbidden\n", named)
    if path == "/health" and not node.galera.members[node.name].ready:
        return Reply(500, "database not ready\n", named)
    return (
        Reply(200, "OK\n" if path == "/health" else PAGE, named) if path in ("/health", "/") else Reply(404, "", named)
    )


def _server_status(node: Node) -> str:
    server = node.apache
    if server is None:
        return ""
    now, up = node.clock.now, max(1, int(node.clock.now - server.started))
    total, busy = int(server.accesses), min(server.busy + server.held, SLOTS)
    date = "%A, %d-%b-%Y %H:%M:%S UTC"
    workers = min(SLOTS, max(50, busy + 5))
    values = {
        "CurrentTime": time.strftime(date, time.gmtime(now)),
        "RestartTime": time.strftime(date, time.gmtime(server.started)),
        "ServerUptimeSeconds": up,
        "ServerUptime": f"{up // 3600} hours {up // 60 % 60} minutes {up % 60} seconds",
        "Load1": f"{node.load:.2f}",
        "Total Accesses": total,
        "Total kBytes": total * 300 // 1024,
        "Total Duration": total * 32,
        "Uptime": up,
        "ReqPerSec": f"{total / up:g}",
        "BytesPerSec": f"{total * 300 / up:g}",
        "BusyWorkers": busy,
        "IdleWorkers": workers - busy,
        "Scoreboard": _scoreboard(busy, workers),
    }
    _, *lines = (DATA / "server-status.txt").read_text().splitlines()
    pairs = (line.partition(": ") for line in lines)
    shown = [(name, value) for name, _, value in pairs if server.extended or name not in EXTENDED]
    return "\n".join([node.address, *(f"{name}: {values.get(name, value)}" for name, value in shown)]) + "\n"


def _scoreboard(busy: int, workers: int) -> str:
    """A scoreboard in which most busy slots send, some read, and some keep a connection alive."""
    reading, kept = busy // 8, busy // 5
    return "R" * reading + "K" * kept + "W" * (busy - reading - kept) + "_" * (workers - busy) + "." * (SLOTS - workers)


class Vip:
    """A virtual address: whichever firewall is MASTER answers, through its own HAProxy."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Drop every visitor."""
        if self._server:
            await end(self._server)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer, self._reply))
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:  # also when it was cancelled before its first line
            self._tasks.discard(task)
            if not writer.is_closing():
                writer.transport.abort()

        task.add_done_callback(ended)

    async def _reply(self, target: str) -> Reply:
        """The answer of the load balancer. An address with nobody behind it is silent, and gives no error. A server
        that is dead and not yet DOWN is waited for."""
        while True:
            await until(lambda: self._world.master is not None and not self._world.master.blocks)
            server = self._pick()
            if server is None:
                return Reply(503, "No server is available to handle this request.\n")
            node = next(node for node in self._world.nodes.values() if node.address == server.address)
            if node.running and node.apache:
                return await apache(node, target)
            await asyncio.sleep(GLANCE)

    def _pick(self) -> Server | None:
        master = self._world.master
        backends = master.haproxy.backends if master and master.haproxy else []
        return next((backend.pick() for backend in backends if backend.mode == "http"), None)
