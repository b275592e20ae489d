"""The effects of an operation on the cluster. Guards look at effects, never at names."""

from enum import Enum

from console.inventory.cluster import Cluster


class On(Enum):
    """The kind of target of an operation."""

    NODE = "node"
    FIREWALL = "firewall"
    VOLUME = "volume"
    CLUSTER = "cluster"


class Effect(Enum):
    """A change of the world that an operation declares. A test compares it with the change that really happens."""

    TAKES_OUT = "takes out"
    """The node gets no traffic after it, or while it runs."""
    ENDS_SESSIONS = "ends sessions"
    """Visitors who are there are sent elsewhere: maintenance instead of drain."""
    PUTS_BACK = "puts back"
    """The node is in again when it has ended."""
    PUTS_BACK_UNFIT = "puts back unfit"
    """It does not wait until the node is fit."""
    HOLDS = "holds a node out"
    """It writes down beside the pools that the node stays out, who wants that, why, and until when."""
    STOPS_DATABASE = "stops MySQL"
    STOPS_BRICKS = "stops bricks"
    STOPS_WEB = "stops Apache"
    STARTS_DATABASE = "starts MySQL"
    STARTS_BRICKS = "starts bricks"
    STARTS_WEB = "starts Apache"
    REBOOTS = "reboots"
    POWERS_OFF = "powers off"
    """The machine is off when it has ended, and nothing here can switch it on."""
    FAILS_OVER = "fails over"
    """Another firewall becomes CARP MASTER."""
    HOLDS_BACK = "holds a firewall back"
    """It leaves the firewall in maintenance: BACKUP until somebody ends that, also after a boot."""
    GIVES_BACK = "gives a firewall its roles back"
    """It ends maintenance, and the firewall may lead again at once."""
    SYNCS_POOLS = "syncs the pools"
    """HAProxy's section of the other firewall becomes this one's, and its HAProxy is reloaded."""
    SYNCS_CORE = "syncs pfSense's configuration"
    """The other firewall gets this one's part of what pfSense itself syncs."""
    HEALS = "heals"
    """Gluster's daemons heal now what waits to be healed."""
    MOUNTS = "mounts"
    """A file system that /etc/fstab names is mounted."""
    UPDATES = "installs updates"
    """Packages of the machine are replaced by newer ones."""
    MOVES_WRITER = "moves the writer"
    """MySQL's writes go to another node."""


Effects = frozenset[Effect]
ENDS: Effects = frozenset({Effect.REBOOTS, Effect.POWERS_OFF})
"""Everything on the node ends, for a while at least."""
STOPS: Effects = ENDS | {Effect.STOPS_DATABASE, Effect.STOPS_BRICKS, Effect.STOPS_WEB}
"""Services of the node end, for a while at least."""
STARTS: Effects = frozenset({Effect.STARTS_DATABASE, Effect.STARTS_BRICKS, Effect.STARTS_WEB})
"""A stopped service of the node is started."""


def kind_of(cluster: Cluster, target: str) -> On:
    """The kind of a target by its name; what is neither machine nor volume is the cluster."""
    return next((on for on in (On.NODE, On.FIREWALL, On.VOLUME) if target in targets(cluster, on)), On.CLUSTER)


def targets(cluster: Cluster, on: On) -> tuple[str, ...]:
    """The names of a kind of target, in the order of the inventory."""
    names = {
        On.NODE: (node.name for node in cluster.nodes),
        On.FIREWALL: (firewall.name for firewall in cluster.firewalls),
        On.VOLUME: iter(cluster.volumes),
        On.CLUSTER: iter((cluster.name,)),
    }
    return tuple(names[on])
