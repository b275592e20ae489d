"""Output of systemctl show and journalctl on a unit, file by file, and the reading of each.

Beside each NAME.txt of tests/cases/jobs stands NAME.json: some of the job's fields after the last look, or why it can't
be read.
"""

import json
from pathlib import Path

import pytest

from console.probes.ask import Ran, Unreadable
from console.probes.hosts import jobs

CASES = Path(__file__).parents[1] / "cases" / "jobs"
NEXT_LOOK = "== the next look\n"
JOURNAL = "== journal\n"


def read(text: str) -> jobs.Job | str:
    before: jobs.Jobs | None = None
    try:
        for look in text.split(NEXT_LOOK):
            shown, there, journal = look.partition(JOURNAL)
            file = Ran(0 if there else 1, "", "")
            printed = Ran(0, journal, "") if there else Ran(1, "", "")
            before = jobs.parse((Ran(0, "a boot\n", ""), Ran(0, shown, ""), file, printed), before)
    except Unreadable as why:
        return str(why)
    assert before
    return before.of("packages")


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.txt")))
def test_a_unit_is_read(name: str) -> None:
    wanted = json.loads((CASES / f"{name}.json").read_text())
    seen = read((CASES / f"{name}.txt").read_text())
    if isinstance(wanted, str) or isinstance(seen, str):
        assert seen == wanted
        return
    assert {key: getattr(seen, key) for key in wanted} == {**wanted, "words": tuple(wanted["words"])}


def test_where_sudo_does_not_allow_the_journal_nothing_is_known() -> None:
    shown = (CASES / "runs.txt").read_text().partition(JOURNAL)[0]
    refused = Ran(1, "", "sudo: a password is required")
    with pytest.raises(Unreadable, match="a password is required"):
        jobs.parse((Ran(0, "a boot\n", ""), Ran(0, shown, ""), Ran(0, "", ""), refused), None)
