"""GETs, direct and through a machine, against sockets that answer well, badly or not at all."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from console.probes.ask import Cause, Get, Page, Refused, Run, TimedOut, Unreachable, WireError
from console.wire import http

from .conftest import Bench
from .machines import cluster

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(*parts: bytes, requests: list[bytes] | None = None, hang: bool = False) -> AsyncIterator[int]:
    """A server that takes a request, sends `parts` and closes, or never does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            if requests is not None:
                requests.append(request)
            for part in parts:
                writer.write(part)
                await writer.drain()
            if hang:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await asyncio.sleep(0.05)


PAGE = b"HTTP/1.1 200 OK\r\nX-Node: node1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nOK\n"


async def visit(bench: Bench, ask: Get, machine: str = "node1", timeout: float = 3) -> object:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    (answer,) = await wire.send(machine, (ask,), timeout)
    return answer


@pytest.mark.parametrize("via", [None, "node1"])
async def test_a_page(bench: Bench, via: str | None) -> None:
    requests: list[bytes] = []
    async with answering(PAGE, requests=requests) as port:
        page = await visit(bench, Get(f"http://127.0.0.1:{port}/a b?c=ü&d", via=via))
    assert isinstance(page, Page)
    assert (page.status, page.body, page.header("x-node")) == (200, "OK\n", "node1")
    assert 0 < page.seconds < 1
    assert requests[0].split(b"\r\n")[:2] == [b"GET /a%20b?c=%C3%BC&d HTTP/1.1", b"Host: 127.0.0.1:%d" % port]
    assert b"Connection: close" in requests[0]


async def test_a_virtual_address_is_visited_under_the_site_s_name(bench: Bench) -> None:
    requests: list[bytes] = []
    async with answering(PAGE, requests=requests) as port:
        page = await visit(bench, Get("http://www.example.com/x", connect_to=("127.0.0.1", port)), machine="wan")
        assert isinstance(page, Page)
        await visit(bench, Get(f"http://127.0.0.1:{port}/", via="node1", host="shop.example.com"))
    assert b"\r\nHost: www.example.com\r\n" in requests[0]
    assert b"\r\nHost: shop.example.com\r\n" in requests[1]


async def test_a_chunked_page_and_a_redirect_that_is_not_followed(bench: Bench) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with answering(chunked) as port:
        page = await visit(bench, Get(f"http://127.0.0.1:{port}/"))
    assert isinstance(page, Page) and page.body == "abcde"
    async with answering(b"HTTP/1.0 302 Found\r\nLocation: /other\r\n\r\n") as port:
        page = await visit(bench, Get(f"http://127.0.0.1:{port}/"))
    assert isinstance(page, Page) and (page.status, page.header("location")) == (302, "/other")


async def test_a_page_without_end_is_cut_off(bench: Bench) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    async with answering(head, b"x" * 1_000_000, hang=True) as port:
        page = await visit(bench, Get(f"http://127.0.0.1:{port}/"))
    assert isinstance(page, Page) and len(page.body) == (256 << 10) - len(head)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (b"", Unreachable, "closed the connection without an answer"),
        (b"SSH-2.0-x\r\n", WireError, "doesn't speak HTTP"),
        (b"\x00\xff\x1b[2J\x07" * 50, WireError, "doesn't speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", Unreachable, "broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Unreachable, "broke off in the middle"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n", WireError, "doesn't speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", WireError, "doesn't speak HTTP"),
    ],
)
@pytest.mark.parametrize("via", [None, "node1"])
async def test_what_is_not_a_page(
    bench: Bench, answer: bytes, kind: type[WireError], words: str, via: str | None
) -> None:
    async with answering(answer) as port:
        error = await visit(bench, Get(f"http://127.0.0.1:{port}/", via=via))
    assert type(error) is kind and words in str(error)
    assert str(error).isprintable()
    assert str(error).startswith(f"http://127.0.0.1:{port}/ at 127.0.0.1:{port}" + (" from node1" if via else ""))


@pytest.mark.parametrize("via", [None, "node1"])
async def test_a_hung_web_server(bench: Bench, via: str | None) -> None:
    async with answering(b"HTTP/1.1 200", hang=True) as port:
        error = await visit(bench, Get(f"http://127.0.0.1:{port}/", via=via), timeout=0.4)
    assert type(error) is TimedOut and "gave no answer within 0.4 s" in str(error)


