"""The cluster on 127.0.0.1: the world, a clock that moves it, and the servers through which it is seen."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

import asyncssh

from console.inventory.cluster import Timings
from console.sim import folder as folders
from console.sim import linux, mysql_wire, pfsense, web, wsrep
from console.sim.faults import FAULTS, inject
from console.sim.galera import Galera, Member
from console.sim.node import Node
from console.sim.scenarios import HEALTHY, Scenario
from console.sim.shell import System
from console.sim.ssh_servers import SshServer, Tunnel
from console.sim.waiting import until
from console.sim.world import VIPS, World

TICK = 0.25
"""Real seconds between two movements of the world; shorter when it is made to run faster."""


class Simulator:
    """`async with Simulator(folder, speed) as sim:` then `sim.inventory` is a cluster like any other.

    `speed` is how many simulated seconds pass in a real one.
    """

    def __init__(
        self,
        folder: Path,
        speed: float = 1.0,
        name: str = "demo",
        timings: Timings | None = None,
        scenario: Scenario = HEALTHY,
    ) -> None:
        self.world = World(balancer=scenario.balancer)
        for machine in self.world.machines.values():
            machine.pace = scenario.pace
        for injection in scenario.strikes:
            self.world.clock.later(injection.at, partial(inject, self.world, injection.fault, injection.target))
        self.speed = speed
        self._name = name
        self._timings = timings
        self._folder = folders.prepare(folder, self.world.machines)
        self._servers: dict[str, SshServer] = {}
        self._vips: list[web.Vip] = []
        self._clock: asyncio.Task[None] | None = None

    @property
    def inventory(self) -> Path:
        """The inventory file."""
        return self._folder.inventory

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """(name, label) of each fault, for a menu."""
        return tuple((fault.name, fault.label) for fault in FAULTS)

    def fault(self, name: str, target: str) -> None:
        """Inject a fault, or end it. Raises ValueError with a sentence."""
        inject(self.world, name, target)

    async def sleep(self, seconds: float) -> None:
        """Sleep simulated seconds."""
        await asyncio.sleep(seconds / self.speed)

    async def until(self, condition: Callable[[], bool], timeout: float = 30.0) -> None:
        """Wait until the world is so. Raises TimeoutError after `timeout` real seconds."""
        async with asyncio.timeout(timeout):
            await until(condition)

    async def __aenter__(self) -> Self:
        ports: dict[str, int] = {}
        for name in self.world.machines:
            self._servers[name] = self._server(name)
            ports[name] = await self._servers[name].open()
        vips: dict[str, int] = {}
        for vip in VIPS:
            self._vips.append(web.Vip(self.world))
            vips[vip] = await self._vips[-1].open()
        folders.publish(self._folder, self.world, self._name, ports, vips, self._timings)
        self._clock = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._clock:
            self._clock.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._clock
        await asyncio.gather(*(server.close() for server in (*self._servers.values(), *self._vips)))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            await asyncio.sleep(max(0.04, TICK / self.speed))
            now = loop.time()
            self.world.tick(min(now - before, 2.0) * self.speed)
            before = now

    def _server(self, name: str) -> SshServer:
        if firewall := self.world.firewalls.get(name):
            commands, files = pfsense.commands(firewall, self.world.carp), pfsense.files(firewall)
            return self._sshd(System(firewall, commands, files, self.sleep), lambda _host, _port: None)
        node = self.world.nodes[name]
        system = System(node, linux.commands(node), linux.files(node), self.sleep)
        return self._sshd(system, partial(self._tunnel, node))

    def _sshd(self, system: System, tunnels: Callable[[str, int], Tunnel | None]) -> SshServer:
        host_key = self._folder.host_keys[system.machine.name]
        return SshServer(system, host_key, self._folder.client_key, tunnels, self._servers)

    def _tunnel(self, node: Node, host: str, port: int) -> Tunnel | None:
        """The service on the node's loopback. A hung kernel still accepts for everything that listened."""
        if host not in ("127.0.0.1", "localhost", "::1"):
            return None
        if port == 80 and node.apache:
            return partial(_apache, node)
        if port == 3306 and (node.hung or node.mysql_listens):
            return partial(_mysql, node, self._folder.password)
        return None


async def _apache(node: Node, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]) -> None:
    await web.serve(reader, writer, partial(web.apache, node))


async def _mysql(
    node: Node, password: str, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]
) -> None:
    await until(lambda: not node.hung)
    member = node.galera.members[node.name]
    query, writes = (partial(_query, node, member, member.started, act) for act in (wsrep.query, wsrep.write))
    refuses = mysql_wire.MysqlError(1040, "08004", "Too many connections") if node.full else None
    server = mysql_wire.Server(f"5.5.5-{wsrep.VERSION}", folders.MYSQL_USER, password, query, writes, refuses)
    if node.mysql_listens:
        await mysql_wire.serve(reader, writer, server)
    writer.close()


def _query(
    node: Node, member: Member, started: float, act: Callable[[Galera, Member, str], mysql_wire.Result], sql: str
) -> mysql_wire.Result:
    """A connection ends with the mariadbd that accepted it."""
    if not node.mysql_listens or member.started != started or node.full:
        raise ConnectionResetError("mariadbd is gone")
    return act(node.galera, member, sql)
