"""One /bin/sh on a machine: a script goes in, what it printed comes out, bounded."""

import asyncio
import re
from typing import cast

import asyncssh

from console.asks import Ran, sections

MAX_OUT = 4 << 20
"""Bytes of standard output of one call: pfSense's config.xml can reach 1 MiB."""
MAX_ERR = 256 << 10
"""Bytes of standard error of one call; what is beyond is dropped."""


class Printed(asyncssh.SSHClientSession[bytes]):
    """What one shell has printed so far. Complete sections can be read from it even if it never ends."""

    def __init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self.lost: Exception | None = None
        self.too_much = False
        self._out = bytearray()
        self._err = bytearray()
        self._chan: asyncssh.SSHClientChannel[bytes] | None = None

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        if datatype is not None:
            self._err += data[: MAX_ERR - len(self._err)]
        elif len(self._out) + len(data) <= MAX_OUT:
            self._out += data
        else:
            self.too_much = True
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = exc
        if not self.ended.done():
            self.ended.set_result(None)

    def abort(self) -> None:
        """Closes the channel. What runs on the machine is ended by its own `timeout`."""
        if self._chan is not None:
            self._chan.abort()

    @property
    def complaint(self) -> str:
        """What stands on standard error, or else on standard output: why a shell didn't start."""
        return (bytes(self._err) or bytes(self._out[:1000])).decode(errors="replace")

    def answered(self, mark: str) -> tuple[Ran, ...]:
        """The commands that have come to their end, in order. Raises Unreadable."""
        out, err = self._out.decode(errors="replace"), self._err.decode(errors="replace")
        ends = [found.end() for found in re.finditer(rf"\n{mark} [0-9]{{1,3}}\n", out)]
        if not ends:
            return ()
        complete = err.split(f"{mark}\n")[: len(ends) + 1]
        return sections(out[: ends[-1]], f"{mark}\n".join(complete), mark, len(ends))


async def converse(conn: asyncssh.SSHClientConnection, script: str, printed: Printed) -> None:
    """Feeds `script` to a /bin/sh and waits for its end; `printed` fills meanwhile. Raises asyncssh.Error, OSError."""
    made = await conn.create_session(  # pyright: ignore
        lambda: printed, "/bin/sh", request_pty=False, x11_forwarding=False, encoding=None
    )
    chan = cast(asyncssh.SSHClientChannel[bytes], made[0])
    try:
        chan.write(script.encode())  # pyright: ignore[reportUnknownMemberType]
        chan.write_eof()
        await printed.ended
    finally:
        chan.abort()
