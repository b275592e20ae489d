"""Visits the site all the time while a run is at work, and counts. It judges nothing: guards do."""

import asyncio
from itertools import cycle

from console import steady
from console.inventory.cluster import Cluster
from console.probes.ask import Cause, Get, Page, WireError
from console.probes.snapshot import Known
from console.probes.web.visitor import Visits, visited
from console.session.poller import Poller
from console.wire import Wire

EVERY = 0.25
"""Seconds between two visits."""
AT_ONCE = 40
"""Visits under way at most: a site that hangs is not visited ever more."""


class Visitor:
    """One visitor, from `visit` until that is cancelled."""

    def __init__(self, cluster: Cluster, wire: Wire, poller: Poller) -> None:
        self._cluster = cluster
        self._wire = wire
        self._poller = poller
        self._under_way = set[asyncio.Task[None]]()

    async def visit(self) -> None:
        """Visit each address in turn, until it is cancelled."""
        self._poller.visits(Visits(steady.now()))
        try:
            for get in cycle(visited(self._cluster)):
                if len(self._under_way) < AT_ONCE:
                    task = asyncio.create_task(self._one(get))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                await asyncio.sleep(EVERY)
        finally:
            for task in self._under_way:
                task.cancel()

    async def _one(self, get: Get) -> None:
        at = steady.now()
        machine = get.via or self._cluster.machines[0].name
        (answer,) = await self._wire.send(machine, (get,), self._cluster.timings.answer)
        if not isinstance(answer, Page | WireError):
            return
        tells = await self._tells(answer, at)
        if (now := self._poller.snapshot.visits) is not None:
            self._poller.visits(now.with_answer(answer, get.url, at) if tells else now.with_lost(at))

    async def _tells(self, answer: Page | WireError, at: float) -> bool:
        """No answer tells of the site where a machine has answered a question that left after this visit did."""
        if isinstance(answer, Page):
            return True
        if answer.cause is Cause.HELD_UP:
            return False
        until = steady.now() + 2 * self._cluster.timings.answer + self._cluster.timings.poll
        while steady.now() < until:
            if self._told_since(at):
                return True
            await self._poller.change(EVERY)
        return False

    def _told_since(self, at: float) -> bool:
        picture = self._poller.snapshot
        looks = [view.pools for view in picture.firewalls] + [view.host for view in picture.nodes]
        return any(isinstance(look, Known) and look.at > at for look in looks)
