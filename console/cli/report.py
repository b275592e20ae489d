"""A run for others: Markdown, JSON, or one HTML file without script and without anything from elsewhere.

What all three say is in `tables`. Each writes text so that it stands for itself: any of it may be a machine's.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any, NamedTuple, cast

from console.operations.procedures.patching import GATE, PACKAGES, UPDATED
from console.operations.procedures.power import BOOT
from console.operations.procedures.runtime import BACK_AT_RUNTIME, OUT_AT_RUNTIME
from console.probes.web.visitor import SLOW
from console.session.story import Agreed, Change, Commits, Part, Served, Story, Updated
from console.text import clock, counted, listed, plain_text, printable, span

Usual = Mapping[tuple[str, str], float]
"""Seconds by (machine, step)."""
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~&!]")
MAX_CELL = 2000
GONE, BACK = OUT_AT_RUNTIME.name, BACK_AT_RUNTIME.name
"""The steps between which a node gets no visitor."""
COLOURS = {
    "left in": "#3a9d5d",
    "out": "#d9a441",
    "packages": "#4477aa",
    "reboot": "#aa3f3f",
    "waits for an answer": "#999999",
}
OF_STEP = {
    PACKAGES.name: "packages",
    UPDATED.name: "packages",
    BOOT.name: "reboot",
    GATE.name: "waits for an answer",
}
WIDTH, ROW, LEFT, LINES = 900, 28, 90, 3
"""Measures of the picture. `LINES`: rows that the latency takes."""
STYLE = (
    "body{font:15px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.2em .5em;text-align:left;"
    "vertical-align:top}pre{background:#f2f2f2;padding:.5em;overflow-x:auto}svg{max-width:100%}"
)


class Table(NamedTuple):
    """A cell's lines are separated by a line's end."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(run: Story, usual: Usual) -> Iterator[Table]:
    """The report's tables; those of a patch only where it has updated a node."""
    if run.served:
        yield Table("Visits", ("when", "served", "on average", "at most", "slow"), tuple(_served(run)))
    if run.updated:
        yield Table("Machines", ("machine", "updates", "out of service", "MySQL came back"), tuple(_machines(run)))
    yield Table("Who agreed to what", ("when", "who", "", "against which objection"), tuple(_agreed(run)))
    yield Table("Steps", ("when", "on", "step", "", "usual", "what was read back"), tuple(_steps(run, usual)))
    if run.updated:
        yield Table("Updates that waited", ("package", "before", "its update", "machines"), tuple(_updates(run)))


def _machines(run: Story) -> Iterator[tuple[str, ...]]:
    for one in run.updated:
        away = _away(run, one.node)
        came = f"by a full copy (SST) from {one.copied}" if one.copied else "no full copy (SST) was seen"
        yield one.node, counted(len(one.packages), "update"), span(away[1] - away[0]) if away else "?", came


def _served(run: Story) -> Iterator[tuple[str, ...]]:
    words = {"before": "before", "during": "while a machine was out", "after": "after it, and between two"}
    for one in run.served:
        times = (f"{1000 * seconds:.0f} ms" for seconds in (one.average, one.longest))
        yield words[one.when], f"{one.served:,}", *times, f"{one.slow:,} over {SLOW:g} s"


def _commits(run: Story) -> Iterator[str]:
    if one := run.commits:
        gap = f"longest gap between two commits {one.longest_gap:.1f} s, at {clock(one.gap_at)}"
        yield f"MySQL's writer: {one.failed:,} of {one.sent:,} writes failed; {gap}"


def _updates(run: Story) -> Iterator[tuple[str, ...]]:
    """Each with the machines that had it so; what a package manager kept back is in the step that saw the others."""
    nodes = dict[Change, list[str]]()
    for one in run.updated:
        for change in one.packages:
            nodes.setdefault(change, []).append(one.node)
    yield from ((*change, listed(names)) for change, names in nodes.items())


def _agreed(run: Story) -> Iterator[tuple[str, ...]]:
    for each in run.agreed:
        what = f"{each.what}{f' ({each.reason})' if each.reason else ''}"
        yield clock(each.at), each.by, what, "\n".join(each.against) or "nothing stood against it"


