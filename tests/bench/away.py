"""The same cluster at the other end of a link: every byte to and from its machines is under way for a while.

What costs a round trip shows here, and what costs processor does not: the machines of a lab or a simulator share the
console's, and those of a real cluster don't. Only making a connection costs no round trip here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from console.inventory.cluster import Cluster, Login, Vip
from tests.link import HERE, link


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
    known: list[str] = []
    async with AsyncExitStack() as stack:

        async def led(host: str, port: int) -> int:
            return await stack.enter_async_context(link(host, port, round_trip / 2))

        async def login(at: Login) -> Login:
            assert at.known_hosts
            port = await led(at.host, at.port or 22)
            known.append(f"[{HERE}]:{port} {_key(at.known_hosts, at.host, at.port or 22)}\n")
            return replace(at, host=HERE, port=port, known_hosts=folder / "known_hosts")

        async def vip(one: Vip) -> Vip:
            if not one.url or one.via:
                return one
            url = urlsplit(one.url)
            port = await led(url.hostname or "", url.port or 80)
            return replace(one, url=url._replace(netloc=f"{HERE}:{port}").geturl())

        moved = replace(
            cluster,
            firewalls=tuple([replace(one, login=await login(one.login)) for one in cluster.firewalls]),
            nodes=tuple([replace(one, login=await login(one.login)) for one in cluster.nodes]),
            vips=tuple([await vip(one) for one in cluster.vips]),
        )
        (folder / "known_hosts").write_text("".join(known))
        yield moved
