"""The HAProxy package of pfSense at run time: who is in which pool, as HAProxy's own socket says, and how to change it.

Socket: /tmp/haproxy.socket, level admin, one line of commands a connection; its exit status is 0 even on error and
success is a blank answer. Columns differ by version and are read by name. The names of the
backends are the pools' with a suffix (`_ipvANY`), or with a frontend type before it in the package of 2016.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import first_line, lines_of, nobody_listens, ran, rate, short, whole
from console.probes.pools.servers import Admin, Pools, Server
from console.text import figure, quoted

SOCKET = "/tmp/haproxy.socket"  # noqa: S108 -- the package's own place for it
SUBSYSTEM = "haproxy.conf"
MAX_SERVERS = 1000
MAX_STRANGE = 5
"""Sentences about what can't be read: more of them say no more."""
SPAN = 2.0
"""The least seconds that a rate is measured over: many looks come closer than that during a run."""
SEVERAL = (
    "HAProxy runs as several processes, each with states of its own: set Number of processes to 1 there, use threads"
)
NO_SERVER = ("0", "1", "3")
"""The column `type` of a frontend's row, a backend's, a listening socket's; a server's is 2."""
FORCED_MAINT, FORCED_DRAIN, UNRESOLVED, KNOWN_FLAGS = 0x01, 0x08, 0x20, 0x7F
"""HAProxy include/haproxy/server-t.h: 0x01 and 0x08 were asked for. 0x02 and 0x10 come from the server it tracks, 0x04
says that the configuration holds `disabled` (which forces maint too, until somebody asks for another state), 0x20 that
its name does not resolve, 0x40 that its name was changed."""
FIGURES = ("scur", "stot", "lastsess")
"""Columns without which sessions can't be counted, or not told from those before."""
NAME = re.compile(r"[A-Za-z0-9_.:-]{1,255}")
_STATUS = re.compile(
    r"(UP|DOWN|NOLB|DRAIN)( [0-9]+/[0-9]+)?|(DOWN|DRAIN) \(agent\)|no check|MAINT( ?\(resolution\)| ?\(via.*\))?"
)
_INFO = re.compile(r"^(Version|Nbproc|Pid|Uptime_sec): *(\S+)", re.MULTILINE)
_COLUMNS = frozenset(
    [
        "pxname",
        "svname",
        "type",
        "pid",
        "status",
        "addr",
        "bck",
        "weight",
        "scur",
        "qcur",
        "stot",
        "rate",
        "lastchg",
        "lastsess",
        "tracked",
        "check_status",
        "agent_status",
    ]
)


class State(NamedTuple):
    """One server in `show servers state`."""

    admin: Admin
    unresolved: str = ""
    strange: str = ""
    told: bool = True
    address: str = ""


States = dict[tuple[str, str], State]
"""States by (backend, server)."""


def parse(answers: tuple[Ran, ...], before: Pools | None) -> Pools:
    """Read `show stat; show servers state; show info` and the package's dirty flag."""
    socket, flag = answers
    if nobody_listens(socket):
        return Pools(running=False)
    if flag.status not in (0, 1):
        raise Unreadable(f"test failed with status {flag.status}")
    stat, version, rest = ran(socket).partition("\n1\n#")
    info = dict(_INFO.findall(rest or stat))
    if not version:
        raise Unreadable(_no_states(stat, info))
    if info.get("Nbproc", "1") != "1":
        raise Unreadable(SEVERAL)
    servers = parse_stat(stat, parse_state(rest.partition("\n\n")[0]))
    strange = [f"{one.path}: {one.strange}" for one in servers if one.strange]
    lacks = [f"show stat has no column {name}" for name in FIGURES if f",{name}," not in stat.partition("\n")[0]]
    if servers and len(strange) == len(servers):
        raise Unreadable(strange[0])
    seen = Pools(
        running=True,
        servers=servers,
        dirty=flag.status == 0,
        pid=figure(info.get("Pid")),
        processes=figure(info.get("Nbproc")),
        uptime=figure(info.get("Uptime_sec")),
        waiting=parse_waiting(stat),
        strange=(*lacks, *strange[:MAX_STRANGE]),
    )
    return _rated(seen, before, socket.at)


def _no_states(stat: str, info: Mapping[str, str]) -> str:
    if "Unknown command" in stat:
        version = f" {quoted(info['Version'])}" if "Version" in info else ""
        return f"this HAProxy{version} is too old to tell its servers' states: that needs 1.6 or newer"
    return unexpected(stat)


