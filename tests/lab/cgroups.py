"""A cgroup for each machine: the record of which processes the lab started, and the only list it ever kills from."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from .host import LabError


def mount_point() -> Path:
    """This host's unified hierarchy; hybrid hosts keep it below."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        fields = line.split()
        if fields[2] == "cgroup2":
            return Path(fields[1])
    raise LabError("no cgroup2 is mounted on this host")


def lab_group(lab: str) -> Path:
    """All machines of a lab are below."""
    return mount_point() / f"drainboard-{lab}"


def pids(group: Path) -> list[int]:
    """Every process in the group and below."""
    found: list[int] = []
    for folder, _, _ in os.walk(group):  # it passes over groups that vanish meanwhile
        with suppress(OSError):
            found += [int(word) for word in (Path(folder) / "cgroup.procs").read_text().split()]
    return sorted(set(found))


def wait_empty(group: Path, timeout: float) -> bool:
    """True once nothing runs in there."""
    deadline = time.monotonic() + timeout
    while pids(group):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def kill_all(group: Path, timeout: float = 20) -> None:
    """SIGKILL until nothing is left; a container's processes die with its init."""
    deadline = time.monotonic() + timeout
    while left := pids(group):
        if time.monotonic() > deadline:
            raise LabError(f"processes {left} in {group} do not die")
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def remove(group: Path) -> None:
    """Deepest first: a group with a child can't go."""
    folders = [Path(folder) for folder, _, _ in os.walk(group)]
    for folder in sorted({*folders, group}, key=lambda path: -len(path.parts)):
        for _ in range(50):
            with suppress(FileNotFoundError):
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.02)
                    continue
            break


def init_pid(group: Path) -> int | None:
    """The container's PID 1 as the host sees it."""
    for pid in pids(group):
        with suppress(OSError):
            status = Path(f"/proc/{pid}/status").read_text()
            spaces = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
            if len(spaces) > 1 and spaces[-1] == "1":
                return pid
    return None
