"""Orders leave: claimed, written down, sent to all machines at once, and their ends written down."""

import asyncio
import time
from collections.abc import Callable, Mapping

from console import steady
from console.inventory.cluster import Cluster
from console.operations.procedures.programs import DONE
from console.operations.procedures.steps import HERE, Order, Step
from console.probes.ask import Answer, WireError
from console.session import program
from console.session.claims import Claims
from console.session.journal import Journal, Record
from console.session.orders import as_sent, deadline, error_in, outcome_unknown
from console.session.story import run_id
from console.text import listed
from console.wire import Wire

LONG = 5.0
"""Seconds an order may take before it is said that it is waited for."""


class Sender:
    """Sends the orders of one run. `say`: tells a sentence about a step."""

    def __init__(
        self, cluster: Cluster, wire: Wire, journal: Journal, claims: Claims, say: Callable[[Step, str], None]
    ) -> None:
        self._cluster = cluster
        self._wire = wire
        self._journal = journal
        self._claims = claims
        self._say = say
        self._leaving: dict[Order, float] = {}
        """Orders whose end is not known yet, and the monotonic time by which it is."""

    @property
    def on_its_way(self) -> str:
        """The orders that have left and not ended, in a sentence; "" while there are none."""
        if not self._leaving:
            return ""
        names = listed(order.machine for order in self._leaving)
        left = max(0.0, max(self._leaving.values()) - time.monotonic())
        return f"an order to {names} is on its way and can't be called back. It is waited for, at most {left:.0f} s"

    async def claimed(self, step: Step, orders: tuple[Order, ...]) -> tuple[Order, ...]:
        """The orders that may leave: an order to a firewall needs the claim on it. Raises Elsewhere."""
        if not orders:
            return ()
        machines = frozenset(order.machine for order in orders)
        firewalls = machines.intersection(firewall.name for firewall in self._cluster.firewalls)
        held = await self._claims.order(machines, max(deadline(order) for order in orders))
        if message := self._claims.unclaimed(firewalls - held):
            self._say(step, message)
        return tuple(order for order in orders if order.machine not in firewalls - held)

    async def send(self, step: Step, record: Record, orders: tuple[Order, ...]) -> tuple[Record, float]:
        """Send a step's orders, and return the Unix time at which they left. A run that is stopped meanwhile waits for
        their ends, so that an undo finds what they did. Raises JournalError."""
        seconds = {order.machine: deadline(order) for order in orders}
        leaving = [as_sent(order, self._wire) for order in orders]
        record = self._write(record, "sending", step, orders=leaving, within=seconds)
        moment, now = steady.now(), time.monotonic()
        self._leaving = {order: now + deadline(order) for order in orders}
        ended = asyncio.create_task(self._ended(step, record, orders))
        try:
            await asyncio.wait({ended}, timeout=LONG)
            self._say_on_its_way(step)
            return await asyncio.shield(ended), moment
        except asyncio.CancelledError:
            self._say_on_its_way(step)
            await ended
            raise

    def _say_on_its_way(self, step: Step) -> None:
        if self.on_its_way:
            self._say(step, self.on_its_way)

    def _write(self, record: Record, kind: str, step: Step, **facts: object) -> Record:
        return self._journal.write(record, kind, on=step.on, step=step.name, **facts)

    async def _ended(self, step: Step, record: Record, orders: tuple[Order, ...]) -> Record:
        """Send orders, and write down that they have ended, or that their time is over."""
        run = {"CLUSTER": self._cluster.name, "NODE": step.on, "RUN": run_id(self._cluster.name, record)}
        answers = dict(zip(orders, await asyncio.gather(*(self._order(order, run) for order in orders)), strict=True))
        whys = {order.machine: why for order, answer in answers.items() if (why := error_in(order, answer))}
        lost = [order.machine for order, answer in answers.items() if outcome_unknown(answer)]
        record = self._write(record, "answered", step, errors=whys, lost=lost)
        if notes := {order.notes: whys.get(order.machine, DONE) for order in orders if order.notes}:
            record = self._journal.write(record, "found", **notes)
        for why in whys.values():
            self._say(step, why)
        return record

    async def _order(self, order: Order, run: Mapping[str, str]) -> Answer | WireError:
        """`run`: the variables of a program on this computer."""
        if order.machine == HERE:
            try:
                answer = await program.run(order.run.argv, run, order.run.timeout or 0.0)
            except WireError as error:
                answer = error
        else:
            answer = (await self._wire.send(order.machine, (order.run,), deadline(order)))[0]
        self._leaving.pop(order, None)
        return answer
