"""One /bin/sh on a machine: scripts go in, what they printed comes out, bounded.

A shell may be kept and fed one script after the other: it saves the machine a session, a login shell and a /bin/sh for
each. Whatever goes wrong with it ends it, and the next script gets a new one.
"""

import asyncio
import re
from collections.abc import Coroutine
from itertools import islice
from typing import Any, cast

import asyncssh

from console.probes.ask import MAX_OUT, Ran, Unreadable, sections
from console.wire.opened import or_closed

MAX_ERR = 256 << 10
"""Bytes of standard error of one call; what is beyond is dropped."""


class Printed:
    """The output of one script so far. Complete sections can be read from it even if it never ends."""

    def __init__(self, mark: str, most: int = MAX_OUT) -> None:
        """`most`: bytes of standard output that are read."""
        self.mark = mark
        self.most = most
        self.ended = asyncio.get_running_loop().create_future()
        self.lost: Exception | None = None
        self.too_much = False
        self._last = f"{mark}.\n".encode()
        self._out = bytearray()
        self._err = bytearray()
        self._err_tail = b""

    @property
    def last_words(self) -> str:
        """The end of a script whose shell is kept: both streams say that no more will come."""
        return f"echo {self.mark}.; echo {self.mark}. >&2\n"

    @property
    def complete(self) -> bool:
        """The end mark has arrived on both streams."""
        return self._err_tail == self._last and self._out.endswith(self._last)

    @property
    def tidy(self) -> bool:
        """Complete, and no command had to be ended: what such a one has started might speak into a later answer."""
        return self.complete and f"\n{self.mark} 124\n".encode() not in self._out

    def out(self, data: bytes) -> None:
        """Take more of standard output."""
        if len(self._out) + len(data) <= self.most:
            self._out += data
        else:
            self.too_much = True
        if self.too_much or self.complete:
            self.end()

    def err(self, data: bytes) -> None:
        """More on standard error. Its end is looked for in what is dropped, too."""
        self._err_tail = (self._err_tail + data)[-len(self._last) :]
        self._err += data[: MAX_ERR - len(self._err)]
        if self.complete:
            self.end()

    def end(self, lost: Exception | None = None) -> None:
        """Note that nothing more will be heard."""
        self.lost = lost
        if not self.ended.done():
            self.ended.set_result(None)

    @property
    def error_text(self) -> str:
        """Standard error, or else the beginning of standard output: why a shell didn't start."""
        return (bytes(self._err) or bytes(self._out[:1000])).decode(errors="replace")

    def answered(self, most: int) -> tuple[Ran, ...]:
        """The commands that have come to their end, in order, of `most` that were sent. Raises Unreadable."""
        out = self._out.decode(errors="replace")
        err = self._err.decode(errors="replace").removesuffix(self._last.decode())
        found = re.finditer(rf"\n{self.mark} [0-9]{{1,3}}\n", out)
        ends = [one.end() for one in islice(found, most + 1)]
        if not ends:
            return ()
        if len(ends) > most:
            raise Unreadable(f"answered more than the {most} commands it was sent")
        complete = err.split(f"{self.mark}\n")[: len(ends) + 1]
        return sections(out[: ends[-1]], f"{self.mark}\n".join(complete), self.mark, len(ends))


class Shell(asyncssh.SSHClientSession[bytes]):
    """One session with a /bin/sh in it, and the script that is being answered, if any."""

    def __init__(self) -> None:
        self.conn: asyncssh.SSHClientConnection | None = None
        self.alive = True
        self._answering: Printed | None = None
        self._chan: asyncssh.SSHClientChannel[bytes] | None = None

    @classmethod
    async def open(cls, conn: asyncssh.SSHClientConnection, answering: Printed) -> "Shell":
        """Open a shell. Everything it prints goes to `answering`. Raises asyncssh.Error, OSError."""
        shell = cls()
        shell.conn, shell._answering = conn, answering
        try:
            opening = conn.create_session(  # pyright: ignore
                lambda: shell, "/bin/sh", request_pty=False, x11_forwarding=False, encoding=None
            )
            await or_closed(cast("Coroutine[Any, Any, object]", opening), lambda _: shell.close())
        except BaseException:
            shell.close()
            raise
        return shell

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if self._answering is None:
            self.close()  # nobody asked: what it says now could be taken for an answer later
        elif datatype is not None:
            self._answering.err(data)
        else:
            self._answering.out(data)
            if self._answering.too_much:
                self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.alive = False
        if self._answering is not None:
            self._answering.end(exc)

    def close(self) -> None:
        """End the session. A command on the machine is ended by its own `timeout`, if it has one."""
        self.alive = False
        if self._chan is not None:
            self._chan.abort()

    async def answer(self, script: str, printed: Printed, keep: bool) -> None:
        """Feed a script and wait for its end; `printed` fills meanwhile. Raises asyncssh.Error, OSError. The shell is
        then closed, unless it is kept and all commands came to their end."""
        chan = cast(asyncssh.SSHClientChannel[bytes], self._chan)
        self._answering = printed
        try:
            chan.write((script + printed.last_words if keep else script).encode())  # pyright: ignore[reportUnknownMemberType]
            if not keep:
                chan.write_eof()
            await printed.ended
        finally:
            self._answering = None
            if not (keep and printed.tidy):
                self.close()
