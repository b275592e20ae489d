"""Reads an inventory from TOML. A fault is said in one sentence: file, key, what, and what is allowed."""

import re
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from console.inventory.addresses import plain
from console.inventory.cluster import (
    BALANCERS,
    Cluster,
    Firewall,
    Inventory,
    Login,
    Mysql,
    MysqlProxy,
    Node,
    Notify,
    Patch,
    Raid,
    Timings,
    Vip,
    Web,
    Write,
)
from console.inventory.table import InventoryError, Table, allowed
from console.text import plain_text

LOGIN_KEYS = ("user", "port", "config", "known_hosts", "identity")
CLUSTER_TABLES = (
    *("ssh", "firewalls", "nodes", "vips", "mysql", "mysql_proxy", "raid", "notify", "web", "patch", "timings"),
)
CLUSTER_KEYS = ("title", "volumes", "teams", "check_url", "balancer", *CLUSTER_TABLES)
PROXY_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,255}")
TABLE_NAME = re.compile(r"[A-Za-z0-9_$]{1,64}\.[A-Za-z0-9_$]{1,64}")
STATEMENT = re.compile(r"(?i)(?:INSERT|REPLACE|UPDATE)\s")
PASSWORD_SOURCES = ("password_env", "password_file", "password_command", "option_file")

__all__ = ["InventoryError", "load"]


def load(path: Path) -> Inventory:
    """The inventory in `path`. Raises InventoryError and nothing else."""
    root = Table(path, "", _document(path))
    root.only("cluster")
    clusters = root.table("cluster")
    if not clusters.keys:
        raise root.error("there is no cluster; add one: [cluster.NAME], as `drainboard inventory` shows")
    return Inventory(tuple(_cluster(name, clusters.table(clusters.name(name))) for name in clusters.keys), path)


