"""The strip of clusters, the verdict, and what else is not as it should be."""

from console.ui import words
from console.ui.lines import Line, Piece, clock, count, line, wrapped
from console.ui.widgets.sight import Sight


def strip(sight: Sight) -> list[Line]:
    """Each cluster with its verdict's mark, where there are several."""
    if len(sight.strip) < 2:
        return []
    parts: list[Piece] = []
    for at, (name, verdict) in enumerate(sight.strip, 1):
        here = name == sight.picture.cluster.name
        word = words.verdict(verdict.level)
        parts += [Piece(f" {at} ", "key"), Piece(name, "head" if here else ""), Piece(f" {word.mark}", word.style)]
    return [line(*parts, Piece("   tab next", "dim")).cut(sight.width)]


def verdict(sight: Sight) -> list[Line]:
    """The cluster in a sentence, and the time, so that a screen that stands still is seen to."""
    word = words.verdict(sight.verdict.level)
    says = sight.verdict.says
    if sight.asking:
        word, says = words.Word(words.ASKING, "ASKING", "unknown"), "every machine, for the first time"
    head = f" {sight.picture.cluster.name}  {word.text}  "
    time = f"  {clock(sight.now)} "
    room = sight.width - len(head) - len(time)
    texts = [one.text for one in wrapped(says, room, most=2 if sight.height < 40 else 3)]
    first = line(head + texts[0].ljust(room) + time, fill=f"bar-{word.style}").cut(sight.width)
    return [first, *(line(" " * len(head) + text, fill=f"bar-{word.style}").cut(sight.width) for text in texts[1:])]


def others(sight: Sight, most: int) -> list[Line]:
    """Findings beyond the one that is the verdict."""
    if sight.asking:
        return []
    rest = [one for one in sight.findings if one.says != sight.verdict.says and not one.says.endswith("not asked yet")]
    shown = rest if len(rest) <= most else rest[: max(0, most - 1)]
    lines = [line(Piece("  also "), words.finding(one.level), " ", one.says).cut(sight.width) for one in shown]
    if len(shown) < len(rest) and most > 0:
        lines.append(line(Piece(f"  and {count(len(rest) - len(shown), 'more finding')}: l shows them all", "dim")))
    return lines
