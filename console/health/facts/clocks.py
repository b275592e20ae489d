"""The machines' clocks against each other."""

from statistics import median_low

from console.probes.snapshot import Known, Snapshot


def offsets(snapshot: Snapshot) -> dict[str, float]:
    """Seconds by which each machine is ahead of the middle one of all, so that one that is wrong is named and not the
    others. Nothing where fewer than two tell."""
    readings = {view.name: view.host for view in snapshot.nodes} | {view.name: view.box for view in snapshot.firewalls}
    clocks = {name: one.value.clock for name, one in readings.items() if isinstance(one, Known) and one.value.clock}
    if len(clocks) < 2:
        return {}
    middle = median_low(clocks.values())
    return {name: clock - middle for name, clock in clocks.items()}
