"""Long work that systemd does on a node under a name of ours, so that a lost console or link changes nothing.

Keys of `Intent.found`: "job NODE KIND" -> "none" before the start, then the invocation id that systemd gave it, with "
ended" or " failed" once its end is read and its unit may be cleared; "job boot NODE KIND" -> the boot id at "none". A
unit with another id is not ours. If a unit is gone before its end was read, its end is unknown: the run stops, and only
a person's resume starts the work anew.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto

from console.inventory.cluster import Timings
from console.operations.guards import Guard
from console.operations.procedures.steps import Intent, Order, OrderState, Progress, Step
from console.probes.ask import Run
from console.probes.hosts.jobs import JOBS, Job, Jobs, unit
from console.probes.snapshot import Known, Snapshot
from console.text import quoted

NONE, ENDED, FAILED = "none", "ended", "failed"
AGAIN = 0.5
"""Seconds between the start and the note of its id, and between the end and its clearing."""
MAX_MESSAGES = 3
"""Last lines of the work's output that are quoted."""


class At(Enum):
    """The state of the work."""

    FREE = auto()
    """No unit, and nothing of ours is past: it may be started."""
    NEW = auto()
    """Our start, whose id is not noted yet."""
    RUNS = auto()
    WELL = auto()
    BAD = auto()
    """It has ended and failed."""
    OVER = auto()
    """It has ended well, and its unit is cleared."""
    GONE = auto()
    """It was started, and its unit went away before its end was read."""
    FOREIGN = auto()
    """A unit of that name that this run did not start."""
    OLD = auto()
    """A systemd that does not tell one start from another."""


Command = Callable[[Intent], tuple[str, ...]]
"""The command for a node, by what was decided; none where that does not tell."""


def always(*argv: str) -> Command:
    """The same command on every node."""
    return lambda _intent: argv


def job(
    kind: str,
    command: Command,
    *,
    name: str,
    phase: str,
    summary: str,
    timeout: Callable[[Timings], float],
    guards: tuple[Guard, ...] = (),
    asks_all: bool = False,
) -> Step:
    """A step that has systemd do a command, sees its end and clears its unit. Of a failure it says the last words; a
    resume clears it then and starts the command anew."""
    return Step(
        name=name,
        phase=phase,
        summary=summary,
        finds=lambda snapshot, intent: _finds(snapshot, intent, kind),
        renews=True,
        orders=lambda snapshot, intent: _orders(snapshot, intent, kind, command),
        done=lambda snapshot, intent: _done(snapshot, intent, kind),
        watches=(JOBS,),
        timeout=timeout,
        guards=guards,
        asks_all=asks_all,
        again=AGAIN,
    )


def _jobs(snapshot: Snapshot, intent: Intent) -> Jobs | None:
    jobs = snapshot.node(intent.target).jobs
    return jobs.value if isinstance(jobs, Known) else None


def _noted(intent: Intent, kind: str) -> tuple[str, str]:
    """The id, or "none", or "" before anything was noted; and its end."""
    known, _, end = intent.found.get(f"job {intent.target} {kind}", "").partition(" ")
    return known, end


def _at(jobs: Jobs, intent: Intent, kind: str) -> At:
    one = jobs.of(kind)
    known, _ = _noted(intent, kind)
    if one.invocation is None:
        return At.OLD
    if not one.there:
        return _without(jobs, intent, kind)
    if known == NONE and intent.order_state is OrderState.SENT:
        return At.NEW
    if one.invocation != known:
        return At.FOREIGN
    if not one.read:
        return At.RUNS
    return At.WELL if one.well else At.BAD


def _without(jobs: Jobs, intent: Intent, kind: str) -> At:
    """systemd holds no such unit."""
    known, end = _noted(intent, kind)
    if end == ENDED:
        return At.OVER
    if known in ("", NONE):
        same = intent.found.get(f"job boot {intent.target} {kind}") == jobs.boot
        lost = intent.order_state is OrderState.SENT and not same
    else:
        lost = end != FAILED
    return At.GONE if lost and intent.order_state is not OrderState.FAILED else At.FREE


