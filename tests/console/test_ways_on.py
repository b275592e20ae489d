"""The ways on from a run that has stopped are told as they are: `u` only where it takes back this run."""

import asyncio
from pathlib import Path

import pytest

from console.operations.procedures import DRAIN, HEAL, MAINTAIN, PATCH, REMOUNT, SYNC_POOLS, WRITER
from console.operations.procedures.steps import Intent, Operation
from console.session.alerts import Alerts
from console.session.run_state import RunState, ended
from tests.console.values import CLUSTER


async def stopped(operation: Operation) -> RunState:
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()
    await asyncio.wait([task])
    return ended(RunState(Path("of/no/file"), Intent(CLUSTER, "x", operation), 0.0, ()), task)  # pyright: ignore


@pytest.mark.parametrize("operation", [DRAIN, MAINTAIN, PATCH])
async def test_u_puts_back(operation: Operation) -> None:
    state = await stopped(operation)
    assert state.final and state.final.message.endswith(": r resumes, u puts back")
    assert Alerts("c").of_run(state, 1.0).key == "r resumes, u puts back"  # pyright: ignore


@pytest.mark.parametrize("operation", [HEAL, REMOUNT, SYNC_POOLS, WRITER])
async def test_u_would_take_back_another_run(operation: Operation) -> None:
    state = await stopped(operation)
    assert state.final and state.final.message.endswith(": r resumes")
    assert Alerts("c").of_run(state, 1.0).key == "r resumes"  # pyright: ignore
