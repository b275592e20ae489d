"""A run as plain lines: without a screen, over a bad link, in a script, or after the screen has died.

Exit codes: see Exit. They are documented in docs/commands.md.
"""

import asyncio
import os
import sys
from enum import IntEnum

from console.operations.effects import Effect, On
from console.operations.guards import Override
from console.operations.plan import Consent, NotBegun, Plan
from console.operations.procedures import fitting
from console.operations.procedures.patch_table import shown
from console.operations.procedures.steps import Operation, Options
from console.session.handle import SessionHandle
from console.session.journal import Record
from console.session.lock import Holder
from console.session.open_runs import operation_of, why_open
from console.session.run_state import RunState
from console.session.runner import Note
from console.text import clock, dated, printable
from console.words.ascii import ascii_only, plain


class Exit(IntEnum):
    """The command's exit code."""

    DONE = 0
    NOT_BEGUN = 1
    """A guard objects, or read-only is on. Nothing was changed."""
    STOPPED = 2
    """It stopped on the way and is open in the journal."""
    PARKED = 3
    """Done wherever a machine answered; something is left, and the run is open in the journal."""
    USAGE = 4
    """The command line or the inventory is wrong. Nothing was changed."""
    GATE = 5
    """It waits for a person's answer, and is open in the journal."""
    TAKEN_BACK = 6
    """A step failed, and what was done is taken back. Nothing is open."""
    GIVEN_UP = 7
    """Done, without machines that failed and were given up (--max-failed). Nothing is open."""


WIDE = 200
"""Characters of a row: a terminal folds what is too long for it."""


def _drop_output() -> None:
    """Send all further output nowhere: its reader is gone, and the run goes on."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """One line, with whatever a machine put into it made harmless; blanks are kept."""
    print(plain(printable(text)) if ascii_only(sys.stdout) else printable(text), flush=True)


async def act(
    session: SessionHandle,
    operation: Operation,
    target: str,
    consent: Consent,
    dry_run: bool,
    options: Options | None = None,
) -> Exit:
    """Begin a run, or show its steps, and follow it to its end."""
    await _looked(session, operation, target)
    if (meant := fitting(operation, session.picture, target)) is not operation:
        operation = meant
        await _looked(session, operation, target)
    plan = await session.plan(operation, target, options)
    if dry_run:
        _show(plan)
        return Exit.DONE
    try:
        run = await session.begin(operation, target, consent, options)
    except NotBegun as why:
        return _refused(session, plan, why)
    for message in plan.leaves:
        say(message)
    return await _follow(session, run, consent._replace(read=plan.identities))


async def resume(session: SessionHandle, target: str, consent: Consent, skips: str = "") -> Exit:
    """Go on with the newest open run of a node: it is the last wish for that node. Older ones stay open until the node
    is put back. `skips`: why the machine whose turn it is is given up."""
    await session.look_at_history()
    records = [record for record in session.open if record.target == target]
    if not records:
        say(f"nothing is open for {target} of {session.cluster.name}")
        return Exit.DONE
    record = records[-1]
    if len(records) > 1:
        say(f"{target} has {len(records)} open runs; the newest goes on: {describe(record)}")
    try:
        await _looked(session, operation_of(record), record.target, resumed=True)
        plan = await session.plan_again(record)
    except NotBegun as why:
        say(f"not begun: {why}")
        return Exit.NOT_BEGUN
    try:
        run = await session.resume(record, consent, skips)
    except NotBegun as why:
        return _refused(session, plan, why)
    return await _follow(session, run, consent)


async def _looked(session: SessionHandle, operation: Operation, target: str, resumed: bool = False) -> None:
    """Returns when what the guards need is known, or its time is over."""
    await session.start()
    timings = session.cluster.timings
    slow = timings.seldom_answer if operation.does(Effect.UPDATES) else 0.0
    await session.ready(operation, target, timings.answer + timings.connect + slow, resumed)


def describe(record: Record, held: Holder | None = None) -> str:
    """One open run in a sentence. `held`: who holds the cluster's lock."""
    where = (held and held.carries_out(record.words)) or "; ".join(why_open(record))
    return f"{record.words}, begun {dated(record.begun)} by {record.first('who')}: {where}"


