"""Where a volume's bricks are and what their peers are called, as glusterd keeps it in /var/lib/glusterd.

Reading these files takes no lock, waits for nobody and starts one process; `volume info` and `peer status` tell the
same at the price of a Python interpreter each (the gluster command runs `gsyncd --version` before anything else:
glusterfs cli/src/cli-cmd-volume.c, cli_cmd_check_gsync_exists_cbk).
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import ran, short, whole

FOLDER = "/var/lib/glusterd"
MOST_BRICKS = 100
LONGEST = 1000
"""Characters of a brick's name."""
MOST_NAMES = 8
KEYS = "^(uuid|hostname[0-9]*|path|count|brick-[0-9]+)="
"""`info` holds a password beside them, which therefore never leaves the node."""
_LINE = re.compile(
    rf"{FOLDER}/(?P<folder>peers/|vols/[^/\n]+/(?=info:)|vols/[^/\n]+/bricks/)(?P<file>.+?)"
    r":(?P<key>uuid|hostname[0-9]*|path|count|brick-[0-9]+)=(?P<value>.*)"
)


@dataclass(frozen=True)
class Placed:
    """A brick of the volume: on which peer, and all by which the asker knows that one (nothing of the asker itself)."""

    host: str
    path: str
    peer: str
    """Its uuid."""
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """As gluster prints it."""
        return f"{self.host}:{self.path}"


def asks(volume: str) -> Run:
    """One process for all of it."""
    files = (f"{FOLDER}/peers", f"{FOLDER}/vols/{volume}/info", f"{FOLDER}/vols/{volume}/bricks")
    return Run(("grep", "-r", "-s", "-E", KEYS, *files), root=True, timeout=1)


def placed(answer: Ran) -> tuple[Placed, ...]:
    """Every brick, in the order in which the volume was made."""
    peers, bricks, info = _files(answer)
    names = {peer.get("uuid", ""): _names(peer) for peer in peers.values()}
    order = [value for key, value in info.items() if key.startswith("brick-")]
    found = [bricks.get(file, {}) for file in order]
    if not found or len(found) > MOST_BRICKS or len(found) != whole(info.get("count"), "count"):
        raise Unreadable(f"{FOLDER} names other than the number of bricks it counts, or more than {MOST_BRICKS}")
    if not all(_tells(brick) for brick in found):
        raise Unreadable(f"{FOLDER} does not tell where a brick is")
    return tuple(
        Placed(brick["hostname"], brick["path"], brick["uuid"], names.get(brick["uuid"], ())) for brick in found
    )


def _tells(brick: dict[str, str]) -> bool:
    """Its place is compared with what gluster prints, so it is kept as it is: printable, or not believed."""
    printable = max(map(len, brick.values()), default=0) <= LONGEST and all(map(str.isprintable, brick.values()))
    return printable and all(brick.get(key) for key in ("hostname", "path", "uuid"))


Files = dict[str, dict[str, str]]


def _files(answer: Ran) -> tuple[Files, Files, dict[str, str]]:
    """Of each peer, of each brick, and of the volume: what the file says."""
    peers: Files = defaultdict(dict)
    bricks: Files = defaultdict(dict)
    info: dict[str, str] = {}
    for line in ran(answer).splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise Unreadable(f"{FOLDER} gave a line that is none of a peer, a volume or a brick")
        kept = peers[match["file"]] if match["folder"] == "peers/" else bricks[match["file"]]
        (info if match["folder"].startswith("vols/") and match["file"] == "info" else kept)[match["key"]] = match[
            "value"
        ]
    return peers, bricks, info


def _names(peer: dict[str, str]) -> tuple[str, ...]:
    """Each once."""
    found = (short(value) for key, value in peer.items() if key.startswith("hostname"))
    return tuple(dict.fromkeys(found))[:MOST_NAMES]
