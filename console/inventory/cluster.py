"""The machines of a cluster: the one value in which demo, tests, lab and production differ.

Only types live here; `console.inventory.load` reads them from TOML.
"""

from dataclasses import dataclass, field
from pathlib import Path

BALANCERS = ("haproxy", "relayd")
"""pfSense's HAProxy package, or the relayd built into pfSense up to 2.4.5."""


@dataclass(frozen=True)
class Login:
    """SSH settings for one machine. None leaves a setting to the user's own ssh_config and agent."""

    host: str
    """A host name, an address, or a `Host` alias of ssh_config."""
    port: int | None = None
    user: str | None = None
    config: Path | None = None
    """An ssh_config to read instead of ~/.ssh/config."""
    known_hosts: Path | None = None
    """A known_hosts to trust instead of ~/.ssh/known_hosts. There is no way to turn the check off."""
    identity: Path | None = None


@dataclass(frozen=True)
class Firewall:
    """One of the two pfSense machines. `address`: one of its own, by which it proves who it is; no CARP address."""

    name: str
    address: str
    login: Login
    machine_id: str | None = None
    """kern.hostuuid, which proves who it is in the place of the address where addresses are translated."""


@dataclass(frozen=True)
class Node:
    """One machine that runs Apache, a Galera member and a Gluster brick. `address` is the one the pools name, by
    which it proves who it is."""

    name: str
    address: str
    login: Login
    machine_id: str | None = None
    """/etc/machine-id, as a firewall's."""


@dataclass(frozen=True)
class Vip:
    """A CARP address. `url` is fetched through it, as a visitor would, from the console or through `via`."""

    name: str
    address: str
    url: str | None
    via: str | None = None
    """A machine of the cluster from which to visit, for an address the console can't reach. None: the console."""


@dataclass(frozen=True)
class Mysql:
    """Login to MySQL on each node, through its SSH connection. Exactly one source of the password, or none."""

    user: str
    host: str = "127.0.0.1"
    port: int = 3306
    socket: str | None = None
    """The server's Unix socket on the node, in the place of host and port: for a server without TCP, or accounts of
    localhost only."""
    password_env: str | None = None
    password_file: Path | None = None
    password_command: tuple[str, ...] | None = None
    option_file: Path | None = None
    """A MySQL option file (my.cnf) whose [client] group holds user and password."""
    datadir: str = "/var/lib/mysql"


@dataclass(frozen=True)
class MysqlProxy:
    """The HAProxy on each node that sends all MySQL traffic to a single node, the writer."""

    backend: str
    """The name of the backend whose servers are the MySQL nodes."""
    socket: str = "/run/haproxy/admin.sock"
    """HAProxy's stats socket on each node."""
    keep: tuple[str, ...] | None = None
    """A program on each node, with arguments, that makes a moved writer last: root runs it with the node's name as the
    last word. None: a moved writer lasts until HAProxy is reloaded."""


@dataclass(frozen=True)
class Raid:
    """A command that shows the state of a hardware RAID on each node, run as root."""

    command: tuple[str, ...]
    bad: str = (
        r"(?i)^(?!\w+ ?[=-][^|]*\||.*[:=] *(?:0|no|none|false|off|[0-9]+/0/0)$|"
        r".*rebuild (?:rate|priority)|auto.?rebuild)"
        r".*(?:degraded|fail(?:ed|ure)|off-?line|rebuild|critical|missing|interim recovery|recovering|faulty|removed$|"
        r"inoperable|(?:temporarily|permanently) disabled|status: error|\(bad\)|"
        r"\b(?:dgrd|pdgd|ofln|offln|rbld|rec|ubad|ubunsp|msng)\b)"
    )
    """A regular expression: a line of the output it is found in says that something is wrong. This one knows the words
    of storcli, perccli, megacli, ssacli, arcconf, sas2ircu, tw_cli and mdadm, but for their legends and counts of 0."""


@dataclass(frozen=True)
class Notify:
    """The ones to be told when a person is needed: a program on this machine, a URL, or both."""

    command: tuple[str, ...] = ()
    """A program and its arguments, run without a shell; what has happened is in its environment."""
    url: str | None = None
    """The text is sent there as a POST."""


@dataclass(frozen=True)
class Write:
    """A statement that is sent to MySQL's writer once a second while a patch is at work."""

    login: Mysql
    """An account of its own, which may do no more than this."""
    table: str
    """DATABASE.TABLE, the only one that it touches."""
    statement: str

    @property
    def privileges(self) -> tuple[str, ...]:
        """The least that it needs on its table. Values that are read and changed need SELECT: MySQL's manual."""
        words = self.statement.upper()
        if words.startswith("REPLACE"):
            return ("INSERT", "DELETE")
        if words.startswith("UPDATE"):
            return ("SELECT", "UPDATE")
        return ("SELECT", "INSERT", "UPDATE") if "ON DUPLICATE KEY UPDATE" in words else ("INSERT",)


