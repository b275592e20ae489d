"""One MySQL connection to a node, through its SSH connection: kept, re-made after a failure.

PyMySQL blocks, so it lives in one thread of its own a node. A call that hangs is ended from here by closing the
tunnel under it.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import asyncssh
import pymysql
from asyncssh.constants import OPEN_ADMINISTRATIVELY_PROHIBITED

from console.probes.ask import AuthFailed, Cause, Query, Refused, Rows, TimedOut, Unreachable, WireError
from console.text import plain_text
from console.wire.backoff import Backoff
from console.wire.deadline import Deadline
from console.wire.mysql_login import Connection, UnsafeLogin, log_in
from console.wire.opened import Opened
from console.wire.password import Keyring, Secret
from console.wire.sentences import nothing_listens, place, said, system_error
from console.wire.ssh import Ssh
from console.wire.tunnel import Tunnel

MAX_ANSWER = 4 << 20
"""Bytes of one answer."""

ACCESS_DENIED = {1045, 1698, 1251, 2059}
NOT_GRANTED = {1044, 1142, 1143, 1227, 1370}

T = TypeVar("T")


class Sql:
    """The MySQL of one node. `query` raises WireError and nothing else."""

    def __init__(self, ssh: Ssh, keyring: Keyring) -> None:
        self._ssh = ssh
        self._keyring = keyring
        self._mysql = keyring.mysql
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, f"mysql-{ssh.name}")
        self._working: asyncio.Future[Any] | None = None
        self._tunnel: Tunnel | None = None
        self._connected_through: tuple[Connection, Tunnel] | None = None
        self._secret: Secret | None = None
        self._backoff = Backoff()

    @property
    def where(self) -> str:
        """The MySQL that is asked, and its address there."""
        at = self._mysql.socket or place(self._mysql.host, self._mysql.port)
        return f"MySQL on {self._ssh.name} ({at} through SSH)"

    async def query(self, query: Query, deadline: Deadline) -> Rows:
        """The answer before the deadline. A statement is never sent twice."""
        left = deadline.left
        try:
            async with deadline.enforced(), self._turn:
                if self._working is not None and not self._working.done():
                    raise TimedOut(f"{self.where} still hangs on the question before this one")
                connection, tunnel = await self._connected()
                tunnel.allow(MAX_ANSWER)
                return await self._in_thread(lambda: _understood(lambda: _fetch(connection, query.sql)))
        except TimeoutError:
            raise TimedOut(
                f"{self.where} didn't answer {deadline.describe(left)}; see its processlist on the node",
                deadline.cause,
            ) from None
        except (pymysql.MySQLError, OSError) as error:
            raise self._sentence(error, query) from None

    async def _connected(self) -> tuple[Connection, Tunnel]:
        opened = await self._ssh.connection()  # its failures have their own back-off
        if self._connected_through is not None and self._connected_through[1].alive:
            return self._connected_through
        self._drop()
        clock = asyncio.get_running_loop().time
        if (standing := self._backoff.standing(clock())) is not None:
            raise standing.with_traceback(None)
        try:
            self._connected_through = await self._connect(opened)
        except WireError as error:
            self._backoff.failed(error, clock())
            raise
        self._backoff.reset()
        return self._connected_through

    async def _connect(self, opened: Opened) -> tuple[Connection, Tunnel]:
        login = self._secret = await self._keyring.secret()
        try:
            tunnel, client = await Tunnel.open(opened, self._mysql)
            self._tunnel = tunnel
            local = self._mysql.socket is not None
            return await self._logged_in(lambda: log_in(local, login, client), client), tunnel
        except (pymysql.MySQLError, asyncssh.Error, OSError, RuntimeError) as error:
            if isinstance(error, TimeoutError):
                raise
            self._drop()
            raise self._no_login(error, login) from None

    async def _logged_in(self, log_in: Callable[[], Connection], client: socket.socket) -> Connection:
        try:
            return await self._in_thread(lambda: _understood(log_in))
        except RuntimeError:  # the thread has ended: nobody else closes what it didn't get
            client.close()
            raise

    async def _in_thread(self, call: Callable[[], T]) -> T:
        """Run `call` in this node's thread. A caller who gives up waiting takes the tunnel away from under it."""
        working = asyncio.get_running_loop().run_in_executor(self._thread, call)
        self._working = working
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            working.add_done_callback(_unwanted)
            self._drop()
            raise

    def _no_login(self, error: Exception, login: Secret) -> WireError:
        error = getattr(error, "original_exception", error)  # PyMySQL wraps the system's own words
        code, text = _code(error) if isinstance(error, pymysql.MySQLError) else (0, "")
        if isinstance(error, UnsafeLogin):
            return AuthFailed(f"{self.where} {error}", Cause.REFUSED)
        if code in ACCESS_DENIED:
            self._keyring.forget()  # it may be changed meanwhile: read it again
            return AuthFailed(
                f"{self.where} refused the login of {login.user}; the password came from {login.source}; "
                f"correct it or the grant on that node",
                Cause.REFUSED,
            )
        if _servers(code):
            return Refused(
                f"{self.where} refused the connection: ({code}) {text}; mend that on the node", Cause.REFUSED
            )
        if isinstance(error, asyncssh.ChannelOpenError):
            if error.code == OPEN_ADMINISTRATIVELY_PROHIBITED:
                option = "AllowStreamLocalForwarding" if self._mysql.socket else "AllowTcpForwarding"
                return Refused(f"{self._ssh.where}: its sshd forbids the way to MySQL; allow it: {option} yes")
            if self._mysql.socket or nothing_listens(error):  # of a socket sshd says no more than "open failed"
                says = f"{self.where} doesn't listen, {said(error.reason)}; see on the node whether it runs"
                return Unreachable(says, Cause.ABSENT)
            return Unreachable(f"{self.where} can't be reached, {said(error.reason)}; see the way to it on the node")
        if isinstance(error, asyncssh.Error):
            return self._ssh.broken(error)
        why = system_error(error) if isinstance(error, OSError) else text
        return Unreachable(f"{self.where} broke the login off: {why}; see on the node whether it runs")

    def _sentence(self, error: Exception, query: Query) -> WireError:
        """The failure of one statement. The server's own errors leave the connection as it was."""
        code, text = _code(error)
        shown = plain_text(query.sql, 80)
        if code in NOT_GRANTED:
            user = self._secret.user if self._secret else self._mysql.user
            return Refused(
                f"{self.where} doesn't let {user} run `{shown}`: ({code}) {text}; grant it on that node", Cause.REFUSED
            )
        if _servers(code):
            return Refused(f"{self.where} answers `{shown}` with the error ({code}) {text}", Cause.REFUSED)
        too_much = self._tunnel is not None and self._tunnel.too_much
        self._drop()
        if too_much:
            return WireError(f"{self.where} answers `{shown}` with more than {MAX_ANSWER >> 20} MiB; ask for less")
        return Unreachable(f"{self.where} was lost while it ran `{shown}`: {text}")

    def _drop(self) -> None:
        if self._tunnel is not None:
            self._tunnel.close()
        if self._connected_through is not None:
            self._hang_up(self._connected_through[0])
        self._tunnel = self._connected_through = None

    def _hang_up(self, connection: Connection) -> None:
        """Once its thread is out of it: PyMySQL's socket is not one to close while another thread reads from it."""
        if self._working is None or self._working.done():
            _close(connection)
        else:
            self._working.add_done_callback(lambda _: _close(connection))

    def retry(self) -> None:
        """Forget the last failure, and the password that may have been wrong."""
        self._backoff.reset()
        self._keyring.forget()

    async def close(self) -> None:
        """End the connection; the thread, without its socket, ends too."""
        self._drop()
        await self._keyring.close()
        if self._working is not None and not self._working.done():
            await asyncio.wait([self._working], timeout=1.0)
        self._thread.shutdown(wait=False, cancel_futures=True)


