"""The HAProxy package of pfSense at run time: who is in which pool, as HAProxy's own socket says, and how to change it.

Socket: /tmp/haproxy.socket, level admin, one line of commands a connection; its exit status is 0 even on error and
success is a blank answer. Columns differ by version and are read by name. The names of the
backends are the pools' with a suffix (`_ipvANY`), or with a frontend type before it in the package of 2016.
"""

import csv
import re
from itertools import islice

from console.answers import ran, short, whole
from console.asks import Ran, Run, Unreadable
from console.balancers.pools import Admin, Pools, Server
from console.inventory import Cluster

SOCKET = "/tmp/haproxy.socket"  # noqa: S108 -- the package's own place for it
SUBSYSTEM = "haproxy.conf"
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,255}")
MOST_SERVERS = 1000
_FIGURES = ("weight", "scur", "qcur", "stot", "rate", "lastchg", "lastsess")
_COLUMNS = frozenset({"pxname", "svname", "status", "addr", "bck", "check_status", *_FIGURES})


def parse(answers: tuple[Ran, ...], _before: Pools | None) -> Pools:
    """From `show stat; show servers state` and the package's dirty flag."""
    socket, flag = answers
    if socket.status != 0 and ("No such file" in socket.err or "refused" in socket.err):
        return Pools(running=False)
    if flag.status not in (0, 1):
        raise Unreadable(f"test failed with status {flag.status}")
    stat, version, state = ran(socket).partition("\n1\n#")
    if not version:
        raise Unreadable("the socket did not answer with show stat and show servers state")
    return Pools(True, parse_stat(stat, parse_state(state)), dirty=flag.status == 0)


def parse_state(text: str) -> dict[tuple[str, str], Admin]:
    """(backend, server) to what was asked of it, from `show servers state` behind its version line."""
    lines = text.strip().splitlines()
    names = lines[0].split() if lines else []
    if not {"be_name", "srv_name", "srv_admin_state"} <= set(names):
        raise Unreadable("show servers state has no header")
    cells = (dict(zip(names, line.split(), strict=False)) for line in lines[1:])
    return {
        (row["be_name"], row["srv_name"]): _admin(whole(row.get("srv_admin_state"), "srv_admin_state"))
        for row in cells
        if {"be_name", "srv_name"} <= row.keys()
    }


def _admin(flags: int) -> Admin:
    """HAProxy include/haproxy/server-t.h: 0x01 forced, 0x02 inherited, 0x20 resolution maint; 0x08 forced, 0x10
    inherited drain. 0x04 says only that the configuration holds `disabled`, which also forces maint: a server that is
    made ready loses 0x01 and keeps 0x04."""
    if flags & 0x23:
        return Admin.MAINT
    return Admin.DRAIN if flags & 0x18 else Admin.READY


def parse_stat(text: str, admin: dict[tuple[str, str], Admin]) -> tuple[Server, ...]:
    """Every server line of `show stat`."""
    lines = text.strip().splitlines()
    if not lines or not lines[0].startswith("# pxname,svname,"):
        raise Unreadable("the socket did not answer with HAProxy's show stat")
    try:
        rows = csv.reader([lines[0].removeprefix("# "), *lines[1:]], strict=True)
        columns = [(place, name) for place, name in enumerate(next(rows)) if name in _COLUMNS]
        cells = ({name: row[place] for place, name in columns if place < len(row)} for row in rows)
        servers = (_server(row, admin) for row in cells if row.get("svname") not in ("FRONTEND", "BACKEND", None))
        found = tuple(islice(servers, MOST_SERVERS + 1))
    except csv.Error as error:
        raise Unreadable("show stat is not CSV") from error
    if len(found) > MOST_SERVERS:
        raise Unreadable(f"show stat lists more than {MOST_SERVERS} servers")
    return found


def _server(row: dict[str, str], admin: dict[tuple[str, str], Admin]) -> Server:
    backend, name, status = row.get("pxname", ""), row.get("svname", ""), short(row.get("status"))
    if not _NAME.fullmatch(backend) or not _NAME.fullmatch(name):
        raise Unreadable("show stat holds a name HAProxy does not allow")
    if not status or (backend, name) not in admin:
        raise Unreadable(f"the socket gave no state for {backend}/{name}")
    address = short(row.get("addr"))
    return Server(
        backend=backend,
        name=name,
        address=address.rpartition(":")[0].strip("[]") if ":" in address else address,
        status=status,
        backup=row.get("bck") == "1",
        weight=_number(row, "weight"),
        sessions=_number(row, "scur"),
        queued=_number(row, "qcur"),
        total=_number(row, "stot"),
        rate=_number(row, "rate"),
        check=short(row.get("check_status")),
        admin=admin[backend, name],
        since=_number(row, "lastchg"),
        last_session=-1 if (row.get("lastsess") or "-1") == "-1" else _number(row, "lastsess"),
    )


def _number(row: dict[str, str], column: str) -> int:
    """An empty cell is 0 to HAProxy; a missing column is not an answer."""
    text = row.get(column)
    return 0 if text == "" else whole(text, f"{column} of show stat")


def set_state(servers: tuple[Server, ...], admin: Admin) -> Run:
    """The order that brings servers of one firewall to a state, all in one line to the socket."""
    commands = "; ".join(f"set server {server.backend}/{server.name} state {admin.value}" for server in servers)
    return Run(("nc", "-U", SOCKET), stdin=commands + "\n", root=True)


def asks(_cluster: Cluster) -> tuple[Run, ...]:
    """What to send."""
    return (
        Run(("nc", "-U", SOCKET), stdin="show stat; show servers state\n", root=True),
        Run(("test", "-e", f"/var/run/{SUBSYSTEM}.dirty"), timeout=None),
    )
