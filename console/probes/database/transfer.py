"""A full copy of the database (SST) that a node gives or takes: its scripts run only as long as it lasts.

Seen on MariaDB 10.11: `sh -c wsrep_sst_rsync --role 'joiner' ...` and under it `bash /usr//bin/wsrep_sst_rsync --role
joiner --address 10.0.0.13 --datadir /var/lib/mysql/ ...`; the donor's --address is `10.0.0.13:4444/rsync_sst` and so
names the joiner. Percona XtraDB Cluster's scripts (xtrabackup-v2, clone) take the same words.
"""

import re
from dataclasses import dataclass, field

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import lines_of, ran, short
from console.probes.question import Cadence, Question, Subject
from console.text import figure

BEGUN = 1 << 20
"""Bytes by which a joiner's datadir has grown once its copy has begun: before that there is no pace."""
ROLE = re.compile(r"--role[\s=]+'?(joiner|donor)\b")
METHOD = re.compile(r"\bwsrep_sst_([a-z0-9_-]{1,40})")
ADDRESS = re.compile(r"--(?:address|host)[\s=]+'?(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,255})")
BYPASS = re.compile(r"\s'?--bypass\b")
"""The donor's script only tells the joiner that it gets what it has missed (IST): nothing is copied."""
CACHES = ("galera.cache", "gcache.page.*")
"""Lie in the datadir and are not copied."""


@dataclass(frozen=True)
class Transfer:
    """An SST on one node, as giver or taker."""

    role: str
    """"joiner", "donor", or "": none runs."""
    method: str = ""
    """rsync, mariabackup, xtrabackup-v2, clone."""
    peer: str = ""
    """The donor's: the joiner's address. The joiner does not know who its donor is."""
    bytes: int | None = 0
    """Bytes in the joiner's datadir so far. None: it runs, and the datadir could not be measured."""
    datadir_bytes: int | None = 0
    """Bytes in the donor's datadir, all of which the joiner is to get. None: could not be measured."""
    bytes_per_second: float | None = None
    """Growth of the joiner's datadir since the copy began."""
    first: tuple[float, int] | None = field(default=None, compare=False)
    """(console's monotonic seconds, bytes) at the first look."""


NOTHING = Transfer("")


def parse(answers: tuple[Ran, ...], before: Transfer | None) -> Transfer:
    """Read `pgrep -a -f`, whose status 1 means that there is no such process, and `du`."""
    processes, size = answers
    if processes.status == 1 and not processes.out.strip():
        return NOTHING
    if "wsrep_sst_" not in ran(processes):
        raise Unreadable("pgrep named processes that were not asked for")
    line = next((line for line in lines_of(ran(processes)) if _role(line) and not BYPASS.search(line)), None)
    if line is None:
        return NOTHING  # an IST; or an editor, or a pager, over one of the scripts
    role, method, address = _role(line), METHOD.search(line), ADDRESS.search(line)
    if method is None or (address is None and role == "donor"):
        raise Unreadable("an SST runs, and its script's command line names no --address")
    if role == "joiner" or address is None:
        return _joiner(short(method[1]), _size(size), size.at, before)
    return Transfer("donor", short(method[1]), peer=short(address[1].strip("[]")), datadir_bytes=_size(size))


def _role(line: str) -> str:
    """ "joiner" or "donor"; "" for another process. wsrep_sst_mysqldump has no --role, and runs on donors only."""
    role, method = ROLE.search(line), METHOD.search(line)
    if method is None:
        return ""
    return role[1] if role else "donor" if method[1] == "mysqldump" and ADDRESS.search(line) else ""


def _joiner(method: str, size: int | None, at: float, before: Transfer | None) -> Transfer:
    first = before.first if before and before.role == "joiner" else None
    if size is None:
        return Transfer("joiner", method, bytes=None, first=first)
    if first is None or size < first[1] + BEGUN:
        return Transfer("joiner", method, bytes=size, first=(at, size))
    rate = (size - first[1]) / (at - first[0]) if at > first[0] else None
    return Transfer("joiner", method, bytes=size, bytes_per_second=rate, first=first)


def _size(du: Ran) -> int | None:
    """Files come and go while `du` looks, which makes its status 1: what it printed counts."""
    return figure(du.out.split("\t")[0].strip())


def _asks(cluster: Cluster, _name: str) -> tuple[Run, ...]:
    """The question. The bracket in the pattern keeps pgrep from finding `timeout`, which has it on its own command
    line."""
    if cluster.mysql is None:
        return ()
    left_out = tuple(f"--exclude={name}" for name in CACHES)
    return (
        Run(("pgrep", "-a", "-f", "[w]srep_sst_")),
        Run(("du", "-s", "-b", *left_out, "--", cluster.mysql.datadir), root=True, timeout=4, only_after=True),
    )


TRANSFER = Question(
    field="transfer",
    title="state transfer (SST)",
    subject=Subject.NODE,
    cadence=Cadence.STORAGE,
    asks=_asks,
    parse=parse,
)
