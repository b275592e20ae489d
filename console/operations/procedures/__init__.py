"""The operations: each a value, listed here and nowhere else."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from console.health.facts.membership import Place, place
from console.health.facts.writer import writes
from console.health.finding import Kind
from console.health.site import NODE as HURT_BY_NODE
from console.inventory.cluster import Cluster
from console.operations.effects import Effect, On
from console.operations.guards import Objection, successor
from console.operations.guards.services import LAYERS, Layer
from console.operations.guards.sync import lagging
from console.operations.procedures import (
    firewall_reboot,
    holds,
    patch_table,
    patching,
    services,
    since,
    storage,
    sync,
    upgrading,
)
from console.operations.procedures.maintenance import OFF, ON, in_maintenance
from console.operations.procedures.persistent import BACK_IN_CONFIG, OUT_IN_CONFIG
from console.operations.procedures.power import BOOT, CLOSE, FIT, POWER_OFF, STOP_GLUSTER, STOP_MYSQL
from console.operations.procedures.proxies import told_again
from console.operations.procedures.runtime import BACK_AT_RUNTIME, OUT_AT_RUNTIME, TRAFFIC, UP
from console.operations.procedures.sessions import SESSIONS
from console.operations.procedures.steps import Operation, Option, Options, Step, Usual, nothing_left, placed
from console.operations.procedures.writer import moved
from console.probes.snapshot import Known, Snapshot

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
    summary="put a node back at once as it was found; end the maintenance of a firewall",
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
UPGRADE_FIREWALL = replace(
    REBOOT_FIREWALL,
    name="upgrade",
    key="U",
    word="upgrade",
    help="upgrade: on a firewall: maintenance, pfSense-upgrade, wait until it could lead, roles as before",
    summary="upgrade pfSense on a firewall that is in maintenance meanwhile, and see it whole before it leads again",
    effects=REBOOT_FIREWALL.effects | {Effect.UPDATES},
    steps=_on_target(*upgrading.STEPS, upgrading.ALL_VISITS),
    keep=16,
    visited=True,
    leaves=upgrading.leaves,
)


def _lags_in(effect: Effect) -> Callable[[Snapshot, str], bool]:
    """Both fit if neither has anything to do: each says so."""

    def fits(snapshot: Snapshot, target: str) -> bool:
        others = {Effect.SYNCS_POOLS, Effect.SYNCS_CORE} - {effect}
        mine = lagging(snapshot, frozenset({effect}), target)
        return bool(mine) or not lagging(snapshot, frozenset(others), target)

    return fits


SYNC_POOLS = Operation(
    name="sync haproxy",
    key="Y",
    word="sync",
    help="sync: on the firewall that syncs, start its configuration sync again where the other one is behind",
    summary="start a firewall's configuration sync again, where the other one is behind and the cause is cured",
    effects=frozenset({Effect.SYNCS_POOLS}),
    steps=_on_target(*sync.SYNC_POOLS),
    on=On.FIREWALL,
    keep=17,
    asks=True,
    fits=_lags_in(Effect.SYNCS_POOLS),
    leaves=sync.leaves,
    helps=frozenset({Kind.SYNC_DIFFERS}),
    undo="",
)
SYNC_CORE = replace(
    SYNC_POOLS,
    name="sync core",
    effects=frozenset({Effect.SYNCS_CORE}),
    steps=_on_target(*sync.SYNC_CORE),
    fits=_lags_in(Effect.SYNCS_CORE),
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
    steps=storage.heal,
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


def _restart(layer: Layer) -> Callable[[Cluster, str, Options], tuple[Step, ...]]:
    def steps(cluster: Cluster, target: str, options: Options) -> tuple[Step, ...]:
        again = (services.stop(layer, lasts=False), *services.start(layer))
        home = moved(cluster, target, again=" back") if options.get("writer") and options.get(WRITER_BACK.name) else ()
        return placed((*_writer_first(cluster, options), *again, *home), target)

    return steps


def _in_turn(layer: Layer) -> Callable[[Cluster, str, Options], tuple[Step, ...]]:
    def steps(cluster: Cluster, target: str, options: Options) -> tuple[Step, ...]:
        out = (*TAKE_OUT, services.CLOSED, services.stop(layer, lasts=False))
        home = moved(cluster, target, again=" back") if options.get("writer") and options.get(WRITER_BACK.name) else ()
        back = (*services.start(layer), *_put_back(cluster), *home)
        return placed((*_writer_first(cluster, options), *out, *back), target)

    return steps


def _stop(layer: Layer) -> Callable[[Cluster, str, Options], tuple[Step, ...]]:
    def steps(cluster: Cluster, target: str, options: Options) -> tuple[Step, ...]:
        return placed((*_writer_first(cluster, options), services.stop(layer, lasts=True)), target)

    return steps


def _on_layer(layer: Layer) -> tuple[Operation, Operation, Operation, Operation]:
    """Restart one layer of a node that gets visitors, and restart, stop and start one of a node that is out."""
    writer = layer.stops is Effect.STOPS_DATABASE
    effects = frozenset({layer.stops, *((Effect.MOVES_WRITER,) if writer else ())})

    def runs(snapshot: Snapshot, target: str) -> bool:
        """Also where it is not known: then a guard says so."""
        reading = snapshot.node(target).services
        return not isinstance(reading, Known) or bool(reading.value.running(layer.units))

    def visited(snapshot: Snapshot, target: str) -> bool:
        return runs(snapshot, target) and place(snapshot, target) is Place.IN

    def unvisited(snapshot: Snapshot, target: str) -> bool:
        return runs(snapshot, target) and not visited(snapshot, target)

    def rests(snapshot: Snapshot, target: str) -> bool:
        return not runs(snapshot, target)

    def stays(_snapshot: Snapshot, target: str, _options: Options) -> tuple[str, ...]:
        return (f"{layer.name} on {target} stays stopped until somebody starts it, or {target} boots.",)

    def returns(_snapshot: Snapshot, target: str, _options: Options) -> tuple[str, ...]:
        return (f"{target} gets visitors: it is drained first, and put back once it is fit.",)

    start = Operation(
        name=f"start {layer.word}",
        key="S",
        word="services",
        help="restart MySQL, Apache or Gluster (a node with visitors is drained first), stop or start it; asks first",
        summary="start MySQL, Apache, or Gluster with its bricks, on a node, and see it well",
        effects=frozenset({layer.starts}),
        steps=_on_target(*services.start(layer)),
        keep=18,
        asks=True,
        fits=rests,
        undo=f"stop {layer.word}",
    )
    stop = replace(
        start,
        name=f"stop {layer.word}",
        summary="stop MySQL, Apache, or Gluster with its bricks, on a node that is out of the pools",
        effects=effects,
        steps=_stop(layer),
        decides=_next_writer if writer else start.decides,
        fits=runs,
        leaves=stays,
        undo=f"start {layer.word}",
    )
    restart = replace(
        stop,
        name=f"restart {layer.word}",
        summary="restart MySQL, Apache, or Gluster; a node that gets visitors is drained first, and put back",
        effects=effects | {layer.starts},
        steps=_restart(layer),
        options=(WRITER_BACK,) if writer else (),
        fits=unvisited,
        leaves=nothing_left,
        undo="",
        instead=f"drain-and-restart {layer.word}",
    )
    in_turn = replace(
        restart,
        name=f"drain-and-restart {layer.word}",
        summary="drain a node, restart MySQL, Apache, or Gluster with its bricks, wait until it is fit, put it back",
        effects=restart.effects | {Effect.TAKES_OUT, Effect.PUTS_BACK},
        steps=_in_turn(layer),
        fits=visited,
        leaves=returns,
        undo=UNDO.name,
        instead=restart.name,
    )
    return in_turn, restart, stop, start


def _patch(cluster: Cluster, _target: str, options: Options) -> tuple[Step, ...]:
    """Node by node. The role of MySQL's writer is moved off a node before its turn, to the first that is updated."""
    nodes, writer = patching.wanted(cluster, options), options.get("writer")
    steps, moves = tuple[Step, ...](), 0
    first_too = bool(options.get(patching.WINDOW) or cluster.patch.block)
    for node in nodes:
        done = nodes[: nodes.index(node)]
        follows, first = str(next(iter(done), options.get("follows") or "")), tuple[Step, ...]()
        if node == writer and follows:
            writer, moves = follows, moves + 1
            first = moved(cluster, follows, again=f" {moves}" if moves > 1 else "")
        steps += patching.node_steps(
            cluster,
            node,
            TAKE_OUT,
            PUT_BACK,
            first,
            installs=not options.get(patching.NO_PACKAGES),
            asks=bool(steps) or first_too,
        )
    firewalls = upgrading.turns(cluster, options)
    for firewall in firewalls:
        steps += placed((*((upgrading.GATE,) if steps or first_too else ()), *upgrading.STEPS), firewall)
    if firewalls:
        return (*steps, *placed((upgrading.ALL_VISITS,), firewalls[-1]))
    return (*steps, *placed((patching.VISITS,), nodes[-1])) if nodes else ()


