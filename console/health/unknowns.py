"""Unknown readings of machines that answer. Not knowing is as bad as the worst it may hide.

A question without a finding for its silence does not load: its reading would be drawn as fine.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from console.health.finding import Finding, Kind, Level
from console.probes.question import Subject
from console.probes.snapshot import QUESTIONS, Known, Reading, Snapshot, Unknown, View, asked_but_unknown
from console.text import clock, counted, listed


class Gap(NamedTuple):
    """`level`: of the worst finding this reading can raise, capped at UNKNOWN. `what` goes before the name."""

    kind: Kind
    level: Level
    what: str


GAPS: Mapping[str, Gap] = {
    "services": Gap(Kind.SERVICES_UNKNOWN, Level.DEGRADED, "the list of services on"),
    "running": Gap(Kind.SERVICES_UNKNOWN, Level.DEGRADED, "the list of processes on"),
    "listed": Gap(Kind.VOLUMES_UNKNOWN, Level.DEGRADED, "the list of Gluster's volumes on"),
    "apache": Gap(Kind.APACHE_UNKNOWN, Level.DEGRADED, "the load of Apache on"),
    "devices": Gap(Kind.DEVICES_UNKNOWN, Level.DEGRADED, "the state of disks, bonds and RAID of"),
    "mounts": Gap(Kind.MOUNTS_UNKNOWN, Level.DEGRADED, "the list of mounts on"),
    "member": Gap(Kind.MEMBER_UNKNOWN, Level.DEGRADED, "the configuration of MySQL on"),
    "processes": Gap(Kind.PROCESSES_UNKNOWN, Level.NOTE, "the work of HAProxy's older processes on"),
    "saved": Gap(Kind.SAVED_UNKNOWN, Level.DEGRADED, "the state that HAProxy starts with on"),
    "writer": Gap(Kind.WRITER_UNKNOWN, Level.UNKNOWN, "the target of MySQL's HAProxy on"),
    "transactions": Gap(Kind.TRANSACTIONS_UNKNOWN, Level.NOTE, "the list of open transactions on"),
    "box": Gap(Kind.BOX_UNKNOWN, Level.DEGRADED, "the list of notices and unapplied changes on"),
    "revisions": Gap(Kind.REVISIONS_UNKNOWN, Level.NOTE, "the last changes of config.xml on"),
    "upgrade": Gap(Kind.UPGRADE_UNKNOWN, Level.DEGRADED, "the state of pfSense's upgrade on"),
    "claim": Gap(Kind.CLAIM_UNKNOWN, Level.NOTE, "the claim on"),
    "identity": Gap(Kind.IDENTITY_UNKNOWN, Level.NOTE, "the identity of"),
    "options": Gap(Kind.OPTIONS_UNKNOWN, Level.DEGRADED, "the quorum and space of Gluster"),
    "transfer": Gap(Kind.TRANSFER_UNKNOWN, Level.DEGRADED, "the state of full copies (SST) on"),
    "updates": Gap(Kind.UPDATES_UNKNOWN, Level.NOTE, "the list of updates for"),
    "jobs": Gap(Kind.JOBS_UNKNOWN, Level.NOTE, "the state of drainboard's jobs on"),
    "prepared": Gap(Kind.PREPARED_UNKNOWN, Level.NOTE, "the readiness for a patch of"),
    "tables": Gap(Kind.TABLES_UNKNOWN, Level.NOTE, "the list of tables that replicate badly in"),
}
"""Gaps by the reading's field."""
SPOKEN: Mapping[str, Kind] = {
    "carp": Kind.FIREWALL_LOST,
    "pools": Kind.POOLS_UNKNOWN,
    "config": Kind.CONFIG_UNKNOWN,
    "host": Kind.LOST,
    "galera": Kind.MYSQL_SILENT,
    "site": Kind.SITE_SILENT,
    "state": Kind.VOLUME_UNKNOWN,
    "split_brain": Kind.SPLIT_BRAIN_UNKNOWN,
    "visit": Kind.VISIT_SILENT,
}
"""By the field of a reading: the kind of the finding that another rule makes of its silence."""

if unsaid := {question.field for question in QUESTIONS} ^ {*GAPS, *SPOKEN}:
    raise TypeError(f"each reading needs one finding that message it is not known, in GAPS or in SPOKEN: {unsaid}")


def readings_are_known(snapshot: Snapshot) -> Iterator[Finding]:
    """Unknown readings of each machine that answers."""
    gone = tuple(view.name for view in snapshot.nodes if asked_but_unknown(view.host))
    for subject, field, doubt in _doubts():
        for view in _views(snapshot, subject):
            reading = getattr(view, field)
            if asked_but_unknown(reading) and _answers(snapshot, view):
                message = f"{doubt.what} {view.name} is not known: {reading.why}"
                shared = subject in (Subject.VOLUME, Subject.DATABASE)
                yield Finding(doubt.level, view.name, doubt.kind, message, gone if shared else ())


