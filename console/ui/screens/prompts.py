"""Questions to a person before something is done: each a function that returns the answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App

from console import steady
from console.operations.guards import Override
from console.operations.plan import Consent, Plan
from console.operations.procedures import holds, operation
from console.operations.procedures.patch_table import shown
from console.operations.procedures.steps import Option
from console.session.handle import SessionHandle
from console.session.journal import Record, who
from console.session.lock import Holder
from console.session.open_runs import why_open
from console.session.planning import STRANGE
from console.text import span
from console.ui.board.run import sentence, unreachable
from console.ui.lines import BLANK, Line, Piece, line, wrapped
from console.ui.painted import Make
from console.ui.screens.dialog import Entries, Question, ask
from console.words import words

RENEWED = 1.0
"""Seconds between two looks at what stands against an answer, while one reads."""


async def tell(app: App[int], title: str, *sentences: str) -> None:
    """Sentences, and a key to close."""

    def make(width: int, _height: int) -> list[Line]:
        return [one for message in sentences for one in wrapped(message, width)]

    await ask(app, Question(title, make))


async def confirmed(app: App[int], title: str, *sentences: str, yes: str) -> bool:
    """Ask for `y`."""

    def make(width: int, _height: int) -> list[Line]:
        return [one for message in sentences for one in wrapped(message, width)]

    return (await ask(app, Question(title, make, keys=(("y", yes),), close="no, leave it"))).key == "y"


async def waited(app: App[int], title: str, message: Callable[[], str]) -> bool:
    """Show a sentence for as long as there is one; False if a person did not wait for its end."""

    def make(width: int, _height: int) -> list[Line]:
        return wrapped(message(), width)

    question = Question(title, make, close="don't wait", live=True, over=lambda: not message())
    return not message() or (await ask(app, question)).key == "over"


async def consent(app: App[int], plan: Plan, resumed: bool = False, gate: str = "") -> Consent | Option | None:
    """Ask a person about the objections; None when the operation is not to be, an option that was turned round when the
    plan is to be made anew. Where nothing objects, only an operation that always asks and a gate (`gate`: its question)
    ask."""
    if not plan.objections and not gate and (resumed or not plan.operation.asks):
        return Consent(read=plan.identities)
    never = Override.NEVER in {one.override for one in plan.objections}

    def make(width: int, _height: int) -> list[Line]:
        asked = wrapped(f"{gate}?", width, style="head") if gate else []
        return [*asked, *against(plan, width), *([] if never or gate else planned(plan, width))]

    if never:
        await ask(app, Question(f"{plan.title}: not now", make, grave=True))
        return None
    yes = "yes, go on all the same" if plan.objections else f"yes, {plan.words}"
    return await _agreed(app, plan, make, yes, choices=() if resumed or gate else plan.choices)


async def consent_to_stop(
    app: App[int], look: Callable[[], Awaitable[Plan]], run: str, ended: Callable[[], bool]
) -> Consent | None:
    """Like `consent`, for a run that has to be stopped first. Ask in any case, and renew the objections while a person
    reads. Leave out those that nobody can overcome: they may be that run's own doing, such as a node that is still in,
    and are asked again once it has stopped."""

    async def now() -> Plan:
        plan = await look()
        left = tuple(one for one in plan.objections if one.override is not Override.NEVER)
        return plan._replace(objections=left)

    plan = await now()

    async def renewed() -> None:
        nonlocal plan
        while True:
            await asyncio.sleep(RENEWED)
            plan = await now()

    def make(width: int, _height: int) -> list[Line]:
        if ended():
            return wrapped(f"{run} has ended meanwhile: leave this with esc, and look how {plan.target} stands.", width)
        message = (
            f"{run} is under way. It is stopped where it stands, and {plan.target} is put back at once as it was found."
        )
        return [*wrapped(message, width), *([BLANK] if plan.objections else []), *against(plan, width)]

    renewing = asyncio.create_task(renewed())
    try:
        said = await _agreed(app, plan, make, "stop it and put back", live=True)
    finally:
        renewing.cancel()
    return said._replace(read=plan.identities) if isinstance(said, Consent) else None


async def _agreed(
    app: App[int], plan: Plan, make: Make, yes: str, live: bool = False, choices: tuple[Option, ...] = ()
) -> Consent | Option | None:
    """Ask for the node's name and a reason where an objection needs both, else for y, or for an option's key."""
    title, leave = f"{plan.title}?", "no, leave it"
    if Override.NAME_AND_REASON in {one.override for one in plan.objections}:
        named = f"Type the {plan.operation.on.value}'s name, {plan.target}, to go on all the same"
        fields = ((named, plan.target), ("Why (kept in the journal)", ""))
        answer = await ask(app, Question(title, make, fields=fields, grave=True, close=leave, live=live))
        return Consent(True, *answer.typed, read=plan.identities) if answer.key else None
    turned = tuple((one.key, f"{'no-' if plan.options.get(one.name) else ''}{one.name}") for one in choices)
    answer = await ask(app, Question(title, make, keys=(("y", yes), *turned), close=leave, live=live))
    if chosen := next((one for one in choices if one.key == answer.key), None):
        return chosen
    return Consent(confirmed=True, read=plan.identities) if answer.key == "y" else None


MORNING = ("07:00", "09:00")
"""Times that a key chooses."""


async def decided(app: App[int], title: str, until: str = "") -> dict[str, Any] | None:
    """Ask until when, unless that is known, and why; None when it is not to be."""
    chosen = until or await _until(app, title)
    if chosen is None:
        return None
    title, wrong = f"{title} until {until}" if until else title, ""
    while True:

        def make(width: int, _height: int) -> list[Line]:
            told = wrapped("Every console shows who holds it, until when and why.", width)
            return [*told, *(wrapped(wrong, width, style="warn") if wrong else [])]  # noqa: B023 -- read at once

        fields = () if chosen else (("Until when: 07:00, or 2026-11-30 07:00", ""),)
        question = Question(title, make, fields=(*fields, ("Why", "")), close="no, leave it")
        answer = await ask(app, question)
        if not answer.key:
            return None
        *typed, why = answer.typed
        try:
            return holds.options(who(), time.time(), holds.moment(typed[0] if typed else chosen, time.time()), why)
        except ValueError as error:
            wrong = str(error)


async def _until(app: App[int], title: str) -> str | None:
    """A time that a key chooses; "" for one that is to be typed."""
    now = time.time()
    entries = [(text, f"until {text}, in {span(holds.moment(text, now) - now)}") for text in MORNING]
    entries += [("", "until another time"), ("none", "without an end: until somebody puts it back")]
    chosen = await choose(app, title, tuple((str(at), label) for at, (_, label) in enumerate(entries, 1)))
    return None if chosen is None else entries[chosen][0]


def against(plan: Plan, width: int) -> list[Line]:
    """Each objection as its sentence, with how strong it is."""
    lines: list[Line] = []
    for one in plan.told:
        word = words.override(one.override)
        lines += wrapped(f"{word.mark} {one.sentence}", width, rest="  ", style=word.style)
        lines.append(line(Piece(f"  ({word.word})", "dim")))
    return lines


def planned(plan: Plan, width: int, orders: bool = False) -> list[Line]:
    """The steps in words; with `orders` the exact commands as well."""
    lines = [BLANK] if plan.objections else []
    lines += [*checked(plan, width), BLANK] if plan.checks else []
    for table in plan.tables:
        head, *rows = shown(table, width)
        lines += [line(Piece(head, "head")), *(line(row) for row in rows), BLANK]
    lines += [one for message in plan.notes for one in wrapped(message, width, style="dim")]
    if plan.tables and not orders:
        lines += wrapped(f"{len(plan.steps)} steps: y on the board, its dry run, shows each.", width, style="dim")
    else:
        lines.append(line(Piece("What would be done:", "head")))
    for at, (message, commands) in enumerate(plan.steps if orders or not plan.tables else (), 1):
        lines += wrapped(message, width, f" {at:>2}. ", "     ")
        for command in commands if orders else ():
            lines += _verbatim(command, width)
    for one in plan.choices:
        chosen = "chosen" if plan.options.get(one.name) else "not chosen"
        lines += wrapped(f"{one.key}  {one.help} ({chosen})", width, rest="   ", style="dim")
    lines += [BLANK] if plan.leaves else []
    return [*lines, *(one for message in plan.leaves for one in wrapped(message, width))]


def checked(plan: Plan, width: int) -> list[Line]:
    """A table of the things that were looked at: their state now, and the state they must have."""
    rows = [("Looked at", "now", "must be"), *((one.what, one.now, one.must) for one in plan.checks)]
    wide = [max(len(row[at]) for row in rows) for at in (0, 1)]
    texts = [f"{what:{wide[0]}}  {now:{wide[1]}}  {must}" for what, now, must in rows]
    lines = [line(Piece("  " + texts[0], "head")).cut(width)]
    for one, text in zip(plan.checks, texts[1:], strict=True):
        mark, style = (words.OK, "ok") if one.holds else (words.WARN, "warn")
        lines.append(line(Piece(mark, style), f" {text}").cut(width))
    return lines


def _verbatim(command: str, width: int) -> list[Line]:
    """A command as it leaves, cut at the edge into as many lines as it takes."""
    lines: list[Line] = []
    for raw in command.split("\n"):
        room = max(10, width - 6)
        parts = [raw[at : at + room] for at in range(0, len(raw), room)] or [""]
        lines += [line(Piece("      " + part, "dim")) for part in parts]
    return lines


async def opened(app: App[int], session: SessionHandle, record: Record, more: int = 0) -> str:
    """Ask about an open run: r, u, or "" for later. Asks nothing while another process works on the cluster."""
    held = session.state.history.elsewhere
    strange = not session.cluster.knows(record.target)
    known = operation(record.operation)

    def make(width: int, _height: int) -> list[Line]:
        lines = wrapped(sentence(record, steady.now(), session.cluster), width, style="head")
        for message in _waits(held, record) if held else why_open(record, unreachable(session.picture)):
            lines += wrapped(f"- {message}", width, rest="  ")
        if strange:
            message = f"{record.target} is not in the inventory; {STRANGE}: {record.path}"
            lines += [BLANK, *wrapped(message, width, style="warn")]
        elif not held:
            note = "Nothing goes on by itself. Resuming checks each step again before it sends anything."
            lines += [BLANK, *wrapped(note, width, style="dim")]
        return [*lines, *([line(Piece(f"{more} more after this one", "dim"))] if more else [])]

    none = known is not None and (not known.undo or known.undoes_itself)
    back = () if none else (("u", f"put {record.machine} back at once"),)
    keys = () if held or strange else (("r", "resume"), *back)
    title = f"{session.cluster.name}: a run is {'under way' if held else 'open'}"
    question = Question(title, make, keys=keys, close="close" if held else "later", live=True)
    return (await ask(app, question)).key


def _waits(held: Holder, record: Record) -> list[str]:
    """Advice on an open run while another process holds the cluster's lock."""
    return [held.carries_out(record.words) or f"{held.who} carries out {held.what}; wait until it ends, then press r"]


async def reason(app: App[int], title: str, *sentences: str) -> str:
    """Ask why; "" when it is not to be."""

    def make(width: int, _height: int) -> list[Line]:
        return [one for sentence in sentences for one in wrapped(sentence, width)]

    answer = await ask(app, Question(title, make, fields=(("Why", ""),), close="no, leave it"))
    return answer.typed[-1].strip() if answer.key else ""


async def choose(app: App[int], title: str, entries: tuple[tuple[str, str], ...]) -> int | None:
    """The index of one of (key, label)."""
    keys, shown = tuple((key, "") for key, _ in entries), Entries(entries)
    answer = await ask(app, Question(title, shown.lines, keys=keys, entries=shown, close="none of these"))
    return next((at for at, (key, _) in enumerate(entries) if answer.key and answer.key == key), None)
