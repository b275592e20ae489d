"""SSH servers on 127.0.0.1, one a machine, behind a listener that can do what a power cut does to TCP.

asyncssh never sees the client's socket: bytes are pumped between it and a socket pair, so that a machine can fall
silent without a reset, a FIN or another byte, and drop its old connections when power is back.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping

import asyncssh
from asyncssh.constants import OPEN_CONNECT_FAILED

from console.sim.link import Carrier, end
from console.sim.machine import Link, Machine
from console.sim.shell import ROOTS, Shell, System

MAX_SESSIONS = 10
"""sshd's own default, per connection."""
Tunnel = Callable[[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]], Awaitable[None]]
Tunnels = Callable[[str, int], Tunnel | None]
"""(host, port) as the machine itself sees them -> what listens there, or None: refused."""


class Silence:
    """A TCP listener in front of a machine: serves, refuses or keeps silent as the machine's link says."""

    def __init__(self, machine: Machine, serve: Callable[[socket.socket], Awaitable[None]]) -> None:
        self.machine = machine
        self._serve = serve
        self._clients: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self._server: asyncio.Server | None = None
        machine.watchers.append(self._link)

    async def open(self) -> int:
        """Listen; return the port."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End everything."""
        if self._server:
            await end(self._server)
        tasks = [task for task in self._clients.values() if task]
        self._drop()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _link(self, link: Link) -> None:
        if link is Link.SILENT:
            for task in filter(None, self._clients.values()):
                task.cancel()
        else:
            self._drop()

    def _drop(self) -> None:
        for client, task in list(self._clients.items()):
            if task:
                task.cancel()
            _reset(client)
        self._clients.clear()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.machine.link is Link.REFUSED or self.machine.ssh_cut:
            _reset(writer)
            return
        serves = self.machine.link is Link.UP
        self._clients[writer] = asyncio.ensure_future(self._pump(reader, writer)) if serves else None

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        near, far = socket.socketpair()
        try:
            inner_reader, inner_writer = await asyncio.open_connection(sock=near)
        except BaseException:
            far.close()
            raise
        server = asyncio.ensure_future(self._serve(far))
        ways = [asyncio.ensure_future(self._carry(*way)) for way in ((reader, inner_writer), (inner_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            self._clients.pop(writer, None)
            writer.close()
        finally:
            for task in ways:
                task.cancel()
            inner_writer.transport.abort()
            # Not cancelled: a task that ends before its first line closes nothing. Its client's end is its end.
            await asyncio.gather(*ways, server, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrier = Carrier(reader, writer)
        with contextlib.suppress(OSError):
            while await carrier.carry(self.machine.pace):
                pass


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a RST, like a kernel that knows nothing of the connection."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None and not writer.transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class SshServer:
    """One machine's sshd."""

    def __init__(
        self,
        system: System,
        host_key: asyncssh.SSHKey,
        client_key: str,
        tunnels: Tunnels,
        servers: "Mapping[str, SshServer] | None" = None,
    ) -> None:
        """`servers`: those a login may be led to in its place."""
        self.system = system
        self._tunnels = tunnels
        self._servers: Mapping[str, SshServer] = {} if servers is None else servers
        self._options = asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: _Sshd(self._entered()),
            server_host_keys=[host_key],
            authorized_client_keys=asyncssh.import_authorized_keys(client_key),
            encoding="utf-8",
            errors="replace",
            gss_host=None,
            login_timeout=30,
        )
        self._front = Silence(system.machine, self._serve)

    def _entered(self) -> "SshServer":
        """The server that a login reaches."""
        other = self.system.machine.leads_to
        return self._servers[other.name] if other else self

    async def open(self) -> int:
        """Listen; return the port."""
        return await self._front.open()

    async def close(self) -> None:
        """Drop every connection."""
        await self._front.close()

    async def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):
            connection = await asyncssh.run_server(sock, options=self._options)
            try:
                await connection.wait_closed()
            finally:
                connection.abort()

    def tunnel(self, host: str, port: int) -> Tunnel | None:
        """The service there. A hung machine's kernel accepts for anything that listened before."""
        return self._tunnels(host, port)


class _Sshd(asyncssh.SSHServer):
    """One connection: any user with the right key, /bin/sh fed on standard input, tunnels to the machine itself."""

    def __init__(self, server: SshServer) -> None:
        self._server = server
        self._user = ""
        self._sessions = 0

    def begin_auth(self, username: str) -> bool:
        self._user = username
        return True

    def session_requested(self) -> Callable[..., Awaitable[None]] | bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self._sessions >= MAX_SESSIONS:
            return False
        self._sessions += 1
        return self._session

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> Tunnel:  # pyright: ignore[reportIncompatibleMethodOverride] # noqa: ARG002
        tunnel = self._server.tunnel(dest_host, dest_port)
        if tunnel is None:
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, "Connection refused")
        return tunnel

    async def _session(
        self, stdin: asyncssh.SSHReader[str], stdout: asyncssh.SSHWriter[str], stderr: asyncssh.SSHWriter[str]
    ) -> None:
        channel: asyncssh.SSHServerChannel[str] = stdout.channel  # pyright: ignore[reportAssignmentType]
        running = asyncio.ensure_future(self._shell(channel, stdin, stdout, stderr))
        closed = asyncio.ensure_future(channel.wait_closed())
        await asyncio.wait((running, closed), return_when=asyncio.FIRST_COMPLETED)
        self._sessions -= 1
        await asyncio.gather(running, closed)

    @property
    def _prompt(self) -> str:
        return f"{self._user}@{self._server.system.machine.name}:~{'#' if self._user in ROOTS else '$'} "

    async def _shell(
        self,
        channel: asyncssh.SSHServerChannel[str],
        stdin: asyncssh.SSHReader[str],
        stdout: asyncssh.SSHWriter[str],
        stderr: asyncssh.SSHWriter[str],
    ) -> None:
        """Run a command. It goes on when its client is gone: there is no terminal to hang up."""
        with contextlib.suppress(OSError, asyncssh.Error):
            command = channel.get_command() or "/bin/sh"
            shell = Shell(self._server.system, self._user, stdout.write, stderr.write)
            if channel.get_terminal_type() and not channel.get_command():
                channel.exit(await shell.obey(lambda: _typed(self._prompt, stdin, stdout)))
                return
            fed = command in ("/bin/sh", "sh")
            channel.exit(await (shell.obey(lambda: stdin.read(65536)) if fed else shell.run(command)))


async def _typed(prompt: str, stdin: asyncssh.SSHReader[str], stdout: asyncssh.SSHWriter[str]) -> str:
    """The next line of a person's terminal. Ctrl-C begins a new one."""
    stdout.write(prompt)
    while True:
        try:
            return await stdin.readline()
        except asyncssh.TerminalSizeChanged:
            continue
        except (asyncssh.BreakReceived, asyncssh.SignalReceived):
            stdout.write(f"^C\n{prompt}")
