"""The operating system of a node: which boot this is, how long it runs, how loaded it is, which services are up."""

import re
from dataclasses import dataclass, field

from console.answers import ran, whole
from console.asks import Ran, Run, Unreadable
from console.question import Cadence, Question, Subject

MYSQL_UNITS = ("mariadb.service", "mysql.service", "mysqld.service", "mysql@bootstrap.service")
GLUSTER_UNITS = ("glusterd.service",)
APACHE_UNITS = ("apache2.service", "httpd.service")
UNITS = MYSQL_UNITS + GLUSTER_UNITS + APACHE_UNITS

BOOT_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Host:
    """`boot_id` is the proof of a reboot: it changes in containers too, where uptime does not."""

    boot_id: str
    load: float
    """Over the last minute."""
    cores: int
    uptime: float = field(compare=False)
    """Seconds."""


@dataclass(frozen=True)
class Services:
    """`active` are the units of UNITS that run or are on their way up or down; `bricks` the glusterfsd processes."""

    active: tuple[str, ...]
    settling: tuple[str, ...]
    """Those of `active` that are activating or deactivating."""
    bricks: int

    def running(self, units: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `units` that are not fully stopped."""
        return tuple(unit for unit in units if unit in self.active)


def parse_host(answers: tuple[Ran, ...], _before: Host | None) -> Host:
    """From boot_id, loadavg and uptime of /proc, and nproc."""
    lines = ran(answers[0]).split("\n")
    if len(lines) < 3 or not BOOT_ID.fullmatch(lines[0]):
        raise Unreadable("/proc gave no boot id, load and uptime")
    try:
        return Host(
            boot_id=lines[0],
            load=_figure(lines[1]),
            cores=max(1, whole(ran(answers[1]).strip(), "nproc")),
            uptime=_figure(lines[2]),
        )
    except (ValueError, IndexError) as error:
        raise Unreadable("/proc/loadavg or /proc/uptime is not numbers") from error


def _figure(line: str) -> float:
    """The first number of a line, or ValueError or IndexError; no kernel says inf, nan or a number of 20 digits."""
    figure = float(line.split()[0])
    if not 0 <= figure < 1e12:
        raise ValueError(figure)
    return figure


def parse_services(answers: tuple[Ran, ...], _before: Services | None) -> Services:
    """From `systemctl show` and `pgrep`, whose status 1 means that there is no such process."""
    blocks = [dict(_property(line) for line in block.splitlines()) for block in ran(answers[0]).split("\n\n")]
    states = {block["Id"]: block.get("ActiveState", "") for block in blocks if "Id" in block}
    if not set(UNITS) & set(states):
        raise Unreadable("systemctl named none of the services asked for")
    processes = answers[1]
    if processes.status not in (0, 1):
        raise Unreadable(f"pgrep failed with status {processes.status}")
    settling = ("activating", "deactivating", "reloading")
    active = tuple(unit for unit in UNITS if states.get(unit) in ("active", *settling))
    return Services(
        active=active,
        settling=tuple(unit for unit in active if states[unit] in settling),
        bricks=len(processes.out.split()),
    )


def _property(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, value


HOST = Question(
    field="host",
    subject=Subject.NODE,
    cadence=Cadence.FAST,
    asks=lambda _cluster, _name: (
        Run(("cat", "/proc/sys/kernel/random/boot_id", "/proc/loadavg", "/proc/uptime")),
        Run(("nproc",)),
    ),
    parse=parse_host,
)
SERVICES = Question(
    field="services",
    subject=Subject.NODE,
    cadence=Cadence.STORAGE,
    asks=lambda _cluster, _name: (
        Run(("systemctl", "show", "--property=Id,ActiveState,SubState", *UNITS), timeout=8),
        Run(("pgrep", "-x", "glusterfsd")),
    ),
    parse=parse_services,
)
