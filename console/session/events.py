"""Notes of findings that appear in a cluster's picture, and of those that are over."""

import asyncio
from collections.abc import Awaitable, Callable

from console import steady
from console.health import Finding
from console.health.news import Bulletin
from console.inventory.cluster import Cluster
from console.probes.snapshot import Snapshot, empty
from console.session.poller import ours
from console.session.runner import Note

TOGETHER = 0.2
"""Seconds after an answer until it is thought about: batches begin together, and so their answers come."""


async def follow(
    cluster: Cluster,
    change: Callable[[], Awaitable[None]],
    picture: Callable[[], Snapshot],
    worth: Callable[[Finding], bool],
    tell: Callable[[Note], None],
    look: Callable[[Snapshot], None],
) -> None:
    """Watch until cancelled: after each `change`, tell of new findings that are `worth` it, and of those that are
    over. `look`: is shown each picture too."""
    bulletin, fault = Bulletin(empty(cluster)), ""
    while True:
        await change()
        await asyncio.sleep(TOGETHER)
        try:
            now = picture()
            bulletin, happened = bulletin.after(now, worth)
            look(now)
        except Exception as error:  # noqa: BLE001 -- a fault of ours must not end the telling, unseen
            if repr(error) != fault:
                fault = repr(error)
                tell(Note(steady.now(), cluster.name, "seen", f"events are missing: {ours(error)}"))
            continue
        for event in happened:
            tell(Note(steady.now(), event.machine, event.step, event.message))
