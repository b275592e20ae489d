"""`sh -c`: plain scripts are run by the small shell; those with loops are known by what they look at, and acted out."""

import time
from collections.abc import Awaitable, Callable

from console.sim.hardware import MountState, Packages
from console.sim.node import Node
from console.sim.shell import Call, Shell

DOCUMENT_ROOT = "/var/www/html"
PATIENCE = 2
"""Seconds the mount's test waits."""


async def sh(call: Call, node: Node) -> int:
    """`sh -c SCRIPT` only."""
    if call.argv[1:2] != ("-c",) or len(call.argv) < 3:
        return call.fail("sh: only -c is known here", 2)
    script = call.argv[2]
    for mark, act in ACTED:
        if mark in script:
            return await act(call, node)
    user = "root" if call.root else call.shell.variables["USER"]
    return await Shell(call.shell.system, user, call.out, call.err).run(script)


async def _mounts(call: Call, node: Node) -> int:
    """Each mount's test ends by itself, by a signal, or is not begun while an earlier one hangs."""
    device, hardware = f"localhost:/{node.gluster.volume}", node.hardware
    state = hardware.mount
    if state is MountState.HUNG and hardware.waiting is not None and node.clock.now - hardware.waiting > PATIENCE:
        call.out(f"stuck {device} {DOCUMENT_ROOT}\n")
    elif state in (MountState.HUNG, MountState.STOPPED):
        hardware.waiting = node.clock.now if state is MountState.HUNG else None
        await call.shell.system.sleep(PATIENCE)
        call.out(f"137 {device} {DOCUMENT_ROOT}\n")
    elif state is MountState.ANSWERS:
        reached = len(node.gluster.down) < len(node.gluster.bricks)  # one brick is enough for statfs, not for reading
        call.out(f"{0 if reached else 1} {device} {DOCUMENT_ROOT}\n")
    call.out(f"listed {device} {DOCUMENT_ROOT} defaults,_netdev\nend\n")
    return 0


async def _updates(call: Call, node: Node) -> int:
    """Print a Debian 12's answer."""
    packages = node.hardware.packages
    call.out(f"kernel {packages.kernel}\n" + "".join(f"installed {name}\n" for name in packages.installed))
    call.out("flagged\n" if packages.flagged else "")
    await call.shell.system.sleep(0.6)
    call.out(f"managers apt-get\nknown\n== apt\n{_simulation(packages)}status 0\n")
    audit = "The following packages are only half configured, probably due to problems\n" if packages.half_done else ""
    call.out(f"== audit\n{audit}status {1 if audit else 0}\n")
    call.out("== replaced\n" + "".join(f"{file}\n" for file in packages.beside) + "== end\n")
    return 0


def _simulation(packages: Packages) -> str:
    head = (
        "Reading package lists...\nBuilding dependency tree...\nReading state information...\nCalculating upgrade...\n"
    )
    listed = "The following packages will be upgraded:\n  " + " ".join(one.name for one in packages.waiting) + "\n"
    total = f"{packages.pending} upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
    origins = [
        "Debian-Security:12/stable-security" if one.security else "Debian:12.12/stable" for one in packages.waiting
    ]
    packed = list(zip(packages.waiting, origins, strict=True))
    lines = [f"Inst {one.name} [{one.now}] ({one.then} {origin} [amd64])\n" for one, origin in packed]
    lines += [f"Conf {one.name} ({one.then} {origin} [amd64])\n" for one, origin in packed]
    return head + (listed if packages.waiting else "") + total + "".join(lines)


async def _preparing(call: Call, node: Node) -> int:
    """Print the facts of a node whose lists are fresh, and whose boot starts all that runs."""
    packages, now = node.hardware.packages, int(time.time())
    call.out(f"now {now}\nlists {now - 3600}\n")
    call.out("timer apt-daily-upgrade.timer\n" if packages.by_itself else "")
    call.out("".join(f"works {name}\n" for name in packages.works))
    call.out("".join(f"held {name}\n" for name in packages.held) + "== prepared\n")
    return 0


ACTED: tuple[tuple[str, Callable[[Call, Node], Awaitable[int]]], ...] = (
    ("apt-mark showhold", _preparing),
    ("fuse.glusterfs", _mounts),
    ("apt-get -s", _updates),
)
"""(part of the script, the function that acts like it)."""
