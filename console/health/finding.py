"""Findings: each has a level, a layer, and a kind that names it over time and in the explanations.

A `Kind` is a stable name: scripts, the event log and docs/findings.md rely on it. Adding one means explaining it in
`console.health.explained`; a test counts.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum

from console.probes.snapshot import Snapshot
from console.text import plain_text


class Level(IntEnum):
    """Severity. Unknown ranks above degraded: it may hide anything. A note is worth knowing; the verdict stays OK."""

    OK = 0
    NOTE = 1
    DEGRADED = 2
    UNKNOWN = 3
    CRITICAL = 4


class Layer(Enum):
    """Layers on the path of a request, in its order."""

    FIREWALL = "firewall"
    POOL = "pool"
    WEB = "web"
    DATABASE = "database"
    STORAGE = "storage"
    HOST = "host"


class Kind(StrEnum):
    """Every kind of finding, by layer. The value is its name outside of this program."""

    layer: Layer

    def __new__(cls, slug: str, layer: Layer) -> "Kind":
        """A slug that knows its layer."""
        kind = str.__new__(cls, slug)
        kind._value_ = slug
        kind.layer = layer
        return kind

    FIREWALL_LOST = "firewall-lost", Layer.FIREWALL
    FIREWALL_UNPROVEN = "firewall-unproven", Layer.FIREWALL
    CONFIG_UNKNOWN = "config-unknown", Layer.FIREWALL
    BOX_UNKNOWN = "box-unknown", Layer.FIREWALL
    CLAIM_UNKNOWN = "claim-unknown", Layer.FIREWALL
    REVISIONS_UNKNOWN = "revisions-unknown", Layer.FIREWALL
    TWO_MASTERS = "two-masters", Layer.FIREWALL
    NO_MASTER = "no-master", Layer.FIREWALL
    SPLIT_ROLES = "split-roles", Layer.FIREWALL
    CARP_UNREAD = "carp-unread", Layer.FIREWALL
    CARP_INIT = "carp-init", Layer.FIREWALL
    NO_VHID = "no-vhid", Layer.FIREWALL
    CARP_DISABLED = "carp-disabled", Layer.FIREWALL
    DEMOTION = "demotion", Layer.FIREWALL
    DEMOTED_MASTER = "demoted-master", Layer.FIREWALL
    MAINTENANCE = "maintenance", Layer.FIREWALL
    VIPS_UNLISTED = "vips-unlisted", Layer.FIREWALL
    PFSYNC_OFF = "pfsync-off", Layer.FIREWALL
    PFSYNC_BEHIND = "pfsync-behind", Layer.FIREWALL
    SYNC_DIFFERS = "sync-differs", Layer.FIREWALL
    SYNC_NOTICE = "sync-notice", Layer.FIREWALL
    SYNC_OVERWROTE = "sync-overwrote", Layer.FIREWALL
    UNAPPLIED = "unapplied", Layer.FIREWALL
    VERSIONS_DIFFER = "versions-differ", Layer.FIREWALL
    RELEASES_DIFFER = "releases-differ", Layer.FIREWALL
    UPGRADE_UNFINISHED = "upgrade-unfinished", Layer.FIREWALL
    UPGRADING = "upgrading", Layer.FIREWALL
    UPGRADE_UNKNOWN = "upgrade-unknown", Layer.FIREWALL

    POOLS_UNKNOWN = "pools-unknown", Layer.POOL
    POOLS_STRANGE = "pools-strange", Layer.POOL
    PROCESSES_UNKNOWN = "processes-unknown", Layer.POOL
    BALANCER_STOPPED = "balancer-stopped", Layer.POOL
    CERTIFICATE_MISSING = "certificate-missing", Layer.POOL
    SAVED_STATES = "saved-states", Layer.POOL
    SAVED_UNKNOWN = "saved-unknown", Layer.POOL
    SEVERAL_PROCESSES = "several-processes", Layer.POOL
    NOT_RELOADED = "not-reloaded", Layer.POOL
    RUN_TIME_DIFFERS = "run-time-differs", Layer.POOL
    POOL_EMPTY = "pool-empty", Layer.POOL
    POOL_THIN = "pool-thin", Layer.POOL
    POOL_QUEUE = "pool-queue", Layer.POOL
    POOLS_DIFFER = "pools-differ", Layer.POOL
    OUT = "out", Layer.POOL
    HELD = "held", Layer.POOL
    HELD_OFF = "held-off", Layer.POOL
    HOLD_ENDED = "hold-ended", Layer.POOL
    MIXED = "mixed", Layer.POOL
    SPARE = "spare", Layer.POOL
    DOWN = "down", Layer.POOL
    DOWN_IN_POOL = "down-in-pool", Layer.POOL
    CHECK_FAILING = "check-failing", Layer.POOL
    UNRESOLVED = "unresolved", Layer.POOL
    AGENT = "agent", Layer.POOL
    WEIGHTLESS = "weightless", Layer.POOL
    NO_POOL = "no-pool", Layer.POOL
    UP_BUT_WEB_FAILS = "up-but-web-fails", Layer.POOL
    UP_BUT_NOT_SYNCED = "up-but-not-synced", Layer.POOL
    UP_BUT_BRICK_AWAY = "up-but-brick-away", Layer.POOL
    DOWN_BUT_SERVES = "down-but-serves", Layer.POOL

    VISIT_SILENT = "visit-silent", Layer.WEB
    VISIT_ERROR = "visit-error", Layer.WEB
    SITE_SILENT = "site-silent", Layer.WEB
    SITE_ERROR = "site-error", Layer.WEB
    APACHE_UNKNOWN = "apache-unknown", Layer.WEB
    APACHE_FULL = "apache-full", Layer.WEB
    APACHE_NEARLY_FULL = "apache-nearly-full", Layer.WEB
    EXTENDED_STATUS_OFF = "extended-status-off", Layer.WEB

    NO_MYSQL = "no-mysql", Layer.DATABASE
    NO_PRIMARY = "no-primary", Layer.DATABASE
    MYSQL_UNKNOWN = "mysql-unknown", Layer.DATABASE
    ALONE = "alone", Layer.DATABASE
    NON_PRIMARY = "non-primary", Layer.DATABASE
    MYSQL_UNLISTED = "mysql-unlisted", Layer.DATABASE
    PROXY_UNLISTED = "proxy-unlisted", Layer.DATABASE
    MYSQL_SILENT = "mysql-silent", Layer.DATABASE
    NOT_SYNCED = "not-synced", Layer.DATABASE
    DONOR = "donor", Layer.DATABASE
    SST = "sst", Layer.DATABASE
    SIZE_BELOW = "size-below", Layer.DATABASE
    SIZE_ABOVE = "size-above", Layer.DATABASE
    UUID_DIFFERS = "uuid-differs", Layer.DATABASE
    VIEWS_DIFFER = "views-differ", Layer.DATABASE
    VIEW_UNTOLD = "view-untold", Layer.DATABASE
    RECEIVE_QUEUE = "receive-queue", Layer.DATABASE
    CONNECTIONS_FULL = "connections-full", Layer.DATABASE
    FLOW_CONTROL = "flow-control", Layer.DATABASE
    SINGLE_WRITER = "single-writer", Layer.DATABASE
    LEFTOVER = "leftover", Layer.DATABASE
    REJECTS_QUERIES = "rejects-queries", Layer.DATABASE
    WRITERS_DISAGREE = "writers-disagree", Layer.DATABASE
    WRITER_NONE = "writer-none", Layer.DATABASE
    WRITER_UNFIT = "writer-unfit", Layer.DATABASE
    WRITER_BACKUP = "writer-backup", Layer.DATABASE
    PROXY_STOPPED = "proxy-stopped", Layer.DATABASE
    WRITER_UNKNOWN = "writer-unknown", Layer.DATABASE
    TRANSFER_UNKNOWN = "transfer-unknown", Layer.DATABASE
    MEMBER_UNKNOWN = "member-unknown", Layer.DATABASE
    MYSQL_VERSIONS_DIFFER = "mysql-versions-differ", Layer.DATABASE
    TABLES = "tables", Layer.DATABASE
    TRANSACTIONS_UNKNOWN = "transactions-unknown", Layer.DATABASE
    TABLES_UNKNOWN = "tables-unknown", Layer.DATABASE

    VOLUME_UNLISTED = "volume-unlisted", Layer.STORAGE
    VOLUMES_UNKNOWN = "volumes-unknown", Layer.STORAGE
    VOLUME_UNKNOWN = "volume-unknown", Layer.STORAGE
    VOLUME_STOPPED = "volume-stopped", Layer.STORAGE
    PEER_REJECTED = "peer-rejected", Layer.STORAGE
    BRICK_AWAY = "brick-away", Layer.STORAGE
    GLUSTERD_AWAY = "glusterd-away", Layer.STORAGE
    BRICK_QUORUM = "brick-quorum", Layer.STORAGE
    HEAL_DAEMON_AWAY = "heal-daemon-away", Layer.STORAGE
    HEAL = "heal", Layer.STORAGE
    HEAL_STUCK = "heal-stuck", Layer.STORAGE
    HEAL_UNKNOWN = "heal-unknown", Layer.STORAGE
    SPLIT_BRAIN = "split-brain", Layer.STORAGE
    SPLIT_BRAIN_UNKNOWN = "split-brain-unknown", Layer.STORAGE
    MOUNT_MISSING = "mount-missing", Layer.STORAGE
    MOUNT_HUNG = "mount-hung", Layer.STORAGE
    MOUNT_BY_NFS = "mount-by-nfs", Layer.STORAGE
    MOUNTS_UNKNOWN = "mounts-unknown", Layer.STORAGE
    BRICK_FULL = "brick-full", Layer.STORAGE
    QUORUM_OFF = "quorum-off", Layer.STORAGE
    OPTIONS_UNKNOWN = "options-unknown", Layer.STORAGE

    NOTHING_ANSWERS = "nothing-answers", Layer.HOST
    NOT_ASKED = "not-asked", Layer.HOST
    CONSOLE_BUSY = "console-busy", Layer.HOST
    LOST = "lost", Layer.HOST
    UNPROVEN = "unproven", Layer.HOST
    IDENTITY_UNKNOWN = "identity-unknown", Layer.HOST
    CLONES = "clones", Layer.HOST
    CONSOLE_HERE = "console-here", Layer.HOST
    SERVICES_UNKNOWN = "services-unknown", Layer.HOST
    DEVICES_UNKNOWN = "devices-unknown", Layer.HOST
    DISK_FULL = "disk-full", Layer.HOST
    DATADIR_MISSING = "datadir-missing", Layer.HOST
    INODES_FULL = "inodes-full", Layer.HOST
    MEMORY = "memory", Layer.HOST
    LOAD = "load", Layer.HOST
    BOND = "bond", Layer.HOST
    ARRAY = "array", Layer.HOST
    RAID = "raid", Layer.HOST
    FAILED_UNITS = "failed-units", Layer.HOST
    CLOCKS = "clocks", Layer.HOST
    UPDATES = "updates", Layer.HOST
    PACKAGES_HALF_DONE = "packages-half-done", Layer.HOST
    PACKAGE_MANAGERS = "package-managers", Layer.HOST
    REBOOT_REQUIRED = "reboot-required", Layer.HOST
    UPDATES_UNKNOWN = "updates-unknown", Layer.HOST
    JOBS_UNKNOWN = "jobs-unknown", Layer.HOST
    PREPARED_UNKNOWN = "prepared-unknown", Layer.HOST


_FIGURES = re.compile(r"\b[0-9]+")
DELIBERATE = frozenset({Kind.OUT, Kind.HELD, Kind.HELD_OFF, Kind.HOLD_ENDED, Kind.MAINTENANCE})
"""Somebody's act: what has happened by itself comes first."""
MAX_MESSAGE = 4000
"""Characters of a sentence."""
MAX_HEADLINE = 100
"""Characters of its short form."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. `kind` with `machine` identifies it over time."""

    level: Level
    machine: str
    """A machine, or what the cluster has one of: a volume, a backend, a VIP, "mysql"."""
    kind: Kind
    message: str
    """A headline; or a headline, a colon, and its evidence. Paths, commands and quoted words are evidence."""
    of: tuple[str, ...] = ()
    """The machines that have it, where `machine` is none; also those whose loss would explain it."""
    brings: tuple["Finding", ...] = ()
    """Findings that follow from this one, and are therefore not listed beside it."""

    def __post_init__(self) -> None:
        """One harmless line, whatever names it holds: it is also copied, mailed and pasted."""
        if not self.message.isprintable() or len(self.message) > MAX_MESSAGE:
            object.__setattr__(self, "message", plain_text(self.message, MAX_MESSAGE))

    @property
    def headline(self) -> str:
        """At most MAX_HEADLINE characters, for a reader who has two seconds."""
        return plain_text(self.message.partition(": ")[0], MAX_HEADLINE)

    @property
    def meaning(self) -> tuple[Level, str]:
        """Level and headline without figures: while these stand, nothing new has happened."""
        return self.level, _FIGURES.sub("", self.headline)

    @property
    def layer(self) -> Layer:
        """The layer of its kind."""
        return self.kind.layer

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines whose rows it concerns."""
        return self.of or (self.machine,)


@dataclass(frozen=True)
class Verdict:
    """A cluster, a machine or a layer in one line."""

    level: Level
    message: str


Rule = Callable[[Snapshot], Iterator[Finding]]
