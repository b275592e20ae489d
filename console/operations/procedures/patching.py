"""A rolling patch: one node after the other is taken out, updated, rebooted if it must be, and back before the next.

systemd does the work on the node, so a lost console or link changes nothing. The package manager's own state tells the
end, never an exit code. Keys of `Intent.found` beside those of `power`, `jobs` and `writer`: "units NODE" -> the units
that ran before it was taken out; "soak NODE" -> the time since when it serves again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from console import steady
from console.health.facts.membership import Place, place, without_spares
from console.inventory.cluster import Cluster
from console.inventory.table import allowed
from console.operations.guards import Objection, Override, elsewhere, no_traffic, nobody_else_installs
from console.operations.procedures.hours import outside, window
from console.operations.procedures.jobs import Command, job
from console.operations.procedures.packages import (
    EXCLUDE,
    REFRESH,
    SECURITY,
    as_note,
    install,
    of_note,
    security_only,
    taken,
)
from console.operations.procedures.power import BOOT, CLOSE, STOP_GLUSTER, STOP_MYSQL, rebooted, systemctl
from console.operations.procedures.programs import AFTER, BEFORE
from console.operations.procedures.proxies import told_again
from console.operations.procedures.returned import BACK, by_full_copy, find_beside, find_member, left_beside, watched
from console.operations.procedures.since import new_since
from console.operations.procedures.steps import MAX_FAILED, Intent, Option, Options, Order, Progress, Step, placed
from console.probes.hosts.preparing import PREPARED
from console.probes.hosts.system import HOST, SERVICES, UNITS
from console.probes.hosts.updates import UPDATES, Updates
from console.probes.pools.balancer import POOLS
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import SECONDS, counted, doing, figure, listed, span

NODES, CANARY, REBOOT, SOAK, AUTO = "nodes", "canary", "reboot", "soak", "auto"
NO_PACKAGES, WINDOW = "no-packages", "window"
"""Names of its options."""
NONE = "none"
"""In the place of nodes: the firewalls alone."""
MANAGERS = "managers"
"""Its decision about the package manager of each node."""
REBOOTS = ("auto", "always", "never")
STARTS = tuple(unit for unit in UNITS if "@" not in unit)
"""Units that it starts again. Never mysql@bootstrap: it would make a second cluster (galera documentation)."""
SHOWN = 5
"""Packages that are named in a sentence."""


def _updates(snapshot: Snapshot, node: str) -> Updates | None:
    reading = snapshot.node(node).updates
    return reading.value if isinstance(reading, Known) else None


def managers(snapshot: Snapshot) -> dict[str, str]:
    """The package manager of each node, decided when a run begins."""
    return {view.name: updates.manager for view in snapshot.nodes if (updates := _updates(snapshot, view.name))}


def _by_manager(command: Callable[[str, Intent], tuple[str, ...]]) -> Command:
    return lambda intent: command(dict(intent.options.get(MANAGERS, {})).get(intent.target, ""), intent)


# --- the packages


def _find_pending(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    updates = _updates(snapshot, intent.target)
    if updates is None:
        return {}
    waiting = taken(snapshot.cluster, updates, intent.options)
    return {
        f"packages {intent.target}": as_note((one.name, one.then) for one in waiting),
        f"versions {intent.target}": as_note((one.name, one.now) for one in waiting),
        **find_beside(updates, intent.target),
    }


def _pending(intent: Intent, node: str) -> dict[str, str] | None:
    """The packages that waited on a node, with their new versions; None where nobody has noted them."""
    noted = intent.found.get(f"packages {node}")
    return None if noted is None else of_note(noted)


def _told_pending(snapshot: Snapshot, intent: Intent) -> Progress:
    node, pending, updates = intent.target, _pending(intent, intent.target), _updates(snapshot, intent.target)
    if pending is None or updates is None:
        return Progress(False, f"the packages of {node} are not known yet")
    left = len(updates.packages) - len(pending)
    stays = f"; {counted(left, 'other')} left as {'it is' if left == 1 else 'they are'}" if left > 0 else ""
    return Progress(True, f"{counted(len(pending), 'update')} for {node}{_some(pending.items())}{stays}")


def _some(packages: Iterable[tuple[str, str]]) -> str:
    """The first five, with their versions."""
    each = [f"{name} {version}".strip() for name, version in packages]
    more = f" and {len(each) - SHOWN} more" if len(each) > SHOWN else ""
    return f": {', '.join(each[:SHOWN])}{more}" if each else ""


def _other_packages(snapshot: Snapshot, intent: Intent) -> tuple[Objection, ...]:
    """A later node that would get other packages than the first with its package manager: versions would differ."""
    node, by = intent.target, dict(intent.options.get(MANAGERS, {}))
    first = next(one for one in wanted(snapshot.cluster, intent.options) if by.get(one) == by.get(node))
    mine, got = _pending(intent, node), _pending(intent, first)
    if mine is None or got is None or mine == got:
        return ()
    more = sorted(item for item in mine.items() if item not in got.items())
    fewer = sorted(item for item in got.items() if item[0] not in mine)
    told = "; ".join(
        [*([f"{node} alone{_some(more)}"] if more else []), *([f"{first} alone{_some(fewer)}"] if fewer else [])]
    )
    saw = f"{node} gets other updates than {first} got: {told}"
    return (Objection(node, saw, "Say yes if that is meant", Override.CONFIRM),)


def _installed(snapshot: Snapshot, intent: Intent) -> Progress:
    """The package manager finds nothing half installed. Packages that it keeps back are said."""
    node, updates = intent.target, _updates(snapshot, intent.target)
    if updates is None:
        return Progress(False, f"the packages of {node} are not known yet")
    if updates.half_done:
        return Progress(False, f"packages on {node} are half installed: {updates.half_done}", failed=True)
    if updates.half_done is None:
        return Progress(False, f"whether packages on {node} are half installed is not known")
    back = taken(snapshot.cluster, updates, intent.options)
    left = len(updates.packages) - len(back)
    told = [f"{counted(left, 'update')} left out as agreed"] if left else []
    if back or (updates.pending and not left):
        names = f": {listed(one.name for one in back[:SHOWN])}" if back else ""
        told.append(f"{counted(len(back) or updates.pending, 'package')} kept back{names}")
    return Progress(
        True,
        f"{node} is updated{'; ' if told else ', and nothing waits'}{'; '.join(told)}{left_beside(snapshot, intent)}",
    )


def narrowed(snapshot: Snapshot, options: Options) -> Iterator[Objection]:
    """Objections to leaving packages out: only names that the inventory keeps back, for sudo allows no other command;
    and only where the package manager tells which updates are for security."""
    cluster = snapshot.cluster
    if strange := [name for name in options.get(EXCLUDE) or () if name not in cluster.patch.exclude]:
        saw = f"the inventory does not keep back {listed(strange)}"
        clears = "Add that to exclude in its [patch], and print the rights anew (drainboard sudoers --patch)"
        yield Objection(cluster.name, saw, clears, Override.NEVER)
    for node in wanted(cluster, options) if security_only(cluster, options) and not options.get(NO_PACKAGES) else ():
        updates = _updates(snapshot, node)
        if updates and updates.pending and updates.security is None:
            saw = f"{updates.manager} on {node} does not tell which updates are for security"
            clears = f"Leave {SECURITY} out: none would be installed"
            yield Objection(node, saw, clears, Override.NEVER)


def _outside(_snapshot: Snapshot, intent: Intent) -> Iterator[Objection]:
    """No machine is begun outside the hours that a person gave."""
    kept = str(intent.options.get(WINDOW) or "")
    if kept and (saw := outside(kept, steady.now())):
        yield Objection(intent.target, saw, "Resume the run in the next one, or say yes", Override.CONFIRM)


def of_any_gate(snapshot: Snapshot, intent: Intent) -> tuple[Objection, ...]:
    """The objections to going on with any machine, a node or a firewall."""
    return (*_outside(snapshot, intent), *new_since(snapshot, intent))


def _of_the_run(snapshot: Snapshot, intent: Intent) -> tuple[Objection, ...]:
    nodes = wanted(snapshot.cluster, intent.options)
    before = nodes[nodes.index(intent.target) - 1 :][:1] if intent.target in nodes[1:] else ()
    copied = (one for name in before for one in by_full_copy(intent, name))
    return (*of_any_gate(snapshot, intent), *_other_packages(snapshot, intent), *copied)


# --- reboot, or start


def _must_reboot(snapshot: Snapshot, intent: Intent) -> bool:
    """By choice; else where the node says so, or can't tell."""
    choice, updates = intent.options.get(REBOOT, "auto"), _updates(snapshot, intent.target)
    if choice != "auto":
        return choice == "always"
    return updates is None or updates.reboot_required is not False


