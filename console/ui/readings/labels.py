"""What each field of each reading is called, and how it is written. Order is the order on the screen.

A test holds this table against the readings: a new field wants its line here.
"""

from collections.abc import Mapping

from console.ui import words
from console.ui.readings.kinds import (
    bytes_per_second,
    clock,
    counted,
    digest,
    kilobytes,
    length,
    moment,
    none_wanted,
    one_of,
    per_second,
    plain,
    seconds,
    share,
    size,
    status,
    trouble_per_second,
    unset,
    unwanted,
    wanted,
    warned,
)
from console.ui.readings.shapes import Label as L
from console.ui.words import Word

ROLES = {name: words.role(name) for name in ("MASTER", "BACKUP", "INIT")}
PRIMARY = one_of({"Primary": Word(words.OK, "Primary", "ok")}, lambda value: Word(words.BAD, str(value), "bad"))
SYNCED = one_of({"Synced": Word(words.OK, "Synced", "ok")}, lambda value: Word(words.WARN, str(value or "?"), "warn"))
OFF_WANTED = one_of({"": Word("", "not known here", "dim"), "DISABLED": Word("", "DISABLED", "text")},
                    lambda value: Word(words.WARN, str(value), "warn"))  # fmt: skip
ARRAY = one_of({"clean": Word(words.OK, "clean", "ok")}, lambda value: Word(words.BAD, str(value), "bad"))
RAID = one_of({True: Word(words.OK, "well", "ok"), False: Word(words.BAD, "not well", "bad"),
               None: Word(words.UNKNOWN, "can't be told", "unknown")})  # fmt: skip
PFSYNC = one_of({"on": Word(words.OK, "on", "ok"), "off": Word(words.WARN, "off", "warn"),
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
        L("boot", "booted"),
    ),
    "Vhid": (
        L("interface", ""),
        L("vhid", "vhid"),
        L("role", "", one_of(ROLES)),
        L("advskew", "advskew", unset("none (VRRP)")),
        L("advbase", "advbase", unset("none (VRRP)")),
        L("addresses", ""),
    ),
    "Pools": (
        L("running", "runs", RUNS),
        L("dirty", "changes not applied", unwanted),
        L("servers", "server"),
        L("lingering", "sessions to machines no longer listed"),
    ),
    "Server": (
        L("backend", ""),
        L("name", ""),
        L("address", ""),
        L("status", ""),
        L("admin", "asked to be"),
        L("weight", "weight"),
        L("backup", "backup"),
        L("sessions", "sessions"),
        L("queued", "queued"),
        L("rate", "a second"),
        L("total", "total"),
        L("check", "check", unset("none")),
        L("since", "for", length),
        L("last_session", "last session", one_of({-1: Word("", "never", "text")}, length)),
    ),
    "FirewallConfig": (
        L("version", "version of the configuration"),
        L("primary", "syncs to the other (primary)"),
        L("sync_to", "syncs to", unset("nobody")),
        L("maintenance", "persistent CARP maintenance", unwanted),
        L("balancer_sync", "the pools are synced to the other"),
        L("carpdev", "HAProxy only where CARP is master of", unset("runs always")),
        L("balancer_digest", "digest of the balancer's part", digest),
        L("sections", "digest of what core sync carries"),
        L("vips", "CARP VIP"),
        L("servers", "server"),
        L("revised", "last changed", moment),
        L("revision", "by"),
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
    ),
}

NODE: Mapping[str, tuple[L, ...]] = {
    "Host": (
        L("load", "load, last minute"),
        L("cores", "processors"),
        L("memory_total", "memory", size),
        L("memory_available", "memory available", size),
        L("swap_used", "swap used", size),
        L("uptime", "up for", length),
        L("boot_id", "boot id"),
        L("clock", "clock", clock),
    ),
    "Services": (L("active", "active"), L("settling", "starting or stopping"), L("bricks", "brick processes")),
    "Apache": (
        L("busy", "workers busy"),
        L("idle", "workers idle"),
        L("slots", "workers at most"),
        L("requests_per_second", "requests", per_second()),
        L("bytes_per_second", "sent", bytes_per_second),
        L(
            "extended",
            "ExtendedStatus",
            one_of({True: Word("", "on", "text"), False: Word(words.WARN, "off: no rates", "warn")}),
        ),
        L("scoreboard", "scoreboard"),
        L("accesses", "requests since its start", unset("not told")),
        L("total_kbytes", "sent since its start", kilobytes),
        L("uptime", "up for", length),
        L("at", "", None),
    ),
    "Site": (L("status", "HTTP", status), L("seconds", "took", length)),
    "Devices": (
        L("filesystems", "file system"),
        L("bonds", "bond"),
        L("arrays", "md array"),
        L("raid", "hardware RAID"),
        L("failed_units", "failed unit", warned),
        L("names", "own names"),
    ),
    "Filesystem": (
        L("path", ""),
        L("size", "", size),
        L("free", "free", size),
        L("used", "used", plain, " %"),
        L("inodes", "inodes"),
        L("inodes_free", "free"),
    ),
    "Bond": (
        L("name", ""),
        L("mode", ""),
        L("up", "up", wanted),
        L("active", "active", unset("all")),
        L("slaves", "slaves"),
    ),
    "Slave": (L("name", ""), L("up", "up", wanted), L("failures", "link failures")),
    "Array": (
        L("name", ""),
        L("level", ""),
        L("state", "", ARRAY),
        L("working", "working"),
        L("devices", "of"),
        L("recovery", "", unset("")),
    ),
    "RaidState": (L("ok", "", RAID), L("lines", "")),
    "Updates": (
        L("pending", "updates pending"),
        L("security", "of them security", one_of({None: Word("", "can't be told", "dim")}, none_wanted)),
        L("reboot_required", "reboot required", one_of({None: Word("", "can't be told", "dim")}, unwanted)),
        L("kernel", "kernel"),
    ),
    "Mounts": (L("mounts", "mount"),),
    "Mount": (L("volume", ""), L("path", "on"), L("answers", "answers", wanted), L("why", "", unset(""))),
}

