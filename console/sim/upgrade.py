"""A stand-in for pfSense-upgrade: its outputs, the files it leaves, and the stages it goes on with at boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.sim.firewall import Firewall
    from console.sim.shell import Call

PACKAGE = "pfSense-pkg-haproxy"
STAGE_SECONDS = 4.0
"""Seconds of each stage."""
REBOOT_AFTER = 10.0
"""pfSense-upgrade's own."""
STOPS, LOSES, NOTHING = "stops half-way", "loses the package", "does nothing"
"""Faults of the next upgrade."""
KIB_FREE = 11_000_000
NEXT = ("2.8.0-RELEASE", "23.6")
"""A release, and its version of config.xml."""


class Upgrades:
    """The upgrade of one firewall. Times are Unix times of the simulated clock.

    For faults: `offered`, `fault`, `major`, `free`.
    """

    def __init__(self, firewall: Firewall) -> None:
        self._firewall = firewall
        self.offered: tuple[str, str] | None = None
        """The release that is offered, and its version of config.xml."""
        self.major = False
        """It boots twice."""
        self.fault = ""
        self.stage = ""
        self.running = False
        self.finished = self.began = 0.0
        self.said: list[str] = []
        self.package = "" if firewall.config.relayd else f"{PACKAGE} 0.63_2"
        self.free = KIB_FREE
        self.starts = 0

    def offer(self, fault: str = "") -> None:
        """Let a newer release be there, and the next upgrade meet a fault."""
        self.offered, self.fault = self.offered or NEXT, fault

    def mend(self) -> None:
        """The end of a fault: what is half done is finished, and the package is installed again."""
        self.fault = ""
        if self.stage and not self.running:
            self.booted()
        if not self.package and not self._firewall.config.relayd:
            self.package = f"{PACKAGE} 0.63_5"
            if self._firewall.running:
                self._firewall.reload()

    def start(self) -> None:
        """Begin the first stage; a second one at the same time is refused, as by its lock."""
        if self.running or self.stage:
            return
        self.starts += 1
        self.running, self.said = True, []
        self._say(">>> Updating repositories metadata...")
        self._firewall.later(STAGE_SECONDS, self._first)

    def booted(self) -> None:
        """pfSense-upgrade -b: go on with the stage that was noted."""
        self.running = bool(self.stage)
        if self.stage:
            self._firewall.later(STAGE_SECONDS, self._second if self.stage == "2" else self._third)

    def lost(self) -> None:
        """The power, or the boot, ends it."""
        self.running = False

    def _say(self, line: str) -> None:
        self.said.append(line)
        self.began = self._firewall.clock.now

    def _first(self) -> None:
        self.running = False
        if self.offered is None or self.fault == NOTHING:
            self._say("Your packages are up to date")
            return
        self.stage = "2"
        self._say("Upgrade is complete.  Rebooting in 10 seconds.")
        self._firewall.later(REBOOT_AFTER, self._firewall.reboot)

    def _second(self) -> None:
        firewall = self._firewall
        if self.offered is None or self.fault == STOPS:
            self.running = False
            return
        firewall.upgrade(*self.offered)
        if self.fault == LOSES:
            self.package = ""
            firewall.haproxy = None
        self.stage = "3"
        if self.major:
            firewall.reboot()
            return
        self._third()

    def _third(self) -> None:
        self.stage, self.running, self.offered = "", False, None
        self.finished = self._firewall.clock.now


def told(call: Call, firewall: Firewall) -> int:
    """The script that reads how far it is."""
    now, state, rows = firewall.clock.now, firewall.upgrades, list[str]()
    rows.append(f"boot kern.boottime: {{ sec = {firewall.booted_at:.0f}, usec = 431022 }} Sun")
    rows += [f"now {now:.0f}", f"version {firewall.release}"]
    looked = f"{now // 3600 * 3600:.0f}"
    if state.offered:
        rows += [f"offered {looked} {state.offered[0].partition('-')[0]} version of pfSense is available"]
    else:
        rows += [f"offered {looked} Your system is up to date"]
    rows.append(f"status {looked} {2 if state.offered else 0}")
    rows += [f"finished {state.finished:.0f} >>> Updating repositories metadata... done."] if state.finished else []
    rows += [f"began {state.began:.0f} {state.said[0]}", *(f"said {line}" for line in state.said)] if state.said else []
    rows += ["kernel pfSense-kernel-pfSense", "note repo_type binary", "note repository pfSense-core"]
    rows += [f"note next_stage {state.stage}"] if state.stage else []
    rows += [f"haproxy {state.package}"] if state.package else []
    rows += ["running"] if state.running else []
    rows += [f"space /dev/gpt/pfSense 15000000 2400000 {state.free} 18% /", "whole"]
    call.out("".join(f"{row}\n" for row in rows))
    return 0


def start(call: Call, firewall: Firewall) -> int:
    """The script that starts it: it ends at once, and the upgrade goes on."""
    if not call.root:
        return call.fail("pkg-static: Insufficient privileges")
    firewall.upgrades.start()
    return 0
