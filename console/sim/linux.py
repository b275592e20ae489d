"""The commands of a node, in the formats of Debian 12."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from console.sim import gluster_store, linux_files, linux_jobs, logs, mysql_proxy, sst
from console.sim.gluster_cli import gluster
from console.sim.hardware import Disk, MountState
from console.sim.linux_scripts import sh
from console.sim.node import APACHE, GLUSTERD, SUBSTATES, Node
from console.sim.shell import Call, Command, bound

DENIED = "Interactive authentication required."


def commands(node: Node) -> dict[str, Command]:
    acts: dict[str, Callable[[Call, Node], int | Awaitable[int]]] = {
        "systemctl": _systemctl,
        "systemd-run": linux_jobs.systemd_run,
        "journalctl": _journalctl,
        "tail": logs.tail,
        "pgrep": _pgrep,
        "pkill": _pkill,
        "du": sst.du,
        "nc": mysql_proxy.nc,
        "nproc": _nproc,
        "date": _date,
        "head": _head,
        "stat": _stat,
        "sh": sh,
        "gluster": gluster,
        "grep": _grep,
        "test": _test,
        "mount": _mount,
    }
    return {"exec": execute} | {name: bound(act, node) for name, act in acts.items()}


def _journalctl(call: Call, node: Node) -> int:
    """Print JSON for jobs, text for all else."""
    return (linux_jobs if "--output=json" in call.argv else logs).journalctl(call, node)


def _nproc(call: Call, _node: Node) -> int:
    call.out("4\n")
    return 0


def files(node: Node) -> Callable[[str, bool], str | None]:
    """The files that `cat` can read."""

    def read(path: str, root: bool) -> str | None:
        up = node.clock.now - node.booted_at
        load = f"{node.load:.2f}"
        known = {
            "/proc/sys/kernel/random/boot_id": f"{node.boot_id}\n",
            "/proc/loadavg": f"{load} {load} {load} 1/312 4242\n",
            "/proc/uptime": f"{up:.2f} {up * 3.6:.2f}\n",
            "/etc/machine-id": f"{node.machine_id.hex}\n",
            "/proc/net/if_inet6": linux_files.if_inet6(),
            "/etc/hostname": f"{node.name}\n",
            "/proc/sys/kernel/hostname": f"{node.name}\n",
            "/proc/sys/kernel/osrelease": f"{node.hardware.packages.kernel}\n",
            "/sys/devices/system/cpu/online": linux_files.cpus_online(),
            "/proc/meminfo": linux_files.meminfo(node.hardware),
            "/proc/mdstat": linux_files.mdstat(node.hardware.array),
            "/proc/net/bonding/bond0": linux_files.bonding(node.hardware.cards),
            "/proc/net/fib_trie": linux_files.fib_trie(node.address),
            "/etc/hosts": linux_files.hosts({node.name: node.address}),
        }
        return _grastate(node) if root and path == f"{node.datadir}/grastate.dat" else known.get(path)

    return read


def _grastate(node: Node) -> str:
    member = node.galera.members[node.name]
    stopped = member.unit == "inactive" and not member.recoverable
    seqno = int(member.seqno) if stopped else -1
    safe = int(node.galera.safe_to_bootstrap(node.name))
    return (
        "# GALERA saved state\nversion: 2.1\n"
        f"uuid:    {node.galera.uuid}\nseqno:   {seqno}\nsafe_to_bootstrap: {safe}\n"
    )


async def execute(call: Call) -> int:
    """exec: nothing follows it in what is asked here."""
    return await call.shell.call(replace(call, argv=call.argv[1:]))


def _date(call: Call, node: Node) -> int:
    if call.argv[1:] != ("+%s.%N",):
        return call.fail("date: only +%s.%N is known here")
    call.out(f"{time.time() + node.hardware.clock_off:.9f}\n")  # a real clock: two boxes are asked at two moments
    return 0


def _head(call: Call, node: Node) -> int:
    """head -v -n COUNT -- FILES: with a heading each. A pattern stands for the one file there is."""
    count = int(call.argv[call.argv.index("-n") + 1])
    paths = [path.replace("bonding/*", "bonding/bond0") for path in call.argv[call.argv.index("--") + 1 :]]
    found = [(path, files(node)(path, call.root)) for path in paths]
    parts = [f"==> {path} <==\n" + "".join(text.splitlines(True)[:count]) for path, text in found if text is not None]
    call.out("\n".join(parts))
    return 0 if len(parts) == len(paths) else call.fail("head: cannot open a file: No such file or directory")


def _stat(call: Call, node: Node) -> int:
    """stat -f -c FORMAT -- PATHS, in blocks of 4096 bytes."""
    if call.argv[1:3] != ("-f", "-c"):
        return call.fail("stat: only -f -c is known here")
    disks = {
        "/": node.hardware.root,
        "/boot": node.hardware.boot_disk,
        "/var/lib/mysql": node.hardware.data,
        node.brick_path: node.hardware.brick,
    }
    status = 0
    for path in call.argv[5:]:
        if path in disks:
            call.out(_filled(call.argv[3], path, disks[path]) + "\n")
        else:
            status = call.fail(f"stat: cannot read file system information for '{path}': No such file or directory")
    return status


def _filled(pattern: str, path: str, disk: Disk) -> str:
    unused = max(0, disk.size - int(disk.used)) // 4096
    free = max(0, unused - int(disk.size * disk.reserved) // 4096)
    values: dict[str, object] = {"%n": path, "%S": 4096, "%b": disk.size // 4096, "%f": unused, "%a": free}
    values |= {"%c": disk.inodes, "%d": disk.inodes - disk.inodes_used}
    for mark, value in values.items():
        pattern = pattern.replace(mark, str(value))
    return pattern


BASIC = "basic.target"


async def _systemctl(call: Call, node: Node) -> int:
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    verb, units = words[0] if words else "", [_unit(word) for word in words[1:]]
    if verb in ("show", "cat", "reset-failed") or (verb == "stop" and units[0] in node.jobs):
        return linux_jobs.systemctl(call, node, verb, units[0])
    if verb == "list-units" and "--failed" in call.argv:
        call.out("".join(f"{unit} loaded failed failed {unit}\n" for unit in node.hardware.failed_units))
        return 0
    if verb == "list-units":
        states = [(unit, node.unit(unit)) for unit in _units(node, units)]
        states += [(BASIC, "active")] * (BASIC in call.argv)
        call.out("".join(f"{unit} loaded {state} {SUBSTATES[state]} {unit}\n" for unit, state in states))
        return 0
    if verb == "is-active":
        states = [node.unit(unit) for unit in units]
        call.out("".join(state + "\n" for state in states))
        return 0 if "active" in states else 3
    if not call.root:
        return call.fail(f"Failed to {verb} {' '.join(units) or 'system'}: {DENIED}")
    if verb in ("reboot", "poweroff"):
        node.reboot(power_off=verb == "poweroff")
        return 0
    if verb in ("start", "stop", "restart"):
        return await _control(call, node, verb, units)
    return call.fail(f"Unknown command verb {verb}.")


def _unit(word: str) -> str:
    return word if word.endswith(".service") else word + ".service"


def _units(node: Node, patterns: list[str]) -> list[str]:
    """Units that the node has and that fit."""
    return [unit for unit in (node.mysql_unit, GLUSTERD, APACHE) if any(fnmatchcase(unit, one) for one in patterns)]


async def _control(call: Call, node: Node, verb: str, units: list[str]) -> int:
    missing = [unit for unit in units if "*" not in unit and not _units(node, [unit])]
    if missing:
        return call.fail(f"Failed to {verb} {missing[0]}: Unit {missing[0]} not found.", 5)
    for unit in _units(node, units):
        if verb != "start":
            node.stop_unit(unit)
            await _settled(call, node, unit, "--no-block" not in call.argv or verb == "restart")
        if verb != "stop":
            node.start_unit(unit)
            await _settled(call, node, unit, "--no-block" not in call.argv)
    return 0


async def _settled(call: Call, node: Node, unit: str, wait: bool) -> None:
    while wait and node.unit(unit) in ("activating", "deactivating"):
        await call.shell.system.sleep(0.2)


def _pgrep(call: Call, node: Node) -> int:
    if "-f" in call.argv:
        return sst.pgrep(call, node)
    wanted, with_names = call.argv[-1].split("|"), "-l" in call.argv
    pids = {"glusterfsd": node.gluster.bricks[node.name].pid, "haproxy": 801, "mariadbd": 902, "glusterd": 703}
    found = [name for name, count in node.processes.items() if count and name in wanted]
    call.out("".join(f"{pids[name]} {name}\n" if with_names else f"{pids[name]}\n" for name in found))
    return 0 if found else 1


def _grep(call: Call, node: Node) -> int:
    """Print listeners from /proc/net/tcp, or lines of Gluster's own files."""
    if "/proc/net/tcp" not in call.argv:
        return gluster_store.grep(call, node)
    lines = linux_files.listening((3306, 4567) if node.mysql_listens else ())
    call.out("".join(lines))
    return 0 if lines else 1


