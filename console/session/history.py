"""The journal of a cluster, read again only when it may hold something new."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from console.inventory.cluster import Cluster
from console.session.journal import Journal, Record, Unread, open_records, taken_out
from console.session.lock import Holder

EVERY = 15.0
"""Seconds after which it is read again in any case: another console may write here too."""


class History(NamedTuple):
    """Open runs, and which run took which node out."""

    open: tuple[Record, ...] = ()
    """Oldest first, the one that is under way here among them."""
    out: Mapping[str, Record] = MappingProxyType({})
    """The run that took a node out, by node."""
    unread: tuple[Unread, ...] = ()
    elsewhere: Holder | None = None
    """The other console at work on the cluster."""


class Reader:
    """Keeps the history of one cluster."""

    def __init__(self, cluster: Cluster, journal: Journal) -> None:
        self.history = History()
        self._cluster = cluster
        self._journal = journal
        self._read = 0.0
        self._changed: float = 0.0

    def forget(self) -> None:
        """The next look reads again: a run has begun or ended."""
        self._read = 0.0

    def look(self, now: float, elsewhere: Holder | None) -> History:
        """Read the journal if a run's file has come or gone, another console is at work or has ended, or the last look
        is long ago. A file that has not changed is not read again."""
        if self.history.elsewhere and not elsewhere:
            self.forget()
        self.history = self.history._replace(elsewhere=elsewhere)
        changed = self._journal.changed()
        if elsewhere or now - self._read >= EVERY or changed != self._changed:
            self._read, self._changed = now, changed
            records, unread = self._journal.read()
            found = {node.name: taken_out(records, node.name) for node in self._cluster.nodes}
            out = {node: record for node, record in found.items() if record}
            self.history = History(open_records(records), MappingProxyType(out), unread, elsewhere)
        return self.history
