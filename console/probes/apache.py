"""Apache on a node, asked from the node itself: its workers, and whether it serves the site."""

from dataclasses import dataclass, field

from console.answers import whole
from console.asks import Get, Page, Unreadable
from console.inventory import Cluster
from console.question import Cadence, Question, Subject


@dataclass(frozen=True)
class Apache:
    """Of mod_status. `requests_per_second` is between two samples: Apache's own ReqPerSec is an average since start."""

    busy: int
    idle: int
    slots: int
    """Capacity: every place of the scoreboard, open ones too."""
    accesses: int | None
    """None: ExtendedStatus is off."""
    uptime: int
    """Seconds, the clock of the rate."""
    requests_per_second: float | None


@dataclass(frozen=True)
class Site:
    """The check URL, aimed at this node's own Apache."""

    status: int
    seconds: float = field(compare=False)

    @property
    def serves(self) -> bool:
        """2xx or 3xx, what a load balancer's check takes for up."""
        return 200 <= self.status < 400


def parse(answers: tuple[Page, ...], before: Apache | None) -> Apache:
    """From /server-status?auto, whose keys vary by version and MPM."""
    page = answers[0]
    if page.status != 200:
        raise Unreadable(f"mod_status answers HTTP {page.status}; allow /server-status from 127.0.0.1 on this node")
    values = {name: value for name, colon, value in (line.partition(": ") for line in page.body.splitlines()) if colon}
    if "BusyWorkers" not in values or "Scoreboard" not in values:
        raise Unreadable("the status URL is not mod_status in its ?auto form")
    uptime = whole(values.get("ServerUptimeSeconds") or values.get("Uptime"), "ServerUptimeSeconds")
    accesses = whole(values["Total Accesses"], "Total Accesses") if "Total Accesses" in values else None
    return Apache(
        busy=whole(values["BusyWorkers"], "BusyWorkers"),
        idle=whole(values.get("IdleWorkers"), "IdleWorkers"),
        slots=len(values["Scoreboard"]),
        accesses=accesses,
        uptime=uptime,
        requests_per_second=_rate(before, accesses, uptime),
    )


def _rate(before: Apache | None, accesses: int | None, uptime: int) -> float | None:
    if before is None or accesses is None or before.accesses is None:
        return None
    if uptime < before.uptime or accesses < before.accesses:
        return None  # restarted
    if uptime == before.uptime:
        return before.requests_per_second
    return (accesses - before.accesses) / (uptime - before.uptime)


def parse_site(answers: tuple[Page, ...], _before: Site | None) -> Site:
    """From the check URL."""
    return Site(answers[0].status, answers[0].seconds)


APACHE = Question(
    field="apache",
    subject=Subject.NODE,
    cadence=Cadence.FAST,
    asks=lambda cluster, name: (Get(cluster.web.status_url, via=name),),
    parse=parse,
)


def _site(cluster: Cluster, name: str) -> tuple[Get, ...]:
    return (Get(cluster.web.check_url, via=name, host=cluster.web.host),)


SITE = Question(field="site", subject=Subject.NODE, cadence=Cadence.FAST, asks=_site, parse=parse_site)
