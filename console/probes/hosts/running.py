"""Services on a node that a reboot stops, in the inventory or not: only seen, not asked."""

import re
from dataclasses import dataclass

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import lines_of, ran, short
from console.probes.question import Cadence, Question, Subject

MYSQLD = ("mysqld", "mariadbd")
DATADIRS = ("/var/lib/mysql", "/var/lib/mariadb")
"""The packages' data folders: Debian's MariaDB from 11.8.6-5 on has the second."""
MYSQL_PORT, GALERA_PORT = 3306, 4567
_PORTS = {"0CEA": MYSQL_PORT, "11D7": GALERA_PORT}
_LISTENS = "^ *[0-9]+: [0-9A-F]+:(0CEA|11D7) [0-9A-F]+:0000 0A "
"""A line of /proc/net/tcp: the own address, the other's, and 0A, which is LISTEN."""
_LINE = re.compile(r" *[0-9]+: [0-9A-F]+:(0CEA|11D7) ")
_PROCESS = re.compile(r"[0-9]+ (mysqld|mariadbd|glusterd|glusterfsd|haproxy)")
_VOLUME = re.compile(r"[A-Za-z0-9_-]{1,255}")
MAX_NAMES = 100
NO_VOLUMES = "No volumes present in cluster"


@dataclass(frozen=True)
class Running:
    """Processes by name, and where they listen."""

    mysqld: tuple[str, ...]
    """Their names: mysqld, mariadbd."""
    ports: tuple[int, ...]
    """The ports 3306 and 4567 (Galera), if somebody listens on them."""
    grastate: bool
    """The data directory is a Galera member's. False also where it is closed to the login."""
    glusterd: bool
    bricks: int
    """glusterfsd processes."""
    haproxy: bool


@dataclass(frozen=True)
class Listed:
    """The volumes that Gluster itself names; None where it does not run."""

    volumes: tuple[str, ...] | None


def parse(answers: tuple[Ran, ...], _before: Running | None) -> Running:
    """Read pgrep and grep, whose status 1 means none, and `test -e`. grep has 2 where there is no IPv6."""
    processes, listens, grastate = answers
    if processes.status not in (0, 1) or listens.status not in (0, 1, 2) or grastate.status not in (0, 1):
        raise Unreadable("pgrep, grep or test failed")
    lines = [_PROCESS.fullmatch(line.strip()) for line in lines_of(ran(Ran(0, processes.out, ""))) if line.strip()]
    if not all(lines):
        raise Unreadable("pgrep did not print processes by name")
    names = [line[1] for line in lines if line]
    ports = [line[1] for text in lines_of(ran(Ran(0, listens.out, ""))) if (line := _LINE.match(text))]
    return Running(
        mysqld=tuple(name for name in MYSQLD if name in names),
        ports=tuple(sorted({_PORTS[port] for port in ports})),
        grastate=grastate.status == 0,
        glusterd="glusterd" in names,
        bricks=names.count("glusterfsd"),
        haproxy="haproxy" in names,
    )


def parse_listed(answers: tuple[Ran, ...], _before: Listed | None) -> Listed:
    """Read `gluster volume list`."""
    answer = answers[0]
    if answer.status and (answer.status == 127 or "not found" in answer.err or "No such file" in answer.err):
        return Listed(None)
    if "Please check if gluster daemon is operational" in answer.out + answer.err:
        return Listed(None)
    if NO_VOLUMES in answer.out + answer.err:
        return Listed(())
    names = ran(answer).split()
    if not all(_VOLUME.fullmatch(name) for name in names):
        raise Unreadable("gluster volume list did not print names")
    return Listed(tuple(short(name) for name in names[:MAX_NAMES]))


def _asks(cluster: Cluster, _name: str) -> tuple[Run, ...]:
    """The question; none where the inventory names all there may be: then each is asked itself."""
    if cluster.mysql and cluster.volumes and cluster.mysql_proxy:
        return ()
    return (
        Run(("pgrep", "-l", "-x", "mysqld|mariadbd|glusterd|glusterfsd|haproxy")),
        Run(("grep", "-h", "-E", _LISTENS, "/proc/net/tcp", "/proc/net/tcp6")),
        Run(("test", *_grastate(cluster))),
    )


def _grastate(cluster: Cluster) -> tuple[str, ...]:
    """Arguments of `test`: in the inventory's folder if it names one, else in any that the packages have."""
    folders = (cluster.mysql.datadir,) if cluster.mysql else DATADIRS
    words = [word for folder in folders for word in ("-o", "-e", f"{folder}/grastate.dat")]
    return tuple(words[1:])


RUNNING = Question(
    field="running",
    title="processes that a reboot stops",
    subject=Subject.NODE,
    cadence=Cadence.STORAGE,
    asks=_asks,
    parse=parse,
)
LISTED = Question(
    field="listed",
    title="volumes that Gluster names",
    subject=Subject.NODE,
    cadence=Cadence.SLOW,
    asks=lambda _cluster, _name: (Run(("gluster", "--mode=script", "volume", "list"), root=True, timeout=8),),
    parse=parse_listed,
    apart=True,  # a glusterd that hangs delays nothing else
)
