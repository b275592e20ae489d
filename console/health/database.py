"""The Galera cluster: one Primary component of the full size, every member Synced, none held back or left half-way."""

from collections.abc import Iterator

from console.health.facts.membership import Place, place
from console.health.facts.sst import joining, transfers
from console.health.facts.writer import named, written_to
from console.health.finding import Finding, Kind, Level
from console.health.pools import serving
from console.probes.database.galera import Wsrep, split
from console.probes.hosts.system import MYSQL_UNITS
from console.probes.snapshot import Known, NodeView, Snapshot, Unknown, asked_but_unknown
from console.text import because, counted, doing, listed, percent, size

QUEUE = 100
"""Write-sets that wait to be applied: gcs.fc_limit, from which on a member holds the others back, is 100 by default."""

NEARLY_ALL = 0.95
"""Share of max_connections that is in use."""
PAUSED = 0.1
"""Share of the time in which flow control pauses commits."""
CONFLICTS = 1.0
"""Certification failures and bf aborts a second, all nodes together: single ones are normal."""


def members(snapshot: Snapshot) -> list[tuple[NodeView, Wsrep]]:
    """Members that answer."""
    return [(view, view.galera.value) for view in snapshot.nodes if isinstance(view.galera, Known)]


def there_is_a_primary(snapshot: Snapshot) -> Iterator[Finding]:
    """A cluster without a Primary component: every table is refused, though SELECT 1 still works and HAProxy's own
    check of MySQL says UP. Some node must say so, or its MySQL be seen to be down: if none answers at all, only the way
    there may be broken."""
    known = [(view, member) for view, member in members(snapshot) if not member.alone]
    if snapshot.cluster.mysql is None or any(member.status == "Primary" for _, member in members(snapshot)):
        return
    unknown = [view for view in snapshot.nodes if asked_but_unknown(view.galera)]
    if not known and (len(unknown) < len(snapshot.nodes) or not _reached(snapshot)):
        return
    of = tuple(view.name for view in snapshot.nodes)
    if not known and all(_down(view) for view in unknown):
        message = f"{_where_down(unknown, every=True)}: no table can be read or written"
        yield Finding(Level.CRITICAL, "mysql", Kind.NO_MYSQL, message, of)
    elif known or all(_down(view) for view in unknown if isinstance(view.host, Known)):
        states = [f"{view.name} is {member.status} ({member.state or 'without state'})" for view, member in known]
        each = "; ".join([*states, *_unknown_parts(unknown)])
        apart = [view.name for view, member in members(snapshot) if member.alone]
        but = f" but on {listed(apart)}" if apart else ""
        message = f"MySQL refuses every table{but}, for no node has the majority: {each}"
        yield Finding(Level.CRITICAL, "mysql", Kind.NO_PRIMARY, message, of)
    else:
        why = next(view.galera.why for view in unknown if isinstance(view.galera, Unknown) and not _down(view))
        what = "refuses to tell" if any(_refuses(view) for view in unknown) else "does not answer"
        message = f"MySQL {what} on {listed(of)}, and whether it serves is not known: {why}"
        yield Finding(Level.UNKNOWN, "mysql", Kind.MYSQL_UNKNOWN, message, of)


def _unknown_parts(unknown: list[NodeView]) -> Iterator[str]:
    """Sentences on the nodes whose MySQL is unknown: mysqld down, only MySQL silent, or the machine unreachable."""
    down = [view for view in unknown if _down(view)]
    if down:
        yield _where_down(down)
    here = [view for view in unknown if isinstance(view.host, Known) and not _down(view)]
    refusing = [view.name for view in here if _refuses(view)]
    if refusing:
        yield f"MySQL on {listed(refusing)} refuses to tell"
    unanswering = [view.name for view in here if not _refuses(view)]
    if unanswering:
        yield f"MySQL on {listed(unanswering)} does not answer"
    unreachable = [view.name for view in unknown if not isinstance(view.host, Known) and not _down(view)]
    if unreachable:
        yield f"{doing(unreachable, 'does', 'do')} not answer"


