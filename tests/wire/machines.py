"""Small real SSH servers on 127.0.0.1. They know nothing of the console; each behaves, or misbehaves, in one way."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncssh
from asyncssh.constants import OPEN_ADMINISTRATIVELY_PROHIBITED, OPEN_CONNECT_FAILED

from console.inventory.cluster import Cluster, Firewall, Login, Node, Timings


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
    connects: str = ""
    """Why its sshd reaches nobody, in its own words."""
    compression: str = "none"
    path: str = ""
    """A folder of programs found before all others."""
    most_at_once: int = 0
    at_once: int = 0
    shells: set[asyncio.Task[object]] = field(default_factory=set)
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
        if self.shells:
            await asyncio.wait(self.shells)
        await self.acceptor.wait_closed()


_ASKED = re.compile(r"^echo (\w+); echo \1 >&2\n.*(machine-id|kern\.hostuuid)", re.DOTALL | re.MULTILINE)


def introduction(asked: str) -> tuple[str, str] | None:
    """The answer of node1 and fw1 of `cluster` to the question of identity, on both streams; None: they are asked
    something else."""
    found = _ASKED.search(asked)
    if found is None:
        return None
    mark, node = found[1], found[2] == "machine-id"
    told = "\n".join(f"    inet 10.0.{0 if node else 1}.{n}/24 brd 10.0.0.255" for n in range(1, 10))
    return f"{mark}\n{told}\n\n{mark} 0\n{mark}.\n", f"{mark}\n{mark}.\n"


async def script_of(process: asyncssh.SSHServerProcess[bytes]) -> str:
    """All that is said to a shell, up to its end. Who the machine is, is answered at once."""
    text = ""
    while data := (await process.stdin.read(65536)).decode():
        text += data
        if told := introduction(text):
            process.stdout.write(told[0].encode())
            process.stderr.write(told[1].encode())
            text = ""
    return text


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

    def validate_password(self, username: str, password: str) -> bool:  # noqa: ARG002
        raise AssertionError("a password was sent")

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:  # noqa: ARG002
        if not self.machine.forwarding:  # sshd's words
            raise asyncssh.ChannelOpenError(OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        if self.machine.connects:
            raise asyncssh.ChannelOpenError(OPEN_CONNECT_FAILED, self.machine.connects)
        return True

    def unix_connection_requested(self, dest_path: str) -> bool:  # noqa: ARG002
        if not self.machine.forwarding:
            raise asyncssh.ChannelOpenError(OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        return True


async def shell(machine: Machine, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Run the real /bin/sh, like sshd, and end it when the client goes."""
    task = asyncio.current_task()
    assert task is not None
    assert process.term_type is None, "a terminal was asked for"
    text = await script_of(process)
    if not text:
        return
    machine.shells.add(task)
    machine.at_once += 1
    machine.most_at_once = max(machine.most_at_once, machine.at_once)
    try:
        machine.commands.append(str(process.command))
        machine.scripts.append(text)
        if machine.path:
            text = text.replace("; export PATH", f":; PATH={machine.path}:$PATH; export PATH", 1)
        await run(machine.folder, text, process)
    finally:
        machine.at_once -= 1
        machine.shells.discard(task)


async def run(folder: Path, text: str, process: asyncssh.SSHServerProcess[bytes]) -> None:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec("/bin/sh", stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder)
    assert child.stdin and child.stdout and child.stderr
    child.stdin.write(text.encode())
    child.stdin.close()
    gone = asyncio.create_task(process.wait_closed())
    copies = asyncio.gather(copy(child.stdout, process.stdout), copy(child.stderr, process.stderr))
    try:
        await asyncio.wait([copies, gone], return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            process.exit(await child.wait())
    finally:
        copies.cancel()
        gone.cancel()
        # Kills the shell and closes the pipes, which `timeout` and what it runs may hold open for long.
        child._transport.close()  # type: ignore[attr-defined]
        await child.wait()


async def copy(source: asyncio.StreamReader, to: asyncssh.SSHWriter[bytes]) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):
        while data := await source.read(65536):
            to.write(data)
            await to.drain()


async def deaf(machine: Machine, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Say who it is, then take a script and never say a word."""
    while data := (await process.stdin.read(65536)).decode():
        if told := introduction(data):
            process.stdout.write(told[0].encode())
            process.stderr.write(told[1].encode())
        else:
            machine.scripts.append(data)
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
    """Begin, or begin again."""

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
        compression_algs=started.compression,
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


def this_machine(folder: Path, port: int, **login: object) -> Cluster:
    """A cluster whose node1 is the machine the tests run on, behind a real sshd: its machine_id proves that."""
    made = cluster(folder, port, **login)  # type: ignore[arg-type]
    own = Path("/etc/machine-id").read_text().strip()
    return replace(made, nodes=(replace(made.nodes[0], machine_id=own),))
