"""Nodes that somebody holds out of the pools, by the notes in config.xml: every console knows them."""

from console.health.facts.membership import Place, config_of, memberships, place
from console.probes.pools.hold import Hold, read
from console.probes.snapshot import Known, Snapshot
from console.text import SECONDS, dated, figure, quoted


def held(snapshot: Snapshot, node: str) -> Hold | None:
    """The hold of a node that is out, the latest where there are several. A note on a server that is in holds nothing:
    somebody has put it back in the web interface."""
    notes = (
        server.hold
        for one in memberships(snapshot, node)
        for server in one.configured or ()
        if server.out and server.hold is not None
    )
    found = max(notes, key=lambda one: (one.since, one.note), default=None)
    return _by_revisions(snapshot, node) if snapshot.cluster.balancer == "relayd" else found


def _by_revisions(snapshot: Snapshot, node: str) -> Hold | None:
    """relayd has no place for a note. The last write of ours for the node says it, as long as the revision is kept."""
    if place(snapshot, node) is not Place.OUT:
        return None
    texts = list[tuple[int, str]]()
    for view in snapshot.firewalls:
        texts += [(one.at, one.text) for one in view.revisions.value.last] if isinstance(view.revisions, Known) else []
        config = config_of(snapshot, view.name)
        revised = figure(config.revised, SECONDS) if config else None
        texts += [(revised, config.revision)] if config and revised is not None else []
    ours = [text for _, text in sorted(texts) if "drainboard: " in text and f" {node} by " in text]
    return read(ours[-1]) if ours else None


def over(snapshot: Snapshot, hold: Hold) -> bool:
    """Its time is up. The clock is this console's, at the newest look at a firewall."""
    looks = (reading.at for view in snapshot.firewalls for reading in (view.pools, view.config, view.carp)
             if isinstance(reading, Known))  # fmt: skip
    return bool(hold.until) and max(looks, default=0.0) >= hold.until


def until(hold: Hold) -> str:
    """The end, for a sentence."""
    return f"until {dated(hold.until).rpartition(':')[0]}" if hold.until else "until somebody puts it back"


def by(hold: Hold) -> str:
    """The person, since when and why. All of it is somebody's own words."""
    why = f": {quoted(hold.why, 120)}" if hold.why else ""
    return f"by {quoted(hold.who, 48)} since {dated(hold.since).rpartition(':')[0]}{why}"
