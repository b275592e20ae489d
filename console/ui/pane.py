"""One cluster on the screen: its session, the selected row, the run that is shown, and its row in the fleet."""

from console.session.handle import SessionHandle
from console.ui.fleet_row import FleetRowCache
from console.ui.screens.run_follower import RunFollower

MOVED = 2.0
"""Seconds in which a person sees that the selection has moved."""


class Pane:
    """Holds no picture: the session does."""

    def __init__(self, session: SessionHandle) -> None:
        self.session = session
        self.frozen = 0.0
        """The moment of the picture that stands still; 0 while it goes on."""
        self._still = session
        self.run_follower = RunFollower()
        self.row_cache = FleetRowCache(session)
        self._nodes = tuple(node.name for node in session.cluster.nodes)
        self._chosen = ""
        self._followed = self._nodes[0] if self._nodes else ""
        self._moved = 0.0

    @property
    def shown(self) -> SessionHandle:
        """The session to be painted: as it was when the picture was frozen, or as it is. Acts ask `session`."""
        return self._still if self.frozen else self.session

    def freeze(self, now: float) -> None:
        """Let the picture stand still, so that it can be read."""
        self.frozen, self._still = now, self.session.still(now)

    def thaw(self) -> None:
        """Let the picture go on."""
        self.frozen = 0.0

    @property
    def picked(self) -> str:
        """The selected row: a machine's name, or a finding's own name. Until the first key, the machine that is ill."""
        return self._chosen or self._followed

    @picked.setter
    def picked(self, row: str) -> None:
        self._chosen = row

    def follow(self, machine: str, now: float) -> None:
        """Selects the machine of the worst finding, unless a person has chosen a row. `now`: Unix time."""
        if machine and machine != self._followed:
            self._followed, self._moved = machine, now

    def hold(self, now: float) -> bool:
        """Choose the row that is selected. False if the selection has moved by itself within the last MOVED seconds: a
        person may have meant the row before."""
        moved = not self._chosen and now - self._moved < MOVED
        self._chosen = self.picked
        return not moved

    @property
    def machine(self) -> str:
        """The selected node or firewall; nothing when a finding is selected."""
        return self.picked if self.session.cluster.has(self.picked) else ""

    @property
    def selected(self) -> str:
        """The selected node; nothing when a firewall or a finding is selected."""
        return self.picked if self.picked in self._nodes else ""

    @selected.setter
    def selected(self, node: str) -> None:
        self.picked = node

    def move(self, by: int, rows: tuple[str, ...]) -> None:
        """Select the next of these rows, or the first after the last."""
        if rows:
            at = rows.index(self.picked) if self.picked in rows else (-1 if by > 0 else 0)
            self.picked = rows[(at + by) % len(rows)]