def _steps(run: Story, usual: Usual) -> Iterator[tuple[str, ...]]:
    for part in run.parts:
        known = usual.get((part.on, part.name))
        took = f"{part.state}, {span(part.took)}"
        yield clock(part.began), part.on, part.name, took, "" if known is None else span(known), part.says


def _away(run: Story, node: str) -> tuple[float, float] | None:
    """Times between which it got no visitor; the second is the last one that is known where it is not back."""
    mine = [part for part in run.parts if part.on == node]
    gone = next((part.ended for part in mine if part.name == GONE and part.state == "done"), None)
    back = next((part.ended for part in reversed(mine) if part.name == BACK and part.state == "done"), mine[-1].ended)
    return None if gone is None else (gone, max(gone, back))


def _visits(run: Story) -> str:
    """The last count of visits that a step told, without the writes, which have a line of their own."""
    told = next((part.says for part in reversed(run.parts) if " visits failed since " in part.says), "")
    return "; ".join(takewhile(lambda one: " writes failed" not in one, told.split("; ")))


def _head(run: Story, state: str, journal: str, begun: str) -> Iterator[str]:
    yield f"begun {begun} by {run.who}"
    yield state
    yield f"run {run.id}, journal {journal}"
    yield from ([f"why: {run.reason}"] if run.reason else [])
    yield from ([f"visitors: {told}"] if (told := _visits(run)) else [])
    yield from _commits(run)
    yield from run.ends
    yield from (f"not readable in the journal: {damage}" for damage in run.damage)


class Told(NamedTuple):
    """A run, and what its journal alone does not say."""

    run: Story
    cluster: str
    state: str
    journal: str
    begun: str
    usual: Usual

    @property
    def title(self) -> str:
        return f"{self.run.words} in {self.cluster}"

    @property
    def head(self) -> tuple[str, ...]:
        return tuple(_head(self.run, self.state, self.journal, self.begun))

    @property
    def orders(self) -> Iterator[tuple[str, list[str]]]:
        """Each step's orders and answers, as lines."""
        for part in self.run.parts:
            if part.orders or part.answers:
                lines = [line for order in part.orders for line in order.split("\n")]
                answers = (f"answer: {printable(answer)}" for answer in part.answers)
                yield f"{part.name} on {part.on}", [*map(printable, lines), *answers]


def markdown(told: Told) -> Iterator[str]:
    """The lines of a Markdown text."""
    yield f"# {_md(told.title)}"
    yield ""
    yield from (f"- {_md(line)}" for line in told.head)
    for table in tables(told.run, told.usual):
        yield from ("", f"## {table.title}", "", f"| {' | '.join(table.head)} |", f"|{'---|' * len(table.head)}")
        for row in table.rows:
            yield f"| {' | '.join('<br>'.join(map(_md, cell.split(chr(10)))) for cell in row)} |"
    yield from ("", "## Orders and answers", "")
    for title, lines in told.orders:
        yield from (f"{_md(title)}:", "", *(f"    {line}" for line in lines), "")


def _md(text: str) -> str:
    """Text that stands for itself in Markdown."""
    return _MARKDOWN.sub(r"\\\g<0>", plain_text(text, MAX_CELL))


def as_html(told: Told) -> Iterator[str]:
    """The lines of a page: no script, nothing that is loaded from elsewhere."""
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>{_text(told.title)}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{_text(told.title)}</h1>"
    yield f"<ul>{''.join(f'<li>{_text(line)}</li>' for line in told.head)}</ul>"
    yield from _chart(told.run)
    for table in tables(told.run, told.usual):
        yield f"<h2>{_text(table.title)}</h2><table>"
        yield f"<tr>{''.join(f'<th>{_text(cell)}</th>' for cell in table.head)}</tr>"
        for row in table.rows:
            yield f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>"
        yield "</table>"
    yield "<h2>Orders and answers</h2>"
    for title, lines in told.orders:
        yield f"<h3>{_text(title)}</h3><pre>"
        yield from (html.escape(line) for line in lines)
        yield "</pre>"
    yield "</body></html>"


