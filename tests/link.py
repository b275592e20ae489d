"""A line between a client and a server on this machine, on which every byte is under way for a while."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from console.sim.link import Carrier, Pace

HERE = "127.0.0.1"


@asynccontextmanager
async def link(host: str, port: int, delay: float) -> AsyncGenerator[int]:
    """The port here that leads there, each way in `delay` seconds. Ends all connections at its end."""
    writers, ways = set[asyncio.StreamWriter](), set[asyncio.Task[None]]()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrier = Carrier(reader, writer)
        while await carrier.carry(Pace(delay=delay)):
            pass
        writer.close()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        writers.update((writer, far_writer))
        ways.update(asyncio.create_task(carry(*way)) for way in ((reader, far_writer), (far_reader, writer)))

    server = await asyncio.start_server(accepted, HERE, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # asyncio closes them in its next turn
