"""The least rights at the machines: which commands need root, taken from the questions and orders that are really sent.

What sudo sees is the command and its arguments: `timeout N sudo -n CMD ARGS` (`console.probes.ask.command`) runs
`timeout` as the login user. Syntax: sudoers(5), "Command" and "Other special characters and reserved words".
"""

import getpass
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from console import __version__
from console.cli.plain import Exit, say
from console.inventory.cluster import Cluster
from console.operations import effects, procedures
from console.operations.effects import Effect, targets
from console.operations.guards.updates import MANAGERS
from console.operations.procedures.packages import SECURITY
from console.operations.procedures.patching import MANAGERS as DECIDED
from console.operations.procedures.patching import STARTS, managers
from console.operations.procedures.steps import Intent, Operation, OrderState
from console.probes import logs
from console.probes.ask import Run
from console.probes.firewalls.claim import HOLD
from console.probes.firewalls.config import FirewallConfig
from console.probes.firewalls.upgrade import Upgrade
from console.probes.hosts.jobs import KINDS, Job, Jobs
from console.probes.hosts.system import UNITS, Host, Services
from console.probes.hosts.updates import Updates
from console.probes.pools.configured import PooledServer
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.question import Subject
from console.probes.schedule import asked
from console.probes.snapshot import Known, Snapshot, empty
from console.probes.storage.gluster import Brick, Volume
from console.probes.storage.mounts import MISSING, Mount, Mounts
from console.text import listed

FOLDERS = {
    "cat": ("/usr/bin", "/bin"),
    "du": ("/usr/bin",),
    "gluster": ("/usr/sbin",),
    "grep": ("/usr/bin", "/bin"),
    "journalctl": ("/usr/bin", "/bin"),
    "mount": ("/usr/bin", "/bin"),
    "nc": ("/usr/bin", "/bin"),
    "pkill": ("/usr/bin",),
    "systemctl": ("/usr/bin", "/bin"),
    "tail": ("/usr/bin",),
    "systemd-run": ("/usr/bin",),
}
"""Folders of commands on Debian and Red Hat; /bin where it is not /usr/bin (Debian before 10, Ubuntu before 20.04)."""
ELSEWHERE = ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin")
ON_PFSENSE = {
    "cat": "/bin/cat",
    "clog": "/usr/local/sbin/clog",
    "lockf": "/usr/bin/lockf",
    "nc": "/usr/bin/nc",
    "pfctl": "/sbin/pfctl",
    "relayctl": "/usr/local/sbin/relayctl",
    "sockstat": "/usr/bin/sockstat",
    "stat": "/usr/bin/stat",
    "tail": "/usr/bin/tail",
}
"""Paths of commands on FreeBSD and pfSense. sudo rejects a whole file for one line without an absolute path."""
ROOT_ON_PFSENSE = ("root", "admin")
_USER = re.compile(r"(?![A-Z][A-Z0-9_]*\Z)[A-Za-z_][A-Za-z0-9_.-]{0,31}")
"""ALL is everybody to sudo, and a name in capitals an alias."""


@dataclass(frozen=True)
class Rights:
    """Root's commands on a machine: those for questions, those that orders need beside them, and those that install
    updates."""

    look: tuple[Run, ...]
    act: tuple[Run, ...]
    patch: tuple[Run, ...] = ()


def rights(cluster: Cluster, machine: str) -> Rights:
    """Each command once, however often and with whatever input it is sent."""
    look = _commands(run for run in _asked(cluster, machine) if run.root)
    patching = [one for one in procedures.OPERATIONS if one.does(Effect.UPDATES)]
    others = [one for one in procedures.OPERATIONS if one not in patching]
    act = _commands(run for run in ordered(cluster, machine, others) if run.root)
    patch = _commands(run for run in ordered(cluster, machine, patching) if run.root)
    act = tuple(run for run in act if run not in look)
    return Rights(look, act, tuple(run for run in patch if run not in (*look, *act)))


def _commands(runs: Iterator[Run]) -> tuple[Run, ...]:
    return tuple(dict.fromkeys(Run(run.argv, root=True) for run in runs))


def _asked(cluster: Cluster, machine: str) -> Iterator[Run]:
    """A node also answers about what all nodes hold in common."""
    node = cluster.has_node(machine)
    shared = (Subject.VOLUME, Subject.DATABASE) if node else ()
    for question, name in asked(cluster):
        if name == machine or question.subject in shared:
            yield from (ask for ask in question.asks(cluster, name) if isinstance(ask, Run))
    yield from logs.asked(cluster, machine)


