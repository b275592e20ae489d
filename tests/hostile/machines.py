"""A simulated cluster in which one firewall and one node lie, babble or break off. They know nothing of the console."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from console.inventory.cluster import Timings
from console.sim import Simulator, mysql_wire, web, wsrep
from console.sim import folder as folders
from console.sim.mysql_wire import MysqlError, Result
from console.sim.node import Node
from console.sim.shell import BUILTINS, Call, Command, Shell, System
from console.sim.ssh_servers import SshServer, Tunnel

LIARS = ("fw2", "node2")
CLIPBOARD = "\x1b]52;c;b3duZWQ=\x07"
TITLE = "\x1b]0;owned\x07"
CURSOR = "\x1b[2J\x1b[31m\x9b5A\b"
EVIL = f"{CLIPBOARD}{TITLE}{CURSOR}[red]OWNED[/red][@click=app.quit]\u202e\u2066\u200b\u05d0漢\ufe0f\u0301\x7f"
"""Sequences that a terminal, or Textual's markup, would obey; and characters of no width, of two, and that turn a line
round."""
POOL = "weÜ漢\u05d0[red]';$(reboot)`reboot`\" \\"
"""The name of a pool, of whatever signs can be printed."""
HISTORY = f"w\u2028eb\x85 \u202e{POOL}"
"""A change of config.xml with a hostile description."""

Twist = Callable[[str], str]


@dataclass(frozen=True)
class Manner:
    """Behaviour of the liars. Each part stands for the words of an honest machine."""

    command: Callable[[Command, Call], Awaitable[int]]
    file: Twist = str
    status: Callable[[Result], Result] = lambda result: result
    """SHOW STATUS and SHOW VARIABLES. Raises MysqlError."""
    page: Callable[[bytes], bytes] = bytes


class Hostile(Simulator):
    """A simulator whose LIARS have manners."""

    def __init__(self, folder: Path, manner: Manner, timings: Timings) -> None:
        super().__init__(folder, speed=10.0, timings=timings)
        self._manner = manner

    def _server(self, name: str) -> SshServer:
        box = super()._server(name)
        if name in LIARS:
            honest: Mapping[str, Command] = {**box.system.commands, "cat": BUILTINS["cat"]}
            commands = {name: partial(self._manner.command, command) for name, command in honest.items()}
            commands["sh"] = partial(_introduced, box.system, commands["sh"])
            read = box.system.files
            box.system = replace(
                box.system, commands=commands, files=lambda path, root: _twisted(read(path, root), self._manner.file)
            )
        return box

    def _tunnel(self, node: Node, host: str, port: int) -> Tunnel | None:
        honest = super()._tunnel(node, host, port)
        if node.name not in LIARS or honest is None:
            return honest
        return self._mysql(node) if port == 3306 else partial(self._apache, node)

    def _mysql(self, node: Node) -> Tunnel:
        def query(sql: str) -> Result:
            found = wsrep.query(self.world.galera, self.world.galera.members[node.name], sql)
            return self._manner.status(found) if found.columns else found

        server = mysql_wire.Server("8.0", folders.MYSQL_USER, self._folder.password, query)
        return lambda reader, writer: mysql_wire.serve(reader, writer, server)

    async def _apache(self, node: Node, reader: web.Reader, writer: web.Writer) -> None:
        target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        writer.write(self._manner.page((await web.apache(node, target)).encoded(False)))
        await writer.drain()
        writer.close()


async def _introduced(truth: System, lie: Command, call: Call) -> int:
    """An enemy says who it is: else nothing more would be asked, nor believed."""
    if any(word in call.argv[-1] for word in ("/etc/machine-id", "kern.hostuuid")):
        return await Shell(truth, "root", call.out, call.err).run(call.argv[-1])
    return await lie(call)


def _twisted(text: str | None, twist: Twist) -> str | None:
    return None if text is None else twist(text)


def said(twist: Twist) -> Callable[[Command, Call], Awaitable[int]]:
    """Twist the output of the honest command. Leave cat, which only knows files, and a claim, without which no order
    would come."""

    async def run(command: Command, call: Call) -> int:
        if call.argv[0] == "lockf":
            return await command(call)
        printed: list[str] = []
        status = await command(replace(call, out=printed.append))
        call.out("".join(printed) if command is BUILTINS["cat"] else twist("".join(printed)))
        return status

    return run


def _dressed(text: str) -> str:
    """An answer that can be read, with as much evil as its parser lets through: the first server is strange."""
    return text.replace(",UP,", f',"UP {EVIL}",', 1).replace("L7OK", f'"{EVIL}"')


def _configured(text: str) -> str:
    """A config.xml with one more pool, in which node2 is disabled, and a history."""
    server = "<item><name>node2</name><address>10.20.0.12</address><status>disabled</status></item>"
    pool = f"<item><name>{POOL}</name><ha_servers>{server}</ha_servers></item>"
    return text.replace("</ha_pools>", f"{pool}</ha_pools>").replace("<![CDATA[", f"<![CDATA[{HISTORY}", 1)


def _named(result: Result) -> Result:
    rows = [(name, f"{EVIL} {value}" if name == "wsrep_local_state_comment" else value) for name, value in result.rows]
    return Result(result.columns, rows)


async def _fails(command: Command, call: Call) -> int:
    call.out(EVIL * 1000)
    call.err(f"{EVIL}\r it is broken\n" * 100)
    return 1


async def _floods(_command: Command, call: Call) -> int:
    for _ in range(1600):  # 100 MiB, at the pace of the link
        call.out("\x1b[31mA" * (1 << 13) + "\n")
        await asyncio.sleep(0)
    return 0


async def _drips(_command: Command, call: Call) -> int:
    while True:
        call.out("\x07")
        await asyncio.sleep(0.05)


async def _breaks(command: Command, call: Call) -> int:
    """Figures that no machine has."""
    text: list[str] = []
    await command(replace(call, out=text.append))
    call.out("".join(text).replace("\t", " ").replace("4", "9" * 5000))
    return 0


def _infinite(text: str) -> str:
    return "<a>" * 200_000 if text.startswith("<") else text if "-" in text else "inf nan\n"


def _refuses(_result: Result) -> Result:
    raise MysqlError(1064, "42000", EVIL * 20)


def _impossible(result: Result) -> Result:
    return Result(result.columns, [(name, ":" if "comment" in name else "9" * 200) for name, _ in result.rows])


def _huge(_page: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nX-Node: {EVIL}\r\nContent-Length: {'9' * 30}\r\n\r\n".encode()


MANNERS: dict[str, Manner] = {
    "dressed up": Manner(
        said(_dressed), _configured, _named, lambda page: page.replace(b"200 OK", b"200 " + EVIL.encode())
    ),
    "failing": Manner(_fails, status=_refuses, page=lambda _page: EVIL.encode()),
    "flooding": Manner(_floods, status=_refuses, page=lambda page: page + bytes(100 << 20)),
    "dripping": Manner(_drips),
    "impossible": Manner(_breaks, _infinite, _impossible, _huge),
}
