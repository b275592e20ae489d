"""The least rights in MySQL, from the statements that are really sent."""

from collections.abc import Iterator, Sequence

from console.cli.plain import Exit, say
from console.inventory.cluster import Cluster, Mysql
from console.probes.schedule import asked

PASSWORD = "put-a-password-here"  # noqa: S105 -- it says so itself
USER = "put-the-user-here"
"""Stands in for a user that only the option file names: without a name MySQL makes an account for everybody."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def grants(clusters: Sequence[Cluster]) -> Exit:
    """Print the statements for each cluster. MariaDB, MySQL 8 and Percona XtraDB Cluster take the same."""
    for cluster in clusters:
        if cluster.mysql is None:
            say(f"-- {cluster.name} has no MySQL in the inventory")
            continue
        try:
            lines = tuple(statements(cluster))
        except ValueError as error:
            say(f"-- {cluster.name}: {error}")
            return Exit.USAGE
        say(f"-- {cluster.name}: on one node, Galera carries it to the others. Put the same password where the")
        say("-- inventory says, and in the place of the one here.")
        for line in lines:
            say(line)
    return Exit.DONE


def statements(cluster: Cluster, password: str = PASSWORD) -> Iterator[str]:
    """CREATE USER and GRANT, one statement a line."""
    if cluster.mysql is None:
        return
    users = [f"{quoted(cluster.mysql.user or USER)}@{quoted(host)}" for host in hosts(cluster.mysql)]
    for user in users:
        yield f"CREATE USER {user} IDENTIFIED BY {quoted(password)};"
    privileges = needed(cluster)
    for user in users if privileges else ():
        yield f"GRANT {', '.join(privileges)} ON *.* TO {user};"
    if (write := cluster.patch.write) is not None:
        users = [f"{quoted(write.login.user or USER)}@{quoted(host)}" for host in hosts(write.login)]
        for user in users:
            yield f"CREATE USER {user} IDENTIFIED BY {quoted(password)};"
            yield f"GRANT {', '.join(write.privileges)} ON {write.table} TO {user};"


def needed(cluster: Cluster) -> tuple[str, ...]:
    """Privileges on *.* for all that is asked."""
    return tuple(dict.fromkeys(one for question, _ in asked(cluster) for one in question.privileges or ()))


def hosts(mysql: Mysql) -> tuple[str, ...]:
    """The hosts of the console's account, as the server sees them: always the node itself, through SSH. A server with
    skip_name_resolve knows addresses only."""
    if mysql.socket:
        return ("localhost",)
    return ("localhost", "::1" if mysql.host == "::1" else "127.0.0.1") if mysql.host in LOOPBACK else (mysql.host,)


def quoted(text: str) -> str:
    """A string of SQL, whichever sql_mode the server has: no backslash can stand in it."""
    if "\\" in text or not text.isprintable():
        raise ValueError(f"{text!r} can't be written into a statement")
    return "'" + text.replace("'", "''") + "'"
