"""Answers to visitors through each VIP, and Apache on each node by itself, which the pools may see differently."""

from collections.abc import Iterator

from console.health.finding import Finding, Kind, Level
from console.health.pools import serving
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.probes.web.apache import Apache
from console.text import clock, listed, percent

WHAT = {Cause.ABSENT: "takes no connection", Cause.CUT: "breaks its answers off"}
"""Words for a site that gave no answer, by its cause."""
NEARLY_FULL = 0.85
"""Share of Apache's workers that are busy: beyond it a small rush fills the rest."""


def vips_serve(snapshot: Snapshot) -> Iterator[Finding]:
    """Answers to a visitor of each virtual address."""
    for view in snapshot.vips:
        if isinstance(view.visit, Known) and not view.visit.value.served:
            message = f"visitors of {view.name} get HTTP {view.visit.value.status}"
            nodes = tuple(node.name for node in snapshot.nodes)
            of = tuple(name for name in nodes if name == view.visit.value.node) or nodes
            yield Finding(Level.CRITICAL, view.name, Kind.VISIT_ERROR, message, of)
        elif isinstance(view.visit, Unknown) and view.visit.since and not view.visit.ours:
            answering = any(isinstance(firewall.carp, Known) for firewall in snapshot.firewalls)
            level = Level.CRITICAL if answering else Level.UNKNOWN  # nothing answers: it may be our own link
            of = () if answering else tuple(firewall.name for firewall in snapshot.firewalls)
            message = f"visitors of {view.name} get no answer since {clock(view.visit.since)}: {view.visit.why}"
            yield Finding(level, view.name, Kind.VISIT_SILENT, message, of)


def sites_serve(snapshot: Snapshot) -> Iterator[Finding]:
    """The check URL, answered by each node's own Apache."""
    for view in snapshot.nodes:
        if isinstance(view.host, Unknown):
            continue
        if isinstance(view.site, Unknown) and view.site.since:
            what = WHAT.get(view.site.cause, "does not answer")
            message = f"Apache on {view.name} {what}: {view.site.why}"
            yield Finding(Level.DEGRADED, view.name, Kind.SITE_SILENT, message)
        elif isinstance(view.site, Known) and not view.site.value.serves:
            message = f"Apache on {view.name} answers the check URL with HTTP {view.site.value.status}"
            yield Finding(Level.DEGRADED, view.name, Kind.SITE_ERROR, message)


def workers_are_free(snapshot: Snapshot) -> Iterator[Finding]:
    """A node whose workers are all busy lets visitors wait; its pool check may time out next."""
    traffic = serving(snapshot)
    for view in snapshot.nodes:
        if not isinstance(view.apache, Known) or isinstance(view.host, Unknown):
            continue
        apache = view.apache.value
        if apache.slots and apache.busy >= apache.slots:
            waits = "visitors wait" if view.name in traffic else "it gets no traffic now"
            message = f"every worker of Apache on {view.name} is busy ({apache.busy} of {apache.slots}): {waits}"
            yield Finding(Level.DEGRADED, view.name, Kind.APACHE_FULL, message)
        elif _share(apache) >= NEARLY_FULL:
            share = f"{percent(_share(apache))} of Apache's workers on {view.name}"
            message = f"{share} are busy ({apache.busy} of {apache.slots})"
            yield Finding(Level.NOTE, view.name, Kind.APACHE_NEARLY_FULL, message)


def _share(apache: Apache) -> float:
    return apache.busy / apache.slots if apache.slots else 0.0


def status_is_whole(snapshot: Snapshot) -> Iterator[Finding]:
    """Without ExtendedStatus Apache counts no requests: rates and bytes are unknown."""
    off = tuple(
        view.name for view in snapshot.nodes if isinstance(view.apache, Known) and not view.apache.value.extended
    )
    if off:
        message = f"ExtendedStatus is off in Apache on {listed(off)}: requests a second are not counted there"
        yield Finding(Level.NOTE, "nodes", Kind.EXTENDED_STATUS_OFF, message, off)


RULES = (sites_serve, workers_are_free, status_is_whole)
"""Beside `vips_serve`, which comes before every layer's."""