def describe_out(record: Record) -> str:
    """A node that a run which has ended took out, in a sentence: since when, by whom, why."""
    reason = record.first("reason")
    why = f" ({reason})" if reason else ""
    return f"{record.machine} is out since {dated(record.begun)}: {record.operation} by {record.first('who')}{why}"


def _show(plan: Plan) -> None:
    say(f"{plan.words}: nothing is sent, this is what would be")
    for table in plan.tables:
        for row in shown(table, WIDE):
            say(f"  {row}")
        say("")
    for message in plan.notes:
        say(f"  {message}")
    for objection in plan.told:
        say(f"  objection ({objection.override.value}): {objection.sentence}")
    for check in plan.checks:
        say(f"  {'ok ' if check.holds else 'not'} {check.what}: {check.now} (must be: {check.must})")
    for at, (message, orders) in enumerate(plan.steps, 1):
        say(f"  {at}. {message}")
        for order in orders:
            for line in order.splitlines():
                say(f"       {line}")
    for message in plan.leaves:
        say(f"  {message}")


def _refused(session: SessionHandle, plan: Plan, why: NotBegun) -> Exit:
    say(f"not begun: {why}")
    if session.read_only or Override.NEVER in {objection.override for objection in plan.objections}:
        return Exit.NOT_BEGUN
    overrides = {objection.override.value for objection in plan.objections}
    if "confirm" in overrides:
        say("  to go on all the same, add --yes")
    if "name and reason" in overrides:
        hard = (one.machine for one in plan.objections if one.override is Override.NAME_AND_REASON)
        names = dict.fromkeys(hard if plan.operation.on is On.CLUSTER else (plan.target,))
        say(f'  to go on all the same, add {" ".join(f"--override {name}" for name in names)} --reason "..."')
    return Exit.NOT_BEGUN


async def _follow(session: SessionHandle, run: RunState, consent: Consent) -> Exit:
    """Follow a run to its end; after an interruption, until its orders have ended. `consent` was given beforehand: it
    holds for what stood against the run when it was begun, and of a resumed one for the gate that waits."""
    shown, interrupted = 0, None
    while True:
        newest = session.state.run
        run = newest if newest and newest.path == run.path else run
        try:
            for note in run.notes[shown:] if not (run.ended and interrupted) else ():
                _line(note)
        except OSError:
            _drop_output()
        shown = len(run.notes)
        if run.ended:
            break
        try:
            if session.state.gate:
                consent = await _answer(session, consent)
            await session.change(1.0)
        except asyncio.CancelledError as error:
            if interrupted:
                raise
            interrupted = error
            session.halt()
    if interrupted:
        raise interrupted
    if run.unanswered:
        say("the run waits for your answer; give it with: drainboard resume CLUSTER TARGET --yes")
    elif run.ended == "stopped":
        say("the run is open in the journal; resume it with: drainboard resume CLUSTER TARGET")
    return code_of(run)


def code_of(run: RunState) -> Exit:
    """The exit code for a run that has ended."""
    done = Exit.GIVEN_UP if run.given_up else Exit.DONE
    words = {"done": done, "parked": Exit.PARKED, "taken back": Exit.TAKEN_BACK}
    return Exit.GATE if run.unanswered else words.get(run.ended, Exit.STOPPED)


async def _answer(session: SessionHandle, consent: Consent) -> Consent:
    """Answer a gate with the consent given on the command line; park the run without one, for nobody can be asked.
    Returns the consent that is left: it covers no objection that is new at a later gate."""
    question, plan = session.state.gate, await session.gate()
    given = consent.confirmed or consent.typed or consent.machines
    left = await session.agree(consent) if given else "nobody has agreed beforehand (--yes)"
    if left:
        say(f"{question}? Not now: {left}")
        await session.park()
    read = consent.read if plan is None or consent.read is not None else plan.identities
    return consent._replace(read=read)


def _line(note: Note) -> None:
    say(f"{clock(note.at)} {note.step}: {note.message}")
