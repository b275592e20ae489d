"""Times that earlier runs took, as the journal has them."""

from collections.abc import Sequence

from console.operations.effects import Effect
from console.operations.procedures import operation
from console.operations.procedures.power import FIT, STOP_MYSQL
from console.session.journal_record import Record


def absences(records: Sequence[Record]) -> dict[str, float]:
    """Seconds for which each node's MySQL was away in the newest finished run that updated it, or rebooted it where
    none has."""
    found = dict[str, float]()
    for effect in (Effect.REBOOTS, Effect.UPDATES):
        for record in records:
            known = operation(record.operation)
            if known is not None and known.does(effect) and record.outcome == "done":
                found |= _of_run(record)
    return found


def _of_run(record: Record) -> dict[str, float]:
    began, took = dict[str, float](), dict[str, float]()
    for entry in record.entries:
        on, step = str(entry.facts.get("on", record.target)), entry.facts.get("step")
        if step == STOP_MYSQL.name and entry.kind == "sending":
            began.setdefault(on, entry.at)
        elif step == FIT.name and entry.kind == "seen" and on in began:
            took[on] = max(0.0, entry.at - began[on])
    return took
