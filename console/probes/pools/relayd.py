"""relayd, the load balancer built into pfSense up to 2.4.5, at run time.

`relayctl show summary` prints a line a redirect, table and host, `"%-4u\\t%-8s\\t%-24s\\t%-7s\\t%s\\n"` (OpenBSD
usr.sbin/relayctl/relayctl.c); hosts follow their table, whose name is POOL:PORT, and a table that serves two redirects
is printed twice. Ids change with every reload. relayd counts no sessions: pf does, as states. A server that
config.xml has as disabled is not in relayd's configuration at all, and so not in the summary.
"""

import re
from typing import NamedTuple

from console.inventory.addresses import plain
from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import lines_of, ran, short, told
from console.probes.pools.configured import MAX_SERVERS
from console.probes.pools.servers import UNCHECKED, Admin, Pools, Server
from console.text import quoted

SUBSYSTEM = "loadbalancer"
MAX_STATES = 50_000
"""Entries of pf's state table above which sessions are not counted: listing them would cost the firewall too much."""
_ROW = re.compile(
    r"([0-9]{1,9})\s+(redirect|relay|router|table|host)\s+([!-~]{1,255})\s+(?:[0-9.]{1,7}%\s*)?([a-z][ -~]{0,60})"
)
_STATUSES = {"up": "UP", "down": "DOWN", "disabled": "MAINT", UNCHECKED: UNCHECKED}
_TABLE = re.compile(r"[!-~]+:([0-9]{1,5})")
_COUNT = re.compile(r"(\S{1,80})[:\[]([0-9]{1,5})\]? ([0-9]{1,9})")

COUNT = f"""\
pfctl -si | awk '/current entries/ && $3 <= {MAX_STATES} {{ few = 1 }} END {{ exit !few }}' &&
pfctl -ss | awk '
BEGIN {{ for (i = 1; i < ARGC; i++) wanted[ARGV[i]] = 1; ARGC = 1 }}
$2 == "tcp" && $NF ~ /ESTABLISHED/ {{
    for (i = 3; i < NF; i++) if ($i == "->") {{
        address = to = $(i + 1)
        sub(/\\[[0-9]+\\]$|:[0-9]+$/, "", address)
        if (address in wanted) count[to]++
    }}
}}
END {{ for (to in count) print to, count[to]; print "counted" }}' "$@"
"""
"""The states that lead to one of the addresses it is given, by address and port, or a status other than 0."""

SET = """\
word=$1; shift; status=0
while [ $# -gt 1 ]; do
    id=$(relayctl show summary | awk '
    BEGIN { table = ARGV[1]; host = ARGV[2]; ARGC = 1 }
    $2 == "table" { inside = ($3 == table) }
    $2 == "host" && inside && $3 == host { print $1; exit }' "$1" "$2")
    if [ -n "$id" ]; then relayctl host "$word" "$id" || status=1
    else echo "relayd has no host $2 in table $1" >&2; status=1; fi
    shift 2
done
exit $status
"""
"""WORD (TABLE HOST)...: by the ids of this moment, since a name means the first host of that name in any table."""


def asks(cluster: Cluster) -> tuple[Run, ...]:
    """The question."""
    addresses = tuple(node.address for node in cluster.nodes)
    return (
        Run(("relayctl", "show", "summary"), root=True),
        Run(("test", "-e", f"/var/run/{SUBSYSTEM}.dirty"), timeout=None),
        Run(("sh", "-c", COUNT, "count", *addresses), root=True),
    )


NO_TABLE = "?"
"""Stands for a table whose row can't be read."""


class _Host(NamedTuple):
    table: str
    name: str
    status: str
    strange: str = ""
    backup: bool = False
    """It is in a redirect's second table, a fall-back pool, and gets traffic while nobody of the first is up."""

    @property
    def visited(self) -> tuple[bool, bool]:
        """Rank of a row of several for one host: a table that serves two redirects is printed below each."""
        return not self.status.endswith(" disabled"), not self.backup


def parse(answers: tuple[Ran, ...], _before: Pools | None) -> Pools:
    """Read the summary, the dirty flag and the counted states."""
    summary, flag, states = answers
    if summary.status != 0 and ("No such file" in summary.err or "refused" in summary.err):
        return Pools(running=False)
    if flag.status not in (0, 1):
        raise Unreadable(f"test failed with status {flag.status}")
    hosts = parse_summary(ran(summary))
    counts = parse_states(states)
    strange = [f"{one.table}/{one.name}: {one.strange}" for one in hosts if one.strange]
    if strange and len(strange) == len(hosts):
        raise Unreadable(f"relayctl printed what is not known here: {strange[0]}")
    return Pools(
        running=True,
        servers=_servers(hosts, counts),
        strange=told(strange),
        dirty=flag.status == 0,
        lingering=None if counts is None else _lingering(hosts, counts),
    )


