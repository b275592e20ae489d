"""The operations: each a value, listed here and nowhere else."""

from collections.abc import Callable
from dataclasses import replace

from console.health.facts.writer import writes
from console.health.finding import Kind
from console.health.site import NODE as HURT_BY_NODE
from console.inventory.cluster import Cluster
from console.operations.effects import Effect, On
from console.operations.guards import successor
from console.operations.procedures import firewall_reboot, holds, patching, storage
from console.operations.procedures.maintenance import OFF, ON, in_maintenance
from console.operations.procedures.persistent import BACK_IN_CONFIG, OUT_IN_CONFIG
from console.operations.procedures.power import BOOT, CLOSE, FIT, POWER_OFF, STOP_GLUSTER, STOP_MYSQL
from console.operations.procedures.proxies import told_again
from console.operations.procedures.runtime import BACK_AT_RUNTIME, OUT_AT_RUNTIME, TRAFFIC, UP
from console.operations.procedures.sessions import SESSIONS
from console.operations.procedures.steps import Operation, Option, Options, Step, nothing_left, placed
from console.operations.procedures.writer import moved
from console.probes.snapshot import Snapshot

TAKE_OUT = (OUT_AT_RUNTIME, OUT_IN_CONFIG, SESSIONS)
PUT_BACK = (BACK_IN_CONFIG, BACK_AT_RUNTIME, UP, TRAFFIC)


def _on_target(*steps: Step) -> Callable[[Cluster, str, Options], tuple[Step, ...]]:
    return lambda _cluster, target, _options: placed(steps, target)


def _next_writer(snapshot: Snapshot, target: str) -> Options:
    """The node that is to write when the writer goes, chosen when a run begins."""
    follows = successor(snapshot, target) if writes(snapshot, target) else None
    return {"writer": follows} if follows else {}


def _writer_first(cluster: Cluster, options: Options) -> tuple[Step, ...]:
    new = options.get("writer")
    return moved(cluster, str(new)) if new else ()


def _drain(cluster: Cluster, target: str, options: Options) -> tuple[Step, ...]:
    return placed((*_writer_first(cluster, options), *TAKE_OUT), target)


def _put_back(cluster: Cluster) -> tuple[Step, ...]:
    return (FIT, *told_again(cluster, "writer"), *PUT_BACK)


def _rejoin(cluster: Cluster, target: str, _options: Options) -> tuple[Step, ...]:
    return placed(_put_back(cluster), target)


def _reboot(cluster: Cluster, target: str, options: Options) -> tuple[Step, ...]:
    """Its HAProxy is told as soon as it is there, and once more before visitors come: to be fit may take long."""
    out = (*_writer_first(cluster, options), *TAKE_OUT, CLOSE, STOP_MYSQL, STOP_GLUSTER, BOOT)
    home = moved(cluster, target, again=" back") if options.get("writer") and options.get(WRITER_BACK.name) else ()
    return placed((*out, *told_again(cluster, "writer at once", "boot"), *_put_back(cluster), *home), target)


def _shut_down(cluster: Cluster, target: str, options: Options) -> tuple[Step, ...]:
    out = (*_writer_first(cluster, options), *TAKE_OUT)
    return placed((*out, CLOSE, STOP_MYSQL, STOP_GLUSTER, POWER_OFF), target)


def _make_writer(cluster: Cluster, target: str, options: Options) -> tuple[Step, ...]:
    return placed(moved(cluster, target, closes=bool(options.get(CLOSES.name))), target)


WRITER_BACK = Option("writer-back", "b", "make it MySQL's writer again at the end", needs="writer")
CLOSES = Option("close", "c", "close sessions that are left on the old writer, after their time")