def ordered(cluster: Cluster, machine: str, operations: Sequence[Operation] | None = None) -> tuple[Run, ...]:
    """Every command of the operations to a machine, over every target: on a node that runs every service there is, all
    that can be stopped is; to a firewall goes the claim too. `operations`: None for all of them."""
    found = {f"boot {node.name}": "before" for node in cluster.nodes}
    found |= {f"units {node.name}": " ".join(STARTS) for node in cluster.nodes}
    found |= {f"{key} {one.name}": "" for one in cluster.firewalls for key in ("boot", "upgrade", "log")}
    orders = (
        order
        for one in (procedures.OPERATIONS if operations is None else operations)
        for target in targets(cluster, one.on)
        for state, result, note in _JOBS
        for picture in _pictures(cluster, machine, state, result, one)
        for noted in [{f"job {node.name} {kind}": note for node in cluster.nodes for kind in KINDS}]
        for decided in ({DECIDED: managers(picture), SECURITY: only} for only in _narrowings(one))
        for intent in [Intent(cluster, target, one, {**found, **noted}, "", decided, OrderState.FAILED)]
        for planned in intent.steps
        for step in (planned, *planned.back)
        for order in step.orders(picture, intent.at(step))
        if order.machine == machine
    )
    claim = () if cluster.has_node(machine) else (Run(HOLD.argv, root=True),)
    return tuple(dict.fromkeys((*claim, *(order.run for order in orders))))


_JOBS = (("", "", "none"), ("active/exited", "success", "one ended"), ("failed/failed", "exit-code", "one failed"))
"""(state, result, note) of a job to be started, of one that ended well, and of a failed one whose run a person has
resumed. Each has an order of its own."""


def _narrowings(one: Operation) -> tuple[bool, ...]:
    """Updates are installed by another command where only those for security are."""
    return (False, True) if one.does(Effect.UPDATES) else (False,)


def _pictures(cluster: Cluster, machine: str, state: str, result: str, one: Operation) -> Iterator[Snapshot]:
    """The busy cluster; for what starts services also with all of them stopped; for updates also by each package
    manager."""
    busy, none = _busy(cluster, machine, state, result), Known(Services((), (), 0), 0.0)
    yield busy
    if one.does(*effects.STARTS):
        yield replace(busy, nodes=tuple(replace(view, services=none) for view in busy.nodes))
    for manager in MANAGERS if one.does(Effect.UPDATES) else ():
        known = Known(Updates(1, None, reboot_required=True, kernel="", manager=manager), 0.0)
        nodes = tuple(replace(view, updates=known) for view in busy.nodes)
        yield replace(busy, nodes=nodes)
        yield replace(busy, nodes=tuple(replace(view, services=none) for view in nodes))


def _busy(cluster: Cluster, machine: str, state: str, result: str) -> Snapshot:
    """Every service runs on every node, every node is in a pool on every firewall, and all is to be mounted and healed:
    all that can be sent, is. Of the nodes that any could be asked, it is this machine."""
    services = Known(Services(active=UNITS, settling=(), bricks=1), 0.0)
    units = tuple(Job(kind, bool(state), state, result, 0, "one", read=True) for kind in KINDS)
    jobs = Known(Jobs("before", units), 0.0)
    host = Known(Host(boot_id="before", load=0.0, cores=1, uptime=0.0), 0.0)
    served = tuple(
        Server("pool", node.name, node.address, "UP", False, 1, 0, 0, 0, 0, "", Admin.READY, since=0, last_session=-1)
        for node in cluster.nodes
    )
    kept = tuple(PooledServer("pool", node.name, node.address, "active") for node in cluster.nodes)
    config = FirewallConfig("", False, False, False, "", kept, (), "", "")
    mounts = Known(Mounts(tuple(Mount(name, "/", False, MISSING) for name in cluster.volumes)), 0.0)
    volume = Volume(tuple(Brick(node.name, "/", True, True, True, 1) for node in cluster.nodes), 0)
    idle = Known(Upgrade("", stage="", boot=0.0), 0.0)
    blank = empty(cluster)
    return replace(
        blank,
        nodes=tuple(
            replace(view, host=host if view.name == machine else view.host, services=services, jobs=jobs, mounts=mounts)
            for view in blank.nodes
        ),
        volumes=tuple(replace(view, state=Known(volume, 0.0)) for view in blank.volumes),
        firewalls=tuple(
            replace(view, pools=Known(Pools(True, served), 0.0), config=Known(config, 0.0), upgrade=idle)
            for view in blank.firewalls
        ),
    )


# --- /etc/sudoers.d -------------------------------------------------------------------------------------------------


def sudoers(clusters: Sequence[Cluster], user: str | None = None, look_only: bool = False, patch: bool = False) -> Exit:
    """Print the lines for /etc/sudoers.d on the nodes, and those that pfSense's sudo package must allow. `patch`: also
    those that install updates."""
    for cluster in clusters:
        try:
            lines = (*_for_nodes(cluster, user, look_only, patch), *_for_firewalls(cluster, user, look_only, patch))
        except ValueError as error:
            say(f"# {cluster.name}: {error}")
            return Exit.USAGE
        for line in lines:
            say(line)
    return Exit.DONE


