"""A connection to a machine, and what is opened on it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import asyncssh

Stream = tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]
T = TypeVar("T")


@dataclass(frozen=True)
class Opened:
    """A connection with those that carry it, outermost last."""

    conn: asyncssh.SSHClientConnection
    hops: tuple[asyncssh.SSHClientConnection, ...]
    user: str
    where: str
    passed_over: tuple[str, ...] = ()
    """SSH settings that can't be used, in a sentence each."""

    @property
    def host_key(self) -> str:
        """The fingerprint of the key that the machine has shown."""
        key = self.conn.get_server_host_key()
        return key.get_fingerprint() if key else ""

    @property
    def hop_keys(self) -> tuple[str, ...]:
        """The fingerprints of the jump hosts' keys."""
        keys = (hop.get_server_host_key() for hop in self.hops)
        return tuple(key.get_fingerprint() for key in keys if key)

    @property
    def reached_at(self) -> str:
        """The address that this computer is connected to: the machine's own, or its first jump host's."""
        peer: object = (self.hops[-1] if self.hops else self.conn).get_extra_info("peername")
        return str(cast("tuple[object, ...]", peer)[0]) if isinstance(peer, tuple) and peer else ""

    async def stream(self, host: str, port: int) -> Stream:
        """A TCP connection from the machine to `host`:`port`. Raises asyncssh.Error."""
        opening = self.conn.open_connection(host, port, encoding=None)  # pyright: ignore
        return await or_closed(cast("Coroutine[Any, Any, Stream]", opening), _hang_up)

    async def socket_stream(self, path: str) -> Stream:
        """A connection to a Unix socket of the machine. Raises asyncssh.Error."""
        opening = self.conn.open_unix_connection(path, encoding=None)  # pyright: ignore
        return await or_closed(cast("Coroutine[Any, Any, Stream]", opening), _hang_up)

    def abort(self) -> None:
        """End it at once, and tell the machine nothing: it may no longer be there."""
        for conn in (self.conn, *self.hops):
            conn.abort()


async def or_closed(opening: Coroutine[Any, Any, T], close: Callable[[T], None]) -> T:
    """Return the opened channel. If the caller is cancelled, `close` gets the channel once it has opened after all.

    asyncssh forgets a channel whose opening is cancelled before the machine has confirmed it, and the machine keeps it:
    one of the ten sessions that its sshd allows a connection (asyncssh 2.24, SSHChannel._open). If the connection ends
    just when the machine has confirmed one it raises AttributeError (SSHClientChannel.create): here ConnectionLost.
    """
    task = asyncio.ensure_future(opening)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(lambda done: _unwanted(done, close))
        raise
    except (AttributeError, AssertionError) as error:
        raise asyncssh.ConnectionLost("it ended while a session was opened") from error


def _unwanted(done: "asyncio.Task[T]", close: Callable[[T], None]) -> None:
    if not done.cancelled() and done.exception() is None:
        close(done.result())


def _hang_up(stream: Stream) -> None:
    stream[1].channel.abort()