def _finds(snapshot: Snapshot, intent: Intent, kind: str) -> Mapping[str, str]:
    jobs = _jobs(snapshot, intent)
    if jobs is None:
        return {}
    key, one = f"job {intent.target} {kind}", jobs.of(kind)
    match _at(jobs, intent, kind):
        case At.FREE:
            return {key: NONE, f"job boot {intent.target} {kind}": jobs.boot}
        case At.NEW:
            return {key: str(one.invocation)}
        case At.WELL:
            return {key: f"{one.invocation} {ENDED}"}
        case At.BAD if intent.order_state is OrderState.FAILED:
            return {key: f"{one.invocation} {FAILED}"}
        case _:
            return {}


def _orders(snapshot: Snapshot, intent: Intent, kind: str, command: Command) -> tuple[Order, ...]:
    """Every word is fixed, so that sudoers can hold it; the unit's name is the lock against a second start. A unit is
    cleared only when its end is noted."""
    jobs = _jobs(snapshot, intent)
    at = _at(jobs, intent, kind) if jobs else None
    name, (_, noted) = unit(kind), _noted(intent, kind)
    match at:
        case At.FREE if argv := command(intent):
            # --no-block: else a start that systemd has taken and that fails would look like one it has not taken
            options = ("--no-ask-password", "--no-block", "--quiet", "--remain-after-exit")
            words = ("systemd-run", f"--unit={name.removesuffix('.service')}", *options, *argv)
        case At.WELL if noted:
            words = ("systemctl", "stop", name)
        case At.BAD if noted:
            words = ("systemctl", "reset-failed", name)
        case _:
            return ()
    return (Order(intent.target, Run(words, root=True, timeout=10)),)


def _done(snapshot: Snapshot, intent: Intent, kind: str) -> Progress:
    node, name = intent.target, unit(kind)
    reading = snapshot.node(node).jobs
    if not isinstance(reading, Known):
        return Progress(False, f"how far {name} on {node} is, is not known: {reading.why}")
    one, at = reading.value.of(kind), _at(reading.value, intent, kind)
    if at in (At.FREE, At.WELL) and intent.order_state is OrderState.REFUSED:
        return Progress(False, f"{node} has not carried out the order about {name}", failed=True)
    match at:
        case At.OVER:
            return Progress(True, f"{name} on {node} has ended well")
        case At.FREE:
            return Progress(False, f"{name} on {node} has not started")
        case At.NEW | At.RUNS:
            return Progress(False, f"{name} on {node} {'has ended' if one.ended else 'runs'}{_last(one)}")
        case At.WELL:
            return Progress(False, f"{name} on {node} has ended well, and is being cleared")
        case At.BAD:
            told = intent.order_state is OrderState.FAILED
            return Progress(False, f"{name} on {node} has failed ({_why(one)}){_last(one)}", failed=not told)
        case At.GONE:
            known, _ = _noted(intent, kind)
            start = f"start {known[:8]} of {name}" if known != NONE else name
            message = (
                f"{start} on {node} is gone, and how it ended is not known: {node} has rebooted, or somebody ended it"
            )
            return Progress(False, message, failed=True)
        case At.FOREIGN:
            state = "has ended" if one.ended else "runs"
            message = f"{name} {state} on {node} and this run did not start it: look at it there, and clear it"
            return Progress(False, f"{message} (systemctl stop, systemctl reset-failed)", failed=True)
        case At.OLD:
            message = f"systemd on {node} does not tell one start of {name} from another: it is older than 232"
            return Progress(False, message, failed=True)


def _why(one: Job) -> str:
    return f"exit status {one.status}" if one.result == "exit-code" else f"{one.result}, {one.status}"


def _last(one: Job) -> str:
    """Its last words."""
    return f": {' / '.join(quoted(line, 120) for line in one.words[-MAX_MESSAGES:])}" if one.words else ""