DRAIN = Operation(
    name="drain",
    key="d",
    word="drain",
    help="drain: out of every pool on both firewalls; sessions may end; it stays out",
    summary="take a node out of every pool, let its sessions end; it stays out until it is rejoined",
    effects=frozenset({Effect.TAKES_OUT, Effect.MOVES_WRITER}),
    steps=_drain,
    decides=_next_writer,
    keep=90,
)
REMOVE = Operation(
    name="remove",
    key="x",
    word="remove",
    help="remove now (HAProxy maint), for a node that is broken; asks nothing if nothing objects",
    summary="take a node out at once (HAProxy maint), for one that is broken",
    effects=frozenset({Effect.TAKES_OUT, Effect.ENDS_SESSIONS}),
    steps=_on_target(OUT_AT_RUNTIME, OUT_IN_CONFIG),
    keep=95,
    helps=frozenset(HURT_BY_NODE),
)
REJOIN = Operation(
    name="rejoin",
    key="p",
    word="put back",
    help="put back (rejoin): waits until the node is fit to serve",
    summary="wait until a node is fit, then put it back as it was found",
    effects=frozenset({Effect.PUTS_BACK}),
    steps=_rejoin,
    keep=85,
    helps=frozenset({Kind.OUT, Kind.HOLD_ENDED}),
)
REBOOT = Operation(
    name="reboot",
    key="b",
    word="reboot",
    help="reboot: drain, stop MySQL and Gluster, reboot, wait until fit, put back; asks first",
    summary="drain, stop MySQL and Gluster cleanly, reboot, wait until fit, rejoin",
    effects=frozenset(
        {Effect.TAKES_OUT, Effect.PUTS_BACK, Effect.STOPS_DATABASE, Effect.STOPS_BRICKS, Effect.REBOOTS}
        | {Effect.MOVES_WRITER}
    ),
    steps=_reboot,
    options=(WRITER_BACK,),
    decides=_next_writer,
    keep=50,
    asks=True,
)
UNDO = Operation(
    name="undo",
    key="u",
    word="undo",
    help="undo: put back at once what the last removal took out, as it was found",
    summary="put a node back at once as it was found",
    effects=frozenset({Effect.PUTS_BACK, Effect.PUTS_BACK_UNFIT}),
    steps=_on_target(BACK_IN_CONFIG, BACK_AT_RUNTIME),
    keep=80,
)
HOLD = Operation(
    name="hold",
    key="h",
    word="hold",
    help="hold: out of the pools until a time, with a note for every console; nothing puts it back by itself",
    summary="take a node out, or leave it out, until a time; every console then knows who wants that and why",
    effects=frozenset({Effect.TAKES_OUT, Effect.HOLDS, Effect.MOVES_WRITER}),
    steps=_drain,
    decides=_next_writer,
    keep=60,
    asks=True,
    leaves=holds.leaves,
    lasts_until=True,
)
SHUT_DOWN = replace(
    HOLD,
    name="shut-down",
    key="H",
    word="shut down",
    help="shut down: hold a node out, stop MySQL and Gluster, switch it off; asks first",
    summary="hold a node out until a time, stop MySQL and Gluster cleanly, and switch it off",
    effects=HOLD.effects | {Effect.STOPS_DATABASE, Effect.STOPS_BRICKS, Effect.POWERS_OFF},
    steps=_shut_down,
    keep=20,
    leaves=holds.leaves_off,
)

MAINTAIN = Operation(
    name="maintenance on",
    key="m",
    word="maintenance",
    help="maintenance: put a firewall into CARP maintenance, or end it; asks first",
    summary="put a firewall into persistent CARP maintenance, so that the other one leads, or end that",
    effects=frozenset({Effect.FAILS_OVER, Effect.HOLDS_BACK}),
    steps=_on_target(*ON),
    on=On.FIREWALL,
    keep=70,
    asks=True,
    fits=lambda snapshot, target: not in_maintenance(snapshot, target),
    leaves=lambda _snapshot, target, _options: (
        f"Nothing ends it by itself: {target} stays BACKUP until m is pressed on it. The other one must not be lost.",
    ),
    undo="maintenance off",
)
END_MAINTENANCE = replace(
    MAINTAIN,
    name="maintenance off",
    effects=frozenset({Effect.FAILS_OVER, Effect.GIVES_BACK}),
    steps=_on_target(*OFF),
    fits=in_maintenance,
    helps=frozenset({Kind.MAINTENANCE}),
    leaves=nothing_left,
    undo="maintenance on",
)

