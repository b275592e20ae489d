"""Who works on a cluster from this machine: one run at a time, held by the operating system, gone with the holder."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


class Locked(Exception):
    """Somebody else works on the cluster. One sentence."""


@contextmanager
def holding(path: Path, says: str) -> Generator[None]:
    """Holds the cluster's lock, and leaves `says` in the file for whoever comes meanwhile. Raises Locked."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(handle, 200).decode(errors="replace").strip() or "another console"
            raise Locked(f"{holder} is working on this cluster; wait until it ends") from error
        os.ftruncate(handle, 0)
        os.write(handle, says.encode()[:200])
        yield
    finally:
        os.close(handle)
