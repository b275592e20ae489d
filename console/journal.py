"""What was done and what is about to be done: append-only JSON lines, one file a run, on disk before anything is sent.

A file is `<time>-<node>-<action>.jsonl` in the cluster's folder. Lines: `opened` (who, what, why, what an earlier run
found), `found` (what to put back), `sending` (a step and its exact orders), `answered` (that these have ended, and what
was said against them), `seen` (a step's success as read back), `partly` (the same, and which machines could not be
told), `left` (what was left of a step that need not succeed, when its time was up), `failed` (why it stopped), `halted`
(who stopped it), `parked` (done but for what was missed), `closed` (how it ended). A run without `closed` is open. A
line that a crash cut short is the last one, and is left out.
"""

import getpass
import json
import os
import platform
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast


class JournalError(Exception):
    """The journal can't be written; nothing may be sent then. One sentence."""


class Entry(NamedTuple):
    """One line. `at` is Unix time."""

    at: float
    kind: str
    facts: dict[str, Any]


class Record(NamedTuple):
    """One run, as far as it is on disk."""

    path: Path
    entries: tuple[Entry, ...]

    def first(self, name: str) -> str:
        """A fact of the opening line, as text."""
        return str(self.entries[0].facts.get(name, ""))

    @property
    def node(self) -> str:
        """Which node it is about."""
        return self.first("node")

    @property
    def action(self) -> str:
        """Value of the Action."""
        return self.first("action")

    @property
    def begun(self) -> float:
        """Unix time."""
        return self.entries[0].at

    @property
    def outcome(self) -> str | None:
        """How it was closed; None while it is open."""
        return next((str(entry.facts.get("outcome")) for entry in self.entries if entry.kind == "closed"), None)

    @property
    def found(self) -> dict[str, str]:
        """What was there before our own doing, by key; a note is only written again where it was somebody else's."""
        known = self.entries[0].facts.get("found")
        merged = dict(cast("dict[str, str]", known)) if isinstance(known, dict) else {}
        for entry in self.entries:
            if entry.kind == "found":
                merged |= entry.facts
        return merged

    @property
    def agreed(self) -> frozenset[tuple[str, str, str]]:
        """The objections that a person had overcome when it was opened, as `Objection.about` names them."""
        known = self.entries[0].facts.get("agreed")
        parts = (
            [cast("list[object]", one) for one in cast("list[object]", known) if isinstance(one, list)]
            if isinstance(known, list)
            else []
        )
        return frozenset((str(one[0]), str(one[1]), str(one[2])) for one in parts if len(one) == 3)

    @property
    def unheard(self) -> dict[str, float]:
        """Machines with an order of which nobody has heard the end, as the console was killed or the link was lost, and
        the Unix time by which it has ended. What the same machine said to a later order is no news of it."""
        ends, under_way = dict[str, float](), dict[str, float]()
        for entry in self.entries:
            if entry.kind == "sending":
                ends = _later(ends, under_way)
                within = cast("dict[str, float]", entry.facts.get("within") or {})
                under_way = {name: entry.at + seconds for name, seconds in within.items()}
            elif entry.kind == "answered":
                lost = cast("list[str]", entry.facts.get("lost") or [])
                under_way = {name: end for name, end in under_way.items() if name in lost}
        return _later(ends, under_way)

    @property
    def steps(self) -> dict[str, Entry]:
        """How each step ended the last time it was gone through: `seen`, `partly` or `left`."""
        return {str(one.facts.get("step")): one for one in self.entries if one.kind in ("seen", "partly", "left")}

    @property
    def behind(self) -> frozenset[str]:
        """The steps that need not be gone through again: seen everywhere, or left when their time was up."""
        return frozenset(step for step, entry in self.steps.items() if entry.kind != "partly")

    @property
    def missed(self) -> dict[str, str]:
        """Machines that some step could not tell when it was gone through last, and what that means."""
        missed = dict[str, str]()
        for entry in self.steps.values():
            names: object = entry.facts.get("missed")
            if isinstance(names, dict):
                missed |= {str(name): str(says) for name, says in cast("dict[str, object]", names).items()}
        return missed

    def last(self, kind: str) -> Entry | None:
        """The newest entry of a kind."""
        return next((entry for entry in reversed(self.entries) if entry.kind == kind), None)


