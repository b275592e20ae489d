"""Settings of a GlusterFS volume for the loss of a machine, and the space left on its bricks."""

from dataclasses import dataclass, field
from typing import Any, cast

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import dig, each, rows, short, told, whole
from console.probes.question import Cadence, Question, Subject
from console.probes.storage.gluster_command import document, gluster
from console.probes.storage.gluster_store import MAX_BRICKS


@dataclass(frozen=True)
class BrickSpace:
    """The file system a brick lies on: bytes and inodes. None: this file system does not count it, or not told.

    `free` counts what is root's alone too, where the file system keeps something back (ext4; XFS does not).
    """

    host: str
    path: str
    size: int | None
    free: int | None = field(compare=False)
    inodes: int | None
    inodes_free: int | None = field(compare=False)
    used: int | None = None
    """Percent of the space, rounded up: what makes two looks differ."""


@dataclass(frozen=True)
class VolumeOptions:
    """Settings for the loss of a machine, and the space left on the bricks."""

    ping_timeout: float
    """Seconds for which clients wait for a machine that vanishes."""
    quorum_type: str
    """Client quorum: none, auto (more than half of the replicas) or fixed."""
    quorum_count: str
    """Bricks that `fixed` wants; empty: not set."""
    server_quorum: str
    """off/none, or server: a glusterd that sees too few peers stops its own bricks."""
    bricks: tuple[BrickSpace, ...]
    unread: tuple[str, ...] = ()
    """Reasons why a brick's space can't be read; the others' stands."""


def parse_options(answers: tuple[Ran, ...], _before: VolumeOptions | None) -> VolumeOptions:
    """Read `volume get all` and `volume status detail`, which leaves out the bricks of an unreachable node."""
    options = {name: _set(value) for name, value in _pairs(dig(document(answers[0]), "volGetopts"))}
    timeout = options.get("network.ping-timeout")
    if timeout is None:
        raise Unreadable("volume get names no network.ping-timeout")
    nodes = rows(document(answers[1]), "volStatus", "volumes", "volume", "node")
    unread: list[str] = []
    return VolumeOptions(
        ping_timeout=float(whole(timeout, "network.ping-timeout")),
        quorum_type=options.get("cluster.quorum-type", ""),
        quorum_count=options.get("cluster.quorum-count", ""),
        server_quorum=options.get("cluster.server-quorum-type", ""),
        bricks=each(_space, nodes[:MAX_BRICKS], unread),
        unread=told(unread),
    )


def _pairs(printed: Any) -> list[tuple[str, object]]:
    """Pair names and values: each option has an element of its own; old versions write them one after the other."""
    if listed := rows(printed, "Opt"):
        return [(str(row.get("Option")), row.get("Value")) for row in listed]
    names, values = (_listed(dig(printed, key)) for key in ("Option", "Value"))
    return [(str(name), value) for name, value in zip(names, values, strict=False)] if len(names) == len(values) else []


def _listed(value: Any) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _set(value: object) -> str:
    """10.x says which values are defaults, and (null) where there is none; 3.12 only the latter."""
    text = short(str(value or "")).removesuffix("(DEFAULT)").strip()
    return "" if text == "(null)" else text


def _space(row: dict[str, Any]) -> BrickSpace:
    def figure(name: str) -> int | None:
        return None if row.get(name) in (None, "N/A") else whole(str(row.get(name)), name)

    size, free, inodes, left = (figure(name) for name in ("sizeTotal", "sizeFree", "inodesTotal", "inodesFree"))
    if (size or 0) < (free or 0) or (inodes or 0) < (left or 0):
        where = f"{short(str(row.get('hostname')))}:{short(str(row.get('path')))}"
        raise Unreadable(f"volume status detail says that more is free of {where} than there is")
    used = None if not size or free is None else -(-100 * (size - free) // size)
    return BrickSpace(short(str(row.get("hostname"))), short(str(row.get("path"))), size, free, inodes, left, used)


def _options(_cluster: Cluster, volume: str) -> tuple[Run, ...]:
    return gluster("volume", "get", volume, "all", "--xml"), gluster("volume", "status", volume, "detail", "--xml")


OPTIONS = Question(
    field="options",
    title="quorum, time-outs, space",
    subject=Subject.VOLUME,
    cadence=Cadence.SLOW,
    asks=_options,
    parse=parse_options,
)
