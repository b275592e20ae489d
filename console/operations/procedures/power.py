"""Stopping a node's services cleanly, rebooting it, and telling when it is fit again.

A drained server is set to maintenance first: visitors whom a cookie or a stick table keeps there would go on.

Key of `Intent.found`: "boot NODE" -> the boot id before the reboot. Once the boot id has changed, everything that had
to happen before is past, so a run that is resumed after the reboot stops nothing again. One that is resumed while the
node is unreachable waits for it as long as a boot may take.
"""

from collections.abc import Mapping

from console.health.facts.fitness import fit, rejected, unfit
from console.health.facts.membership import Membership, memberships
from console.health.facts.unlisted import mysql_signs
from console.inventory.cluster import Timings
from console.operations.guards import (
    all_reachable,
    elsewhere,
    no_traffic,
    other_bricks,
    storage_whole,
    writes_elsewhere,
)
from console.operations.procedures.firewalls import over_firewalls
from console.operations.procedures.runtime import admin_as_found
from console.operations.procedures.steps import Intent, Order, OrderState, Progress, Step
from console.probes.ask import Run
from console.probes.database.galera import GALERA
from console.probes.hosts.running import RUNNING
from console.probes.hosts.system import APACHE_UNITS, GLUSTER_UNITS, HOST, MYSQL_UNITS, SERVICES, Services, one_of
from console.probes.pools.balancer import POOLS, balancer_of
from console.probes.pools.servers import Admin, Server
from console.probes.snapshot import NOT_ASKED, Cause, Known, Snapshot, Unknown
from console.probes.storage.gluster import STORAGE
from console.probes.web.apache import SITE
from console.text import because, listed


def rebooted(snapshot: Snapshot, intent: Intent) -> bool:
    """The boot id is not the one that was noted."""
    host, before = snapshot.node(intent.target).host, intent.found.get(f"boot {intent.target}")
    return isinstance(host, Known) and before is not None and host.value.boot_id != before


def _unreachable(snapshot: Snapshot, intent: Intent) -> bool:
    host = snapshot.node(intent.target).host
    return isinstance(host, Unknown) and not host.under_way


def _stranger(snapshot: Snapshot, intent: Intent) -> str:
    """Why it is not proven that the node itself answers; "" when it is, or when nobody answers."""
    host = snapshot.node(intent.target).host
    return host.why if isinstance(host, Unknown) and host.cause is Cause.UNPROVEN else ""


