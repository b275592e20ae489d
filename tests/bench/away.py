"""The same cluster at the other end of a link: every byte to and from its machines is under way for a while.

What costs a round trip shows here, and what costs processor does not: the machines of a lab or a simulator share the
console's, and those of a real cluster don't. Only making a connection costs no round trip here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from console.inventory import Cluster, Login, Vip
from console.sim.link import Carrier, Pace

HERE = "127.0.0.1"


class _Link:
    """Listens here and carries to one place there."""

    def __init__(self, host: str, port: int, pace: Pace) -> None:
        self._there = host, port
        self._pace = pace
        self._ways: set[asyncio.Task[None]] = set()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._there)
        for way in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(*way))
            self._ways.add(task)
            task.add_done_callback(self._ways.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrier = Carrier(reader, writer)
        while await carrier.carry(self._pace):
            pass
        writer.close()

    async def open(self) -> tuple[asyncio.Server, int]:
        server = await asyncio.start_server(self._accepted, HERE, 0)
        return server, server.sockets[0].getsockname()[1]


def _key(known_hosts: Path, host: str, port: int) -> str:
    """Type and key of a machine, from the file that knows it."""
    names = {host} if port == 22 else {f"[{host}]:{port}"}
    lines = (line.split(None, 1) for line in known_hosts.read_text().splitlines())
    return next(key for name, key in lines if names & set(name.split(",")))


@asynccontextmanager
async def away(cluster: Cluster, round_trip: float, folder: Path) -> AsyncGenerator[Cluster]:
    """The cluster whose machines and VIPs are `round_trip` seconds away; the way there ends with the context.

    Its inventory has to say where each machine's known_hosts is, as a lab's and a simulator's do.
    """
    pace, servers, known = Pace(delay=round_trip / 2), list[asyncio.Server](), list[str]()

    async def link(host: str, port: int) -> int:
        server, here = await _Link(host, port, pace).open()
        servers.append(server)
        return here

    async def login(at: Login) -> Login:
        assert at.known_hosts
        port = await link(at.host, at.port or 22)
        known.append(f"[{HERE}]:{port} {_key(at.known_hosts, at.host, at.port or 22)}\n")
        return replace(at, host=HERE, port=port, known_hosts=folder / "known_hosts")

    async def vip(one: Vip) -> Vip:
        if not one.url or one.via:
            return one
        url = urlsplit(one.url)
        port = await link(url.hostname or "", url.port or 80)
        return replace(one, url=url._replace(netloc=f"{HERE}:{port}").geturl())

    try:
        moved = replace(
            cluster,
            firewalls=tuple([replace(one, login=await login(one.login)) for one in cluster.firewalls]),
            nodes=tuple([replace(one, login=await login(one.login)) for one in cluster.nodes]),
            vips=tuple([await vip(one) for one in cluster.vips]),
        )
        (folder / "known_hosts").write_text("".join(known))
        yield moved
    finally:
        for server in servers:
            server.close()
