"""The nodes as machines: whether they answer, and what they run short of."""

from collections.abc import Iterator

from console.health.finding import Finding, Kind, Level
from console.health.pools import serving
from console.membership import Place, place
from console.saying import clock, counted, listed
from console.snapshot import Known, Snapshot

LOAD = 2.0
"""Load a core, over a minute."""


def nodes_answer(snapshot: Snapshot) -> Iterator[Finding]:
    """A silent node, with who still serves."""
    for view in snapshot.nodes:
        if isinstance(view.host, Known):
            continue
        if view.host.since == 0:
            yield Finding(Level.UNKNOWN, view.name, Kind.NOT_ASKED, f"{view.name} not asked yet")
            continue
        still = [name for name in serving(snapshot) if name != view.name]
        rest = (
            f"{listed(still)} still {'serve' if len(still) > 1 else 'serves'}" if still else "nobody is known to serve"
        )
        out = ", and it is out" if place(snapshot, view.name) is Place.OUT else ""
        says = f"{view.name} lost since {clock(view.host.since)}{out}; {rest}: {view.host.why}"
        yield Finding(Level.DEGRADED, view.name, Kind.LOST, says)


def load_is_bearable(snapshot: Snapshot) -> Iterator[Finding]:
    """More wants to run than there are cores for."""
    for view in snapshot.nodes:
        if isinstance(view.host, Known) and view.host.value.load > LOAD * view.host.value.cores:
            host = view.host.value
            says = f"load of {view.name} is {host.load:.1f} on {counted(host.cores, 'core')}: it answers slowly"
            yield Finding(Level.NOTE, view.name, Kind.LOAD, says)


RULES = (nodes_answer, load_is_bearable)
