"""One immutable picture of a cluster, folded from answers. Not knowing is a value: a reading is Known or Unknown."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeGuard, TypeVar

from console.inventory.cluster import Cluster
from console.probes.ask import Cause, Identity
from console.probes.database.galera import GALERA, Wsrep
from console.probes.database.member import MEMBER, Member
from console.probes.database.mysql_proxy import WRITER, Writer
from console.probes.database.tables import TABLES, Tables
from console.probes.database.transactions import TRANSACTIONS, Transactions
from console.probes.database.transfer import TRANSFER, Transfer
from console.probes.database.writes import Writes
from console.probes.firewalls.carp import CARP, Carp
from console.probes.firewalls.claim import CLAIM, Claim
from console.probes.firewalls.config import CONFIG, FirewallConfig
from console.probes.firewalls.pfsense import BOX, Box
from console.probes.firewalls.revisions import REVISIONS, Revisions
from console.probes.firewalls.upgrade import UPGRADE, Upgrade
from console.probes.hosts.devices import DEVICES, Devices
from console.probes.hosts.identity_question import FIREWALL_IDENTITY, NODE_IDENTITY
from console.probes.hosts.jobs import JOBS, Jobs
from console.probes.hosts.preparing import PREPARED, Prepared
from console.probes.hosts.running import LISTED, RUNNING, Listed, Running
from console.probes.hosts.system import HOST, SERVICES, Host, Services
from console.probes.hosts.updates import UPDATES, Updates
from console.probes.pools.balancer import POOLS
from console.probes.pools.haproxy import SEVERAL
from console.probes.pools.processes import PROCESSES, Processes
from console.probes.pools.saved import SAVED, Saved
from console.probes.pools.servers import Pools
from console.probes.question import Question
from console.probes.storage.gluster import SPLIT_BRAIN, STORAGE, SplitBrain, Volume
from console.probes.storage.gluster_options import OPTIONS, VolumeOptions
from console.probes.storage.mounts import MOUNTS, Mounts
from console.probes.web.apache import APACHE, SITE, Apache, Site
from console.probes.web.vip import VISIT, Visit
from console.probes.web.visitor import Visits
from console.text import because, clock

T = TypeVar("T")
P = ParamSpec("P")

QUESTIONS: tuple[Question[Any], ...] = (
    CARP,
    POOLS,
    PROCESSES,
    CONFIG,
    REVISIONS,
    SAVED,
    BOX,
    UPGRADE,
    CLAIM,
    FIREWALL_IDENTITY,
    HOST,
    SERVICES,
    RUNNING,
    DEVICES,
    UPDATES,
    JOBS,
    PREPARED,
    MOUNTS,
    GALERA,
    MEMBER,
    TRANSFER,
    WRITER,
    TRANSACTIONS,
    TABLES,
    APACHE,
    SITE,
    LISTED,
    NODE_IDENTITY,
    STORAGE,
    SPLIT_BRAIN,
    OPTIONS,
    VISIT,
)
"""Everything that is ever asked. Each has a field of the same name in the view of its subject."""


@dataclass(frozen=True)
class Known(Generic[T]):
    """A machine's answer. `at`: Unix time at which the question left, so the state is at least as young."""

    value: T
    at: float = field(compare=False)


_UNANSWERED = (Cause.SILENT, Cause.REFUSED, Cause.ABSENT, Cause.CUT, Cause.UNPROVEN, Cause.HELD_UP)


@dataclass(frozen=True)
class Unknown:
    """Why nothing is known. `since`: Unix time of the last moment it was known, or of the first try."""

    why: str
    at: float = field(compare=False)
    since: float
    cause: Cause = Cause.SILENT

    @property
    def unanswered(self) -> bool:
        """It was asked, and told nothing: silence, a refusal, nobody or another one there. `why` names a remedy."""
        return self.cause in _UNANSWERED

    @property
    def ours(self) -> bool:
        """This computer was too slow to ask or to hear: it says nothing about the machine."""
        return self.cause in (Cause.STALE, Cause.HELD_UP)

    @property
    def answered(self) -> bool:
        """The service asked is there: it refused, or said what can't be read."""
        return self.cause in (Cause.REFUSED, Cause.UNREADABLE)

    def told_of(self, name: str, since: bool = True) -> str:
        """The sentence about a machine that tells nothing. Only one that is silent does not answer. `since`: with the
        time since when."""
        if self.cause is Cause.UNPROVEN:
            return self.why
        if self.cause is Cause.NOT_ASKED:
            return f"{name} was not asked yet"
        if self.cause is Cause.SILENT:
            when = f" since {clock(self.since)}" if since else ""
            return f"{name} does not answer{when}: {because(name, self.why)}"
        return f"{name} is not known: {because(name, self.why)}"

    @property
    def under_way(self) -> bool:
        """An answer is under way."""
        return self.cause is Cause.NOT_READ_BACK


Reading = Known[T] | Unknown

NOT_ASKED = Unknown("not asked yet", 0.0, 0.0, Cause.NOT_ASKED)


def asked_but_unknown(reading: Reading[Any]) -> TypeGuard[Unknown]:
    """It was asked, and is not known; `since` says since when."""
    return isinstance(reading, Unknown) and reading.since > 0


@dataclass(frozen=True)
class FirewallView:
    """Readings of one firewall."""

    name: str
    carp: Reading[Carp] = NOT_ASKED
    pools: Reading[Pools] = NOT_ASKED
    processes: Reading[Processes] = NOT_ASKED
    config: Reading[FirewallConfig] = NOT_ASKED
    revisions: Reading[Revisions] = NOT_ASKED
    saved: Reading[Saved] = NOT_ASKED
    box: Reading[Box] = NOT_ASKED
    upgrade: Reading[Upgrade] = NOT_ASKED
    claim: Reading[Claim] = NOT_ASKED
    identity: Reading[Identity] = NOT_ASKED