def _booted(snapshot: Snapshot, intent: Intent) -> Progress:
    if not rebooted(snapshot, intent) and _updates(snapshot, intent.target) and not _must_reboot(snapshot, intent):
        return Progress(True, f"{intent.target} needs no reboot")
    return BOOT.done(snapshot, intent)


def _reboot(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    return BOOT.orders(snapshot, intent) if _must_reboot(snapshot, intent) else ()


def _running(snapshot: Snapshot, node: str) -> tuple[str, ...] | None:
    services = snapshot.node(node).services
    return services.value.running(STARTS) if isinstance(services, Known) else None


def _find_units(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    running = _running(snapshot, intent.target)
    return {} if running is None else {f"units {intent.target}": " ".join(running)}


def _stopped(snapshot: Snapshot, intent: Intent) -> tuple[str, ...]:
    """Units that ran before, and are fully stopped."""
    running, before = _running(snapshot, intent.target), intent.found.get(f"units {intent.target}", "").split()
    return () if running is None else tuple(unit for unit in before if unit in STARTS and unit not in running)


def _started(snapshot: Snapshot, intent: Intent) -> Progress:
    node = intent.target
    if _running(snapshot, node) is None or not isinstance(snapshot.node(node).host, Known):
        return Progress(False, f"the services of {node} are not known yet")
    left = _stopped(snapshot, intent)
    if left:
        return Progress(False, f"{doing(left, 'does not run', 'do not run')} on {node}")
    return Progress(True, f"the services of {node} run")


def _start(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    if not isinstance(snapshot.node(intent.target).host, Known):
        return ()
    return tuple(Order(intent.target, systemctl("start", "--no-block", unit)) for unit in _stopped(snapshot, intent))


# --- before the next


def _serves(snapshot: Snapshot, node: str) -> bool | None:
    """None while the answer is under way. A server that was given no weight, or no address, is not waited for."""
    servers = [server for one in without_spares(snapshot, node) for server in one.runtime or ()]
    down = [not server.serving for server in servers if server.weight and not server.unasked]
    if servers and place(snapshot, node) is Place.IN and not (down and all(down)):
        return True
    return None if any(isinstance(it := view.pools, Unknown) and it.under_way for view in snapshot.firewalls) else False


def _since(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    """The time since which the node is read to serve; "" while it is not."""
    key, serves = f"soak {intent.target}", _serves(snapshot, intent.target)
    if not intent.options.get(SOAK) or serves is None or (serves and intent.found.get(key)):
        return {}
    return {key: f"{steady.now():.0f}" if serves else ""}


def _counted(snapshot: Snapshot, *first: str) -> Progress:
    """Done: these words, then the visits and writes so far."""
    visits, writes = snapshot.visits, snapshot.writes
    told = [*first, *((visits.sentence, visits.latency) if visits else ()), *((writes.sentence,) if writes else ())]
    return Progress(True, "; ".join(filter(None, told)))


def _visits(snapshot: Snapshot, _intent: Intent) -> Progress:
    return _counted(snapshot, *(() if snapshot.visits and snapshot.visits.sent else ("the site was not visited",)))


def _soaked(snapshot: Snapshot, intent: Intent) -> Progress:
    node, since = intent.target, intent.found.get(f"soak {intent.target}", "")
    wanted = float(intent.options.get(SOAK, 0))
    if place(snapshot, node) is Place.OUT:
        return Progress(False, f"somebody has taken {node} out meanwhile", failed=True)
    if not wanted:
        return _counted(snapshot, f"{node} is done")
    if _serves(snapshot, node) is False:
        return Progress(False, f"nothing tells that {node} serves: its {span(wanted)} begin when it does")
    begun = figure(since, SECONDS)
    left = (steady.now() if begun is None else begun) + wanted - steady.now()
    if left > 0:
        return Progress(False, f"{span(left)} until the next")
    return _counted(snapshot, f"{node} serves for {span(wanted)}")


GATE = Step(
    name="gate",
    phase="gate",
    against=_of_the_run,
    summary="begin with {node}",
    gate=True,
    done=lambda _snapshot, _intent: Progress(False, ""),
    watches=(HOST, PREPARED, UPDATES),
)
FRESH_LISTS = job(
    "refresh",
    _by_manager(lambda manager, _intent: REFRESH.get(manager, ())),
    name="lists",
    phase="lists",
    summary="have {node} fetch the lists of packages",
    timeout=lambda _timings: 300.0,
)
PENDING = Step(
    name="pending",
    phase="lists",
    summary="note the updates that wait for {node}",
    finds=_find_pending,
    done=_told_pending,
    watches=(UPDATES, PREPARED),
    timeout=lambda timings: 2 * timings.seldom_answer,
)
PACKAGES = job(
    "packages",
    _by_manager(lambda manager, intent: install(manager, intent.cluster, intent.options)),
    name="packages",
    phase="packages",
    summary="install the updates of {node}; systemd does it there, whatever happens to this console",
    timeout=lambda _timings: 3600.0,
    guards=(elsewhere, no_traffic),
    asks_all=True,
)
UPDATED = Step(
    name="updated",
    phase="packages",
    summary="see by the package manager of {node} that no package is half installed",
    done=_installed,
    watches=(UPDATES,),
    timeout=lambda _timings: 180.0,
)
BOOT_IF_NEEDED = replace(
    BOOT,
    phase="boot again",
    summary="reboot {node} if it needs that, and see it come back with a new boot id",
    orders=_reboot,
    done=_booted,
    watches=(HOST, UPDATES),
)
STARTED = Step(
    name="services",
    phase="in",
    summary="see the services of {node} run that ran before; start those that do not",
    orders=_start,
    done=_started,
    watches=(SERVICES, HOST),
    timeout=lambda timings: timings.boot,
    again=20.0,
)
SOAKED = Step(
    name="soak",
    phase="soak",
    summary="wait before the next node, and see {node} go on serving",
    sees=_since,
    done=_soaked,
    watches=(POOLS,),
    timeout=lambda _timings: 86_400.0,
)
VISITS = Step(
    name="visits",
    phase="in",
    summary="tell how many visits failed",
    done=_visits,
    watches=(HOST,),
)


def node_steps(
    cluster: Cluster,
    node: str,
    out: Sequence[Step],
    back: Sequence[Step],
    first: Sequence[Step],
    *,
    installs: bool,
    asks: bool,
) -> tuple[Step, ...]:
    """The steps on one node. `first`: the writer's move, where it is the writer. `out`, `back`: out of the pools, and
    into them again. `asks`: a gate comes before anything but a look at its packages."""
    return placed(
        (
            *((_noting(FRESH_LISTS), PENDING) if installs else ()),
            *((GATE,) if asks else ()),
            *((BEFORE,) if cluster.patch.before else ()),
            *first,
            *_alone(out),
            *(CLOSE, _noting(STOP_MYSQL), _noting(STOP_GLUSTER)),
            *((PACKAGES, UPDATED) if installs else ()),
            *map(watched, (BOOT_IF_NEEDED, STARTED, *told_again(cluster, "writer at once"))),
            BACK,
            *told_again(cluster, "writer"),
            *back,
            *((AFTER,) if cluster.patch.after else ()),
            SOAKED,
        ),
        node,
    )


def _alone(out: Sequence[Step]) -> tuple[Step, ...]:
    """The same, and nothing is taken out while another package manager works there."""
    first, *others = out
    return (replace(first, guards=(*first.guards, nobody_else_installs)), *others)


def _noting(step: Step) -> Step:
    """The same, and the units that run before it are noted, and its configuration."""

    def finds(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
        member = find_member(snapshot, intent.target)
        return {**_find_units(snapshot, intent), **member, **step.finds(snapshot, intent)}

    return replace(step, finds=finds)


def in_turn(nodes: Sequence[str], writer: str) -> tuple[str, ...]:
    """The writer's turn is last."""
    return (*(one for one in nodes if one != writer), *(one for one in nodes if one == writer))


def wanted(cluster: Cluster, options: Options) -> tuple[str, ...]:
    """The nodes of a run, in their order. Names that the inventory does not have are left out: `named` objects."""
    every = [node.name for node in cluster.nodes]
    asked: list[str] = [*map(str, options.get(NODES) or every)]
    turns = in_turn([one for one in asked if one in every], str(options.get("writer") or ""))
    return tuple(sorted(turns, key=lambda node: node != options.get(CANARY)))


def named(cluster: Cluster, options: Options) -> Iterator[Objection]:
    """Objections to a node's name: a slip would make it another patch."""
    every = [node.name for node in cluster.nodes]
    nodes, canary = [*map(str, options.get(NODES) or ())], str(options.get(CANARY) or "")
    for name in dict.fromkeys((*(nodes if nodes != [NONE] else ()), *([canary] if canary else ()))):
        if name not in every:
            saw = f"{cluster.name} has no node {name}{allowed(name, every)}"
            yield Objection(cluster.name, saw, "Name nodes that the inventory has", Override.NEVER)
    if canary in every and canary not in wanted(cluster, options):
        saw = f"the canary {canary} is none of the nodes of this patch"
        yield Objection(cluster.name, saw, f"Add it to --{NODES}, or leave --{CANARY} out", Override.NEVER)


# --- options


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise ValueError(text)
    return names


def _name(text: str) -> str:
    (name,) = _names(text)
    return name


def _choice(text: str) -> str:
    if text not in REBOOTS:
        raise ValueError(text)
    return text


def _count(text: str) -> int:
    if (number := figure(text, 3)) is None:
        raise ValueError(text)
    return number


_UNITS = {"s": 1, "m": 60, "h": 3600}


def _duration(text: str) -> float:
    """Seconds, from 90, 90s, 10m or 1h. Raises ValueError."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    value = float(number) * _UNITS[unit]
    if not 0 <= value <= 86_400:
        raise ValueError(text)
    return value


_name.__name__, _names.__name__, _choice.__name__, _count.__name__, window.__name__, _duration.__name__ = (
    "node",
    "list of names",
    "choice of reboots",
    "number of machines",
    "window: 14:00-17:00",
    "duration",
)

OPTIONS = (
    Option(NODES, "", "only these, in this order; MySQL's writer is always last", read=_names, metavar="NODE,..."),
    Option(CANARY, "", "this one first, even if it is MySQL's writer", read=_name, metavar="NODE"),
    Option(NO_PACKAGES, "", "install nothing: with --reboot always, a rolling reboot"),
    Option(EXCLUDE, "", "packages that must stay; the inventory keeps them back", read=_names, metavar="PKG,..."),
    Option(SECURITY, "s", "install no other updates than those for security"),
    Option(REBOOT, "", "auto (where the node says so, or can't tell), always or never", read=_choice, metavar="WHEN"),
    Option(SOAK, "", "how long each node serves before the next one: 90, 10m", read=_duration, metavar="TIME"),
    Option(
        WINDOW, "", "begin a node only in these hours of this computer: 14:00-17:00", read=window, metavar="FROM-TO"
    ),
    Option(MAX_FAILED, "", "so many that fail are put back and given up, and the next begun", read=_count, metavar="N"),
    Option(AUTO, "a", "go on to the next node by itself while nothing stands against it"),
)
