"""A command that is held on a machine: it runs as long as we keep its standard input open, and echoes our lines."""

import asyncio
import shlex
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import asyncssh

from console.probes.ask import PATH, Hold, Ran, Unreachable

MAX_OUTPUT = 64 << 10
"""Bytes of either stream that are kept; more than our own lines is not an echo."""


class Held(asyncssh.SSHClientSession[bytes]):
    """One session with a held command in it. Raises WireError and nothing else."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.ended: Ran | None = None
        """Output and status of the command; None while it runs."""
        self._chan: asyncssh.SSHClientChannel[bytes] | None = None
        self._out = bytearray()
        self._err = bytearray()
        self._said = 0
        self._heard = asyncio.Event()
        self._after: Callable[[], None] = lambda: None

    def when_ended(self, act: Callable[[], None]) -> None:
        """Call this once the command is over; at once if it is over already."""
        self._after = act
        if self.ended is not None:
            act()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        stream = self._out if datatype is None else self._err
        stream += data
        self._heard.set()
        if len(stream) > MAX_OUTPUT:
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        status = self._chan.get_exit_status() if self._chan else None
        out, err = bytes(self._out).decode(errors="replace"), bytes(self._err).decode(errors="replace")
        self.ended = Ran(255 if status is None else status, out, err or (str(exc) if exc else ""))
        self._heard.set()
        self._after()

    async def begin(self, hold: Hold, sudo: bool, mark: str) -> None:
        """Start the command in the /bin/sh of this session, and return once that shell reads nothing more: bytes that
        it had read ahead would never reach the command."""
        words = shlex.join((*(("sudo", "-n") if sudo else ()), *hold.argv))
        await self._write(
            f"PATH={PATH}; export PATH; LC_ALL=C; export LC_ALL; echo {mark}; exec {words}\n", f"{mark}\n"
        )

    async def say(self, line: str) -> None:
        """Wait until the line has come back: the command runs, and holds its lock. Raises Unreachable, and when the
        command has ended, as `ended` tells."""
        await self._write(line, line)

    async def _write(self, text: str, echo: str) -> None:
        chan = cast(asyncssh.SSHClientChannel[bytes], self._chan)
        with suppress(BrokenPipeError):  # it is about to be said that it has ended
            chan.write(text.encode())  # pyright: ignore[reportUnknownMemberType]
        wanted = echo.encode()
        while wanted not in self._out[self._said :]:
            if self.ended is not None:
                raise Unreachable(f"{self.where} no longer holds what it held for this console")
            self._heard.clear()
            await self._heard.wait()
        self._said = self._out.index(wanted, self._said) + len(wanted)

    async def end(self, last: str, seconds: float) -> None:
        """Send the last line and let go, within so many seconds. Never raises."""
        try:
            with suppress(TimeoutError, Unreachable):
                async with asyncio.timeout(seconds):
                    await self.say(last)
        finally:  # also where its task is cancelled
            self.let_go()

    def let_go(self) -> None:
        """Close its input, which ends it."""
        if self._chan is not None and self.ended is None:
            self._chan.write_eof()
            self._chan.close()

    def drop(self) -> None:
        """End the session at once."""
        if self._chan is not None:
            self._chan.abort()
