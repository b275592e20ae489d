"""Drives the product over the lab as its user does, and reads the machines past it.

`Console` is the command line in the lab's network; `watched` looks at a picture in this process. What is read from the
machines here never goes through the product's own questions or parsers.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

from console.health import findings
from console.inventory.load import load as load_inventory
from console.probes.snapshot import Known, Snapshot
from console.probes.web.vip import Visit
from console.session.journal import Journal, Record
from console.session.session import Session

from .lab import Lab
from .load import Answer, Load
from .plan import FIREWALLS
from .services import wait_for

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
POOLS = ("web", "webtls")


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    said: str
    seconds: float


class Console:
    """drainboard's command line, with the journal that DRAINBOARD_STATE names."""

    def __init__(self, lab: Lab, inventory: Path | None = None) -> None:
        self.lab = lab
        self.inventory = inventory or lab.inventory
        self.journal = Journal(Path(os.environ["DRAINBOARD_STATE"]) / "journal" / "lab")

    def run(self, *words: str, timeout: float = 120) -> Done:
        """One command to its end, said on stdout for whoever reads the report."""
        began = time.monotonic()
        done = self.lab.run_inside(
            self._argv(words), cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout
        )
        seconds = time.monotonic() - began
        print(f"$ drainboard {' '.join(words)}\n{done.stdout}-> {done.returncode} after {seconds:.1f} s")
        return Done(done.returncode, done.stdout, seconds)

    def kill_at(self, step: str, *words: str, timeout: float = 60) -> None:
        """Start a command, and kill it (SIGKILL) as soon as its journal says that a step's orders are leaving."""
        sent = self._sendings(step)
        self.kill_when(f"{step!r} left", lambda: self._sendings(step) != sent, *words, timeout=timeout)

    def kill_when(self, what: str, so: Callable[[], bool], *words: str, timeout: float = 60) -> None:
        """The same, as soon as it is so."""
        process = self.lab.popen_inside(self._argv(words), cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + timeout
            while not so():
                assert process.poll() is None, f"{words} ended with {process.returncode} before {what}"
                assert time.monotonic() < deadline, f"never: {what}"
                time.sleep(0.002)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        print(f"$ drainboard {' '.join(words)}\n-> killed as {what}")

    def _argv(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "console", "--inventory", str(self.inventory), *words]

    def _sendings(self, step: str) -> int:
        entries = [entry for record in self.journal.records() for entry in record.entries]
        return sum(entry.kind == "sending" and entry.facts["step"] == step for entry in entries)

    def last(self) -> Record:
        """The newest run."""
        return self.journal.records()[-1]


def moment(record: Record, kind: str, step: str) -> float:
    """Time of a run's last note on a step, on the clock of `Load`."""
    at = [entry.at for entry in record.entries if entry.kind == kind and entry.facts.get("step") == step]
    assert at, f"{record.path.name} has no {kind!r} of {step!r}"
    return at[-1] - time.time() + time.monotonic() + 0.002


# --- in this process ------------------------------------------------------------------------------------------------


def watched(
    lab: Lab, look: Callable[[Session], Awaitable[T]], inventory: Path | None = None, read_only: bool = False
) -> T:
    """The result of `look` on a session whose every question has been answered once. Runs in a thread of its own,
    because a network namespace is a thread's."""

    async def main() -> T:
        session = Session(load_inventory(inventory or lab.inventory).clusters[0], read_only=read_only)
        session.start()
        try:
            await session.settled(25)
            return await look(session)
        finally:
            await session.close()

    def enter_and_run() -> T:
        lab.enter()
        return asyncio.run(main())

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(enter_and_run).result()


async def seen(session: Session, what: str, holds: Callable[[Snapshot], object], patience: float) -> float:
    """Seconds until the picture is so; fails after `patience`."""
    began = time.monotonic()
    while not holds(session.picture):
        assert time.monotonic() - began < patience, f"not within {patience:g} s: {what}\n{_told(session.picture)}"
        await session.poller.change(0.1)
    took = time.monotonic() - began
    print(f"{what}: seen after {took:.1f} s")
    return took


def _told(picture: Snapshot) -> str:
    """A picture in the lines that tell why something was not seen in it: the whole is thousands of characters."""
    members = (f"{view.name}: {view.galera}" for view in picture.nodes)
    return "\n".join([*(one.message for one in findings(picture)), *members])


def visits(picture: Snapshot) -> list[Visit]:
    """The known answers to visitors."""
    return [view.visit.value for view in picture.vips if isinstance(view.visit, Known)]


# --- past the product -----------------------------------------------------------------------------------------------


def rows(lab: Lab, firewall: str) -> dict[str, str]:
    """BACKEND/SERVER to its status, as the socket prints it."""
    text = lab.machines[firewall].sh("echo 'show stat' | timeout 5 nc -U /tmp/haproxy.socket", timeout=10)
    cells = [line.split(",") for line in text.splitlines() if line and not line.startswith("#")]
    return {f"{row[0]}/{row[1]}": row[17] for row in cells if row[1] not in ("FRONTEND", "BACKEND")}


def statuses(lab: Lab, firewall: str) -> dict[str, str]:
    """POOL/SERVER to its status in config.xml."""
    root = ElementTree.fromstring(lab.machines[firewall].sh("cat /cf/conf/config.xml"))
    return {
        f"{pool.findtext('name')}/{server.findtext('name')}": server.findtext("status") or ""
        for pool in root.findall("installedpackages/haproxy/ha_pools/item")
        for server in pool.findall("ha_servers/item")
    }


def revision(lab: Lab, firewall: str) -> str:
    """Time and description of the last change of config.xml."""
    root = ElementTree.fromstring(lab.machines[firewall].sh("cat /cf/conf/config.xml"))
    return f"{root.findtext('revision/time')} {root.findtext('revision/description')}"


def standing(lab: Lab, node: str, *firewalls: str) -> set[str]:
    """All that both layers of the firewalls say of a node: {"UP", "active"} or {"MAINT", "disabled"} when they agree.

    "UP 1/3" is UP: HAProxy counts checks until it is sure.
    """
    found: set[str] = set()
    for firewall in firewalls or FIREWALLS:
        now, later = rows(lab, firewall), statuses(lab, firewall)
        found |= {now[f"{pool}_ipvANY/{node}"].split()[0] for pool in POOLS}
        found |= {later[f"{pool}/{node}"] for pool in POOLS}
    return found


def roles(lab: Lab, firewall: str) -> list[str]:
    """WAN's and LAN's, as ucarp keeps them."""
    return lab.machines[firewall].sh("cat /run/carp/wan.role /run/carp/lan.role").split()


def wait_master(lab: Lab, firewall: str) -> None:
    """Until it holds both addresses and visitors are served through them."""
    wait_for(f"{firewall} is MASTER", lambda: roles(lab, firewall) == ["MASTER"] * 2, 40)
    wait_for("visitors are served", lambda: lab.http_status() == 200, 20)


def answers_of(load: Load, node: str, began: float, ended: float | None = None) -> list[Answer]:
    """A node's answers to requests that began between two moments."""
    until = time.monotonic() if ended is None else ended
    return [answer for answer in list(load.answers) if answer.node == node and began <= answer.began < until]


def wait_traffic(load: Load, node: str, timeout: float = 10) -> None:
    """Until a node answers requests that begin from now on."""
    began = time.monotonic()
    wait_for(f"requests reach {node}", lambda: len(answers_of(load, node, began)) > 2, timeout, pause=0.05)


def report(what: str, load: Load) -> None:
    """One line of figures for whoever reads the report."""
    result = load.result
    told = f"{result.requests} requests, {result.failures} failed, {result.retried} retried"
    print(f"FIGURES {what}: {told}, longest gap {result.longest_gap} s", result.errors, result.by_node)
