"""The commands of a firewall, in the formats of pfSense 2.7.2 on FreeBSD 14."""

import base64
import json
import re
import time
from collections.abc import Callable
from typing import TypedDict

from console.sim.firewall import Carp, Firewall
from console.sim.haproxy_socket import answer
from console.sim.shell import Call, Command

SOCKET = "/tmp/haproxy.socket"  # noqa: S108 - where the package puts it
DIRTY = "/var/run/haproxy.conf.dirty"
PAYLOAD = re.compile(r"^\$drainboard = json_decode\(base64_decode\('([A-Za-z0-9+/=]*)'\), true\);", re.MULTILINE)
REBOOT = re.compile(r"^\s*(<\?php\s.*)?system_reboot\(\);", re.MULTILINE)


class Change(TypedDict):
    """One server of the payload."""

    pool: str
    server: str
    address: str
    expect: str | None
    status: str


def commands(firewall: Firewall, carp: Carp) -> dict[str, Command]:
    """By name."""

    async def ifconfig(call: Call) -> int:
        call.out(_ifconfig(firewall, carp.role(firewall)))
        return 0

    async def sysctl(call: Call) -> int:
        return _sysctl(call, firewall)

    async def nc(call: Call) -> int:
        return _nc(call, firewall)

    async def ls(call: Call) -> int:
        return _ls(call, firewall)

    async def php(call: Call) -> int:
        return await _php(call, firewall)

    async def playback(call: Call) -> int:
        return _playback(call, firewall)

    async def reboot(_call: Call) -> int:
        firewall.reboot()
        return 0

    return {
        "ifconfig": ifconfig,
        "sysctl": sysctl,
        "nc": nc,
        "ls": ls,
        "php": php,
        "pfSsh.php": playback,
        "rc.reboot": reboot,
        "reboot": reboot,
        "shutdown": reboot,
    }


def files(firewall: Firewall) -> Callable[[str, bool], str | None]:
    """What `cat` finds."""

    def read(path: str, _root: bool) -> str | None:
        known = {"/etc/version": "2.7.2-RELEASE\n", "/etc/platform": "pfSense\n", "/etc/version.patch": "0\n"}
        return firewall.config.xml() if path in ("/cf/conf/config.xml", "/conf/config.xml") else known.get(path)

    return read


def _ifconfig(firewall: Firewall, role: str) -> str:
    config = firewall.config
    addresses = (
        ("em0", config.wan, "198.51.100.10", 1),
        ("em1", config.lan, "10.20.0.1", 2),
        ("em2", config.sync, "", 0),
    )
    return "".join(
        _interface(place, name, own, (vip, vhid, role, firewall.advskew) if vip and firewall.allow else None)
        for place, (name, own, vip, vhid) in enumerate(addresses, 1)
    )


def _interface(place: int, name: str, own: str, carp: tuple[str, int, str, int] | None) -> str:
    lines = [
        f"{name}: flags=1008943<UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST,LOWER_UP> metric 0 mtu 1500",
        "\toptions=8120b8<VLAN_MTU,VLAN_HWTAGGING,JUMBO_MTU,VLAN_HWCSUM,WOL_MAGIC,VLAN_HWFILTER>",
        f"\tether 02:00:00:aa:00:{place:02}",
        f"\tinet {own} netmask 0xffffff00 broadcast {_broadcast(own)}",
    ]
    if carp:
        vip, vhid, role, advskew = carp
        lines += [
            f"\tinet {vip} netmask 0xffffff00 broadcast {_broadcast(vip)} vhid {vhid}",
            f"\tcarp: {role} vhid {vhid} advbase 1 advskew {advskew}",
            "\t      peer 224.0.0.18 peer6 ff02::12",
        ]
    lines += [
        "\tmedia: Ethernet autoselect (1000baseT <full-duplex>)",
        "\tstatus: active",
        "\tnd6 options=29<PERFORMNUD,IFDISABLED,AUTO_LINKLOCAL>",
    ]
    return "\n".join(lines) + "\n"


def _broadcast(address: str) -> str:
    return address.rpartition(".")[0] + ".255"


