"""Visits the site all the time while a run is at work, and counts. It judges nothing: guards do."""

import asyncio
from collections.abc import Callable
from itertools import cycle

from console import steady
from console.health.facts.membership import master
from console.inventory.cluster import Cluster
from console.probes.ask import Cause, Get, Page, WireError
from console.probes.snapshot import Known
from console.probes.web.visitor import Visits, served, visited
from console.session.poller import Poller
from console.wire import Wire

EVERY = 0.25
"""Seconds between two visits."""
AT_ONCE = 40
"""Visits under way at most: a site that hangs is not visited ever more."""
BEFORE, AFTER = 1.0, 5.0
"""Seconds around a move of CARP's roles in which it may break a connection."""
AGAIN = 1.0
"""Seconds in which a new connection must serve what such a move has broken."""


class Visitor:
    """One visitor, from `visit` until that is cancelled."""

    def __init__(self, cluster: Cluster, wire: Wire, poller: Poller) -> None:
        self._cluster = cluster
        self._wire = wire
        self._poller = poller
        self._under_way = set[asyncio.Task[None]]()
        self._moves = list[tuple[float, float]]()
        """Moves of the roles: the last look before each, and the first one after it."""

    async def visit(self) -> None:
        """Visit each address in turn, until it is cancelled."""
        self._poller.visits(Visits(steady.now()))
        roles = asyncio.create_task(self._watch_roles())
        try:
            for get in cycle(visited(self._cluster)):
                if len(self._under_way) < AT_ONCE:
                    task = asyncio.create_task(self._one(get))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                await asyncio.sleep(EVERY)
        finally:
            for task in (roles, *self._under_way):
                task.cancel()

    async def _one(self, get: Get) -> None:
        at = steady.now()
        answer = await self._page(get, self._cluster.timings.answer)
        again = served(answer) or (served(await self._page(get, AGAIN)) and await self._roles_moved(at))
        tells = await self._tells(answer, at)
        if (now := self._poller.snapshot.visits) is None:
            return
        if not tells:
            self._poller.visits(now.with_lost(at))
        elif again and not served(answer):
            self._poller.visits(now.with_retried())
        else:
            self._poller.visits(now.with_answer(answer, get.url, at))

    async def _page(self, get: Get, seconds: float) -> Page | WireError:
        """Each on a connection of its own."""
        machine = get.via or self._cluster.machines[0].name
        (answer,) = await self._wire.send(machine, (get,), seconds)
        return answer if isinstance(answer, Page | WireError) else WireError(f"{get.url} gave no page")

    async def _watch_roles(self) -> None:
        lead, seen = master(self._poller.snapshot), steady.now()
        while True:
            await self._poller.change(EVERY)
            now = master(self._poller.snapshot)
            if now is None:
                continue
            if lead not in (None, now):
                self._moves.append((seen, steady.now()))
            lead, seen = now, self._roles_read

    @property
    def _roles_read(self) -> float:
        """The moment of the last look at any firewall's roles; 0 while none is known."""
        looks = [view.carp.at for view in self._poller.snapshot.firewalls if isinstance(view.carp, Known)]
        return max(looks, default=0.0)

    async def _roles_moved(self, at: float) -> bool:
        """The roles moved around a moment. It is told only when they have been read once more after that."""
        known = steady.now() + BEFORE
        await self._in_time(lambda: self._roles_read >= known, known)
        return any(before - BEFORE <= at <= after + AFTER for before, after in self._moves)

    async def _tells(self, answer: Page | WireError, at: float) -> bool:
        """No answer tells of the site where a machine has answered a question that left after this visit did."""
        if isinstance(answer, Page):
            return True
        if answer.cause is Cause.HELD_UP:
            return False
        return await self._in_time(lambda: self._told_since(at), steady.now())

    async def _in_time(self, so: Callable[[], bool], since: float) -> bool:
        """Wait until the picture says so; at most for two answers and a round after a Unix time."""
        until = since + 2 * self._cluster.timings.answer + self._cluster.timings.poll
        while not so():
            if steady.now() >= until:
                return False
            await self._poller.change(EVERY)
        return True

    def _told_since(self, at: float) -> bool:
        picture = self._poller.snapshot
        looks = [view.pools for view in picture.firewalls] + [view.host for view in picture.nodes]
        return any(isinstance(look, Known) and look.at > at for look in looks)