IN_PART: Mapping[str, Gap] = GAPS | {
    "galera": Gap(Kind.MEMBER_UNKNOWN, Level.NOTE, "counters of MySQL on"),
    "state": Gap(Kind.VOLUME_UNKNOWN, Level.DEGRADED, "bricks and peers of Gluster"),
    "split_brain": Gap(Kind.SPLIT_BRAIN_UNKNOWN, Level.DEGRADED, "split-brain of Gluster"),
}
"""The finding of each field whose reading may hold `unread`: a row that can't be read costs itself only. CARP's are
told beside the roles."""


def all_is_read(snapshot: Snapshot) -> Iterator[Finding]:
    """Rows that can't be read, of readings that are known."""
    for question in QUESTIONS:
        for view in _views(snapshot, question.subject) if question.field in IN_PART else ():
            reading: Reading[Any] = getattr(view, question.field)
            unread: tuple[str, ...] = getattr(reading.value, "unread", ()) if isinstance(reading, Known) else ()
            if unread:
                doubt = IN_PART[question.field]
                message = f"{doubt.what} {view.name} is not known in part: {'; '.join(unread)}"
                yield Finding(doubt.level, view.name, doubt.kind, message)


def _doubts() -> Iterator[tuple[Subject, str, Gap]]:
    for question in QUESTIONS:
        if question.field in GAPS:
            yield question.subject, question.field, GAPS[question.field]


def _views(snapshot: Snapshot, subject: Subject) -> tuple[View, ...]:
    return getattr(snapshot, subject.value)


def _answers(snapshot: Snapshot, view: Any) -> bool:
    """The machine answers. If it does not, that is one finding; a state that many machines share is asked of whichever
    answers."""
    own = {**{one.name: one.carp for one in snapshot.firewalls}, **{one.name: one.host for one in snapshot.nodes}}
    return isinstance(own.get(view.name, Known(None, 0.0)), Known)


def first_answers(snapshot: Snapshot) -> Iterator[Finding]:
    """Readings that were not asked yet: until then nothing is known to be well. A reading that could hide only notes is
    not waited for."""
    waiting = [
        view.name
        for question in QUESTIONS
        if question.field not in GAPS or GAPS[question.field].level > Level.NOTE
        for view in _views(snapshot, question.subject)
        if _unasked(getattr(view, question.field)) and question.asks(snapshot.cluster, view.name)
    ]
    for name in dict.fromkeys(waiting):
        yield Finding(Level.UNKNOWN, name, Kind.NOT_ASKED, f"{name} not asked yet")


def _unasked(reading: Reading[Any]) -> bool:
    return isinstance(reading, Unknown) and not reading.since


def something_answers(snapshot: Snapshot) -> Iterator[Finding]:
    """No machine answers at all: that is one cause, and it may be here."""
    every = [*(one.carp for one in snapshot.firewalls), *(one.host for one in snapshot.nodes)]
    silent = [one for one in every if asked_but_unknown(one)]
    if len(silent) < len(every) or all(one.ours for one in silent):
        return
    since = clock(max(one.since for one in silent))
    served = listed(one.name for one in snapshot.vips if isinstance(one.visit, Known) and one.visit.value.served)
    told = f"but visitors of {served} are served" if served else "it may be this console's own link"
    message = f"no answer from any of {counted(len(silent), 'machine')} since {since}: {told}; {silent[0].why}"
    of = tuple(machine.name for machine in snapshot.cluster.machines)
    yield Finding(Level.UNKNOWN, "machines", Kind.NOTHING_ANSWERS, message, of)


def console_keeps_up(snapshot: Snapshot) -> Iterator[Finding]:
    """Machines that this computer was too slow to ask or to hear. Of a volume, Gluster may be the slow one."""
    unheard = {
        view.name: reading.why
        for question in QUESTIONS
        for view in _views(snapshot, question.subject)
        if isinstance(reading := getattr(view, question.field), Unknown) and reading.ours
    }
    if unheard.keys() <= set(snapshot.cluster.volumes):
        return
    machines = [machine.name for machine in snapshot.cluster.machines if machine.name in unheard]
    of = listed(machines) if len(machines) < len(snapshot.cluster.machines) else ""
    why = next(iter(unheard.values()))
    message = f"this computer is too busy to tell the state of {of or snapshot.cluster.name}: {why}"
    yield Finding(Level.UNKNOWN, "this computer", Kind.CONSOLE_BUSY, message, tuple(unheard))


RULES = (console_keeps_up, readings_are_known, all_is_read, first_answers)
"""Beside `something_answers`, which comes before every layer's."""
