"""Keys, one after the other: each is done with before the next is looked at, however fast they come.

Textual hands a key on before the work of the one before it is done: a name, Enter and a reason typed at once would all
land in the field of the name, and what is typed while a question is being prepared would be the board's commands.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import Any

from textual import events
from textual.app import App
from textual.screen import Screen

from console.ui.screens.base import Base

ROUNDS = 3
"""A key is handed up to the application, whose answer is handed down and up again: Enter moves on to another field."""
PATIENCE = 0.5
"""Seconds for a widget that goes away while it is waited for."""
LOOK = 0.01
"""Seconds between two looks whether a question is there."""


class Typed:
    """The keys of an application, from `take` to `close`."""

    def __init__(self, app: App[Any], handle: Callable[[events.Key], Awaitable[None]]) -> None:
        self._app = app
        self._handle = handle
        self._waiting: asyncio.Queue[events.Key] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def take(self, key: events.Key) -> None:
        """One more. It is handled when those before it have been."""
        self._waiting.put_nowait(key)
        if self._task is None:
            self._task = asyncio.create_task(self._go(), name="keys")

    def close(self) -> None:
        """Drop the keys that are still waiting: they mean nothing any more."""
        if self._task is not None:
            self._task.cancel()

    async def _go(self) -> None:
        while True:
            key = await self._waiting.get()
            try:
                before, target = self._app.screen, self._app.focused or self._app.screen
                await self._handle(key)
                for _ in range(ROUNDS):
                    for pump in (*target.ancestors_with_self, self._app):
                        await _through(pump)
                await self._question(before)
            except Exception as error:  # noqa: BLE001 -- as in a widget of Textual's own
                self._app._handle_exception(error)  # pyright: ignore

    async def _question(self, before: Screen[Any]) -> None:
        """While an act looks before it asks, nothing else is heard. What was typed meanwhile is for the fields of its
        question; it answers none that nobody has read, and is no command."""
        held = False
        while self._looking():
            held = True
            await asyncio.sleep(LOOK)
        from console.ui.screens.dialog import Dialog  # after the first frame

        top = self._app.screen
        asked = top if isinstance(top, Dialog) and top is not before else None
        if asked is not None:
            await asked.stands(PATIENCE)
        until = asked.unread_until if asked else inf if held else 0.0
        keys = [self._waiting.get_nowait() for _ in range(self._waiting.qsize())]
        for key in keys:
            if key.time >= until:
                self._waiting.put_nowait(key)

    def _looking(self) -> bool:
        top = self._app.screen
        return isinstance(top, Base) and top.busy


async def _through(pump: Any) -> None:
    """Wait until a widget has done what was handed to it so far."""
    done = asyncio.Event()
    if pump.is_running and pump.call_later(done.set):
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await done.wait()
