"""One HTTP GET over one connection, direct or through a machine's SSH. Redirects are not followed."""

import asyncio
import functools
import http.client
import io
import ssl
import time
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import asyncssh
from asyncssh.constants import OPEN_ADMINISTRATIVELY_PROHIBITED

from console.probes.ask import Cause, Get, Page, Refused, TimedOut, Unreachable, WireError
from console.text import plain_text
from console.wire.deadline import Deadline
from console.wire.sentences import nothing_listens, place, system_error
from console.wire.ssh import Ssh

MAX_PAGE = 256 << 10
"""Bytes of an answer that are read, head and body; the rest is left."""

SAFE = "/%:@!$&'()*+,;=~?"
"""Characters of a path or query that are sent unescaped."""


class Reader(Protocol):
    """The part of a reader that asyncio's and asyncssh's streams share."""

    async def read(self, n: int = -1, /) -> bytes: ...


class Writer(Protocol):
    """The part of a writer that asyncio's and asyncssh's streams share."""

    def write(self, data: bytes, /) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Visit:
    """A GET taken apart: where the connection goes, and what is said there."""

    host: str
    port: int
    secure: bool
    name: str
    request: bytes

    @property
    def where(self) -> str:
        """Host and port, for a sentence."""
        return place(self.host, self.port)


async def get(ask: Get, ssh: Ssh | None, deadline: Deadline) -> Page:
    """The page before the deadline, through `ssh` if one is given. Raises WireError."""
    visit = _visit(ask)
    left = deadline.left
    where = f"{plain_text(ask.url, 120)} at {visit.where}" + (f" from {ssh.name}" if ssh else "")
    if ssh is not None and visit.secure:
        raise Refused(f"{where}: https can't be visited through SSH; use an http URL, or visit without `via`")
    try:
        async with deadline.enforced():
            return await (_through(ssh, visit, where) if ssh else _direct(visit, where))
    except TimeoutError:
        raise TimedOut(
            f"{where} gave no answer {deadline.describe(left)}; see the web server there", deadline.cause
        ) from None
    except ssl.SSLCertVerificationError as error:
        why = plain_text(error.verify_message)
        raise Unreachable(
            f"{where} has a certificate that isn't trusted: {why}; renew it, or correct the URL"
        ) from None
    except asyncssh.ChannelOpenError as error:
        raise _not_opened(error, where, ssh) from None
    except OSError as error:
        raise _not_reached(where, system_error(error), error) from None
    except asyncssh.Error as error:
        raise (ssh.broken(error) if ssh else Unreachable(where)) from None


async def post(url: str, text: str, seconds: float) -> None:
    """Send a text to a URL. Raises WireError, also for an answer that is no success."""
    body = text.encode()
    visit, where = _visit(Get(url)), plain_text(url, 120)
    head = visit.request.removesuffix(b"\r\n").replace(b"GET ", b"POST ", 1)
    size = f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    deadline = Deadline(seconds)
    try:
        async with deadline.enforced():
            page = await _direct(replace(visit, request=head + size + body), where)
    except TimeoutError:
        raise TimedOut(f"{where} gave no answer {deadline.describe(seconds)}") from None
    except OSError as error:
        raise Unreachable(f"{where} can't be reached: {system_error(error)}") from None
    if not 200 <= page.status < 300:
        raise Refused(f"{where} answered {page.status}")


def _not_opened(error: asyncssh.ChannelOpenError, where: str, ssh: Ssh | None) -> WireError:
    if error.code == OPEN_ADMINISTRATIVELY_PROHIBITED:
        return Refused(f"{where}: its sshd forbids the way; allow it there: AllowTcpForwarding yes")
    if ssh is not None and error.reason == "SSH connection closed":
        return ssh.broken(error)
    return _not_reached(where, plain_text(error.reason), error)


def _not_reached(where: str, why: str, error: Exception) -> WireError:
    cause = Cause.ABSENT if nothing_listens(error) else Cause.SILENT
    return Unreachable(f"{where} can't be reached: {why}; see whether the web server runs", cause)


def _visit(ask: Get) -> Visit:
    """Raises Refused for a URL that can't be visited."""
    try:
        url = urlsplit(ask.url)
        port = url.port
    except ValueError as error:
        raise Refused(f"the URL {plain_text(ask.url, 120)} can't be read: {plain_text(str(error))}") from None
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Refused(f"the URL {plain_text(ask.url, 120)} is not one of http or https with a host; correct it")
    secure = url.scheme == "https"
    host, port = ask.connect_to or (url.hostname, port or (443 if secure else 80))
    name = ask.host or url.netloc.rpartition("@")[2]
    if not name.isascii() or not name.isprintable() or " " in name:
        raise Refused(f"the host name {plain_text(name, 80)} can't be sent as a Host header; correct it")
    target = quote(url.path or "/", safe=SAFE) + (f"?{quote(url.query, safe=SAFE)}" if url.query else "")
    head = (
        f"GET {target} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: drainboard\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    return Visit(host, port, secure, url.hostname, head.encode("ascii"))


async def _direct(visit: Visit, where: str) -> Page:
    context, name = (_context(), visit.name) if visit.secure else (None, None)
    reader, writer = await asyncio.open_connection(visit.host, visit.port, ssl=context, server_hostname=name)
    try:
        page = await _exchange(reader, writer, visit.request, where)
        return replace(page, ends=_end(writer.get_extra_info("peercert")))
    finally:
        writer.transport.abort()  # all that is wanted has been read; a close could wait for the other side


def _end(certificate: dict[str, Any] | None) -> float:
    return float(ssl.cert_time_to_seconds(certificate["notAfter"])) if certificate else 0.0


async def _through(ssh: Ssh, visit: Visit, where: str) -> Page:
    async with ssh.channel() as opened:
        reader, writer = await opened.stream(visit.host, visit.port)
        try:
            return await _exchange(reader, writer, visit.request, where)
        finally:
            writer.channel.abort()


@functools.cache
def _context() -> ssl.SSLContext:
    """Made once: reading the system's authorities costs some 20 ms."""
    return ssl.create_default_context()


async def _exchange(reader: Reader, writer: Writer, request: bytes, where: str) -> Page:
    clock = asyncio.get_running_loop().time
    began = clock()
    writer.write(request)
    data = bytearray()
    while len(data) < MAX_PAGE and (more := await reader.read(MAX_PAGE - len(data))):
        data += more
    return _page(bytes(data), clock() - began, where)


class _Received:
    """Stands in for the socket that http.client expects."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def _page(data: bytes, seconds: float, where: str) -> Page:
    """Read an answer, cut off or whole. Raises WireError if it isn't one."""
    if not data:
        raise Unreachable(f"{where} closed the connection without an answer; see the web server's error log", Cause.CUT)
    response = http.client.HTTPResponse(_Received(data), method="GET")  # pyright: ignore[reportArgumentType]
    try:
        response.begin()
        body = response.read()
    except http.client.IncompleteRead as error:
        if len(data) < MAX_PAGE:
            raise Unreachable(
                f"{where} broke off in the middle of its answer; see the web server's error log", Cause.CUT
            ) from None
        body = error.partial
    except (http.client.HTTPException, ValueError, OverflowError) as error:
        raise WireError(f"{where} doesn't speak HTTP: {plain_text(str(error), 120)}") from None
    headers = tuple((key, plain_text(value)) for key, value in response.getheaders())
    return Page(response.status, headers, body.decode(errors="replace"), seconds, time.monotonic())
