"""Intents and plans for one cluster: what a run would do, and all that stands against it, in a picture."""

import platform
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from console.health.facts.membership import Place, place
from console.inventory.cluster import Cluster
from console.operations.effects import On, targets
from console.operations.guards import Objection, checked
from console.operations.plan import NotBegun, Plan, against
from console.operations.procedures import holds
from console.operations.procedures.firewalls import of_the_pools
from console.operations.procedures.steps import Intent, Operation, Options
from console.probes.snapshot import Snapshot
from console.session.claimants import open_elsewhere, without_last_word
from console.session.journal import Journal, Record, open_records, who
from console.session.open_runs import outcome_unknown, taken_over, unread
from console.session.orders import preview
from console.session.runner import taking_back
from console.session.usual import absences
from console.wire import Wire

STRANGE = "enter it there again to go on with its run, or delete that run's file"


def open_but(records: tuple[Record, ...], under_way: Path | None) -> tuple[Record, ...]:
    """Runs that were never closed, oldest first, without the one that is under way here."""
    return tuple(record for record in open_records(records) if record.path != under_way)


@dataclass(frozen=True)
class Planner:
    """Plans with the journal of this console. `wire`: for the addresses that a plan shows."""

    cluster: Cluster
    wire: Wire
    journal: Journal

    @property
    def place(self) -> str:
        """The place of the journal, as this console's claims name it."""
        return f"{platform.node()}:{self.journal.folder}"

    def intent(self, picture: Snapshot, operation: Operation, target: str, options: Options | None = None) -> Intent:
        """The intent of a new run. If the node is not in, it starts with what an earlier run found and has not put
        back."""
        known = operation.on is On.NODE and self.cluster.has_node(target)
        gone = known and place(picture, target) is not Place.IN
        earlier = self.journal.taken_out(target) if gone else None
        found = {key: value for key, value in (earlier.found if earlier else {}).items() if of_the_pools(key)}
        decided = dict[str, Any]()
        if target in targets(self.cluster, operation.on):
            decided |= operation.decides(picture, target)
        if operation.lasts_until:
            decided |= holds.options(who(), time.time(), 0, "")
        return Intent(self.cluster, target, operation, found, who(), decided | dict(options or {}))

    def resumed(self, record: Record, operation: Operation) -> Intent:
        """The intent of a run that goes on."""
        intent = Intent(self.cluster, record.target, operation, record.found, who(), record.options)
        return replace(intent, taken_back=taking_back(record, intent.steps))

    def plan(
        self, picture: Snapshot, intent: Intent, record: Record | None = None, under_way: Path | None = None
    ) -> Plan:
        """Steps and objections. `record`: the run that is resumed; `under_way`: the file of the run that is at work
        here. Raises NotBegun."""
        operation, target, resumed = intent.operation, intent.target, record is not None
        if target not in targets(self.cluster, operation.on):
            raise NotBegun(f"{self.cluster.name} has no {operation.on.value} {target} in the inventory; {STRANGE}")
        back = intent.taken_back  # as it was found: nothing that the run did is held against that
        usual = absences(self.journal.read().records) if operation.on is On.CLUSTER else {}
        stands = () if back else against(picture, intent, resumed, record.machine if record else "", usual)
        return Plan(
            self.cluster.name,
            operation,
            target,
            (
                *stands,
                *(taken_over(record, who()) if record else ()),
                *open_elsewhere(picture, self.place, target),
                *self._outcome_unknown(intent, resumed, under_way),
                *without_last_word(picture, time.time(), self.place),
            ),
            preview(picture, intent, self.wire),
            () if back else tuple(checked(picture, operation.effects, target, operation.on)),
            options=intent.options,
            leaves=() if back else operation.leaves(picture, target, intent.options),
            tables=() if back else operation.tables(picture, intent.options, usual),
            notes=() if back else operation.notes(picture, intent.options, usual),
        )

    def _outcome_unknown(self, intent: Intent, resumed: bool, under_way: Path | None) -> tuple[Objection, ...]:
        """Objections: orders whose outcome is unknown. None against the resume of the very run: it sends the same
        orders again."""
        same, read = (intent.target, intent.operation.name) if resumed else None, self.journal.read()
        others = (one for one in open_but(read.records, under_way) if (one.target, one.operation) != same)
        return (*outcome_unknown(others, time.time()), *unread(read.unread, intent.target))
