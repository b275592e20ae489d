"""Since when a firewall is in persistent CARP maintenance, and by whom, also if it was done in the web interface."""

from typing import NamedTuple

from console.health.facts.membership import config_of
from console.probes.firewalls.maintenance import ENTERED, LEFT
from console.probes.firewalls.revisions import Revision
from console.probes.snapshot import Known, Snapshot
from console.text import SECONDS, dated, figure, quoted


class Maintained(NamedTuple):
    """`since` 0: not known. `before`: only that it was by then."""

    since: int = 0
    by: str = ""
    before: bool = False

    @property
    def words(self) -> str:
        """The end of a sentence, or ""."""
        if not self.since:
            return ""
        by = f" by {quoted(self.by, 60)}" if self.by else ""
        return f" since {'before ' if self.before else ''}{dated(self.since)}{by}"


def maintained(snapshot: Snapshot, firewall: str) -> Maintained | None:
    """None where it is not in maintenance, as far as is known."""
    config, kept = config_of(snapshot, firewall), snapshot.firewall(firewall).revisions
    if config is None or not config.maintenance:
        return None
    revised = figure(config.revised, SECONDS)
    newest = [Revision(revised, config.revision)] if revised is not None else []
    older = list(kept.value.last) if isinstance(kept, Known) else []
    revisions = sorted((*older, *newest), key=lambda one: one.at)
    switched = [one for one in revisions if one.text.endswith((ENTERED, LEFT))]
    if switched and switched[-1].text.endswith(ENTERED):
        return Maintained(switched[-1].at, switched[-1].text.removesuffix(ENTERED).rstrip(": "))
    if switched:  # it was left, and somebody has put an older configuration back
        return Maintained()
    return Maintained(revisions[0].at if older else 0, before=True)
