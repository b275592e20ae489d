"""Places of a volume's bricks and names of their peers, from glusterd's files in /var/lib/glusterd.

Reading these files takes no lock, waits for nobody and starts one process; `volume info` and `peer status` tell the
same at the price of a Python interpreter each (the gluster command runs `gsyncd --version` before anything else:
glusterfs cli/src/cli-cmd-volume.c, cli_cmd_check_gsync_exists_cbk).
"""

import re
from collections import defaultdict
from dataclasses import dataclass, replace

from console.inventory.addresses import plain
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import lines_of, ran, short, whole, without_sudo

FOLDER = "/var/lib/glusterd"
MAX_BRICKS = 100
MAX_VALUE = 1000
"""Characters of a brick's name."""
MAX_NAMES = 8
TEMPORARY = ".tmp"
"""Suffix of a file that glusterd was about to write when it ended, or had no space for."""
REJECTED = "6"
"""A peer's `state`; 3 is a peer in the cluster (glusterd's glusterd-sm.h)."""
REMEDY = "correct `volumes` in the inventory: `gluster volume list` names them"
KEYS = "^(uuid|state|hostname[0-9]*|path|count|(replica|arbiter|disperse|redundancy)_count|brick-[0-9]+)="
"""`info` holds a password beside them, which therefore never leaves the node."""
_LINE = re.compile(
    rf"{FOLDER}/(?P<folder>peers/|vols/[^/\n]+/(?=info:)|vols/[^/\n]+/bricks/)(?P<file>.+?)"
    r":(?P<key>uuid|state|hostname[0-9]*|path|count|(?:replica|arbiter|disperse|redundancy)_count|brick-[0-9]+)"
    r"=(?P<value>.*)"
)


Files = dict[str, dict[str, str]]
"""Keys and values of each file, by its name or the peer's uuid."""


@dataclass(frozen=True)
class Placed:
    """A brick of the volume: on which peer, and all by which the asker knows that one (nothing of the asker itself)."""

    host: str
    path: str
    peer: str
    """Its uuid; "" where the brick's file holds none, as before 3.12, and it is on none of the asker's peers."""
    names: tuple[str, ...]
    rejected: bool
    """The asker and the peer have rejected each other: a volume's settings differ between them."""
    group: int
    """Its set, from 0: the bricks of one hold the same files, or parts of the same (dispersed)."""
    needs: int = 0
    """Bricks of its set without which no file can be read, where the volume is dispersed; 0: it is replicated."""
    arbiter: bool = False
    """It holds names only, and serves no file by itself."""

    @property
    def name(self) -> str:
        """The name in gluster's output."""
        return f"{self.host}:{self.path}"


def asks(volume: str) -> Run:
    """One process for all of it."""
    files = (f"{FOLDER}/peers", f"{FOLDER}/vols/{volume}/info", f"{FOLDER}/vols/{volume}/bricks")
    return Run(("grep", "-r", "-s", "-E", KEYS, *files), root=True, timeout=1)


def placed(answer: Ran, unread: list[str]) -> tuple[Placed, ...]:
    """Every brick, in the order in which the volume was made. A line that can't be read goes into `unread`; one without
    which a brick's place is not known takes all with it, for none may be left out of a count."""
    peers, bricks, info = _files(answer, unread)
    by_uuid = {peer["uuid"]: peer for peer in peers.values() if peer.get("uuid")}
    if not info and not bricks:
        raise Unreadable(f"{FOLDER} holds no volume of this name; {REMEDY}")
    order = [value for key, value in info.items() if key.startswith("brick-")]
    found = [bricks.get(file, {}) for file in order]
    if not found or len(found) > MAX_BRICKS or len(found) != whole(info.get("count"), "count"):
        raise Unreadable(f"{FOLDER} names other than the number of bricks it counts, or more than {MAX_BRICKS}")
    if not all(_tells(brick) for brick in found):
        raise Unreadable(f"{FOLDER} does not tell where a brick is")
    counts = {key: whole(info.get(f"{key}_count", "0"), f"{key}_count") for key in _COUNTS}
    each = counts["disperse"] or counts["replica"] or len(found)
    needs, arbiters = max(0, counts["disperse"] - counts["redundancy"]), counts["arbiter"]
    return tuple(
        replace(_placed(brick, by_uuid), group=at // each, needs=needs, arbiter=at % each >= each - arbiters)
        for at, brick in enumerate(found)
    )


_COUNTS = ("replica", "arbiter", "disperse", "redundancy")
"""Sizes of a set. The last of its bricks are the arbiters; a dispersed volume has a `replica_count` of 1 beside its own
(glusterd-store.c; `info` of 3.12.3 in gluster/glusterfs issue 367)."""


def _placed(brick: dict[str, str], peers: Files) -> Placed:
    host = brick["hostname"]
    uuid = brick.get("uuid") or next(
        (uuid for uuid, peer in peers.items() if plain(host) in map(plain, _names(peer))), ""
    )
    peer = peers.get(uuid, {})
    return Placed(host, brick["path"], uuid, _names(peer), peer.get("state") == REJECTED, 0)


def _tells(brick: dict[str, str]) -> bool:
    """Its place is compared with what gluster prints, so it is kept as it is: printable, or not believed."""
    printable = max(map(len, brick.values()), default=0) <= MAX_VALUE and all(map(str.isprintable, brick.values()))
    return printable and all(brick.get(key) for key in ("hostname", "path"))


def _files(answer: Ran, unread: list[str]) -> tuple[Files, Files, dict[str, str]]:
    """Keys and values of the files of each peer, of each brick, and of the volume."""
    peers: Files = defaultdict(dict)
    bricks: Files = defaultdict(dict)
    info: dict[str, str] = {}
    if answer.status in (1, 2) and (not answer.err or (answer.out and not without_sudo(answer.err))):
        answer = replace(answer, status=0)  # a file is not there, or none of them
    for line in lines_of(ran(answer)):
        if f"{TEMPORARY}:" in line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            unread.append(f"{FOLDER} gave a line that is none of a peer, a volume or a brick: {short(line)}")
            continue
        kept = peers[match["file"]] if match["folder"] == "peers/" else bricks[match["file"]]
        (info if match["folder"].startswith("vols/") and match["file"] == "info" else kept)[match["key"]] = match[
            "value"
        ]
    return peers, bricks, info


def _names(peer: dict[str, str]) -> tuple[str, ...]:
    """Each once."""
    found = (short(value) for key, value in peer.items() if key.startswith("hostname"))
    return tuple(dict.fromkeys(found))[:MAX_NAMES]
