"""Everything here talks to the simulator through its sockets, as its inventory says: asyncssh, PyMySQL, bare HTTP."""

import asyncio
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pymysql
import pytest

from console.probes.ask import Ran, Run, script, sections
from console.sim import Simulator

MARK = "mark7f3a"
SOCKET = ("nc", "-U", "/tmp/haproxy.socket")
SPEED = 10.0
Rows = tuple[tuple[Any, ...], ...]
Query = Callable[[str], Awaitable[Rows]]


@dataclass
class Cluster:
    """A visitor who has nothing but the inventory. `sim` is for faults and for waiting, never for looking."""

    sim: Simulator
    inventory: dict[str, Any]

    def machine(self, name: str) -> dict[str, Any]:
        return {**self.inventory["firewalls"], **self.inventory["nodes"]}[name]

    @asynccontextmanager
    async def ssh(self, name: str, user: str | None = None) -> AsyncIterator[asyncssh.SSHClientConnection]:
        login, ssh = self.machine(name), self.inventory["ssh"]
        connection = await asyncssh.connect(
            login["host"],
            login["port"],
            username=user or login["user"],
            known_hosts=ssh["known_hosts"],
            client_keys=[ssh["identity"]],
            config=[ssh["config"]],
            agent_path=None,
        )
        try:
            yield connection
        finally:
            connection.abort()
            await connection.wait_closed()

    async def ask(self, name: str, *runs: Run, user: str | None = None, sudo: bool = False) -> tuple[Ran, ...]:
        async with self.ssh(name, user) as connection:
            return await ask(connection, *runs, sudo=sudo)

    async def run(self, name: str, *argv: str, stdin: str = "", timeout: float = 20) -> Ran:
        return (await self.ask(name, Run(argv, stdin, timeout=timeout)))[0]

    async def stat(self, firewall: str) -> dict[tuple[str, str], dict[str, str]]:
        """`show stat` by (backend, server)."""
        out = (await self.run(firewall, *SOCKET, stdin="show stat")).out
        head, *rows = [line.split(",") for line in out.splitlines() if line]
        assert {len(row) for row in rows} == {len(head)}
        found = [dict(zip(["pxname", *head[1:]], row, strict=True)) for row in rows]
        return {(row["pxname"], row["svname"]): row for row in found}

    @asynccontextmanager
    async def mysql(self, name: str, password: str | None = None) -> AsyncIterator[Query]:
        """One connection over SSH, as the product does it."""
        path = str(self.sim.inventory.parent / f"{name}.sock")
        async with self.ssh(name) as connection:
            listener = await connection.forward_local_path_to_port(path, "127.0.0.1", 3306)
            try:
                client = await asyncio.to_thread(self._connect, path, password)
                try:
                    yield lambda statement: asyncio.to_thread(_execute, client, statement)
                finally:
                    client._force_close()  # type: ignore[attr-defined]
            finally:
                listener.close()
                await listener.wait_closed()

    async def sql(self, name: str, statement: str, password: str | None = None) -> Rows:
        async with self.mysql(name, password) as query:
            return await query(statement)

    def _connect(self, path: str, password: str | None) -> "pymysql.Connection[Any]":
        mysql = self.inventory["mysql"]
        stored = Path(mysql["password_file"]).read_text().strip()
        return pymysql.connect(unix_socket=path, user=mysql["user"], password=password or stored, connect_timeout=3)

    async def wsrep(self, name: str) -> dict[str, str]:
        return dict(await self.sql(name, r"SHOW GLOBAL STATUS LIKE 'wsrep\_%'"))

    async def get(self, name: str, target: str) -> str:
        """Apache on a node, through its SSH connection."""
        async with self.ssh(name) as connection:
            reader, writer = await connection.open_connection("127.0.0.1", 80)
            writer.write(f"GET {target} HTTP/1.1\r\nHost: demo\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            return answer.decode()

    async def visit(self, vip: str = "wan") -> str:
        """Visit the site."""
        _, _, rest = self.inventory["vips"][vip]["url"].partition("http://")
        host, _, port = rest.partition("/")[0].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(b"GET /health HTTP/1.1\r\nHost: demo\r\n\r\n")
            return (await reader.read()).decode()
        finally:
            writer.close()
            await writer.wait_closed()

    async def until(self, condition: Any, timeout: float = 8.0) -> None:
        """Ask again until the answer is true."""
        async with asyncio.timeout(timeout):
            while not await condition():
                await asyncio.sleep(0.03)


def _execute(client: "pymysql.Connection[Any]", statement: str) -> Rows:
    with client.cursor() as cursor:
        cursor.execute(statement)
        return tuple(cursor.fetchall())


async def ask(connection: asyncssh.SSHClientConnection, *runs: Run, sudo: bool = False) -> tuple[Ran, ...]:
    """One script in one session of an open connection."""
    done = await connection.run("/bin/sh", input=script(runs, MARK, sudo), check=False)
    return sections(str(done.stdout), str(done.stderr), MARK, len(runs))


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Short: a Unix socket's path has 104 bytes on macOS."""
    yield tmp_path_factory.mktemp("s")


@pytest.fixture
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    async with Simulator(folder, SPEED) as sim:
        yield Cluster(sim, tomllib.loads(sim.inventory.read_text())["cluster"]["demo"])
