"""Sends the inventory's write to MySQL's writer while a run is at work, and counts the commits. Guards judge it."""

import asyncio

from console import steady
from console.health import serving
from console.health.facts.writer import writing
from console.inventory.cluster import Cluster, Write
from console.probes import ask
from console.probes.ask import WireError
from console.probes.database.writes import EVERY, Writes
from console.probes.snapshot import Snapshot
from console.session.own_line import Sent, sending, tells
from console.session.poller import Poller
from console.wire import Wire


class Writing:
    """One who writes, from `write` until that is cancelled. A statement is never sent twice."""

    def __init__(self, cluster: Cluster, write: Write, wire: Wire, poller: Poller) -> None:
        self._cluster = cluster
        self._write = write
        self._wire = wire
        self._poller = poller

    async def write(self) -> None:
        """Write at most once a second, one after the other, until it is cancelled."""
        self._poller.writes(Writes(steady.now()))
        while True:
            sent = sending(self._poller)
            await self._one(sent)
            await asyncio.sleep(max(0.0, sent.at + EVERY - steady.now()))

    async def _one(self, sent: Sent) -> None:
        failure = await self._failure()
        lost = failure is not None and not await tells(self._poller, self._cluster.timings, failure, sent)
        if (now := self._poller.snapshot.writes) is None:
            return
        if failure is None:
            self._poller.writes(now.with_commit(steady.now()))
        else:
            self._poller.writes(now.with_lost() if lost else now.with_failure(str(failure), sent.at))

    async def _failure(self) -> WireError | None:
        """Send it to the node that writes now. None: it is committed."""
        node = writer_of(self._poller.snapshot)
        if node is None:
            return WireError("no node is known to be MySQL's writer")
        (answer,) = await self._wire.send(node, (ask.Write(self._write.statement),), self._cluster.timings.answer)
        return answer if isinstance(answer, WireError) else None


def writer_of(snapshot: Snapshot) -> str | None:
    """The node that HAProxy sends MySQL to; without such an HAProxy, the first one that serves."""
    names = writing(snapshot) if snapshot.cluster.mysql_proxy else serving(snapshot)
    return next(iter(names), None)
