"""The meaning of the readings together: findings in sentences, worst first, and verdicts for cluster, machines and
layers.

A rule is a function from a snapshot to findings, in the file of its layer; `RULES` lists them all in the order in which
findings of one level are shown. `follows` keeps one cause to one headline. Every kind is explained in
`console.health.explained`.
"""

from console.health import (
    between,
    database,
    firewalls,
    follows,
    hosts,
    pools,
    storage,
    unknowns,
    unlisted,
    web,
    writers,
)
from console.health.finding import DELIBERATE, Finding, Kind, Layer, Level, Rule, Verdict
from console.health.pools import serving
from console.health.site import Condition, SiteState, harm, site
from console.health.verdicts import Verdicts, judged
from console.probes.snapshot import Snapshot, once

__all__ = [
    "RULES", "Condition", "Finding", "Kind", "Layer", "Level", "Rule", "SiteState", "Verdict", "Verdicts", "findings",
    "harm", "serving", "site", "verdict", "verdicts",
]  # fmt: skip

RULES: tuple[Rule, ...] = (
    unknowns.something_answers,
    web.vips_serve,
    pools.pools_have_members,
    *firewalls.RULES,
    hosts.nodes_answer,
    *pools.RULES,
    *firewalls.CONFIGURED,
    *hosts.RULES,
    *between.RULES,
    *database.RULES,
    *writers.RULES,
    *storage.RULES,
    *web.RULES,
    *unlisted.RULES,
    *unknowns.RULES,
)
"""Rules of what a visitor notices come first, then those of what explains it."""


@once
def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Everything that is not as it should be: first what hurts most visitors, then by level, accidents before
    deliberate acts, in the order of RULES. A machine that was not asked yet comes last: it hides nothing known."""
    traffic = frozenset(serving(snapshot))
    every = (finding for rule in RULES for finding in rule(snapshot))
    found = sorted(
        every,
        key=lambda one: (one.kind is Kind.NOT_ASKED, -harm(one, traffic), -one.level, one.kind in DELIBERATE),
    )
    first: dict[tuple[str, Kind], Finding] = {}
    for finding in found:
        first.setdefault((finding.machine, finding.kind), finding)
    return follows.folded(tuple(first.values()))


@once
def verdicts(snapshot: Snapshot) -> Verdicts:
    """Cluster, machines and layers, each with a sentence."""
    return judged(snapshot, findings(snapshot))


def verdict(snapshot: Snapshot) -> Verdict:
    """The cluster's verdict alone."""
    return verdicts(snapshot).cluster
