"""The verdict, the machines that can be lost now, and the other findings."""

from console.health import Finding, Kind
from console.operations.may_go import one_line
from console.text import clock, counted
from console.ui.board.details import out_since
from console.ui.board.view import BoardView, finding_row
from console.ui.lines import Line, Piece, flow, line, wrapped
from console.words import words
from console.words.harmless import harmless

IN_FULL = " w"
"""Behind the ellipsis of a finding that is cut: the key that shows them all, whole."""


def verdict(board: BoardView, free: int = 0) -> list[Line]:
    """The cluster in a sentence, and the time, so that a screen that stands still is seen to. `free`: lines more that
    it may take."""
    word, text = headline(board)
    shown = board.findings and board.verdict.level and not board.asking
    row = finding_row(board.findings[0]) if shown else ""
    mark = "►" if row and row == board.picked else " "
    at, of = board.place
    head = f"{mark}{board.picture.cluster.name}  {word.text}  "
    time = f"  {at}/{of}  {clock(board.now)} " if of > 1 else f"  {clock(board.now)} "
    room = max(1, board.width - len(head) - len(time))
    fill = f"bar-{word.style}"
    first = wrapped(text, room)[0].text
    rest = " ".join(harmless(text).split())[len(first) :].strip()
    most = (1 if board.height < 40 else 2) + free
    more = wrapped(rest, board.width - 4, "   ", "   ", most=most, more=IN_FULL) if rest else []
    return [
        line(head + first.ljust(room) + time, fill=fill, row=row).cut(board.width),
        *(one._replace(fill=fill, row=row) for one in more),
    ]


def headline(board: BoardView) -> tuple[words.Word, str]:
    """The verdict's word and sentence. A look that is older than two rounds is no ground to call anything well."""
    if board.asking:
        return words.Word(words.ASKING, "ASKING", "unknown"), "every machine, for the first time"
    word = words.verdict(board.verdict.level)
    message = describe(board, board.findings[0]) if board.findings and word.mark != words.OK else board.verdict.message
    if word.mark == words.OK and board.aging_machine:
        message = f"{board.aging_machine} has not answered for two rounds; before that: {message}"
        return words.Word(words.AGING, word.word, "unknown"), message
    return word, message


def may_go(board: BoardView, free: int = 0) -> list[Line]:
    """Machines that can be lost now, in a line or two: where it does not fit, without the reasons. `free`: lines more
    that it may take."""
    if not board.may_go or board.asking:
        return []
    most = (1 if board.height < 20 else 2) + free
    found = _parts(board, board.may_go)
    if len(found) > most:
        short = one_line(board.picture, "enter says why")
        found = _parts(board, short)
        found = found if len(found) <= most else wrapped(short, board.width - 2, " ", "   ", most=most, more=" enter")
    lead, colon, rest = found[0].text.partition(": ")
    return [line(Piece(lead + colon, "head"), rest).cut(board.width), *(one.cut(board.width) for one in found[1:])]


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


def describe(board: BoardView, one: Finding) -> str:
    """A finding; of a node that is out also since when and why, of one that is half out what mends it, of one that is
    lost whether it is our own doing: that only journal and run know."""
    if one.kind == Kind.LOST and board.reboots(one.machine):
        return f"{one.message.partition(': ')[0]}: the reboot begun from here has it down"
    if one.kind == Kind.MIXED and (action := board.resumes(one.machine)):
        return f"{one.message}; r resumes {action} {one.machine}"
    return f"{one.machine} is {out_since(board, one.machine)}" if one.kind == Kind.OUT else one.message


def others(board: BoardView, most: int, more: int = 0) -> list[Line]:
    """Findings beyond the one that is the verdict: at most so many lines with one for each, and `more` for sentences
    that would be cut, the worst first."""
    if board.asking:
        return []
    shown_above = board.findings[:1] if board.verdict.level else ()
    rest = [one for one in board.findings if one not in shown_above and one.kind != Kind.NOT_ASKED]
    rest = [one for one in rest if board.wants(one.message)]
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


def _other(board: BoardView, one: Finding, most: int) -> list[Line]:
    here = finding_row(one) == board.picked
    lead = Piece(" ►also " if here else "  also ", "" if here else "dim")
    fill, row = "selected" if here else "", finding_row(one)
    first, *rest = [each.text for each in wrapped(describe(board, one), board.width - 10, most=most, more=IN_FULL)]
    lines = [line(lead, words.finding(one.level), " ", first, fill=fill, row=row)]
    return [each.cut(board.width) for each in (*lines, *(line(" " * 9 + text, fill=fill, row=row) for text in rest))]
