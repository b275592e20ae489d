"""The transactions that are open on a node's MySQL: a long one holds back a move of the writer, and is lost by it.

INNODB_TRX needs the privilege PROCESS. It prints `trx_started` in the server's zone, and NOW() is in the session's: so
both are brought to the server's.
"""

from dataclasses import dataclass

from console.inventory.cluster import Cluster
from console.probes.ask import Query, Rows, Unreadable
from console.probes.parsing import whole
from console.probes.question import Cadence, Question, Subject

PRIVILEGE = "PROCESS"
OPEN = (
    "SELECT COUNT(*), COALESCE(MAX(TIMESTAMPDIFF(SECOND, trx_started, "
    "CONVERT_TZ(NOW(), @@session.time_zone, 'SYSTEM'))), 0) AS longest FROM information_schema.INNODB_TRX"
)


@dataclass(frozen=True)
class Transactions:
    """Open transactions, and the seconds since the oldest of them began."""

    count: int
    longest: int


def parse(answers: tuple[Rows, ...], _before: Transactions | None) -> Transactions:
    """Read the one row."""
    rows = answers[0].rows
    if len(rows) != 1 or len(rows[0]) != 2:
        raise Unreadable("not the one row asked for")
    return Transactions(whole(rows[0][0], "COUNT(*)"), whole(rows[0][1].removeprefix("-"), "longest"))


def _asks(cluster: Cluster, _name: str) -> tuple[Query, ...]:
    """Only the move of a writer needs it."""
    return (Query(OPEN),) if cluster.mysql and cluster.mysql_proxy else ()


TRANSACTIONS = Question(
    field="transactions",
    title="transactions that are open",
    subject=Subject.NODE,
    cadence=Cadence.SLOW,
    asks=_asks,
    parse=parse,
    remedy="`drainboard grants` prints what the user needs",
    privileges=(PRIVILEGE,),
)
