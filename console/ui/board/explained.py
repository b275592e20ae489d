"""A finding explained: what it means, what likely causes it, in order, and what to look at."""

from typing import TYPE_CHECKING

from console.health import Finding, Kind
from console.ui.board.view import BoardView, finding_row
from console.ui.lines import BLANK, Line, Piece, line, wrapped
from console.words import words

if TYPE_CHECKING:
    from console.health.explained import Explanation


def explanation(kind: Kind) -> "Explanation | None":
    """The explanation of a kind. Its text is read when it is first wanted, not before the first paint."""
    from console.health.explained import explanations

    return explanations().get(kind)


def explained(one: Finding, width: int) -> list[Line]:
    """A finding with its whole explanation."""
    word = words.finding(one.level)
    lines = wrapped(f"{word.mark} {one.message}", width, " ", "   ", word.style)
    found = explanation(one.kind)
    if found is not None:
        lines += [BLANK, *wrapped(found.means, width, " ", " ")]
        lines += _listed("Likely causes, the likeliest first", found.causes, width, numbered=True)
        lines += _listed("What to look at", found.look, width)
    if one.brings:
        lines += _listed("What follows from it", tuple(each.message for each in one.brings), width)
    return lines


def _listed(title: str, sentences: tuple[str, ...], width: int, numbered: bool = False) -> list[Line]:
    if not sentences:
        return []
    lines = [BLANK, line(Piece(f" {title}", "head"))]
    for at, message in enumerate(sentences, 1):
        lines += wrapped(message, width, f" {at}. " if numbered else " - ", "    " if numbered else "   ")
    return lines


def meaning(board: BoardView, most: int) -> list[Line]:
    """The meaning of the selected finding on the board, in a few lines."""
    chosen = next((one for one in board.findings if finding_row(one) == board.picked), None)
    found = explanation(chosen.kind) if chosen else None
    if found is None or most <= 0:
        return []
    lines = wrapped(found.means, board.width - 2, "   ", "   ", "note", most=max(1, most - 1))
    return [*lines, line(Piece("   ? says what causes it and what to look at", "dim"))][:most]
