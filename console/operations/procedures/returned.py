"""A node that comes back from its packages: its configuration as it was, and the way its MySQL got what it missed.

Keys of `Intent.found`: "member NODE" -> the settings that made its MySQL a member; "replaced NODE" -> the files that
packages had left beside its configuration; each a line. "copy NODE" -> the donor of a full copy (SST).
"""

from collections.abc import Mapping
from dataclasses import replace

from console.health.facts.fitness import gluster_unfit, unfit
from console.health.facts.sst import Sst, transfers
from console.operations.guards import Objection, Override
from console.operations.procedures.power import FIT
from console.operations.procedures.steps import Intent, Progress, Step
from console.operations.procedures.storage import missing
from console.probes.database.transfer import TRANSFER
from console.probes.hosts.updates import Updates
from console.probes.snapshot import Known, Snapshot
from console.text import listed, plain_text, quoted

SHOWN = 5
"""Files that are named in a sentence."""


def find_member(snapshot: Snapshot, node: str) -> Mapping[str, str]:
    """The settings of its MySQL, to be compared when it is back."""
    galera = snapshot.node(node).galera
    known = galera.value.membership if isinstance(galera, Known) else ()
    return {f"member {node}": "\n".join(known)} if known else {}


def find_beside(updates: Updates, node: str) -> Mapping[str, str]:
    """The files that lie beside its configuration already."""
    return {f"replaced {node}": "\n".join(updates.replaced)}


def left_beside(snapshot: Snapshot, intent: Intent) -> str:
    """The end of a sentence: configuration files that were not there before the packages; "" for none."""
    updates, before = snapshot.node(intent.target).updates, intent.found.get(f"replaced {intent.target}")
    if not isinstance(updates, Known) or before is None:
        return ""
    new = [file for file in updates.value.replaced if file not in before.split("\n")]
    more = f" and {len(new) - SHOWN} more" if len(new) > SHOWN else ""
    return f"; its packages left {listed(new[:SHOWN])}{more} beside the configuration: compare them" if new else ""


def _otherwise(snapshot: Snapshot, intent: Intent) -> str:
    """The settings by which its MySQL is no longer the member that it was, in a sentence; "" while none is known."""
    node, galera = intent.target, snapshot.node(intent.target).galera
    before = intent.found.get(f"member {node}")
    if before is None or not isinstance(galera, Known):
        return ""
    now = galera.value.membership
    changed = [f"{quoted(was, 120)} before" for was in before.split("\n") if was not in now]
    changed += [f"{quoted(one, 120)} now" for one in now if one not in before.split("\n")]
    return f"MySQL on {node} is not configured as before the patch: {listed(changed)}" if changed else ""


def _copy(snapshot: Snapshot, node: str) -> Sst | None:
    """The full copy that a node takes."""
    return next((one for one in transfers(snapshot) if one.joiner == node), None)


def _find_copy(snapshot: Snapshot, intent: Intent) -> Mapping[str, str]:
    seen = _copy(snapshot, intent.target)
    return {f"copy {intent.target}": seen.donor} if seen else {}


def _back(snapshot: Snapshot, intent: Intent) -> Progress:
    """Fit, and configured as before. Once only the heal is waited for, one without progress ends the wait."""
    node, cluster = intent.target, snapshot.cluster
    if message := _otherwise(snapshot, intent):
        return Progress(False, message, failed=True)
    progress, donor = FIT.done(snapshot, intent), intent.found.get(f"copy {node}")
    if progress.done:
        none, copied = "no full copy (SST) was seen", f"MySQL got a full copy (SST) from {donor}"
        return progress._replace(message=f"{progress.message}; {copied if donor else none}" * bool(cluster.mysql))
    if copy := _copy(snapshot, node):
        return progress._replace(message=f"{progress.message}; {copy.message}")
    if gone := missing(snapshot, node):
        paths = listed(plain_text(one.path, 80) for one in gone)
        return progress._replace(message=f"{progress.message}; {paths} is not mounted there")
    states = [view.state.value for view in snapshot.volumes if isinstance(view.state, Known)]
    left = sum(one.pending or 0 for one in states)
    heals = left and tuple(unfit(snapshot, node)) == tuple(gluster_unfit(snapshot, node))
    return progress._replace(left=left, within=cluster.timings.heal) if heals else progress


def by_full_copy(intent: Intent, before: str) -> tuple[Objection, ...]:
    """An objection to the next node: the one before it has only just got all of its database."""
    donor = intent.found.get(f"copy {before}")
    if donor is None:
        return ()
    saw = f"{before} came back by a full copy (SST) from {donor}; it can give no other node an IST yet"
    return (Objection(intent.target, saw, "See why, and say yes to go on", Override.CONFIRM),)


BACK = replace(
    FIT,
    summary="wait until {node} is fit: {fit}; its MySQL configured as before",
    sees=_find_copy,
    done=_back,
    watches=(*FIT.watches, TRANSFER),
)


def watched(step: Step) -> Step:
    """The same, and a full copy that the node takes meanwhile is noted."""
    return replace(step, sees=_find_copy, watches=(*step.watches, TRANSFER))
