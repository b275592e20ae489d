"""Looks whether a cluster can be patched: the picture, the site's certificates, and the inventory's word on backups."""

import time

from console.inventory.cluster import Cluster
from console.operations.procedures.steps import Usual
from console.operations.ready import Hazard, certificates, hazards
from console.probes.ask import Page, WireError
from console.probes.snapshot import Snapshot
from console.probes.web.visitor import visited
from console.session import program
from console.session.program import complaint
from console.wire import Wire

BACKUP_SECONDS = 30.0
"""Time for the program that knows of backups."""


async def readiness(wire: Wire, picture: Snapshot, usual: Usual) -> tuple[Hazard, ...]:
    """Everything to clear before a patch, in sentences."""
    cluster = picture.cluster
    ends = dict[str, float]()
    for get in visited(cluster):
        (answer,) = await wire.send(get.via or cluster.machines[0].name, (get,), cluster.timings.answer)
        if isinstance(answer, Page) and answer.ends:
            ends[get.url] = answer.ends
    return (*hazards(picture, usual), *certificates(ends, time.time()), *await _backup(cluster))


async def _backup(cluster: Cluster) -> tuple[Hazard, ...]:
    """A hazard where the inventory's program knows of no new backup, or does not tell."""
    argv = cluster.patch.backup
    if not argv:
        return ()
    try:
        why = complaint(argv, await program.run(argv, {"CLUSTER": cluster.name}, BACKUP_SECONDS))
    except WireError as error:
        why = str(error)
    clears = "Make a backup first: no way leads back from a failed update of MySQL"
    return (Hazard(cluster.name, f"no backup is known to be new enough: {why}", clears),) if why else ()
