"""The states that HAProxy starts with, and what else its haproxy.cfg alone tells: processes, pools that nobody visits.

The package writes /tmp/haproxy_server_state before each reload. Only where `load-server-state-from-file` stands for a
backend is it read again: drain, maintenance and weight then outlive a reload, and where HAProxy is stopped (carpdev) it
starts with the states of its last one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import each, lines_of, ran, short, told, whole
from console.probes.pools.haproxy import FORCED_DRAIN, FORCED_MAINT, MAX_SERVERS
from console.probes.question import Cadence, Question, Subject
from console.text import figure

CONFIGURATION = "/var/etc/haproxy/haproxy.cfg"
STATES = "/tmp/haproxy_server_state"  # noqa: S108 -- the package's own place for it
DISABLED_THEN = 0x04
"""A bit of srv_admin_state: the configuration held `disabled`. A later change of the configuration counts for more than
the file."""
PASSED_OVER = (0x02, 0x10, 0x20, 0x40)
"""Bits of srv_admin_state that HAProxy finds out anew (0x20: since 2.0.21)."""
LOADED = (0, 0x01, 0x04, 0x05, 0x08, 0x0C)
"""The states that HAProxy takes from a file. Its statistics page makes others too, as drain and maint at once (9): a
row with one counts for nothing (HAProxy src/server_state.c, srv_state_srv_update)."""
MIN_COLUMNS = 16
"""Columns of a row in the file of the oldest version, 1.6, of a server without an address."""
_SECTIONS = frozenset(
    {
        *(
            "global",
            "defaults",
            "frontend",
            "backend",
            "listen",
            "peers",
            "resolvers",
            "mailers",
            "userlist",
            "program",
        ),
        *("cache", "ring", "http-errors", "fcgi-app", "log-forward", "log-profile", "crt-store", "traces", "acme"),
    }
)
"""HAProxy knows a section by its first word, indented or not: the package indents all that people add."""
_PROXIES = ("backend", "listen")
_SENDS = ("default_backend", "use_backend", "reqsetbe", "reqisetbe")
"""Keywords that send visitors to a backend. The last two, gone since 2.1, choose it by what a visitor asks for."""
ANY = "%["
"""Begins the part of a backend's name that is made up for each visitor."""


@dataclass(frozen=True)
class SavedServer:
    """A server in the file."""

    backend: str
    name: str
    address: str
    drained: bool
    maintenance: bool
    """Somebody asked for it at run time."""
    ready: bool
    """config.xml had it out, and somebody made it ready by hand."""
    weightless: bool = False
    """Somebody gave it the weight 0, which its configuration had not."""
    weight: int | None = None
    """The weight that its configuration had. None: not told."""


@dataclass(frozen=True)
class Saved:
    """States that HAProxy on one firewall loads when it starts."""

    backends: tuple[str, ...]
    """Backends that load saved states."""
    elsewhere: bool = False
    """Some load them from another file than the package's, which is not read here."""
    servers: tuple[SavedServer, ...] = ()
    """Servers of these backends in the package's file."""
    written: float | None = None
    """Unix time of that file; None where there is none."""
    unread: tuple[str, ...] = ()
    """Reasons why a row of that file can't be read; the others stand."""
    processes: int = 1
    """`nbproc`, also where somebody has written it among the custom options."""
    unused: tuple[str, ...] = ()
    """Backends that no frontend sends visitors to."""


class _Configured(NamedTuple):
    """The parts of haproxy.cfg that count here."""

    loads: Mapping[str, str]
    """Source of the states, global or local, by backend that loads them."""
    file: str
    """Path of the global file."""
    processes: int
    unused: tuple[str, ...]


def parse(answers: tuple[Ran, ...], _before: Saved | None) -> Saved:
    """Read haproxy.cfg, the file, and the time it was written."""
    cfg, states, written = answers
    loads, file, processes, unused = _configured(ran(cfg))
    shared = {backend for backend, source in loads.items() if source == "global" and file == STATES}
    seen = Saved(tuple(loads), len(shared) < len(loads), processes=processes, unused=unused)
    if not shared or (states.status != 0 and "No such file" in states.err):
        return seen
    unread: list[str] = []
    every = each(_server, _rows(ran(states)), unread)
    if unread and not every:
        raise Unreadable(f"{STATES} is not a server-state file: {unread[0]}")
    servers = tuple(one for one in every if one.backend in shared)
    at = float(whole(ran(written).strip(), "the file's time"))
    return replace(seen, servers=servers, written=at, unread=told(unread))


