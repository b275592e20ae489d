"""Targets of MySQL's HAProxy on the nodes: all to one node, the same, and one that can write."""

from collections import Counter
from collections.abc import Iterator

from console.health.facts.writer import named, writers, written_to
from console.health.finding import Finding, Kind, Level
from console.probes.database.mysql_proxy import Writer
from console.probes.pools.servers import Admin
from console.probes.snapshot import Snapshot, Unknown
from console.text import because, doing, listed


def proxies_run(snapshot: Snapshot) -> Iterator[Finding]:
    """MySQL's HAProxy runs and has a server; otherwise the node's pages reach no database."""
    for name, writer in writers(snapshot):
        if not writer.running:
            message = f"HAProxy for MySQL does not run on {name}: its pages reach no database"
            yield Finding(Level.DEGRADED, name, Kind.PROXY_STOPPED, message)
    running = [(name, writer) for name, writer in writers(snapshot) if writer.running]
    without = tuple(name for name, writer in running if writer.target is None)
    if without:
        level = Level.CRITICAL if len(without) == len(snapshot.nodes) else Level.DEGRADED
        message = f"HAProxy on {listed(without)} finds no MySQL to write to: pages there reach no database"
        yield Finding(level, "mysql", Kind.WRITER_NONE, message, without)


def one_writer(snapshot: Snapshot) -> Iterator[Finding]:
    """Two writers are what the single writer is there to avoid."""
    if len(written_to(snapshot)) > 1:
        sends = [(name, writer.targets) for name, writer in writers(snapshot) if writer.running and writer.targets]
        told = "; ".join(
            f"{name} writes to {listed(named(snapshot, one) for one in targets)}" for name, targets in sends
        )
        most = Counter(targets for _, targets in sends).most_common(1)[0]
        odd = tuple(name for name, targets in sends if 2 * most[1] > len(sends) and targets != most[0])
        lead = f"{doing(odd, 'sends', 'send')} MySQL elsewhere than the others" if odd else ""
        message = f"{lead or 'the nodes do not agree on the MySQL writer'}: {told}; transactions will fail"
        of = odd or tuple(name for name, _ in sends)
        yield Finding(Level.DEGRADED, "mysql", Kind.WRITERS_DISAGREE, message, of)


def writers_are_fit(snapshot: Snapshot) -> Iterator[Finding]:
    """HAProxy's own check says UP for a non-Primary MySQL."""
    for address in dict.fromkeys(writer.target for _, writer in writers(snapshot) if writer.running and writer.target):
        name = named(snapshot, address)
        senders = [node for node, writer in writers(snapshot) if writer.running and writer.target == address]
        found = _unfit(snapshot, name)
        if found:
            level, state = found
            message = f"HAProxy on {listed(senders)} sends MySQL to {name}, which {state}"
            yield Finding(level, name, Kind.WRITER_UNFIT, message)
        elif all(_backup(writer, address) for _, writer in writers(snapshot) if writer.running):
            message = f"MySQL's writer is {name}, a backup: {_why_backup(snapshot)}"
            yield Finding(Level.NOTE, name, Kind.WRITER_BACKUP, message)


def _unfit(snapshot: Snapshot, name: str) -> tuple[Level, str] | None:
    view = next((view for view in snapshot.nodes if view.name == name), None)
    if view is None or (isinstance(view.galera, Unknown) and not view.galera.since):
        return None
    if isinstance(view.galera, Unknown):
        return Level.DEGRADED, f"does not answer: {because(f'MySQL on {name}', view.galera.why)}"
    member = view.galera.value
    if member.alone:
        return Level.CRITICAL, "runs without wsrep: nobody else gets what is written there"
    if member.rejects:
        return Level.CRITICAL, "refuses every query"
    if member.status != "Primary" or not member.ready:
        return Level.CRITICAL, f"is {member.status} ({member.state}): writes fail"
    if member.read_only:
        return Level.CRITICAL, "is read_only: writes fail"
    return None if member.synced else (Level.DEGRADED, f"is {member.state}: it may lag")


def _why_backup(snapshot: Snapshot) -> str:
    """The active servers were told to drain, or can't serve."""
    active = [one for _, writer in writers(snapshot) for one in writer.servers if not one.backup]
    if any(writer.sticks for _, writer in writers(snapshot)):
        up = listed(dict.fromkeys(named(snapshot, one.address) for one in active if one.serving))
        return f"{up or 'another one'} is UP, and a stick table keeps new sessions there"
    if not active or any(one.admin is Admin.READY for one in active):
        return "its HAProxy finds no active server"
    out = listed(dict.fromkeys(named(snapshot, one.address) for one in active))
    return f"{out} was told to step aside, until HAProxy is reloaded"


def _backup(writer: Writer, address: str) -> bool:
    return all(server.backup for server in writer.servers if server.address == address)


RULES = (proxies_run, one_writer, writers_are_fit)
