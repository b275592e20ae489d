"""The pace of Python's search for cyclic garbage: it stops everything, also a key on its way to the screen.

Nearly all objects here are freed at once, by counting references. The search is for objects that refer to themselves,
such as a lost connection: there are few. At Python's own pace it takes a second over a hundred clusters.
"""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

THRESHOLDS = (2_000, 10, 50)
"""For gc.set_threshold(): generation 0 every 2,000 allocations, 1 every 10th time, 2 every 50th. A full search comes
hours apart with one cluster; with a hundred it takes 200 ms every ten minutes."""
SETTLED = 2.0
"""Seconds from the start in which nothing is searched: what is made then, most of it code, is there to stay, and is
searched never."""


@asynccontextmanager
async def tuned() -> AsyncGenerator[None]:
    """Search seldom while this context is open."""
    before = gc.get_threshold()
    gc.disable()
    settled = asyncio.get_running_loop().call_later(SETTLED, _settle)
    try:
        yield
    finally:
        settled.cancel()
        gc.unfreeze()
        gc.set_threshold(*before)
        gc.enable()


def _settle() -> None:
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.enable()
