"""The listener in front of a machine, at the moments when a power cut is inconvenient."""

import asyncio
import gc
import socket

import pytest

from console.sim.machine import Clock, Link, Machine
from console.sim.ssh_servers import Silence
from console.sim.web import Vip
from console.sim.world import World


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("link", [Link.SILENT, Link.REFUSED])
async def test_a_cut_while_a_connection_is_accepted_leaves_no_socket_open(link: Link, turns: int) -> None:
    """A socket that is left open is a ResourceWarning, which is an error here."""
    machine = Machine(Clock(0.0), "fw1", "10.20.0.2")

    async def serve(sock: socket.socket) -> None:
        with sock:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_recv(sock, 1)

    front = Silence(machine, serve)
    port = await front.open()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(turns):
        await asyncio.sleep(0)
    machine.link = link
    for watcher in machine.watchers:
        watcher(link)
    await front.close()
    writer.close()
    await asyncio.sleep(0.01)
    gc.collect()


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("what", ["machine", "address"])
async def test_an_end_while_a_connection_is_accepted_leaves_no_socket_open(what: str, turns: int) -> None:
    async def serve(sock: socket.socket) -> None:
        with sock:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_recv(sock, 1)

    front = Vip(World()) if what == "address" else Silence(Machine(Clock(0.0), "fw1", "10.20.0.2"), serve)
    port = await front.open()
    with socket.create_connection(("127.0.0.1", port)) as visitor:
        for _ in range(turns):
            await asyncio.sleep(0)
        await front.close()
        await asyncio.sleep(0.01)
        gc.collect()
        visitor.settimeout(0)
        with pytest.raises(ConnectionResetError):
            assert not visitor.recv(1)  # or an end in good order
            raise ConnectionResetError
