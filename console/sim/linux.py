"""The commands of a node, in the formats of Debian 12."""

from collections.abc import Callable

from console.sim.gluster_cli import gluster
from console.sim.node import APACHE, GLUSTERD, MYSQL, SUBSTATES, Node
from console.sim.shell import Call, Command

UNITS = (MYSQL, GLUSTERD, APACHE)
DENIED = "Interactive authentication required."


def commands(node: Node) -> dict[str, Command]:
    """By name."""

    async def systemctl(call: Call) -> int:
        return await _systemctl(call, node)

    async def pgrep(call: Call) -> int:
        return _pgrep(call, node)

    async def pkill(call: Call) -> int:
        return _pkill(call, node)

    async def nproc(call: Call) -> int:
        call.out("4\n")
        return 0

    async def shutdown(call: Call) -> int:
        return _shutdown(call, node)

    async def new_cluster(call: Call) -> int:
        return _new_cluster(call, node)

    async def run_gluster(call: Call) -> int:
        return await gluster(call, node)

    return {
        "systemctl": systemctl,
        "pgrep": pgrep,
        "pkill": pkill,
        "nproc": nproc,
        "shutdown": shutdown,
        "reboot": shutdown,
        "poweroff": shutdown,
        "galera_new_cluster": new_cluster,
        "gluster": run_gluster,
    }


def files(node: Node) -> Callable[[str, bool], str | None]:
    """What `cat` finds."""

    def read(path: str, root: bool) -> str | None:
        up = node.clock.now - node.booted_at
        load = f"{node.load:.2f}"
        known = {
            "/proc/sys/kernel/random/boot_id": f"{node.boot_id}\n",
            "/proc/loadavg": f"{load} {load} {load} 1/312 4242\n",
            "/proc/uptime": f"{up:.2f} {up * 3.6:.2f}\n",
            "/etc/hostname": f"{node.name}\n",
        }
        return _grastate(node) if root and path == "/var/lib/mysql/grastate.dat" else known.get(path)

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


async def _systemctl(call: Call, node: Node) -> int:
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    verb, units = words[0] if words else "", [_unit(word) for word in words[1:]]
    if verb == "show":
        call.out("\n".join(_shown(call, node, unit) for unit in units))
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


def _shown(call: Call, node: Node, unit: str) -> str:
    state = node.unit(unit)
    known = {
        "Id": unit,
        "LoadState": "loaded" if unit in UNITS else "not-found",
        "ActiveState": state,
        "SubState": SUBSTATES[state],
    }
    asked = next((word.partition("=")[2] for word in call.argv if word.startswith("--property=")), ",".join(known))
    return "".join(f"{name}={value}\n" for name, value in known.items() if name in asked.split(","))


async def _control(call: Call, node: Node, verb: str, units: list[str]) -> int:
    for unit in units:
        if unit not in UNITS:
            return call.fail(f"Failed to {verb} {unit}: Unit {unit} not found.", 5)
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
    brick = node.gluster.bricks[node.name]
    if call.argv[-1] != "glusterfsd" or not brick.brick:
        return 1
    call.out(f"{brick.pid}\n")
    return 0


def _pkill(call: Call, node: Node) -> int:
    brick = node.gluster.bricks[node.name]
    if call.argv[-1] != "glusterfsd" or not brick.brick:
        return 1
    if not call.root:
        return call.fail(f"pkill: killing pid {brick.pid} failed: Operation not permitted")
    return 0 if node.kill_bricks() else 1


def _shutdown(call: Call, node: Node) -> int:
    if not call.root:
        return call.fail(f"Failed to set wall message, ignoring: {DENIED}")
    again = call.name == "reboot" or "-r" in call.argv
    node.reboot(power_off=not again)
    return 0


def _new_cluster(call: Call, node: Node) -> int:
    if not call.root:
        return call.fail("Failed to start mariadb.service: " + DENIED)
    if not node.galera.safe_to_bootstrap(node.name):
        return call.fail("It may not be safe to bootstrap the cluster from this node.")
    node.galera.bootstrap(node.name)
    return 0
