"""The least rights in MySQL, from the statements that are really sent."""

from collections.abc import Iterator, Sequence

from console.commands.plain import Exit, say
from console.inventory import Cluster, Mysql
from console.rounds import asked

PASSWORD = "put-a-password-here"  # noqa: S105 -- it says so itself
USER = "put-the-user-here"
"""Where only the option file names it: without a name MySQL makes an account for everybody."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def grants(clusters: Sequence[Cluster], mariadb: bool = True, mysql: bool = True) -> Exit:
    """Prints the statements for each cluster, in both dialects if both are wanted."""
    for cluster in clusters:
        if cluster.mysql is None:
            say(f"-- {cluster.name} has no MySQL in the inventory")
            continue
        try:
            tuple(statements(cluster))
        except ValueError as error:
            say(f"-- {cluster.name}: {error}")
            return Exit.USAGE
        say(f"-- {cluster.name}: on one node, Galera carries it to the others. Put the same password where the")
        say("-- inventory says, and in the place of the one here.")
        if mariadb:
            say("-- MariaDB:")
            for line in statements(cluster):
                say(line)
        if mysql:
            say("-- MySQL 8, Percona XtraDB Cluster 8:")
            for line in (*_advice(cluster.mysql), *statements(cluster, _plugin(cluster.mysql))):
                say(line)
    return Exit.DONE


def statements(cluster: Cluster, plugin: str = "", password: str = PASSWORD) -> Iterator[str]:
    """CREATE USER and GRANT, one statement a line."""
    if cluster.mysql is None:
        return
    users = [f"{quoted(cluster.mysql.user or USER)}@{quoted(host)}" for host in hosts(cluster.mysql)]
    how = f"IDENTIFIED {f'WITH {plugin} ' if plugin else ''}BY {quoted(password)}"
    for user in users:
        yield f"CREATE USER {user} {how};"
    privileges = needed(cluster)
    for user in users if privileges else ():
        yield f"GRANT {', '.join(privileges)} ON *.* TO {user};"


def needed(cluster: Cluster) -> tuple[str, ...]:
    """Privileges on *.* for all that is asked."""
    return tuple(dict.fromkeys(one for question, _ in asked(cluster) for one in question.privileges or ()))


def hosts(mysql: Mysql) -> tuple[str, ...]:
    """Where the console comes from, as the server sees it: always from the node itself, through SSH. A server with
    skip_name_resolve knows addresses only."""
    if mysql.socket:
        return ("localhost",)
    return ("localhost", "::1" if mysql.host == "::1" else "127.0.0.1") if mysql.host in LOOPBACK else (mysql.host,)


def _plugin(mysql: Mysql) -> str:
    """caching_sha2_password, the default there, takes no password over bare TCP, and SSH is that to the server."""
    return "" if mysql.socket else "mysql_native_password"


def _advice(mysql: Mysql) -> Iterator[str]:
    if not mysql.socket:
        yield "-- (mysql_native_password, because the way is TCP. With `socket` in [cluster.NAME.mysql] it can be left"
        yield "-- out, and must be left out where the server has no such plug-in any more.)"


def quoted(text: str) -> str:
    """A string of SQL, whichever sql_mode the server has: no backslash can stand in it."""
    if "\\" in text or not text.isprintable():
        raise ValueError(f"{text!r} can't be written into a statement")
    return "'" + text.replace("'", "''") + "'"
