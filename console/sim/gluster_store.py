"""glusterd's files about a volume and its peers in /var/lib/glusterd, and `grep -r` over it."""

import re
from collections.abc import Iterator

from console.sim.gluster import Gluster
from console.sim.node import Node
from console.sim.shell import Call

FOLDER = "/var/lib/glusterd"


def grep(call: Call, node: Node) -> int:
    """grep -r -s -E PATTERN PATHS, root's files only; -s: not a word of what can't be read."""
    if call.argv[1:4] != ("-r", "-s", "-E"):
        return call.fail("grep: only -r -s -E is known here", 2)
    pattern, *paths = call.argv[4:]
    found = [
        f"{file}:{line}\n"
        for file, line in _lines(node.gluster, node.name)
        if call.root and any(file == path or file.startswith(path + "/") for path in paths) and re.search(pattern, line)
    ]
    call.out("".join(found))
    return 0 if found else 1


def _lines(volume: Gluster, asked: str) -> Iterator[tuple[str, str]]:
    """(file, line)"""
    for name, brick in volume.bricks.items():
        if name != asked:
            peer = f"{FOLDER}/peers/{brick.uuid}"
            state = 6 if volume.rejected & {name, asked} else 3
            yield from ((peer, line) for line in (f"uuid={brick.uuid}", f"state={state}", f"hostname1={name}"))
    info, count = f"{FOLDER}/vols/{volume.volume}/info", len(volume.bricks)
    head = ("type=2", f"count={count}", "status=1", f"sub_count={count}", f"replica_count={count}")
    kept = [f"{name}:{brick.path.replace('/', '-')}" for name, brick in volume.bricks.items()]
    yield from ((info, line) for line in (*head, f"volume-id={volume.id}", "password=b7a1d2f0"))
    yield from ((info, f"brick-{place}={name}") for place, name in enumerate(kept))
    for name, brick in zip(kept, volume.bricks.values(), strict=True):
        file = f"{FOLDER}/vols/{volume.volume}/bricks/{name}"
        shown = (f"uuid={brick.uuid}", f"hostname={brick.name}", f"path={brick.path}", f"listen-port={brick.port}")
        yield from ((file, line) for line in shown)
