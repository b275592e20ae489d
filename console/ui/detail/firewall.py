"""Labels for the answers of a firewall. See `labels`."""

from collections.abc import Mapping

from console.ui.detail.kinds import (
    clock,
    digest,
    length,
    moment,
    none_wanted,
    one_of,
    per_second,
    server,
    unset,
    unwanted,
    wanted,
    warned,
)
from console.ui.detail.shapes import Label as L
from console.words import words
from console.words.words import Word

ROLES = {name: words.role(name) for name in ("MASTER", "BACKUP", "INIT")}
PFSYNC = one_of({"on": Word(words.OK, "on", "ok"), "off": Word(words.WARN, "off", "warn"),
                 "behind": Word(words.WARN, "behind its peer", "warn"),
                 None: Word("", "no pfsync interface", "dim")})  # fmt: skip
IN_POOL = one_of({"active": Word(words.OK, "active", "ok"), "backup": Word(words.OK, "backup", "ok")},
                 lambda value: Word(words.OUT, str(value), "note"))  # fmt: skip
RUNS = one_of({True: Word(words.OK, "yes", "ok"), False: Word("", "no", "text")})

FIREWALL: Mapping[str, tuple[L, ...]] = {
    "Carp": (
        L("vhids", "vhid"),
        L("allow", "CARP allowed", wanted),
        L("demotion", "demotion", none_wanted),
        L("maintenance", "maintenance (advskew 254)", unwanted),
        L("pfsync", "pfsync", PFSYNC),
        L("uptime", "up for", length),
        L("now", "clock", moment),
        L("boot", "booted"),
    ),
    "Vhid": (
        L("interface", ""),
        L("vhid", "vhid"),
        L("role", "", one_of(ROLES)),
        L("advskew", "advskew", unset("none (VRRP)")),
        L("advbase", "advbase", unset("none (VRRP)")),
        L("addresses", ""),
        L("on", "interface on", wanted),
        L("link", "link", unset("not printed")),
    ),
    "Pools": (
        L("running", "runs", RUNS),
        L("dirty", "changes not applied", unwanted),
        L("servers", "server"),
        L("strange", "not understood", none_wanted),
        L("pid", "process"),
        L("uptime", "since its last reload", length),
        L("history", "", None),  # what sessions a second are measured from
        L("lingering", "sessions to machines no longer listed"),
    ),
    "Server": (
        L("backend", ""),
        L("name", ""),
        L("address", ""),
        L("status", "", server),
        L("admin", "asked to be"),
        L("weight", "weight"),
        L("backup", "backup"),
        L("sessions", "sessions"),
        L("queued", "queued"),
        L("rate", "a second"),
        L("total", "total"),
        L("check", "check", unset("none")),
        L("since", "for", length),
        L("given", "given a second", per_second()),
        L("unresolved", "name without address", unset("none")),
        L("tracks", "follows", unset("none")),
        L("agent", "has an agent check"),
        L("told", "tells what was asked", wanted),
        L("strange", "not understood", none_wanted),
        L("last_session", "last session", one_of({-1: Word("", "never", "text")}, length)),
    ),
    "Claim": (
        L("held", "a console is at work", one_of({True: Word("", "yes", "note"), False: Word("", "no", "text")})),
        L("who", "who", unset("nobody since the boot")),
        L("what", "at what", unset("nothing")),
        L("cluster", "in", unset("no cluster")),
        L("where", "journal", unset("none")),
        L("since", "since", moment),
        L("until", "its last order ends", moment),
        L("released", "it ended", RUNS),
        L("token", "token", digest),
    ),
    "Processes": (
        L("pids", "HAProxy's processes"),
        L("connections", "process, address, connections"),
    ),
    "FirewallConfig": (
        L("version", "version of the configuration"),
        L("primary", "syncs to the other (primary)"),
        L("sync_to", "syncs to", unset("nobody")),
        L("maintenance", "persistent CARP maintenance", unwanted),
        L("balancer_sync", "the pools are synced to the other"),
        L("processes", "processes of HAProxy"),
        L("carpdev", "HAProxy only where CARP is master of", unset("runs always")),
        L("balancer_digest", "digest of the balancer's part", digest),
        L("odd", "can't be read"),
        L("uncertified", "certificate missing for", none_wanted),
        L("digest", "digest of the whole file", digest),
        L("sections", "digest of what core sync carries"),
        L("vips", "CARP VIP"),
        L("servers", "server"),
        L("revised", "last changed", moment),
        L("revision", "by"),
    ),
    "Saved": (
        L("backends", "load saved states", unset("no backend")),
        L("elsewhere", "from another file too", unwanted),
        L("written", "the file is of", moment),
        L("servers", "server"),
    ),
    "SavedServer": (
        L("backend", ""),
        L("name", ""),
        L("address", ""),
        L("drained", "drained", unwanted),
        L("maintenance", "in maintenance", unwanted),
        L("ready", "ready against config.xml", unwanted),
    ),
    "CarpVip": (
        L("address", ""),
        L("interface", "on"),
        L("vhid", "vhid"),
        L("advskew", "advskew"),
        L("advbase", "advbase"),
        L("uniqid", "uniqid"),
    ),
    "PooledServer": (L("pool", ""), L("name", ""), L("address", ""), L("status", "", IN_POOL)),
    "Box": (
        L("version", "pfSense"),
        L("states", "states"),
        L("sync_notices", "sync notice", warned),
        L("unapplied", "changes not applied in", warned),
        L("clock", "clock", clock),
        L("clocks", "", None),
    ),
}