DATABASE: Mapping[str, tuple[L, ...]] = {
    "Wsrep": (
        L("status", "component", PRIMARY),
        L("state", "state", SYNCED),
        L("ready", "ready", wanted),
        L("connected", "connected", wanted),
        L("size", "members in the component"),
        L("conf_id", "conf_id"),
        L("uuid", "uuid"),
        L("recv_queue", "write-sets waiting", none_wanted),
        L("commits_per_second", "commits", per_second()),
        L("bytes_per_second", "replicated and received", bytes_per_second),
        L("flow_control", "paused by flow control", share),
        L("flow_control_active", "flow control active", unwanted),
        L("cert_failures", "certification failures", trouble_per_second),
        L("bf_aborts", "brute-force aborts", trouble_per_second),
        L("last_committed", "last committed"),
        L("cached_downto", "gcache holds from"),
        L("desynced", "wsrep_desync", unwanted),
        L("read_only", "read_only", unwanted),
        L("maintenance", "pxc_maint_mode", OFF_WANTED),
        L("uptime", "up for", length),
        L("history", "", None),
        L("sampled", "", None),
        L("totals", "", None),
    ),
    "Member": (
        L("flavour", "server"),
        L("version", "version"),
        L("node_name", "wsrep_node_name"),
        L("gcache_bytes", "gcache", size),
        L("gcache_recover", "gcache outlives a restart", one_of({None: Word("", "not told", "dim")})),
        L("sst_method", "SST by"),
        L("ignore_sb", "ignores split-brain (pc.ignore_sb)", unwanted),
        L("settings", "setting"),
    ),
    "Transfer": (
        L("role", "role", unset("none under way")),
        L("method", "by", unset("-")),
        L("peer", "with", unset("-")),
        L("bytes", "on disk so far", size),
        L("datadir_bytes", "to copy", size),
    ),
    "Writer": (L("running", "runs", wanted), L("target", "sends to", unset("nobody")), L("servers", "server")),
    "ProxyServer": (L("name", ""), L("address", ""), L("status", ""), L("backup", "backup"), L("sessions", "sessions")),
    "Tables": (
        L("not_innodb", "tables that are not InnoDB", none_wanted),
        L("no_primary_key", "tables without a primary key", none_wanted),
        L("names", "which"),
    ),
}

STORAGE: Mapping[str, tuple[L, ...]] = {
    "Volume": (
        L("bricks", "brick"),
        L("pending", "to heal", counted),
        L("heal_rate", "healing", per_second("entries")),
        L("heal_eta", "healed in", one_of({None: Word("", "-", "dim")}, length)),
        L("stuck", "no progress for", one_of({None: Word("", "-", "dim")}, length)),
        L("clean_looks", "looks in a row that found all well"),
        L("history", "", None),
    ),
    "Brick": (
        L("host", ""),
        L("path", ""),
        L("online", "online", wanted),
        L("heal_daemon", "self-heal daemon", wanted),
        L("connected", "peer connected", wanted),
        L("pending", "to heal", counted),
    ),
    "SplitBrain": (
        L("entries", "entries in split-brain", one_of({0: Word(words.OK, "0", "ok")}, counted)),
        L("bricks", "on brick"),
    ),
    "VolumeOptions": (
        L("ping_timeout", "network.ping-timeout", seconds),
        L("quorum_type", "client quorum"),
        L("quorum_count", "bricks it wants", unset("as the type says")),
        L("server_quorum", "server quorum", unset("none")),
        L("bricks", "brick"),
    ),
    "BrickSpace": (
        L("host", ""),
        L("path", ""),
        L("size", "", size),
        L("free", "free", size),
        L("inodes", "inodes"),
        L("inodes_free", "free"),
    ),
    "Visit": (
        L("status", "HTTP", status),
        L("seconds", "took", length),
        L("node", "answered by", unset("not told: the site sends no X-Node or X-Served-By")),
    ),
}

LABELS: Mapping[str, tuple[L, ...]] = {**FIREWALL, **NODE, **DATABASE, **STORAGE}
