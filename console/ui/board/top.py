"""The verdict, what may be lost now, and what else is not as it should be."""

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


def verdict(sight: BoardView, free: int = 0) -> list[Line]:
    """The cluster in a sentence, and the time, so that a screen that stands still is seen to. `free`: lines more that
    it may take."""
    word, text = said(sight)
    shown = sight.findings and sight.verdict.level and not sight.asking
    row = finding_row(sight.findings[0]) if shown else ""
    mark = "►" if row and row == sight.picked else " "
    at, of = sight.place
    head = f"{mark}{sight.picture.cluster.name}  {word.text}  "
    time = f"  {at}/{of}  {clock(sight.now)} " if of > 1 else f"  {clock(sight.now)} "
    room = max(1, sight.width - len(head) - len(time))
    fill = f"bar-{word.style}"
    first = wrapped(text, room)[0].text
    rest = " ".join(harmless(text).split())[len(first) :].strip()
    most = (1 if sight.height < 40 else 2) + free
    more = wrapped(rest, sight.width - 4, "   ", "   ", most=most, more=IN_FULL) if rest else []
    return [
        line(head + first.ljust(room) + time, fill=fill, row=row).cut(sight.width),
        *(one._replace(fill=fill, row=row) for one in more),
    ]


def said(sight: BoardView) -> tuple[words.Word, str]:
    """The verdict's word and sentence. A look that is older than two rounds is no ground to call anything well."""
    if sight.asking:
        return words.Word(words.ASKING, "ASKING", "unknown"), "every machine, for the first time"
    word = words.verdict(sight.verdict.level)
    says = told(sight, sight.findings[0]) if sight.findings and word.mark != words.OK else sight.verdict.says
    if word.mark == words.OK and sight.silent:
        says = f"{sight.silent} has not answered for two rounds; before that: {says}"
        return words.Word(words.OLD, word.word, "unknown"), says
    return word, says


def may_go(sight: BoardView, free: int = 0) -> list[Line]:
    """What may be lost now, in a line or two: where it does not fit, without the reasons. `free`: lines more that it
    may take."""
    if not sight.may_go or sight.asking:
        return []
    most = (1 if sight.height < 20 else 2) + free
    found = _parts(sight, sight.may_go)
    if len(found) > most:
        short = one_line(sight.picture, "enter says why")
        found = _parts(sight, short)
        found = found if len(found) <= most else wrapped(short, sight.width - 2, " ", "   ", most=most, more=" enter")
    lead, colon, rest = found[0].text.partition(": ")
    return [line(Piece(lead + colon, "head"), rest).cut(sight.width), *(one.cut(sight.width) for one in found[1:])]


def _parts(sight: BoardView, text: str) -> list[Line]:
    """Broken between its parts where each has room, else anywhere."""
    found = flow([[part] for part in text.split(" | ")], sight.width - 2, gap=" | ")
    whole = all(len(one.text) <= sight.width for one in found)
    anywhere = wrapped(text, sight.width - 2, " ", "   ")
    return found if whole and len(found) <= len(anywhere) else anywhere


def layers(sight: BoardView) -> list[Line]:
    """Each layer of the request path by its mark, where there is room."""
    if sight.height < 30 or not sight.layers:
        return []
    parts: list[Piece] = []
    for name, level in sight.layers:
        word = words.finding(level)
        parts += [Piece(word.mark + name, word.style), Piece("  ")]
    return [line(Piece(" layers  ", "dim"), *parts[:-1]).cut(sight.width)]


def told(sight: BoardView, one: Finding) -> str:
    """A finding; of a node that is out also since when and why, of one that is half out what mends it, of one that is
    lost whether it is our own doing: that only journal and run know."""
    if one.kind == Kind.LOST and sight.reboots(one.machine):
        return f"{one.says.partition(': ')[0]}: the reboot begun from here has it down"
    if one.kind == Kind.MIXED and (action := sight.resumes(one.machine)):
        return f"{one.says}; r resumes {action} {one.machine}"
    return f"{one.machine} is {out_since(sight, one.machine)}" if one.kind == Kind.OUT else one.says


def others(sight: BoardView, most: int, more: int = 0) -> list[Line]:
    """Findings beyond the one that is the verdict: at most so many lines with one for each, and `more` for sentences
    that would be cut, the worst first."""
    if sight.asking:
        return []
    shown_above = sight.findings[:1] if sight.verdict.level else ()
    rest = [one for one in sight.findings if one not in shown_above and one.kind != Kind.NOT_ASKED]
    rest = [one for one in rest if sight.wants(one.says)]
    shown = rest if len(rest) <= most else rest[: max(0, most - 1)]
    left = len(rest) - len(shown)
    lines: list[Line] = []
    for one in shown:
        said = _other(sight, one, 1 + more)
        more -= len(said) - 1
        lines += said
    if left and most > 0:
        lines.append(line(Piece(f"  and {counted(left, 'more finding')}: w shows them all", "dim")))
    return lines


def _other(sight: BoardView, one: Finding, most: int) -> list[Line]:
    here = finding_row(one) == sight.picked
    lead = Piece(" ►also " if here else "  also ", "" if here else "dim")
    fill, row = "selected" if here else "", finding_row(one)
    first, *rest = [each.text for each in wrapped(told(sight, one), sight.width - 10, most=most, more=IN_FULL)]
    lines = [line(lead, words.finding(one.level), " ", first, fill=fill, row=row)]
    return [each.cut(sight.width) for each in (*lines, *(line(" " * 9 + text, fill=fill, row=row) for text in rest))]
