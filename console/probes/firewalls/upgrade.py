"""The state of a firewall's upgrade. A look without effects: `pfSense-upgrade -c` is none, for it may replace packages.

pfSense looks for a newer version by itself, once a day, and keeps what it found in /var/run, which is empty after a
boot. An upgrade that is not finished has `next_stage` noted at the package of its kernel. It ends with a copy of its
log (FreeBSD-ports sysutils/pfSense-upgrade, pkg_upgrade; pfSense src/etc/rc.update_pkg_metadata).
"""

import re
from dataclasses import dataclass, field

from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import lines_of, ran, short
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text

LOG = "/var/log/drainboard-upgrade.log"
"""The output of an upgrade that was started from here."""
PFSENSE_LOG = "/cf/conf/upgrade_log.txt"
"""pfSense's own: the stages after a boot write there only."""
LOCK = "/var/run/drainboard-upgrade.lock"
"""Held as long as it runs, until the boot."""
MAX_SAID = 3

_SCRIPT = f"""
at() {{ [ -e "$2" ] && echo "$1 $(stat -f %m "$2") $(head -n 1 "$2")"; }}
echo "now $(date +%s)"
echo "boot $(sysctl kern.boottime 2>/dev/null)"
at began {LOG}
pgrep -F /var/run/pfSense-upgrade.pid >/dev/null 2>&1 && echo running
pgrep -f '[d]rainboard-upgrade.lock' >/dev/null 2>&1 && echo running
echo "version $(cat /etc/version)"
at offered /var/run/pfSense_version
at status /var/run/pfSense_version.rc
at finished /cf/conf/upgrade_log.latest.txt
newer=$(ls -t {LOG} {PFSENSE_LOG} 2>/dev/null | head -n 1)
[ -r "$newer" ] && tail -n {MAX_SAID} "$newer" | sed 's/^/said /'
pkg-static query -g 'kernel %n' 'pfSense-kernel-*' 2>/dev/null
pkg-static query -g 'note %At %Av' 'pfSense-kernel-*' 2>/dev/null
pkg-static query -g 'haproxy %n %v' 'pfSense-pkg-haproxy*' 2>/dev/null
df -kP / | tail -n 1 | sed 's/^/space /'
echo whole
"""
"""The log of a start, then whether it runs, then all that its end leaves: one that begins or ends between two of them
looks like one that runs or like one that is not begun, never like one that has ended without effect."""
_OFFER = re.compile(r"([0-9][A-Za-z0-9._-]{0,39}) version of ")
_BOOT = re.compile(r"kern\.boottime: \{ sec = ([0-9]{1,12}),.*")
_SPACE = re.compile(r"\S.* ([0-9]{1,15}) +([0-9]{1,15}) +(-?[0-9]{1,15}) +[0-9]{1,3}% +/")


@dataclass(frozen=True)
class Upgrade:
    """A firewall's upgrade, as far as it tells. Times are its own."""

    version: str
    """/etc/version."""
    offered: str | None = None
    """The newer version that pfSense has found; "" where it found none. None: not known."""
    looked: float | None = None
    """Unix time at which pfSense looked for it."""
    stage: str | None = None
    """The stage that an unfinished upgrade goes on with; "" for none. None: not known."""
    running: bool = False
    finished: float | None = None
    """Unix time at which the last upgrade was finished; None where none was."""
    began: float | None = None
    """Unix time of the last line of an upgrade that was started from here."""
    said: tuple[str, ...] = ()
    """The last lines of the newest one."""
    package: str = ""
    """The HAProxy package and its version; "" where there is none, as with relayd."""
    free: int | None = None
    """Free bytes of /."""
    boot: float | None = None
    """Unix time of its boot, read with the rest: a boot in between can't mix the two."""
    now: float | None = field(default=None, compare=False)
    """Unix time by its clock."""

    @property
    def uptime(self) -> float | None:
        """Seconds since its boot."""
        return None if self.now is None or self.boot is None else max(0.0, self.now - self.boot)


def parse(answers: tuple[Ran, ...], _before: Upgrade | None) -> Upgrade:
    """Read the rows that _SCRIPT prints. What is missing among them is not known."""
    lines = lines_of(ran(answers[0]))
    if not lines or lines.pop() != "whole":
        raise Unreadable("the answer about the upgrade has no end")
    rows: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(" ")
        rows.setdefault(name, []).append(value)
    version = short(rows.get("version", [""])[0])
    if not version:
        raise Unreadable("/etc/version holds no version")
    space = _SPACE.fullmatch(rows.get("space", [""])[0])
    notes = [value.partition(" ") for value in rows.get("note", ())]
    known = any("-debug" not in one for one in rows.get("kernel", ()))
    offered, looked = _offered(rows)
    return Upgrade(
        version=version,
        offered=offered,
        looked=looked,
        stage=next((short(value) for tag, _, value in notes if tag == "next_stage"), "") if known else None,
        running="running" in rows,
        finished=_time(rows, "finished"),
        began=_time(rows, "began"),
        said=tuple(plain_text(line, 160) for line in rows.get("said", ())[-MAX_SAID:] if line.strip()),
        package=short(rows.get("haproxy", [""])[0]),
        free=int(space[3]) * 1024 if space and int(space[3]) >= 0 else None,
        boot=float(boot[1]) if (boot := _BOOT.fullmatch(rows.get("boot", [""])[0])) else None,
        now=_figure(rows.get("now", [""])[0]),
    )


def _offered(rows: dict[str, list[str]]) -> tuple[str | None, float | None]:
    """pfSense's status 2 is a newer version, which may come without its name where the lists are stale; 0 is none, or a
    flag that forbids to look."""
    status = rows.get("status", [""])[0].partition(" ")[2].strip()
    text = rows.get("offered", [""])[0].partition(" ")[2]
    if status == "2" and (found := _OFFER.match(text)):
        return found[1], _time(rows, "status")
    if status == "0" and "up to date" in text:
        return "", _time(rows, "status")
    return None, _time(rows, "status")


def _time(rows: dict[str, list[str]], name: str) -> float | None:
    return _figure(rows.get(name, [""])[0].partition(" ")[0])


def _figure(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


UPGRADE = Question(
    field="upgrade",
    title="upgrade of pfSense",
    subject=Subject.FIREWALL,
    cadence=Cadence.SLOW,
    asks=lambda _cluster, _name: (Run(("sh", "-c", _SCRIPT), timeout=15),),
    parse=parse,
    apart=True,
)
