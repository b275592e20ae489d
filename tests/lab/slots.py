"""Labs on this machine: their owners, and the addresses that are taken.

A lab's `lab.json` says who owns it: a test run writes its pid, and the lab is stale once that process is gone. A lab
started from the command line has no owner and stays until `down`.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .host import LabError
from .plan import SLOTS, Plan, labs_dir

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class Entry:
    """A lab found on the disk."""

    plan: Plan
    owner: tuple[int, str] | None

    @property
    def stale(self) -> bool:
        """Its owner was killed before it could take it down."""
        return self.owner is not None and self.owner != (self.owner[0], started(self.owner[0]))


def started(pid: int) -> str:
    """A process's start time in ticks: a pid alone may have been given to someone else since."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


@contextmanager
def registry() -> Generator[None]:
    """Held while labs are counted, made or removed; a killed holder lets go by itself."""
    labs_dir().mkdir(parents=True, exist_ok=True)
    with (labs_dir() / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def entries() -> list[Entry]:
    """Every lab there is."""
    found = [_read(path) for path in sorted(labs_dir().glob("*/lab.json"))]
    return [entry for entry in found if entry]


def find(name: str) -> Entry:
    """The lab of that name, or a sentence."""
    for entry in entries():
        if entry.plan.name == name:
            return entry
    raise LabError(f"no lab named {name!r}; there are: {', '.join(e.plan.name for e in entries()) or 'none'}")


def _read(path: Path) -> Entry | None:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    owner = data.get("owner")
    return Entry(Plan(data["name"], data["slot"]), (owner[0], owner[1]) if owner else None)


def reserve(name: str) -> Plan:
    """Take a free slot under that name; the file is the lock on it until the lab is down.

    It is this process's own: a build that is killed leaves a stale lab and not one that is kept.
    """
    if not _NAME.fullmatch(name):
        raise LabError(f"a lab's name is {_NAME.pattern}, not {name!r}")
    with registry():
        taken = entries()
        if any(entry.plan.name == name for entry in taken):
            raise LabError(f"lab {name!r} is there already: take it down first")
        free = sorted(set(range(SLOTS)) - {entry.plan.slot for entry in taken})
        if not free:
            raise LabError(f"all {SLOTS} slots are taken: {', '.join(entry.plan.name for entry in taken)}")
        plan = Plan(name, free[0])
        plan.dir.mkdir(parents=True, exist_ok=True)
        _write(plan, [os.getpid(), started(os.getpid())])
    return plan


def disown(plan: Plan) -> None:
    """It is built: keep it until `down`."""
    _write(plan, None)


def _write(plan: Plan, owner: list[int | str] | None) -> None:
    part = plan.dir / ".lab.json"
    part.write_text(json.dumps({"name": plan.name, "slot": plan.slot, "owner": owner}))
    part.rename(plan.dir / "lab.json")
