"""The scripts of a full copy (SST) as a node's process list shows them, and its datadir as it grows.

They run for an IST as well, where the donor's tells the joiner (`--bypass`) that no copy comes.
"""

from console.sim.node import Node
from console.sim.shell import Call

DATADIR = "/var/lib/mysql"
EMPTY = 4096
"""Bytes of a folder."""


def pgrep(call: Call, node: Node) -> int:
    """pgrep -a -f. It would find whoever has the pattern itself on the command line: `timeout`, or sudo."""
    pattern = call.argv[-1]
    found = [line for line in _processes(node) if pattern.replace("[w]", "w") in line]
    if "[" not in pattern:
        found.append(f"4241 timeout 3 {' '.join(call.argv)}")
    call.out("".join(line + "\n" for line in found))
    return 0 if found else 1


def _processes(node: Node) -> list[str]:
    copy = node.galera.members[node.name].copy
    if copy is None:
        return []
    if copy.role == "joiner":
        words = "--role {} --address {} --datadir {} --parent 2320 --progress 0".format
        loud = words("'joiner'", f"'{copy.joiner}'", f"'{DATADIR}/'")
        plain = words("joiner", copy.joiner, f"{DATADIR}/")
    else:
        words = "--role {} --address {} --local-port 3306 --progress 0 --datadir {} --gtid-domain-id 0".format
        to = f"{copy.joiner}:4444/rsync_sst"
        loud, plain = words("'donor'", f"'{to}'", f"'{DATADIR}/'"), words("donor", to, f"{DATADIR}/")
        if not copy.full:
            loud, plain = f"{loud} '--bypass'", f"{plain} --bypass"
    return [f"2474 sh -c wsrep_sst_rsync {loud}", f"2475 bash /usr//bin/wsrep_sst_rsync {plain}"]


def du(call: Call, node: Node) -> int:
    """du -s -b of the datadir: only root may look inside."""
    if not call.root:
        call.out(f"{EMPTY}\t{DATADIR}\n")
        return call.fail(f"du: cannot read directory '{DATADIR}/mysql': Permission denied")
    if call.argv[-1] != DATADIR:
        return call.fail(f"du: cannot access '{call.argv[-1]}': No such file or directory")
    copy = node.galera.members[node.name].copy
    share = copy.share(node.clock.now) if copy and copy.full and copy.role == "joiner" else 1.0
    call.out(f"{EMPTY + int(share * node.galera.datadir)}\t{DATADIR}\n")
    return 0
