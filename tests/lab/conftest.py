"""The lab for pytest: one a session, under a name of its own, and everything in this folder marked `lab`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from . import host
from .lab import Lab
from .plan import NODES

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this folder: it needs the lab."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.lab)


def _go_without(why: str) -> NoReturn:
    """Loudly: a skipped lab proves nothing."""
    if os.environ.get("DRAINBOARD_LAB") == "require":
        pytest.fail(f"DRAINBOARD_LAB=require, but no lab can run here: {why}", pytrace=False)
    pytest.skip(f"NO LAB HERE, nothing of the real cluster was tried: {why}")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A healthy cluster; tests that break it call `lab.reset()` or wait for `lab.wait_healthy()` at their end."""
    why = host.why_not()
    if why:
        _go_without(why)
    try:
        lab = Lab.up(f"test-{os.getpid()}", owned=True)
    except host.Unavailable as error:
        _go_without(str(error))
    try:
        yield lab
    finally:
        lab.down()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failure stands what MySQL on the nodes had to say: it is gone with the lab."""
    report = yield
    found = getattr(item, "funcargs", {}).get("lab")
    if call.when == "call" and report.failed and isinstance(found, Lab):
        for name in NODES:
            report.sections.append((f"MySQL on {name}", _journal(found, name)))
    return report


def _journal(lab: Lab, name: str) -> str:
    try:
        return lab.machines[name].sh("journalctl --unit=mariadb --lines=60 --no-pager", timeout=10)
    except (host.LabError, OSError, subprocess.TimeoutExpired) as error:
        return f"{type(error).__name__}: {error}"
