"""One cause gives one headline: what merely follows from a finding goes into its `brings`."""

from collections.abc import Mapping
from dataclasses import replace

from console.health.finding import Finding, Kind, Level

_CHECKED = (Kind.DOWN, Kind.DOWN_IN_POOL, Kind.CHECK_FAILING)
"""Findings that the balancer's health check makes of a node in trouble."""
ABSENCE = frozenset(
    {
        *_CHECKED,
        Kind.POOLS_DIFFER,
        Kind.POOL_THIN,
        Kind.MYSQL_SILENT,
        Kind.SIZE_BELOW,
        Kind.VIEWS_DIFFER,
        Kind.BRICK_AWAY,
        Kind.GLUSTERD_AWAY,
        Kind.HEAL_DAEMON_AWAY,
        Kind.HEAL,
        Kind.VOLUME_UNKNOWN,
        Kind.WRITER_BACKUP,
        Kind.WRITER_UNFIT,
        Kind.TABLES_UNKNOWN,
        Kind.OPTIONS_UNKNOWN,
    }
)
"""Kinds that follow from an absent node."""
_ALL_NODES = frozenset(
    {
        *(Kind.POOL_EMPTY, Kind.POOL_THIN, Kind.VISIT_ERROR, Kind.UP_BUT_WEB_FAILS, Kind.SITE_ERROR, Kind.SITE_SILENT),
        *(*_CHECKED, Kind.POOLS_DIFFER),
    }
)
_NO_DATABASE = (
    _ALL_NODES
    | {Kind.MYSQL_SILENT, Kind.UP_BUT_NOT_SYNCED, Kind.WRITER_UNFIT, Kind.WRITER_NONE, Kind.WRITER_BACKUP}
    | {Kind.MEMBER_UNKNOWN, Kind.TABLES_UNKNOWN, Kind.TRANSACTIONS_UNKNOWN, Kind.SIZE_BELOW}
)
_NOT_KNOWN = frozenset(kind for kind in Kind if kind.endswith(("-unknown", "-silent", "-lost"))) | {Kind.LOST}
_OUT = ABSENCE | {
    *(Kind.LOST, Kind.SITE_SILENT, Kind.SITE_ERROR, Kind.APACHE_UNKNOWN, Kind.PROXY_STOPPED, Kind.MEMBER_UNKNOWN),
    Kind.TRANSACTIONS_UNKNOWN,
}
FOLLOWS: Mapping[Kind, frozenset[Kind]] = {
    Kind.CONSOLE_BUSY: _NOT_KNOWN,
    Kind.NOTHING_ANSWERS: frozenset({Kind.LOST, Kind.FIREWALL_LOST, Kind.VISIT_SILENT}),
    Kind.FIREWALL_LOST: frozenset({Kind.VISIT_SILENT}),
    Kind.FIREWALL_UNPROVEN: frozenset({Kind.VISIT_SILENT}),
    Kind.LOST: ABSENCE,
    Kind.UNPROVEN: ABSENCE,
    Kind.NO_MYSQL: _NO_DATABASE,
    Kind.NO_PRIMARY: _NO_DATABASE,
    Kind.MYSQL_UNKNOWN: _NO_DATABASE,
    Kind.NON_PRIMARY: frozenset({Kind.UP_BUT_NOT_SYNCED, Kind.SIZE_BELOW, Kind.VIEWS_DIFFER}),
    Kind.ALONE: frozenset(
        {
            *(Kind.UP_BUT_NOT_SYNCED, Kind.SIZE_BELOW, Kind.VIEWS_DIFFER, Kind.LEFTOVER),
            *(Kind.MEMBER_UNKNOWN, Kind.TRANSACTIONS_UNKNOWN),
        }
    ),
    Kind.REJECTS_QUERIES: frozenset({Kind.UP_BUT_NOT_SYNCED, Kind.DONOR, Kind.SITE_ERROR, *_CHECKED}),
    Kind.SST: frozenset(
        {Kind.MEMBER_UNKNOWN, Kind.MYSQL_SILENT, Kind.NOT_SYNCED, Kind.SIZE_BELOW, Kind.VIEWS_DIFFER, Kind.DONOR}
    ),
    Kind.MYSQL_SILENT: frozenset(
        {
            *(Kind.SIZE_BELOW, Kind.VIEWS_DIFFER, Kind.SITE_ERROR, *_CHECKED),
            *(Kind.MEMBER_UNKNOWN, Kind.TRANSACTIONS_UNKNOWN, Kind.FAILED_UNITS),
        }
    ),
    Kind.NOT_SYNCED: frozenset({Kind.MYSQL_SILENT, Kind.SITE_ERROR, *_CHECKED}),
    Kind.LEFTOVER: frozenset({Kind.DONOR}),
    Kind.SITE_SILENT: frozenset({*_CHECKED, Kind.APACHE_UNKNOWN}),
    Kind.SITE_ERROR: frozenset({*_CHECKED}),
    Kind.UP_BUT_WEB_FAILS: frozenset({Kind.SITE_ERROR, Kind.VISIT_ERROR, Kind.CHECK_FAILING}),
    Kind.UP_BUT_NOT_SYNCED: frozenset({Kind.MYSQL_SILENT, Kind.NOT_SYNCED, Kind.SIZE_BELOW}),
    Kind.UP_BUT_BRICK_AWAY: frozenset({Kind.BRICK_AWAY, Kind.HEAL}),
    Kind.BRICK_QUORUM: _ALL_NODES | {Kind.MOUNT_HUNG, Kind.MOUNT_MISSING, Kind.HEAL, Kind.UP_BUT_BRICK_AWAY},
    Kind.BRICK_AWAY: frozenset({Kind.HEAL}),
    Kind.PEER_REJECTED: frozenset({Kind.BRICK_AWAY, Kind.UP_BUT_BRICK_AWAY, Kind.HEAL}),
    Kind.VOLUME_STOPPED: _ALL_NODES | {Kind.MOUNT_HUNG, Kind.MOUNT_MISSING, Kind.OPTIONS_UNKNOWN},
    Kind.HEAL_STUCK: frozenset({Kind.HEAL}),
    Kind.HEAL_DAEMON_AWAY: frozenset({Kind.HEAL_UNKNOWN}),
    Kind.MOUNT_HUNG: frozenset({Kind.SITE_ERROR, Kind.SITE_SILENT, *_CHECKED}),
    Kind.MOUNT_MISSING: frozenset({Kind.SITE_ERROR, *_CHECKED}),
    Kind.OUT: _OUT,
    Kind.HOLD_ENDED: _OUT,
    Kind.HELD: frozenset(
        {*(Kind.POOL_THIN, Kind.SITE_SILENT, Kind.SITE_ERROR, Kind.APACHE_UNKNOWN, Kind.APACHE_FULL), *_CHECKED}
    ),
    Kind.HELD_OFF: _OUT,
    **{kind: frozenset({Kind.POOL_THIN}) for kind in (Kind.MIXED, Kind.DOWN, Kind.DOWN_IN_POOL, Kind.POOLS_DIFFER)},
    Kind.CARP_INIT: frozenset({Kind.DEMOTION}),
    Kind.MAINTENANCE: frozenset({Kind.DEMOTION}),
    Kind.PFSYNC_BEHIND: frozenset({Kind.DEMOTION}),
    Kind.TWO_MASTERS: frozenset({Kind.SPLIT_ROLES}),
    Kind.NO_MASTER: frozenset({Kind.VISIT_SILENT, Kind.SPLIT_ROLES}),
    Kind.POOL_EMPTY: frozenset({Kind.VISIT_ERROR, *_CHECKED}),
    Kind.BALANCER_STOPPED: frozenset({Kind.VISIT_SILENT}),
    Kind.FLOW_CONTROL: frozenset({Kind.RECEIVE_QUEUE}),
    Kind.WRITERS_DISAGREE: frozenset({Kind.WRITER_BACKUP}),
    Kind.VOLUME_UNKNOWN: frozenset({Kind.OPTIONS_UNKNOWN}),
    Kind.VERSIONS_DIFFER: frozenset({Kind.SYNC_DIFFERS}),
}
"""By cause: the kinds that say nothing new beside it, where it is at least as bad."""
AGREED = frozenset({Kind.HELD, Kind.HELD_OFF})
"""Notes of what a person wants until a time: what follows from it is no worse, unless it hurts visitors."""


