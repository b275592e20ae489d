"""The fleet: every cluster in a row. Only the rows in the window are looked at and painted."""

from collections.abc import Callable
from typing import ClassVar

from console import steady
from console.text import clock
from console.ui import keys
from console.ui.board import fleet
from console.ui.fleet_row import FleetRow
from console.ui.lines import Line, Piece, line, wrapped
from console.ui.painted import Painted
from console.ui.pane import Pane
from console.ui.screens.base import Base
from console.ui.screens.cluster import ClusterScreen
from console.ui.screens.protocols import Faults, app_of
from console.words import ages

SELDOM = 60.0
"""Seconds after which a hidden row is looked at although nothing has been noted there."""
NEWLY = 10
"""Hidden rows that are looked at anew in one second, at most."""


class FleetScreen(Base):
    """First screen where there is more than one cluster."""

    KIND: ClassVar[str] = keys.FLEET

    def __init__(self, panes: tuple[Pane, ...], faults: Faults | None) -> None:
        super().__init__(panes, faults)
        self._at = 0
        self._top = 0
        self._room = 1
        self._newly = 0

    @property
    def pane(self) -> Pane:
        """The selected one."""
        return self.panes[self._at]

    def tick(self) -> None:
        """A new second: a few hidden rows may be looked at."""
        self._newly = NEWLY
        super().tick()

    # --- what is painted

    def _hidden_row(self, pane: Pane) -> FleetRow:
        """A hidden row's: a new look only if one is due and this second's few are not used up."""
        if self._newly and pane.row_cache.due(SELDOM):
            self._newly -= 1
            return pane.row_cache.look()
        return pane.row_cache.last

    def wanted(self) -> list[int]:
        """The clusters that the filter lets through."""
        if not self.filter:
            return list(range(len(self.panes)))
        words = self.filter.lower().split()
        return [at for at, pane in enumerate(self.panes) if all(word in self._hidden_row(pane).text for word in words)]

    def lines(self, width: int, height: int) -> list[Line]:
        """Summary, heading, the rows that fit, the selected one's sentences in full."""
        now, wanted = steady.now(), self.wanted()
        detail = 4 if height >= 12 else 0
        room = max(1, height - 2 - detail)
        of = self._columns(width)
        each = next((each for each in (3 - of.beside, 2) if each * len(wanted) <= room), 1)
        self._room = max(1, room // each)
        self._keep_in_sight(wanted)
        rows: list[Line] = []
        for at in wanted[self._top : self._top + self._room]:
            one, here = self.panes[at].row_cache.fresh(), at == self._at
            limit = ages.limit(self.panes[at].session.state.pace)
            rows.append(fleet.row(one, at + 1, here, now, limit, of, of.beside or each == 1))
            rows += fleet.beneath(one, at + 1, here, of, each - 1)
        rows = rows or [line(Piece("   no cluster contains that", "dim"))]
        every = [self._hidden_row(pane) for pane in self.panes]
        head = [fleet.summary(every, width, clock(now)), fleet.heading(of)]
        return [*head, *rows, *[Line()] * (room - len(rows)), *self._selected(width, detail)]

    def _columns(self, width: int) -> fleet.Columns:
        clusters = [pane.session.cluster for pane in self.panes]
        firewalls = [firewall.name for cluster in clusters for firewall in cluster.firewalls]
        nodes = max(len(cluster.nodes) for cluster in clusters)
        return fleet.columns(width, [cluster.name for cluster in clusters], nodes, firewalls)

    def _selected(self, width: int, most: int) -> list[Line]:
        """The selected cluster's sentences in full."""
        if not most or self._at not in self.wanted():
            return []
        one, cluster = self.pane.row_cache.fresh(), self.pane.session.cluster
        title = f" {cluster.name}" + (f", {cluster.title}" if cluster.title else "")
        lines = [line(Piece(title, "head"), fill="heading").cut(width)]
        lines += wrapped(f"{one.word.text}  {one.message}", width - 1, " ", "   ", one.word.style, most=2)
        lines += wrapped(one.may_go, width - 1, " ", "   ", most=1) if one.may_go else []
        return lines[:most]

    def _keep_in_sight(self, wanted: list[int]) -> None:
        if wanted and self._at not in wanted:
            self._at = wanted[0]
        at = wanted.index(self._at) if wanted else 0
        self._top = max(0, min(self._top, at, len(wanted) - self._room))
        self._top = max(self._top, at - self._room + 1)

    def copied(self) -> str:
        """The selected cluster's sentences."""
        one = self.pane.row_cache.fresh()
        return f"{one.name} {one.word.word}: {one.message}" + (f"\n{one.may_go}" if one.may_go else "")

    # --- keys

    def freeze(self) -> None:
        """A page down: rows of many clusters are not frozen."""
        self.action_page(1)

    def own_keys(self) -> dict[str, Callable[[], object]]:
        """`n`."""
        return {"n": self._next_not_ok}

    def _next_not_ok(self) -> None:
        wanted = self.wanted()
        later = [at for at in wanted if at > self._at] + [at for at in wanted if at <= self._at]
        self._at = next((at for at in later if self._hidden_row(self.panes[at]).level), self._at)

    def open(self) -> None:
        """Open the selected cluster."""
        self.turn_to(self.pane)

    def turn_to(self, pane: Pane) -> None:
        """Show a cluster's own screen over this one."""
        app = app_of(self)
        self._at = self.panes.index(pane)
        while app.screen is not self:
            app.pop_screen()
        app.push_screen(ClusterScreen(self.panes, self.faults, self._at))

    def leave(self) -> bool:
        """No screen lies below."""
        return False

    def destinations(self) -> tuple[tuple[str, Callable[[], object]], ...]:
        """Every cluster."""

        def go(pane: Pane) -> Callable[[], object]:
            return lambda: self.turn_to(pane)

        return tuple((f"open cluster {pane.session.cluster.name}", go(pane)) for pane in self.panes)

    def on_painted_pressed(self, message: Painted.Pressed) -> None:
        """A click selects, a second one opens."""
        at = int(message.row) - 1
        if at == self._at:
            self.open()
        self._at = at
        self.renew()

    def action_select(self, by: int) -> None:
        """The next or the previous cluster."""
        wanted = self.wanted()
        if wanted:
            at = wanted.index(self._at) if self._at in wanted else 0
            self._at = wanted[max(0, min(len(wanted) - 1, at + by))]
        self.renew()

    def action_page(self, by: int) -> None:
        """Move by a screenful."""
        self.action_select(by * max(1, self._room - 1))

    def action_end(self, which: int) -> None:
        """Go to the first or the last."""
        self.action_select(which * len(self.panes))

    def action_number(self, number: int) -> None:
        """Open a cluster by its number."""
        if number <= len(self.panes):
            self.turn_to(self.panes[number - 1])
