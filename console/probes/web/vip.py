"""A virtual address as a visitor sees it: one GET of the check URL through it."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from console.inventory.addresses import same
from console.inventory.cluster import Cluster, Vip
from console.probes.ask import Get, Page
from console.probes.parsing import serves
from console.probes.question import Cadence, Question, Subject


@dataclass(frozen=True)
class Visit:
    """`node` is which machine answered, where the site says so in an X-Node or X-Served-By header."""

    status: int
    node: str | None = field(compare=False)
    seconds: float = field(compare=False)
    row: int = field(default=0, compare=False)
    """Visits one after the other that were served, up to this one."""

    @property
    def served(self) -> bool:
        """A load balancer's check would pass."""
        return serves(self.status)


def parse(answers: tuple[Page, ...], before: Visit | None) -> Visit:
    page = answers[0]
    row = (before.row if before else 0) + 1 if serves(page.status) else 0
    return Visit(page.status, page.header("X-Node") or page.header("X-Served-By"), page.seconds, row)


def get_of(vip: Vip) -> Get | None:
    """A visit of a virtual address under the site's own name; None for one without a site."""
    if vip.url is None:
        return None
    parts = urlsplit(vip.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    named = not any(same(parts.hostname or "", own) for own in (vip.address, "127.0.0.1"))
    return Get(vip.url, via=vip.via, connect_to=(vip.address, port) if named else None)


def _asks(cluster: Cluster, name: str) -> tuple[Get, ...]:
    get = get_of(next(vip for vip in cluster.vips if vip.name == name))
    return () if get is None else (get,)


VISIT = Question(
    field="visit",
    title="check URL, through the VIP",
    subject=Subject.VIP,
    cadence=Cadence.FAST,
    asks=_asks,
    parse=parse,
    remedy="correct its `url`, or `check_url`, in the inventory, or mend the site",
)
