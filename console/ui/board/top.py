"""The site, the worst finding with its key, what can be lost now, and what else is not as it should be."""

from typing import NamedTuple

from console.health import Condition, Finding, Kind, Level
from console.health.news import HURT, UP
from console.health.verdicts import nothing_wrong
from console.operations.may_go import one_line
from console.operations.remedy import remedy
from console.session.run_state import RunState
from console.text import clock, counted
from console.ui.board.details import out_since
from console.ui.board.view import BoardView, finding_row
from console.ui.lines import Line, Piece, fitted, flow, line, wrapped
from console.words import words

IN_FULL = " w"
"""Behind the ellipsis of a finding that is cut: the key that shows them all, whole."""


WHOLE = 4
"""Lines that each finding may have in a column of its own."""


def top_height(board: BoardView) -> int:
    """Lines that `top` takes at least."""
    return 1 if board.asking else 2


def top(board: BoardView, free: int = 0) -> list[Line]:
    """Is the site up, and below it: what hurts most, and the key that helps. `free`: lines more that it may take."""
    return [_site(board), *_headline(board, 1 + free)]


def _site(board: BoardView) -> Line:
    """With the time, so that a screen that stands still is seen to."""
    word, message, since = site(board)
    at, of = board.place
    head = f" {board.picture.cluster.name}  {word.text}  "
    time = f"  {at}/{of}  {clock(board.now)} " if of > 1 else f"  {clock(board.now)} "
    room = max(1, board.width - len(head) - len(time))
    whole = message + since if len(message + since) <= room else message
    return line(head + fitted(whole, room).ljust(room) + time, fill=f"bar-{word.style}").cut(board.width)


def site(board: BoardView) -> tuple[words.Word, str, str]:
    """The word, the sentence, and since when, which is left out where it has no room. A look that is older than two
    rounds is no ground to call the site well."""
    if board.asking:
        return words.Word(words.ASKING, "ASKING", "unknown"), "every machine, for the first time", ""
    word, message = words.site_state(board.site.condition), board.site.message
    if board.site.condition is Condition.UP and board.aging_machine:
        return words.Word(words.AGING, word.word, "unknown"), f"{message}, two rounds ago", ""
    return word, message, _since(board)


def _since(board: BoardView) -> str:
    """The time at which the site fell ill, if this console was there."""
    last = next((note for note in reversed(board.events) if note.step in (HURT, UP)), None)
    ill = board.site.condition in (Condition.HURT, Condition.DOWN)
    told = last and last.message.startswith(words.site_state(board.site.condition).word)
    return f" since {clock(last.at)}" if last and ill and told else ""


def _headline(board: BoardView, most: int) -> list[Line]:
    """In one line, or in at most so many where it is too long."""
    if board.asking:
        return []
    word, message, key, row = headline(board)
    lead = f"{'►' if row and row == board.picked else ' '}{word.mark} "
    room = board.width - len(lead) - len(key) - 3
    text = wrapped(message, max(20, room), most=max(1, most), more=IN_FULL)
    first = line(Piece(lead, word.style), Piece(text[0].text.ljust(room + 1), word.style), Piece(key, "key"))
    rest = [line(Piece(f"   {one.text}", word.style)) for one in text[1:]]
    return [one._replace(row=row).cut(board.width) for one in (first, *rest)]


def headline(board: BoardView) -> tuple[words.Word, str, str, str]:
    """Mark, sentence, what to press, and the finding's row. A run of ours comes first, unless something else hurts."""
    worst, run = _above(board), board.under_way
    if run and worst is None:
        return words.run(None, under_way=True), _at_work(run), "s stops here", ""
    if worst is None and board.aging_machine:
        message = f"{board.aging_machine} has not answered for two rounds; before that nothing was wrong"
        return words.Word(words.UNKNOWN, "", "unknown"), message, "", ""
    if worst is None:
        notes = [one for one in board.findings if one.kind != Kind.NOT_ASKED]
        return (
            words.Word(words.OK, "", "ok"),
            f"{nothing_wrong(board.findings)}{'; w shows notes' * bool(notes)}",
            "",
            "",
        )
    return words.finding(worst.level), describe(board, worst, short=True), press(board, worst), finding_row(worst)


def _above(board: BoardView) -> Finding | None:
    """The finding of row 2; None where a run of ours stands there, or nothing is wrong."""
    worst = board.worst
    return None if worst and board.under_way and not board.harms(worst) else worst


def _at_work(run: RunState) -> str:
    states = run.states()
    at = next((at for at, (_, state) in enumerate(states) if state == "now"), 0)
    return f"{run.words}, step {at + 1} of {len(states)}: {states[at][0] if states else 'begins'}"


