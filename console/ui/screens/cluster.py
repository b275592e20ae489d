"""The cluster's screen: looks at its session, paints the board, and hands keys to `console.ui.screens.actions`.

It is the first frame: what only a key opens is not imported before that (`console.ui.app`).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from console import steady
from console.health import findings, site, verdicts
from console.operations.effects import On, kind_of, targets
from console.operations.may_go import one_line
from console.operations.procedures import OPERATIONS
from console.operations.procedures.steps import Operation
from console.ui import keys
from console.ui.board.board import board_lines
from console.ui.board.view import BoardView, finding_row
from console.ui.lines import Line
from console.ui.painted import Painted
from console.ui.pane import Pane
from console.ui.screens.base import Base
from console.ui.screens.protocols import Faults

BREATH = 0.2
"""Seconds between an answer and its paint: answers that come together are painted together."""


class ClusterScreen(Base):
    """One cluster at a time, of several."""

    KIND: ClassVar[str] = keys.CLUSTER

    def __init__(self, panes: tuple[Pane, ...], faults: Faults | None, at: int = 0) -> None:
        super().__init__(panes, faults)
        self._at = at
        self._looking = 0

    @property
    def pane(self) -> Pane:
        """The one that is shown."""
        return self.panes[self._at]

    def on_mount(self) -> None:
        """Begin to look."""
        self._look()

    def _look(self) -> None:
        self.run_worker(self._watch(self.pane), group="watch", exclusive=True)

    async def _watch(self, pane: Pane) -> None:
        """Paint after an answer that changes something. The tick paints the rest: ages, and a cluster that says nothing
        at all."""
        before = None
        while True:
            await pane.session.change()
            await asyncio.sleep(BREATH)
            now = pane.session.state
            if now != before:
                self.tick()
            before = now
            if now.gate:
                from console.ui.screens import actions

                self.thaw()
                self.do(actions.gate)

    # --- what is painted

    def board_view(self, width: int, height: int) -> BoardView:
        """The view of this moment."""
        pane, now = self.pane, self.pane.frozen or steady.now()
        picture = pane.shown.picture
        found = findings(picture)
        judged = verdicts(picture)
        past, run = pane.shown.state.history, pane.run_follower.view(pane.shown)
        board = BoardView(
            picture=picture,
            now=now,
            verdict=judged.cluster,
            site=site(picture, found),
            findings=found,
            layers=tuple((layer.value, verdict.level) for layer, verdict in judged.layers.items()),
            may_go=one_line(picture),
            pace=pane.shown.state.pace,
            width=width,
            height=height,
            picked=pane.picked,
            out=past.out,
            open=tuple(record for record in pane.shown.open if run is None or record.path != run.path),
            elsewhere=past.elsewhere,
            unread=past.unread,
            abroad=pane.session.state.abroad,
            run=run,
            events=pane.shown.state.events[-100:],
            sort=self.app.settings.sort,  # pyright: ignore
            downward=self.app.settings.downward,  # pyright: ignore
            hidden=self.app.settings.hidden,  # pyright: ignore
            trends=pane.shown.state.trends,
            place=(self._at + 1, len(self.panes)),
            filter=self.filter,
            read_only=pane.shown.read_only,
        )
        pane.follow(board.ill, now)
        return replace(board, picked=pane.picked)

    def lines(self, width: int, height: int) -> list[Line]:
        return board_lines(self.board_view(width, height))

    def prefix(self) -> str:
        """Read-only is said at the very place where one looks for the keys."""
        muted = " MUTED " if self.pane.session.state.muted > time.time() else ""
        return " READ-ONLY " * self.pane.session.read_only + muted

    def active_keys(self) -> tuple[keys.Key, ...]:
        """The keys that do something now."""
        pane = self.pane
        run = pane.run_follower.view(pane.session)
        running = run is not None and not run.ended
        left = run is not None and run.ended in ("parked", "stopped")
        kind = kind_of(pane.session.cluster, pane.picked)
        meant = [one for one in OPERATIONS if kind is On.CLUSTER or one.on in (kind, On.CLUSTER)]
        in_turn = run is not None and run.intent.operation.on is On.CLUSTER
        some = (
            {"s": 96, "u": 95, **({"K": 94} if in_turn else {})} if running else dict.fromkeys(one.key for one in meant)
        )
        if (pane.session.open or left) and not (running or pane.session.state.history.elsewhere):
            some["r"] = 97
            some |= {"K": 94} if in_turn else {}
        if pane.session.read_only:
            some = {}
        hidden = keys.CHANGING - set(some) | frozenset(() if self.faults else "f")
        shown = [
            key._replace(keep=some.get(key.key) or key.keep) for key in super().active_keys() if key.key not in hidden
        ]
        return tuple(key._replace(word="stop and put back") if running and key.key == "u" else key for key in shown)

    def copied(self) -> str:
        """The selected finding's sentence, or the selected row."""
        said = [one.message for one in findings(self.pane.shown.picture) if finding_row(one) == self.pane.picked]
        rows = [one.text_of(self.pane.picked).strip(" ►") for one in self.board.lines]
        return said[0] if said else " ".join(" ".join(rows).split())

    # --- keys

    def action_press(self, key: str) -> None:
        """The first key holds the selection where it is. Nothing is begun on a row that has just been selected by
        itself."""
        held = self.pane.hold(steady.now())
        if key in keys.CHANGING:
            self.thaw()
        if held or key not in keys.CHANGING:
            super().action_press(key)
        else:
            self.say(f"► has just moved to {self.pane.picked}: press {key} again if you mean it")

    def own_keys(self) -> dict[str, Callable[[], object]]:
        """The keys that only look."""
        from console.ui.screens.findings import FindingsScreen, explain

        opened = [one for one in findings(self.pane.shown.picture) if finding_row(one) == self.pane.picked]
        own: dict[str, Callable[[], object]] = {
            "w": lambda: self.app.push_screen(FindingsScreen(self.panes, self.pane)),  # pyright: ignore[reportUnknownMemberType]
        }
        if opened:
            own["?"] = own["enter"] = lambda: self.do(lambda screen: explain(screen, opened[0]))
        return own

    def open(self) -> None:
        """The selected machine, layer by layer."""
        self._detail(self.pane.picked)

    def _detail(self, name: str) -> None:
        from console.ui.screens.detail import DetailScreen

        self.app.push_screen(DetailScreen(self.panes, self.pane, name))  # pyright: ignore[reportUnknownMemberType]

    def destinations(self) -> tuple[tuple[str, Callable[[], object]], ...]:
        """Every machine, volume and address, and the other clusters."""
        from console.ui.screens.detail import subjects

        def detail(name: str) -> Callable[[], object]:
            return lambda: self._detail(name)

        def cluster(pane: Pane) -> Callable[[], object]:
            return lambda: self.turn_to(pane)

        def act(what: Operation, target: str) -> Callable[[], object]:
            from console.ui.screens import actions

            return lambda: self.do(actions.begins(what, target))

        session = self.pane.session
        keyless = [one for one in OPERATIONS if not one.key and not session.read_only]
        begun = [(one.words(name), act(one, name)) for one in keyless for name in targets(session.cluster, one.on)]
        mine = [(f"open {one.title}", detail(one.key)) for one in subjects(self.pane.session.cluster)]
        others = [pane for pane in self.panes if pane is not self.pane]
        from console.ui.screens import actions as acts

        page = ("ready: what is to be cleared before a patch", lambda: self.do(acts.ready))
        return (
            *begun,
            page,
            *mine,
            *((f"go to cluster {pane.session.cluster.name}", cluster(pane)) for pane in others),
        )

    def on_painted_pressed(self, message: Painted.Pressed) -> None:
        """A click selects."""
        self.pane.picked = message.row
        self.renew()

    def action_select(self, by: int) -> None:
        """The next or the previous row."""
        self.pane.move(by, self.board.rows)
        self.renew()

    def action_turn(self, by: int) -> None:
        """The next or the previous cluster."""
        self._turn((self._at + by) % len(self.panes))

    def action_number(self, number: int) -> None:
        """Open a cluster by its number."""
        if number <= len(self.panes):
            self._turn(number - 1)

    def turn_to(self, pane: Pane) -> None:
        """Show one of the clusters."""
        self._turn(self.panes.index(pane))

    def _turn(self, at: int) -> None:
        if at != self._at:
            self._at, self.filter = at, ""
            self._look()
        self.tick()

    def back(self) -> None:
        """The last notice and the filter, then a run that has ended, then the fleet."""
        run = self.pane.run_follower.view(self.pane.session)
        shown = run is not None and run.ended
        if not self.filter and shown:
            self.pane.run_follower.put_away(self.pane.session)
        else:
            super().back()
