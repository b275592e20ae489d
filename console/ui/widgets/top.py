"""The strip of clusters, the verdict, and what else is not as it should be."""

from dataclasses import replace

from console.health import Finding
from console.ui import words
from console.ui.lines import Line, Piece, clock, count, fitted, harmless, line, wrapped
from console.ui.widgets.details import out_since
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
    says = told(sight, sight.findings[0]) if sight.findings else sight.verdict.says
    if sight.asking:
        word, says = words.Word(words.ASKING, "ASKING", "unknown"), "every machine, for the first time"
    head = f" {sight.picture.cluster.name}  {word.text}  "
    time = f"  {clock(sight.now)} "
    room = sight.width - len(head) - len(time)
    fill = f"bar-{word.style}"
    first = wrapped(says, room)[0].text
    rest = " ".join(harmless(says).split())[len(first) :].strip()
    more = wrapped(rest, sight.width - 4, "   ", "   ", most=1 if sight.height < 40 else 2) if rest else []
    return [
        line(head + first.ljust(room) + time, fill=fill).cut(sight.width),
        *(replace(one, fill=fill) for one in more),
    ]


def told(sight: Sight, one: Finding) -> str:
    """A finding; of a node that is out also since when and why, which only the journal knows."""
    return f"{one.machine} is {out_since(sight, one.machine)}" if one.kind == "out" else one.says


def others(sight: Sight, most: int) -> list[Line]:
    """Findings beyond the one that is the verdict."""
    if sight.asking:
        return []
    rest = [one for one in sight.findings if one.says != sight.verdict.says and not one.says.endswith("not asked yet")]
    shown = rest if len(rest) <= most else rest[: max(0, most - 1)]
    lines = [
        line(Piece("  also "), words.finding(one.level), " ", fitted(told(sight, one), sight.width - 10))
        for one in shown
    ]
    lines = [one.cut(sight.width) for one in lines]
    if len(shown) < len(rest) and most > 0:
        lines.append(line(Piece(f"  and {count(len(rest) - len(shown), 'more finding')}: l shows them all", "dim")))
    return lines