REBOOT_FIREWALL = Operation(
    name="reboot-firewall",
    key="b",
    word="reboot",
    help="on a firewall: maintenance, reboot, wait until it could lead, roles as before",
    summary="put a firewall into maintenance, reboot it, wait until it could lead, end maintenance",
    effects=frozenset({Effect.FAILS_OVER, Effect.HOLDS_BACK, Effect.GIVES_BACK, Effect.REBOOTS}),
    steps=_on_target(*firewall_reboot.REBOOT),
    on=On.FIREWALL,
    keep=50,
    asks=True,
    undo="maintenance off",
)

WRITER = Operation(
    name="writer",
    key="W",
    word="writer",
    help="make a node MySQL's writer, on every node's own HAProxy; asks first",
    summary="make a node MySQL's writer: every node's own HAProxy is told, commits are seen to follow",
    effects=frozenset({Effect.MOVES_WRITER}),
    steps=_make_writer,
    options=(CLOSES,),
    keep=42,
    asks=True,
    undo="writer",
)

HEAL = Operation(
    name="heal",
    key="",
    word="heal",
    help="heal: have Gluster heal a volume now, and watch how much is left",
    summary="have Gluster heal a volume now, and watch it: rate, what is left; no progress ends the wait",
    effects=frozenset({Effect.HEALS}),
    steps=_on_target(storage.HEAL),
    on=On.VOLUME,
    asks=True,
    undo="",
)
REMOUNT = Operation(
    name="remount",
    key="M",
    word="mount",
    help="mount: on a node, what its /etc/fstab names and nobody has mounted; asks first",
    summary="mount on a node what its /etc/fstab names and nobody has mounted",
    effects=frozenset({Effect.MOUNTS}),
    steps=_on_target(storage.REMOUNT),
    keep=15,
    asks=True,
    helps=frozenset({Kind.MOUNT_MISSING}),
    undo="",
)


def _patch(cluster: Cluster, _target: str, options: Options) -> tuple[Step, ...]:
    """Node by node, MySQL's writer last: by then its role is with the first that was updated."""
    nodes, writer = patching.wanted(cluster, options), options.get("writer")
    steps = tuple[Step, ...]()
    for node in nodes:
        follows = next((one for one in nodes if one != node), options.get("follows"))
        first = moved(cluster, str(follows)) if node == writer and follows else ()
        steps += placed((patching.GATE,), node) if steps else ()  # the first has been agreed to with the plan
        steps += patching.node_steps(cluster, node, TAKE_OUT, PUT_BACK, first)
    return steps


def _for_patch(snapshot: Snapshot, _target: str) -> Options:
    """The package managers, MySQL's writer, and who is to follow it."""
    writing = next((one.name for one in snapshot.cluster.nodes if writes(snapshot, one.name)), None)
    follows = successor(snapshot, writing) if writing else None
    moves = {"writer": writing, "follows": follows} if writing and follows else {}
    return {patching.MANAGERS: patching.managers(snapshot), **moves}


PATCH = Operation(
    name="patch",
    key="P",
    word="patch",
    help="patch: update every node in turn, reboot where needed, no visitor fails; asks before each",
    summary="update the nodes of a cluster one after the other, reboot where needed, without an interruption",
    effects=REBOOT.effects | {Effect.UPDATES},
    steps=_patch,
    on=On.CLUSTER,
    options=patching.OPTIONS,
    decides=_for_patch,
    keep=44,
    asks=True,
    undo="",
)

OPERATIONS: tuple[Operation, ...] = (
    *(DRAIN, REMOVE, REJOIN, REBOOT, UNDO, HOLD, SHUT_DOWN),
    WRITER,
    *(MAINTAIN, END_MAINTENANCE, REBOOT_FIREWALL),
    *(HEAL, REMOUNT),
    PATCH,
)
"""In the order of the keys and of the commands."""


def undoing(one: Operation) -> Operation:
    """The operation that takes back another one."""
    return operation(one.undo) or UNDO


def operation(name: str) -> Operation | None:
    """The operation of a name; None for one that this version does not know."""
    return next((one for one in OPERATIONS if one.name == name), None)
