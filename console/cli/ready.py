"""`drainboard ready`: whether a cluster can be patched now, and what to clear first. Nothing is changed."""

import json
from collections.abc import Sequence

from console import steady
from console.cli.plain import Exit, say
from console.inventory.cluster import Cluster
from console.operations.ready import Hazard
from console.probes.freshness import without_stale
from console.probes.schedule import questions_of, unasked
from console.probes.web.visitor import visited
from console.session.poller import Poller
from console.session.readiness import readiness
from console.session.session import journal_of
from console.session.usual import absences
from console.wire import Wire
from console.words.harmless import harmless


async def ready(clusters: Sequence[Cluster], as_json: bool = False) -> Exit:
    """Exit codes: DONE where nothing is to clear, else NOT_BEGUN."""
    found = {cluster.name: await _look(cluster) for cluster in clusters}
    if as_json:
        told = {
            name: {"ready": not each, "hazards": [{key: harmless(text) for key, text in one._asdict().items()}
                                                 for one in each]}
            for name, each in found.items()
        }  # fmt: skip
        for line in json.dumps({"clusters": told}, indent=2).splitlines():
            say(line)
    else:
        for name, each in found.items():
            say(harmless(f"{name}: {len(each)} to clear before a patch" if each else f"{name}: ready to be patched"))
            for one in each:
                say(harmless(f"! {one.machine:<10} {one.saw}."))
                say(harmless(f"    {one.clears}."))
    return Exit.NOT_BEGUN if any(found.values()) else Exit.DONE


async def _look(cluster: Cluster) -> tuple[Hazard, ...]:
    """Ask everything once, what is asked seldom too."""
    wire = Wire(cluster, allowed=questions_of(cluster).union(visited(cluster)))
    poller = Poller(cluster, wire)
    poller.start()
    try:
        await poller.settle(unasked, cluster.timings.seldom_answer + cluster.timings.connect)
        picture = without_stale(poller.snapshot, steady.now(), poller.calm)
        return await readiness(wire, picture, absences(journal_of(cluster).read().records))
    finally:
        await poller.close()
        await wire.close()
