"""The claim on a firewall, read while its run begins or ends."""

import pytest

from console.probes.ask import Ran, Run
from console.probes.firewalls.claim import CLAIM, FILE, opening, ordering, parse, released
from tests.console.values import CLUSTER

NOBODY, HOLDS = Ran(1, "", ""), Ran(0, "123\n", "")
BEGUN = opening("abc", "kim", "c", "drain node2", "there", 1.0) + ordering(9.0)


@pytest.mark.parametrize(
    ("before", "text", "after", "held"),
    [
        (HOLDS, BEGUN, HOLDS, True),
        (HOLDS, BEGUN, NOBODY, True),  # it ends, and its last line came later
        (NOBODY, BEGUN, HOLDS, True),
        (HOLDS, BEGUN + released(open=False), NOBODY, True),
        (NOBODY, BEGUN, NOBODY, False),  # it was cut off
        (NOBODY, BEGUN + released(open=False), NOBODY, False),
    ],
)
def test_one_that_begins_or_ends_meanwhile_is_held(before: Ran, text: str, after: Ran, held: bool) -> None:
    assert parse((before, Ran(0, text, ""), after), None).held == held


def test_the_lock_is_looked_at_before_and_after_the_file() -> None:
    asks = CLAIM.asks(CLUSTER, "fw1")
    assert [ask.argv[0] for ask in asks if isinstance(ask, Run)] == ["pgrep", "cat", "pgrep"]
    assert isinstance(asks[1], Run)
    assert asks[1].argv[1] == FILE
