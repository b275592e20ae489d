"""A node's Galera member: MariaDB Galera or Percona XtraDB Cluster, which print the same wsrep variables.

Counters are totals since the server's start: only the difference between two looks is a rate, over the console's own
clock. Uptime, whole seconds, tells a restart: then there is no baseline.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from console.inventory.cluster import Cluster
from console.probes.ask import Query, Rows
from console.probes.database.seqnos import Sample, longer
from console.probes.parsing import each, rate, short, table, told, whole
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text, quoted

NONE = ("18446744073709551615", "-1")
"""wsrep prints -1, or -1 unsigned, for a conf_id or a seqno it does not have."""
MIN_SECONDS = 0.5
"""Seconds a rate is over at least: a look that was hurried keeps the rates of the one before it."""
DOWNTO = "wsrep_local_cached_downto"
MAX_SETTING = 300
"""Characters of a setting that is compared."""
ENOUGH_LOOKS = 3
"""Counting further would only repaint."""
STATUS = (
    "Threads_connected",
    "Uptime",
    "wsrep_cluster_conf_id",
    "wsrep_cluster_size",
    "wsrep_cluster_state_uuid",
    "wsrep_cluster_status",
    "wsrep_connected",
    "wsrep_flow_control_active",
    "wsrep_flow_control_paused_ns",
    "wsrep_flow_control_status",
    "wsrep_last_committed",
    "wsrep_local_bf_aborts",
    DOWNTO,
    "wsrep_local_cert_failures",
    "wsrep_local_recv_queue",
    "wsrep_local_state_comment",
    "wsrep_ready",
    "wsrep_received_bytes",
    "wsrep_replicated",
    "wsrep_replicated_bytes",
)
VARIABLES = (
    *("max_connections", "read_only", "wsrep_desync", "pxc_maint_mode", "wsrep_on", "wsrep_provider"),
    "wsrep_reject_queries",
    "wsrep_cluster_address",
)
MEMBERSHIP = ("wsrep_on", "wsrep_provider", "wsrep_cluster_address")
"""Settings that make a server a member of its cluster."""
MAINTENANCE = ("MAINTENANCE", "SHUTDOWN")
"""Values of pxc_maint_mode other than DISABLED."""
REJECTS = ("ALL", "ALL_KILL")
"""Values of wsrep_reject_queries other than NONE."""
NO_MEMBER = {
    "wsrep_cluster_conf_id": "-1",
    "wsrep_cluster_size": "0",
    "wsrep_cluster_status": "Disconnected",
    "wsrep_last_committed": "-1",
    "wsrep_local_recv_queue": "0",
}
"""Values in the place of those that a server without wsrep does not print."""


@dataclass(frozen=True)
class Totals:
    """The server's counters at one look. None: not printed."""

    at: float
    """The console's monotonic seconds."""
    uptime: int
    committed: int
    paused_ns: int | None
    cert_failures: int | None
    bf_aborts: int | None
    size: int | None
    """Bytes of write-sets, replicated and received."""
    written: int | None = None
    """Write-sets of its own clients."""


