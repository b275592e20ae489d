"""The journal's files on disk. Only regular ones are opened, and a disk that hangs costs its seconds once."""

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from console.inventory.paths import file_mode, make_private

T = TypeVar("T")

SECONDS = 3.0
"""Longer than a disk takes that works. The screen stands still meanwhile."""
MAX_SIZE = 8 << 20
"""Bytes of one run's file."""

Mark = tuple[int, int]
"""A file's size and time of change."""


class JournalError(Exception):
    """The journal can't be read or written; nothing may be sent then. One sentence."""


_turn = threading.Lock()
"""One call at a time: all folders of the journal lie on one disk. A call that hangs keeps it."""
_hangs = threading.Event()


def in_time(call: Callable[[], T], path: Path, seconds: float = SECONDS) -> T:
    """The outcome of `call`, which reads or writes at `path`. Raises JournalError for a disk that hangs, OSError."""
    if not _turn.acquire(timeout=0 if _hangs.is_set() else seconds):
        raise JournalError(f"The disk under {path} does not answer; mend it, or point DRAINBOARD_STATE to another one")
    _hangs.clear()
    outcome: list[T | OSError] = []

    def run() -> None:
        try:
            outcome.append(call())
        except OSError as error:
            outcome.append(error)
        finally:
            _turn.release()

    thread = threading.Thread(target=run, name="journal", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        _hangs.set()
        raise JournalError(
            f"The disk under {path} did not answer within {seconds:g} s; mend it, or point DRAINBOARD_STATE elsewhere"
        )
    if isinstance(outcome[0], OSError):
        raise outcome[0]
    return outcome[0]


def mark_of(path: Path) -> Mark:
    """A mark that changes when the file does. Raises OSError."""
    seen = path.lstat()
    return seen.st_size, seen.st_mtime_ns


def read(path: Path) -> bytes:
    """Read all of a regular file. Raises OSError, also for a pipe, a device, a folder or a link."""
    handle = _opened(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        if size > MAX_SIZE:
            raise OSError(27, f"it has more than {MAX_SIZE >> 20} MiB")
        with open(handle, "rb", closefd=False) as file:
            return file.read(MAX_SIZE)
    finally:
        os.close(handle)


def append(path: Path, line: bytes, new: bool) -> None:
    """One write and one fsync; a `new` file's name is made durable too. A line that was cut short is closed first.
    Raises OSError."""
    if new:
        make_private(path.parent)
    handle = _opened(path, os.O_RDWR | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else os.O_CREAT))
    try:
        if new:
            os.fchmod(handle, file_mode())  # the umask may have taken our own rights
        size = os.fstat(handle).st_size
        cut_short = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        data = b"\n" * cut_short + line + b"\n"
        if os.write(handle, data) != len(data):
            raise OSError(28, "No space left on device")
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _opened(path: Path, flags: int) -> int:
    """Open without waiting for the other end of a pipe. Raises OSError."""
    try:
        handle = os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise
        raise OSError(error.errno, "it is no regular file") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(22, "it is no regular file")
    return handle


def names(folder: Path) -> list[Path]:
    """The runs' files in a folder; none where there is none. Raises OSError."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as found:
        return sorted(Path(one.path) for one in found if one.name.endswith(".jsonl"))
    return []
