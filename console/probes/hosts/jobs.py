"""Long work that systemd does on a node under a fixed name: how far it is, and its last words.

A unit of `systemd-run --remain-after-exit` stays when its work has ended, until somebody clears it, or a boot. The name
is the lock: systemd starts no second one of it. InvocationID (systemd 232) tells which start it was. systemctl(1),
journalctl(1), systemd.journal-fields(7).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.hosts.identity import BOOT_ID
from console.probes.parsing import lines_of, ran, short
from console.probes.question import Cadence, Question, Subject
from console.text import figure, plain_text

KINDS = ("packages", "refresh", "writer")
"""The last one only where the inventory states a command that keeps a moved writer."""
MAX_LINES = 50
"""Lines of the journal that are read: the last ones."""
MAX_LINE = 300
"""Characters of one of them."""
_PROPERTIES = ("LoadState", "ActiveState", "SubState", "Result", "ExecMainStatus", "InvocationID")
_ENDED = (("active", "exited"), ("failed", "failed"))


@dataclass(frozen=True)
class Job:
    """The unit of one kind of job."""

    kind: str
    there: bool
    """systemd holds such a unit: its work is under way, or has ended and nobody has cleared it."""
    state: str
    """ActiveState/SubState."""
    result: str
    status: int
    """Exit status of its work; or the signal's number, where one ended it."""
    invocation: str | None
    """Identifies one start of the unit. None on a systemd that has none."""
    words: tuple[str, ...] = ()
    """Its own last lines."""
    read: bool = False
    """It has ended, and two looks in a row have found the same words."""

    @property
    def ended(self) -> bool:
        """The work has ended, well or not."""
        return self.there and self.state in {"/".join(one) for one in _ENDED}

    @property
    def well(self) -> bool:
        """It has ended as it should."""
        return self.ended and self.result == "success"


@dataclass(frozen=True)
class Jobs:
    """`boot`: the boot id, for a unit is gone after the next."""

    boot: str
    units: tuple[Job, ...]

    def of(self, kind: str) -> Job:
        """Raises KeyError."""
        return {job.kind: job for job in self.units}[kind]


def kinds(cluster: Cluster) -> tuple[str, ...]:
    """The kinds that a cluster may have."""
    keeps = cluster.mysql_proxy is not None and cluster.mysql_proxy.keep is not None
    return KINDS if keeps else KINDS[:-1]


def unit(kind: str) -> str:
    """Its name, in systemd's full form."""
    return f"drainboard-{kind}.service"


def parse(answers: tuple[Ran, ...], before: Jobs | None) -> Jobs:
    """Read the boot id, then three answers for each kind: its unit, the unit's file and the journal."""
    boot = ran(answers[0]).strip()
    if not boot:
        raise Unreadable("/proc named no boot id")
    kinds = KINDS[: (len(answers) - 1) // 3]
    units = (_job(kind, answers[3 * at + 1], answers[3 * at + 3], before) for at, kind in enumerate(kinds))
    return Jobs(short(boot), tuple(units))


def _job(kind: str, shown: Ran, printed: Ran, before: Jobs | None) -> Job:
    told = dict(line.split("=", 1) for line in lines_of(ran(shown)) if "=" in line)
    if told.get("LoadState") == "not-found":  # of a unit that is not there some versions tell less
        told = {"SubState": "dead", "Result": "success", "ExecMainStatus": "0"} | told
    if missing := [name for name in _PROPERTIES[:-1] if name not in told]:
        raise Unreadable(f"systemctl show printed no {missing[0]}")
    active, status = told["ActiveState"], figure(told["ExecMainStatus"])
    if status is None:
        raise Unreadable("systemctl show printed no number as ExecMainStatus")
    invocation = short(told["InvocationID"]) if "InvocationID" in told else None
    there = told["LoadState"] != "not-found" and active != "inactive"
    words = tuple(_words(printed, invocation)) if there and invocation else ()
    state = f"{short(active)}/{short(told['SubState'])}"
    job = Job(kind, there, state, short(told["Result"]), status, invocation, words)
    last = before.of(kind) if before else None
    same = last is not None and last.ended and (last.invocation, last.words) == (invocation, words)
    return replace(job, read=job.ended and same)


def _words(printed: Ran, invocation: str) -> Iterator[str]:
    """The lines of this start: the journal holds those of earlier ones, and systemd's own, under the same name."""
    entries = [_entry(line) for line in lines_of(ran(printed))]
    if entries and not any(entries):
        raise Unreadable("journalctl did not print JSON")
    for fields in entries:
        if not fields or fields.get("_SYSTEMD_INVOCATION_ID") == invocation:
            yield plain_text(_text(fields.get("MESSAGE")), MAX_LINE)


def _entry(line: str) -> dict[str, Any]:
    """A line of the journal; of one that can't be read nobody knows whose it is."""
    try:
        entry: object = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    return cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}


def _text(message: object) -> str:
    """journalctl prints bytes that are no text as numbers, and null for what is too long."""
    if isinstance(message, str):
        return message
    numbers = cast("list[object]", message) if isinstance(message, list) else []
    if numbers and all(isinstance(one, int) and 0 <= one < 256 for one in numbers):
        return bytes(cast("list[int]", numbers)).decode(errors="replace")
    return "(a line that can't be shown)"


def _asks(kind: str) -> tuple[Run, ...]:
    """The journal only where there is such a unit: root is needed for nothing else."""
    name = unit(kind)
    journal = ("journalctl", f"--unit={name}", f"--lines={MAX_LINES}", "--output=json", "--quiet", "--no-pager")
    return (
        Run(("systemctl", "show", name, "--property", ",".join(_PROPERTIES))),
        Run(("systemctl", "cat", name)),
        Run(journal, root=True, only_after=True, timeout=10),
    )


JOBS = Question(
    field="jobs",
    title="long work done by systemd",
    subject=Subject.NODE,
    cadence=Cadence.SELDOM,
    asks=lambda cluster, _name: (
        Run(("cat", BOOT_ID), timeout=None),
        *(ask for kind in kinds(cluster) for ask in _asks(kind)),
    ),
    parse=parse,
    apart=True,  # a step that waits for its end asks often, and would have the updates counted each time
)
