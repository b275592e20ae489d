"""A link that takes its time, and its end."""

import asyncio
import contextlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """The delay of a link, each way."""

    delay: float = 0.0
    """Seconds that every byte is under way."""
    rate: float = 0.0
    """Bytes a second; 0 for as many as come."""

    @property
    def slow(self) -> bool:
        """Anything but immediate."""
        return self.delay > 0 or self.rate > 0


AT_ONCE = Pace()
CHUNK = 65536
ACCEPTING = 4
"""Rounds of the loop from an accepted socket to the callback that hears of it."""


class Carrier:
    """Carries bytes one way, in order, at the pace the link has at that moment."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._free = 0.0
        """Loop time at which the line has taken in everything that was sent so far."""
        self._arrives = 0.0

    async def carry(self, pace: Pace) -> bool:
        """One piece. Returns False at the end of the stream. Raises OSError."""
        data = await self._reader.read(min(CHUNK, max(1, int(pace.rate / 10))) if pace.rate else CHUNK)
        now = self._loop.time()
        if pace.slow or self._arrives > now:
            self._free = max(now, self._free) + (len(data) / pace.rate if pace.rate else 0.0)
            self._arrives = max(self._arrives, self._free + pace.delay)
            self._loop.call_at(self._arrives, self._hand_over, data)
            await asyncio.sleep(self._free - now if data else self._arrives - now)
        else:
            self._hand_over(data)
        with contextlib.suppress(ConnectionResetError):
            await self._writer.drain()
        return bool(data)

    def _hand_over(self, data: bytes) -> None:
        if data and not self._writer.transport.is_closing():
            self._writer.write(data)


async def end(server: asyncio.Server) -> None:
    """Close a listener so that its owner has seen every connection that it accepted. `asyncio.Server.close` alone loses
    the socket of one that is being accepted (CPython 3.11: `_accept_connection2` fails in `_attach`)."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening.fileno())
    for _ in range(ACCEPTING):
        await asyncio.sleep(0)
    server.close()
