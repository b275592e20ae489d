"""Labels for the answers of Gluster, and for a visitor's. See `labels`."""

from collections.abc import Mapping

from console.ui.detail.kinds import (
    counted,
    length,
    one_of,
    per_second,
    seconds,
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

STORAGE: Mapping[str, tuple[L, ...]] = {
    "Volume": (
        L("started", "started", wanted),
        L("unread", "can't be read", warned),
        L("bricks", "brick"),
        L("pending", "to heal", counted),
        L("heal_rate", "healing", per_second("entries")),
        L("heal_eta", "healed in", one_of({None: Word("", "-", "dim")}, length)),
        L("stuck", "no progress for", one_of({None: Word("", "-", "dim")}, length)),
        L("quorum", "enough of each set is reached", wanted),
        L("majority", "the node asked reaches most others", wanted),
        L("dispersed", "its bricks hold parts of files"),
        L("clean_looks", "looks in a row that found all well"),
        L("progress_at", "", None),  # what the figures above are made of, as is the history
        L("history", "", None),
    ),
    "Healing": (
        L("host", ""),
        L("path", ""),
        L("connected", "reached", wanted),
        L("pending", "to heal", counted),
        L("split_brain", "in split-brain", counted),
    ),
    "Brick": (
        L("host", ""),
        L("path", ""),
        L("online", "online", wanted),
        L("heal_daemon", "self-heal daemon", wanted),
        L("connected", "peer connected", wanted),
        L("pending", "to heal", counted),
        L("names", "also called"),
        L("group", "set"),
        L("needs", "bricks that a set needs", one_of({0: Word("", "by quorum", "text")})),
        L("arbiter", "arbiter, without files"),
        L("rejected", "rejected by its peers", unwanted),
        L("told", "told by a majority", wanted),
    ),
    "SplitBrain": (
        L("entries", "entries in split-brain", one_of({0: Word(words.OK, "0", "ok")}, counted)),
        L("bricks", "on brick"),
        L("majority", "the node asked reaches most bricks", wanted),
        L("unread", "can't be read", warned),
    ),
    "VolumeOptions": (
        L("ping_timeout", "network.ping-timeout", seconds),
        L("quorum_type", "client quorum"),
        L("quorum_count", "bricks it wants", unset("as the type says")),
        L("server_quorum", "server quorum", unset("none")),
        L("bricks", "brick"),
        L("unread", "can't be read", warned),
    ),
    "BrickSpace": (
        L("host", ""),
        L("path", ""),
        L("size", "", size),
        L("free", "free", size),
        L("used", "used", unset("not told"), " %"),
        L("inodes", "inodes"),
        L("inodes_free", "free"),
    ),
    "Visit": (
        L("status", "HTTP", status),
        L("seconds", "took", length),
        L("row", "served in a row"),
        L("node", "answered by", unset("not told: the site sends no X-Node or X-Served-By")),
    ),
}
