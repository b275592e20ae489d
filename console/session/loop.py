"""An event loop in a thread of its own: no widget, no terminal and no slow paint holds up what runs on it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

END = 5.0
"""Seconds for what still runs on it when it is closed."""


class Loop:
    """Runs from its first use to `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clusters", daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The outcome of a coroutine there. Who stops waiting cancels it."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Start a coroutine there that nobody waits for."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, act: Callable[[], object]) -> None:
        """Call it there as soon as possible; after `close`, never."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(act)

    def close(self) -> None:
        """End the loop, and all that runs on it. A thread that hangs is left: it ends with the process."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(_all_ended(), self._loop).add_done_callback(
            lambda _: self._loop.call_soon_threadsafe(self._loop.stop)
        )
        self._thread.join(END)
        if not self._thread.is_alive():
            self._loop.close()


async def _all_ended() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
