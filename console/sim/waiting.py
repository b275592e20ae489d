"""Waiting for the world, which knows no event loop and so has no event to wait for."""

import asyncio
from collections.abc import Callable

GLANCE = 0.04
"""Real seconds between two looks."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the world is so."""
    while not condition():  # noqa: ASYNC110 - the world is pure and signals nothing
        await asyncio.sleep(GLANCE)