def _where_down(down: list[NodeView], every: bool = False) -> str:
    """Stopped, and on the way up or down, are not the same: one that is starting may wait for the others. `every`:
    these are all the nodes."""
    ways = {"stopped": [view.name for view in down if stopped(view)]}
    ways["only starting or stopping"] = [view.name for view in down if not stopped(view)]
    each = {way: "every node" if every and len(names) == len(down) else listed(names) for way, names in ways.items()}
    return f"MySQL is {', and '.join(f'{way} on {names}' for way, names in each.items() if names)}"


def stopped(view: NodeView) -> bool:
    """MySQL is stopped: systemd says so, and nothing answers in its place."""
    return isinstance(view.services, Known) and not view.services.value.running(MYSQL_UNITS) and not _refuses(view)


def _refuses(view: NodeView) -> bool:
    """An answer all the same: it runs."""
    return isinstance(view.galera, Unknown) and view.galera.answered


def _down(view: NodeView) -> bool:
    """Stopped, or on the way up or down: after a full crash each waits there for a Primary component."""
    services = view.services.value if isinstance(view.services, Known) else None
    running = set(services.running(MYSQL_UNITS)) if services else set[str]()
    return services is not None and running <= set(services.settling) and not _refuses(view)


def _reached(snapshot: Snapshot) -> bool:
    """Some node answers at all: it is not our own link that is down."""
    return any(isinstance(view.host, Known) for view in snapshot.nodes)


def members_answer(snapshot: Snapshot) -> Iterator[Finding]:
    """A node that answers, whose MySQL does not."""
    if snapshot.cluster.mysql is None:
        return
    for view in snapshot.nodes:
        if isinstance(view.galera, Known) or not view.galera.since or isinstance(view.host, Unknown):
            continue
        why = view.galera.why
        what = "is stopped" if stopped(view) else "can't be asked"
        message = f"MySQL on {view.name} {what}: {because(f'MySQL on {view.name}', why)}"
        yield Finding(Level.DEGRADED, view.name, Kind.MYSQL_SILENT, message)


def members_are_synced(snapshot: Snapshot) -> Iterator[Finding]:
    """Each member that answers is Primary and Synced; what it is instead."""
    primary = any(member.status == "Primary" for _, member in members(snapshot))
    traffic = serving(snapshot)
    for view, member in members(snapshot):
        if member.alone:
            message = f"MySQL on {view.name} runs without wsrep, by itself: nobody else gets what is written there"
            yield Finding(_if_asked(snapshot, view.name), view.name, Kind.ALONE, message)
        elif member.status != "Primary":
            if primary:
                level = Level.CRITICAL if view.name in traffic else Level.DEGRADED
                gets = ", and it gets traffic" if view.name in traffic else ""
                voted = ": its data differed, and the others voted it out" if member.state == "Inconsistent" else ""
                message = (
                    f"MySQL on {view.name} is {member.status}, apart from the others{voted}: it refuses every"
                    f" table{gets}"
                )
                yield Finding(level, view.name, Kind.NON_PRIMARY, message)
        elif member.state.startswith("Donor"):
            if not member.desynced:  # by hand, which is said as what was left over: nobody gets anything from it
                message = f"MySQL on {view.name} is Donor: another node gets what it missed, or a backup holds it"
                yield Finding(Level.DEGRADED, view.name, Kind.DONOR, f"{message}; it may lag")
        elif not member.synced:
            ready = "" if member.ready else ", not ready"
            lacks = "it refuses every query" if member.state == "Synced" else "it has not caught up yet"
            message = f"MySQL on {view.name} is {member.state or 'without state'}{ready}: {lacks}"
            yield Finding(Level.DEGRADED, view.name, Kind.NOT_SYNCED, message)
        elif not member.tells_view:
            message = (
                f"MySQL on {view.name} is Synced and does not tell whom it sees ({no_view(member)}): it may be alone"
            )
            yield Finding(Level.DEGRADED, view.name, Kind.VIEW_UNTOLD, message)


def no_view(member: Wsrep) -> str:
    """The values in which a member does not tell its view."""
    lacks = {f"size {member.size}": member.size <= 0, f"conf_id {member.conf_id}": member.conf_id < 0}
    lacks["no uuid"] = not member.uuid.strip("0-")
    return ", ".join(value for value, so in lacks.items() if so)


