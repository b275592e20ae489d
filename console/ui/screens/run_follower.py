"""Which run is shown: the one under way, then how it ended, until it is put away."""

from console.session.handle import SessionHandle
from console.session.run_state import RunState


class RunFollower:
    """Of one cluster."""

    def __init__(self) -> None:
        self._away: RunState | None = None

    def put_away(self, session: SessionHandle) -> None:
        """Only what has ended."""
        self._away = session.state.run

    def view(self, session: SessionHandle) -> RunState | None:
        """The newest, unless it has ended and was put away."""
        run = session.state.run
        return None if run is not None and run.ended and run is self._away else run