def unexpected(printed: str) -> str:
    """Why there is no state: the socket's own words, such as Permission denied."""
    words = first_line(printed)
    but = f", but {quoted(words)}" if words and not words.startswith("# pxname") else ""
    return f"the socket did not answer with show stat and show servers state{but}"


def _rated(seen: Pools, before: Pools | None, at: float) -> Pools:
    """A copy in which each server has its requests a second. The rate is measured between looks at least SPAN apart; in
    between the last one stays. Another process counts from 0."""
    totals = tuple((one.path, one.total) for one in seen.servers if one.total is not None)
    if before is None or not before.history or before.pid != seen.pid:
        return replace(seen, history=((at, totals),))
    then, noted = before.history[-1]
    if 0 <= at - then < SPAN:
        last = {one.path: one.given for one in before.servers}
        servers = tuple(replace(one, given=last.get(one.path)) for one in seen.servers)
        return replace(seen, servers=servers, history=before.history)
    old = dict(noted)
    servers = tuple(replace(one, given=rate(old.get(one.path), one.total, at - then)) for one in seen.servers)
    return replace(seen, servers=servers, history=((at, totals),))


def parse_state(text: str) -> States:
    """Read `show servers state` behind its version line. A line that can't be read says nothing of its server. Up to
    1.8 a server without an address has an empty cell there (dump_servers_state)."""
    lines = lines_of(text.strip())
    names = lines[0].split() if lines else []
    if not {"be_name", "srv_name", "srv_admin_state"} <= set(names):
        raise Unreadable("show servers state has no header")
    cells = (dict(zip(names, line.split(" "), strict=False)) for line in lines[1:])
    return {(row["be_name"], row["srv_name"]): _state(row) for row in cells if {"be_name", "srv_name"} <= row.keys()}


def _state(row: Mapping[str, str]) -> State:
    address = short(row.get("srv_addr")).removeprefix("-")
    try:
        flags = whole(row.get("srv_admin_state"), "srv_admin_state")
    except Unreadable as error:
        return State(Admin.READY, strange=str(error), told=False, address=address)
    admin = Admin.MAINT if flags & FORCED_MAINT else Admin.DRAIN if flags & FORCED_DRAIN else Admin.READY
    name = short(row.get("srv_fqdn")) if flags & UNRESOLVED else ""
    unknown = f"srv_admin_state is {flags}, with flags that are not known here" if flags & ~KNOWN_FLAGS else ""
    unresolved = (name if name not in ("", "-") else "a name not told") if flags & UNRESOLVED else ""
    return State(admin, unresolved, unknown, address=address)


def parse_stat(text: str, states: States) -> tuple[Server, ...]:
    """Read every server line of `show stat`. Servers with a state and no line that can be read are strange."""
    header, *lines = lines_of(text.strip()) or [""]
    if not header.startswith("# pxname,svname,"):
        raise Unreadable("the socket did not answer with HAProxy's show stat")
    rows = _rows(header, lines)
    servers = (_server(row, states, complete) for complete, row in rows if row and _of_a_server(row, complete))
    found = tuple(islice(servers, MAX_SERVERS + 1))
    listed, backends = {(one.backend, one.name) for one in found}, {line.partition(",")[0] for line in lines}
    lacks = [key for key in states if key not in listed and key[0] in backends]  # a disabled backend has no line
    unlisted = tuple(_unlisted(*key, states[key]) for key in lacks)
    if len(found) + len(unlisted) > MAX_SERVERS:
        raise Unreadable(f"show stat lists more than {MAX_SERVERS} servers")
    return (*found, *unlisted)


def _rows(header: str, lines: list[str]) -> Iterator[tuple[bool, dict[str, str]]]:
    """Each line as (it has all columns, cells by the names of columns)."""
    names = _cells(header.removeprefix("# "))
    columns = [(at, name) for at, name in enumerate(names) if name in _COLUMNS]
    for row in map(_cells, lines):
        yield len(row) == len(names), {name: row[at] for at, name in columns if at < len(row)}


def parse_waiting(text: str) -> tuple[tuple[str, int], ...]:
    """Sessions that wait for any server of a backend, where some do. HAProxy counts them in the backend's own row."""
    header, *lines = lines_of(text.strip())
    backends = (line for line in lines if ",BACKEND," in line)
    counts = ((row.get("pxname", ""), _number(row, "qcur")) for _, row in _rows(header, [*backends]))
    return tuple((backend, count) for backend, count in counts if count)


