"""The journal of what was done and what is about to be done: append-only JSON lines, on disk before anything is sent.

A run is a file `<time>-<node>-<action>.jsonl` in the cluster's folder. Its lines:
- `opened`: who, what, why, and the state that an earlier run found
- `found`: the state to put back
- `sending`: a step and its exact orders
- `answered`: these have ended; what was said against them
- `seen`: a step has happened, as read back
- `partly`: the same, but for the machines that it skipped
- `left`: what was left of a step that need not succeed, when its time was up
- `failed`: why it stopped; `final`: its step can't happen any more; `back`: its phase is taken back from here on
- `halted`: who stopped it
- `resumed`: who went on with it, and against which objections
- `agreed`: who let it go on at a gate, and against which objections
- `skipped`: a target of which only the steps that put back remain
- `parked`: done but for the machines skipped, or waiting at a gate
- `closed`: how it ended

A run without `closed` is open. A line that a crash cut short is the last one, and is left out. Lines and runs are
counted (`n`, `run`): a clock may be set back, so times are only shown.
"""

import getpass
import platform
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.session import journal_disk as disk
from console.session.journal_disk import JournalError, in_time
from console.session.journal_lines import Entry, parse, texts, written
from console.session.journal_record import MOVE, Read, Record, Seen, Unread, open_records, taken_out

__all__ = [
    "MOVE",
    "Entry",
    "Journal",
    "JournalError",
    "Read",
    "Record",
    "Unread",
    "load",
    "open_records",
    "taken_out",
    "who",
]


def who() -> str:
    """user@host of this console."""
    return f"{getpass.getuser()}@{platform.node()}"


class Journal:
    """The runs of one cluster, in its folder; those that it made under another name lie in the folders beside it."""

    def __init__(self, folder: Path, nodes: Mapping[str, str] | None = None, firewalls: Iterable[str] = ()) -> None:
        """`nodes`: address by name; `firewalls`: addresses. By these a run of another name is known."""
        self.folder = folder
        self._nodes = dict(nodes or {})
        self._firewalls = sorted(firewalls)
        self._seen: dict[Path, Seen] = {}
        self._beside: dict[Path, tuple[int, list[Path]]] = {}
        """By folder of another cluster: its time of change, and its runs that concern our firewalls."""
        self._last = Read(())
        self._written: dict[Path, Record] = {}

    def open(self, target: str, operation: str, **facts: Any) -> Record:
        """Begin the file of a new run. Raises JournalError."""
        seconds, rest = divmod(time.time_ns(), 10**9)  # one look: two could fall on either side of a second's end
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds)) + f"-{rest:09d}"
        name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{stamp}-{target}-{operation}")
        run = max((record.run for record in self.read().records), default=-1) + 1
        where = {"address": self._nodes[target], "firewalls": self._firewalls} if target in self._nodes else {}
        opening = {"run": run, "node": target, "action": operation, "who": who(), **where, **facts}
        return self.write(Record(self.folder / f"{name}.jsonl", ()), "opened", **opening)

    def write(self, record: Record, kind: str, **facts: Any) -> Record:
        """Append a line, and return once it is on disk. Raises JournalError."""
        n = record.entries[-1].n + 1 if record.entries else 0
        entry = Entry(time.time(), kind, facts, n)
        line, path = written(entry.at, kind, n, facts), record.path
        try:
            in_time(lambda: disk.append(path, line, new=not record.entries), path)
        except OSError as error:
            raise JournalError(_cannot("written", path, error)) from error
        self._written[path] = record._replace(entries=(*record.entries, entry))
        return self._written[path]

    def newest_of(self, path: Path) -> Record | None:
        """A run as this process has written it last; None for another's."""
        return self._written.get(path)

    def read(self) -> Read:
        """Every run. A file that has not changed is not read again. Of a disk that hangs: what was read before."""
        try:
            self._last, self._seen, self._beside = in_time(self._look, self.folder)
        except (JournalError, OSError) as error:
            why = str(error) if isinstance(error, JournalError) else error.strerror or str(error)
            return Read(self._last.records, (Unread(self.folder, why),))
        return self._last

    def changed(self) -> float:
        """Time at which a run last came or went; 0 where nobody can tell."""
        try:
            return in_time(self.folder.stat, self.folder).st_mtime
        except (JournalError, OSError):
            return 0.0

    def records(self) -> tuple[Record, ...]:
        """The runs of `read`, without what can't be read."""
        return self.read().records

    def _look(self) -> tuple[Read, dict[Path, Seen], dict[Path, tuple[int, list[Path]]]]:
        """Read the folders in a thread, which may be given up: it changes nothing that is seen outside."""
        beside = dict(self._elsewhere()) if self._nodes else {}
        seen, unread = dict[Path, Seen](), list[Unread]()
        for path in [*disk.names(self.folder), *(path for _, ours in beside.values() for path in ours)]:
            try:
                seen[path] = self._file(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                unread.append(Unread(path, error.strerror or str(error)))
        records = [record for _, record in seen.values() if record.entries or record.damage]
        for record in records:
            damage = record.damage if record.has_opening else ("it does not begin with a run", *record.damage)
            if damage:
                unread.append(Unread(record.path, damage[0]))
        told = sorted((record for record in records if record.has_opening), key=lambda one: (one.run, one.path.name))
        return Read(tuple(told), tuple(unread)), seen, beside

    def _file(self, path: Path) -> Seen:
        known, mark = self._seen.get(path), disk.mark_of(path)  # before it is read: what comes meanwhile is read later
        return known if known and known[0] == mark else (mark, _loaded(path, disk.read(path)))

    def _elsewhere(self) -> Iterator[tuple[Path, tuple[int, list[Path]]]]:
        """The folders of other clusters, each read when a run has come or gone. A file that can't be read there is
        their matter."""
        with suppress(OSError):
            for folder in sorted(self.folder.parent.iterdir()):
                if folder == self.folder:
                    continue
                with suppress(OSError):
                    changed, known = folder.stat().st_mtime_ns, self._beside.get(folder)
                    fresh = known is not None and known[0] == changed
                    yield folder, known if known and fresh else (changed, list(self._ours(folder)))

    def _ours(self, folder: Path) -> Iterator[Path]:
        addresses, firewalls = set(self._nodes.values()), set(self._firewalls)
        for path in disk.names(folder):
            with suppress(OSError):
                record = self._file(path)[1]
                theirs = texts(record.entries[0].facts.get("firewalls")) if record.has_opening else ()
                if firewalls.intersection(theirs) and record.first("address") in addresses:
                    yield path

    def open_runs(self) -> tuple[Record, ...]:
        """Open runs, oldest first."""
        return open_records(self.records())

    def taken_out(self, node: str) -> Record | None:
        """The newest run that took a node out and that nothing has put back since."""
        return taken_out(self.records(), node)


def load(path: Path) -> Record:
    """A run as far as its file can be read."""
    with suppress(OSError, JournalError):
        return _loaded(path, in_time(lambda: disk.read(path), path))
    return Record(path, ())


def _loaded(path: Path, data: bytes) -> Record:
    lines = parse(data.decode(errors="replace"))
    return Record(path, lines.entries, lines.damage)


def _cannot(what: str, path: Path, error: OSError) -> str:
    return (
        f"The journal {path} can't be {what} ({error.strerror or error}), and what is not in it is not sent. "
        "Free space there, or point DRAINBOARD_STATE to a folder that can be written"
    )
