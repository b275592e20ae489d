"""Every cluster in a row: what it is like, who is MASTER, its nodes as marks, open runs, age, and a sentence."""

from collections.abc import Sequence

from console.ui import words
from console.ui.glance import Glance
from console.ui.lines import Line, Piece, fitted, line
from console.ui.words import Word

NAME = 16


def heading(width: int, nodes: int) -> Line:
    """Titles of the columns."""
    marks = max(5, nodes)
    wide = "  runs   age  what is wrong" if width >= 80 else "  what is wrong"
    return line(Piece(f"      {'cluster':<{NAME}} {'':<9} {'nodes':<{marks}} {'MASTER':<9}{wide}"), fill="heading").cut(
        width
    )


def row(one: Glance, number: int, here: bool, width: int, now: float, nodes: int, limit: float) -> Line:
    """One cluster."""
    marks = max(5, nodes)
    parts: list[Piece] = [
        Piece(f" {'►' if here else ' '}{number:>3} ", "key"),
        Piece(f"{one.name:<{NAME}.{NAME}} ", "head"),
    ]
    parts += [_padded(one.word, 9), Piece(" ")]
    parts += [Piece(word.mark, word.style) for word in one.nodes[:marks]]
    parts += [Piece(" " * (marks - len(one.nodes) + 1)), _padded(one.master, 9)]
    if width >= 80:
        runs = Word("►", "run", "note") if one.running else Word(words.WARN, f"{one.open}", "warn")
        shown = runs if one.running or one.open else Word("", "-", "dim")
        age = words.age(now - one.at, limit) if one.at else Word(words.UNKNOWN, "", "unknown")
        parts += [Piece(f"  {shown.text:<4}", shown.style), Piece(f" {age.text:>5}", age.style)]
    left = width - sum(len(part.text) for part in parts) - 3
    parts += [Piece("  "), Piece(fitted(one.says, max(10, left)), "" if one.level else "dim")]
    return line(*parts, fill="selected" if here else "", row=str(number)).cut(width)


def _padded(word: Word, width: int) -> Piece:
    return Piece(f"{word.text:<{width}.{width}}", word.style)


def beneath(one: Glance, width: int, here: bool, number: int) -> Line:
    """What may be lost there, under its row."""
    text = fitted(one.may_go or "", width - 8)
    return line(Piece(f"      {text}", "dim"), fill="selected" if here else "", row=str(number)).cut(width)


def summary(every: Sequence[Glance], width: int, clock: str) -> Line:
    """How many are how."""
    counts = [(words.verdict(level), sum(one.level is level and one.word.mark != words.ASKING for one in every))
              for level in sorted({one.level for one in every}, reverse=True)]  # fmt: skip
    asking = sum(one.word.mark == words.ASKING for one in every)
    counts += [(Word(words.ASKING, "ASKING", "unknown"), asking)] if asking else []
    counts = [(word, number) for word, number in counts if number]
    worst = counts[0][0] if counts else words.NOTHING
    said = "   ".join(f"{word.mark}{number} {word.word}" for word, number in counts)
    left = f" {len(every)} clusters   {said}"
    room = max(1, width - len(clock) - 2)
    return line(f"{left[:room]:<{room}} {clock} ", fill=f"bar-{worst.style or 'unknown'}").cut(width)
