"""Alerts: the site is worse, a run has ended or waits for a person, a hold has ended or needs somebody meanwhile. Each
cause is told once."""

from typing import NamedTuple

from console.health import Condition, Finding, Kind, Level, findings, site
from console.health.facts.holds import held
from console.operations.remedy import remedy
from console.probes.snapshot import Snapshot
from console.session.run_state import RunState, ways_on
from console.text import listed, plain_text

OVER = 600.0
"""Seconds for which a cause must have been away before it is told again: one that comes and goes is one cause."""
AGAIN = 60.0
"""The same for another trouble of the same machine: the first that is seen of it may be another one the next time."""
RANK = {Condition.UP: 0, Condition.HURT: 1, Condition.DOWN: 2}
LIMIT = 300
"""Characters of a text."""


UNFIT = frozenset(
    {
        *(Kind.LOST, Kind.UNPROVEN, Kind.FIREWALL_LOST, Kind.FIREWALL_UNPROVEN, Kind.BALANCER_STOPPED),
        *(Kind.MYSQL_SILENT, Kind.NON_PRIMARY, Kind.ALONE, Kind.REJECTS_QUERIES, Kind.BRICK_AWAY, Kind.PEER_REJECTED),
        *(Kind.SITE_ERROR, Kind.SITE_SILENT, Kind.DOWN, Kind.DOWN_IN_POOL, Kind.APACHE_FULL, Kind.APACHE_NEARLY_FULL),
        *(Kind.MOUNT_HUNG, Kind.MOUNT_MISSING, Kind.UP_BUT_WEB_FAILS, Kind.UP_BUT_NOT_SYNCED, Kind.UP_BUT_BRICK_AWAY),
    }
)
"""Findings about a machine that can't be spared while a node is held out."""


class Alert(NamedTuple):
    """One message: what, who, and which key helps. All of it is harmless text."""

    at: float
    cluster: str
    what: str
    who: str = ""
    key: str = ""
    worse: bool = True
    """False for good news: it rings no bell."""
    told: bool = True
    """False for what only ends an alert: nobody is told of it."""

    @property
    def text(self) -> str:
        """All in a line."""
        return f"{self.cluster}: {self.what}{f'; {self.key}' if self.key else ''}"


class Alerts:
    """The alerts of one cluster."""

    def __init__(self, cluster: str) -> None:
        self._cluster = cluster
        self._rank = 0
        self._told: dict[str, float] = {}
        """The last moment at which each cause that was told was there."""

    def of_site(self, picture: Snapshot, now: float) -> Alert | None:
        """The alert of a site that is worse than at the last look. One that is not known tells nothing."""
        found = findings(picture)
        state = site(picture, found)
        before, self._rank = self._rank, RANK.get(state.condition, self._rank)
        if state.condition is Condition.UP and before:
            return self._alert(now, f"SITE UP: {state.message}", worse=False)._replace(told=False)
        if state.condition not in (Condition.HURT, Condition.DOWN):
            return None
        worst = next((one for one in found if one.level > Level.NOTE and one.kind is not Kind.NOT_ASKED), None)
        hurts = f"{state.condition.value} {worst.machine}" if worst else state.condition.value
        new = [self._new(hurts, now, AGAIN), self._new(f"{hurts} {worst.kind if worst else ''}", now)]
        if not all(new) or self._rank <= before:
            return None
        who, key = _who(picture, worst) if worst else ("", "")
        return self._alert(now, f"SITE {state.condition.value}: {state.message}", who, key)

    def of_holds(self, picture: Snapshot, now: float) -> tuple[Alert, ...]:
        """The alerts of holds: one has ended, or another machine is not well while a node is held out."""
        found = findings(picture)
        names = frozenset(node.name for node in picture.cluster.nodes if held(picture, node.name) is not None)
        rest = {machine.name for machine in picture.cluster.machines} - names
        ended = [one for one in found if one.kind is Kind.HOLD_ENDED]
        needed = [one for one in found if names and one.kind in UNFIT and not rest.isdisjoint(one.machines)]
        told = [(one, one.message) for one in ended]
        told += [(one, f"while {listed(sorted(names))} is held out: {one.message}") for one in needed]
        return tuple(
            self._alert(now, what, *_who(picture, one))
            for one, what in told
            if self._new(f"held {one.machine} {one.kind}", now)
        )

    def _new(self, cause: str, now: float, over: float = OVER) -> bool:
        """It was not there just now."""
        last, self._told[cause] = self._told.get(cause), now
        return last is None or now - last >= over

    def of_run(self, run: RunState, now: float) -> Alert | None:
        """The alert of a run that has ended. One that waits at a gate was told then."""
        if run.unanswered:
            return None
        said = run.final.message if run.final and run.final.message != run.ended else ""
        what = f"{run.words}: {run.ended}" + (f": {said}" if said else "")
        key = ways_on(run.intent.operation) if run.ended in ("stopped", "parked") else ""
        return self._alert(now, what, run.intent.target, key, worse=run.ended != "done")

    def of_gate(self, words: str, message: str, target: str, now: float) -> Alert:
        """The alert of a run that waits for a person."""
        return self._alert(now, f"{words} waits for you: {message}", target, "answer on its screen")

    def _alert(self, now: float, what: str, who: str = "", key: str = "", worse: bool = True) -> Alert:
        return Alert(now, self._cluster, plain_text(what, LIMIT), plain_text(who, LIMIT), key, worse)


def _who(picture: Snapshot, worst: Finding) -> tuple[str, str]:
    """The machine, and the key that helps."""
    helps = remedy(picture, worst)
    return worst.machine, f"press {helps[0].key} on {helps[1]}" if helps else "w says what to do"
