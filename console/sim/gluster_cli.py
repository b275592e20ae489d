"""The output of the `gluster` command, traps included: a down brick has no counts, the status is 0 all the same."""

from collections.abc import Iterable
from textwrap import indent

from console.sim.gluster import Brick, Gluster
from console.sim.node import Node
from console.sim.shell import Call

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cliOutput>\n'
RESULT = "  <opRet>0</opRet>\n  <opErrno>0</opErrno>\n  <opErrstr/>\n"
TAIL = "</cliOutput>\n"
GONE = "Transport endpoint is not connected"
OPTIONS = {
    "network.ping-timeout": "5",
    "cluster.quorum-type": "auto",
    "cluster.server-quorum-type": "off",
    "cluster.granular-entry-heal": "on",
    "storage.fips-mode-rchecksum": "on",
    "transport.address-family": "inet",
    "nfs.disable": "on",
    "performance.client-io-threads": "off",
}


DEFAULTS = {
    "cluster.quorum-count": "(null)",
    "cluster.quorum-reads": "no",
    "cluster.data-self-heal": "off",
    "cluster.self-heal-daemon": "on",
    "cluster.shd-max-threads": "1",
}
"""Some of the 342 that `volume get all` names."""


async def gluster(call: Call, node: Node) -> int:
    """Dispatch on the words; XML is the only format but for the heal count, which has none."""
    volume = node.gluster
    if call.argv[1:] == ("--version",):
        call.out("glusterfs 10.3\nRepository revision: git://git.gluster.org/glusterfs.git\n")
        return 0
    words = tuple(word for word in call.argv[1:] if word not in ("--xml", "--mode=script"))
    if not call.root:
        return call.fail('ERROR: failed to create logfile "/var/log/glusterfs/cli.log" (Permission denied)')
    if not volume.bricks[node.name].glusterd:
        return call.fail("Connection failed. Please check if gluster daemon is operational.")
    if words == ("volume", "list"):
        call.out(f"{volume.volume}\n")
        return 0
    if words[:1] == ("volume",) and (len(words) < 3 or volume.volume not in words):
        return call.fail(f"Volume {words[2] if len(words) > 2 else ''} does not exist")
    await call.shell.system.sleep(_seconds(volume, words))
    if volume.locked and ("status" in words[1:2] or "statistics" in words) and words[0] != "peer":
        return _locked(call, volume.volume)
    match words:
        case ("volume", "info", _):
            call.out(_info(volume))
        case ("volume", "status", _):
            call.out(_status(volume, node.name))
        case ("volume", "status", _, "detail"):
            call.out(_detail(volume))
        case ("volume", "get", _, "all"):
            call.out(_options())
        case ("peer", "status"):
            call.out(_peers(volume, node.name))
        case ("volume", "heal", _, "statistics", "heal-count"):
            return _heal_count(call, volume)
        case ("volume", "heal", _, "info", "summary"):
            call.out(_heal(volume, summary=True))
        case ("volume", "heal", _, "info"):
            call.out(_heal(volume, summary=False))
        case ("volume", "heal", _):
            return _launch(call, volume)
        case _:
            return call.fail(f"unrecognized word: {' '.join(words)}")
    return 0


def _seconds(volume: Gluster, words: tuple[str, ...]) -> float:
    """Seconds of a command, from measurements: heal info waits for the timeout of a brick that is down, and longer the
    first time."""
    if "heal" not in words or "info" not in words:
        return 0.15
    down, volume.asked = volume.down, volume.asked & volume.down
    if down:
        first = not down <= volume.asked
        volume.asked = down
        return 10.3 if first or len(down) > 1 else 3.4
    return 1.6 if volume.healing else 0.2


def _locked(call: Call, name: str) -> int:
    """Another command holds the volume's lock. With --xml the status is 0 all the same."""
    why = f"Another transaction is in progress for {name}. Please try again after some time."
    if "--xml" in call.argv:
        head = _values((("opRet", -1), ("opErrno", 30802), ("opErrstr", why), ("cliOp", "volStatus"), ("output", why)))
        call.out(HEAD + indent(head, "  ") + TAIL)
        return 0
    return call.fail(f"Gathering count of entries to be healed on volume {name} has been unsuccessful:\n{why}\n")


