"""lockf(1) and what pgrep(1) sees of it: the commands that hold a lock file on a firewall."""

import re

from console.sim.firewall import Firewall
from console.sim.shell import Call

TAKEN = 75
OPTIONS = ("-k", "-s", "-t", "0")


async def lockf(call: Call, firewall: Firewall) -> int:
    """`lockf -k -s -t 0 LOCK tee FILE`, which is all that is known here: it lasts as long as its input is open."""
    words = call.argv[1:]
    if words[:4] != OPTIONS or len(words) != 7 or words[5] != "tee":
        return call.fail("usage: lockf [-knpsw] [-t seconds] file command [arguments]", 64)
    if not call.root:
        return call.fail(f"lockf: cannot open {words[4]}: Permission denied", 73)
    lock, file, boot = words[4], words[6], firewall.boot_id
    if lock in firewall.locks:
        return TAKEN
    firewall.locks[lock], firewall.written[file] = " ".join(call.argv), ""
    try:
        while more := await call.shell.more():
            if firewall.boot_id != boot:
                return 1
            firewall.written[file] += more
            call.out(more)
    finally:
        if firewall.boot_id == boot:
            firewall.locks.pop(lock, None)
    return 0


def pgrep(call: Call, firewall: Firewall) -> int:
    """`pgrep -f PATTERN`, of the commands that hold locks."""
    if call.argv[1:2] != ("-f",) or len(call.argv) != 3:
        return call.fail("usage: pgrep -f pattern", 2)
    found = [line for line in firewall.locks.values() if re.search(call.argv[2], line)]
    call.out("4711\n" * len(found))
    return 0 if found else 1
