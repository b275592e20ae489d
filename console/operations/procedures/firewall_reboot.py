"""Rebooting a firewall: BACKUP first, and BACKUP until it is as fit to lead as it was.

Keys of `Intent.found`: "mode FIREWALL" -> "off", noted before the run puts it into maintenance; without it it was found
there, and stays there. "boot FIREWALL" -> its boot time and how long it was up then, as "SECONDS UPTIME". Once it has
rebooted nothing reboots it again.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from console.health.facts.sync import alike_between_releases, sync
from console.health.facts.takeover import can_not_balance, can_not_lead
from console.inventory.cluster import Timings
from console.operations.effects import Effect
from console.operations.guards import READY_TO_LEAD, can_balance, can_lead, led_elsewhere, missing_there, switches
from console.operations.procedures.maintenance import AWAY, ENTER, HOME, LEAVE, LEFT, in_maintenance, visited
from console.operations.procedures.steps import Intent, Order, Progress, Step
from console.probes.firewalls.carp import CARP, Carp
from console.probes.firewalls.config import CONFIG
from console.probes.firewalls.maintenance import reboot
from console.probes.pools.balancer import POOLS
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.text import because, listed

STEPPED = 5
"""Seconds by which kern.boottime moves without a boot, when the clock is set."""
YOUNG = 300
"""Seconds: after the boot of one that was up no longer it may soon have been up as long again."""
_BOOT = re.compile(r"\{ sec = ([0-9]{1,12}),")


def _carp(snapshot: Snapshot, intent: Intent) -> Carp | None:
    carp = snapshot.firewall(intent.target).carp
    return carp.value if isinstance(carp, Known) else None


def _find_mode(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    return {} if in_maintenance(snapshot, intent.target) else {f"mode {intent.target}": "off"}


def boot_of(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    """The note of its boot time and of how long it was up; none where it does not tell both."""
    carp = _carp(snapshot, intent)
    booted = _BOOT.match(carp.boot) if carp else None
    if carp is None or booted is None or carp.uptime is None:
        return {}
    return {f"boot {intent.target}": f"{booted[1]} {carp.uptime:.0f}"}


def rebooted(snapshot: Snapshot, intent: Intent) -> bool:
    """A later boot time, and a shorter time since then: a clock that was set moves the one and not the other."""
    carp = _carp(snapshot, intent)
    booted = _BOOT.match(carp.boot) if carp else None
    return carp is not None and booted is not None and booted_since(intent, int(booted[1]), carp.uptime)


def booted_since(intent: Intent, boot: float, uptime: float | None) -> bool:
    """Judge a boot time and the time since then by the note."""
    noted = re.fullmatch(r"(\d{1,12}) (\d{1,12})", intent.found.get(_key(intent), ""))
    if noted is None or uptime is None:
        return False
    up = int(noted[2])
    return boot - int(noted[1]) > STEPPED and (uptime < up or up < YOUNG)


def _key(intent: Intent) -> str:
    return f"boot {intent.target}"


def _reboot(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """Not without its boot time on disk: nothing could tell afterwards that it has rebooted."""
    to_end = _carp(snapshot, intent) is not None and not rebooted(snapshot, intent)
    return (Order(intent.target, reboot()),) if to_end and _key(intent) in intent.found else ()


def _booted(snapshot: Snapshot, intent: Intent) -> Progress:
    carp, name = snapshot.firewall(intent.target).carp, intent.target
    if rebooted(snapshot, intent):
        return Progress(True, f"{name} has rebooted: its boot time is another one")
    if isinstance(carp, Unknown) and carp.cause is Cause.UNPROVEN:
        return Progress(False, f"whether {name} has gone down is not known: {because(name, carp.why)}")
    down = isinstance(carp, Unknown) and not carp.under_way
    return Progress(False, f"{name} is down" if down else f"{name} has not gone down yet")


def _ready(snapshot: Snapshot, intent: Intent) -> Progress:
    """Ready to lead, like the other one."""
    name, carp, state = intent.target, _carp(snapshot, intent), sync(snapshot)
    reasons = [*can_not_lead(snapshot, name, leaves=True)]
    reasons += [f"{name} has not got the states of connections yet"] if carp and carp.pfsync == "behind" else []
    for other in (view.name for view in snapshot.firewalls if view.name != name):
        reasons += can_not_balance(snapshot, other, name)
        missing = missing_there(snapshot, other, name)
        reasons += [f"{name} sends no visitor to {listed(missing)} yet"] if missing else []
    mixed = intent.operation.does(Effect.UPDATES) and alike_between_releases(state)
    reasons += [] if state.equal or mixed else [state.message]
    alike = "alike, as far as two releases can be" if mixed else "alike"
    return Progress(not reasons, "; ".join(dict.fromkeys(reasons)) or f"{name} is ready to lead, configured {alike}")


def _as_found(snapshot: Snapshot, intent: Intent) -> Progress:
    if f"mode {intent.target}" not in intent.found:
        return Progress(True, f"{intent.target} stays in maintenance, as it was found")
    return LEAVE.done(snapshot, intent)


def _boot_time(timings: Timings) -> float:
    return timings.boot


BOOT = Step(
    name="reboot",
    phase="boot",
    summary="reboot {node} and see it come back with another boot time",
    finds=boot_of,
    orders=_reboot,
    done=_booted,
    watches=(CARP,),
    timeout=_boot_time,
    guards=(led_elsewhere, can_lead, can_balance),
    asks_all=True,
    until_known=_boot_time,
)
READY = Step(
    name="ready",
    phase="in",
    summary="wait until {node} could lead: its HAProxy serves as {others}, states copied, configured alike",
    done=_ready,
    watches=(CARP, POOLS, CONFIG),
    timeout=_boot_time,
)
AWAY_FIRST = (
    replace(ENTER, finds=_find_mode, guards=(switches, *READY_TO_LEAD), lasts=False, back=(LEAVE, HOME)),
    replace(AWAY, lasts=False),
    visited("visits"),
    LEFT,
)
"""The other firewall leads before this one goes down."""
AS_FOUND = (
    READY,
    replace(LEAVE, phase="in", done=_as_found, guards=(switches,), back=(ENTER, AWAY)),
    replace(HOME, phase="in"),
    visited("visits again", phase="in"),
)
"""Its roles as they were. In a phase of their own: a failure there puts it into maintenance, and no further back."""
REBOOT = (*AWAY_FIRST, BOOT, *AS_FOUND)