def _document(inner: str, result_first: bool = True) -> str:
    body = RESULT + indent(inner, "  ") if result_first else indent(inner, "  ") + RESULT
    return HEAD + body + TAIL


def _element(name: str, inner: str) -> str:
    return f"<{name}>\n{indent(inner, '  ')}</{name}>\n"


def _values(values: Iterable[tuple[str, object]]) -> str:
    return "".join(f"<{name}>{value}</{name}>\n" for name, value in values)


def _info(volume: Gluster) -> str:
    bricks = "".join(
        f'<brick uuid="{brick.uuid}">{brick.name}:{brick.path}<name>{brick.name}:{brick.path}</name>'
        f"<hostUuid>{brick.uuid}</hostUuid><isArbiter>0</isArbiter></brick>\n"
        for brick in volume.bricks.values()
    )
    options = "".join(
        _element("option", _values((("name", name), ("value", value)))) for name, value in OPTIONS.items()
    )
    count = len(volume.bricks)
    head = (("name", volume.volume), ("id", volume.id), ("status", 1), ("statusStr", "Started"), ("snapshotCount", 0))
    counts = (("brickCount", count), ("distCount", 1), ("replicaCount", count), ("arbiterCount", 0))
    tail = (("disperseCount", 0), ("redundancyCount", 0), ("type", 2), ("typeStr", "Replicate"), ("transport", 0))
    inner = _values((*head, *counts, *tail)) + _element("bricks", bricks)
    inner += _values([("optCount", len(OPTIONS))]) + _element("options", options)
    return _document(_element("volInfo", _element("volumes", _element("volume", inner) + "<count>1</count>\n")))


def _status(volume: Gluster, asked: str) -> str:
    """Nodes whose glusterd doesn't answer are left out altogether."""
    seen = [brick for brick in volume.bricks.values() if volume.managed(brick.name)]
    nodes = [_process(brick, brick.name, brick.path, brick.port, brick.pid if brick.brick else 0) for brick in seen]
    for brick in sorted(seen, key=lambda brick: brick.name != asked):
        place = "localhost" if brick.name == asked else brick.name
        nodes.append(_process(brick, "Self-heal Daemon", place, 0, brick.pid + 17 if brick.shd else 0))
    head = _values((("volName", volume.volume), ("nodeCount", len(nodes))))
    return _document(
        _element("volStatus", _element("volumes", _element("volume", head + "".join(nodes) + "<tasks/>\n")))
    )


def _detail(volume: Gluster) -> str:
    """The process and file system of each brick that glusterd sees; the file system of one that is down is not
    known."""
    seen = [brick for brick in volume.bricks.values() if volume.managed(brick.name)]
    nodes = "".join(
        _process(brick, brick.name, brick.path, brick.port, brick.pid if brick.brick else 0, _space(brick))
        for brick in seen
    )
    head = _values((("volName", volume.volume), ("nodeCount", len(seen))))
    return _document(_element("volStatus", _element("volumes", _element("volume", head + nodes))))


def _space(brick: Brick) -> str:
    size, free, inodes, inodes_free = brick.space()
    space = (("sizeTotal", size), ("sizeFree", free), ("device", "/dev/mapper/vg-brick"), ("blockSize", 4096))
    return _values((*space, ("fsName", "xfs"), ("inodesTotal", inodes), ("inodesFree", inodes_free)))


def _options() -> str:
    """All that can be set, of which only some are here; what stands at its default says so."""
    shown = {**{name: f"{value} (DEFAULT)" for name, value in DEFAULTS.items()}, **OPTIONS}
    listed = "".join(_element("Opt", _values((("Option", name), ("Value", value)))) for name, value in shown.items())
    return _document(_element("volGetopts", _values([("count", len(shown))]) + listed))


def _process(brick: Brick, host: str, path: str, port: int, pid: int, more: str = "") -> str:
    shown = port if port and pid else "N/A"
    head = (("hostname", host), ("path", path), ("peerid", brick.uuid), ("status", int(bool(pid))), ("port", shown))
    ports = _element("ports", _values((("tcp", shown), ("rdma", "N/A"))))
    return _element("node", _values(head) + ports + _values([("pid", pid or -1)]) + more)


