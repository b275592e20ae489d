"""The logs of a machine, live: read again and again through the kept connection, a layer at a time."""

import asyncio
import shlex
from collections.abc import Callable
from typing import ClassVar

from console import steady
from console.health import Layer, findings
from console.probes.logs import APACHE, GLUSTER, HAPROXY, KERNEL, MYSQL, SYSTEM, Log, Source
from console.text import clock
from console.ui import keys
from console.ui.lines import BLANK, Line, Piece, line, wrapped
from console.ui.pane import Pane
from console.ui.screens.scrolled import Scrolled

PAUSE = 2.0
"""Seconds between two reads: from the end of one to the beginning of the next, so that a slow link is not filled."""
END = 1 << 30
OF_LAYER = {
    Layer.DATABASE: MYSQL,
    Layer.WEB: APACHE,
    Layer.STORAGE: GLUSTER,
    Layer.POOL: HAPROXY,
    Layer.HOST: KERNEL,
    Layer.FIREWALL: SYSTEM,
}
"""The log that is opened first, by the layer of the machine's worst finding."""


def ordered(before: tuple[Source, ...], now: tuple[Source, ...]) -> tuple[Source, ...]:
    """Sources in the order of their last change, so that what is written to stands at the end."""
    places = {one.name: at for at, one in enumerate(before)}
    changed = {one.name for one in now if before and one not in before}
    return tuple(sorted(now, key=lambda one: (one.name in changed, places.get(one.name, len(places)))))


class LogScreen(Scrolled):
    """One log of one machine; tab goes to the next. It shows the end, until somebody scrolls up."""

    KIND: ClassVar[str] = keys.LOGS

    def __init__(self, panes: tuple[Pane, ...], pane: Pane, machine: str, every: tuple[Log, ...]) -> None:
        super().__init__(panes)
        self._pane, self._machine, self._every = pane, machine, every
        self._at = self._first()
        self._sources: tuple[Source, ...] | None = None
        self._read = 0.0
        self._follows = True

    @property
    def pane(self) -> Pane:
        """The cluster it belongs to."""
        return self._pane

    @property
    def machine(self) -> str:
        """The machine whose logs they are."""
        return self._machine

    @property
    def shown(self) -> Log:
        """The log that is shown."""
        return self._every[self._at]

    def _first(self) -> int:
        found = [one for one in findings(self._pane.session.picture) if self._machine in (one.machine, *one.of)]
        wanted = [OF_LAYER[one.layer] for one in found]
        return next((at for name in wanted for at, log in enumerate(self._every) if log.name == name), 0)

    def on_mount(self) -> None:
        """Begin to read."""
        super().on_mount()
        self._begin()

    def _begin(self) -> None:
        self._sources, self._follows = None, True
        self.run_worker(self._watch(self.shown), group="log", exclusive=True)

    async def _watch(self, log: Log) -> None:
        """Read until another log is wanted, or the screen is closed."""
        while True:
            read = await self._pane.session.read_log(self._machine, log)
            if not self._pane.frozen:
                self._sources, self._read = ordered(self._sources or (), read), steady.now()
                self.renew()
            await asyncio.sleep(PAUSE)

    # --- what is painted

    def heading(self, width: int) -> list[Line]:
        """Machine, layer, and how old it is."""
        marks = ["►" if one is self.shown else " " for one in self._every]
        names = [
            Piece(f"{mark}{one.name} ", "key" if one is self.shown else "dim")
            for mark, one in zip(marks, self._every, strict=True)
        ]
        left = f" {self._machine} logs "
        taken = len(left) + sum(len(one.text) for one in names) + 1
        age = "asking" if self._sources is None else clock(self._read)
        age = f"read {age}" if self._sources is not None and taken + len(age) + 5 <= width else age
        room = max(0, width - taken - len(age))
        return [line(Piece(left, "head"), *names, " " * room + age + " ", fill="footer").cut(width)]

    def body(self, width: int) -> list[Line]:
        """Each source under its name, the newest line last."""
        if self._sources is None:
            return [line(Piece("   asking", "dim"))]
        lines: list[Line] = []
        for one in self._sources:
            lines += [BLANK] if lines else []
            lines.append(line(Piece(f" {one.name}", "head")))
            lines += wrapped(one.why, width - 1, " ? ", "   ", "unknown") if one.why else []
            lines += [piece for text in one.lines for piece in wrapped(text, width - 1, " ", "   ")]
        return lines or [line(Piece(f"   {self._nothing()}", "dim"))]

    def _nothing(self) -> str:
        asked = "; ".join(shlex.join(run.argv) for run in self.shown.runs)
        return f"no lines of {self.shown.name} on {self._machine}; asked: {asked}"

    def lines(self, width: int, height: int) -> list[Line]:
        """The end, while it is followed."""
        if self._follows:
            self.top = END
        return super().lines(width, height)

    def prefix(self) -> str:
        """Says that the end is not followed."""
        return super().prefix() if self._follows else " G follows the end "

    def _renewed(self, act: Callable[[], None]) -> None:
        act()
        self._follows = self.top + self._room >= self._length
        self.renew()

    def action_select(self, by: int) -> None:
        """Scroll by a line."""
        self._renewed(lambda: self._scroll(by))

    def action_page(self, by: int) -> None:
        """Scroll by a screenful, less a line."""
        self._renewed(lambda: self._scroll(by * max(1, self._room - 1)))

    def action_end(self, which: int) -> None:
        """Go to the first line, or follow the end."""
        self._renewed(lambda: self._scroll(which * END))

    def _scroll(self, by: int) -> None:
        self.top = max(0, min(self.top + by, self._length - self._room))

    def action_turn(self, by: int) -> None:
        """The next or the previous log."""
        self._at = (self._at + by) % len(self._every)
        self._begin()
        self.renew()

    def destinations(self) -> tuple[tuple[str, Callable[[], object]], ...]:
        """The other logs."""

        def go(at: int) -> Callable[[], object]:
            return lambda: self.action_turn(at - self._at)

        return tuple((f"log of {one.name}", go(at)) for at, one in enumerate(self._every) if at != self._at)