def _named(user: str | None) -> str:
    """The user, or the one ssh takes without one. Raises ValueError for what would be more than one user to sudo."""
    name = user or getpass.getuser()
    if not _USER.fullmatch(name):
        raise ValueError(f"{name!r} is no user name that sudoers can hold")
    return name


def _for_nodes(cluster: Cluster, user: str | None, look_only: bool, patch: bool) -> Iterator[str]:
    """A section for each user with rights of its own; one for all nodes as a rule."""
    sections: dict[tuple[str, Rights], list[str]] = {}
    for node in cluster.nodes:
        name = _named(user or node.login.user)
        if name == "root":
            yield f"# {cluster.name}: {node.name} is entered as root, sudo is not used there; --user NAME for another"
        else:
            sections.setdefault((name, rights(cluster, node.name)), []).append(node.name)
    for at, ((name, needed), nodes) in enumerate(sections.items()):
        alias = "DRAINBOARD_" + re.sub(r"[^A-Z0-9]", "_", cluster.name.upper()) + (f"_{at + 1}" if at else "")
        held = replace(needed, act=() if look_only else needed.act, patch=needed.patch if patch else ())
        yield from section(name, held, listed(nodes), alias)


def section(user: str, needed: Rights, where: str, alias: str = "DRAINBOARD") -> Iterator[str]:
    """One file for /etc/sudoers.d, line by line."""
    yield f"# What {user} may run as root on {where}: the commands drainboard {__version__} sends there, no others."
    yield "# Put it in place with: visudo -f /etc/sudoers.d/drainboard"
    parts = {f"{alias}_LOOK": needed.look, f"{alias}_ACT": needed.act, f"{alias}_PATCH": needed.patch}
    if needed.patch:
        yield f"# {alias}_PATCH is worth as much as root: a package's own scripts run as root."
    for name, runs in parts.items():
        written = [one for run in runs for one in commands(run.argv)]
        if written:
            yield f"Cmnd_Alias {name} = \\"
            yield from (f"    {one}, \\" for one in written[:-1])
            yield f"    {written[-1]}"
    yield f"Defaults:{user} !requiretty"
    yield f"{user} ALL=(root) NOPASSWD: {', '.join(name for name, runs in parts.items() if runs)}"


def commands(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A command as sudoers holds it, once for each place where it may lie. Raises ValueError for one that sudo would
    take for more: a regular expression, or a second line."""
    name, *words = argv
    if not "".join(argv).isprintable() or (words[:1] and words[0].startswith("^")) or re.search(r"[\^*?\[\]]|/$", name):
        raise ValueError(f"{argv!r} can't be written into sudoers")
    folders = FOLDERS.get(name, ELSEWHERE)
    paths = (name,) if name.startswith("/") else tuple(f"{folder}/{name}" for folder in folders)
    arguments = " ".join(escaped(word) for word in words) or '""'  # "" is: without any argument
    return tuple(f"{escaped(path)} {arguments}" for path in paths)


def escaped(word: str) -> str:
    """A word that stands for itself: sudo's own signs lose one backslash as the file is read; the signs of file name
    patterns keep theirs, for sudo then compares by fnmatch(3)."""
    return re.sub(r"[*?\[\]]|[,:=# \t]", r"\\\g<0>", word.replace("\\", "\\" * 4))


# --- pfSense --------------------------------------------------------------------------------------------------------


def _for_firewalls(cluster: Cluster, user: str | None, look_only: bool, patch: bool) -> Iterator[str]:
    """Rights on the firewalls, as comments: pfSense's sudo package writes its own file."""
    for firewall in cluster.firewalls:
        name, needed = _named(user or firewall.login.user), rights(cluster, firewall.name)
        if name in ROOT_ON_PFSENSE:
            yield f"# {cluster.name}: {firewall.name} is entered as {name}, which is root on pfSense: no sudo there"
            continue
        yield f"# {firewall.name} (pfSense): install the package sudo; in System / sudo, for {name}, run as root, with"
        yield "# No Password, these commands. Each is leave to do more than is asked for: see docs/preparing.md."
        acts = () if look_only else needed.act
        written = dict.fromkeys(f"#   {on_pfsense(run.argv)}" for run in (*needed.look, *acts))
        yield from written
        upgrade = dict.fromkeys(f"#   {on_pfsense(run.argv)}" for run in needed.patch)
        if patch and (more := [line for line in upgrade if line not in written]):
            yield "# And to upgrade it, which is worth as much as root:"
            yield from more


def on_pfsense(argv: tuple[str, ...]) -> str:
    """A command as pfSense's sudo package takes it. A shell's script is not pinned down: it changes with the pools."""
    name, *words = argv
    if name == "sh":
        return "/bin/sh"
    return " ".join((name if name.startswith("/") else ON_PFSENSE[name], *(escaped(word) for word in words)))
