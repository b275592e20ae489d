"""The logs of a machine, by layer: which commands read the end of each, and what they printed as harmless lines.

Each read is bounded: the last lines of the journal, the last bytes of a file. Nothing is followed on the machine, so
nothing stays behind there. A file that a system does not have is no fault: the paths of Debian, Red Hat and Percona are
asked for together. pfSense up to 2.4 has circular logs, which only `clog` can read; from 2.5 on they are plain files.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from console.inventory.cluster import Cluster
from console.probes.ask import Answer, Ran, Run, WireError
from console.probes.parsing import lines_of
from console.text import plain_text

BYTES = 24 << 10
"""The end of each file that is read."""
LINES = 150
"""Lines of each source that are kept, and asked of the journal."""
WIDTH = 400
"""Characters of a line that are kept."""
MOST = 2 << 20
"""Bytes of one answer. A circular log comes whole: half a MiB, unless somebody has set another size."""
SECONDS = 5.0
"""Seconds that a machine gives each command."""

MYSQL, APACHE, GLUSTER, HAPROXY, KERNEL, SYSTEM = "MySQL", "Apache", "Gluster", "HAProxy", "kernel", "system"
UNITS = {
    MYSQL: ("mariadb", "mysql", "mysqld", "mysql@bootstrap"),
    APACHE: ("apache2", "httpd", "php-fpm"),
    GLUSTER: ("glusterd",),
    HAPROXY: ("haproxy",),
}
PFSENSE = "/var/log/system.log"
"""HAProxy has no file of its own there: its package logs to the system's."""
CIRCULAR = re.compile(r"2\.[0-4]([.-]|$)|1\.")
"""Versions of pfSense with circular logs. Plus counts by years, from 21.02 on."""
_HEADING = re.compile(r"^==> (.+) <==$")
_ABSENT = ("No such file or directory", "Not a directory")


class Log(NamedTuple):
    """A layer's log on one machine. `only`: the text that a line of it contains."""

    name: str
    runs: tuple[Run, ...]
    only: str = ""


class Source(NamedTuple):
    """The end of one file, or of the journal. `why`: the reason why it could not be read, or ""."""

    name: str
    lines: tuple[str, ...] = ()
    why: str = ""


def logs(cluster: Cluster, machine: str, version: str = "") -> tuple[Log, ...]:
    """Every log of a machine. `version`: a firewall's pfSense, "" where it is not known."""
    if cluster.has_node(machine):
        return tuple(_of_node(cluster))
    run = _clog() if CIRCULAR.match(version) else _tail(PFSENSE, verbose=False)
    return Log(SYSTEM, (run,)), Log(HAPROXY, (run,), "haproxy"), Log(KERNEL, (run,), "kernel")


def _of_node(cluster: Cluster) -> Iterator[Log]:
    """The journal of a layer's units, and its files."""
    for name, paths in _files(cluster).items():
        yield Log(name, (_journal(*(f"--unit={unit}.service" for unit in UNITS[name])), _tail(*paths)))
    yield Log(KERNEL, (_journal("--dmesg"),))


def _files(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """The files of each layer, wherever a system has them."""
    data = cluster.mysql.datadir if cluster.mysql else "/var/lib/mysql"
    return {
        MYSQL: (
            *("/var/log/mysql/error.log", "/var/log/mysqld.log", "/var/log/mariadb/mariadb.log"),
            *(f"{data}/{one.name}.err" for one in cluster.nodes),  # all: one list of rights for every node
            *(f"{data}/{name}" for name in ("innobackup.backup.log", "mariabackup.backup.log")),
        ),
        APACHE: ("/var/log/apache2/error.log", "/var/log/httpd/error_log"),
        GLUSTER: (
            *("/var/log/glusterfs/glusterd.log", "/var/log/glusterfs/etc-glusterfs-glusterd.vol.log"),
            "/var/log/glusterfs/glustershd.log",
            *(f"/var/log/glusterfs/glfsheal-{volume}.log" for volume in cluster.volumes),
        ),
        HAPROXY: ("/var/log/haproxy.log",),
    }


def _journal(*of: str) -> Run:
    words = (*of, f"--lines={LINES}", "--output=short-iso", "--quiet", "--no-pager")
    return Run(("journalctl", *words), root=True, timeout=SECONDS, most=MOST)


def _tail(*paths: str, verbose: bool = True) -> Run:
    """`verbose`: with a heading for each. FreeBSD's prints none for a single file, and is asked for no other."""
    words = ("-v", "-c", str(BYTES), "--", *paths) if verbose else ("-c", str(BYTES), *paths)
    return Run(("tail", *words), root=True, timeout=SECONDS, most=MOST)


def _clog() -> Run:
    return Run(("clog", PFSENSE), root=True, timeout=SECONDS, most=MOST)


def asked(cluster: Cluster, machine: str) -> tuple[Run, ...]:
    """Every command that may be sent for a machine's logs, whatever its version."""
    every = (one for version in ("", "2.4.5") for one in logs(cluster, machine, version))
    return tuple(dict.fromkeys(run for one in every for run in one.runs))


def read(log: Log, answers: tuple[Answer | WireError, ...]) -> tuple[Source, ...]:
    """The sources that have anything to say: lines, or why there are none."""
    sources = (one for run, answer in zip(log.runs, answers, strict=True) for one in _sources(log, run, answer))
    return tuple(one for one in sources if one.lines or one.why)


def _sources(log: Log, run: Run, answer: Answer | WireError) -> Iterator[Source]:
    name = "journal" if run.argv[0] == "journalctl" else run.argv[-1]
    if isinstance(answer, WireError):
        yield Source(name, why=str(answer))
        return
    if not isinstance(answer, Ran):
        return
    for part, text in _parts(name, run, answer.out):
        lines = [line for line in lines_of(text) if line.strip() and not line.startswith("CLOG")]
        if run.argv[0] == "tail" and len(text.encode(errors="replace")) >= BYTES - 4:
            lines = lines[1:]  # its beginning was cut
        shown = (plain_text(line, WIDTH) for line in lines if log.only in line.lower())
        yield Source(part, tuple(list(shown)[-LINES:]))
    yield from _complaints(name, answer)


def _parts(name: str, run: Run, out: str) -> Iterator[tuple[str, str]]:
    """(name, text) of each file; a heading counts only if it names a file that was asked for."""
    at, kept = name, list[str]()
    for line in lines_of(out):
        found = _HEADING.match(line)
        if found and found[1] in run.argv:
            yield at, "\n".join(kept)
            at, kept = found[1], []
        else:
            kept.append(line)
    yield at, "\n".join(kept)


def _complaints(name: str, answer: Ran) -> Iterator[Source]:
    """Reasons of the machine's why something could not be read. A file that is not there is none."""
    if answer.status == 124:
        yield Source(name, why=f"{name} gave no answer in {SECONDS:g} s")
        return
    said = [line for line in lines_of(answer.err) if line.strip() and not line.rstrip().endswith(_ABSENT)]
    if said and answer.status:
        yield Source(name, why=f"{name} can't be read: {plain_text(said[0], WIDTH)}")
