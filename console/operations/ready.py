"""Readiness for a rolling patch: every hazard that can be seen beforehand, each with its remedy. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from console.health import Kind, Level, findings
from console.health.explained import explanations
from console.operations.plan import against
from console.operations.procedures import PATCH
from console.operations.procedures.steps import Intent, Usual
from console.probes.snapshot import Known, Snapshot
from console.text import dated, listed, plain_text, quoted, span

OLD = 86_400.0
"""Seconds from which on lists of packages are called old."""
SOON = 14 * 86_400.0
"""Seconds before its end from which on a certificate is told of: renewal by itself is long due then."""
TOLD = frozenset(
    {
        *(Kind.TABLES, Kind.PACKAGE_MANAGERS, Kind.MYSQL_VERSIONS_DIFFER, Kind.VERSIONS_DIFFER, Kind.CLOCKS),
        *(Kind.CONSOLE_HERE, Kind.QUORUM_OFF, Kind.FAILED_UNITS, Kind.DEVICES_UNKNOWN, Kind.OUT, Kind.HELD),
    }
)
"""Notes that matter to a patch. What is worse than a note always does."""


class Hazard(NamedTuple):
    """One thing to clear. `machine`: a machine, or what the cluster has one of."""

    machine: str
    saw: str
    clears: str


def hazards(snapshot: Snapshot, usual: Usual) -> tuple[Hazard, ...]:
    """Objections to the patch, then what its nodes tell, then findings."""
    cluster = snapshot.cluster
    intent = Intent(cluster, cluster.name, PATCH, options=PATCH.decides(snapshot, cluster.name))
    objections = (Hazard(one.machine, one.saw, one.clears) for one in against(snapshot, intent, usual=usual))
    once = {(one.saw, one.clears): one for one in reversed((*objections, *_prepared(snapshot), *_settings(snapshot)))}
    return (*reversed(once.values()), *_findings(snapshot))


def certificates(ends: Mapping[str, float], now: float) -> Iterator[Hazard]:
    """Certificates of the site that end soon. `ends`: Unix times by URL."""
    for url, end in ends.items():
        if end - now < SOON:
            saw = f"the certificate of {plain_text(url, 120)} ends in {span(max(0.0, end - now))}, at {dated(end)}"
            yield Hazard("site", saw, "Renew it: renewal should have been tried by now")


def _findings(snapshot: Snapshot) -> Iterator[Hazard]:
    for one in findings(snapshot):
        if one.level > Level.NOTE or one.kind in TOLD:
            look = explanations()[one.kind].look[0]
            yield Hazard(one.machine, one.message, f"Look at {look} ({one.kind} in `drainboard help findings`)")


def _prepared(snapshot: Snapshot) -> Iterator[Hazard]:
    """Facts that are no objection to the patch: packages held, old lists, and services that no boot starts."""
    told = {view.name: view.prepared.value for view in snapshot.nodes if isinstance(view.prepared, Known)}
    for node, one in told.items():
        if one.held:
            saw = f"{listed(one.held)} is held on {node}"
            yield Hazard(node, saw, "apt-mark unhold, or dnf versionlock delete; or name it in [patch] exclude")
        if one.age is None or one.age > OLD:
            since = f"are {span(one.age)} old" if one.age is not None else "were never fetched, or tell no time"
            saw = f"the lists of packages on {node} {since}"
            yield Hazard(node, saw, "apt-get update, or dnf makecache: else the plan does not show all")
        for unit in one.not_enabled:
            yield Hazard(node, f"{unit} runs on {node}, and no boot starts it", f"systemctl enable {unit}")
        for path in one.not_mounted:
            saw = f"a boot of {node} does not mount {quoted(path, 80)}"
            yield Hazard(node, saw, "Add it to /etc/fstab, with _netdev")


def _settings(snapshot: Snapshot) -> Iterator[Hazard]:
    """Settings of replication that differ between members."""
    told = {view.name: view.member.value for view in snapshot.nodes if isinstance(view.member, Known)}
    values = dict[str, dict[str, list[str]]]()
    for node, member in told.items():
        for name, value in (*member.settings, ("gcache.size", str(member.gcache_bytes))):
            values.setdefault(name, {}).setdefault(value, []).append(node)
    for name, each in values.items():
        if len(each) > 1:
            says = "; ".join(f"{quoted(value)} on {listed(nodes)}" for value, nodes in each.items())
            yield Hazard("mysql", f"{name} differs: {says}", "Set it alike in MySQL's configuration on all nodes")
