"""The commands of a firewall, in the formats of pfSense 2.7.2 on FreeBSD 14, or of 2.4.5 where relayd balances."""

import base64
import html
import json
import re
from collections.abc import Awaitable, Callable
from typing import NotRequired, TypedDict

from console.sim import freebsd, locks, logs, relayd, upgrade
from console.sim.firewall import Carp, Firewall, Notice
from console.sim.haproxy_socket import answer
from console.sim.pfconfig import FORMS, Config
from console.sim.shell import Call, Command, Shell, bound

SOCKET = "/tmp/haproxy.socket"  # noqa: S108 - where the package puts it
DIRTY = re.compile(r"/var/run/([A-Za-z._-]+)\.dirty")
TRIES = 4
LAST = "pool {} would have no server left: without one relayd has no configuration at all"
PAYLOAD = re.compile(r"^\$drainboard = json_decode\(base64_decode\('([A-Za-z0-9+/=]*)'\), true\);", re.MULTILINE)


class Change(TypedDict):
    """One server of the payload."""

    pool: str
    server: str
    address: str
    expect: str | None
    status: str
    note: NotRequired[str]
    """The note of its hold."""
    noted: NotRequired[str]
    """The note that the caller saw."""


def commands(firewall: Firewall, carp: Carp) -> dict[str, Command]:

    def ifconfig(call: Call, firewall: Firewall) -> int:
        call.out(freebsd.ifconfig(firewall, carp))
        return 0

    acts: dict[str, Callable[[Call, Firewall], int | Awaitable[int]]] = {
        "ifconfig": ifconfig,
        "sysctl": freebsd.sysctl,
        "date": freebsd.date,
        "pfctl": freebsd.pfctl,
        "find": freebsd.find,
        "lockf": locks.lockf,
        "pgrep": locks.pgrep,
        "sockstat": freebsd.sockstat,
        "stat": freebsd.stat,
        "sh": _sh,
        "nc": _nc,
        "test": _test,
        "php": _php,
        "pfSsh.php": _playback,
        "tail": logs.firewall_tail,
        **({"relayctl": relayd.relayctl, "clog": logs.clog} if firewall.config.relayd else {}),
    }
    return {name: bound(act, firewall) for name, act in acts.items()}


def files(firewall: Firewall) -> Callable[[str, bool], str | None]:
    """The files that `cat` can read."""

    def read(path: str, _root: bool) -> str | None:
        known = {"/etc/version": f"{firewall.release}\n", "/etc/platform": "pfSense\n", "/etc/version.patch": "0\n"}
        if firewall.notices:
            layout = "/tmp/notices" if firewall.config.relayd else "/tmp/notices/notices.serial"  # noqa: S108
            known[layout] = _notices(firewall.notices)
        known["/etc/inc/config.lib.inc"] = "<?php\n" + "".join(f"{line}\n}}\n" for line in FORMS[firewall.form])
        if firewall.backups:
            known["/cf/conf/backup/backup.cache"] = _backups(firewall)
        if not firewall.config.relayd:
            known["/var/etc/haproxy/haproxy.cfg"] = firewall.config.haproxy_cfg()
        return firewall.config.xml() if path in ("/cf/conf/config.xml", "/conf/config.xml") else known.get(path)

    return read


def _serialized(entries: dict[int, dict[str, str]]) -> str:
    """Write entries in the form of PHP's serialize(), by their time."""

    def string(text: str) -> str:
        return f's:{len(text.encode())}:"{text}";'

    def fields(entry: dict[str, str]) -> str:
        return f"a:{len(entry)}:{{{''.join(string(key) + string(value) for key, value in entry.items())}}}"

    return f"a:{len(entries)}:{{{''.join(f'i:{at};{fields(entry)}' for at, entry in entries.items())}}}"


def _notices(notices: list[Notice]) -> str:
    def fields(notice: Notice) -> dict[str, str]:
        said = html.escape(notice.text)
        return {"id": notice.id, "notice": said, "url": "", "category": notice.category, "priority": "1"}

    return _serialized({notice.at + place: fields(notice) for place, notice in enumerate(notices)})


