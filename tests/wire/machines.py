"""Small real SSH servers on 127.0.0.1. They know nothing of the console; each behaves, or misbehaves, in one way."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from console.inventory import Cluster, Firewall, Login, Node, Timings


@dataclass
class Machine:
    """One running server and the files a client needs for it."""

    folder: Path
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    commands: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    connections: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    forwarding: bool = True
    environment: dict[str, str] = field(default_factory=dict)
    most_at_once: int = 0
    at_once: int = 0
    acceptor: asyncssh.SSHAcceptor | None = None

    def trust(self, known_hosts: Path) -> None:
        line = self.host_key.export_public_key().decode().strip()
        with known_hosts.open("a") as file:
            file.write(f"[127.0.0.1]:{self.port} {line}\n")

    async def vanish(self) -> None:
        """Every connection is cut and the port is closed."""
        assert self.acceptor is not None
        self.acceptor.close()
        for connection in self.connections:
            connection.abort()
        self.connections.clear()
        await self.acceptor.wait_closed()


class Door(asyncssh.SSHServer):
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.machine.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        self.machine.logins.append(username)
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        raise AssertionError("a password was sent")

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return self.machine.forwarding


async def shell(machine: Machine, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Runs the real /bin/sh, as sshd would."""
    machine.at_once += 1
    machine.most_at_once = max(machine.most_at_once, machine.at_once)
    try:
        machine.commands.append(str(process.command))
        assert process.term_type is None, "a terminal was asked for"
        text = await process.stdin.read()
        machine.scripts.append(text.decode())
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **machine.environment},
            cwd=machine.folder,
        )
        for name, value in machine.environment.items():
            if name == "PATH":  # the script sets its own
                text = text.replace(b"; export PATH", f":{value}; PATH={value}:$PATH; export PATH".encode(), 1)
        assert child.stdin and child.stdout and child.stderr
        child.stdin.write(text)
        child.stdin.close()

        async def copy(source: asyncio.StreamReader, to: asyncssh.SSHWriter[bytes]) -> None:
            while data := await source.read(65536):
                to.write(data)
                await to.drain()

        try:
            await asyncio.gather(copy(child.stdout, process.stdout), copy(child.stderr, process.stderr))
            process.exit(await child.wait())
        except (OSError, asyncssh.Error, asyncio.CancelledError):
            child.kill()
            await child.wait()
            child._transport.close()  # type: ignore[attr-defined]
    finally:
        machine.at_once -= 1


async def deaf(machine: Machine, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Takes the script and never says a word."""
    machine.scripts.append((await process.stdin.read()).decode())
    await process.channel.wait_closed()


Handler = Callable[[Machine, asyncssh.SSHServerProcess[bytes]], object]


@asynccontextmanager
async def machine(
    folder: Path, keys: Path, handler: Handler = shell, port: int = 0, **options: object
) -> AsyncIterator[Machine]:
    """A server that lets in whoever holds a key of `keys`."""
    started = Machine(folder, **options)  # type: ignore[arg-type]
    await listen(started, keys, handler, port)
    try:
        yield started
    finally:
        await started.vanish()


async def listen(started: Machine, keys: Path, handler: Handler = shell, port: int = 0) -> None:
    """Begins, or begins again."""

    def run(process: asyncssh.SSHServerProcess[bytes]) -> object:
        return handler(started, process)

    started.acceptor = await asyncssh.listen(
        "127.0.0.1",
        port,
        server_factory=lambda: Door(started),
        server_host_keys=[started.host_key],
        authorized_client_keys=str(keys),
        process_factory=run,
        encoding=None,
        reuse_address=True,
    )
    started.port = started.acceptor.get_port()


def cluster(folder: Path, *ports: int, user: str = "root", timings: Timings | None = None, **login: object) -> Cluster:
    """A cluster of nodes node1, node2, ... at those ports, and a firewall fw1 where the first one is."""

    def at(port: int) -> Login:
        settings: dict[str, object] = {"config": folder / "ssh_config", "known_hosts": folder / "known_hosts"}
        return Login("127.0.0.1", **{"port": port, "user": user, "identity": folder / "id", **settings, **login})  # type: ignore[arg-type]

    nodes = tuple(Node(f"node{n}", f"10.0.0.{n}", at(port)) for n, port in enumerate(ports, 1))
    return Cluster("test", (Firewall("fw1", "10.0.1.1", at(ports[0])),), nodes, timings=timings or Timings())