def _configured(text: str) -> _Configured:
    kind, name, file, base = "", "", "", ""
    found: dict[str, str] = {}
    defaults, last = {"": "none"}, ""
    seen: set[str] = set()
    visited: set[str] = set()
    processes = 1
    for line in lines_of(text):
        words = [*(word.strip("\"'") for word in line.partition("#")[0].split()), "", ""]
        if words[0] in _SECTIONS:
            kind, name = words[0], short(words[1])
            base_of = words[words.index("from") + 1] if "from" in words else None  # defaults with a name, since 2.4
            seen.add(kind)
            if kind == "defaults":
                last = name if name != "from" else ""
                defaults[last] = defaults.get(base_of, "none") if base_of is not None else "none"
            found |= {name: defaults.get(last if base_of is None else base_of, "none")} if kind in _PROXIES else {}
            visited |= {name} if kind == "listen" else set()
        elif words[0] == "load-server-state-from-file":
            defaults |= {last: words[1]} if kind == "defaults" else {}
            found |= {name: words[1]} if kind in _PROXIES else {}
        elif words[0] == "server-state-file":
            file = words[1]
        elif words[0] == "server-state-base":
            base = words[1]
        elif words[0] == "nbproc" and kind == "global":
            count = figure(words[1], 3)
            processes = processes if count is None else count
        elif words[0] in _SENDS:
            visited.add(short(words[1]) if words[0] in _SENDS[:2] else ANY)
    if "global" not in seen:
        raise Unreadable(f"{CONFIGURATION} holds no section global")
    path = file if file.startswith("/") or not base else f"{base.rstrip('/')}/{file}"
    nothing = ("none",) if file else ("none", "global")  # without its name HAProxy loads no global file
    told_apart = "frontend" in seen and not any(ANY in one for one in visited)
    unused = tuple(backend for backend in found if backend not in visited) if told_apart else ()
    loads = {backend: source for backend, source in found.items() if source not in nothing}
    return _Configured(loads, path, processes, unused)


def _rows(text: str) -> list[Mapping[str, str]]:
    """Cut rows in the form of `show servers state`, by its header. One of other columns holds a name alone."""
    lines = lines_of(text.strip())
    if lines in ([], ["1"]):
        return []  # HAProxy starts with it as with no file
    version = lines[0].strip()
    if figure(version) not in (None, 1):
        raise Unreadable(f"{STATES} is of format {short(version)}, of which only 1 is known here")
    names = lines[1].removeprefix("# ").split() if len(lines) > 1 else []
    if not {"be_name", "srv_name", "srv_addr", "srv_admin_state"} <= set(names):
        raise Unreadable(f"{STATES} is not a server-state file")
    if len(lines) > MAX_SERVERS + 2:
        raise Unreadable(f"{STATES} lists more than {MAX_SERVERS} servers")
    rows = [line.split() for line in lines[2:] if line.strip()]
    if not text.endswith("\n") or any(len(row) < MIN_COLUMNS for row in rows):
        raise Unreadable(f"{STATES} has a row that is cut off: HAProxy passes over it, and from 2.4 on over the file")
    return [
        dict(zip(names, row, strict=True)) if len(row) == len(names) else {"srv_name": " ".join(row)} for row in rows
    ]


def _server(row: Mapping[str, str]) -> SavedServer:
    flags = whole(row.get("srv_admin_state"), f"srv_admin_state of {row.get('be_name', '')}/{row.get('srv_name', '')}")
    kept = flags & ~sum(PASSED_OVER)
    loaded = kept if kept in LOADED else 0
    then, maintenance = loaded & DISABLED_THEN, loaded & FORCED_MAINT
    return SavedServer(
        backend=short(row.get("be_name")),
        name=short(row.get("srv_name")),
        address=short(row.get("srv_addr")),
        drained=bool(loaded & FORCED_DRAIN),
        maintenance=bool(maintenance and not then),
        ready=bool(then and not maintenance and not loaded & FORCED_DRAIN),
        weightless=kept in LOADED and row.get("srv_uweight") == "0" and row.get("srv_iweight") != "0",
        weight=figure(row.get("srv_iweight")),
    )


def _asks(cluster: Cluster, _name: str) -> tuple[Run, ...]:
    """relayd saves none."""
    if cluster.balancer != "haproxy":
        return ()
    return (
        Run(("cat", CONFIGURATION), root=True),
        Run(("cat", STATES), root=True),
        Run(("stat", "-f", "%m", STATES), root=True),
    )


SAVED = Question(
    field="saved",
    title="HAProxy's saved states",
    subject=Subject.FIREWALL,
    cadence=Cadence.SLOW,
    asks=_asks,
    parse=parse,
    remedy="log in as admin, or allow it by pfSense's package sudo",
)
