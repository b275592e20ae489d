"""Connections and channels given up while they are being opened: the machine must not be left with it."""

import asyncio
from dataclasses import replace

import pytest

from console.probes.ask import Ask, Get, Ran, Run, Unreachable
from tests.link import link
from tests.wire.conftest import Bench
from tests.wire.machines import cluster

SHELL = Run(("true",))
STREAM = Get("http://127.0.0.1:{port}/", "node1")


@pytest.mark.parametrize("ask", [SHELL, STREAM], ids=["a shell", "a stream"])
async def test_before_the_machine_has_confirmed_it(bench: Bench, ask: Ask) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    page = await asyncio.start_server(hold, "127.0.0.1", 0)
    if isinstance(ask, Get):
        ask = replace(ask, url=ask.url.format(port=page.sockets[0].getsockname()[1]))
    node = await bench.machine()
    port = await bench.stack.enter_async_context(link("127.0.0.1", node.port, 0.05))
    with (bench.folder / "known_hosts").open("a") as file:
        file.write(f"[127.0.0.1]:{port} {node.host_key.export_public_key().decode()}")
    wire = bench.wire(cluster(bench.folder, port))
    assert [type(answer) for answer in await wire.send("node1", (SHELL,), 5)] == [Ran]
    for _ in range(12):
        asked = asyncio.create_task(wire.send("node1", (ask,), 5))
        await asyncio.sleep(0.05)
        asked.cancel()
        await asyncio.wait([asked])
    channels = node.connections[0]._channels  # asyncssh's own list of what is open; the first shell is kept
    async with asyncio.timeout(5):
        while len(channels) > 1:
            await asyncio.sleep(0.02)
    assert [type(answer) for answer in await wire.send("node1", (SHELL,), 5)] == [Ran]
    assert len(node.connections) == 1
    page.close()


async def test_a_connection_that_ends_just_as_the_machine_confirms_a_shell_is_lost(bench: Bench) -> None:
    """asyncssh has forgotten the session by then, and stumbles over it."""
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    assert [type(answer) for answer in await wire.send("node1", (SHELL,), 5)] == [Ran]
    opened = wire._ssh["node1"]._opened
    assert opened
    asked, confirmed = asyncio.create_task(wire.send("node1", (SHELL,), 5)), list[asyncio.Future[bool]]()
    while not any(one.done() for one in confirmed):
        await asyncio.sleep(0)
        confirmed += [one for channel in opened.conn._channels.values() for one in channel._request_waiters]
    opened.conn._cleanup(None)
    (answer,) = await asked
    assert isinstance(answer, Unreachable)
    assert "lost the SSH connection" in str(answer)