@dataclass(frozen=True)
class Patch:
    """Rolling patches of one cluster."""

    visit: tuple[str, ...] = ()
    """URLs that are visited all the time beside those of the VIPs; the first that fails stops the run."""
    exclude: tuple[str, ...] = ()
    """Packages that stay at their version."""
    security_only: bool = False
    """Install no other updates than those for security."""
    before: tuple[str, ...] = ()
    """A program on this machine and its arguments, run without a shell before each node; its failure stops the run."""
    after: tuple[str, ...] = ()
    """The same, once the node serves again."""
    block: tuple[str, ...] = ()
    """The same, before each node is begun: a status other than 0 means "not now"."""
    backup: tuple[str, ...] = ()
    """The same, before a patch: a status other than 0 means that no backup is new enough."""
    via: str | None = None
    """A machine of the cluster from which the URLs of `visit` are visited. None: the console."""
    write: Write | None = None


@dataclass(frozen=True)
class Web:
    """Address and pages of Apache on a node, seen from the node itself."""

    status_url: str = "http://127.0.0.1/server-status?auto"
    check_url: str = "http://127.0.0.1/"
    """The check URL of the cluster, aimed at this node's own Apache; `host` is sent as its Host header."""
    host: str | None = None


@dataclass(frozen=True)
class Timings:
    """Limits and intervals, in seconds."""

    poll: float = 2.0
    """Between two fast batches of questions to a machine."""
    storage: float = 5.0
    """Between two batches of cheap Gluster questions."""
    slow: float = 30.0
    """Between two reads of config.xml and of Gluster's heal info."""
    answer: float = 2.5
    """Time for a fast batch before its machine counts as unreachable."""
    storage_answer: float = 8.0
    """The same for the cheap Gluster questions and the state of services."""
    connect: float = 2.5
    slow_answer: float = 20.0
    seldom: float = 900.0
    """Between two looks at what changes over days: pending updates, tables without a primary key."""
    background: float = 10.0
    """The least between two batches of a cluster that is not on the screen, where there are many."""
    seldom_answer: float = 60.0
    sessions: float = 60.0
    """Longest wait of a drain for the last session, before it reports the sessions left."""
    quiet: float = 5.0
    """Time without a new session before a drain counts as over: visitors with a cookie come back."""
    stop: float = 120.0
    """Time for MySQL, then for Gluster, to stop before a reboot."""
    boot: float = 600.0
    fit: float = 3600.0
    """Longest wait of a rejoin for a node to become fit."""
    heal: float = 300.0
    """Time without progress after which nobody waits for a heal any more."""


@dataclass(frozen=True)
class Cluster:
    """Everything that is known of one cluster beforehand."""

    name: str
    firewalls: tuple[Firewall, ...]
    nodes: tuple[Node, ...]
    title: str = ""
    vips: tuple[Vip, ...] = ()
    volumes: tuple[str, ...] = ()
    """Names of the GlusterFS volumes that have a brick on each node."""
    mysql: Mysql | None = None
    """Without it MySQL is asked nothing; one that runs all the same is still seen."""
    mysql_proxy: MysqlProxy | None = None
    """Without it nothing is asked; an HAProxy that runs all the same is still seen."""
    balancer: str = "haproxy"
    """The load balancer on the firewalls: one of BALANCERS."""
    raid: Raid | None = None
    teams: tuple[str, ...] = ()
    """Teams of network cards (teamd) that each node has."""
    notify: Notify | None = None
    web: Web = field(default_factory=Web)
    patch: Patch = field(default_factory=Patch)
    timings: Timings = field(default_factory=Timings)

    @property
    def machines(self) -> tuple[Firewall | Node, ...]:
        """Firewalls, then nodes, in the order of the inventory."""
        return (*self.firewalls, *self.nodes)

    def has_node(self, name: str) -> bool:
        return any(node.name == name for node in self.nodes)

    def has(self, name: str) -> bool:
        """True if one of its machines has the name."""
        return any(machine.name == name for machine in self.machines)

    def knows(self, name: str) -> bool:
        """True if something that can be a run's target has the name."""
        return self.has(name) or name in (*self.volumes, self.name)

    @property
    def databases(self) -> tuple[str, ...]:
        """Names of the databases that the nodes share: "mysql", or none."""
        return ("mysql",) if self.mysql else ()

    def machine(self, name: str) -> Firewall | Node:
        """Raises KeyError if there is none of that name."""
        return {machine.name: machine for machine in self.machines}[name]


@dataclass(frozen=True)
class Inventory:
    """The clusters of one file."""

    clusters: tuple[Cluster, ...]
    path: Path

    def cluster(self, name: str) -> Cluster:
        """Raises KeyError if there is none of that name."""
        return {cluster.name: cluster for cluster in self.clusters}[name]
