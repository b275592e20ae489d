"""The MySQL protocol as far as one status query needs it: handshake, mysql_native_password, text results, ping, quit.

https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

COM_QUIT, COM_INIT_DB, COM_QUERY, COM_PING = 1, 2, 3, 14
WRITER = "drainboard_write"
CAPABILITIES = 0x0008_A20D
"""LONG_PASSWORD, LONG_FLAG, CONNECT_WITH_DB, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH."""
UTF8 = 45
PLUGIN = b"mysql_native_password\0"
AUTOCOMMIT = b"\x02\x00"


class Reader(Protocol):
    """A reader of bytes."""

    async def readexactly(self, n: int, /) -> bytes: ...


class Writer(Protocol):
    """A writer of bytes."""

    def write(self, data: bytes, /) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Result:
    """A text result; without columns it is a plain OK."""

    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


class MysqlError(Exception):
    """An error packet of the server."""

    def __init__(self, code: int, state: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.state = state


@dataclass(frozen=True)
class Server:
    """One mariadbd as the wire needs it."""

    version: str
    user: str
    password: str
    query: Callable[[str], Result]
    """Raises MysqlError."""
    writes: Callable[[str], Result] | None = None
    """The same for the account WRITER, which has the same password; None: there is no such account."""
    refuses: MysqlError | None = None
    """Said to everybody in place of a greeting."""


class _Connection:
    def __init__(self, reader: Reader, writer: Writer, server: Server) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server
        self._sequence = 0
        self._query = server.query

    async def read(self) -> bytes:
        head = await self._reader.readexactly(4)
        self._sequence = head[3] + 1
        return await self._reader.readexactly(int.from_bytes(head[:3], "little"))

    def send(self, payload: bytes) -> None:
        head = len(payload).to_bytes(3, "little") + bytes([self._sequence & 255])
        self._sequence += 1
        self._writer.write(head + payload)

    def ok(self) -> None:
        self.send(b"\x00\x00\x00" + AUTOCOMMIT + b"\x00\x00")

    def error(self, error: MysqlError) -> None:
        self.send(b"\xff" + error.code.to_bytes(2, "little") + b"#" + error.state.encode() + str(error).encode())

    async def login(self) -> bool:
        if self._server.refuses:
            self.error(self._server.refuses)
            return False
        salt = bytes(33 + byte % 90 for byte in secrets.token_bytes(20))
        low, high = (CAPABILITIES & 0xFFFF).to_bytes(2, "little"), (CAPABILITIES >> 16).to_bytes(2, "little")
        head = b"\x0a" + self._server.version.encode() + b"\0" + secrets.token_bytes(4) + salt[:8] + b"\0"
        self.send(head + low + bytes([UTF8]) + AUTOCOMMIT + high + b"\x15" + bytes(10) + salt[8:] + b"\0" + PLUGIN)
        user, _, rest = (await self.read())[32:].partition(b"\0")
        token = rest[1 : 1 + rest[0]]
        accounts = {
            self._server.user: self._server.query,
            **({WRITER: self._server.writes} if self._server.writes else {}),
        }
        self._query = accounts.get(user.decode(), self._server.query)
        if user.decode() in accounts and token == _token(self._server.password, salt):
            self.ok()
            return True
        using = "YES" if token else "NO"
        text = f"Access denied for user '{user.decode()}'@'localhost' (using password: {using})"
        self.error(MysqlError(1045, "28000", text))
        return False

    def answer(self, sql: str) -> None:
        try:
            result = self._query(sql)
        except MysqlError as error:
            self.error(error)
            return
        if not result.columns:
            self.ok()
            return
        self.send(bytes([len(result.columns)]))
        for name in result.columns:
            self.send(_column(name))
        self.send(b"\xfe\x00\x00" + AUTOCOMMIT)
        for row in result.rows:
            self.send(b"".join(_text(value) for value in row))
        self.send(b"\xfe\x00\x00" + AUTOCOMMIT)


def _token(password: str, salt: bytes) -> bytes:
    """SHA1(password) XOR SHA1(salt + SHA1(SHA1(password))): the protocol's own choice of hash."""
    once = hashlib.sha1(password.encode()).digest()  # noqa: S324
    mask = hashlib.sha1(salt + hashlib.sha1(once).digest()).digest()  # noqa: S324
    return bytes(left ^ right for left, right in zip(once, mask, strict=True))


def _text(value: str) -> bytes:
    data = value.encode()
    size = bytes([len(data)]) if len(data) < 251 else b"\xfc" + len(data).to_bytes(2, "little")
    return size + data


def _column(name: str) -> bytes:
    head = _text("def") + _text("") * 3 + _text(name) + _text(name)
    return head + b"\x0c" + bytes([UTF8, 0]) + (1024).to_bytes(4, "little") + b"\xfd" + bytes(5)


async def serve(reader: Reader, writer: Writer, server: Server) -> None:
    """One client, from greeting to quit."""
    with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError, UnicodeDecodeError):
        connection = _Connection(reader, writer, server)
        going = await connection.login()
        while going:
            packet = await connection.read()
            if packet[0] == COM_QUIT:
                break
            if packet[0] == COM_QUERY:
                connection.answer(packet[1:].decode())
            elif packet[0] in (COM_PING, COM_INIT_DB):
                connection.ok()
            else:
                connection.error(MysqlError(1047, "08S01", "Unknown command"))
    writer.close()
