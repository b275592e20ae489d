"""The HAProxies of the nodes, each of which decides where the programs there send MySQL: told together, seen to agree.

Keys of `Intent.found`: "proxy NODE SERVER" -> the state that was asked of that server on that node's HAProxy: what is
put back. Told are states, not moves: HAProxy's order makes the first server that may serve the target.
"""

from collections.abc import Callable, Mapping

from console.health.facts.writer import address_of, running, targets
from console.inventory.cluster import Cluster
from console.operations.guards.firewalls import ANSWERS, RESUME
from console.operations.procedures.steps import Intent, Order, Progress, Step
from console.probes.database.mysql_proxy import WRITER, Writer, tell
from console.probes.pools.servers import Admin
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.text import listed

Verdict = Callable[[str, Writer], str]
"""The unfinished part of a step on one node's HAProxy; "" when it has happened."""


def over_proxies(snapshot: Snapshot, verdict: Verdict, success: str) -> Progress:
    """Done when every HAProxy that runs says so. One that can't be told now is skipped, with what it means."""
    waiting, skipped, reached = list[str](), list[tuple[str, str]](), list[str]()
    for view in snapshot.nodes:
        reading = view.writer
        if isinstance(reading, Unknown) and (reading.under_way or reading.cause is Cause.NOT_ASKED):
            waiting.append(f"HAProxy on {view.name} has not said so yet")
        elif isinstance(reading, Unknown):
            skipped.append((view.name, f"HAProxy on {view.name} is not told, its pages may write elsewhere: {ANSWERS}"))
        elif not reading.value.running:
            skipped.append(
                (view.name, f"HAProxy on {view.name} does not run, and starts as configured: {RESUME} it runs")
            )
        elif left := verdict(view.name, running(snapshot)[view.name]):
            waiting.append(left)
        else:
            reached.append(view.name)
    if waiting or not reached:
        return Progress(False, "; ".join(waiting) or "no node's HAProxy for MySQL answers", tuple(skipped))
    return Progress(True, f"HAProxy on {listed(reached)} {success}", tuple(skipped))


def orders_to(snapshot: Snapshot, states: Mapping[str, Mapping[str, Admin]]) -> tuple[Order, ...]:
    """Orders to the HAProxies on the nodes, where a server is to change its state."""
    proxy = snapshot.cluster.mysql_proxy
    return tuple(Order(name, tell(proxy, changes)) for name, changes in states.items() if proxy and changes)


def changes(snapshot: Snapshot, new: str) -> dict[str, dict[str, Admin]]:
    address = address_of(snapshot, new)
    return {name: writer.changes(address) for name, writer in running(snapshot).items()}


def find_states(snapshot: Snapshot, key: str) -> Mapping[str, str]:
    each = running(snapshot).items()
    return {f"{key} {name} {one.name}": one.admin.value for name, writer in each for one in writer.servers}


def sent_to(snapshot: Snapshot, new: str) -> Verdict:
    """Its only target is the new writer."""

    def verdict(name: str, writer: Writer) -> str:
        to = targets(snapshot, name)
        if to == (new,):
            return ""
        server = writer.server(address_of(snapshot, new))
        state = f", where {new} is {server.status}" if server else f", which has no server of {new}"
        return f"HAProxy on {name} sends MySQL to {listed(to) or 'nobody'}{state}"

    return verdict


def is_up(snapshot: Snapshot, new: str) -> Verdict:
    def verdict(name: str, writer: Writer) -> str:
        server = writer.server(address_of(snapshot, new))
        if server is None:
            return f"HAProxy on {name} has no server of {new}"
        return "" if server.serving else f"HAProxy on {name} finds {new} {server.status}"

    return verdict


def readies(snapshot: Snapshot, new: str) -> tuple[Order, ...]:
    states = {
        name: {server: admin for server, admin in changes.items() if admin is Admin.READY}
        for name, changes in changes(snapshot, new).items()
    }
    return orders_to(snapshot, states)


# --- as found


def differs(snapshot: Snapshot, intent: Intent, key: str) -> dict[str, dict[str, Admin]]:
    """The states that were noted, by node and server, where they are others now."""
    known = {admin.value: admin for admin in Admin}
    return {
        name: {
            one.name: known[noted]
            for one in writer.servers
            if (noted := intent.found.get(f"{key} {name} {one.name}", "")) in known and known[noted] is not one.admin
        }
        for name, writer in running(snapshot).items()
    }


def as_found(snapshot: Snapshot, intent: Intent, key: str) -> Progress:
    others = differs(snapshot, intent, key)

    def verdict(name: str, _writer: Writer) -> str:
        left = listed(others[name])
        return f"HAProxy on {name} has not {left} as it was found" if left else ""

    return over_proxies(snapshot, verdict, "sends MySQL as found")


# --- told again


def _agrees(snapshot: Snapshot, intent: Intent) -> Progress:
    """It sends MySQL where the others do. Where no other one answers, its own checks decide, as they always do."""
    node, others = intent.target, dict[str, tuple[str, ...]]()
    reading = snapshot.node(node).writer
    if isinstance(reading, Unknown):
        return Progress(False, f"HAProxy for MySQL on {node} is not known: {reading.why}")
    if not reading.value.running:
        return Progress(False, f"HAProxy for MySQL does not run on {node}: its pages would reach no database")
    for view in snapshot.nodes:
        if view.name != node and isinstance(view.writer, Unknown) and view.writer.under_way:
            return Progress(False, f"HAProxy on {view.name} has not said so yet")
        if view.name != node and isinstance(view.writer, Known) and view.writer.value.running:
            others[view.name] = targets(snapshot, view.name)
    mine = listed(targets(snapshot, node)) or "nobody"
    if not others:
        return Progress(True, f"HAProxy on {node} sends MySQL to {mine}; no other node's answers")
    if len(set(others.values())) > 1:
        each = "; ".join(f"{name} to {listed(to) or 'nobody'}" for name, to in others.items())
        return Progress(False, f"the others do not agree on MySQL's writer: {each}")
    writer = next(iter(others.values()))
    if targets(snapshot, node) == writer:
        return Progress(True, f"HAProxy on {node} sends MySQL to {mine}, as {listed(others)} {_do(others)}")
    return Progress(False, f"HAProxy on {node} sends MySQL to {mine}, and {listed(others)} to {listed(writer)}")


def _do(others: Mapping[str, object]) -> str:
    return "does" if len(others) == 1 else "do"


def _told(snapshot: Snapshot, intent: Intent) -> tuple[Order, ...]:
    """Orders that make the writer of the others its own."""
    others = {targets(snapshot, name) for name in running(snapshot) if name != intent.target}
    (writer,) = others if len(others) == 1 else ((),)
    if len(writer) != 1:
        return ()
    return orders_to(
        snapshot, {name: told for name, told in changes(snapshot, writer[0]).items() if name == intent.target}
    )


def told_again(cluster: Cluster, name: str, phase: str = "in") -> tuple[Step, ...]:
    """A step that tells the HAProxy of a node again, which may have been restarted or reloaded: it starts as it is
    configured. None where the nodes run no HAProxy for MySQL."""
    step = Step(
        name=name,
        phase=phase,
        summary="see {node}'s HAProxy send MySQL where the others do; tell it again if it was restarted",
        orders=_told,
        done=_agrees,
        watches=(WRITER,),
        of=tuple(node.name for node in cluster.nodes),
        timeout=lambda _timings: 120.0,
        until_known=lambda timings: timings.boot,
        again=3.0,
    )
    return (step,) if cluster.mysql_proxy else ()