def parse_summary(text: str) -> tuple[_Host, ...]:
    """Read every host of every table, once. A row that can't be read counts as a host in an unknown state. So do the
    hosts behind it, where it may be a table's."""
    lines = lines_of(text)
    if not lines or lines[0].split()[:3] != ["Id", "Type", "Name"]:
        raise Unreadable("relayctl did not print its summary")
    found: dict[tuple[str, str], _Host] = {}
    table, blocked, tables = "", {"redirect": "", "table": ""}, 0
    for line in (line for line in lines[1:] if line.strip()):
        row = _ROW.fullmatch(line.strip())
        if row is None or (row[2] == "host" and table in ("", NO_TABLE)):
            table = table if line.split()[1:2] == ["host"] and table else NO_TABLE
            found.setdefault((table, line), _odd(table, line))
            continue
        if row[2] == "host":
            host = _host(table, row[3], row[4], blocked["redirect"] or blocked["table"])._replace(backup=tables > 1)
            if (table, row[3]) not in found or host.visited > found[table, row[3]].visited:
                found[table, row[3]] = host
            continue
        tables = tables + 1 if row[2] == "table" else 0
        kind = "table" if row[2] == "table" else "redirect"
        table = row[3] if kind == "table" else ""
        blocked[kind] = f"{row[2]} disabled" if row[4].startswith("disabled") else ""
    if len(found) > MAX_SERVERS:
        raise Unreadable(f"relayctl lists more than {MAX_SERVERS} hosts")
    return tuple(found.values())


def _odd(table: str, line: str) -> _Host:
    words = line.split()
    if len(words) < 3:
        raise Unreadable(f"relayctl printed what is not known here: {short(line)}")
    return _Host(table, short(words[2]), "", f"its row is not understood here: {short(line)}")


def _host(table: str, name: str, status: str, blocked: str) -> _Host:
    """A host of a disabled table or redirect gets nothing, whatever its checks say."""
    if status not in _STATUSES:
        return _Host(table, name, short(status), f"its status is {quoted(status)}, which is not known here")
    return _Host(table, name, blocked or _STATUSES[status])


Counts = dict[tuple[str, str], int]
"""(address in its plain spelling, port) to established connections."""


def parse_states(answer: Ran) -> Counts | None:
    """None where they can't be counted."""
    if answer.status != 0:
        return None
    *lines, end = lines_of(answer.out.strip()) or [""]
    found = [_COUNT.fullmatch(line) for line in lines]
    if end != "counted" or len(found) > MAX_SERVERS or not all(found):
        return None
    return {(plain(row[1]), row[2]): int(row[3]) for row in found if row}


def _servers(hosts: tuple[_Host, ...], counts: Counts | None) -> tuple[Server, ...]:
    """pf knows an address and a port, not a pool: where two pools share both, the first has all sessions."""
    left = None if counts is None else dict(counts)
    return tuple(
        _server(host, None if left is None else left.pop((plain(host.name), _port(host.table)), 0)) for host in hosts
    )


def _server(host: _Host, sessions: int | None) -> Server:
    return Server(
        backend=host.table,
        name=host.name,
        address=host.name,
        status=host.status,
        backup=host.backup,
        weight=1,
        sessions=sessions,
        queued=None,
        total=None,
        rate=None,
        check="",
        admin=Admin.MAINT if host.status == "MAINT" else Admin.READY,
        since=None,
        last_session=None,
        strange=host.strange,
        told=not host.strange,
    )


def _port(table: str) -> str:
    found = _TABLE.fullmatch(table)
    return found[1] if found else ""


def _lingering(hosts: tuple[_Host, ...], counts: Counts) -> tuple[tuple[str, int], ...]:
    """By address: sessions to a pool's port of a machine that the summary no longer lists for that port."""
    ports, listed = {_port(host.table) for host in hosts}, {(plain(host.name), _port(host.table)) for host in hosts}
    found: dict[str, int] = {}
    for (address, port), count in sorted(counts.items()):
        if port in ports and (address, port) not in listed:
            found[address] = found.get(address, 0) + count
    return tuple(found.items())


def set_state(servers: tuple[Server, ...], admin: Admin) -> Run:
    """The order that enables or disables servers of one firewall. relayd knows no drain: a host that is disabled gets
    no new states, and the existing ones stay, which is what a drain does."""
    word = "enable" if admin is Admin.READY else "disable"
    places = (part for server in servers for part in (server.backend, server.name))
    return Run(("sh", "-c", SET, "set", word, *places), root=True, timeout=10.0)