def _close(connection: Connection) -> None:
    with contextlib.suppress(pymysql.MySQLError):  # it may be closed
        connection.close()


def _unwanted(working: asyncio.Future[Any]) -> None:
    """Take note of the outcome of a call nobody waits for any more: a login may have been a success."""
    if not working.cancelled() and working.exception() is None and isinstance(working.result(), pymysql.Connection):
        _close(working.result())


def _code(error: Exception) -> tuple[int, str]:
    """MySQL's error number, 0 if there is none, and its words."""
    code: object = error.args[0] if error.args else 0
    text: object = error.args[1] if len(error.args) > 1 else str(error)
    return (code if isinstance(code, int) else 0), plain_text(str(text), 200)


def _servers(code: int) -> bool:
    """True for an error that the server sent: 2000 to 2999 are the client's own, and 0 is none."""
    return code != 0 and not 2000 <= code < 3000


def _understood(call: Callable[[], T]) -> T:
    """PyMySQL trusts what it reads: bytes that are no MySQL come out of it as any exception there is."""
    try:
        return call()
    except (pymysql.MySQLError, OSError):
        raise
    except Exception as error:  # noqa: BLE001
        raise pymysql.InterfaceError(0, f"it doesn't speak MySQL ({type(error).__name__})") from None


def _fetch(connection: Connection, sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return Rows(tuple(tuple(_text(value) for value in row) for row in cursor.fetchall()), time.monotonic())


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