def _peers(volume: Gluster, asked: str) -> str:
    peers = "".join(
        _element("peer", _peer(brick, int(volume.managed(brick.name))))
        for brick in volume.bricks.values()
        if brick.name != asked
    )
    return _document(_element("peerStatus", peers))


def _peer(brick: Brick, connected: int) -> str:
    hostnames = _element("hostnames", _values([("hostname", brick.name)]))
    state = (("connected", connected), ("state", 3), ("stateStr", "Peer in Cluster"))
    return _values((("uuid", brick.uuid), ("hostname", brick.name))) + hostnames + _values(state)


def _heal_count(call: Call, volume: Gluster) -> int:
    """Each peer's self-heal daemon counts its own brick. Where one is missing all of it fails."""
    without = [one.name for one in volume.bricks.values() if volume.managed(one.name) and not one.shd]
    if without:
        head = f"Gathering count of entries to be healed on volume {volume.volume} has been unsuccessful:\n"
        why = "Error: Self-heal daemon is not running. Check self-heal daemon log file."
        return call.fail(head + "\n".join(f"Staging failed on {name}. {why}" for name in without))
    lines = [f"Gathering count of entries to be healed on volume {volume.volume} has been successful \n"]
    for brick in volume.bricks.values():
        status = "" if not volume.managed(brick.name) else "Status: Brick is not connected\n"
        known = volume.connected(brick.name) and volume.managed(brick.name)
        count = (
            f"Number of entries: {volume.pending(brick.name)}" if known else status + "No gathered input for this brick"
        )
        lines.append(f"Brick {brick.name}:{brick.path}\n{count}\n")
    call.out("\n".join(lines))
    return 0


def _launch(call: Call, volume: Gluster) -> int:
    """Tell the daemons to heal what the index lists. It says only that they were told."""
    lead = f"Launching heal operation to perform index self heal on volume {volume.volume} has been"
    if volume.locked:
        return _locked(call, volume.volume)
    if not all(volume.managed(one.name) and one.shd for one in volume.bricks.values()):
        return call.fail(f"{lead} unsuccessful:\nSelf-heal daemon is not running. Check self-heal daemon log file.\n")
    volume.heal()
    call.out(f"{lead} successful \nUse heal info commands to check status.\n")
    return 0


def _heal(volume: Gluster, summary: bool) -> str:
    bricks = "".join(_healed(volume, brick, summary) for brick in volume.bricks.values())
    return _document(_element("healInfo", _element("bricks", bricks)), result_first=False)


def _healed(volume: Gluster, brick: Brick, summary: bool) -> str:
    name = ("name", f"{brick.name}:{brick.path}")
    if not volume.connected(brick.name):
        trap = f"Failed to process entries completely. ({GONE})totalNumberOfEntries0"
        inner = _values((name, ("status", trap)) if summary else (name, ("status", GONE), ("numberOfEntries", "-")))
        return f'<brick hostUuid="-">\n{indent(inner, "  ")}</brick>\n'
    total = volume.pending(brick.name)
    counts = _counts(total, volume.split, volume.healing)
    inner = _values((name, ("status", "Connected"), *counts)) if summary else _files(name, total)
    return f'<brick hostUuid="{brick.uuid}">\n{indent(inner, "  ")}</brick>\n'


def _counts(total: int, split: int, healing: bool) -> tuple[tuple[str, int], ...]:
    busy = int(healing and total > split)
    return (
        ("totalNumberOfEntries", total),
        ("numberOfEntriesInHealPending", total - split - busy),
        ("numberOfEntriesInSplitBrain", split),
        ("numberOfEntriesPossiblyHealing", busy),
    )


def _files(name: tuple[str, str], total: int) -> str:
    files = "".join(
        f'<file gfid="00000000-0000-4000-8000-{place:012x}">/html/d/f{place}</file>\n' for place in range(total)
    )
    return _values([name]) + files + _values((("status", "Connected"), ("numberOfEntries", total)))