def _if_asked(snapshot: Snapshot, node: str) -> Level:
    """Judge that pages may use a node's MySQL: CRITICAL unless the node is known to get nothing."""
    told = [view.writer for view in snapshot.nodes]
    if snapshot.cluster.mysql_proxy and all(isinstance(one, Known) for one in told):
        asked = node in {named(snapshot, address) for address in written_to(snapshot)}
    else:
        asked = place(snapshot, node) is not Place.OUT
    return Level.CRITICAL if asked else Level.DEGRADED


def one_cluster(snapshot: Snapshot) -> Iterator[Finding]:
    """Size alone lies: both halves of a split can show the right number. uuid and conf_id do not."""
    primary = [(view, member) for view, member in members(snapshot) if member.status == "Primary"]
    together = [(view, member) for view, member in primary if member.tells_view]
    uuids = {member.uuid for _, member in primary if member.uuid.strip("0-")}
    whole = len(snapshot.nodes)
    right = all(member.size == whole for _, member in primary)
    size = (
        "each shows the full size, and yet"
        if right
        else "sizes " + listed(f"{view.name} {member.size}" for view, member in primary) + ";"
    )
    of = tuple(view.name for view, _ in primary)
    if len(uuids) > 1:
        message = f"the nodes are not in one Galera cluster: their uuids differ ({size} their data go separate ways)"
        yield Finding(Level.CRITICAL, "mysql", Kind.UUID_DIFFERS, message, of)
    elif split(member for _, member in together) and all(member.looks > 1 for _, member in together):
        told = listed(f"{view.name} {member.size}" for view, member in together)
        message = f"MySQL has two Primary components, and their data go separate ways: members seen by {told}"
        yield Finding(Level.CRITICAL, "mysql", Kind.VIEWS_DIFFER, message, of)
    elif len({member.conf_id for _, member in together}) > 1 and all(member.looks > 1 for _, member in together):
        told = listed(f"{view.name} {member.conf_id}" for view, member in together)
        message = f"the nodes do not agree on who is in Galera: conf_id {told} ({size} one of them is cut off)"
        yield Finding(Level.DEGRADED, "mysql", Kind.VIEWS_DIFFER, message, of)
    smallest = min((member.size for _, member in together), default=whole)
    if smallest < whole:
        missing = tuple(view.name for view in snapshot.nodes if view.name not in of)
        who = f": {doing(missing, 'is', 'are')} not in it" if missing else ""
        message = f"MySQL has {smallest} of {counted(whole, 'member')}{who}"
        yield Finding(Level.DEGRADED, "mysql", Kind.SIZE_BELOW, message, missing or of)
    elif smallest > whole:
        message = (
            f"MySQL has {counted(smallest, 'member')} on {counted(whole, 'node')}: an arbitrator (garbd), or a machine"
            " that the inventory does not name"
        )
        yield Finding(Level.NOTE, "mysql", Kind.SIZE_ABOVE, message)


def members_keep_up(snapshot: Snapshot) -> Iterator[Finding]:
    """A member that lags holds the others back."""
    for view, member in members(snapshot):
        if member.synced and member.recv_queue >= QUEUE:
            message = f"MySQL on {view.name} lags: {member.recv_queue} write-sets wait to be applied"
            yield Finding(Level.DEGRADED, view.name, Kind.RECEIVE_QUEUE, message)


def connections_are_left(snapshot: Snapshot) -> Iterator[Finding]:
    """One who is connected already, as we are, does not notice that no more may come."""
    for view, member in members(snapshot):
        used, most = member.connections, member.max_connections
        if used is not None and most and used >= NEARLY_ALL * most:
            what = "it refuses new ones" if used >= most else "soon it refuses new ones"
            message = f"MySQL on {view.name} has {used} of {counted(most, 'connection')} in use: {what}"
            yield Finding(Level.DEGRADED, view.name, Kind.CONNECTIONS_FULL, message)


def nothing_left_over(snapshot: Snapshot) -> Iterator[Finding]:
    """Settings that somebody made for a while and did not take back."""
    for view, member in members(snapshot):
        split = isinstance(view.member, Known) and view.member.value.ignore_sb
        left = (*member.leftovers, *(["pc.ignore_sb=YES"] if split else []))
        if left:
            message = f"MySQL on {view.name} {_means(member)}: {listed(left)} was left there"
            if member.rejects:
                yield Finding(_if_asked(snapshot, view.name), view.name, Kind.REJECTS_QUERIES, message)
            else:
                yield Finding(Level.DEGRADED, view.name, Kind.LEFTOVER, message)


