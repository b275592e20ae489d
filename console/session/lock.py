"""The lock of a cluster on this machine: one run at a time, held by the operating system, gone with the holder."""

import fcntl
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from console.inventory.paths import file_mode, make_private

TRIES = 3
"""Attempts, 10 ms apart: whoever looks whether the lock is held has it for less than one."""


class Locked(Exception):
    """Somebody else works on the cluster. One sentence."""


class Holder(NamedTuple):
    """The console at work on a cluster, and its work: an operation and its target."""

    who: str
    what: str

    def carries_out(self, words: str) -> str:
        """A sentence saying that the holder carries out this very run; "" for another one."""
        return f"under way: {self.who} carries it out; wait until it ends" if self.what == words else ""


@contextmanager
def holding(path: Path, message: str) -> Generator[None]:
    """Hold the cluster's lock, and leave `message` in the file for others. Raises Locked."""
    make_private(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, file_mode())
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            os.fchmod(handle, file_mode())  # the umask may have taken the group's rights
        if not _locked(handle, fcntl.LOCK_EX, TRIES):
            raise Locked(f"{_read(handle)} is working on this cluster; wait until it ends")
        os.ftruncate(handle, 0)
        os.write(handle, message.encode()[:200])
        yield
    finally:
        os.close(handle)


def holder(path: Path) -> Holder | None:
    """The holder of the lock now, in whatever process; the words of one that has ended mean nothing."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        if _locked(handle, fcntl.LOCK_SH):
            return None
        who, _, what = _read(handle).partition(": ")
        return Holder(who, what)
    finally:
        os.close(handle)


def _locked(handle: int, kind: int, tries: int = 1) -> bool:
    """Try to take the lock. Closing the handle gives it back."""
    for left in range(tries - 1, -1, -1):
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01 if left else 0)
        else:
            return True
    return False


def _read(handle: int) -> str:
    return os.read(handle, 200).decode(errors="replace").strip() or "another console"
