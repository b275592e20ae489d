"""Labels for the answers of MySQL. See `labels`."""

from collections.abc import Mapping

from console.ui.detail.kinds import (
    bytes_per_second,
    length,
    none_wanted,
    one_of,
    per_second,
    server,
    share,
    size,
    trouble_per_second,
    unset,
    unwanted,
    wanted,
    warned,
)
from console.ui.detail.shapes import Label as L
from console.words import words
from console.words.words import Word

PRIMARY = one_of({"Primary": Word(words.OK, "Primary", "ok")}, lambda value: Word(words.BAD, str(value), "bad"))
SYNCED = one_of({"Synced": Word(words.OK, "Synced", "ok")}, lambda value: Word(words.WARN, str(value or "?"), "warn"))
OFF_WANTED = one_of({"": Word("", "not known here", "dim"), "DISABLED": Word("", "DISABLED", "text")},
                    lambda value: Word(words.WARN, str(value), "warn"))  # fmt: skip

TOTALS = ("at", "uptime", "committed", "paused_ns", "cert_failures", "bf_aborts", "size", "written")
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
        L("written_per_second", "of them by its own clients", per_second()),
        L("written", "by its own clients since its start"),
        L("quiet", "since the last of them", length),
        L("connections", "connections"),
        L("max_connections", "max_connections"),
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
        L("rejects", "wsrep_reject_queries", one_of({"": Word("", "no", "text")}, warned)),
        L("membership", "member by"),
        L("unread", "can't be read", warned),
        L("alone", "without wsrep, by itself", unwanted),
        L("uptime", "up for", length),
        L("cache_full", "gcache is full"),
        L("looks", "looks in a row with this conf_id"),
        L("asked", "", None),
        L("totals", "", None),  # what the next rates are measured from, as is the history
        L("history", "", None),
    ),
    "Totals": tuple(L(name, "", None) for name in TOTALS),
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
        L("bytes_per_second", "grows by", bytes_per_second),
        L("datadir_bytes", "to copy", size),
        L("first", "", None),
    ),
    "Writer": (
        L("running", "runs", wanted),
        L("target", "sends to", unset("nobody")),
        L("servers", "server"),
        L("given", "latest new sessions went to"),
        L("unread", "can't be read", warned),
    ),
    "ProxyServer": (
        L("name", ""),
        L("address", ""),
        L("status", "", server),
        L("serving", "serving"),
        L("backup", "backup"),
        L("sessions", "sessions"),
        L("total", "sessions in all"),
        L("admin", "", None),  # its status says so
    ),
    "Transactions": (
        L("count", "open"),
        L("longest", "the oldest began", length),
    ),
    "Tables": (
        L("not_innodb", "tables that are not InnoDB", none_wanted),
        L("no_primary_key", "tables without a primary key", none_wanted),
        L("complete", "counted to the end"),
        L("names", "which"),
    ),
}
