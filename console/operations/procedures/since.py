"""Findings that a run of several machines did not begin with: its gates ask about each, on whatever machine it is."""

from collections.abc import Iterator

from console.health import Finding, Kind, Level, findings
from console.operations.guards import Objection, Override
from console.operations.procedures.steps import Intent, Options
from console.probes.snapshot import Snapshot

FINDINGS = "findings"
"""A decision: kind, machine and level of each finding when the run began."""
OWN = frozenset({Kind.VERSIONS_DIFFER})
"""Kinds that an upgrade of one firewall brings, and that of the other ends."""


def findings_of(snapshot: Snapshot) -> Options:
    """The findings of this moment, for the opening line of a run."""
    every = (each for one in findings(snapshot) for each in (one, *one.brings))
    return {FINDINGS: sorted({_name(one, machine, one.level) for one in every for machine in one.machines})}


def new_since(snapshot: Snapshot, intent: Intent) -> Iterator[Objection]:
    """Findings that are new or worse. Notes are none, and a journal that does not tell the findings before has none."""
    if (noted := intent.options.get(FINDINGS)) is None:
        return
    before = frozenset(map(str, noted))
    for one in findings(snapshot):
        if one.level > Level.NOTE and one.kind not in OWN and not _stood(one, before):
            clears = "It was not so when the run began: mend it first, or say yes"
            yield Objection(one.machine, one.message, clears, Override.CONFIRM)


def _stood(one: Finding, before: frozenset[str]) -> bool:
    """Each of its machines had it already, and as bad."""
    levels = [level for level in Level if level >= one.level]
    return all(any(_name(one, machine, level) in before for level in levels) for machine in one.machines)


def _name(one: Finding, machine: str, level: Level) -> str:
    return f"{one.kind} {machine} {int(level)}"