Seen = tuple[tuple[int, int], Record]
"""A file's size and time of change, and what it held then."""


def _later(some: dict[str, float], others: dict[str, float]) -> dict[str, float]:
    return {name: max(some.get(name, 0.0), others.get(name, 0.0)) for name in {**some, **others}}


def who() -> str:
    """user@host of whoever sits here."""
    return f"{getpass.getuser()}@{platform.node()}"


class Journal:
    """The runs of one cluster in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, Seen] = {}

    def open(self, node: str, action: str, **facts: Any) -> Record:
        """A new run. Raises JournalError."""
        seconds, rest = divmod(time.time_ns(), 10**9)  # one look: two could fall on either side of a second's end
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds)) + f"-{rest:09d}"
        name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{stamp}-{node}-{action}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise JournalError(_sentence(self.folder, error)) from error
        path = self.folder / f"{name}.jsonl"
        return self.write(Record(path, ()), "opened", node=node, action=action, who=who(), **facts)

    def write(self, record: Record, kind: str, **facts: Any) -> Record:
        """Appends a line and returns once it is on disk. Raises JournalError."""
        entry = Entry(time.time(), kind, facts)
        line = json.dumps({"at": round(entry.at, 3), "kind": kind, **facts}, ensure_ascii=False)
        try:
            _append(record.path, line)
        except OSError as error:
            raise JournalError(_sentence(record.path, error)) from error
        return Record(record.path, (*record.entries, entry))

    def records(self) -> tuple[Record, ...]:
        """Every run that can be read, oldest first. A file that has not changed is not read again."""
        paths = sorted(self.folder.glob("*.jsonl")) if self.folder.is_dir() else []
        self._read = {path: self._look(path) for path in paths}
        records = (record for _, record in self._read.values())
        return tuple(record for record in records if record.entries and record.entries[0].kind == "opened")

    def _look(self, path: Path) -> Seen:
        known = self._read.get(path)
        try:
            stat = path.stat()
        except OSError:
            return (0, 0), Record(path, ())
        mark = stat.st_size, stat.st_mtime_ns  # before it is read: what is appended meanwhile is read next time
        return known if known and known[0] == mark else (mark, load(path))

    def unfinished(self) -> tuple[Record, ...]:
        """As the function of that name, now."""
        return unfinished(self.records())

    def taken_out(self, node: str) -> Record | None:
        """As the function of that name, now."""
        return taken_out(self.records(), node)


def unfinished(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Runs that were never closed, oldest first."""
    return tuple(record for record in records if record.outcome is None)


def taken_out(records: tuple[Record, ...], node: str) -> Record | None:
    """The newest run that took a node out and that nothing has put back since."""
    for record in reversed(records):
        if record.node != node:
            continue
        if record.action in ("drain", "remove") or (record.action == "reboot" and record.outcome != "done"):
            return None if record.outcome == "put back" else record
        if record.outcome == "done":
            return None
    return None


def _append(path: Path, line: str) -> None:
    """One write and one fsync; a new file's name is made durable too. A line that was cut short is closed first."""
    new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(handle).st_size
        cut_short = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        data = b"\n" * cut_short + line.encode(errors="backslashreplace") + b"\n"  # JSON reads it back
        written = os.write(handle, data)
        if written != len(data):
            raise OSError(28, "No space left on device")
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def load(path: Path) -> Record:
    """A run as far as its file can be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return Record(path, tuple(_entries(text)))


def _entries(text: str) -> Iterator[Entry]:
    for line in text.split("\n"):  # splitlines would also break a line at U+2028, which a machine may have printed
        try:
            parsed = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(parsed, dict):
            facts = cast("dict[str, Any]", parsed)
            at, kind = facts.pop("at", None), facts.pop("kind", None)
            if isinstance(at, int | float) and isinstance(kind, str):
                yield Entry(float(at), kind, facts)


def _sentence(path: Path, error: OSError) -> str:
    return (
        f"The journal {path} can't be written ({error.strerror or error}), and what is not in it is not sent: "
        "free space there, or point DRAINBOARD_STATE to a folder that can be written"
    )
