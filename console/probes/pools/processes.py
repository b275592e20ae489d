"""HAProxy's processes: one that was reloaded hands over to a new one and goes on with the sessions it has, uncounted.

The new process answers on the socket and knows nothing of them. The package ends an old one after `hard-stop-after`,
15 minutes as a rule.
"""

import re
from collections import Counter
from dataclasses import dataclass

from console.inventory.addresses import same
from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import lines_of, ran
from console.probes.question import Cadence, Question, Subject
from console.text import figure

MAX_PROCESSES = 200
MAX_CONNECTIONS = 100_000
PIDS = 'set -- $(pgrep -x haproxy); echo "haproxy: $*"; [ $# -gt 1 ]'
"""All on one line; the status is 0 where there is more than one, and only then connections are looked for."""
_CONNECTION = re.compile(r"\S+ +haproxy +([0-9]+) +\S+ +tcp[46]* +\S+ +(\S+):[0-9*]+")
"""FreeBSD's sockstat: USER COMMAND PID FD PROTO LOCAL FOREIGN."""


@dataclass(frozen=True)
class Processes:
    """HAProxy's processes on one firewall, and whom they are connected to."""

    pids: tuple[int, ...]
    connections: tuple[tuple[int, str, int], ...] | None = ()
    """(pid, address, how many). Not looked for where one process runs; None where they can't be counted."""

    def older(self, pid: int | None, address: str) -> int | None:
        """Connections to an address that other processes than `pid` hold; None where they can't be counted. `pid` None:
        none answers."""
        if self.pids == (() if pid is None else (pid,)):
            return 0
        if self.connections is None or len(self.pids) < 2 or (pid is not None and pid not in self.pids):
            return None
        return sum(count for owner, to, count in self.connections if same(to, address) and owner != pid)


def parse(answers: tuple[Ran, ...], _before: Processes | None) -> Processes:
    """Read `pgrep` and, where there are several, `sockstat`."""
    listed, sockets = answers
    name, *words = listed.out.split() or [""]
    pids = [pid for word in words if (pid := figure(word)) is not None]
    if listed.status not in (0, 1) or name != "haproxy:" or len(words) > MAX_PROCESSES or len(pids) < len(words):
        raise Unreadable("pgrep did not list HAProxy's processes")
    return Processes(tuple(sorted(pids)), _connections(sockets) if len(pids) > 1 else ())


def _connections(sockets: Ran) -> tuple[tuple[int, str, int], ...] | None:
    """None where sockstat could not look, or did not print its table."""
    if sockets.status != 0:
        return None
    lines = lines_of(ran(sockets, 16 << 20))
    if not lines or not lines[0].startswith("USER ") or len(lines) > MAX_CONNECTIONS:
        return None
    found = (_CONNECTION.match(line) for line in lines[1:])
    counts = Counter((int(row[1]), row[2].strip("[]")) for row in found if row)
    return tuple((pid, address, count) for (pid, address), count in sorted(counts.items()))


def _asks(cluster: Cluster, _name: str) -> tuple[Run, ...]:
    """relayd keeps no sessions: pf does."""
    if cluster.balancer != "haproxy":
        return ()
    return (
        Run(("sh", "-c", PIDS)),
        Run(("sockstat", "-P", "tcp", "-c"), root=True, only_after=True),
    )


PROCESSES = Question(
    field="processes",
    title="HAProxy's processes",
    subject=Subject.FIREWALL,
    cadence=Cadence.FAST,
    asks=_asks,
    parse=parse,
    remedy="see that pgrep and sockstat may be run there",
)
