"""The output of HAProxy's stats socket: the CSV of `show stat`, `show servers state`, `show info`, and `set server`.

Rows come from a recording (data/show-stat.csv) with the living columns replaced, so that every column is there and in
its place.
"""

import csv
from functools import cache
from io import StringIO

from console.sim.haproxy import FALL, RISE, Backend, HAProxy, Server
from console.sim.pfconfig import DATA

CHECK_NUMBERS = {"INI": 1, "L4OK": 6, "L4TOUT": 7, "L4CON": 8, "L7TOUT": 12, "L7OK": 15, "L7STS": 17}
STATE_HEADER = (
    "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port"
)


def answer(process: HAProxy, line: str, node: str, now: float) -> str:
    """Everything the socket prints for one line of commands; each answer ends with an empty line."""
    return "".join(_command(process, part.split(), node, now) + "\n" for part in line.split(";") if part.strip())


def _command(process: HAProxy, words: list[str], node: str, now: float) -> str:
    match words:
        case ["show", "stat"]:
            return _stat(process, now)
        case ["show", "stat", name, "4", "-1"]:
            return _stat_of(process, name, now)
        case ["show", "servers", "state", name]:
            return _servers_state(process, now, name)
        case ["show", "servers", "state"]:
            return _servers_state(process, now)
        case ["show", "info"]:
            return _info(process, node, now)
        case ["set", "server", target, "state", state]:
            return _set_state(process, target, state, now)
        case ["shutdown", "sessions", "server", target]:
            return _shutdown(process, target)
        case _:
            return f"Unknown command: '{' '.join(words)}', type 'help' for the list.\n"


def _set_state(process: HAProxy, target: str, state: str, now: float) -> str:
    backend, slash, name = target.partition("/")
    server = process.server(backend, name) if slash else "Require 'backend/server'."
    if isinstance(server, str):
        return server + "\n"
    if state not in ("ready", "drain", "maint"):
        return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n"
    server.force(state, now)
    return ""


def _shutdown(process: HAProxy, target: str) -> str:
    backend, slash, name = target.partition("/")
    server = process.server(backend, name) if slash else "Require 'backend/server'."
    if isinstance(server, str):
        return server + "\n"
    server.shut()
    return ""


def _info(process: HAProxy, node: str, now: float) -> str:
    up = int(now - process.started)
    hours, rest = divmod(up, 3600)
    uptime = f"{hours // 24}d {hours % 24}h{rest // 60:02}m{rest % 60:02}s"
    values = {"Pid": process.pid, "Uptime": uptime, "Uptime_sec": up, "node": node, "Nbthread": 1, "Maxconn": 1000}
    values |= {"CurrConns": round(sum(server.sessions for server in process.servers))}
    values |= {"CumReq": int(sum(server.requests for server in process.servers))}
    values |= {"Start_time_sec": int(process.started)}
    lines = (line.partition(": ") for line in (DATA / "show-info.txt").read_text().splitlines() if line)
    return "".join(f"{name}: {values.get(name, value)}\n" for name, _, value in lines)


def _servers_state(process: HAProxy, now: float, only: str | None = None) -> str:
    backends = [backend for backend in process.backends if only in (None, backend.name)]
    if only and not backends:
        return "Can't find backend.\n"
    lines = [_state_line(backend, server, now) for backend in backends for server in backend.servers]
    return "\n".join(["1", STATE_HEADER, *lines]) + "\n"


def _state_line(backend: Backend, server: Server, now: float) -> str:
    up = 2 if server.up and not server.maint else 0
    health = 0 if server.maint else server.health
    return (
        f"{backend.id} {backend.name} {server.id} {server.name} {_address(server) or '-'} {up} {server.flags} "
        f"{server.weight} {server.initial_weight} {int(now - server.changed)} {CHECK_NUMBERS[server.check.status]} "
        f"{3 if server.check.passed else 2} {health} {14 if server.maint else 6} {22 if server.agent else 0} 1 1 "
        f"{server.name_lost or '-'} {server.port} - 0 0 - - 0"
    )


def _address(server: Server) -> str:
    return "" if server.name_lost else server.address


@cache
def _recorded() -> tuple[list[str], dict[str, list[dict[str, str]]]]:
    """Header, and the recorded rows by kind: proxies before the backends, a server and a BACKEND row by mode."""
    text = (DATA / "show-stat.csv").read_text().lstrip("# ")
    reader = csv.DictReader(StringIO(text))
    rows = list(reader)
    kinds: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        backend = row["pxname"].endswith("_ipvANY")
        kind = ("BACKEND " if row["svname"] == "BACKEND" else "server ") + row["mode"] if backend else "before"
        kinds.setdefault(kind, []).append(row)
    return list(reader.fieldnames or ()), kinds