def press(board: BoardView, one: Finding) -> str:
    """The key that helps against a finding; where none does, whether there is something to read."""
    if board.resumes(one.machine):
        return "press r"
    if not board.read_only and (found := remedy(board.picture, one)):
        operation, target = found
        return f"press {operation.key}" if target == board.picked else f"{operation.key} on {target}"
    return "w says what to do" if one.level >= Level.UNKNOWN and one.kind != Kind.NOT_ASKED else "nothing to press"


class MayGo(NamedTuple):
    """Machines that can be lost now: in the lines that it must have, and in all that it needs."""

    least: list[Line]
    whole: list[Line]


def may_go(board: BoardView) -> MayGo:
    """The least leaves the reasons out where a line or two do not hold them."""
    if not board.may_go or board.asking:
        return MayGo([], [])
    most = 1 if board.height < 20 else 2
    whole = _parts(board, board.may_go)
    if len(whole) <= most:
        return MayGo(_led(board, whole), _led(board, whole))
    short = one_line(board.picture, "enter says why")
    found = _parts(board, short)
    found = found if len(found) <= most else wrapped(short, board.width - 2, " ", "   ", most=most, more=" enter")
    return MayGo(_led(board, found), _led(board, whole))


def _led(board: BoardView, lines: list[Line]) -> list[Line]:
    lead, colon, rest = lines[0].text.partition(": ")
    return [line(Piece(lead + colon, "head"), rest).cut(board.width), *(one.cut(board.width) for one in lines[1:])]


def _parts(board: BoardView, text: str) -> list[Line]:
    """Broken between its parts where each has room, else anywhere."""
    found = flow([[part] for part in text.split(" | ")], board.width - 2, gap=" | ")
    whole = all(len(one.text) <= board.width for one in found)
    anywhere = wrapped(text, board.width - 2, " ", "   ")
    return found if whole and len(found) <= len(anywhere) else anywhere


def layers(board: BoardView) -> list[Line]:
    """Each layer of the request path by its mark, where there is room."""
    if board.height < 30 or not board.layers:
        return []
    parts: list[Piece] = []
    for name, level in board.layers:
        word = words.finding(level)
        parts += [Piece(word.mark + name, word.style), Piece("  ")]
    return [line(Piece(" layers  ", "dim"), *parts[:-1]).cut(board.width)]


def describe(board: BoardView, one: Finding, short: bool = False) -> str:
    """A finding, with what only journal and run know. `short`: its headline."""
    message = one.headline if short else one.message
    if one.kind == Kind.LOST and board.reboots(one.machine):
        return f"{one.machine} does not answer: the reboot begun from here has it down"
    if one.kind == Kind.MIXED and (action := board.resumes(one.machine)) and not short:
        return f"{message}; r resumes {action} {one.machine}"
    return f"{one.machine} is {out_since(board, one.machine)}" if one.kind == Kind.OUT else message


def other_findings(board: BoardView) -> list[Finding]:
    """The findings beyond the one of row 2."""
    above = _above(board)
    found = [one for one in board.news if one is not above and one.kind != Kind.NOT_ASKED]
    return [] if board.asking else [one for one in found if board.wants(one.message)]


def others(board: BoardView, most: int, more: int = 0) -> list[Line]:
    """Findings beyond the one that is the verdict: at most so many lines with one for each, and `more` for sentences
    that would be cut, the worst first."""
    rest = other_findings(board)
    shown = rest if len(rest) <= most else rest[: max(0, most - 1)]
    left = len(rest) - len(shown)
    lines: list[Line] = []
    for one in shown:
        said = _other(board, one, 1 + more)
        more -= len(said) - 1
        lines += said
    if left and most > 0:
        lines.append(line(Piece(f"  and {counted(left, 'more finding')}: w shows them all", "dim")))
    return lines


def rest(board: BoardView, most: int) -> list[Line]:
    """The same in a column of its own, under a heading: as many as have room, each with its share of the lines."""
    found = other_findings(board)
    lines: list[Line] = [line(" also wrong, worst first", fill="heading").cut(board.width)] if found else []
    for at, one in enumerate(found):
        said = _other(board, one, max(WHOLE, most // len(found)), lead=1)
        if len(lines) + len(said) + (at + 1 < len(found)) > most:
            return [*lines, line(Piece(f" and {counted(len(found) - at, 'more finding')}: w shows them all", "dim"))]
        lines += said
    return lines


def _other(board: BoardView, one: Finding, most: int, lead: int = 7) -> list[Line]:
    """`lead`: cells before its mark."""
    here = finding_row(one) == board.picked
    word = "►also" if here else " also"
    head = Piece(f" {word} " if lead > 1 else word[:lead], "" if here else "dim")
    fill, row = "selected" if here else "", finding_row(one)
    indent = " " * (lead + 2)
    first, *others = wrapped(describe(board, one), board.width - lead - 3, most=most, more=IN_FULL)
    lines = [line(head, words.finding(one.level), " ", first.text, fill=fill, row=row)]
    return [
        each.cut(board.width) for each in (*lines, *(line(indent + one.text, fill=fill, row=row) for one in others))
    ]
