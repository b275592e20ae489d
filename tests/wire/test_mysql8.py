"""The login MySQL 8 wants by default, caching_sha2_password, when the server has not seen the password yet.

As mysql-server's sql/auth/sha2_password.cc does it: over its own Unix socket the password comes as it is, over TCP
encrypted with the server's RSA key. No MySQL 8 can be installed here, so this end is a server of ours.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from console.asks import AuthFailed, Query, Rows
from console.inventory import Mysql
from tests.wire.conftest import Bench
from tests.wire.machines import cluster

PASSWORD = "pä#s"
FULL_AUTHENTICATION, PUBLIC_KEY = b"\1\4", b"\2"
OK = b"\0\0\0\2\0\0\0"
DENIED = b"\xff\x15\x04#28000Access denied for user 'ops'"
CAPABILITIES = 0x000AA20F  # long password, connect with db, protocol 4.1, transactions, secure connection, plugin auth


@dataclass
class Server:
    local: bool
    """Whether it takes its connections for safe ones."""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    salt: bytes = field(default_factory=lambda: os.urandom(20).hex().encode()[:20])
    keys_asked: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._say(writer, 0, self._greeting())
        number, _ = await _heard(reader)
        await self._say(writer, number + 1, FULL_AUTHENTICATION)
        number, answer = await _heard(reader)
        if not self.local and answer == PUBLIC_KEY:
            self.keys_asked += 1
            await self._say(writer, number + 1, b"\1" + self._public())
            number, answer = await _heard(reader)
        accepted = answer == PASSWORD.encode() + b"\0" if self.local else self._encrypted(answer)
        await self._say(writer, number + 1, OK if accepted else DENIED)
        while accepted and (await _heard(reader))[1]:
            await self._say(writer, 1, OK)
        writer.close()

    def _greeting(self) -> bytes:
        low, high = CAPABILITIES.to_bytes(4, "little")[:2], CAPABILITIES.to_bytes(4, "little")[2:]
        return (
            b"\x0a8.0.36\0" + b"\1\0\0\0" + self.salt[:8] + b"\0" + low + b"\xff\2\0" + high + bytes([21]) + bytes(10)
            + self.salt[8:] + b"\0caching_sha2_password\0"
        )  # fmt: skip

    def _public(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def _encrypted(self, answer: bytes) -> bool:
        way = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        plain = self.key.decrypt(answer, way) if len(answer) == 256 else b""
        return bytes(a ^ self.salt[at % 20] for at, a in enumerate(plain)) == PASSWORD.encode() + b"\0"

    async def _say(self, writer: asyncio.StreamWriter, number: int, payload: bytes) -> None:
        writer.write(len(payload).to_bytes(3, "little") + bytes([number]) + payload)
        await writer.drain()


async def _heard(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Number and payload of a packet; an empty one at the end."""
    try:
        head = await reader.readexactly(4)
        return head[3], await reader.readexactly(int.from_bytes(head[:3], "little"))
    except asyncio.IncompleteReadError:
        return 0, b""


Listen = Callable[[Server, Path], Awaitable[tuple[asyncio.Server, Mysql]]]


async def over_tcp(server: Server, _: Path) -> tuple[asyncio.Server, Mysql]:
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    return listener, Mysql("ops", port=listener.sockets[0].getsockname()[1], password_env="OPS_PASSWORD")


async def over_its_socket(server: Server, folder: Path) -> tuple[asyncio.Server, Mysql]:
    path = folder / "mysqld.sock"
    return await asyncio.start_unix_server(server.serve, path), Mysql(
        "ops", socket=str(path), password_env="OPS_PASSWORD"
    )


@pytest.mark.parametrize("listen", [over_tcp, over_its_socket])
async def test_a_password_the_server_has_not_seen_yet(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, listen: Listen
) -> None:
    server = Server(local=listen is over_its_socket)
    listener, mysql = await listen(server, bench.folder)
    machine = await bench.machine()
    wire = bench.wire(replace(cluster(bench.folder, machine.port), mysql=mysql))
    for password, kind in (("wrong", AuthFailed), (PASSWORD, Rows)):
        monkeypatch.setenv("OPS_PASSWORD", password)
        (answer,) = await wire.send("node1", (Query("DO 1"),), 5)
        assert type(answer) is kind, answer
        wire.retry("node1")
    assert server.keys_asked == (0 if server.local else 2)
    listener.close()
    await listener.wait_closed()