def _backups(firewall: Firewall) -> str:
    version = firewall.config.version
    return _serialized({at: {"description": text, "version": version} for at, text in firewall.backups.items()})


async def _sh(call: Call, firewall: Firewall) -> int:
    """Scripts with loops are known by what they look at, and acted out; others are run by the small shell."""
    if call.argv[1:2] != ("-c",) or len(call.argv) < 3:
        return call.fail("sh: only -c is known here", 2)
    script = call.argv[2]
    if firewall.config.relayd and "pfctl -ss" in script:
        return relayd.count(call, firewall)
    if firewall.config.relayd and "relayctl host" in script:
        return relayd.set_hosts(call, firewall)
    if "/cf/conf/upgrade_log.latest.txt" in script:
        return upgrade.told(call, firewall)
    if "pfSense-upgrade -y" in script:
        return upgrade.start(call, firewall)
    if "pgrep -x haproxy" in script:
        return freebsd.pids(call, firewall)
    user = "root" if call.root else call.shell.variables["USER"]
    return await Shell(call.shell.system, user, call.out, call.err).run(script)


def _nc(call: Call, firewall: Firewall) -> int:
    if call.argv[1:] != ("-U", SOCKET) or firewall.haproxy is None or firewall.config.relayd:
        return call.fail("nc: unix connect failed: No such file or directory")
    if not call.root:
        return call.fail("nc: unix connect failed: Permission denied")
    line = call.stdin.partition("\n")[0]
    call.out(answer(firewall.haproxy, line, firewall.name, firewall.clock.now))
    return 0


def _test(call: Call, firewall: Firewall) -> int:
    """test -e PATH, of the dirty files."""
    dirty = DIRTY.fullmatch(call.argv[2]) if call.argv[1:2] == ("-e",) else None
    if dirty is None:
        return call.fail("test: only -e of a dirty file is known here", 2)
    return 0 if dirty[1] in firewall.unapplied or call.argv[2] in firewall.written else 1


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
    if call.argv[1:] == ("-v",):
        call.out("PHP 8.2.11 (cli) (built: Nov 14 2023 16:27:54) (NTS)\nCopyright (c) The PHP Group\n")
        return 0
    if not call.root:
        return call.fail("PHP Fatal error:  Uncaught Error: config.xml: Permission denied", 255)
    found = PAYLOAD.search(call.stdin)
    if found is None:
        call.out("PHP Fatal error:  Uncaught Error: Call to undefined function in Standard input code:2\n")
        return 255
    asked = json.loads(base64.b64decode(found[1]))
    if "system_reboot();" in call.stdin:
        firewall.allow = False
        firewall.reboot()
        call.out('drainboard {"ok":true}\n')
        return 0
    if "sync" in asked and "servers" not in asked:
        return await _sync_now(call, firewall)
    if "interfaces_carp_set_maintenancemode($drainboard['on'])" in call.stdin:
        return await _maintain(call, firewall, asked["on"], asked["who"])
    changes: list[Change] = asked["servers"]
    boot = firewall.boot_id
    changed, objection = await _change(call, firewall, changes, asked.get("description", ""))
    if firewall.boot_id != boot or not firewall.running:
        return 255
    if objection:
        call.out("drainboard " + json.dumps({"ok": False, "why": objection}) + "\n")
        return 0
    if firewall.config.relayd:
        firewall.unapplied.discard(firewall.subsystem)
        firewall.later(1.0, firewall.sync)
    elif asked.get("sync"):
        await _sync(call, firewall)
    call.out("drainboard " + json.dumps({"ok": True, "changed": changed}) + "\n")
    return 0


async def _sync_now(call: Call, firewall: Firewall) -> int:
    """HAProxy's sync ends before its caller goes on; pfSense's own is an event, and is done later."""
    boot = firewall.boot_id
    if "haproxy_do_xmlrpc_sync();" in call.stdin:
        if not firewall.config.enablesync:
            call.out('drainboard {"ok":false,"why":"HAProxy\'s own sync is off here"}\n')
            return 0
        await _sync(call, firewall)
    elif "send_event('filter sync');" in call.stdin:
        firewall.later(1.0, firewall.sync)
    if firewall.boot_id != boot or not firewall.running:
        return 255
    call.out('drainboard {"ok":true}\n')
    return 0


