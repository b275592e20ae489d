"""The claims of one run: it holds the lock of every firewall that answers, so that two consoles never work at once.

Both are taken in order of address, so that two consoles that begin together never hold one each for good. Whatever a
cluster is called, and from whichever machine it is worked on, the lock is the firewall's.
"""

import asyncio
import ipaddress
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from console.inventory.cluster import Cluster, Firewall
from console.probes.ask import Ran, Refused, Taken, WireError
from console.probes.firewalls.claim import CLAIM, GIVEN_UP, HOLD, Claim, opening, ordering, read, released
from console.session.claimants import holder
from console.wire import Wire

if TYPE_CHECKING:
    from console.wire.held import Held

PAUSES = (1.0, 2.0, 0.0)
"""Seconds after each attempt to write on a firewall again."""
PARTING = 2.0
"""Seconds for the last line of a claim to be echoed."""


class Elsewhere(Exception):
    """A firewall can't be claimed: somebody else is at work there, or it does not let us. One sentence."""


def _by_address(firewall: Firewall) -> tuple[int, int | str]:
    """The same order on every console, however an address is written."""
    try:
        address = ipaddress.ip_address(firewall.address)
    except ValueError:
        return 0, firewall.address.lower()
    return address.version, int(address)


class Claims:
    """The locks that one run holds."""

    def __init__(self, cluster: Cluster, wire: Wire, what: str, who: str, where: str) -> None:
        """`what`: action and node. `where`: the console's host and its journal's folder."""
        self._cluster = cluster
        self._wire = wire
        self.token = secrets.token_hex(8)
        """Distinguishes the claims of this run from all others."""
        self._line = opening(self.token, who, cluster.name, what, where, time.time())
        self._seconds = cluster.timings.connect + cluster.timings.answer
        self._held: dict[str, Held] = {}
        self._unanswering: dict[str, str] = {}
        """Firewalls that could not be asked for their lock, and why."""
        self._until = 0.0

    @property
    def held(self) -> tuple[str, ...]:
        """The firewalls whose lock is held now, as far as is known."""
        return tuple(name for name, held in self._held.items() if held.ended is None)

    async def take(self) -> None:
        """Claim every firewall that answers, and leave out the others. Raises Elsewhere, also where none answers; locks
        taken by then are still held."""
        for firewall in sorted(self._cluster.firewalls, key=_by_address):
            if firewall.name not in self.held:
                await self._take(firewall.name)
        if not self.held:
            raise Elsewhere(f"no firewall can be claimed: {'; '.join(self._unanswering.values())}")

    def unclaimed(self, firewalls: Iterable[str] | None = None) -> str:
        """Why nothing is sent to some firewalls, or to those that did not answer; "" where there are none."""
        silent = self._unanswering if firewalls is None else sorted(self._unanswering.keys() & set(firewalls))
        return "; ".join(
            f"nothing is sent to {name}, which is not claimed: {self._unanswering[name]}" for name in silent
        )

    async def _take(self, name: str) -> None:
        try:
            self._held[name] = await self._wire.hold(name, HOLD, self._line, self._seconds)
            self._unanswering.pop(name, None)
        except Taken:
            raise Elsewhere(await self._whose(name)) from None
        except Refused as error:
            raise Elsewhere(f"{name} can't be claimed: {error}") from None
        except WireError as error:
            self._unanswering[name] = str(error)

    async def _whose(self, name: str) -> str:
        answers = await self._wire.send(name, CLAIM.asks(self._cluster, name), self._seconds)
        told = [answer for answer in answers if isinstance(answer, Ran)]
        claim = read(told[1].out, True) if len(told) == len(answers) else Claim(held=True)
        return f"{holder(claim, name)}; wait until it ends ({GIVEN_UP})"

    async def order(self, machines: frozenset[str], seconds: float) -> frozenset[str]:
        """Write down on each claimed firewall that orders leave which will have ended within so many seconds. Return
        the firewalls among these machines whose lock is held and which have it written down. Raises Elsewhere unless at
        least one of the cluster's has."""
        wanted = machines.intersection(firewall.name for firewall in self._cluster.firewalls)
        self._until = max(self._until, time.time() + seconds)
        for pause in PAUSES:
            if not self.held or not wanted.issubset(self.held):
                await self.take()
            told = await asyncio.gather(*(self._say(name, ordering(self._until)) for name in self.held))
            if any(told):
                return wanted.intersection(self.held)
            await asyncio.sleep(pause)
        raise Elsewhere("the claim on the firewalls is lost, and none of them answers")

    async def _say(self, name: str, line: str) -> bool:
        try:
            async with asyncio.timeout(self._seconds):
                await self._held[name].say(line)
        except (TimeoutError, WireError):
            self._held.pop(name).drop()
            return False
        return True

    async def release(self, ended: bool = True, open: bool = False) -> None:
        """Give all claims up. `ended` False: an order may still be on its way, and until then the claim says so.
        `open`: the run stays open in this console's journal."""
        held, self._held = self._held, {}
        last = released(open) if ended else ordering(self._until)
        await asyncio.gather(*(one.end(last, PARTING) for one in held.values()))