def _stat(process: HAProxy, now: float) -> str:
    header, kinds = _recorded()
    rows = [_before(row, process) for row in kinds["before"]]
    for backend in process.backends:
        template = kinds[f"server {backend.mode}"][0] | {"iid": str(backend.id)}
        rows += [_server_row(template, server, now) for server in backend.servers]
        rows.append(_backend_row(kinds[f"BACKEND {backend.mode}"][0], backend, now))
    lines = [",".join(row.get(name, "") for name in header) for row in rows]
    return "\n".join(["# " + ",".join(header), *lines]) + "\n"


def _stat_of(process: HAProxy, name: str, now: float) -> str:
    """The servers of one backend."""
    header, kinds = _recorded()
    backend = next((backend for backend in process.backends if backend.name == name), None)
    if backend is None:
        return "No such proxy.\n"
    template = kinds[f"server {backend.mode}"][0] | {"iid": str(backend.id)}
    rows = [_server_row(template, server, now) for server in backend.servers]
    lines = [",".join(row.get(name, "") for name in header) for row in rows]
    return "\n".join(["# " + ",".join(header), *lines]) + "\n"


def _before(row: dict[str, str], process: HAProxy) -> dict[str, str]:
    """Frontends carry the traffic of the backends of their mode; the local statistics page carries none."""
    if row["svname"] != "FRONTEND" or row["pxname"] == "HAProxyLocalStats":
        return row
    return row | _traffic(row, [server for server in process.servers if server.mode == row["mode"]])


def _traffic(row: dict[str, str], servers: list[Server]) -> dict[str, str]:
    """Fill the columns that this kind of row has; an empty one stays empty."""
    total = int(sum(server.requests for server in servers))
    values = {
        "scur": round(sum(server.sessions for server in servers)),
        "smax": sum(server.sessions_max for server in servers),
        "stot": total,
        "bin": total * 79,
        "bout": total * 241,
        "lbtot": total,
        "rate": round(sum(server.rate for server in servers)),
        "rate_max": round(sum(server.rate_max for server in servers)),
        "conn_tot": total,
    }
    return {name: str(value) for name, value in values.items() if row[name]}


def _server_row(template: dict[str, str], server: Server, now: float) -> dict[str, str]:
    checked = not server.maint
    values = {
        "pxname": server.backend,
        "svname": server.name,
        "status": server.status,
        "weight": server.weight,
        "uweight": server.weight,
        "act": int(not server.backup),
        "bck": int(server.backup),
        "sid": server.id,
        "chkfail": server.check_failures,
        "chkdown": server.downs,
        "lastchg": int(now - server.changed),
        "downtime": int(server.downtime),
        "check_status": server.check.status if checked else "",
        "check_code": server.check.code if checked else "",
        "check_duration": server.check.milliseconds if checked else "",
        "check_desc": server.check.description if checked else "",
        "check_health": server.health if checked else "",
        "check_rise": RISE if checked else "",
        "check_fall": FALL if checked else "",
        "lastsess": -1 if server.last is None else int(now - server.last),
        "addr": f"{_address(server)}:{server.port}" if _address(server) else "",
        "tracked": f"{server.tracked.backend}/{server.tracked.name}" if server.tracked else "",
        "agent_status": {"": "", "up": "L7OK", "down": "L7STS"}.get(server.agent, "CHECKED"),
    }
    if server.mode == "http":
        values["hrsp_2xx"] = values["req_tot"] = int(server.requests)
    return template | _traffic(template, [server]) | {name: str(value) for name, value in values.items()}


def _backend_row(template: dict[str, str], backend: Backend, now: float) -> dict[str, str]:
    serving = backend.serving
    lasts = [server.last for server in backend.servers if server.last is not None]
    values = {
        "pxname": backend.name,
        "iid": backend.id,
        "status": "UP" if serving else "DOWN",
        "weight": sum(server.weight for server in serving),
        "act": sum(server.eligible and not server.backup for server in backend.servers),
        "bck": sum(server.eligible and server.backup for server in backend.servers),
        "lastchg": int(now - backend.changed),
        "lastsess": int(now - max(lasts)) if lasts else -1,
    }
    return template | _traffic(template, backend.servers) | {name: str(value) for name, value in values.items()}