@dataclass(frozen=True)
class NodeView:
    """Readings of one node. Its pool membership is in the firewalls' views."""

    name: str
    host: Reading[Host] = NOT_ASKED
    services: Reading[Services] = NOT_ASKED
    running: Reading[Running] = NOT_ASKED
    devices: Reading[Devices] = NOT_ASKED
    updates: Reading[Updates] = NOT_ASKED
    jobs: Reading[Jobs] = NOT_ASKED
    prepared: Reading[Prepared] = NOT_ASKED
    mounts: Reading[Mounts] = NOT_ASKED
    galera: Reading[Wsrep] = NOT_ASKED
    member: Reading[Member] = NOT_ASKED
    transfer: Reading[Transfer] = NOT_ASKED
    writer: Reading[Writer] = NOT_ASKED
    transactions: Reading[Transactions] = NOT_ASKED
    apache: Reading[Apache] = NOT_ASKED
    site: Reading[Site] = NOT_ASKED
    listed: Reading[Listed] = NOT_ASKED
    identity: Reading[Identity] = NOT_ASKED


@dataclass(frozen=True)
class VolumeView:
    """Readings of one Gluster volume, through whichever node was asked."""

    name: str
    state: Reading[Volume] = NOT_ASKED
    split_brain: Reading[SplitBrain] = NOT_ASKED
    options: Reading[VolumeOptions] = NOT_ASKED


@dataclass(frozen=True)
class DatabaseView:
    """Readings of the state that all Galera members share, through whichever was asked."""

    name: str
    tables: Reading[Tables] = NOT_ASKED


@dataclass(frozen=True)
class VipView:
    """A visitor's view of one virtual address."""

    name: str
    visit: Reading[Visit] = NOT_ASKED


View = FirewallView | NodeView | VolumeView | DatabaseView | VipView


@dataclass(frozen=True)
class Snapshot:
    """Everything known of one cluster. Two that differ only in when things were read are equal."""

    cluster: Cluster
    firewalls: tuple[FirewallView, ...]
    nodes: tuple[NodeView, ...]
    volumes: tuple[VolumeView, ...]
    vips: tuple[VipView, ...]
    databases: tuple[DatabaseView, ...] = ()
    visits: Visits | None = None
    """Visits since a run began here that has a visitor; None while none is at work."""
    writes: Writes | None = None
    """Writes since then, where the inventory states one."""
    judged: dict[Any, Any] = field(default_factory=dict[Any, Any], init=False, repr=False, compare=False)
    """Everything that `once` has remembered of this very picture."""

    def firewall(self, name: str) -> FirewallView:
        """Raises KeyError if there is none of that name."""
        return {view.name: view for view in self.firewalls}[name]

    def node(self, name: str) -> NodeView:
        """Raises KeyError if there is none of that name."""
        return {view.name: view for view in self.nodes}[name]


def once(judge: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
    """Judge each picture once: a paint asks the same questions of the same picture hundreds of times."""

    @wraps(judge)
    def remembered(snapshot: Snapshot, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (judge, *args, *kwargs.items())
        if key not in snapshot.judged:
            snapshot.judged[key] = judge(snapshot, *args, **kwargs)
        return snapshot.judged[key]

    return remembered


def empty(cluster: Cluster) -> Snapshot:
    """The picture before the first answer."""
    return Snapshot(
        cluster=cluster,
        firewalls=tuple(FirewallView(firewall.name) for firewall in cluster.firewalls),
        nodes=tuple(NodeView(node.name) for node in cluster.nodes),
        volumes=tuple(VolumeView(volume) for volume in cluster.volumes),
        vips=tuple(VipView(vip.name) for vip in cluster.vips),
        databases=tuple(DatabaseView(name) for name in cluster.databases),
    )


def reading_of(snapshot: Snapshot, question: Question[T], name: str) -> Reading[T]:
    """The reading of a question about a subject."""
    views: tuple[View, ...] = getattr(snapshot, question.subject.value)
    view = next(view for view in views if view.name == name)
    return getattr(view, question.field)


def _one_voice(view: View) -> View:
    """Make the pools unknown where config.xml lets HAProxy run as several processes: only one of them has answered.
    HAProxy's own word counts for more: since 2.5 it has one, whatever config.xml has kept."""
    if not (isinstance(view, FirewallView) and isinstance(view.pools, Known) and isinstance(view.config, Known)):
        return view
    if view.config.value.processes < 2 or not view.pools.value.running or view.pools.value.processes is not None:
        return view
    return replace(view, pools=Unknown(SEVERAL, view.pools.at, view.pools.at, Cause.UNREADABLE))


def fold(snapshot: Snapshot, question: Question[T], name: str, reading: Reading[T]) -> Snapshot:
    """The picture with one more answer in it. Not knowing keeps the moment since when."""
    before = reading_of(snapshot, question, name)
    if isinstance(reading, Unknown) and before is not NOT_ASKED:
        reading = replace(reading, since=before.at if isinstance(before, Known) else before.since)
    views: tuple[View, ...] = getattr(snapshot, question.subject.value)
    changes: dict[str, Any] = {question.field: reading}
    updated = tuple(_one_voice(replace(view, **changes)) if view.name == name else view for view in views)
    part: dict[str, Any] = {question.subject.value: updated}
    return replace(snapshot, **part)
