"""information_schema's rows about the tables. A user without some right on a table gets no row, and no error."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from console.sim.mysql_wire import MysqlError, Result

REVEALING = {"SELECT", "INSERT", "SHOW VIEW", "REFERENCES", "TRIGGER", "INDEX", "ALTER"}
"""The global privileges that show all tables (tried one by one on MariaDB 10.11)."""
USER = "'drainboard'@'127.0.0.1'"


@dataclass(frozen=True)
class Table:
    schema: str
    name: str
    engine: str = "InnoDB"
    keyed: bool = True
    """Has a primary key."""


def grants(holders: Sequence[Sequence[str]]) -> Result:
    """SHOW GRANTS: a user's rights, and those of the role that is active."""
    rights = [", ".join(privileges) or "USAGE" for privileges in holders]
    return Result(("Grants",), [(f"GRANT {one} ON *.* TO `drainboard`@`127.0.0.1`",) for one in rights])


def query(tables: Sequence[Table], privileges: Sequence[str], role: Sequence[str], sql: str) -> Result:
    """A SELECT on information_schema, as far as anyone asks for it. `role`: rights of the role that is active, which
    USER_PRIVILEGES does not show."""
    selected = re.match(r"(?is)\s*select\s+(.*?)\s+from\s+information_schema\.(\w+)", sql.replace("\n", " "))
    if re.search(r"(?i)information_schema\.user_privileges", sql):
        return Result(("GRANTEE", "PRIVILEGE_TYPE"), [(USER, privilege) for privilege in privileges or ["USAGE"]])
    if selected is None or not re.search(r"(?i)information_schema\.tables\b", sql):
        raise MysqlError(1109, "42S02", "Unknown table in information_schema")
    shown = tuple(tables) if REVEALING & {*privileges, *role} else ()
    rows = [
        (table.schema, table.name, table.engine, str(int(not table.keyed)))
        for table in sorted(shown, key=lambda table: (table.schema, table.name))
        if table.engine != "InnoDB" or not table.keyed
    ]
    return Result(("TABLE_SCHEMA", "TABLE_NAME", "ENGINE", "keyless"), rows)
