"""Pages to read: help, log, dry run."""

from textual.app import App

from console.health import findings
from console.operations.plan import Plan
from console.session.handle import SessionHandle
from console.session.journal import MOVE
from console.session.open_runs import why_open
from console.text import ago, zone
from console.ui import keys
from console.ui.board.events import without_replaced
from console.ui.board.run import sentence
from console.ui.lines import BLANK, Line, Piece, line, moment, wrapped
from console.ui.screens.dialog import Question, ask
from console.ui.screens.prompts import against, planned
from console.words import words

SCREENS = {
    keys.CLUSTER: "of one cluster",
    keys.FLEET: "of all clusters",
    keys.DETAIL: "of the details",
    keys.FINDINGS: "of what is wrong",
    keys.LOGS: "of the logs",
}
MEANINGS = (
    (words.Word(words.OK, "UP", "ok"), "as it should be"),
    (words.Word(words.WARN, "no shd", "warn"), "works, and something is missing"),
    (words.Word(words.BAD, "DOWN", "bad"), "broken"),
    (words.Word(words.NOTED, "", "note"), "worth knowing; the cluster is well all the same"),
    (words.Word(words.UNKNOWN, "lost", "unknown"), "not known now, the details say why; stale: too old to count"),
    (words.Word(words.ASKING, "asking", "dim"), "not asked yet; off: HAProxy does not run there"),
    (words.Word(words.AGING, "UP", "dim"), "it was so at the last look, which is older than two rounds"),
    (words.Word(words.OUT, "MAINT", "note"), "taken out by a person"),
    (words.Word(words.DRAIN, "DRAIN", "note"), "taken out by a person, old sessions may end"),
    (
        words.Word(words.WARN, "UP≠", "warn"),
        "config.xml says otherwise than run time: a reload may change it",
    ),
    (
        words.Word(words.UNKNOWN, "reached", "unknown"),
        "Gluster: heal info reaches this brick; whether it heals it can't tell now",
    ),
    (words.Word("", "… w", "text"), "there was no room for the rest: this key shows it"),
    (words.Word("", "≤5s", "dim"), "age: read within two rounds, which is as fresh as can be; older ones are counted"),
    (words.Word("", "3/3 q0", "text"), "Galera: members in this node's component, of all; write-sets waiting"),
    (words.Word("", "+212/s", "text"), "commits a second; - until there are two looks to compare"),
    (words.Word("", "31/400", "text"), "Apache: busy workers of all slots"),
    (words.Word("", "no shd", "text"), "Gluster: the self-heal daemon of this brick is off, nothing heals there"),
)


async def help_page(app: App[int], kind: str) -> None:
    """Every key of a screen, every mark."""

    def make(width: int, _height: int) -> list[Line]:
        lines = [line(Piece(f" The keys, {SCREENS[kind]}", "head"))]
        lines += [one for key in keys.on(kind) for one in wrapped(key.help, width, f" {key.key:<11} ", " " * 13)]
        lines += [BLANK, line(Piece(" The marks and words", "head"))]
        for word, message in MEANINGS:
            first, *rest = wrapped(message, max(20, width - 16))
            lines += [Line((Piece(f" {word.text:<14} ", word.style), *first.pieces))]
            lines += [Line((Piece(" " * 16), *one.pieces)) for one in rest]
        return lines

    await ask(app, Question("help", make, page=True))


async def dry_page(app: App[int], plan: Plan) -> None:
    """Guards, steps, exact commands."""

    def make(width: int, _height: int) -> list[Line]:
        fine = [] if plan.objections else [line(Piece("Nothing stands against it now.", "ok"))]
        return [*fine, *against(plan, width), *([BLANK] if fine else []), *planned(plan, width, orders=True)]

    await ask(app, Question(f"{plan.cluster}: dry run: {plan.words} (nothing is sent)", make, page=True))


async def ready_page(app: App[int], session: SessionHandle) -> None:
    """Everything to clear before a patch, each with its remedy."""
    found = await session.readiness()

    def make(width: int, _height: int) -> list[Line]:
        if not found:
            return [line(Piece("Ready: nothing is to be cleared.", "ok"))]
        lines = [line(Piece(f"{len(found)} to clear before a patch", "head"))]
        for one in found:
            lines += wrapped(f"{words.WARN} {one.machine}: {one.saw}.", width, " ", "   ", "warn")
            lines += wrapped(f"{one.clears}.", width, "   ", "   ")
        return lines

    await ask(app, Question(f"{session.cluster.name}: ready for a patch?", make, page=True))


async def log_page(app: App[int], session: SessionHandle, now: float) -> None:
    """Findings, events newest first, runs newest first."""
    found, notes = findings(session.picture), without_replaced(session.state.events)
    held, (records, unread) = session.state.history.elsewhere, await session.journal()

    def make(width: int, _height: int) -> list[Line]:
        lines = [line(Piece("What is not as it should be", "head"))]
        for one in found:
            word = words.finding(one.level)
            lines += wrapped(f"{word.mark} {one.message}", width, " ", "   ", word.style)
        lines += [BLANK, line(Piece(f"Events, newest first, in {zone()}", "head"))]
        for note in reversed(notes):
            mark = words.event(note.step)
            over = "over: " if note.step == "over" else ""
            lines += wrapped(
                f"{moment(note.at, now)}{ago(now - note.at)} {mark.mark} {over}{note.message}", width, " ", " " * 12
            )
        lines += [BLANK, line(Piece("Runs in the journal, newest first", "head"))]
        for file in unread:
            lines += wrapped(f"{words.UNKNOWN} {file.message}. {MOVE}", width, " ", "   ", "unknown")
        for record in reversed(records[-50:]):
            mine = session.running is not None and session.running.path == record.path
            here = mine or (record.outcome is None and bool(held and held.carries_out(record.words)))
            word = words.run(record.outcome, under_way=here)
            lines += wrapped(f"{word.text}  {sentence(record, now, session.cluster)}", width, " ", "    ", word.style)
            for message in why_open(record) if record.outcome is None and not here else ():
                lines += wrapped(message, width, "    ", "    ", "dim")
        return lines

    await ask(app, Question(f"{session.cluster.name}: log", make, page=True))
