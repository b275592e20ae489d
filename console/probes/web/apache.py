"""Apache on a node, asked from the node itself: its workers, and whether it serves the site."""

from collections import Counter
from dataclasses import dataclass, field, replace

from console.inventory.cluster import Cluster
from console.probes.ask import Get, Page, Unreadable
from console.probes.parsing import each, lines_of, rate, serves, told, whole
from console.probes.question import Cadence, Question, Subject
from console.text import counted, quoted

LETTERS = "_SRWKDCLGI."
"""Letters of the scoreboard: waiting, starting, reading, sending, keep-alive, DNS, closing, logging, finishing, idle
cleanup, open."""
MAX_SLOTS = 100_000


@dataclass(frozen=True)
class Apache:
    """mod_status of one node. Rates are between two looks: Apache's own ReqPerSec is an average since its start. They
    count the console's own requests too."""

    busy: int
    idle: int
    slots: int
    """Capacity: every place of the scoreboard, open ones too."""
    accesses: int | None = field(compare=False)
    """Since its start. None: ExtendedStatus is off."""
    uptime: int | None = field(compare=False)
    """Seconds. None: not told, as by 2.4.6 with ExtendedStatus off."""
    requests_per_second: float | None
    """None while there is no second look to compare with, or while ExtendedStatus is off."""
    bytes_per_second: float | None = None
    scoreboard: tuple[tuple[str, int], ...] = ()
    """(letter, how many), in the order of LETTERS; letters nobody is at are left out."""
    total_kbytes: int | None = field(default=None, compare=False)
    at: float = field(default=0.0, compare=False)
    """Time of the look, in the console's monotonic seconds: the clock of the rates."""
    unread: tuple[str, ...] = ()
    """Reasons why a total can't be read; the workers stand."""

    @property
    def extended(self) -> bool:
        """ExtendedStatus is on: without it there are no rates."""
        return self.accesses is not None


@dataclass(frozen=True)
class Site:
    """The check URL, aimed at this node's own Apache."""

    status: int
    seconds: float = field(compare=False)

    @property
    def serves(self) -> bool:
        """A load balancer's check would pass."""
        return serves(self.status)


def parse(answers: tuple[Page, ...], before: Apache | None) -> Apache:
    """Read /server-status?auto, whose keys vary by version and MPM."""
    page = answers[0]
    if page.status != 200:
        raise Unreadable(_no_status(page))
    pairs = (line.strip().partition(": ") for line in lines_of(page.body))
    values = {name: value for name, colon, value in pairs if colon}
    if "BusyWorkers" not in values or "Scoreboard" not in values:
        raise Unreadable("the status URL is not mod_status in its ?auto form")
    busy, idle = whole(values["BusyWorkers"], "BusyWorkers"), whole(values.get("IdleWorkers"), "IdleWorkers")
    if busy + idle > len(values["Scoreboard"]):
        raise Unreadable("the scoreboard has fewer places than there are workers")
    unread: list[str] = []

    def total(*names: str) -> int | None:
        printed = [(name, values[name]) for name in names if name in values][:1]
        return next(iter(each(lambda one: whole(one[1], one[0]), printed, unread)), None)

    look = Apache(
        busy=busy,
        idle=idle,
        slots=len(values["Scoreboard"]),
        accesses=total("Total Accesses"),
        uptime=total("ServerUptimeSeconds", "Uptime"),
        requests_per_second=None,
        scoreboard=_letters(values["Scoreboard"], unread),
        total_kbytes=total("Total kBytes"),
        at=page.at,
        unread=told(unread),
    )
    return look if before is None or _restarted(before, look) else _with_rates(before, look)


def _no_status(page: Page) -> str:
    """Each status has its own mend."""
    message = f"mod_status answers HTTP {page.status}"
    if page.status in (301, 302, 303, 307, 308):
        where = quoted(page.header("Location") or "nowhere", 120)
        return (
            f"{message}: it is redirected to {where}. Give it a plain virtual host"
            " on 127.0.0.1, or name another status_url in the inventory"
        )
    if page.status == 404:
        return (
            f"{message}, no such page: mod_status is off, or the site's rewrite rules take /server-status for their own"
        )
    if page.status in (401, 403):
        return f"{message}; allow /server-status from 127.0.0.1 on this node, without a password"
    return f"{message}; see Apache's error log on this node"


def _letters(scoreboard: str, unread: list[str]) -> tuple[tuple[str, int], ...]:
    counts = Counter(scoreboard)
    strange = sum(count for letter, count in counts.items() if letter not in LETTERS)
    if not scoreboard or len(scoreboard) > MAX_SLOTS or strange * 2 >= len(scoreboard):
        raise Unreadable("the scoreboard is not made of mod_status's letters")
    if strange:
        unread.append(f"{counted(strange, 'place')} of the scoreboard with a letter that is not known here")
    return tuple((letter, counts[letter]) for letter in LETTERS if letter in counts)


def _restarted(before: Apache, look: Apache) -> bool:
    return (before.uptime or 0) > (look.uptime or 0) or (before.accesses or 0) > (look.accesses or 0)


def _with_rates(before: Apache, look: Apache) -> Apache:
    seconds = look.at - before.at
    kbytes = rate(before.total_kbytes, look.total_kbytes, seconds)
    return replace(
        look,
        requests_per_second=rate(before.accesses, look.accesses, seconds),
        bytes_per_second=None if kbytes is None else kbytes * 1024,
    )


def parse_site(answers: tuple[Page, ...], _before: Site | None) -> Site:
    return Site(answers[0].status, answers[0].seconds)


APACHE = Question(
    field="apache",
    title="Apache's mod_status",
    subject=Subject.NODE,
    cadence=Cadence.FAST,
    asks=lambda cluster, name: (Get(cluster.web.status_url, via=name),),
    parse=parse,
    remedy="switch mod_status on, and correct `status_url` in the inventory if it lies elsewhere",
)


def own_site(cluster: Cluster, name: str) -> tuple[Get, ...]:
    """The check URL of the cluster, from a node's own Apache."""
    return (Get(cluster.web.check_url, via=name, host=cluster.web.host),)


SITE = Question(
    field="site",
    title="check URL, by itself",
    subject=Subject.NODE,
    cadence=Cadence.FAST,
    asks=own_site,
    parse=parse_site,
    remedy="correct `check_url` of [web] in the inventory, or mend the site",
)
