"""Each rule of guards and health has a test that misses it: `make mutants` finds it, and the table keeps it."""

from pathlib import Path

import pytest

from tests.mutate import kept, names

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", names())
def test_a_rule_is_missed_by_a_test(name: str) -> None:
    test = kept().get(name)
    assert test, "run: make mutants"
    path, _, function = test.partition("::")
    assert f"def {function.partition('[')[0]}(" in (ROOT / path).read_text(), "renamed: run make mutants"