def _text(text: str) -> str:
    return html.escape(plain_text(text, MAX_CELL))


def _cell(text: str) -> str:
    return "<br>".join(map(_text, text.split("\n")))


def _chart(run: Story) -> Iterator[str]:
    """The state of each machine over the time of the run, and the latency of visits."""
    names = list(dict.fromkeys(part.on for part in run.parts))
    whole = max((part.ended for part in run.parts), default=run.begun) - run.begun
    if len(names) < 1 or whole <= 0:
        return

    def x(moment: float) -> float:
        return LEFT + (WIDTH - LEFT) * min(1.0, max(0.0, (moment - run.begun) / whole))

    yield f'<h2>State and latency over time</h2><svg viewBox="0 0 {WIDTH} {ROW * (len(names) + LINES + 2)}" role="img">'
    for row, name in enumerate(names):
        yield f'<text x="0" y="{row * ROW + 18}" font-size="13">{_text(name)}</text>'
        yield _bar(x(run.begun), x(run.begun + whole), row, "left in", f"{name} is left in")
        if away := _away(run, name):
            yield _bar(x(away[0]), x(away[1]), row, "out", f"{name} is out for {span(away[1] - away[0])}")
        for part in run.parts:
            if part.on == name and part.name in OF_STEP:
                title = f"{part.name}: {part.state}, {span(part.took)}"
                yield _bar(x(part.ended - part.took), x(part.ended), row, OF_STEP[part.name], title)
    yield from _latency(run, x, ROW * len(names))
    below = ROW * (len(names) + LINES) + 18
    yield f'<text x="{LEFT}" y="{below}" font-size="12">{clock(run.begun)}</text>'
    yield f'<text x="{WIDTH}" y="{below}" font-size="12" text-anchor="end">{clock(run.begun + whole)}</text>'
    for at, (name, colour) in enumerate(COLOURS.items()):
        left = LEFT + at * 150
        yield f'<rect x="{left}" y="{below + 14}" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{left + 18}" y="{below + 25}" font-size="12">{name}</text>'
    yield "</svg>"


def _latency(run: Story, x: Callable[[float], float], top: int) -> Iterator[str]:
    """A line of averages, its highest point at the top."""
    most = max((seconds for _, seconds in run.latency), default=0.0)
    if not most:
        return
    low, high = top + ROW * LINES - 4, top + 8
    points = " ".join(f"{x(at):.1f},{low - (low - high) * seconds / most:.1f}" for at, seconds in run.latency)
    yield f'<text x="0" y="{high + 10}" font-size="12">{1000 * most:.0f} ms</text>'
    yield f'<text x="0" y="{low}" font-size="12">0 ms</text>'
    yield f'<polyline points="{points}" fill="none" stroke="#4477aa" stroke-width="2"/>'


def _bar(begin: float, end: float, row: int, state: str, title: str) -> str:
    place = f'x="{begin:.1f}" y="{row * ROW + 4}" width="{max(1.0, end - begin):.1f}" height="{ROW - 10}"'
    return f'<rect {place} fill="{COLOURS[state]}"><title>{_text(title)}</title></rect>'


def plain(told: Told) -> dict[str, Any]:
    """The run as objects for JSON; each step with its usual seconds, null where no earlier run has it."""
    run = _plain(told.run)
    for part, each in zip(told.run.parts, run["parts"], strict=True):
        each["usual"] = told.usual.get((part.on, part.name))
    return {**run, "visits": _visits(told.run)}


def as_json(told: Told) -> list[str]:
    """The lines of the same for programs."""
    return json.dumps(plain(told), indent=2).split("\n")


FORMATS: Mapping[str, Callable[[Told], Iterable[str]]] = {"markdown": markdown, "json": as_json, "html": as_html}


def _plain(value: Any) -> Any:
    """Named tuples as objects."""
    if isinstance(value, Story | Part | Agreed | Updated | Change | Served | Commits):
        return {key: _plain(each) for key, each in value._asdict().items()}
    return [_plain(each) for each in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value