def _cells(line: str) -> list[str]:
    """Cut one line by itself: a quote that is never closed costs no other line."""
    try:
        return [*next(csv.reader([line], strict=True), ())]
    except csv.Error:
        return []


def _unlisted(backend: str, name: str, state: State) -> Server:
    row = {"pxname": backend, "svname": name}
    return replace(_server(row, {(backend, name): state}), strange="show stat does not list it")


def _of_a_server(row: Mapping[str, str], complete: bool) -> bool:
    """The row is a server's, by its type, or by its name where no type is printed. Raises Unreadable where several
    processes answer."""
    if complete and figure(row.get("pid")) not in (None, 1):
        raise Unreadable(SEVERAL)
    return row.get("type") not in NO_SERVER and row.get("svname") not in ("FRONTEND", "BACKEND", None)


def _server(row: Mapping[str, str], states: States, complete: bool = True) -> Server:
    """Read one server. A value that can't be read makes this one strange, and no other."""
    backend, name, status = row.get("pxname", ""), row.get("svname", ""), short(row.get("status"))
    state = states.get((backend, name), State(Admin.READY, "", "show servers state does not list it", told=False))
    agent = short(row.get("agent_status"))
    address, port = _place(short(row["addr"])) if "addr" in row else (state.address, "")  # none up to 1.6
    figures = {column: _number(row, column) for column in ("weight", "scur", "qcur", "stot", "lastchg", "lastsess")}
    unread = [column for column in ("weight", "lastsess") if figures[column] is None and column in (*row, "weight")]
    strange = state.strange or (f"its {unread[0]} can't be read" if unread else "")
    if not complete:
        strange = "its row has not the columns of the others"
    if not _STATUS.fullmatch(status):
        strange = f"its status is {quoted(status)}, which is not known here"
    if not NAME.fullmatch(backend) or not NAME.fullmatch(name):
        backend, name, strange = short(backend), short(name), "its name is none that HAProxy allows"
    return Server(
        backend=backend,
        name=name,
        address=address,
        port=port,
        status=status,
        backup=row.get("bck") == "1",
        weight=figures["weight"] or 0,
        sessions=figures["scur"],
        queued=figures["qcur"],
        total=figures["stot"],
        rate=_number(row, "rate"),
        check=short(row.get("check_status")),
        admin=state.admin,
        since=figures["lastchg"],
        last_session=figures["lastsess"],
        unresolved=state.unresolved,
        tracks=short(row.get("tracked")),
        agent=bool(agent) or status.endswith("(agent)"),
        strange=strange,
        told=state.told,
    )


def _place(printed: str) -> tuple[str, str]:
    """Address and port of `show stat`, which puts an IPv6 address in brackets; the port is "" where it has none."""
    address, colon, port = printed.rpartition(":")
    return (address.strip("[]"), port) if colon else (printed, "")


def _number(row: Mapping[str, str], column: str) -> int | None:
    """An empty cell is 0 to HAProxy, or never; None where it holds no figure, or there is no such column."""
    text = row.get(column)
    if column == "lastsess" and text in ("", "-1"):
        return -1
    if text == "":
        return 0
    return figure(text)


def set_state(servers: tuple[Server, ...], admin: Admin) -> Run:
    """The order that brings servers of one firewall to a state."""
    return told_states(SOCKET, {server.path: admin for server in servers})


def told_states(socket: str, states: Mapping[str, Admin]) -> Run:
    """The order that brings servers, by BACKEND/SERVER, to their states, all in one line to a socket. Nothing is sent
    to a name that HAProxy does not allow."""
    named = ((path, admin) for path, admin in states.items() if all(map(NAME.fullmatch, path.split("/", 1))))
    commands = "; ".join(f"set server {path} state {admin.value}" for path, admin in named)
    return Run(("nc", "-U", socket), stdin=commands + "\n", root=True)


def asks(_cluster: Cluster) -> tuple[Run, ...]:
    """The question."""
    return (
        Run(("nc", "-U", SOCKET), stdin="show stat; show servers state; show info\n", root=True),
        Run(("test", "-e", f"/var/run/{SUBSYSTEM}.dirty"), timeout=None),
    )
