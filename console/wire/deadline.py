"""Time limits for answers. A delay of this computer is added to the limit and named in the sentence.

Questions asked together share one limit, so a sentence always names the whole limit, not what was left of it.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from weakref import WeakKeyDictionary

from console.probes.ask import Cause

TICK = 0.1
"""Seconds between two looks at a loop's own delay."""
USUAL = 0.03
"""Seconds that a look may come late on any computer."""
MUCH = 0.2
"""Share of the limit from which it is said that this computer was held up."""
TOO_MUCH = 0.5
"""Share of the limit from which silence says nothing about the machine that was asked."""


class Delay:
    """Measures the seconds for which a loop was held up: by its own work, other programs or a sleeping computer. Runs
    only while a timeout is active, and extends each active timeout by that delay."""

    def __init__(self) -> None:
        self.seconds = 0.0
        """Seconds of delay in all, since it was made."""
        self._waiting: dict[asyncio.Timeout, float] = {}
        """The seconds of each."""
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def begin(self, timeout: asyncio.Timeout, seconds: float) -> None:
        """This one is moved on from now on; after a standstill, such as SIGSTOP, by no more than its seconds anew."""
        self._waiting[timeout] = seconds
        if self._handle is None:
            self._look_later()

    def end(self, timeout: asyncio.Timeout) -> None:
        """Note that nobody waits there any more."""
        self._waiting.pop(timeout, None)
        if not self._waiting and self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + TICK
        self._handle = loop.call_at(self._due, self._look)

    def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        late = now - self._due
        if late > USUAL:
            self.seconds += late
            for timeout, seconds in self._waiting.items():
                with suppress(RuntimeError):  # it is over already
                    timeout.reschedule(min((timeout.when() or now) + late, now + seconds))
        self._look_later()


_delays: WeakKeyDictionary[asyncio.AbstractEventLoop, Delay] = WeakKeyDictionary()


class Deadline:
    """`seconds` from its making, and what this computer was held up meanwhile."""

    def __init__(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.seconds = seconds
        self._loop = loop
        self._delay = _delays.setdefault(loop, Delay())
        self._began, self._before = loop.time(), self._delay.seconds

    @property
    def held_up(self) -> float:
        """Seconds that this computer was held up since."""
        return self._delay.seconds - self._before

    @property
    def cause(self) -> Cause:
        """The cause of an answer that did not come in time."""
        return Cause.HELD_UP if self.held_up > TOO_MUCH * self.seconds else Cause.SILENT

    @property
    def left(self) -> float:
        """Seconds, at least 0."""
        return min(self.seconds, max(0.0, self._began + self.seconds + self.held_up - self._loop.time()))

    @asynccontextmanager
    async def enforced(self) -> AsyncGenerator[None]:
        """Raises TimeoutError once it is over."""
        async with asyncio.timeout(self.left) as timeout:
            self._delay.begin(timeout, self.seconds)
            try:
                yield
            finally:
                self._delay.end(timeout)

    def describe(self, left: float) -> str:
        """The limit in words, for who had so many seconds left of it when he began to wait."""
        words = f"within {round(self.seconds, 1):g} s"
        if left < self.seconds / 2:
            words = f"in the {round(left, 1):g} s that were left of {round(self.seconds, 1):g} s"
        if self.held_up > MUCH * self.seconds:
            words += f" (this computer was held up for {self.held_up:.1f} s meanwhile: it may be the slow one)"
        return words
