"""Moving MySQL's writer: every node's own HAProxy is told, and commits are seen to follow.

Keys of `Intent.found`: those of `proxies`; "written NODE" -> the transactions of its own clients when the writer moved;
"commits" -> those of the whole cluster a second then. A second move in one run notes under names of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from console.health.facts.writer import given, named, running, sessions
from console.inventory.cluster import Cluster
from console.operations.guards import proven
from console.operations.procedures.jobs import always, job
from console.operations.procedures.proxies import (
    as_found,
    changes,
    differs,
    find_states,
    is_up,
    orders_to,
    over_proxies,
    readies,
    sent_to,
)
from console.operations.procedures.steps import Intent, Order, Progress, Step
from console.probes.database.galera import GALERA, Wsrep
from console.probes.database.mysql_proxy import WRITER, close
from console.probes.hosts.jobs import JOBS
from console.probes.hosts.system import HOST
from console.probes.snapshot import Known, Snapshot, Unknown
from console.text import because, counted, listed

PHASE = "writer"
ARRIVE = 15.0
"""Seconds in which commits must be seen at the new writer, where there were many before."""
FEW = 20
"""Fewer commits than these may all be missing in that time, and nothing has failed."""
FIGURE = re.compile(r"[0-9]{1,20}(\.[0-9]{1,3})?")
UNTIL = ", until that HAProxy is reloaded"
AGREE = "see each node's HAProxy still send MySQL to {}; tell it again if it was reloaded"


def _member(snapshot: Snapshot, node: str) -> Wsrep | None:
    reading = snapshot.node(node).galera
    return reading.value if isinstance(reading, Known) else None


def _ready(snapshot: Snapshot, new: str) -> Progress:
    """Every HAProxy would send MySQL there, and the commits before the move are counted, which takes two looks."""
    progress = over_proxies(snapshot, is_up(snapshot, new), f"finds {new} UP")
    member = _member(snapshot, new)
    if progress.done and (member is None or member.commits_per_second is None):
        return Progress(False, f"the commits a second on {new} are not known yet", progress.skipped)
    return progress


def _find_commits(snapshot: Snapshot, new: str, key: str) -> Mapping[str, str]:
    member = _member(snapshot, new)
    if member is None or member.written is None:
        return {}
    rate = member.commits_per_second
    return {
        f"written{key} {new}": str(member.written),
        f"given{key} {new}": str(given(snapshot, new)),
        f"commits{key}": "?" if rate is None else f"{rate:.1f}",
    }


def _number(intent: Intent, key: str) -> float | None:
    """A figure that was noted."""
    noted = intent.found.get(key, "")
    return float(noted) if FIGURE.fullmatch(noted) else None


def _arrived(snapshot: Snapshot, intent: Intent, new: str, key: str) -> Progress:
    """Commits arrive at the new writer. None is a failure only where programs have come to write there: many wrote
    before, and some have connected since."""
    member, noted = _member(snapshot, new), _number(intent, f"written{key} {new}")
    if member is None or member.written is None or noted is None:
        return Progress(False, f"the commits of {new} are not known")
    if member.written > noted:
        return Progress(True, f"commits arrive at {new}")
    before = _number(intent, f"commits{key}")
    if before == 0:
        return Progress(True, f"nobody wrote before the move, so no commit is seen at {new}")
    if given(snapshot, new) <= (_number(intent, f"given{key} {new}") or 0):
        return Progress(False, f"nobody has connected to {new} since the move", goes_on=True)
    message = f"no commit has arrived at {new} yet"
    if before is not None and before * ARRIVE < FEW:
        return Progress(False, f"{message}, and there were only {before:g} a second before the move", goes_on=True)
    return Progress(False, message)


def _ended(snapshot: Snapshot, new: str) -> Progress:
    """No other member gets transactions of its own clients any more."""
    quiet, left = snapshot.cluster.timings.quiet, list[str]()
    for view in snapshot.nodes:
        member = _member(snapshot, view.name)
        if view.name == new or (member is None and not isinstance(view.host, Known)):
            continue
        if member is None or member.quiet is None:
            left.append(f"whether commits have ended at {view.name} is not known")
        elif member.quiet < quiet:
            through = sessions(snapshot, new).get(view.name, 0)
            by = f"by {counted(through, 'session')} from before" if through else "and HAProxy has no session there"
            left.append(f"{view.name} got a commit {member.quiet:.0f} s ago, {by}")
    return Progress(not left, "; ".join(left) or f"commits arrive at {new} only")


# --- sessions


def _left(snapshot: Snapshot, new: str) -> Progress:
    each = [f"{counted(many, 'session')} left on {name}" for name, many in sessions(snapshot, new).items()]
    unknown = [view.name for view in snapshot.nodes if isinstance(view.writer, Unknown) and view.writer.under_way]
    if unknown:
        return Progress(False, f"the sessions of {listed(unknown)} are not counted yet")
    return Progress(not each, "; ".join(each) or f"no session is left but those to {new}")


def _close(snapshot: Snapshot, new: str) -> tuple[Order, ...]:
    proxy, orders = snapshot.cluster.mysql_proxy, list[Order]()
    for name, writer in running(snapshot).items():
        others = tuple(one.name for one in writer.servers if one.sessions and named(snapshot, one.address) != new)
        if proxy and others:
            orders.append(Order(name, close(proxy, others)))
    return tuple(orders)


# --- the steps


def moved(cluster: Cluster, new: str, *, closes: bool = False, again: str = "") -> tuple[Step, ...]:
    """The steps that make a node the writer. `again`: the end of their names where a run has two moves."""
    steps = (*_turn(cluster, new, again), *_see(cluster, new, again))
    steps += (_closing(cluster, new, again),) if closes else ()
    return (*steps, _end(cluster, new, again), *_kept(cluster, new, again))


def _nodes(cluster: Cluster) -> tuple[str, ...]:
    return tuple(node.name for node in cluster.nodes)


def _turn(cluster: Cluster, new: str, again: str) -> tuple[Step, Step]:
    """Tell every HAProxy: the new writer first, so that none is without one."""
    key, nodes, phase = f"proxy{again}", _nodes(cluster), PHASE + again
    lasts = "" if cluster.mysql_proxy and cluster.mysql_proxy.keep else UNTIL
    back = Step(
        name=f"as found{again}",
        phase=phase,
        summary="have each node's HAProxy send MySQL as it was found",
        orders=lambda snapshot, intent: orders_to(snapshot, differs(snapshot, intent, key)),
        done=lambda snapshot, intent: as_found(snapshot, intent, key),
        watches=(WRITER,),
        of=nodes,
        timeout=lambda _timings: 30.0,
        again=3.0,
    )
    ready = Step(
        name=f"new writer ready{again}",
        phase=phase,
        summary=f"see {new} UP on each node's HAProxy for MySQL",
        finds=lambda snapshot, _intent: find_states(snapshot, key),
        orders=lambda snapshot, _intent: readies(snapshot, new),
        done=lambda snapshot, _intent: _ready(snapshot, new),
        watches=(WRITER, GALERA),
        of=nodes,
        timeout=lambda _timings: 15.0,
        guards=proven(new),
        again=3.0,
        back=(replace(back, name=f"new writer as found{again}"),),
    )
    move = Step(
        name=f"move{again}",
        phase=phase,
        summary=f"have each node's HAProxy send MySQL to {new}, those before it to drain{lasts}",
        finds=lambda snapshot, _intent: {**find_states(snapshot, key), **_find_commits(snapshot, new, again)},
        orders=lambda snapshot, _intent: orders_to(snapshot, changes(snapshot, new)),
        done=lambda snapshot, _intent: over_proxies(snapshot, sent_to(snapshot, new), f"sends MySQL to {new}{lasts}"),
        watches=(WRITER, GALERA),
        of=nodes,
        timeout=lambda _timings: 15.0,
        guards=proven(new),
        again=3.0,
        lasts=not again,
        back=(back,),
    )
    return ready, move


def _see(cluster: Cluster, new: str, again: str) -> Iterator[Step]:
    yield Step(
        name=f"commits{again}",
        phase=PHASE + again,
        summary=f"see commits arrive at {new}",
        finds=lambda snapshot, _intent: _find_commits(snapshot, new, again),
        done=lambda snapshot, intent: _arrived(snapshot, intent, new, again),
        watches=(GALERA, WRITER),
        of=_nodes(cluster),
        timeout=lambda _timings: ARRIVE,
    )
    yield Step(
        name=f"sessions left{again}",
        phase=PHASE + again,
        summary="wait for the sessions that are left on the old writer",
        done=lambda snapshot, _intent: _left(snapshot, new),
        watches=(WRITER,),
        of=_nodes(cluster),
        timeout=lambda timings: timings.sessions,
        goes_on=True,
    )


def _closing(cluster: Cluster, new: str, again: str) -> Step:
    return Step(
        name=f"close{again}",
        phase=PHASE + again,
        summary="close what is still connected to the old writer: one failed query for each session",
        orders=lambda snapshot, _intent: _close(snapshot, new),
        done=lambda snapshot, _intent: _left(snapshot, new),
        watches=(WRITER,),
        of=_nodes(cluster),
        timeout=lambda _timings: 15.0,
        again=3.0,
    )


def _end(cluster: Cluster, new: str, again: str) -> Step:
    return Step(
        name=f"commits end{again}",
        phase=PHASE + again,
        summary="see commits end at every other node",
        done=lambda snapshot, _intent: _ended(snapshot, new),
        watches=(GALERA, WRITER),
        of=_nodes(cluster),
        timeout=lambda timings: timings.quiet + 10.0,
        goes_on=True,
    )


def _kept(cluster: Cluster, new: str, again: str) -> Iterator[Step]:
    """The inventory's command on each node, which may reload its HAProxy. If it fails the writer stays where it is: it
    serves there, and what is not kept is said."""
    proxy = cluster.mysql_proxy
    if proxy is None or proxy.keep is None:
        return
    for node in cluster.nodes:
        yield _keep(node.name, (*proxy.keep, new), again)
    _, move = _turn(cluster, new, again)
    yield replace(move, name=f"still so{again}", phase=f"keep{again}", summary=AGREE.format(new), back=())


def _keep(node: str, argv: tuple[str, ...], again: str) -> Step:
    """A job on one node, whatever the target of the run is. A node that is unreachable is left out."""
    shown = " ".join(argv).replace("{", "{{").replace("}", "}}")
    step = job(
        "writer",
        always(*argv),
        name=f"keep on {node}{again}",
        phase=f"keep{again}",
        summary=f"make it last on {node}: {shown}",
        timeout=lambda _timings: 120.0,
    )

    def finds(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
        return step.finds(snapshot, replace(intent, target=node))

    def orders(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
        return step.orders(snapshot, replace(intent, target=node))

    def done(snapshot: Snapshot, intent: Intent) -> Progress:
        host = snapshot.node(node).host
        if isinstance(host, Unknown) and not host.under_way:
            return Progress(
                True,
                "",
                ((node, f"{node} does not answer, and the writer is not kept there: {because(node, host.why)}"),),
            )
        return step.done(snapshot, replace(intent, target=node))

    return replace(step, finds=finds, orders=orders, done=done, watches=(JOBS, HOST), of=(node,))
