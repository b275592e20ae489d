"""relayd as pfSense up to 2.4.5 has it: `relayctl`, and the two scripts that speak with it."""

from collections.abc import Iterator

from console.sim.firewall import Firewall
from console.sim.haproxy import Server
from console.sim.shell import Call

WORDS = {"enable": "ready", "disable": "maint"}


def relayctl(call: Call, firewall: Firewall) -> int:
    """`show summary` and `host enable|disable ID`."""
    if firewall.haproxy is None:
        return call.fail("relayctl: connect: /var/run/relayd.sock: No such file or directory")
    if not call.root:
        return call.fail("relayctl: connect: /var/run/relayd.sock: Permission denied")
    match call.argv[1:]:
        case ("show", "summary"):
            call.out("".join(_summary(firewall)))
            return 0
        case ("host", word, number) if word in WORDS:
            return _host(call, firewall, WORDS[word], number)
        case _:
            return call.fail("usage: relayctl [-s socket] command [argument ...]")


def _rows(firewall: Firewall) -> Iterator[tuple[int, str, str, str, str, Server | None]]:
    """Id, type, name, availability, status, and the server of a host's row. Ids depend on the process."""
    process = firewall.haproxy
    if process is None:
        return
    number = process.pid % 7 + len(process.servers)
    for place, backend in reversed(list(enumerate(process.backends))):
        up = sum(server.up and not server.maint for server in backend.servers)
        yield place, "redirect", f"vs_{backend.name.partition(':')[0]}", "", "active" if up else "down", None
        yield place + 1, "table", backend.name, "", f"active ({up} hosts up)" if up else "empty", None
        for server in backend.servers:
            status = "disabled" if server.maint else "up" if server.up else "down"
            yield number, "host", server.address, "" if server.maint else _availability(server), status, server
            number -= 1


def _availability(server: Server) -> str:
    return "100.00%" if server.up else "12.00%"


def _summary(firewall: Firewall) -> Iterator[str]:
    yield "Id  \tType    \tName                    \tAvlblty\tStatus\n"
    for number, kind, name, available, status, _ in _rows(firewall):
        yield f"{number:<4}\t{kind:<8}\t{name:<24}\t{available:<7}\t{status}\n"


def _host(call: Call, firewall: Firewall, state: str, number: str) -> int:
    found = [server for row, kind, *_, server in _rows(firewall) if kind == "host" and str(row) == number and server]
    if not found:
        call.out("command failed\n")
        return 1
    found[0].force(state, firewall.clock.now)
    call.out("command succeeded\n")
    return 0


def count(call: Call, firewall: Firewall) -> int:
    """`sh -c SCRIPT NAME ADDRESS...` that counts pf's states by address and port."""
    if not call.root:
        return call.fail("pfctl: /dev/pf: Permission denied")
    wanted = call.argv[4:]
    counts: dict[str, int] = {}
    for address, port, sessions in firewall.sessions:
        if address in wanted:
            counts[f"{address}:{port}"] = counts.get(f"{address}:{port}", 0) + sessions
    call.out("".join(f"{place} {sessions}\n" for place, sessions in counts.items()) + "counted\n")
    return 0


def set_hosts(call: Call, firewall: Firewall) -> int:
    """`sh -c SCRIPT NAME enable|disable (TABLE HOST)...`: each by the id it has at this moment."""
    word, *places = call.argv[4:]
    status = 0
    for table, host in zip(places[::2], places[1::2], strict=False):
        inside = ""
        for row, kind, name, *_ in list(_rows(firewall)):
            inside = name if kind == "table" else inside
            if kind == "host" and inside == table and name == host:
                status |= _host(call, firewall, WORDS[word], str(row))
                break
        else:
            status = call.fail(f"relayd has no host {host} in table {table}")
    return status