@dataclass(frozen=True)
class Wsrep:
    """One member's own view. Size alone lies: both halves of a split can show the right number.

    Every rate is over the time between two looks, and None while there is no look of the same server before it.
    """

    status: str
    """Primary, non-Primary or Disconnected."""
    size: int
    conf_id: int
    uuid: str
    """wsrep_cluster_state_uuid: members of one cluster agree on it and on conf_id."""
    state: str
    """wsrep_local_state_comment: Synced, Donor/Desynced, Joining..., Joined, Initialized."""
    ready: bool
    recv_queue: int
    """Write-sets received and not yet applied."""
    last_committed: int
    commits_per_second: float | None
    desynced: bool
    read_only: bool
    maintenance: str
    """pxc_maint_mode, or "" where there is none (MariaDB)."""
    rejects: str = ""
    """wsrep_reject_queries: it stays Synced and refuses every query; "" where it does not."""
    alone: bool = False
    """It runs without wsrep (wsrep_on is OFF, or there is no provider): nobody else gets what is written here."""
    connected: bool = True
    """wsrep_connected: to the group, whatever becomes of it."""
    flow_control: float | None = None
    """Share of the time, 0 to 1, in which commits were paused for a slow member's sake."""
    flow_control_active: bool | None = None
    """It holds at this moment, where the version prints it."""
    cert_failures: float | None = None
    """Transactions a second refused at commit because another node changed the same row."""
    bf_aborts: float | None = None
    """Transactions a second ended here, before their commit, by another node's write-set."""
    bytes_per_second: float | None = None
    """Bytes of write-sets a second, replicated and received: they fill the gcache."""
    written: int | None = None
    """Transactions that its own clients have written and the others got, since this server started."""
    written_per_second: float | None = None
    quiet: float | None = field(default=None, compare=False)
    """Seconds without such a transaction, as far as looks tell."""
    connections: int | None = field(default=None, compare=False)
    """Clients that are connected, ours among them."""
    max_connections: int | None = None
    cached_downto: int | None = None
    """Seqno of the oldest write-set in the gcache; None: there is none."""
    cache_full: bool = False
    """The gcache has been seen to drop write-sets since this server started: it holds all it can."""
    looks: int = field(default=1, compare=False)
    """Looks in a row, at most ENOUGH_LOOKS, that found this uuid and conf_id: after each change the members say it a
    moment apart, and are not asked at the same moment."""
    uptime: int = field(default=0, compare=False)
    """Seconds since the server's start, whole ones."""
    asked: float = field(default=0.0, compare=False)
    """The console's monotonic seconds of this look."""
    totals: Totals | None = field(default=None, compare=False)
    """Baseline of the next rates: the last look, or the one before it where that was hurried."""
    history: tuple[Sample, ...] = field(default=(), compare=False)
    """Seqnos and their times, oldest first."""
    membership: tuple[str, ...] = ()
    """The settings that make it a member of its cluster, as NAME=VALUE."""
    unread: tuple[str, ...] = ()
    """Reasons why a counter can't be read; the state stands."""

    @property
    def synced(self) -> bool:
        """Part of the Primary component, Synced and ready for queries."""
        return self.status == "Primary" and self.state == "Synced" and self.ready

    @property
    def tells_view(self) -> bool:
        """It says who it sees. A member beside another major version (5.7, 8.0) may serve and print size 0, or no
        conf_id or uuid."""
        return self.size > 0 and self.conf_id >= 0 and bool(self.uuid.strip("0-"))

    @property
    def serves(self) -> bool:
        """Synced, and it answers queries as a member of the cluster."""
        return self.synced and not self.rejects and not self.alone

    @property
    def leftovers(self) -> tuple[str, ...]:
        """Settings that only maintenance or a repair needs, as they are written; a value nobody knows is quoted."""
        mode = self.maintenance if self.maintenance in MAINTENANCE else quoted(self.maintenance)
        rejects = self.rejects if self.rejects in REJECTS else quoted(self.rejects)
        left = {"wsrep_desync=ON": self.desynced, "read_only=ON": self.read_only}
        left[f"pxc_maint_mode={mode}"] = self.maintenance not in ("", "DISABLED")
        left[f"wsrep_reject_queries={rejects}"] = bool(self.rejects)
        return tuple(setting for setting, on in left.items() if on)


def split(members: Iterable[Wsrep]) -> bool:
    """More of them say that they are Primary than any of them sees: there are several such components."""
    told = [member for member in members if member.status == "Primary" and member.tells_view]
    return len(told) > max((member.size for member in told), default=0)


class _Rates(NamedTuple):
    """Rates a second since the look at `since`; None without a baseline."""

    since: Totals
    commits: float | None = None
    paused: float | None = None
    cert_failures: float | None = None
    bf_aborts: float | None = None
    size: float | None = None
    written: float | None = None


def parse(answers: tuple[Rows, ...], before: Wsrep | None) -> Wsrep:
    """Read SHOW GLOBAL STATUS and SHOW GLOBAL VARIABLES."""
    status, variables = table(answers[0]), table(answers[1])
    if alone := _alone(status, variables):
        status = NO_MEMBER | status
    unread: list[str] = []
    now = _totals(status, answers[0].at, unread)
    rates = _rates(before, now)
    uuid = short(status.get("wsrep_cluster_state_uuid"))
    downto = None if status.get(DOWNTO) in NONE else _count(status, DOWNTO, unread)
    return Wsrep(
        status=short(status["wsrep_cluster_status"]),
        size=_number(status, "wsrep_cluster_size"),
        conf_id=_number(status, "wsrep_cluster_conf_id"),
        uuid=uuid,
        state=short(status.get("wsrep_local_state_comment")),
        ready=status.get("wsrep_ready") == "ON",
        recv_queue=_number(status, "wsrep_local_recv_queue"),
        last_committed=now.committed,
        commits_per_second=rates.commits,
        desynced=variables.get("wsrep_desync") == "ON",
        read_only=variables.get("read_only", "OFF") not in ("OFF", "0", ""),
        maintenance=short(variables.get("pxc_maint_mode")),
        rejects="" if variables.get("wsrep_reject_queries") == "NONE" else short(variables.get("wsrep_reject_queries")),
        alone=alone,
        connected=status.get("wsrep_connected") == "ON",
        flow_control=None if rates.paused is None else min(1.0, rates.paused / 1e9),
        flow_control_active=_flag(status, "wsrep_flow_control_active", "wsrep_flow_control_status"),
        cert_failures=rates.cert_failures,
        bf_aborts=rates.bf_aborts,
        bytes_per_second=rates.size,
        written=now.written,
        written_per_second=rates.written,
        quiet=_quiet(before, now),
        connections=_count(status, "Threads_connected", unread),
        max_connections=_count(variables, "max_connections", unread),
        cached_downto=downto,
        cache_full=_dropped(before, now, downto),
        looks=_looks(before, uuid, _number(status, "wsrep_cluster_conf_id")),
        uptime=now.uptime,
        asked=now.at,
        totals=rates.since,
        history=_history(before, now, uuid) if rates.since is now or before is None else before.history,
        membership=tuple(
            f"{name}={plain_text(variables[name], MAX_SETTING)}" for name in MEMBERSHIP if name in variables
        ),
        unread=told(unread),
    )


