"""Services that run and are in no inventory: as bad as an unknown state, for nobody asks."""

from collections.abc import Iterator

from console.health.facts.unlisted import What, unlisted
from console.health.finding import Finding, Kind, Level
from console.probes.snapshot import Known, Snapshot
from console.text import listed

KINDS = {
    What.MYSQL: (Kind.MYSQL_UNLISTED, Level.DEGRADED),
    What.VOLUMES: (Kind.VOLUME_UNLISTED, Level.DEGRADED),
    What.PROXY: (Kind.PROXY_UNLISTED, Level.NOTE),
}


def nodes_run_what_is_listed(snapshot: Snapshot) -> Iterator[Finding]:
    """A guard that is not told of a service lets it be stopped."""
    for view in snapshot.nodes:
        for one in unlisted(snapshot, view.name):
            kind, level = KINDS[one.what]
            yield Finding(level, view.name, kind, f"{one.saw}. {one.add}")


def vips_are_listed(snapshot: Snapshot) -> Iterator[Finding]:
    """Without addresses in the inventory nobody visits the site in the way its visitors do."""
    if snapshot.cluster.vips:
        return
    known = [view.carp.value for view in snapshot.firewalls if isinstance(view.carp, Known)]
    addresses = sorted({address for carp in known for vhid in carp.vhids for address in vhid.addresses})
    if addresses:
        message = f"the inventory has no vips, so nobody visits them as visitors do: CARP has {listed(addresses[:4])}"
        yield Finding(Level.NOTE, "carp", Kind.VIPS_UNLISTED, message, tuple(view.name for view in snapshot.firewalls))


RULES = (nodes_run_what_is_listed, vips_are_listed)
