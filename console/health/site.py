"""The site for its visitors: up, hurt, down or not known. Visits, pools and the findings that hurt visitors tell."""

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from console.health.facts.membership import master
from console.health.finding import Finding, Kind, Level
from console.health.pools import leading, serving
from console.probes.snapshot import Known, Snapshot
from console.text import counted, doing, listed


class Condition(Enum):
    """The answer to the first question at night."""

    UP = "UP"
    HURT = "HURT"
    """Some visitors get errors, or wait."""
    DOWN = "DOWN"
    UNKNOWN = "NOT KNOWN"


class SiteState(NamedTuple):
    """One moment of the site."""

    condition: Condition
    message: str
    """Figures: nodes that serve, the share of visitors that is hurt; or the reason why it is not known."""


EVERYBODY = frozenset(
    {
        *(Kind.NO_MASTER, Kind.BALANCER_STOPPED, Kind.POOL_EMPTY, Kind.VISIT_ERROR, Kind.VISIT_SILENT),
        *(Kind.NO_MYSQL, Kind.NO_PRIMARY, Kind.WRITER_NONE, Kind.WRITER_UNFIT),
        *(Kind.BRICK_QUORUM, Kind.VOLUME_STOPPED, Kind.TWO_MASTERS),
    }
)
"""Kinds that hurt the visitors of every node, where they are CRITICAL."""
PART = frozenset({Kind.POOL_EMPTY, Kind.TWO_MASTERS})
"""Those that leave a part of the site to its visitors, where no other hurts everybody."""
WAIT, FAIL = ("waits", "wait"), ("gets errors", "get errors")
NODE = {
    **dict.fromkeys((Kind.LOST, Kind.APACHE_FULL, Kind.MOUNT_HUNG, Kind.SITE_SILENT), WAIT),
    **dict.fromkeys((Kind.UP_BUT_WEB_FAILS, Kind.UP_BUT_NOT_SYNCED, Kind.REJECTS_QUERIES, Kind.MOUNT_MISSING), FAIL),
    **dict.fromkeys((Kind.SITE_ERROR, Kind.NON_PRIMARY, Kind.ALONE), FAIL),
}
"""Kinds that hurt the visitors of the node that they name, and what happens to one of them, and to several."""


def hurt(one: Finding, traffic: frozenset[str]) -> frozenset[str]:
    """The nodes whose visitors a finding hurts. `traffic`: the nodes that get visitors."""
    if one.level is Level.CRITICAL and one.kind in EVERYBODY:
        return traffic & {*one.of} if one.kind is Kind.VISIT_ERROR and len(one.of) == 1 else traffic
    if one.kind in NODE and (one.level is Level.CRITICAL or (one.level > Level.NOTE and one.kind is not Kind.LOST)):
        return traffic.intersection(one.machines)
    return frozenset()


def harm(one: Finding, traffic: frozenset[str]) -> float:
    """Share of the visitors whom a finding hurts, 0 to 1. What hurts everybody does so also where nobody serves."""
    if not traffic:
        return 1.0 if one.level is Level.CRITICAL and one.kind in EVERYBODY else 0.0
    return len(hurt(one, traffic)) / len(traffic)


def site(snapshot: Snapshot, found: Iterable[Finding]) -> SiteState:
    """Judge by visits first, then by pools and findings."""
    every = [each for one in found for each in (one, *one.brings)]
    traffic = frozenset(serving(snapshot))
    served = [view.name for view in snapshot.vips if isinstance(view.visit, Known) and view.visit.value.served]
    worst = max((harm(one, traffic) for one in every), default=0.0)
    nodes = {name: one.kind for one in reversed(every) for name in hurt(one, traffic) if one.kind in NODE}
    if worst == 1 or (traffic and nodes.keys() >= traffic):
        kinds = {one.kind for one in every if one.level is Level.CRITICAL and one.kind in EVERYBODY}
        if not served and not (traffic and kinds and kinds <= PART):
            return SiteState(Condition.DOWN, "no visitor is served")
        if kinds == {Kind.TWO_MASTERS}:
            return SiteState(Condition.HURT, "two firewalls are MASTER: connections may break")
        return SiteState(Condition.HURT, f"{listed(served) or 'a part of the site'} answers, and visitors get errors")
    if nodes:
        one, several = next(iter(NODE[kind] for kind in nodes.values()))
        share = f"{len(nodes)} of {counted(len(traffic), 'visitor')}"
        return SiteState(
            Condition.HURT, f"{share} {one if len(nodes) == 1 else several}: {doing(nodes, 'is', 'are')} ill"
        )
    if traffic and (served or master(snapshot)):
        return SiteState(Condition.UP, f"{len(traffic)} of {counted(len(snapshot.nodes), 'node')} serve")
    if served:
        return SiteState(Condition.UP, f"visitors of {listed(served)} are served; the pools are not known")
    lead = leading(snapshot)
    why = "no firewall tells its pools" if lead is None else "it is not known which firewall is MASTER"
    return SiteState(Condition.UNKNOWN, f"no visit was answered, and {why}")
