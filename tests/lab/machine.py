"""One machine: its power and a way in that needs no network."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import cgroups
from .host import LabError, run
from .network import inside
from .plan import FIREWALLS, Plan

_SUPERVISOR = Path(__file__).parent / "files" / "machine.sh"
_LINKS_DOWN = "for link in host0 mv-br-wan; do ip link set $link down 2>/dev/null; done"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Machine:
    """A container of one lab, on or off."""

    plan: Plan
    name: str
    base: Path

    @property
    def root(self) -> Path:
        """Its folder on this host."""
        return self.plan.root(self.name)

    @property
    def group(self) -> Path:
        """Its processes."""
        return cgroups.lab_group(self.plan.name) / self.name

    @property
    def is_on(self) -> bool:
        """It has power, whatever state its system is in."""
        return bool(cgroups.pids(self.group))

    def power_on(self) -> None:
        """Start the supervisor; the machine boots by itself from there."""
        if self.is_on:
            return
        for part in ("upper", "work", "merged", "data"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        self.group.mkdir(parents=True, exist_ok=True)
        # setsid --fork: the supervisor outlives the command that started it and is nobody's zombie.
        argv = ["setsid", "--fork", *inside(self.plan.netns), "unshare", "--mount", "--propagation=private"]
        group = self.group.relative_to(cgroups.mount_point())
        argv += ["sh", *map(str, (_SUPERVISOR, group, self.base, self.root, self.name))]
        with (self.root / "console.log").open("ab") as log:
            subprocess.run([*argv, *self._devices()], stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
        self._wait_init()

    def _devices(self) -> list[str]:
        if self.name in FIREWALLS:
            return ["--network-macvlan=br-wan"]
        return ["--bind=/dev/fuse", f"--bind={self.root / 'data'}:/data"]

    def _wait_init(self, timeout: float = 15) -> None:
        deadline = time.monotonic() + timeout
        while cgroups.init_pid(self.group) is None:
            if time.monotonic() > deadline:
                raise LabError(f"{self.name} does not start, see {self.root / 'console.log'}")
            time.sleep(0.05)

    def power_cut(self, *, silent: bool = False) -> None:
        """Pull the plug: SIGKILL of its init. Ends once the links are gone too.

        Dying processes still send their FIN and RST, so the others know at once. With `silent` the links go first, as
        in a real loss of power: then glusterd on the others calls the peer connected for minutes and `volume status`
        hangs as long.
        """
        pid = cgroups.init_pid(self.group)
        if pid is not None and silent:
            run(["nsenter", f"--target={pid}", "--net", "sh", "-c", _LINKS_DOWN], check=False)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        if not cgroups.wait_empty(self.group, 10):
            cgroups.kill_all(self.group)

    def run(
        self, argv: list[str], *, check: bool = True, timeout: float = 60, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command inside, as root, past sshd."""
        return run(self.enter_argv(argv), check=check, timeout=timeout, stdin=stdin)

    def enter_argv(self, argv: list[str]) -> list[str]:
        """The words that put a command into the machine."""
        pid = cgroups.init_pid(self.group)
        if pid is None:
            raise LabError(f"{self.name} is off")
        into = ["nsenter", f"--target={pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--"]
        return [*into, "env", "-i", "--chdir=/", f"PATH={_PATH}", "HOME=/root", *argv]

    def sh(self, script: str, *, check: bool = True, timeout: float = 60) -> str:
        """A script inside; what it printed."""
        return self.run(["/bin/sh", "-s"], stdin=script, check=check, timeout=timeout).stdout
