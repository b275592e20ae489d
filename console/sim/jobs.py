"""Work that systemd does under a name, and how it ends."""

import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Work:
    """The work of a command: it prints lines, takes its time and ends. `signal`: the number of the one that ends it."""

    seconds: float = 2.0
    lines: tuple[str, ...] = ("Reading package lists...", "0 upgraded, 0 newly installed, 0 to remove")
    status: int = 0
    signal: int = 0


@dataclass
class Job:
    """A transient service that stays after its end. Times of the world's clock."""

    argv: tuple[str, ...]
    work: Work
    begun: float
    invocation: str = field(default_factory=lambda: uuid.uuid4().hex)

    def properties(self, now: float) -> dict[str, str]:
        """Properties by their names in `systemctl show`."""
        active, sub, result, status = "active", "running", "success", 0
        if now - self.begun >= self.work.seconds:
            status = self.work.signal or self.work.status
            result = "signal" if self.work.signal else "exit-code" if status else "success"
            active, sub = ("failed", "failed") if status else ("active", "exited")
        return {
            "LoadState": "loaded",
            "ActiveState": active,
            "SubState": sub,
            "Result": result,
            "ExecMainStatus": str(status),
            "InvocationID": self.invocation,
        }


ABSENT = {
    "LoadState": "not-found",
    "ActiveState": "inactive",
    "SubState": "dead",
    "Result": "success",
    "ExecMainStatus": "0",
    "InvocationID": "",
}
"""Properties of a unit that systemd does not have."""
