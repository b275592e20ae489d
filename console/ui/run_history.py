"""What the journal of a cluster says, read again only when there may be something new in it."""

from console.session.journal import Record, Unread, taken_out
from console.session.lock import Holder
from console.session.session import Session

EVERY = 15.0
"""Seconds after which it is read again in any case: another console may write here too."""


class RunHistory:
    """Open runs, and which run took which node out."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read = 0.0
        self._changed: float = 0.0
        self.open: tuple[Record, ...] = ()
        self.elsewhere: Holder | None = None
        """Who is at work on the cluster from another console."""
        self.out: dict[str, Record] = {}
        self.unread: tuple[Unread, ...] = ()

    def forget(self) -> None:
        """The next look reads again: a run has begun or ended."""
        self._read = 0.0

    def look(self, now: float) -> None:
        """Reads if a run's file has come or gone, a run elsewhere has ended, or it is long ago."""
        before, self.elsewhere = self.elsewhere, self._session.elsewhere
        if before and not self.elsewhere:
            self.forget()
        changed = self._session.journal.changed()
        if now - self._read < EVERY and changed == self._changed:
            return
        self._read, self._changed = now, changed
        records, self.unread = self._session.journal.read()
        self.open = self._session.left_open(records)
        found = {node.name: taken_out(records, node.name) for node in self._session.cluster.nodes}
        self.out = {node: record for node, record in found.items() if record}