def _find_boot(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    host = snapshot.node(intent.target).host
    return {f"boot {intent.target}": host.value.boot_id} if isinstance(host, Known) else {}


def _to_end(snapshot: Snapshot, intent: Intent) -> bool:
    """The node answers in the boot that is to end. Nothing is stopped in the next boot, nor in an unknown one: just
    after a boot a node may tell its services before its boot id."""
    return isinstance(snapshot.node(intent.target).host, Known) and not rebooted(snapshot, intent)


def _services(snapshot: Snapshot, intent: Intent) -> Services | None:
    services = snapshot.node(intent.target).services
    return services.value if isinstance(services, Known) and _to_end(snapshot, intent) else None


def systemctl(*words: str) -> Run:
    """One command to systemd, which does the work by itself."""
    return Run(("systemctl", *words), root=True, timeout=10)


def _only_drained(one: Membership, intent: Intent) -> tuple[Server, ...]:
    """Servers that this run has drained; a drain that was found stays one."""
    return tuple(
        server
        for server in one.runtime or ()
        if server.admin is Admin.DRAIN and admin_as_found(intent, one.firewall, server) is Admin.READY
    )


def _closed(snapshot: Snapshot, intent: Intent) -> Progress:
    if rebooted(snapshot, intent):
        return Progress(True, f"{intent.target} has rebooted already")

    def verdict(one: Membership) -> str | None:
        left = _only_drained(one, intent)
        return f"{left[0].path} on {one.firewall} is still {left[0].status}" if left else None

    shut = f"{intent.target} gets no visitor with its cookie any more"
    return over_firewalls(snapshot, intent, "pools", verdict, shut)


def _close(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """Put drained servers into maintenance, also for an unreachable node: it is put back before it serves again."""
    drained = {one.firewall: _only_drained(one, intent) for one in memberships(snapshot, intent.target)}
    set_state = balancer_of(intent.cluster).set_state
    return tuple(Order(name, set_state(servers, Admin.MAINT)) for name, servers in drained.items() if servers)


def _stopped(snapshot: Snapshot, intent: Intent, units: tuple[str, ...], what: str) -> Progress:
    if rebooted(snapshot, intent):
        return Progress(True, f"{intent.target} has rebooted already")
    services = _services(snapshot, intent)
    if services is None:
        unreachable = _unreachable(snapshot, intent)
        known = f"whether {what} on {intent.target} has stopped is not known"
        if stranger := _stranger(snapshot, intent):
            return Progress(False, f"{known}: {stranger}")
        return Progress(
            False,
            f"{intent.target} does not answer, it may be booting: {known} until it does" if unreachable else known,
        )
    left = [*services.running(units)]
    if units is GLUSTER_UNITS and services.bricks:
        left.append(f"{services.bricks} brick processes")
    if left:
        return Progress(False, f"{', '.join(left)} on {intent.target} still running")
    return Progress(True, f"{what} on {intent.target} has stopped")


def _mysql_stopped(snapshot: Snapshot, intent: Intent) -> Progress:
    """MySQL has stopped. Its units may all have ended while a mysqld still answers: one of another unit, or started by
    hand."""
    progress, galera = _stopped(snapshot, intent, MYSQL_UNITS, "MySQL"), snapshot.node(intent.target).galera
    if not progress.done or rebooted(snapshot, intent):
        return progress
    if snapshot.cluster.mysql is None:
        return _mysql_seen_stopped(snapshot, intent, progress)
    if isinstance(galera, Known) or galera.answered:
        none = f"none of {listed(MYSQL_UNITS)} runs"
        return Progress(False, f"MySQL on {intent.target} still answers, and {none}: stop it there")
    if galera.cause is not Cause.ABSENT:  # one that hangs, or breaks off while it stops, is there
        why = because(f"MySQL on {intent.target}", galera.why)
        return Progress(False, f"whether MySQL on {intent.target} has stopped is not known: {why}")
    return progress


def _mysql_seen_stopped(snapshot: Snapshot, intent: Intent, stopped: Progress) -> Progress:
    """MySQL has stopped, for a cluster without [mysql]: its process and ports tell, in one script with the units."""
    view = snapshot.node(intent.target)
    if isinstance(view.running, Unknown) and view.running is not NOT_ASKED:
        return Progress(False, f"whether MySQL on {intent.target} has stopped is not known: {view.running.why}")
    signs = mysql_signs(view)
    if not signs:
        return stopped
    none = f"none of {listed(MYSQL_UNITS)} runs"
    return Progress(False, f"MySQL on {intent.target} still runs ({listed(signs)}), and {none}: stop it there")


def _stop(snapshot: Snapshot, intent: Intent, units: tuple[str, ...]) -> tuple[Order, ...]:
    """One unit a command, so that sudoers can name each; a pattern of ours for one whose name the node chose."""
    services = _services(snapshot, intent)
    running = services.running(units) if services else ()
    named = dict.fromkeys(next(one for one in units if one_of(unit, (one,))) for unit in running)
    # --no-block: systemd does the work, and a lost link changes nothing
    return tuple(Order(intent.target, systemctl("stop", "--no-block", unit)) for unit in named)


def _stop_gluster(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """glusterd leaves its bricks running on Red Hat; a brick that is killed by the reboot makes clients wait."""
    services = _services(snapshot, intent)
    bricks = (
        (Order(intent.target, Run(("pkill", "-x", "glusterfsd"), root=True)),) if services and services.bricks else ()
    )
    return (*_stop(snapshot, intent, GLUSTER_UNITS), *bricks)


def _reboot(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """Reboot, but only with the boot id on disk: without it nothing could tell afterwards that the node has rebooted,
    and a resume would reboot it once more."""
    noted = f"boot {intent.target}" in intent.found
    return (Order(intent.target, systemctl("reboot")),) if noted and _to_end(snapshot, intent) else ()


def _reboot_done(snapshot: Snapshot, intent: Intent) -> Progress:
    host = snapshot.node(intent.target).host
    if rebooted(snapshot, intent) and isinstance(host, Known):
        return Progress(True, f"{intent.target} has rebooted: boot id {host.value.boot_id[:8]}")
    if stranger := _stranger(snapshot, intent):
        return Progress(False, f"whether {intent.target} has gone down is not known: {stranger}")
    unreachable = _unreachable(snapshot, intent)
    return Progress(False, f"{intent.target} is down" if unreachable else f"{intent.target} has not gone down yet")


def _power_off(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """Switch it off in the boot in which its services have stopped, and in no other."""
    return (Order(intent.target, systemctl("poweroff")),) if _to_end(snapshot, intent) else ()


def _is_off(snapshot: Snapshot, intent: Intent) -> Progress:
    """Off is a node that answers no more once it was told to. One that never was told, and does not answer, may be
    anything."""
    node, told = intent.target, intent.order_state in (OrderState.SENT, OrderState.REFUSED)
    if rebooted(snapshot, intent):
        return Progress(False, f"{node} has booted since: it is on", failed=True)
    if stranger := _stranger(snapshot, intent):
        return Progress(False, f"whether {node} is off is not known: {stranger}")
    if not _unreachable(snapshot, intent):
        return Progress(False, f"{node} still answers")
    if not told:
        return Progress(False, f"{node} does not answer, and was not told yet: whether it is off is not known")
    return Progress(True, f"{node} answers no more: it is off, or goes off just now")


def _fit(snapshot: Snapshot, intent: Intent) -> Progress:
    """Nobody waits for what no waiting brings: a node whose glusterd the others have rejected."""
    reasons = unfit(snapshot, intent.target)
    says = "; ".join(reasons) or f"{intent.target} is fit: {fit(snapshot.cluster)}"
    return Progress(not reasons, says, failed=rejected(snapshot, intent.target))


def _stop_time(timings: Timings) -> float:
    return timings.stop


def _off_time(timings: Timings) -> float:
    """Long enough for a silence: it is seen only when the time for an answer is up."""
    return timings.stop + 3 * (timings.connect + timings.answer)


def _boot_time(timings: Timings) -> float:
    return timings.boot


CLOSE = Step(
    name="maintenance",
    phase="boot",
    summary="set {node} from drain to maintenance on the firewalls, so that visitors with its cookie go elsewhere",
    finds=_find_boot,
    orders=_close,
    done=_closed,
    watches=(POOLS, HOST),
    timeout=lambda _timings: 15.0,
    again=3.0,
)
STOP_MYSQL = Step(
    name="stop MySQL",
    phase="boot",
    summary="stop MySQL on {node} cleanly, so that the others lose no commit",
    finds=_find_boot,
    orders=lambda snapshot, intent: _stop(snapshot, intent, MYSQL_UNITS),
    done=_mysql_stopped,
    watches=(SERVICES, RUNNING, HOST, GALERA),
    timeout=_stop_time,
    guards=(elsewhere, no_traffic, storage_whole, all_reachable, writes_elsewhere),
    asks_all=True,
    until_known=_boot_time,
)
STOP_GLUSTER = Step(
    name="stop Gluster",
    phase="boot",
    summary="stop Gluster and its bricks on {node}, so that no client hangs",
    finds=_find_boot,
    orders=_stop_gluster,
    done=lambda snapshot, intent: _stopped(snapshot, intent, GLUSTER_UNITS, "Gluster"),
    watches=(SERVICES, HOST),
    timeout=_stop_time,
    guards=(elsewhere, no_traffic, other_bricks),
    asks_all=True,
    until_known=_boot_time,
)
STOP_APACHE = Step(
    name="stop Apache",
    phase="stop",
    summary="stop Apache on {node}",
    orders=lambda snapshot, intent: _stop(snapshot, intent, APACHE_UNITS),
    done=lambda snapshot, intent: _stopped(snapshot, intent, APACHE_UNITS, "Apache"),
    watches=(SERVICES, HOST),
    timeout=_stop_time,
    guards=(no_traffic,),
    asks_all=True,
    until_known=_boot_time,
)
BOOT = Step(
    name="reboot",
    phase="boot",
    summary="reboot {node} and see it come back with a new boot id",
    finds=_find_boot,
    orders=_reboot,
    done=_reboot_done,
    watches=(HOST,),
    timeout=_boot_time,
    guards=(
        elsewhere,
        no_traffic,
    ),
    asks_all=True,
    until_known=_boot_time,
)
POWER_OFF = Step(
    name="power off",
    phase="off",
    summary="switch {node} off, and see it answer no more",
    orders=_power_off,
    done=_is_off,
    watches=(HOST,),
    timeout=_off_time,
    guards=(elsewhere, no_traffic),
    asks_all=True,
    lasts=True,
)
FIT = Step(
    name="fit",
    phase="in",
    summary="wait until {node} is fit: {fit}",
    done=_fit,
    watches=(HOST, SERVICES, RUNNING, GALERA, STORAGE, SITE),
    timeout=lambda timings: timings.fit,
)
