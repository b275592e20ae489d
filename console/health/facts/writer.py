"""The node that MySQL's writes go to. Each node's own HAProxy decides for the programs there."""

from dataclasses import replace

from console.inventory.addresses import is_own, same
from console.probes.database.mysql_proxy import Writer
from console.probes.snapshot import Known, Snapshot


def writers(snapshot: Snapshot) -> list[tuple[str, Writer]]:
    """The known writers, by node."""
    return [
        (view.name, _at_home(snapshot, view.name, view.writer.value))
        for view in snapshot.nodes
        if isinstance(view.writer, Known)
    ]


def _at_home(snapshot: Snapshot, node: str, writer: Writer) -> Writer:
    """A server by the loopback, or by a socket file, is another machine on each node: its own."""
    home = address_of(snapshot, node)
    servers = tuple(
        replace(one, address=home) if is_own(one.address) and named(snapshot, one.address) == one.address else one
        for one in writer.servers
    )
    return replace(writer, servers=servers) if servers != writer.servers else writer


def running(snapshot: Snapshot) -> dict[str, Writer]:
    """Those of them whose HAProxy runs."""
    return {name: writer for name, writer in writers(snapshot) if writer.running}


def written_to(snapshot: Snapshot) -> set[str]:
    """The addresses that some node's HAProxy sends MySQL's traffic to."""
    return {address for writer in running(snapshot).values() for address in writer.targets}


def named(snapshot: Snapshot, address: str) -> str:
    """The node of an address."""
    return next((node.name for node in snapshot.cluster.nodes if same(node.address, address)), address)


def address_of(snapshot: Snapshot, node: str) -> str:
    """The address of a node; "" where the inventory has it no more."""
    return next((one.address for one in snapshot.cluster.nodes if one.name == node), "")


def targets(snapshot: Snapshot, node: str) -> tuple[str, ...]:
    """The nodes that one node's HAProxy sends MySQL to."""
    writer = running(snapshot).get(node)
    return tuple(named(snapshot, address) for address in writer.targets) if writer else ()


def writing(snapshot: Snapshot) -> tuple[str, ...]:
    """Every node that some HAProxy sends MySQL to, the one of most of them first."""
    told = [one for node in running(snapshot) for one in targets(snapshot, node)]
    return tuple(sorted(dict.fromkeys(told), key=lambda name: -told.count(name)))


def writes(snapshot: Snapshot, node: str) -> bool:
    """Some HAProxy sends MySQL to the node."""
    return node in writing(snapshot)


def in_order(snapshot: Snapshot, without: str) -> tuple[str, ...]:
    """The nodes that may follow one as the writer, in the order in which HAProxy takes them."""
    writer = next(iter(running(snapshot).values()), None)
    servers = sorted(writer.servers, key=lambda one: one.backup) if writer else []
    names = dict.fromkeys(named(snapshot, one.address) for one in servers)
    return tuple(name for name in names if name != without and snapshot.cluster.has_node(name))


def found_up(snapshot: Snapshot, node: str) -> bool:
    """Some HAProxy could send MySQL to a node."""
    address = address_of(snapshot, node)
    servers = (writer.server(address) for writer in running(snapshot).values())
    return any(server is not None and server.serving for server in servers)


def spares(snapshot: Snapshot, node: str) -> tuple[str, ...]:
    """The nodes that would take over from one on every HAProxy, if that was the only target and was lost."""
    address = address_of(snapshot, node)
    each = [
        {named(snapshot, one.address) for one in writer.servers if one.serving and one not in writer.before(address)}
        for writer in running(snapshot).values()
    ]
    common = set[str].intersection(*each) if each else set[str]()
    return tuple(sorted(common - {node}))


def sessions(snapshot: Snapshot, without: str) -> dict[str, int]:
    """Sessions that the HAProxies hold to other nodes than one."""
    counts: dict[str, int] = {}
    for writer in running(snapshot).values():
        for server in writer.servers:
            name = named(snapshot, server.address)
            if name != without and server.sessions:
                counts[name] = counts.get(name, 0) + server.sessions
    return counts


def given(snapshot: Snapshot, node: str) -> int:
    """Sessions that the HAProxies have given to a node since they started."""
    address = address_of(snapshot, node)
    servers = (writer.server(address) for writer in running(snapshot).values())
    return sum(server.total for server in servers if server)
