"""A socket pair whose one end leads through SSH to a TCP port or Unix socket of a machine, for one blocking client."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import asyncssh

from console.inventory.cluster import Mysql
from console.wire.opened import Opened, Stream

CHUNK = 64 << 10
FIRST_ALLOWANCE = 1 << 20
"""Bytes for greeting and login."""


class Tunnel:
    """The way to MySQL on the machine. It ends when either side does, or by `close`."""

    def __init__(self, near: asyncio.StreamReader, writer: asyncio.StreamWriter, far: Stream) -> None:
        self._near = writer
        self._reader, self._writer = far
        self._allowance = FIRST_ALLOWANCE
        self.too_much = False
        self._pumps = asyncio.create_task(self._carry(near))

    @classmethod
    async def open(cls, opened: Opened, mysql: Mysql) -> "tuple[Tunnel, socket.socket]":
        """The tunnel, and its client's end: whoever takes that closes it.

        Raises asyncssh.ChannelOpenError if the machine opens no connection to MySQL, OSError. No other user of this
        machine can come near it: the socket has no name.
        """
        far = await (opened.socket_stream(mysql.socket) if mysql.socket else opened.stream(mysql.host, mysql.port))
        try:
            near, client = socket.socketpair()
        except OSError:
            far[1].close()
            raise
        try:
            reader, writer = await asyncio.open_connection(sock=near)
        except BaseException:
            client.close()
            far[1].close()
            raise
        return cls(reader, writer, far), client

    @property
    def alive(self) -> bool:
        """Both ends are open, so that a question may still get an answer."""
        return not (self._pumps.done() or self._near.is_closing() or self._writer.is_closing())

    async def _carry(self, near: asyncio.StreamReader) -> None:
        there = asyncio.create_task(_pump(lambda: near.read(CHUNK), self._writer))
        back = asyncio.create_task(_pump(self._metered, self._near))
        try:
            await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
        finally:
            there.cancel()
            back.cancel()
            self._near.close()
            self._writer.close()

    def allow(self, size: int) -> None:
        """`size` more bytes may come back; what exceeds them ends the tunnel."""
        self._allowance = size

    async def _metered(self) -> bytes:
        data = await self._reader.read(CHUNK)
        self._allowance -= len(data)
        self.too_much = self._allowance < 0
        return b"" if self.too_much else data

    def close(self) -> None:
        """End both sides: a thread that waits for the answer gets an end of file."""
        self._pumps.cancel()
        self._near.close()  # a task that is cancelled before its first line closes nothing
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