def _test(call: Call, node: Node) -> int:
    """test -e PATH, or several of that with -o between them."""
    words = call.argv[1:]
    if len(words) % 3 != 2 or set(words[::3]) != {"-e"} or not set(words[2::3]) <= {"-o"}:
        return call.fail("test: only -e is known here", 2)
    grastate = f"{node.datadir}/grastate.dat"
    return 0 if any(path == grastate or files(node)(path, call.root) is not None for path in words[1::3]) else 1


def _mount(call: Call, node: Node) -> int:
    """mount -a -t glusterfs: what fstab names and is not mounted."""
    if call.argv[1:] != ("-a", "-t", "glusterfs"):
        return call.fail("mount: only -a -t glusterfs is known here", 1)
    if not call.root:
        return call.fail("mount: must be superuser to use mount.", 32)
    if node.hardware.mount is not MountState.GONE:
        return 0
    if not node.gluster.quorum:
        return call.fail("Mount failed. Check the log file  for more details.", 32)
    node.hardware.mount = MountState.ANSWERS
    return 0


def _pkill(call: Call, node: Node) -> int:
    brick = node.gluster.bricks[node.name]
    if call.argv[-1] != "glusterfsd" or not brick.brick:
        return 1
    if not call.root:
        return call.fail(f"pkill: killing pid {brick.pid} failed: Operation not permitted")
    return 0 if node.kill_bricks() else 1
