"""Visits the site all the time while a run is at work, and counts. It judges nothing: guards do."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import cycle, islice

from console import steady
from console.health import serving
from console.health.facts.membership import Place, master, place
from console.inventory.cluster import Cluster
from console.operations.procedures.maintenance import in_maintenance
from console.probes.ask import Get, Page, WireError
from console.probes.snapshot import Known
from console.probes.web.visitor import Visits, When, own_sites, served, visited
from console.session.own_line import in_time, sending, tells
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
WAYS = 2
"""Machines through which a visit is tried: the first may be lost just then, which is not the site's fault."""


class Visitor:
    """One visitor, from `visit` until that is cancelled."""

    def __init__(self, cluster: Cluster, wire: Wire, poller: Poller, targets: Iterable[str] = ()) -> None:
        """`targets`: the machines of the run."""
        self._cluster = cluster
        self._wire = wire
        self._poller = poller
        self._targets = tuple(targets)
        self._own = frozenset(own_sites(cluster))
        self._one_was_out = False
        self._under_way = set[asyncio.Task[None]]()
        self._moves = list[tuple[float, float]]()
        """Moves of the roles: the last look before each, and the first one after it."""

    async def visit(self) -> None:
        """Visit each address in turn, until it is cancelled."""
        self._poller.visits(Visits(steady.now()))
        roles = asyncio.create_task(self._watch_roles())
        try:
            for get in cycle((*visited(self._cluster), *self._own)):
                if len(self._under_way) < AT_ONCE and self._fits(get):
                    task = asyncio.create_task(self._one(get))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                await asyncio.sleep(EVERY)
        finally:
            for task in (roles, *self._under_way):
                task.cancel()

    def _fits(self, get: Get) -> bool:
        """A node's own site is visited while visitors are sent there."""
        return get not in self._own or get.via in serving(self._poller.snapshot)

    async def _one(self, get: Get) -> None:
        when, (answer, way, at) = self._when(), await self._answer(get)
        broken = answer is not None and not served(answer)
        again = broken and served(await self._page(way, AGAIN)) and await self._roles_moved(at)
        if (now := self._poller.snapshot.visits) is None:
            return
        if answer is None and get in self._own:
            return  # a node that can't be asked is told as such
        if answer is None:
            self._poller.visits(now.with_lost(at))
        elif again:
            self._poller.visits(now.with_retried(at))
        else:
            where = f"{get.url} on {get.via}" if get in self._own else get.url
            self._poller.visits(now.with_answer(answer, where, at, when))

    async def _answer(self, get: Get) -> tuple[Page | WireError | None, Get, float]:
        """The answer, the way on which it came, and when that visit left. None: it tells nothing of the site."""
        sent, way = sending(self._poller), get
        for way in self._ways(get):
            sent = sending(self._poller, way.via)
            answer = await self._page(way, self._cluster.timings.answer)
            if isinstance(answer, Page) or await tells(self._poller, self._cluster.timings, answer, sent):
                return answer, way, sent.at
        return None, way, sent.at

    def _when(self) -> When:
        """The time of a visit that begins now."""
        out = any(self._out(name) for name in self._targets)
        self._one_was_out |= out
        return When.DURING if out else When.AFTER if self._one_was_out else When.BEFORE

    def _out(self, name: str) -> bool:
        picture = self._poller.snapshot
        if self._cluster.has_node(name):
            return place(picture, name) is not Place.IN
        return any(view.name == name for view in picture.firewalls) and in_maintenance(picture, name)

    def _ways(self, get: Get) -> Iterator[Get]:
        """The visit through each machine that may carry it, the one that the inventory names first: one that the run
        takes out carries none."""
        if get.via is None or get in self._own:
            yield get
            return
        nodes = [node.name for node in self._cluster.nodes if node.name != get.via and not self._out(node.name)]
        first = () if self._cluster.has_node(get.via) and self._out(get.via) else (get.via,)
        yield from islice((replace(get, via=name) for name in (*first, *nodes)), WAYS)

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
        known, timings = steady.now() + BEFORE, self._cluster.timings
        await in_time(self._poller, lambda: self._roles_read >= known, known + 2 * timings.answer + timings.poll)
        return any(before - BEFORE <= at <= after + AFTER for before, after in self._moves)
