"""One cluster on the screen: its session, the selected row, the run that is shown, and its row in the fleet."""

from console.session.handle import SessionHandle
from console.ui.fleet_row import FleetRowCache
from console.ui.screens.run_follower import RunFollower


class Pane:
    """Holds no picture: the session does."""

    def __init__(self, session: SessionHandle) -> None:
        self.session = session
        self.run_follower = RunFollower()
        self.row_cache = FleetRowCache(session)
        self._nodes = tuple(node.name for node in session.cluster.nodes)
        self.picked = self._nodes[0] if self._nodes else ""
        """The selected row: a machine's name, or a finding's own name."""

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
