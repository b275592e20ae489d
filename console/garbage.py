"""When Python searches for cyclic garbage: a search stops everything, also a key on its way to the screen.

Nearly all that is dropped here is freed at once, by counting references. What the search is for is what refers to
itself, such as a lost connection: little. Left to itself, Python searches a hundred clusters through for a second.
"""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

YOUNG = (5_000, 10)
"""Objects that live on, from which on the newest are searched, and how many such searches make one of ten times as
many: some milliseconds each."""
NEVER = 1 << 30
SETTLED = 20.0
"""Seconds after which what is held is there to stay."""
EVERY = 600.0
"""Seconds between two searches of all that has come since: 20 ms with one cluster, 200 ms with a hundred."""


@asynccontextmanager
async def searched_seldom() -> AsyncGenerator[None]:
    """While this is open."""
    before = gc.get_threshold()
    gc.set_threshold(*YOUNG, NEVER)
    searching = asyncio.create_task(_search(), name="search for garbage")
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
        searching.cancel()
        with suppress(asyncio.CancelledError):
            await searching


async def _search() -> None:
    await asyncio.sleep(SETTLED)
    gc.freeze()
    while True:
        await asyncio.sleep(EVERY)
        gc.collect()
