"""The run on the screen: the one under way, then its end, until it is put away."""

from pathlib import Path

from console.session.handle import SessionHandle
from console.session.run_state import RunState
from console.session.runner import Note


class RunFollower:
    """Follows the runs of one cluster."""

    def __init__(self) -> None:
        self._away: tuple[Path, Note | None] | None = None

    def put_away(self, session: SessionHandle) -> None:
        """Put the run away. Only one that has ended disappears."""
        run = session.state.run
        self._away = run and (run.path, run.final)

    def view(self, session: SessionHandle) -> RunState | None:
        """The newest, unless it has ended and was put away."""
        run = session.state.run
        return None if run is not None and run.ended and (run.path, run.final) == self._away else run
