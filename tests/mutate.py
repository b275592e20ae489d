"""Removes each rule of guards and of health once, and runs tests until one fails: what no test misses is no rule.

`make mutants` prints a table: rule, the test that missed it, seconds. Exit status 1 where a rule was not missed.
`python -m tests.mutate NAME ...` takes the named rules alone.
"""

import os
import re
import subprocess
import sys
import time

from console.health import RULES as HEALTH
from console.operations.guards import RULES as GUARDS

TESTS = (
    *("tests/console/test_guards.py", "tests/console/test_nothing_found.py", "tests/console/test_pictures.py"),
    *("tests/console/test_unknowns.py", "tests/console/test_any_picture.py", "tests/console/test_may_go.py"),
    *("tests/console/test_last_node.py", "tests/console/test_unlisted.py", "tests/console/test_asked.py"),
    *("tests/console/test_put_back.py", "tests/console/test_wrong_machine.py", "tests/console/test_config_unknown.py"),
    *("tests/console/test_operations.py", "tests/console/test_database.py", "tests/console/test_health.py"),
    *("tests/parsers", "tests/console/test_scenarios.py"),
)
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def names() -> list[str]:
    """Every rule: guards:NAME, health:NAME."""
    return [
        *dict.fromkeys(f"guards:{rule.guard.__name__}" for rule in GUARDS),
        *dict.fromkeys(f"health:{rule.__name__}" for rule in HEALTH),
    ]


def missed(name: str) -> str:
    """The first test that fails without the rule; "" for none."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "2", *TESTS],
        env={**os.environ, "DRAINBOARD_WITHOUT": name},
        capture_output=True,
        text=True,
        check=False,
    )
    found = _FAILED.search(done.stdout)
    return found[1] if found else "" if done.returncode == 0 else f"status {done.returncode}"


def main(chosen: list[str]) -> int:
    lived = 0
    for name in chosen or names():
        began = time.monotonic()
        test = missed(name)
        lived += not test
        print(f"{name:40} {test or 'MISSED BY NO TEST':70} {time.monotonic() - began:4.0f} s", flush=True)
    return min(lived, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