def _document(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError:
        raise InventoryError(
            f"{path}: there is no inventory here; `drainboard inventory` prints an example, "
            f"`drainboard demo` needs none"
        ) from None
    except OSError as error:
        why = (error.strerror or "it can't be opened").lower()
        raise InventoryError(f"{path}: can't be read: {why}; make it a file that you can read") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InventoryError(f"{path}: line {line} is not UTF-8; save the file as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        why = "tables are nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InventoryError(f"{path}: is not TOML: {plain_text(why)}") from None


def _cluster(name: str, table: Table) -> Cluster:
    table.only(*CLUSTER_KEYS)
    ssh = table.table("ssh")
    ssh.only(*LOGIN_KEYS)
    firewalls = tuple(Firewall(*machine) for machine in _machines(table, "firewalls", ssh))
    nodes = tuple(Node(*machine) for machine in _machines(table, "nodes", ssh))
    if not 1 <= len(firewalls) <= 2:
        raise table.error(f'has {len(firewalls)} machines; one or two are needed: fw1 = "ADDRESS"', "firewalls")
    if not nodes:
        raise table.error('has no machine; at least one is needed: node1 = "ADDRESS"', "nodes")
    check_url = table.url("check_url", "http", "https")
    vips = _vips(table.table("vips"), check_url, (*firewalls, *nodes))
    mysql = _mysql(table.table("mysql")) if "mysql" in table.keys else None
    _all_different(table, (*firewalls, *nodes, *vips))
    return Cluster(
        name=name,
        firewalls=firewalls,
        nodes=nodes,
        title=table.text("title") or "",
        vips=vips,
        volumes=table.names("volumes"),
        teams=table.names("teams"),
        mysql=mysql,
        mysql_proxy=_mysql_proxy(table.table("mysql_proxy")) if "mysql_proxy" in table.keys else None,
        balancer=table.one_of("balancer", BALANCERS) or Cluster.balancer,
        raid=_raid(table.table("raid")) if "raid" in table.keys else None,
        notify=_notify(table.table("notify")) if "notify" in table.keys else None,
        web=_web(table.table("web"), check_url),
        patch=_patch(table.table("patch"), mysql, {machine.name for machine in (*firewalls, *nodes)}),
        timings=_timings(table.table("timings")),
    )


def _login(ssh: Table, machine: Table, address: str) -> Login:
    """The machine's own keys, then those of [ssh]."""

    def of(key: str) -> Table:
        return machine if key in machine.keys else ssh

    return Login(
        host=machine.word("host", "a host name, address or ssh alias") or address,
        port=of("port").port("port"),
        user=of("user").word("user", "a user name"),
        config=of("config").file("config"),
        known_hosts=of("known_hosts").file("known_hosts"),
        identity=of("identity").file("identity"),
    )


def _machines(cluster: Table, kind: str, ssh: Table) -> list[tuple[str, str, Login, str | None]]:
    """Name, address, login and machine_id of each: `name = "ADDRESS"`, or a table."""
    found: list[tuple[str, str, Login, str | None]] = []
    group = cluster.table(kind)
    for name in group.keys:
        table = _short(group, group.name(name))
        table.only("address", "host", "machine_id", *LOGIN_KEYS)
        address = table.address("address")
        found.append((name, address, _login(ssh, table, address), table.machine_id("machine_id")))
    return found


def _short(group: Table, name: str) -> Table:
    """The short form `name = "ADDRESS"` as the table it stands for."""
    value = group.values[name]
    if isinstance(value, str):
        return Table(group.path, f"{group.key}.{name}", {"address": value})
    if not isinstance(value, dict):
        raise group.wrong(name, f'an address: {name} = "10.20.0.11", or a table')
    return group.table(name)


def _all_different(cluster: Table, machines: tuple[Firewall | Node | Vip, ...]) -> None:
    """Names and machine_ids among machines; addresses among machines and VIPs."""
    names: set[str] = set()
    ids: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for machine in machines:
        if plain(machine.address) in addresses:
            other = addresses[plain(machine.address)]
            raise cluster.error(f"{other} and {machine.name} both have the address {machine.address}; correct one")
        addresses[plain(machine.address)] = machine.name
        if not isinstance(machine, Vip) and machine.machine_id:
            if machine.machine_id in ids:
                other = ids[machine.machine_id]
                raise cluster.error(f"{other} and {machine.name} have the same machine_id, so it proves neither")
            ids[machine.machine_id] = machine.name
        if machine.name in names and not isinstance(machine, Vip):
            raise cluster.error(f"two machines are called {machine.name}; give each a name of its own")
        names.add(machine.name)


def _vips(group: Table, check_url: str | None, machines: tuple[Firewall | Node, ...]) -> tuple[Vip, ...]:
    vips: list[Vip] = []
    names = [machine.name for machine in machines]
    for name in group.keys:
        table = _short(group, group.name(name))
        table.only("address", "url", "via")
        address, via = table.address("address"), table.text("via", "a machine's name")
        host = f"[{address}]" if ":" in address else address
        visited = not table.off("url")
        url = (table.url("url", "http", "https") or check_url or f"http://{host}/") if visited else None
        if via is not None and via not in names:
            raise table.error(f"there is no machine {via}{allowed(via, names)}", "via")
        if via is not None and url is not None and url.startswith("https:"):
            raise table.error("an https URL can't be visited through a machine; set `url` to an http one", "via")
        vips.append(Vip(name, address, url, via))
    return tuple(vips)


def _mysql(table: Table) -> Mysql:
    table.only(*(field.name for field in fields(Mysql)))
    sources = [key for key in PASSWORD_SOURCES if key in table.keys]
    if len(sources) > 1:
        raise table.error(f"names {len(sources)} sources of the password: {', '.join(sources)}; keep one")
    user = table.text("user", "a user name")
    if user is None and "option_file" not in sources:
        raise table.wrong("user", "the user to log in to MySQL as")
    return Mysql(
        user=user or "",
        host=table.word("host", "an address as the node sees it") or Mysql.host,
        port=table.port("port") or Mysql.port,
        socket=table.word("socket", "the path of MySQL's Unix socket on the node"),
        password_env=table.word("password_env", "the name of an environment variable"),
        password_file=table.file("password_file"),
        password_command=_command(table, "password_command"),
        option_file=table.file("option_file"),
        datadir=_folder(table, "datadir") or Mysql.datadir,
    )


def _folder(table: Table, key: str) -> str | None:
    """A path on a node. None if it is not there."""
    value = table.text(key, "a folder on the node")
    if value is not None and not value.startswith("/"):
        raise table.error(f"{plain_text(value, 80)!r} is not a folder on the node: it begins with /", key)
    return value


def _mysql_proxy(table: Table) -> MysqlProxy:
    table.only(*(field.name for field in fields(MysqlProxy)))
    backend = table.word("backend", "the name of HAProxy's backend for MySQL")
    if backend is None:
        raise table.wrong("backend", "the name of HAProxy's backend for MySQL")
    if not PROXY_NAME.fullmatch(backend):
        raise table.error("holds what HAProxy allows in no name: letters, digits and _ . : - do", "backend")
    socket = table.word("socket", "HAProxy's stats socket on the node") or MysqlProxy.socket
    return MysqlProxy(backend, socket, _program(table, "keep", '["/usr/local/sbin/keep-writer"]'))


def _program(table: Table, key: str, example: str) -> tuple[str, ...] | None:
    """A program on a node that root runs, and its arguments; None if it is not there."""
    words = table.texts(key)
    if words is None:
        return None
    if not words or not words[0]:
        raise table.wrong(key, f"a program on the node and its arguments: {example}")
    if words[0].startswith("-") or words[0].endswith("/") or "=" in words[0]:
        raise table.error(f"{words[0]!r} is no program: sudo would take it for an option, a folder or a variable", key)
    return words


def _raid(table: Table) -> Raid:
    table.only(*(field.name for field in fields(Raid)))
    example = '["storcli", "/c0/vall", "show"]'
    command = _program(table, "command", example)
    if command is None:
        raise table.wrong("command", f"a program on the node and its arguments: {example}")
    return Raid(command, table.pattern("bad") or Raid.bad)


def _notify(table: Table) -> Notify:
    table.only(*(field.name for field in fields(Notify)))
    command, url = _command(table, "command"), table.url("url", "http", "https")
    if command is None and url is None:
        raise table.error('names nobody to tell; set command = ["PROGRAM", "ARGUMENT"], or url')
    return Notify(command or (), url)


def _command(table: Table, key: str) -> tuple[str, ...] | None:
    """A program and its arguments. A program with a slash is found as a path is."""
    words = table.texts(key)
    if words is None:
        return None
    if not words or not words[0]:
        raise table.error('is empty; set it to a program and its arguments: ["pass", "show", "mysql"]', key)
    program = str(table.located(key, words[0])) if "/" in words[0] else words[0]
    return (program, *words[1:])


def _web(table: Table, check_url: str | None) -> Web:
    """The cluster's check URL, aimed at the node itself: same path, and the site's name as Host."""
    table.only(*(field.name for field in fields(Web)))
    site = urlsplit(check_url or "")
    local = urlunsplit(("http", "127.0.0.1", site.path or "/", site.query, ""))
    own = table.url("check_url", "http")
    return Web(
        status_url=table.url("status_url", "http") or Web.status_url,
        check_url=own or local,
        host=table.word("host", "the site's host name") or site.netloc or None,
    )


def _patch(table: Table, mysql: Mysql | None, machines: set[str]) -> Patch:
    table.only(*(field.name for field in fields(Patch)))
    visit = table.urls("visit", "http", "https")
    return Patch(
        visit=visit,
        exclude=table.packages("exclude"),
        security_only=table.yes("security_only"),
        before=_command(table, "before") or (),
        after=_command(table, "after") or (),
        block=_command(table, "block") or (),
        backup=_command(table, "backup") or (),
        via=_via(table, machines, visit),
        write=_write(table.table("write"), mysql) if "write" in table.keys else None,
    )


def _via(table: Table, machines: set[str], urls: tuple[str, ...]) -> str | None:
    via = table.text("via", "a machine's name")
    if via is not None and via not in machines:
        raise table.error(f"there is no machine {via}{allowed(via, machines)}", "via")
    if via is not None and any(url.startswith("https:") for url in urls):
        raise table.error("an https URL can't be visited through a machine; let `visit` name http ones", "via")
    return via


def _write(table: Table, mysql: Mysql | None) -> Write:
    """Take the address of [mysql] where it names none."""
    own = [field.name for field in fields(Mysql) if field.name != "datadir"]
    table.only(*own, "table", "statement")
    if mysql is None:
        raise table.error("has no MySQL to write to; add the table [mysql] of this cluster")
    login = _mysql(table._replace(values={key: value for key, value in table.values.items() if key in own}))
    if login.user and login.user == mysql.user:
        raise table.error("is the account of [mysql]; name one that may do nothing but this", "user")
    name, statement = table.word("table", "DATABASE.TABLE"), table.text("statement", "one statement of SQL")
    if name is None:
        raise table.wrong("table", "the table that it writes to: DATABASE.TABLE")
    if not TABLE_NAME.fullmatch(name):
        raise table.error("is not written as DATABASE.TABLE, in letters, digits, _ and $", "table")
    if statement is None:
        raise table.wrong("statement", f"one statement that writes to {name}")
    if not STATEMENT.match(statement) or ";" in statement or not statement.isprintable():
        raise table.error("is not one INSERT, REPLACE or UPDATE on one line, without a semicolon", "statement")
    if not re.search(rf"(?<![\w$.]){re.escape(name)}(?![\w$.])", statement.replace("`", "")):
        raise table.error(f"does not name {name}, the table that it writes to", "statement")
    if not {"host", "port", "socket"} & set(table.keys):
        login = replace(login, host=mysql.host, port=mysql.port, socket=mysql.socket)
    return Write(login, name, statement)


def _timings(table: Table) -> Timings:
    known = {field.name: float(field.default) for field in fields(Timings)}  # pyright: ignore[reportArgumentType]
    table.only(*known)
    return Timings(**{name: table.seconds(name, default) for name, default in known.items()})
