"""The cluster's screen: looks at sessions, paints the board, and hands keys to `console.ui.screens.acts`."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from console.health import findings, verdict
from console.session import Session
from console.ui.lines import Line
from console.ui.past import Past
from console.ui.screens import acts
from console.ui.screens.runs import Shown
from console.ui.widgets.board import board
from console.ui.widgets.painted import Painted
from console.ui.widgets.sight import Sight

BREATH = 0.2
"""Seconds between an answer and its paint: answers that come together are painted together."""


class Desk:
    """One cluster on the screen: its session, what is selected, the run that is shown."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.past = Past(session)
        self.shown = Shown()
        self.selected = session.cluster.nodes[0].name if session.cluster.nodes else ""

    def move(self, by: int) -> None:
        """To the next node, and round."""
        names = [node.name for node in self.session.cluster.nodes]
        if names:
            self.selected = names[(names.index(self.selected) + by) % len(names)]


class ClusterScreen(Screen[None]):
    """One cluster at a time, of several."""

    CSS_PATH = "cluster.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"act('{key}')", show=False) for key in "dxpburs"),
        *(Binding(key, f"act('{key}')", show=False) for key in "yltfq"),
        Binding("question_mark", "act('?')", show=False),
        Binding("down,j", "select(1)", show=False),
        Binding("up,k", "select(-1)", show=False),
        Binding("tab", "turn(1)", show=False),
        Binding("shift+tab", "turn(-1)", show=False),
        *(Binding(str(number), f"cluster({number})", show=False) for number in range(1, 10)),
        Binding("escape", "put_away", show=False),
    ]

    def __init__(self, sessions: tuple[Session, ...], faults: "acts.Faults | None") -> None:
        super().__init__()
        self.desks = tuple(Desk(session) for session in sessions)
        self.faults = faults
        self.notice = ""
        self._board = Painted(self._lines, id="board")
        self._at = 0
        self._busy = False

    @property
    def desk(self) -> Desk:
        """The one that is shown."""
        return self.desks[self._at]

    def compose(self) -> ComposeResult:
        """One widget paints it all."""
        yield self._board

    def on_mount(self) -> None:
        """Begins to look; what was left open comes first."""
        for desk in self.desks:
            self.run_worker(self._watch(desk), group="watch")
        self.set_interval(1.0, self.renew)
        self._do(acts.show_open)

    async def _watch(self, desk: Desk) -> None:
        """Paints after an answer. The tick paints the rest: ages, and a cluster that says nothing at all."""
        while True:
            await desk.session.change()
            await asyncio.sleep(BREATH)
            if desk is self.desk:
                self.renew()

    def renew(self) -> None:
        """Repaints what has changed."""
        if self._board.is_attached:
            self._board.renew()

    def sight(self, width: int, height: int) -> Sight:
        """What there is to see now."""
        desk, now = self.desk, time.time()
        picture = desk.session.picture
        desk.past.look(now)
        run = desk.shown.view(desk.session, desk.past)
        found = findings(picture)
        return Sight(
            picture=picture,
            now=now,
            verdict=verdict(picture),
            findings=found,
            width=width,
            height=height,
            selected=desk.selected,
            out=desk.past.out,
            open=tuple(record for record in desk.past.open if record.path != desk.shown.path),
            run=run,
            events=tuple(desk.session.events)[-100:],
            strip=tuple((one.session.cluster.name, verdict(one.session.picture)) for one in self.desks)
            if len(self.desks) > 1
            else (),
            notice=self.notice,
            read_only=desk.session.read_only,
            faults=self.faults is not None,
        )

    def _lines(self, width: int, height: int) -> list[Line]:
        return board(self.sight(width, height))

    def on_painted_pressed(self, message: Painted.Pressed) -> None:
        """A click selects."""
        self.desk.selected = message.node
        self.renew()

    def action_select(self, by: int) -> None:
        """The next or the previous node."""
        self.desk.move(by)
        self.renew()

    def action_turn(self, by: int) -> None:
        """The next or the previous cluster."""
        self._at = (self._at + by) % len(self.desks)
        self.renew()

    def action_cluster(self, number: int) -> None:
        """A cluster by its place in the strip."""
        if number <= len(self.desks):
            self._at = number - 1
            self.renew()

    def turn_to(self, desk: Desk) -> None:
        """Shows one of the clusters."""
        self._at = self.desks.index(desk)
        self.renew()

    def action_put_away(self) -> None:
        """A run that has ended, and the last notice."""
        self.notice = ""
        self.desk.shown.put_away(self.desk.session)
        self.renew()

    def action_act(self, key: str) -> None:
        """What a letter does."""
        if key == "q":
            self.run_worker(acts.leave(self), group="leave", exclusive=True)
        else:
            self._do(acts.KEYS[key])

    def say(self, notice: str) -> None:
        """What the last key led to, until the next key."""
        self.notice = notice
        self.renew()

    def _do(self, act: Callable[["ClusterScreen"], Awaitable[None]]) -> None:
        """One at a time: a second key waits for no dialog, it is not heard."""
        if not self._busy:
            self._busy = True
            self.notice = ""
            self.run_worker(self._carry(act), group="act")

    async def _carry(self, act: Callable[["ClusterScreen"], Awaitable[None]]) -> None:
        try:
            await act(self)
        except Exception as error:  # noqa: BLE001 -- the picture stays on the screen, whatever a key runs into
            self.say(f"An error in this program ended this ({type(error).__name__}: {error}); l shows what was begun")
        finally:
            self._busy = False
            self.renew()
