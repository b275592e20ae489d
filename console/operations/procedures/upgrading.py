"""Upgrading a firewall: in maintenance, detached, and finished only when pfSense itself says so after a new boot.

pfSense-upgrade ends with status 0 before it reboots, and where there is nothing to do: its exit code decides nothing.
Keys of `Intent.found` beside those of `firewall_reboot`: "upgrade FIREWALL" -> its version, its clock and the name of
its HAProxy package, noted before the start; "log FIREWALL" -> the time of the last line of an earlier start.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto

from console.health.facts.membership import master, primary
from console.inventory.cluster import Cluster, Timings
from console.operations.guards import can_balance, can_lead, led_elsewhere
from console.operations.procedures import firewall_reboot
from console.operations.procedures.firewall_reboot import booted_since
from console.operations.procedures.patching import GATE as BEFORE_NODE
from console.operations.procedures.patching import VISITS, of_any_gate
from console.operations.procedures.steps import Intent, Option, Options, Order, OrderState, Progress, Step
from console.probes.ask import Run
from console.probes.firewalls.carp import CARP
from console.probes.firewalls.upgrade import LOCK, LOG, UPGRADE, Upgrade
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import SECONDS, figure, quoted

LONGEST = 7200.0
"""Seconds for a download, the stages and the boots between them."""
_START = f"""
PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin; export PATH
nohup lockf -k -s -t 0 {LOCK} sh -c '
pkg-static query -g "%At %Av" "pfSense-kernel-*" | grep -q "^next_stage ." && exit 1
exec >{LOG} 2>&1
pfSense-upgrade -y
' </dev/null >/dev/null 2>&1 &
"""


def start() -> Run:
    """Begin it and come back at once. The lock refuses a second one, and so does a stage that waits for its boot.

    Without timeout(1): on FreeBSD that ends everything which the command has left running, when its time is up.
    """
    return Run(("sh", "-c", _START), root=True, timeout=None)


def _longest(_timings: Timings) -> float:
    return LONGEST


def _boot_time(timings: Timings) -> float:
    return timings.boot


class At(Enum):
    """The state of an upgrade, by what was noted before its start."""

    UNKNOWN = auto()
    FREE = auto()
    """Nothing of ours is past: it may be started."""
    RUNS = auto()
    """It runs, or waits for its boot."""
    ENDED = auto()
    """It ran, and has ended in the same boot without a stage that waits."""
    BOOTED = auto()
    """The firewall has booted since, and does not say yet that the upgrade is finished."""
    OVER = auto()
    """It is finished: a new version, and a log of its own."""


def _reading(snapshot: Snapshot, intent: Intent) -> Upgrade | None:
    reading = snapshot.firewall(intent.target).upgrade
    return reading.value if isinstance(reading, Known) else None


def _noted(intent: Intent) -> tuple[str, float, str]:
    """Version, clock and package; "" and 0 before anything was noted."""
    version, _, rest = intent.found.get(f"upgrade {intent.target}", "").partition(" ")
    now, _, package = rest.partition(" ")
    return version, figure(now, SECONDS) or 0, package


def _at(upgrade: Upgrade | None, intent: Intent) -> At:
    version, since, _ = _noted(intent)
    if upgrade is None or upgrade.stage is None or upgrade.boot is None:
        return At.UNKNOWN
    booted = booted_since(intent, upgrade.boot, upgrade.uptime)
    if upgrade.running or (upgrade.stage and not booted):
        return At.RUNS
    if booted:
        finished = upgrade.finished is not None and upgrade.finished > since
        over = version and not upgrade.stage and finished and upgrade.version != version
        return At.OVER if over else At.BOOTED
    before = intent.found.get(f"log {intent.target}")
    ran = before is not None and upgrade.began is not None and upgrade.began > (figure(before, SECONDS) or 0)
    return At.ENDED if ran else At.FREE


def _finds(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    """Never anew, but for the log after a failure that a person has seen: then the start is another one."""
    upgrade, name = _reading(snapshot, intent), intent.target
    if upgrade is None or upgrade.now is None or upgrade.boot is None or upgrade.uptime is None:
        return {}
    log = {f"log {name}": f"{upgrade.began or 0:.0f}"}
    if f"upgrade {name}" in intent.found:
        again = _at(upgrade, intent) is At.ENDED and intent.order_state is OrderState.FAILED
        return log if again else {}
    package = upgrade.package.partition(" ")[0]
    noted = {f"upgrade {name}": f"{upgrade.version} {upgrade.now:.0f} {package}".strip(), **log}
    return {**noted, f"boot {name}": f"{upgrade.boot:.0f} {upgrade.uptime:.0f}"}


def _orders(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """Not without the notes on disk: nothing could tell afterwards that it was upgraded."""
    noted = {f"{key} {intent.target}" for key in ("upgrade", "log", "boot")} <= intent.found.keys()
    free = _at(_reading(snapshot, intent), intent) is At.FREE
    return (Order(intent.target, start()),) if noted and free else ()


def _words(upgrade: Upgrade | None) -> str:
    return f": {quoted(upgrade.said[-1], 120)}" if upgrade and upgrade.said else ""


def _not_known(snapshot: Snapshot, intent: Intent) -> str:
    reading, name = snapshot.firewall(intent.target).upgrade, intent.target
    if isinstance(reading, Known):
        return f"whether a stage of {name}'s upgrade waits is not known: pkg-static tells nothing there"
    return f"{name} does not tell how far its upgrade is: {reading.why}"


def _upgraded(snapshot: Snapshot, intent: Intent) -> Progress:
    """A firewall that boots, once or twice, has not failed; one that has been up as long as a boot may take, and still
    does not go on, has."""
    name, upgrade, carp = intent.target, _reading(snapshot, intent), snapshot.firewall(intent.target).carp
    before = _noted(intent)[0]
    match _at(upgrade, intent):
        case At.OVER if upgrade:
            return Progress(True, f"{name} runs {upgrade.version}, before {before}")
        case At.RUNS if upgrade:
            doing = f"goes on with stage {upgrade.stage}" if upgrade.stage else "is being upgraded"
            return Progress(False, f"{name} {doing}{_words(upgrade)}")
        case At.ENDED:
            told = intent.order_state is OrderState.FAILED
            message = f"the upgrade of {name} has ended, and it runs {before} as before{_words(upgrade)}"
            return Progress(False, message, failed=not told)
        case At.BOOTED if upgrade:
            left = f"stage {upgrade.stage} waits" if upgrade.stage else "no stage waits"
            message = f"{name} has booted and its upgrade is not finished: {left}, and it runs {upgrade.version}"
            late = upgrade.uptime is not None and upgrade.uptime > intent.cluster.timings.boot
            log = f"; see /cf/conf/upgrade_log.txt on {name}, which stays in maintenance" if late else ""
            return Progress(False, f"{message}{log}", failed=late)
        case At.FREE:
            refused = intent.order_state is OrderState.REFUSED
            return Progress(False, f"the upgrade of {name} has not started", failed=refused)
        case _:
            down = isinstance(carp, Unknown) and not carp.under_way
            return Progress(False, f"{name} is down, it may be booting" if down else _not_known(snapshot, intent))


def _package(snapshot: Snapshot, intent: Intent) -> Progress:
    name, upgrade = intent.target, _reading(snapshot, intent)
    wanted = _noted(intent)[2]
    if upgrade is None:
        return Progress(False, _not_known(snapshot, intent))
    if not wanted:
        return Progress(True, f"{name} had no HAProxy package before")
    if upgrade.package.partition(" ")[0] == wanted:
        return Progress(True, f"{upgrade.package} is on {name}")
    message = (
        f"{wanted} is gone from {name}: the new release has none, or could not fetch it. Install it there (System >"
        f" Package Manager); its settings are kept, and {name} stays in maintenance"
    )
    return Progress(False, message, failed=True)


UPGRADED = Step(
    name="upgraded",
    phase="boot",
    summary="start pfSense-upgrade on {node}, detached; see it boot, a new major version twice, and finish",
    finds=_finds,
    renews=True,
    orders=_orders,
    done=_upgraded,
    watches=(UPGRADE, CARP),
    timeout=_longest,
    guards=(led_elsewhere, can_lead, can_balance),
    asks_all=True,
    again=25.0,
)
PACKAGE = Step(
    name="HAProxy package",
    phase="boot",
    summary="see that {node} still has its HAProxy package",
    done=_package,
    watches=(UPGRADE,),
    timeout=_boot_time,
)
ALL_VISITS = replace(VISITS, name="all visits", watches=(CARP,))
STEPS = (*firewall_reboot.AWAY_FIRST, UPGRADED, PACKAGE, *firewall_reboot.AS_FOUND)

GATE = replace(BEFORE_NODE, against=of_any_gate, watches=(UPGRADE, CARP))
FIREWALLS, TURNS = "firewalls", "turns"
"""The option of a patch, and its decision about their order."""
OPTION = Option(FIREWALLS, "", "then upgrade the firewalls too; the one that syncs to the other is last")


def in_turn(snapshot: Snapshot) -> list[str]:
    """The secondary first: the primary leads as a rule."""
    first, lead = primary(snapshot), master(snapshot)
    return sorted((view.name for view in snapshot.firewalls), key=lambda name: (name == first, name == lead))


def turns(cluster: Cluster, options: Options) -> tuple[str, ...]:
    """The firewalls of a patch, in their order."""
    asked: list[str] = [*map(str, options.get(TURNS) or ())] if options.get(FIREWALLS) else []
    return tuple(name for name in asked if any(one.name == name for one in cluster.firewalls))


def leaves(snapshot: Snapshot, target: str, _options: Options) -> tuple[str, ...]:
    """The lasting effects, and the ways back that there are not."""
    upgrade = snapshot.firewall(target).upgrade
    now = upgrade.value.version if isinstance(upgrade, Known) else "the version of now"
    then = f" {upgrade.value.offered}" if isinstance(upgrade, Known) and upgrade.value.offered else ""
    return (
        f"{target} gets the newest version{then}. A new major version may boot twice: that is waited for.",
        f"No way leads back to {now} but a new installation, or a boot environment of ZFS. Keep config.xml elsewhere.",
        "While the versions differ pfSense syncs nothing: change no pool until both have the same.",
    )
