"""The product's login at a real MySQL 9.7. Only sid has one, and beside no MariaDB: a server of its own on loopback."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pymysql.constants import CLIENT

from console.inventory.cluster import Mysql
from console.probes.ask import Answer, AuthFailed, Cause, Query, Rows, WireError
from tests.wire.conftest import Bench
from tests.wire.machines import cluster
from tests.wire.test_mysql import PASSWORD, connected, free_port

from .base import Image, base_root
from .host import install_tools

MYSQL = Image("mysql", ("mysql-server-core",))
WHO = Query(
    "SELECT @@version, CURRENT_USER(), VARIABLE_VALUE <> '' FROM performance_schema.session_status "
    "WHERE VARIABLE_NAME = 'Ssl_cipher'"
)
pytestmark = pytest.mark.skipif(
    os.environ.get("DRAINBOARD_LAB_SUITE") != "sid",
    reason="NOT TESTED: MySQL 9.7 is in sid alone: make lab-test SUITE=sid",
)


class Server:
    """A running mysqld. `plugins`: what it can log users in with."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.socket = folder / "s"
        self._admin = connected(self.socket)
        self.plugins = {row[0] for row in self.sql("SHOW PLUGINS") if row[2] == "AUTHENTICATION"}

    def sql(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        """Run a statement as root."""
        with self._admin.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())

    def close(self) -> None:
        """Hang up."""
        self._admin.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """sid's own binary with sid's own libraries, started by their loader: no chroot, and nothing written there."""
    install_tools()
    root, folder, port = base_root(MYSQL), tmp_path_factory.mktemp("mysql"), free_port()
    argv = [root / "lib64/ld-linux-x86-64.so.2", "--library-path", root / "usr/lib/x86_64-linux-gnu"]
    argv += [root / "usr/sbin/mysqld", "--no-defaults", "--user=root", "--secure-file-priv=NULL"]
    argv += [f"--basedir={root}/usr", f"--datadir={folder}/data", f"--plugin-dir={root}/usr/lib/mysql/plugin"]
    subprocess.run([*argv, "--initialize-insecure"], check=True, timeout=300)
    listens = ["--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder}/s", "--mysqlx=OFF"]
    process = subprocess.Popen([*argv, *listens, f"--pid-file={folder}/pid", f"--log-error={folder}/log"])
    try:
        made = Server(folder, port)
        yield made
        made.close()
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """The SSH server in front of it."""
    async with AsyncExitStack() as stack:
        yield Bench(tmp_path, stack)


async def answer(bench: Bench, mysql: Mysql) -> Answer | WireError:
    """The answer over the product's own connection."""
    machine = await bench.machine()
    wire = bench.wire(replace(cluster(bench.folder, machine.port), mysql=mysql))
    return (await wire.send("node1", (WHO,), 15))[0]


@pytest.fixture
def login(server: Server, monkeypatch: pytest.MonkeyPatch) -> Mysql:
    monkeypatch.setenv("OPS_PASSWORD", PASSWORD)
    return Mysql("ops", port=server.port, password_env="OPS_PASSWORD")


def _user(server: Server, plugin: str) -> None:
    for host in ("127.0.0.1", "localhost"):
        server.sql(f"DROP USER IF EXISTS ops@{host}")
        server.sql(f"CREATE USER ops@{host} IDENTIFIED WITH {plugin} BY %s", PASSWORD)


@pytest.mark.parametrize("local", [False, True], ids=["TCP", "socket"])
@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
async def test_sha2_logs_in_by_tls(bench: Bench, server: Server, login: Mysql, plugin: str, local: bool) -> None:
    """A new user, of whom the server remembers nothing: it wants the password itself. Then from its memory."""
    if plugin not in server.plugins:
        pytest.skip(f"NOT TESTED: this MySQL has no {plugin}, only {', '.join(sorted(server.plugins))}")
    _user(server, plugin)
    mysql = replace(login, socket=str(server.socket)) if local else login
    for _ in range(2):
        read = await answer(bench, mysql)
        assert isinstance(read, Rows), read
        ((version, user, encrypted),) = read.rows
        assert version.startswith("9.7.")
        assert (user, encrypted) == (f"ops@{'localhost' if local else '127.0.0.1'}", "1")


async def test_a_wrong_password_is_a_refused_login(
    bench: Bench, server: Server, login: Mysql, monkeypatch: pytest.MonkeyPatch
) -> None:
    _user(server, "caching_sha2_password")
    monkeypatch.setenv("OPS_PASSWORD", "another")
    refused = await answer(bench, login)
    assert isinstance(refused, AuthFailed) and "refused the login of ops" in str(refused), refused


@dataclass
class Between:
    """Somebody on the way to it, who takes TLS out of its greeting, and may ask for another plugin in its name."""

    server: Server
    switch: str = ""
    heard: bytes = b""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, to its end."""
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self.server.port)
        greeting = bytearray(await _packet(from_server))
        low = greeting.index(b"\0", 5) + 1 + 4 + 8 + 1
        greeting[low + 1] &= ~(CLIENT.SSL >> 8)
        writer.write(greeting)
        login = await _packet(reader)
        self.heard += login
        if self.switch:
            asked = b"\xfe" + self.switch.encode() + b"\0"
            writer.write(len(asked).to_bytes(3, "little") + bytes([login[3] + 1]) + asked)
        else:
            to_server.write(login)
            writer.write(await _packet(from_server))
        self.heard += await reader.read()
        to_server.close()
        writer.close()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(4)
    return head + await reader.readexactly(int.from_bytes(head[:3], "little"))


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("", "wants the password itself for `caching_sha2_password`"),
        ("mysql_clear_password", "asks for the login by `mysql_clear_password`, which is not used here"),
    ],
)
async def test_nobody_between_learns_the_password(
    bench: Bench, server: Server, login: Mysql, switch: str, words: str
) -> None:
    """No plugin of MySQL's own asks for mysql_clear_password, so what is real here is all but that question."""
    _user(server, "caching_sha2_password")
    between = Between(server, switch)
    listener = await asyncio.start_server(between.talk, "127.0.0.1", 0)
    async with listener:
        refused = await answer(bench, replace(login, port=listener.sockets[0].getsockname()[1]))
    assert isinstance(refused, AuthFailed) and refused.cause is Cause.REFUSED, refused
    assert words in str(refused)
    assert b"ops" in between.heard and PASSWORD.encode() not in between.heard
