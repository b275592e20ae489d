"""A node that somebody else has taken over must not learn MySQL's password by asking for it in another way.

The server is the tests' own: it greets as it likes, switches to any plugin, and keeps every byte that it got, also of
what came through its TLS.
"""

import asyncio
import contextlib
import datetime
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from console.inventory.cluster import Mysql
from console.probes.ask import Answer, AuthFailed, Cause, Query, Refused, Rows, Unreachable, WireError
from tests.wire.conftest import Bench
from tests.wire.machines import cluster

PASSWORD = "hush-pä#s"
OK = b"\0\0\0\2\0\0\0"
DENIED = b"\xff\x15\x04#28000Access denied for user 'ops'"
CAPABILITIES, TLS = 0x000A_A20F, 0x0800
FULL, PUBLIC_KEY = b"\1\4", b"\2"
MARIA, MYSQL = "5.5.5-10.11.6-MariaDB", "8.0.36"
KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class Server:
    """`switch`: the plugin it asks for after its greeting; `after`: said in place of OK."""

    version: str = MYSQL
    greets: str = "caching_sha2_password"
    switch: str = ""
    tls: ssl.SSLContext | None = None
    key_unasked: bool = False
    error: bytes = b""
    """Said in place of a greeting."""
    after: bytes = b""
    salt: bytes = field(default_factory=lambda: os.urandom(20).hex().encode()[:20])
    heard: bytes = b""
    encrypted: bool = False

    def serve(self, listener: socket.socket) -> None:
        """One client after the other, in a thread: asyncio's start_tls loses what has come with the wish for TLS."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.settimeout(5)
                self._client = client
                with contextlib.suppress(OSError, EOFError):
                    self._talk()
                self._client.close()

    def _talk(self) -> None:
        if self.error:
            self._say(0, self.error)
            return
        self._say(0, self._greeting())
        number, answer = self._hear()
        if self.tls and len(answer) == 32:
            self._client = self.tls.wrap_socket(self._client, server_side=True)
            self.encrypted = True
            number, answer = self._hear()
        plugin = self.greets
        if self.switch:
            plugin = self.switch
            asked = b"\1Password: " if plugin == "dialog" else self.salt + b"\0"
            self._say(number + 1, b"\xfe" + plugin.encode() + b"\0" + asked)
            number, answer = self._hear()
        if self.key_unasked or (self.greets == "sha256_password" and not self.encrypted):  # wished for in the login
            self._say(number + 1, b"\1" + _public())
            number, answer = self._hear()
        if plugin == "caching_sha2_password":
            self._say(number + 1, FULL)
            number, answer = self._hear()
        if answer in (PUBLIC_KEY, b"\1"):
            self._say(number + 1, b"\1" + _public())
            number, answer = self._hear()
        right = PASSWORD.encode() + b"\0" in self.heard
        self._say(number + 1, (self.after or OK) if right else DENIED)
        while right:
            self._hear()
            self._say(1, OK)

    def _greeting(self) -> bytes:
        low, high = (
            (CAPABILITIES | (TLS if self.tls else 0)).to_bytes(4, "little")[:2],
            CAPABILITIES.to_bytes(4, "little")[2:],
        )
        return (
            b"\x0a" + self.version.encode() + b"\0\1\0\0\0" + self.salt[:8] + b"\0" + low + b"\xff\2\0" + high
            + bytes([21]) + bytes(10) + self.salt[8:] + b"\0" + self.greets.encode() + b"\0"
        )  # fmt: skip

    def _hear(self) -> tuple[int, bytes]:
        head = self._exactly(4)
        payload = self._exactly(int.from_bytes(head[:3], "little"))
        self.heard += payload
        return head[3], payload

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (more := self._client.recv(size - len(data))):
                raise EOFError
            data += more
        return data

    def _say(self, number: int, payload: bytes) -> None:
        self._client.sendall(len(payload).to_bytes(3, "little") + bytes([number & 255]) + payload)

    @property
    def knows_the_password(self) -> bool:
        """It was sent plainly, or encrypted for the server's own RSA key."""
        return PASSWORD.encode() in self.heard or any(
            self._opened(self.heard[at : at + 256]) for at in range(max(0, len(self.heard) - 255))
        )

    def _opened(self, part: bytes) -> bool:
        try:
            plain = KEY.decrypt(part, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
        except ValueError:
            return False
        return PASSWORD.encode() in bytes(a ^ self.salt[at % 20] for at, a in enumerate(plain))


def _public() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return KEY.public_key().public_bytes(serialization.Encoding.PEM, form)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A certificate like the one that MySQL makes itself: signed by nobody."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "MySQL_Server_8.0.36_Auto_Generated")])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    built = built.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    text = built.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "server.pem").write_bytes(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


@asynccontextmanager
async def asking(bench: Bench, server: Server, local: bool = False) -> AsyncIterator[Answer | WireError]:
    """The answer to one statement, over TCP or the server's own socket."""
    path = bench.folder / f"{len(list(bench.folder.iterdir()))}.sock"
    listener = socket.socket(socket.AF_UNIX if local else socket.AF_INET)
    listener.bind(str(path) if local else ("127.0.0.1", 0))
    listener.listen()
    thread = threading.Thread(target=server.serve, args=(listener,))
    thread.start()
    mysql = Mysql("ops", password_env="OPS_PASSWORD", socket=str(path) if local else None)
    mysql = mysql if local else replace(mysql, port=listener.getsockname()[1])
    machine = await bench.machine()
    wire = bench.wire(replace(cluster(bench.folder, machine.port), mysql=mysql))
    (answer,) = await wire.send("node1", (Query("DO 1"),), 5)
    yield answer
    await wire.close()
    listener.shutdown(socket.SHUT_RDWR)
    await asyncio.to_thread(thread.join)
    listener.close()


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_PASSWORD", PASSWORD)


UNSAFE = ("mysql_clear_password", "dialog", "mysql_old_password", "auth_gssapi_client", "parsec", "no_such_plugin", "")


@pytest.mark.parametrize("plugin", UNSAFE)
@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("version", [MARIA, MYSQL])
async def test_no_plugin_but_the_named_ones_is_obeyed(bench: Bench, plugin: str, local: bool, version: str) -> None:
    server = Server(version, "mysql_native_password", switch=plugin) if plugin else Server(version, "", switch="dialog")
    async with asking(bench, server, local) as answer:
        assert isinstance(answer, AuthFailed) and answer.cause is Cause.REFUSED, answer
        assert f"asks for the login by `{plugin or 'dialog'}`" in str(answer)
        assert "hush" not in str(answer) and not server.knows_the_password


@pytest.mark.parametrize("plugin", ["mysql_clear_password", "dialog", "no_such_plugin"])
async def test_nor_is_it_inside_tls_or_in_the_greeting(bench: Bench, tls: ssl.SSLContext, plugin: str) -> None:
    for server in (Server(switch=plugin, tls=tls), Server(greets=plugin, tls=tls), Server(greets=plugin)):
        async with asking(bench, server) as answer:
            assert isinstance(answer, AuthFailed), answer
            assert not server.knows_the_password


@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
@pytest.mark.parametrize("switched", [False, True])
@pytest.mark.parametrize("unasked", [False, True])
@pytest.mark.parametrize("version", [MARIA, "5.7.44", MYSQL])
async def test_a_key_that_the_server_sends_gets_no_password(
    bench: Bench, plugin: str, switched: bool, unasked: bool, version: str
) -> None:
    greets, switch = ("mysql_native_password", plugin) if switched else (plugin, "")
    server = Server(version, greets, switch, key_unasked=unasked)
    async with asking(bench, server) as answer:
        assert isinstance(answer, AuthFailed), answer
        assert "TLS" in str(answer) or "socket" in str(answer)
        assert not server.knows_the_password


@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
@pytest.mark.parametrize("local", [False, True])
async def test_a_mariadb_never_gets_the_password_itself(
    bench: Bench, tls: ssl.SSLContext, plugin: str, local: bool
) -> None:
    server = Server(MARIA, "mysql_native_password", switch=plugin, tls=tls)
    async with asking(bench, server, local) as answer:
        assert isinstance(answer, AuthFailed), answer
        assert not server.encrypted and not server.knows_the_password


@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("switched", [False, True])
@pytest.mark.parametrize("version", [MYSQL, "9.7.4"])
async def test_mysql_8_is_spoken_to_in_tls(
    bench: Bench, tls: ssl.SSLContext, plugin: str, local: bool, switched: bool, version: str
) -> None:
    """So REQUIRE SSL, require_secure_transport and sha256_password work."""
    greets, switch = ("mysql_native_password", plugin) if switched else (plugin, "")
    server = Server(version, greets, switch, tls=tls)
    async with asking(bench, server, local) as answer:
        assert type(answer) is Rows, answer
        assert server.encrypted


async def test_over_the_socket_without_tls_only_caching_sha2_gets_it(bench: Bench) -> None:
    for plugin, kind in (("caching_sha2_password", Rows), ("sha256_password", AuthFailed)):
        server = Server(greets=plugin)
        async with asking(bench, server, local=True) as answer:
            assert type(answer) is kind, answer


async def test_a_tls_that_fails_gets_nothing(bench: Bench) -> None:
    """The machine promises TLS and breaks it off: nothing is said without it."""
    broken = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # has no certificate
    server = Server(tls=broken)
    async with asking(bench, server) as answer:
        assert isinstance(answer, WireError) and "TLS" in str(answer), answer
        assert not server.knows_the_password and b"ops" not in server.heard


CODES = {
    1040: "Too many connections", 1045: "Access denied", 1820: "You must reset your password", 1862: "expired",
    3032: "offline mode", 3118: "Account is locked", 3159: "insecure transport", 3955: "blocked", 1129: "Host blocked",
    1130: "Host is not allowed", 1203: "max_user_connections", 1053: "Server shutdown in progress", 4151: "locked",
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
async def test_a_refusal_is_an_answer(bench: Bench, code: int) -> None:
    said = b"\xff" + code.to_bytes(2, "little") + b"#HY000" + CODES[code].encode()
    for server in (Server(error=said), Server(after=said)):
        async with asking(bench, server, local=True) as answer:
            assert isinstance(answer, AuthFailed | Refused), answer
            assert answer.cause is Cause.REFUSED
            assert isinstance(answer, AuthFailed) or (str(code) in str(answer) and CODES[code] in str(answer))


async def test_what_does_not_listen_is_another_thing_than_what_says_nothing(bench: Bench) -> None:
    machine = await bench.machine()
    absent = bench.wire(
        replace(cluster(bench.folder, machine.port), mysql=Mysql("ops", password_env="OPS_PASSWORD", port=1))
    )
    (answer,) = await absent.send("node1", (Query("DO 1"),), 5)
    assert type(answer) is Unreachable and answer.cause is Cause.ABSENT
    listener = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    mysql = Mysql("ops", password_env="OPS_PASSWORD", port=listener.sockets[0].getsockname()[1])
    (answer,) = await bench.wire(replace(cluster(bench.folder, machine.port), mysql=mysql)).send(
        "node1", (Query("DO 1"),), 5
    )
    assert type(answer) is Unreachable and answer.cause is Cause.SILENT
    listener.close()
    await listener.wait_closed()


async def test_a_wrong_password_is_read_again_when_somebody_asks_anew(
    bench: Bench, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for local in (False, True):
        server = Server(tls=tls)
        monkeypatch.setenv("OPS_PASSWORD", "wrong")
        async with asking(bench, server, local) as answer:
            assert type(answer) is AuthFailed and "refused the login of ops" in str(answer), answer
