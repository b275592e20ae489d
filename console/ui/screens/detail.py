"""The detail screen: every reading of a machine, a volume or an address, with its source and its age."""

from collections.abc import Callable
from typing import ClassVar

from console import steady
from console.health import findings
from console.operations.may_go import may_go
from console.text import clock
from console.ui import keys
from console.ui.board.trends import trend_lines
from console.ui.detail.reading import section
from console.ui.detail.sections import Ref, sections, subjects
from console.ui.lines import BLANK, Line, Piece, line, wrapped
from console.ui.pane import Pane
from console.ui.screens.scrolled import Scrolled
from console.words import words

__all__ = ["DetailScreen", "subjects"]


class DetailScreen(Scrolled):
    """One subject; tab goes to the next."""

    KIND: ClassVar[str] = keys.DETAIL

    def __init__(self, panes: tuple[Pane, ...], pane: Pane, key: str) -> None:
        super().__init__(panes)
        self._pane = pane
        self._every = subjects(pane.session.cluster)
        self._at = next((at for at, one in enumerate(self._every) if one.key == key), 0)
        self._full = False

    @property
    def pane(self) -> Pane:
        """The cluster it belongs to."""
        return self._pane

    @property
    def ref(self) -> Ref:
        """The subject that is shown."""
        return self._every[self._at]

    @property
    def machine(self) -> str:
        """The machine that is shown."""
        return self.ref.name if self._pane.session.cluster.has(self.ref.name) else ""

    def heading(self, width: int) -> list[Line]:
        """The subject and its cluster."""
        left = f" {self.ref.title}"
        of = f"  of {self._pane.session.cluster.name}, {self._at + 1} of {len(self._every)}"
        time_ = clock(self._pane.frozen or steady.now())
        room = max(0, width - len(left) - len(of) - len(time_) - 1)
        return [line(Piece(left, "head"), Piece(of), " " * room + time_ + " ", fill="footer").cut(width)]

    def body(self, width: int) -> list[Line]:
        """The subject's findings, then every reading."""
        session, now = self._pane.shown, self._pane.frozen or steady.now()
        picture = session.picture
        lines: list[Line] = []
        if self.ref.name in {machine.name for machine in session.cluster.machines}:
            judged = may_go(picture, self.ref.name)
            style = "unknown" if judged.may is None else "ok" if judged.may else "warn"
            lines += wrapped(judged.message, width - 1, " ", "   ", style)
            lines += [
                each for message in judged.reasons[1:] for each in wrapped(message, width - 1, " - ", "   ", style)
            ]
        for one in findings(picture):
            if self.ref.name in (one.machine, *one.of):
                word = words.finding(one.level)
                lines += wrapped(f"{word.mark} {one.message}", width - 1, " ", "   ", word.style)
        trend = session.state.trends.get(self.ref.name)
        past = trend_lines(trend, self.ref.name, session.state.events, width - 1) if trend else []
        lines += [BLANK] * bool(lines) + past
        lines += [BLANK] if lines else []
        for one in sections(picture, self.ref):
            machines = {machine.name for machine in session.cluster.machines}
            sudo = session.sudo(one.name if one.name in machines else session.cluster.nodes[0].name)
            lines += section(one, picture, width, now, sudo, self._full)
        return lines

    def own_keys(self) -> dict[str, Callable[[], object]]:
        """`a`."""
        return {"a": self._turn_full}

    def _turn_full(self) -> None:
        self._full = not self._full

    def action_turn(self, by: int) -> None:
        """The next or the previous subject."""
        self._at, self.top = (self._at + by) % len(self._every), 0
        self.renew()

    def destinations(self) -> tuple[tuple[str, Callable[[], object]], ...]:
        """The other subjects."""

        def go(at: int) -> Callable[[], object]:
            return lambda: self.action_turn(at - self._at)

        return tuple((f"open {one.title}", go(at)) for at, one in enumerate(self._every) if at != self._at)