async def test_a_hung_web_server_costs_the_commands_of_the_same_call_nothing(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    async with answering(hang=True) as port:
        for _ in range(4):
            answers = await wire.send(
                "node1", (Get(f"http://127.0.0.1:{port}/", via="node1"), Run(("echo", "here"))), 0.3
            )
            assert [type(answer).__name__ for answer in answers] == ["TimedOut", "Ran"]
    assert len(node.logins) == 1


@pytest.mark.parametrize("via", [None, "node1"])
async def test_no_web_server(bench: Bench, via: str | None) -> None:
    async with answering() as port:
        pass
    error = await visit(bench, Get(f"http://127.0.0.1:{port}/", via=via))
    assert (
        type(error) is Unreachable and "can't be reached" in str(error) and "see whether the web server" in str(error)
    )


WORDS = [
    ("Connection refused", Cause.ABSENT),
    ("Connection timed out", Cause.SILENT),
    ("No route to host", Cause.SILENT),
    ("Network is unreachable", Cause.SILENT),
    ("open failed", Cause.SILENT),
]
"""Words of OpenSSH that can't connect."""


@pytest.mark.parametrize(("words", "cause"), WORDS)
async def test_a_refused_connection_is_known_and_silence_is_not(bench: Bench, words: str, cause: Cause) -> None:
    node = await bench.machine(connects=words)
    wire = bench.wire(cluster(bench.folder, node.port))
    (error,) = await wire.send("node1", (Get("http://127.0.0.1:80/", via="node1"),), 3)
    assert isinstance(error, WireError)
    assert error.cause is cause
    assert words in str(error)


async def test_a_refused_visit_and_one_that_is_cut_off_are_known(bench: Bench) -> None:
    async with answering() as port:
        cut = await visit(bench, Get(f"http://127.0.0.1:{port}/"))
    refused = await visit(bench, Get(f"http://127.0.0.1:{port}/"))
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nhalf") as port:
        half = await visit(bench, Get(f"http://127.0.0.1:{port}/"))
    errors = [one for one in (cut, refused, half) if isinstance(one, WireError)]
    assert [one.cause for one in errors] == [Cause.CUT, Cause.ABSENT, Cause.CUT]


async def test_a_machine_that_forbids_forwarding(bench: Bench) -> None:
    node = await bench.machine(forwarding=False)
    wire = bench.wire(cluster(bench.folder, node.port))
    (error,) = await wire.send("node1", (Get("http://127.0.0.1:1/", via="node1"),), 3)
    assert type(error) is Refused and str(error).endswith("AllowTcpForwarding yes")


@pytest.mark.parametrize(
    "ask",
    [
        Get("ftp://127.0.0.1/"),
        Get("file:///etc/passwd"),
        Get("http:///nothing"),
        Get("http://[::1/"),
        Get("http://127.0.0.1:99999/"),
        Get("http://127.0.0.1/", host="a\r\nX: y"),
        Get("https://127.0.0.1/", via="node1"),
    ],
    ids=str,
)
async def test_a_url_that_can_not_be_visited(bench: Bench, ask: Get) -> None:
    error = await visit(bench, ask)
    assert type(error) is Refused and str(error).isprintable()


async def test_https_is_verified_under_the_url_s_name(bench: Bench) -> None:
    """Against a server with a certificate nobody signed."""
    command = (
        f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x "
        f"-keyout {bench.folder}/k.pem -out {bench.folder}/c.pem"
    )
    process = await asyncio.create_subprocess_exec("openssl", *command.split(), stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bench.folder / "c.pem", bench.folder / "k.pem")
    names: list[str] = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    error = await visit(bench, Get("https://www.example.com/", connect_to=("127.0.0.1", port)))
    server.close()
    await asyncio.sleep(0.05)
    assert type(error) is Unreachable and "has a certificate that isn't trusted: self-signed certificate" in str(error)
    assert names == ["www.example.com"]


async def test_the_end_of_a_trusted_certificate_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    command = (
        f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x "
        f"-addext subjectAltName=DNS:www.example.com -keyout {bench.folder}/k.pem -out {bench.folder}/c.pem"
    )
    process = await asyncio.create_subprocess_exec("openssl", *command.split(), stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    monkeypatch.setenv("SSL_CERT_FILE", str(bench.folder / "c.pem"))
    http._context.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bench.folder / "c.pem", bench.folder / "k.pem")

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(PAGE)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    page = await visit(bench, Get("https://www.example.com/", connect_to=("127.0.0.1", port)))
    server.close()
    http._context.cache_clear()
    assert isinstance(page, Page), page
    assert abs(page.ends - time.time() - 2 * 86_400) < 300


async def test_what_speaks_no_tls_is_not_taken_for_a_lack_of_rights(bench: Bench) -> None:
    """OpenSSL's numbers are no errno: 1 would be EPERM."""

    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(PAGE)
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    error = await visit(bench, Get(f"https://127.0.0.1:{port}/"))
    server.close()
    await asyncio.sleep(0.05)
    assert type(error) is Unreachable
    assert "can't be reached: TLS failed, wrong version number; see whether the web server runs" in str(error)