def _for_patch(snapshot: Snapshot, _target: str) -> Options:
    """The package managers, MySQL's writer and who is to follow it, the firewalls' order, and what is ill already."""
    writing = next((one.name for one in snapshot.cluster.nodes if writes(snapshot, one.name)), None)
    follows = successor(snapshot, writing) if writing else None
    moves = {"writer": writing, "follows": follows} if writing and follows else {}
    turns = {patching.MANAGERS: patching.managers(snapshot), upgrading.TURNS: upgrading.in_turn(snapshot)}
    return {**turns, **moves, **since.findings_of(snapshot)}


def _left_by_patch(snapshot: Snapshot, _target: str, options: Options) -> tuple[str, ...]:
    firewalls = upgrading.turns(snapshot.cluster, options)
    return tuple(line for name in firewalls for line in upgrading.leaves(snapshot, name, options))


def _against_patch(snapshot: Snapshot, options: Options, usual: Usual) -> Iterator[Objection]:
    yield from patching.named(snapshot.cluster, options)
    yield from patching.narrowed(snapshot, options)
    yield from patch_table.too_long(snapshot, options, usual)


PATCH = Operation(
    name="patch",
    key="P",
    word="patch",
    help="patch: update every node in turn, reboot where needed, no visitor fails; asks before each",
    summary="update the nodes of a cluster one after the other, reboot where needed, without an interruption",
    effects=REBOOT.effects | {Effect.UPDATES},
    steps=_patch,
    on=On.CLUSTER,
    visited=True,
    on_firewalls=UPGRADE_FIREWALL.effects,
    options=(*patching.OPTIONS, upgrading.OPTION),
    against=_against_patch,
    tables=patch_table.tables,
    notes=patch_table.notes,
    decides=_for_patch,
    leaves=_left_by_patch,
    gives_up=patching.UPDATED,
    keep=44,
    asks=True,
)

