"""Everything that is wrong, as a list to choose from; `?` or Enter explains what is chosen."""

from collections.abc import Callable
from typing import ClassVar

from console.health import Finding, findings
from console.ui import keys
from console.ui.board.explained import explained
from console.ui.board.view import finding_row
from console.ui.lines import Line, Piece, line, wrapped
from console.ui.painted import Painted
from console.ui.pane import Pane
from console.ui.screens.dialog import Question, ask
from console.ui.screens.protocols import ActionScreen, app_of
from console.ui.screens.scrolled import Scrolled
from console.words import words


async def explain(screen: ActionScreen, one: Finding) -> None:
    """Show the explanation of a finding, in a page of its own."""

    def make(width: int, _height: int) -> list[Line]:
        return explained(one, width)

    await ask(app_of(screen), Question(f"{one.machine}: {one.kind}", make, page=True))


class FindingsScreen(Scrolled):
    """The findings of one cluster."""

    KIND: ClassVar[str] = keys.FINDINGS

    def __init__(self, panes: tuple[Pane, ...], pane: Pane) -> None:
        super().__init__(panes)
        self._pane = pane
        self._picked = pane.picked
        self._every = findings(pane.shown.picture)
        """The findings that were painted last: choosing, copying and explaining act on those seen."""

    @property
    def pane(self) -> Pane:
        """The cluster they belong to."""
        return self._pane

    def _found(self) -> tuple[Finding, ...]:
        return tuple(one for one in self._every if self.filter.lower() in f"{one.message} {one.layer.value}".lower())

    def _chosen(self) -> Finding | None:
        found = self._found()
        return next((one for one in found if finding_row(one) == self._picked), found[0] if found else None)

    def heading(self, width: int) -> list[Line]:
        """The cluster, and the number of findings."""
        text = f" {self._pane.session.cluster.name}: what is wrong"
        every, found = len(self._every), len(self._found())
        many = f"{found} of {every} match" if self.filter else f"{every} in all, worst first"
        return [line(Piece(text, "head"), f"   {many}", fill="footer").cut(width)]

    def body(self, width: int) -> list[Line]:
        """Each in a line or two, the chosen one marked."""
        chosen = self._chosen()
        if chosen is None:
            return [line(Piece("   nothing" if not self.filter else "   nothing contains that", "dim"))]
        lines: list[Line] = []
        for one in self._found():
            here = one is chosen or finding_row(one) == finding_row(chosen)
            word = words.finding(one.level)
            lead = f"{' ►' if here else '  '}{word.mark} {one.layer.value:<8} "
            said = wrapped(one.message, width, lead, " " * len(lead), word.style)
            lines += [Line(each.pieces, "selected" if here else "", finding_row(one)) for each in said]
        return lines

    def lines(self, width: int, height: int) -> list[Line]:
        """The filter has been applied to whole findings already."""
        self._every = findings(self._pane.shown.picture)
        every = self.body(width)
        self._keep_in_sight(every, height - 1)
        self._length, self._room = len(every), max(1, height - 1)
        self.top = max(0, min(self.top, self._length - self._room))
        return [*self.heading(width), *every[self.top : self.top + self._room]]

    def _keep_in_sight(self, every: list[Line], room: int) -> None:
        chosen = self._chosen()
        rows = [at for at, one in enumerate(every) if chosen and one.row == finding_row(chosen)]
        if rows and rows[0] < self.top:
            self.top = rows[0]
        elif rows and rows[-1] >= self.top + room:
            self.top = rows[-1] - room + 1

    def action_select(self, by: int) -> None:
        """The next or the previous one."""
        rows = [finding_row(one) for one in self._found()]
        chosen = self._chosen()
        if chosen is not None:
            at = rows.index(finding_row(chosen))
            self._picked = rows[max(0, min(len(rows) - 1, at + by))]
        self.renew()

    def action_page(self, by: int) -> None:
        """Move by several findings."""
        self.action_select(5 * by)

    def action_end(self, which: int) -> None:
        """Go to the worst, or the least."""
        self.action_select(which * 10_000)

    def on_painted_pressed(self, message: Painted.Pressed) -> None:
        """A click selects."""
        self._picked = message.row
        self.renew()

    def copied(self) -> str:
        """The chosen one's sentence."""
        chosen = self._chosen()
        return chosen.message if chosen else ""

    def own_keys(self) -> dict[str, Callable[[], object]]:
        """`?` and Enter explain."""
        chosen = self._chosen()
        if chosen is None:
            return {}
        return dict.fromkeys(("?", "enter"), lambda: self.do(lambda screen: explain(screen, chosen)))
