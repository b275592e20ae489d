"""A Unix socket in a private folder that leads through SSH to a TCP port or Unix socket of a machine, for one client,
once."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncssh

from console.inventory import Mysql
from console.wire.login import Opened, Stream

CHUNK = 64 << 10
FIRST_ALLOWANCE = 1 << 20
"""Bytes for greeting and login."""


class Tunnel:
    """The way from a local socket to MySQL on the machine. It ends when either side does, or by `close`."""

    def __init__(self, path: Path, far: Stream) -> None:
        self.path = path
        self._reader, self._writer = far
        self._server: asyncio.Server | None = None
        self._near: asyncio.StreamWriter | None = None
        self._pumps: asyncio.Task[None] | None = None
        self._closed = False
        self._allowance = FIRST_ALLOWANCE
        self.too_much = False

    @classmethod
    async def open(cls, opened: Opened, mysql: Mysql, path: Path) -> "Tunnel":
        """Raises asyncssh.ChannelOpenError if the machine opens no connection to MySQL, OSError.

        The far side is connected before anyone calls here, so that a refusal is known for what it is.
        """
        far = opened.socket_stream(mysql.socket) if mysql.socket else opened.stream(mysql.host, mysql.port)
        tunnel = cls(path, await far)
        try:  # start_serving apart: a cancellation in the middle would leave a socket that nobody closes
            tunnel._server = await asyncio.start_unix_server(tunnel._serve, path, backlog=1, start_serving=False)
            await tunnel._server.start_serving()
        except BaseException:
            tunnel.close()
            raise
        return tunnel

    @property
    def alive(self) -> bool:
        """Whether a question sent into it has a chance of an answer."""
        return not self._closed and not (self._pumps and self._pumps.done()) and not self._writer.is_closing()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client only; the door is shut behind it."""
        if self._pumps is not None or self._closed:
            writer.close()
            return
        self._near = writer
        self._pumps = asyncio.create_task(self._carry(reader, writer))
        self._shut_door()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = asyncio.create_task(_pump(lambda: reader.read(CHUNK), self._writer))
        back = asyncio.create_task(_pump(self._metered, writer))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            writer.close()
            self._writer.close()

    def allow(self, size: int) -> None:
        """`size` more bytes may come back; what exceeds them ends the tunnel."""
        self._allowance = size

    async def _metered(self) -> bytes:
        data = await self._reader.read(CHUNK)
        self._allowance -= len(data)
        self.too_much = self._allowance < 0
        return b"" if self.too_much else data

    def _shut_door(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Ends both sides: a thread that waits for the answer gets an end of file."""
        self._closed = True
        self._shut_door()
        if self._pumps is not None:
            self._pumps.cancel()
        if self._near is not None:  # a task that is cancelled before its first line closes nothing
            self._near.close()
        self._writer.close()


async def _pump(
    read: Callable[[], Awaitable[bytes]], writer: "asyncio.StreamWriter | asyncssh.SSHWriter[bytes]"
) -> None:
    try:
        while data := await read():
            writer.write(data)
            await writer.drain()
    except (OSError, asyncssh.Error):
        return  # the end of one side is the end of the tunnel; whoever asked hears it from the socket