def _alone(status: dict[str, str], variables: dict[str, str]) -> bool:
    off = variables.get("wsrep_on") in ("OFF", "0") or variables.get("wsrep_provider") in ("none", "")
    return off or "wsrep_cluster_status" not in status


def _looks(before: Wsrep | None, uuid: str, conf_id: int) -> int:
    same = before is not None and (before.uuid, before.conf_id) == (uuid, conf_id)
    return min(ENOUGH_LOOKS, before.looks + 1) if before is not None and same else 1


def _totals(status: dict[str, str], at: float, unread: list[str]) -> Totals:
    def count(name: str) -> int | None:
        return _count(status, name, unread)

    replicated, received = (count(f"wsrep_{way}_bytes") for way in ("replicated", "received"))
    return Totals(
        at=at,
        uptime=whole(status.get("Uptime"), "Uptime"),
        committed=_number(status, "wsrep_last_committed"),
        paused_ns=count("wsrep_flow_control_paused_ns"),
        cert_failures=count("wsrep_local_cert_failures"),
        bf_aborts=count("wsrep_local_bf_aborts"),
        size=None if replicated is None or received is None else replicated + received,
        written=count("wsrep_replicated"),
    )


def _rates(before: Wsrep | None, now: Totals) -> _Rates:
    then = before.totals if before else None
    if before is None or then is None or now.uptime < then.uptime or now.at <= then.at:
        return _Rates(now)
    seconds = now.at - then.at
    if seconds < MIN_SECONDS:
        flow = None if before.flow_control is None else before.flow_control * 1e9
        figures = before.commits_per_second, flow, before.cert_failures, before.bf_aborts, before.bytes_per_second
        return _Rates(then, *figures, before.written_per_second)
    return _Rates(
        now,
        rate(then.committed, now.committed, seconds),
        rate(then.paused_ns, now.paused_ns, seconds),
        rate(then.cert_failures, now.cert_failures, seconds),
        rate(then.bf_aborts, now.bf_aborts, seconds),
        rate(then.size, now.size, seconds),
        rate(then.written, now.written, seconds),
    )


def _quiet(before: Wsrep | None, now: Totals) -> float | None:
    """Counted from the look that found the last new one; None where none is counted."""
    if now.written is None:
        return None
    if before is None or before.quiet is None or now.uptime < before.uptime:
        return 0.0
    return before.quiet + max(0.0, now.at - before.asked) if before.written == now.written else 0.0


def _dropped(before: Wsrep | None, now: Totals, downto: int | None) -> bool:
    """Write-sets have left the gcache between two looks, in this life of the server."""
    if before is None or now.uptime < before.uptime or before.cached_downto is None or downto is None:
        return False
    return downto > before.cached_downto or (before.cache_full and downto == before.cached_downto)


def _history(before: Wsrep | None, now: Totals, uuid: str) -> tuple[Sample, ...]:
    """Seqnos of another cluster mean nothing here. What was written goes on over a restart of the server."""
    seen = before.history if before and before.uuid == uuid else ()
    then = before.totals if before else None
    if not seen or then is None:
        return longer((), Sample(now.at, now.committed, None if now.size is None else 0))
    if now.size is None:
        return longer(seen, Sample(now.at, now.committed, None))
    began_anew = then.size is None or now.uptime < then.uptime or now.size < then.size
    grown = now.size if began_anew or then.size is None else now.size - then.size
    return longer(seen, Sample(now.at, now.committed, (seen[-1].written or 0) + grown))


def _number(status: dict[str, str], name: str) -> int:
    text = status.get(name)
    return -1 if text in NONE else whole(text, name)


def _count(status: dict[str, str], name: str, unread: list[str]) -> int | None:
    """A counter that some versions do not print. None also where it can't be read."""
    return next(iter(each(lambda text: whole(text, name), [status[name]] if name in status else [], unread)), None)


def _flag(status: dict[str, str], *names: str) -> bool | None:
    """The value of the first of these names that is printed: galera 26.4 prints `true`, Percona XtraDB Cluster `ON`."""
    printed = next((status[name] for name in names if name in status), None)
    return None if printed is None else printed.lower() in ("true", "on", "1")


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _asks(cluster: Cluster, _name: str) -> tuple[Query, ...]:
    if cluster.mysql is None:
        return ()
    return (
        Query(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({_named(STATUS)})"),
        Query(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({_named(VARIABLES)})"),
    )


GALERA = Question(
    field="galera",
    title="Galera member, now",
    subject=Subject.NODE,
    cadence=Cadence.FAST,
    asks=_asks,
    parse=parse,
    remedy="see the [mysql] table of the inventory; `drainboard grants` prints what the user needs",
    privileges=(),
)