def _sysctl(call: Call, firewall: Firewall) -> int:
    boot = int(firewall.booted_at)
    date = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(boot))
    known = {
        "net.inet.carp.allow": str(int(firewall.allow)),
        "net.inet.carp.demotion": str(firewall.demotion),
        "net.inet.carp.preempt": "1",
        "kern.boottime": f"{{ sec = {boot}, usec = 431022 }} {date}",
        "vm.loadavg": "{ 0.21 0.24 0.19 }",
    }
    status = 0
    for name in call.argv[1:]:
        if name in known:
            call.out(f"{name}: {known[name]}\n")
        else:
            status = call.fail(f"sysctl: unknown oid '{name}'")
    return status


def _nc(call: Call, firewall: Firewall) -> int:
    if call.argv[1:] != ("-U", SOCKET) or firewall.haproxy is None:
        return call.fail("nc: unix connect failed: No such file or directory")
    if not call.root:
        return call.fail("nc: unix connect failed: Permission denied")
    line = call.stdin.partition("\n")[0]
    call.out(answer(firewall.haproxy, line, firewall.name, firewall.clock.now))
    return 0


def _ls(call: Call, firewall: Firewall) -> int:
    there = {DIRTY: firewall.dirty, SOCKET: firewall.haproxy is not None, "/cf/conf/config.xml": True}
    status = 0
    for path in (word for word in call.argv[1:] if not word.startswith("-")):
        if there.get(path) or path in firewall.written:
            call.out(path + "\n")
        else:
            status = call.fail(f"ls: {path}: No such file or directory")
    return status


def _playback(call: Call, firewall: Firewall) -> int:
    sessions = {"enablecarpmaint": True, "disablecarpmaint": False}
    if call.argv[1:2] != ("playback",) or len(call.argv) != 3 or call.argv[2] not in sessions:
        return call.fail("Playback file could not be found.")
    if not call.root:
        return call.fail("PHP Fatal error:  Uncaught Error: config.xml: Permission denied", 255)
    call.out("\n")
    firewall.maintain(sessions[call.argv[2]])
    return 0


async def _php(call: Call, firewall: Firewall) -> int:
    if not call.root:
        return call.fail("PHP Fatal error:  Uncaught Error: config.xml: Permission denied", 255)
    found = PAYLOAD.search(call.stdin)
    if found is None and REBOOT.search(call.stdin):
        firewall.reboot()
        return 0
    if found is None:
        call.out("PHP Fatal error:  Uncaught Error: Call to undefined function in Standard input code:2\n")
        return 255
    asked = json.loads(base64.b64decode(found[1]))
    await call.shell.system.sleep(0.5)
    changes: list[Change] = asked["servers"]
    if objection := _objection(firewall, changes):
        call.out("drainboard " + json.dumps({"ok": False, "why": objection}) + "\n")
        return 0
    changed = _persist(firewall, changes, asked.get("description", ""))
    if asked.get("sync"):
        await _sync(call, firewall)
    call.out("drainboard " + json.dumps({"ok": True, "changed": changed}) + "\n")
    return 0


def _objection(firewall: Firewall, changes: list[Change]) -> str:
    """Why nothing may be changed: config.xml isn't what the caller saw."""
    for change in changes:
        name = f"{change['pool']}/{change['server']}"
        server = firewall.config.server(change["pool"], change["server"])
        if server is None or change.get("address") not in (None, "", server.address):
            return f"{name} is not in config.xml"
        if change.get("expect") is not None and server.status not in (change["expect"], change["status"]):
            return f"{name} is {server.status}, not {change['expect']}"
    return ""


def _persist(firewall: Firewall, changes: list[Change], description: str) -> int:
    statuses = {(change["pool"], change["server"]): change["status"] for change in changes}
    before = firewall.config
    changed = sum(getattr(before.server(*key), "status", None) != status for key, status in statuses.items())
    if changed:
        firewall.persist(statuses, description)
    return changed


async def _sync(call: Call, firewall: Firewall) -> None:
    """XMLRPC to the peer. What fails is retried and then forgotten: the caller is never told."""
    config, peer, boot = firewall.config, firewall.peer, firewall.boot_id
    if not (config.enablesync and config.synchronizetoip and peer):
        return
    await call.shell.system.sleep(2.0 if peer.running else 5.0)
    if peer.running and firewall.running and firewall.boot_id == boot:
        peer.receive(config)
