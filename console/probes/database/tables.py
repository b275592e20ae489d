"""Tables that Galera does not replicate, or replicates badly: not InnoDB, or without a primary key.

information_schema shows a user only tables it has some right on, and leaves out the others without a word: so the
user's own global privileges are read first. Measured on MariaDB 10.11: SHOW VIEW or REFERENCES on *.* shows them all,
PROCESS or SHOW DATABASES none. Both queries open the tables' definitions only, never the tables.
"""

import re
from dataclasses import dataclass

from console.inventory.cluster import Cluster
from console.probes.ask import Query, Rows, Unreadable
from console.probes.parsing import short
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text

MAX_TABLES = 5000
"""Tables counted."""
NAMED = 50
SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
REVEALING = (
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP"),
    *("REFERENCES", "INDEX", "ALTER", "TRIGGER", "CREATE VIEW", "SHOW VIEW"),
)
"""Any of these on *.* shows all tables."""
PRIVILEGE = "SHOW VIEW"
"""The least of those privileges. Measured on MariaDB 10.11; for MySQL 8 from its manual, not tried."""
GRANT = f"GRANT {PRIVILEGE} ON *.* TO {{user}}"
PRIVILEGES = (
    "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES "
    "WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"
)
GRANTS = "SHOW GRANTS"
"""The rights of the user and of the roles that are active: USER_PRIVILEGES has no row for what a role holds."""
STANDING_OUT = (
    "SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, (TABLE_SCHEMA, TABLE_NAME) NOT IN (SELECT TABLE_SCHEMA, TABLE_NAME "
    "FROM information_schema.STATISTICS WHERE INDEX_NAME = 'PRIMARY' AND SEQ_IN_INDEX = 1) AS keyless "
    "FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') AND TABLE_SCHEMA NOT IN ("
    + ", ".join(f"'{name}'" for name in SYSTEM)
    + f") HAVING keyless OR ENGINE IS NULL OR ENGINE <> 'InnoDB' ORDER BY 1, 2 LIMIT {MAX_TABLES + 1}"
)


_GLOBAL = re.compile(r"GRANT (?P<rights>[A-Z ,]{1,4000}) ON \*\.\* TO ")
_USER = re.compile(r"'[\w.$-]{1,80}'@'[\w.%:/-]{1,255}'", re.ASCII)


@dataclass(frozen=True)
class Tables:
    """Faults of the cluster's tables, system schemas left out."""

    not_innodb: int
    no_primary_key: int
    names: tuple[str, ...]
    """The first of them: "schema.table: MyISAM", "schema.table: no primary key"."""
    complete: bool = True
    """False: there are more than were counted."""


def parse(answers: tuple[Rows, ...], _before: Tables | None) -> Tables:
    """Read the user's global privileges, the tables with a fault, and what SHOW GRANTS prints."""
    privileges, tables, *grants = answers
    _entitled(privileges, [row[0] for rows in grants for row in rows.rows if row])
    if any(len(row) != 4 or not row[1] or row[3] not in ("0", "1") for row in tables.rows):
        raise Unreadable("not the four columns asked for")
    counted = tables.rows[:MAX_TABLES]
    return Tables(
        not_innodb=sum(row[2] != "InnoDB" for row in counted),
        no_primary_key=sum(row[3] == "1" for row in counted),
        names=tuple(_said(row) for row in counted[:NAMED]),
        complete=len(tables.rows) <= MAX_TABLES,
    )


def _entitled(privileges: Rows, grants: list[str]) -> None:
    if not privileges.rows or any(len(row) != 2 for row in privileges.rows):
        raise Unreadable("MySQL does not say which privileges this user has")
    lines = [found for line in grants if (found := _GLOBAL.match(line))]
    rights = {right.strip() for found in lines for right in found["rights"].split(",")}
    rights |= {row[1] for row in privileges.rows}
    if rights.isdisjoint((*REVEALING, "ALL PRIVILEGES")):
        told = privileges.rows[0][0]
        user = told if _USER.fullmatch(told) else "USER"  # it stands in a statement that a person may run as root
        raise Unreadable(f"{user} is not shown the tables; on one node: {GRANT.format(user=user)}")


def _said(row: tuple[str, ...]) -> str:
    schema, name, engine, keyless = row
    wrong = [short(engine) or "can't be opened"] if engine != "InnoDB" else []
    wrong += ["no primary key"] if keyless == "1" else []
    return plain_text(f"{schema}.{name}: {', '.join(wrong)}", 200)


def _asks(cluster: Cluster, _name: str) -> tuple[Query, ...]:
    return (Query(PRIVILEGES), Query(STANDING_OUT), Query(GRANTS)) if cluster.mysql else ()


TABLES = Question(
    field="tables",
    title="MySQL, tables",
    subject=Subject.DATABASE,
    cadence=Cadence.SELDOM,
    asks=_asks,
    parse=parse,
    remedy="",
    privileges=(PRIVILEGE,),
)
