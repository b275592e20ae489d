"""Removes each rule once, of guards, steps, may_go and health, and looks for a test that fails: else it is no rule.

`make mutants` prints a table, and keeps it in tests/mutants.txt: rule, the test that missed it. The kept test is tried
first; tests/test_mutants.py wants one for each rule. Where it passes, or a rule has none, a run of QUICK, then of
TESTS, notes in which tests the rule speaks, and these are tried, the shortest first; with the rule they must pass. Exit
status 1 where a rule was not missed.
`python -m tests.mutate NAME ...` takes these rules alone.

This file is a plugin of pytest, too: `-p tests.mutate` with DRAINBOARD_WITHOUT=RULE, or with DRAINBOARD_SPOKEN=FILE.
"""

import functools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from console import health
from console.operations import guards, may_go
from console.operations.effects import targets
from console.operations.guards import Guard
from console.operations.procedures import OPERATIONS
from console.operations.procedures.steps import Step
from tests.console.values import CLUSTER

TABLE = Path(__file__).parent / "mutants.txt"
QUICK = (
    *("tests/parsers", "tests/console/test_guards.py", "tests/console/test_whole_path.py"),
    *("tests/console/test_may_go.py", "tests/console/test_database.py", "tests/console/test_site.py"),
    *("tests/console/test_unknowns.py", "tests/console/test_failover_guards.py", "tests/console/test_unlisted.py"),
    *("tests/console/test_nothing_found.py", "tests/console/test_bricks.py", "tests/console/test_services.py"),
    "tests/console/test_each_rule.py",
)
TESTS = ("tests/console", "tests/parsers", "tests/commands")
"""Tried where the quick ones miss nothing."""
AT_ONCE = 25
"""Tests of a rule that are tried, the shortest first."""
FIRST = {"steps": "tests/console/test_step_guards.py", "may_go": "tests/console/test_each_rule.py"}
"""Tried where a guard is asked elsewhere, too, and speaks in many tests."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", re.MULTILINE)
"""The name of a test may have spaces in it."""


def names() -> list[str]:
    """Every rule: guards:NAME, steps:STEP.GUARD, may_go:GUARD, health:NAME."""
    steps = (
        step for one in OPERATIONS for target in targets(CLUSTER, one.on) for step in one.steps(CLUSTER, target, {})
    )
    return [
        *(f"guards:{guard.__name__}" for guard in dict.fromkeys(rule.guard for rule in guards.RULES)),
        *dict.fromkeys(f"steps:{_of_step(step, guard)}" for step in steps for guard in step.guards),
        *(f"may_go:{guard.__name__}" for guard in may_go.GUARDS),
        *(f"health:{rule.__name__}" for rule in health.RULES),
    ]


def _of_step(step: Step, guard: Guard) -> str:
    return f"{step.name.replace(' ', '-')}.{guard.__name__}"


def kept() -> dict[str, str]:
    """The table: the test that missed each rule."""
    lines = TABLE.read_text().splitlines() if TABLE.exists() else []
    return {name: test for name, _, test in (line.partition(" ") for line in lines)}


# --- within pytest

_spoken = dict[str, set[str]]()
_seconds = dict[str, float]()


def _spying(name: str, rule: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    @functools.wraps(rule)
    def spy(*args: Any) -> Iterator[Any]:
        for one in rule(*args):
            _spoken.setdefault(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0], set()).add(name)
            yield one

    return spy


def pytest_configure() -> None:
    """Remove one rule, or listen to all."""
    kind, _, name = os.environ.get("DRAINBOARD_WITHOUT", "").partition(":")
    if kind == "guards":
        guards.RULES = tuple(rule for rule in guards.RULES if rule.guard.__name__ != name)
    elif kind == "health":
        health.RULES = tuple(rule for rule in health.RULES if rule.__name__ != name)
    elif kind == "may_go":
        may_go.GUARDS = tuple(guard for guard in may_go.GUARDS if guard.__name__ != name)
    elif kind == "steps":
        left = lambda one: tuple(guard for guard in vars(one)["guards"] if _of_step(one, guard) != name)  # noqa: E731
        Step.guards = property(left, lambda one, given: vars(one).update(guards=given))  # type: ignore[assignment]
    elif "DRAINBOARD_SPOKEN" in os.environ:
        guards.RULES = tuple(
            rule._replace(guard=_spying(f"guards:{rule.guard.__name__}", rule.guard)) for rule in guards.RULES
        )
        health.RULES = tuple(_spying(f"health:{rule.__name__}", rule) for rule in health.RULES)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] = _seconds.get(report.nodeid, 0.0) + report.duration


def pytest_sessionfinish() -> None:
    if "DRAINBOARD_SPOKEN" in os.environ:
        lines = (
            f"{_seconds.get(test, 0.0):.3f} {name} {test}\n"
            for test, rules in _spoken.items()
            for name in rules
            if test
        )
        Path(f"{os.environ['DRAINBOARD_SPOKEN']}.{os.getpid()}").write_text("".join(lines))


# --- the command


def _pytest(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.mutate", *args],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def missed(name: str, *tests: str) -> str:
    """The first of these tests that fails without the rule; "" for none. A busy machine fails one once: it fails
    again, and passes with the rule."""
    done = _pytest("-x", *tests, DRAINBOARD_WITHOUT=name)
    found = _FAILED.search(done.stdout)
    again = found and _pytest(found[1], DRAINBOARD_WITHOUT=name).returncode
    return found[1] if found and again and _pytest(found[1]).returncode == 0 else ""


def spoken(*tests: str) -> dict[str, list[str]]:
    """The ones of these tests that each rule speaks in, the shortest first."""
    with tempfile.TemporaryDirectory() as folder:
        _pytest("-n", "2", *tests, DRAINBOARD_SPOKEN=f"{folder}/spoken")
        lines = sorted(
            (float(seconds), name, test)
            for path in Path(folder).iterdir()
            for seconds, name, test in (line.split(" ", 2) for line in path.read_text().splitlines())
        )
    heard = dict[str, list[str]]()
    for _, name, test in lines:
        heard.setdefault(name, []).append(test)
    return heard


def main(chosen: list[str]) -> int:
    table, left = kept(), list[str]()
    for name in chosen or names():
        began = time.monotonic()
        first = table.get(name) or FIRST.get(name.partition(":")[0], "")
        if first and (test := missed(name, first)):
            table[name] = test
            _keep(table)
            _say(name, test, began)
        else:
            left.append(name)
    for among in (QUICK, TESTS):
        heard = spoken(*among) if left else {}
        for name in left:
            began = time.monotonic()
            tests = heard.get(name, [])[:AT_ONCE]
            table[name] = missed(name, *tests) if tests else ""
            if table[name] or among is TESTS:
                _say(name, table[name], began)
            _keep(table)
        left = [name for name in left if not table[name]]
    return int(bool(left))


def _keep(table: dict[str, str]) -> None:
    """At once: the whole of it takes the better part of an hour."""
    TABLE.write_text("".join(f"{name} {table[name]}\n" for name in names() if table.get(name)))


def _say(name: str, test: str, began: float) -> None:
    print(f"{name:40} {test or 'MISSED BY NO TEST':70} {time.monotonic() - began:4.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
