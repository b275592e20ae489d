"""An answer that did not come: it tells of a machine, or only of this computer's own line."""

from collections.abc import Callable
from typing import NamedTuple

from console import steady
from console.inventory.cluster import Timings
from console.probes.ask import Cause, WireError
from console.probes.snapshot import Known
from console.session.poller import Poller

EVERY = 0.25
"""Seconds between two looks at the picture."""


class Sent(NamedTuple):
    """Something leaves this computer. Times are Unix times."""

    at: float
    heard: float
    """The newest question that was answered by then."""
    machine: str | None
    """The machine that was to answer that; None: any of them."""


def sending(poller: Poller, machine: str | None = None) -> Sent:
    """Note that something leaves now."""
    return Sent(steady.now(), _heard(poller, machine), machine)


async def tells(poller: Poller, timings: Timings, failure: WireError, sent: Sent) -> bool:
    """True if the machine was heard just before, and has answered a question that left after this did."""
    if failure.cause is Cause.HELD_UP or sent.at - sent.heard > 2 * timings.poll + timings.answer:
        return False
    until = steady.now() + 2 * timings.answer + timings.poll
    return await in_time(poller, lambda: _heard(poller, sent.machine) > sent.at, until)


async def in_time(poller: Poller, so: Callable[[], bool], until: float) -> bool:
    """Wait until the picture says so, at most until a Unix time."""
    while not so():
        if steady.now() >= until:
            return False
        await poller.change(EVERY)
    return True


def _heard(poller: Poller, machine: str | None) -> float:
    """Time of the newest question that the machine, or any, has answered; 0 for none."""
    picture = poller.snapshot
    looks = {view.name: view.pools for view in picture.firewalls} | {view.name: view.host for view in picture.nodes}
    every = (look for name, look in looks.items() if machine in (None, name))
    return max((look.at for look in every if isinstance(look, Known)), default=0.0)