async def _maintain(call: Call, firewall: Firewall, on: bool, who: str) -> int:
    boot = firewall.boot_id
    await call.shell.system.sleep(firewall.check_seconds)
    if firewall.boot_id != boot or not firewall.running:
        return 255
    firewall.maintain(on, who)
    call.out('drainboard {"ok":true}\n')
    return 0


async def _change(call: Call, firewall: Firewall, changes: list[Change], description: str) -> tuple[int, str]:
    """Return how many servers were changed, or why none was. A script that does not compare hashes writes what it has
    read at first, over what was saved meanwhile."""
    statuses = {(change["pool"], change["server"]): change["status"] for change in changes}
    notes = {(change["pool"], change["server"]): change["note"] for change in changes if "note" in change}
    careful = "hash_file(" in call.stdin
    for _ in range(TRIES):
        before = firewall.config
        read = _read(firewall, call.stdin)
        if objection := _objection(read, changes):
            return 0, objection
        if read is None:
            return 0, ""
        after = read.with_status(statuses, notes)
        changed = sum(read.server(*key) != after.server(*key) for key in statuses)
        await call.shell.system.sleep(firewall.check_seconds)
        if not changed:
            return 0, ""
        firewall.test_copy = not firewall.config.relayd and "rmdir_recursive(" not in call.stdin
        if firewall.meanwhile:
            firewall.meanwhile.pop(0)()
        if careful and firewall.config is not before:
            continue
        firewall.config = read
        firewall.persist(statuses, description, notes)
        return changed, ""
    return 0, f"config.xml was changed by others during each of {TRIES} checks"


def _read(firewall: Firewall, script: str) -> Config | None:
    """The script's $config, by this version's contract; None: the bool that it took for the array."""
    new = firewall.form in ("2.8", "master")
    if new and re.search(r"\$config\s*=[^;]*config_read_file\(", script):
        return None
    fresh = {"2.8": "config_read_file(", "master": "config_read_file(false, false)"}.get(
        firewall.form, "parse_config(true)"
    )
    return firewall.config if fresh in script else firewall.cached or firewall.config


def _objection(config: Config | None, changes: list[Change]) -> str:
    """Why nothing may be changed: config.xml isn't what the caller saw."""
    for change in changes:
        name = f"{change['pool']}/{change['server']}"
        server = config.server(change["pool"], change["server"]) if config else None
        if server is None or change.get("address") not in (None, "", server.address):
            return f"{name} is not in config.xml"
        if change.get("expect") is not None and (server.status or "active") not in (change["expect"], change["status"]):
            return f"{name} is {server.status}, not {change['expect']}"
        if "note" in change and server.held not in (change["note"], change.get("noted")):
            return f"somebody has changed the hold of {name} meanwhile: look at it again"
    return _last(config, changes) if config and config.relayd else ""


def _last(config: Config, changes: list[Change]) -> str:
    """relayd needs an active server in every pool."""
    after = config.with_status({(change["pool"], change["server"]): change["status"] for change in changes})
    empty = {pool.name for pool in after.pools if not any(server.status == "active" for server in pool.servers)}
    return next((LAST.format(change["pool"]) for change in changes if change["pool"] in empty), "")


async def _sync(call: Call, firewall: Firewall) -> None:
    """XMLRPC to the peer. What fails is retried and then forgotten: the caller is never told."""
    config, peer, boot = firewall.config, firewall.peer, firewall.boot_id
    if not (config.enablesync and config.synchronizetoip and peer):
        return
    await call.shell.system.sleep(2.0 if peer.running else 5.0)
    if not firewall.running or firewall.boot_id != boot:
        return
    if peer.running and firewall.sync_works:
        peer.receive(config)
    else:
        firewall.complain("merge_installedpackages_section")
