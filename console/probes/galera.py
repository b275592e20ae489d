"""A node's Galera member: MariaDB Galera or Percona XtraDB Cluster, which print the same wsrep variables."""

from dataclasses import dataclass

from console.answers import short, table, whole
from console.asks import Query, Rows, Unreadable
from console.inventory import Cluster
from console.question import Cadence, Question, Subject


@dataclass(frozen=True)
class Wsrep:
    """One member's own view. Size alone lies: both halves of a split can show the right number."""

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
    """Between the last two samples; None without a baseline."""
    sampled: float
    """The member's own uptime in seconds at the sample, the clock of the rate."""
    desynced: bool
    read_only: bool
    maintenance: str
    """pxc_maint_mode, or "" where there is none (MariaDB)."""

    @property
    def synced(self) -> bool:
        """Part of the Primary component, Synced and ready for queries."""
        return self.status == "Primary" and self.state == "Synced" and self.ready


def parse(answers: tuple[Rows, ...], before: Wsrep | None) -> Wsrep:
    """From SHOW GLOBAL STATUS (wsrep_% and Uptime) and SHOW GLOBAL VARIABLES."""
    status, variables = table(answers[0]), table(answers[1])
    if "wsrep_cluster_status" not in status:
        raise Unreadable("MySQL runs without wsrep: SHOW STATUS has no wsrep_cluster_status")
    committed = _number(status, "wsrep_last_committed")
    uptime = float(whole(status.get("Uptime"), "Uptime"))
    return Wsrep(
        status=short(status["wsrep_cluster_status"]),
        size=_number(status, "wsrep_cluster_size"),
        conf_id=_number(status, "wsrep_cluster_conf_id"),
        uuid=short(status.get("wsrep_cluster_state_uuid")),
        state=short(status.get("wsrep_local_state_comment")),
        ready=status.get("wsrep_ready") == "ON",
        recv_queue=_number(status, "wsrep_local_recv_queue"),
        last_committed=committed,
        commits_per_second=_rate(before, committed, uptime),
        sampled=uptime,
        desynced=variables.get("wsrep_desync") == "ON",
        read_only=variables.get("read_only") in ("ON", "1"),
        maintenance=short(variables.get("pxc_maint_mode")),
    )


def _number(status: dict[str, str], name: str) -> int:
    """wsrep prints 18446744073709551615 (-1 unsigned) for a conf_id it does not have, and -1 for a seqno."""
    text = status.get(name)
    return -1 if text in ("18446744073709551615", "-1") else whole(text, name)


def _rate(before: Wsrep | None, committed: int, uptime: float) -> float | None:
    if before is None or uptime < before.sampled or committed < before.last_committed:
        return None  # the server restarted: totals began anew and there is no baseline
    if uptime == before.sampled:
        return before.commits_per_second
    return (committed - before.last_committed) / (uptime - before.sampled)


def _asks(cluster: Cluster, _name: str) -> tuple[Query, ...]:
    if cluster.mysql is None:
        return ()
    return (
        Query("SHOW GLOBAL STATUS WHERE Variable_name LIKE 'wsrep\\_%' OR Variable_name = 'Uptime'"),
        Query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('wsrep_desync', 'read_only', 'pxc_maint_mode')"),
    )


GALERA = Question(field="galera", subject=Subject.NODE, cadence=Cadence.FAST, asks=_asks, parse=parse)