def folded(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Move findings that follow from another one into its `brings`. A finding worse than its cause stays by itself."""
    causes = {at: cause for at, one in enumerate(found) if (cause := _cause(found, one)) is not None}
    brought: dict[int, list[Finding]] = {}
    for at in causes:
        brought.setdefault(_root(causes, at), []).append(found[at])
    return tuple(replace(one, brings=tuple(brought.get(at, ()))) for at, one in enumerate(found) if at not in causes)


def _cause(found: tuple[Finding, ...], one: Finding) -> int | None:
    """Findings that together account for every machine it is about; the first of them. None: it is its own news."""
    able = [
        (at, other)
        for at, other in enumerate(found)
        if other is not one and one.kind in FOLLOWS.get(other.kind, ()) and _as_bad(other, one)
    ]
    accounted = {machine for _, other in able for machine in (other.machine, *other.of)}
    if not accounted >= set(one.machines):
        return None
    return next((at for at, other in able if {other.machine, *other.of} & set(one.machines)), None)


def _as_bad(cause: Finding, one: Finding) -> bool:
    return cause.level >= one.level or (cause.kind in AGREED and one.level < Level.CRITICAL)


def _root(causes: Mapping[int, int], at: int) -> int:
    """The end of the chain; two that bring each other are never both folded, for `FOLLOWS` has no circle."""
    while at in causes:
        at = causes[at]
    return at