def _means(member: Wsrep) -> str:
    if member.rejects:
        return "refuses every query"
    if member.read_only:
        return "refuses writes"
    if not member.leftovers:
        return "would go on alone after a split of the network"
    return "may lag without holding the others back" if member.desynced else "gets nothing from checkers that read it"


def full_copies(snapshot: Snapshot) -> Iterator[Finding]:
    """An SST: the joiner answers no SQL meanwhile, and its donor lags. Without a donor it may be an IST as well."""
    for copy in transfers(snapshot):
        far = "" if copy.done is None else f": {size(copy.done)}"
        far += f" of {size(copy.whole)}" if far and copy.whole else " so far" if far else ""
        message = f"{copy.joiner} receives a full copy (SST by {copy.method}) from {copy.donor}{far}"
        ours = tuple(view.name for view in snapshot.nodes if view.name in (copy.joiner, copy.donor))
        yield Finding(Level.DEGRADED, copy.joiner if len(ours) > 1 else copy.donor, Kind.SST, message, ours)
    for node in joining(snapshot):
        if asked_but_unknown(snapshot.node(node).galera):
            message = f"MySQL on {node} joins: it asks for what it missed (IST), or for all of it (SST)"
            yield Finding(Level.DEGRADED, node, Kind.NOT_SYNCED, message)


def writes_flow(snapshot: Snapshot) -> Iterator[Finding]:
    """Flow control, and transactions that two nodes refuse each other. Both are rates between two looks."""
    known = [(view, member) for view, member in members(snapshot) if member.status == "Primary"]
    paused = max((member.flow_control or 0.0 for _, member in known), default=0.0)
    of = tuple(view.name for view, _ in known)
    if paused >= PAUSED:
        slow, queue = max(((view.name, member.recv_queue) for view, member in known), key=lambda one: one[1])
        who = f", for {slow}, where {counted(queue, 'write-set')} wait" if queue else ""
        message = f"MySQL holds back all commits {percent(paused)} of the time (flow control){who}"
        yield Finding(Level.DEGRADED, "mysql", Kind.FLOW_CONTROL, message, (slow,) if queue else of)
    conflicts = sum((member.cert_failures or 0.0) + (member.bf_aborts or 0.0) for _, member in known)
    if conflicts >= CONFLICTS:
        cure = "is MySQL reached past its HAProxy?" if snapshot.cluster.mysql_proxy else "send all writes to one node"
        message = f"{conflicts:.0f} transactions a second fail because two nodes write the same rows: {cure}"
        yield Finding(Level.DEGRADED, "mysql", Kind.SINGLE_WRITER, message, of)


def mysql_versions_are_alike(snapshot: Snapshot) -> Iterator[Finding]:
    """Normal during an upgrade; otherwise one was forgotten."""
    known = [(view.name, view.member.value) for view in snapshot.nodes if isinstance(view.member, Known)]
    if len({(member.flavour, member.version) for _, member in known}) > 1:
        told = listed(f"{name} {member.flavour} {member.version}" for name, member in known)
        message = f"MySQL is not the same everywhere: {told}"
        yield Finding(Level.NOTE, "mysql", Kind.MYSQL_VERSIONS_DIFFER, message, tuple(name for name, _ in known))


def tables_replicate(snapshot: Snapshot) -> Iterator[Finding]:
    """Sites' plug-ins create such tables."""
    for view in snapshot.databases:
        tables = view.tables.value if isinstance(view.tables, Known) else None
        if tables is None or not (tables.not_innodb or tables.no_primary_key):
            continue
        more = "" if tables.complete else "at least "
        parts = [f"{more}{counted(tables.not_innodb, 'table')} not InnoDB, not replicated"] if tables.not_innodb else []
        if tables.no_primary_key:
            parts.append(f"{more}{counted(tables.no_primary_key, 'table')} without a primary key, replicated badly")
        first = f" (first: {tables.names[0]})" if tables.names else ""
        yield Finding(Level.NOTE, view.name, Kind.TABLES, f"MySQL has {listed(parts)}{first}")


RULES = (
    there_is_a_primary,
    full_copies,
    one_cluster,
    members_are_synced,
    members_answer,
    members_keep_up,
    connections_are_left,
    nothing_left_over,
    writes_flow,
    mysql_versions_are_alike,
    tables_replicate,
)
