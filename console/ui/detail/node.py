"""Labels for the answers of a node, its Apache and its devices. See `labels`."""

from collections.abc import Mapping

from console.ui.detail.kinds import (
    bytes_per_second,
    clock,
    digest,
    kilobytes,
    length,
    none_wanted,
    one_of,
    per_second,
    plain,
    size,
    status,
    unset,
    unwanted,
    wanted,
    warned,
)
from console.ui.detail.shapes import Label as L
from console.words import words
from console.words.words import Word

ARRAY = one_of(
    {"clean": Word(words.OK, "clean", "ok"), "container": Word("", "container", "dim")},
    lambda value: Word(words.BAD, str(value), "bad"),
)
RAID = one_of({True: Word(words.OK, "well", "ok"), False: Word(words.BAD, "not well", "bad"),
               None: Word(words.UNKNOWN, "can't be told", "unknown")})  # fmt: skip

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
        L("clocks", "", None),
    ),
    "Running": (
        L("mysqld", "MySQL", unset("none")),
        L("ports", "listens on", unset("neither 3306 nor 4567")),
        L("grastate", "grastate.dat"),
        L("glusterd", "glusterd"),
        L("bricks", "brick processes"),
        L("haproxy", "HAProxy"),
    ),
    "Listed": (L("volumes", "volume", unset("none, or Gluster does not run")),),
    "Services": (
        L("active", "active"),
        L("settling", "starting or stopping"),
        L("bricks", "brick processes"),
        L("unread", "can't be read", warned),
    ),
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
        L("unread", "can't be read", warned),
        L("at", "", None),
    ),
    "Site": (L("status", "HTTP", status), L("seconds", "took", length)),
    "Devices": (
        L("filesystems", "file system"),
        L("missing", "not there", warned),
        L("unread", "can't be read", warned),
        L("bonds", "bond"),
        L("teams", "team (teamd), not read here", unset("none")),
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
        L("aggregator", "active aggregator", unset("-")),
        L("partner", "partner", unset("-")),
        L("slaves", "slaves"),
    ),
    "Slave": (
        L("name", ""),
        L("up", "up", wanted),
        L("failures", "link failures"),
        L("aggregator", "aggregator", unset("-")),
    ),
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
        L("unread", "can't be read", warned),
    ),
    "Jobs": (L("boot", "in boot", digest), L("units", "unit")),
    "Job": (
        L("kind", ""),
        L("there", "there"),
        L("state", ""),
        L("result", "result", unset("")),
        L("status", "exit status"),
        L("invocation", "start", digest),
        L("words", "last words", unset("none")),
        L("read", "read to its end"),
    ),
    "Mounts": (
        L("mounts", "mount"),
        L("automounts", "automount waits at", unset("nowhere else")),
        L("unread", "can't be read", warned),
    ),
    "Mount": (L("volume", ""), L("path", "on"), L("answers", "answers", wanted), L("why", "", unset(""))),
}
