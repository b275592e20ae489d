"""Logs of simulated machines: a line every few seconds of their own time, and the ends of them as tail, journalctl and
clog print them."""

import time
from collections.abc import Callable

from console.sim.firewall import Firewall
from console.sim.machine import Machine
from console.sim.node import APACHE, GLUSTERD, MYSQL, Node
from console.sim.shell import Call

KEPT = 60
SYSTEM = "/var/log/system.log"
MYSQL_LOG, APACHE_LOG, GLUSTER_LOG = (
    "/var/log/mysql/error.log",
    "/var/log/apache2/error.log",
    "/var/log/glusterfs/glusterd.log",
)
DENIED = "Permission denied"

Say = Callable[[int], str]
"""The message of a number."""


def _lines(machine: Machine, every: float, pattern: str, say: Say) -> list[str]:
    """The last lines of a log, oldest first; none from before the boot. `pattern`: strftime's, `{}` is the message."""
    newest = int(machine.clock.now / every)
    numbers = range(max(newest - KEPT, int(machine.booted_at / every)) + 1, newest + 1)
    return [time.strftime(pattern, time.gmtime(one * every)).replace("{}", say(one)) for one in numbers]


def _of_unit(node: Node, unit: str, said: Say) -> Say:
    """A unit that does not run says so."""
    return lambda at: said(at) if node.unit(unit) == "active" else f"{unit} is {node.unit(unit)}"


def _mysql(node: Node) -> list[str]:
    member = node.galera.members[node.name]
    said: Say = lambda at: f"WSREP: {node.name} is {member.phase.name} at seqno {int(member.seqno)}, view {at % 7}"  # noqa: E731
    return _lines(node, 3.0, "%Y-%m-%d %H:%M:%S 0 [Note] {}", _of_unit(node, node.mysql_unit, said))


def _apache(node: Node) -> list[str]:
    said: Say = lambda at: f"[proxy_fcgi:error] [pid {4000 + at % 5}] [client 203.0.113.{at % 250}] AH01071: Got error"  # noqa: E731
    return _lines(node, 5.0, "[%a %b %d %H:%M:%S.%Y] {}", _of_unit(node, APACHE, said))


def _gluster(node: Node) -> list[str]:
    said: Say = lambda at: f"I [MSGID: 106163] 0-management: using the op-version {100000 + at % 3}"  # noqa: E731
    return _lines(node, 7.0, "[%Y-%m-%d %H:%M:%S.000000 +0000] {}", _of_unit(node, GLUSTERD, said))


def _journal(node: Node, words: list[str]) -> list[str]:
    units = [word.removeprefix("--unit=") for word in words if word.startswith("--unit=")]
    if "--dmesg" in words:
        return _lines(node, 11.0, f"%Y-%m-%dT%H:%M:%S+0000 {node.name} kernel: {{}}", lambda at: f"eno1: tick {at}")
    known = {MYSQL: ("mariadbd", 60.0), APACHE: ("apachectl", 90.0), GLUSTERD: ("glusterd", 120.0)}
    lines: list[str] = []
    for unit in (unit for unit in units if unit in known):
        name, every = known[unit]
        said = _of_unit(node, unit, lambda _at: "Ready for connections.")
        lines += _lines(node, every, f"%Y-%m-%dT%H:%M:%S+0000 {node.name} {name}[902]: {{}}", said)
    return sorted(lines)


def journalctl(call: Call, node: Node) -> int:
    """`--unit=... --dmesg --lines=N --output=short-iso`: to others than root nothing is shown."""
    words = list(call.argv[1:])
    lines = next(int(word.partition("=")[2]) for word in words if word.startswith("--lines="))
    call.out("".join(f"{line}\n" for line in _journal(node, words)[-lines:]) if call.root else "")
    return 0


def tail(call: Call, node: Node) -> int:
    """`tail -v -c BYTES -- FILES`."""
    files = {MYSQL_LOG: _mysql, APACHE_LOG: _apache, GLUSTER_LOG: _gluster}
    count, status = int(call.argv[3]), 0
    for path in call.argv[5:]:
        written = node.written.get(path)
        if path not in files and written is None:
            status = call.fail(f"tail: cannot open '{path}' for reading: No such file or directory")
        elif not call.root:
            status = call.fail(f"tail: cannot open '{path}' for reading: {DENIED}")
        else:
            text = "\n".join(files[path](node)) + "\n" if written is None else written
            call.out(f"==> {path} <==\n{text[-count:]}\n")
    return status


def _system(firewall: Firewall) -> list[str]:
    def say(at: int) -> str:
        name = firewall.name
        if at % 3:
            return f"{name} kernel: carp: 1@em0: {firewall.name} heard advertisement {at}"
        return f"{name} haproxy[{4000 + at % 9}]: Health check for server web_ipvANY/node{at % 3 + 1} succeeded"

    return _lines(firewall, 4.0, "%b %d %H:%M:%S {}", say)


def clog(call: Call, firewall: Firewall) -> int:
    """`clog FILE`: only pfSense up to 2.4 has it."""
    return _printed(call, firewall, call.argv[1], f"{'/usr/local/sbin/clog'}: ")


def firewall_tail(call: Call, firewall: Firewall) -> int:
    """`tail -c BYTES FILE`, as FreeBSD's."""
    if firewall.config.relayd:
        call.out("CLOG\x00\x01\x02 a circular log is no text\x1b[2J\n")
        return 0
    return _printed(call, firewall, call.argv[3], "tail: ")


def _printed(call: Call, firewall: Firewall, path: str, name: str) -> int:
    if path != SYSTEM:
        return call.fail(f"{name}{path}: No such file or directory")
    if not call.root:
        return call.fail(f"{name}{path}: {DENIED}")
    call.out("".join(f"{line}\n" for line in _system(firewall)))
    return 0