OPERATIONS: tuple[Operation, ...] = (
    *(DRAIN, REMOVE, REJOIN, REBOOT, UNDO, HOLD, SHUT_DOWN),
    WRITER,
    *(MAINTAIN, END_MAINTENANCE, REBOOT_FIREWALL, UPGRADE_FIREWALL, SYNC_POOLS, SYNC_CORE),
    *(HEAL, REMOUNT),
    *(one for each in zip(*(_on_layer(layer) for layer in LAYERS), strict=True) for one in each),
    PATCH,
)
"""In the order of the keys and of the commands."""


def undo_on(on: On) -> Operation:
    """The operation that `undo` stands for on a kind of target."""
    return END_MAINTENANCE if on is On.FIREWALL else UNDO


def undoing(one: Operation) -> Operation:
    """The operation that takes back another one."""
    return operation(one.undo) or UNDO


def fitting(one: Operation, snapshot: Snapshot, target: str) -> Operation:
    """The operation that is meant on a target now: a node that gets visitors is drained before a restart."""
    other = operation(one.instead)
    return other if other and not one.fits(snapshot, target) and other.fits(snapshot, target) else one


def operation(name: str) -> Operation | None:
    """The operation of a name; None for one that this version does not know."""
    return next((one for one in OPERATIONS if one.name == name), None)
