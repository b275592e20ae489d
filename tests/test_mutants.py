"""The list of the rules, and the table of the tests that miss each: nothing is forgotten there."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from console import health
from console.health import Finding
from console.operations import guards
from console.operations.guards import Objection, led_elsewhere, no_traffic, other_bricks, writes_elsewhere
from console.operations.guards.nodes import others_synced, volumes_served
from tests import mutate

ROOT = Path(__file__).parents[1]
BY_STEPS = {led_elsewhere, no_traffic, other_bricks, writes_elsewhere}
"""Guards that steps alone ask, just before they send."""
PARTS = {others_synced, volumes_served}
"""Guards that others are made of."""


def yielding(package: ModuleType, kind: type) -> Iterator[Callable[..., Any]]:
    """The public functions of a package that yield values of a kind."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for name, one in vars(importlib.import_module(found.name)).items():
            own = inspect.isfunction(one) and one.__module__ == found.name and not name.startswith("_")
            if own and inspect.signature(one).return_annotation == Iterator[kind]:
                yield one


def test_no_rule_is_forgotten() -> None:
    assert {*yielding(health, Finding)} == {*health.RULES}
    assert {*yielding(guards, Objection)} == {*(rule.guard for rule in guards.RULES), *BY_STEPS, *PARTS}


def test_each_rule_has_a_name_of_its_own() -> None:
    names = mutate.names()
    assert len(names) == len({*names})


def test_each_rule_has_a_test_that_misses_it() -> None:
    """One that is not on record is found by `python -m tests.mutate NAME`."""
    assert mutate.kept().keys() == {*mutate.names()}


def test_each_test_on_record_is_there() -> None:
    for test in mutate.kept().values():
        path, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text(), test
