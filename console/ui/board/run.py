"""A run: its steps, done, under way and left, and the newest sentence."""

from console.inventory.cluster import Cluster
from console.operations.effects import Effect
from console.operations.procedures.steps import Intent
from console.probes.database.writes import Writes
from console.probes.snapshot import Known, Snapshot
from console.probes.web.visitor import Visits
from console.session.journal import Record, Unread
from console.session.lock import Holder
from console.session.open_runs import but, how_far, reasons, told_later, waits_for
from console.session.run_state import RunState
from console.text import ago, counted
from console.ui.lines import Line, Piece, line, moment, wrapped
from console.words import words


def panel(
    run: RunState,
    width: int,
    most: int,
    now: float,
    silent: frozenset[str] = frozenset(),
    visits: Visits | None = None,
    writes: Writes | None = None,
) -> list[Line]:
    """At most `most` lines: a heading, the visits and writes, the steps around the current one, the newest sentence."""
    if most < 2:
        return [_heading(run, 0, 0, width, now)] if most else []
    states = run.states()
    done = sum(state == "done" for _, state in states)
    lines = [_heading(run, done, len(states), width, now)]
    if run.ended and (now - (run.final.at if run.final else now) > 60 or most < 4):
        return lines + _newest(run, width, 1, silent)
    if visits and most >= 5:
        lines.append(line("     ", Piece(visits.sentence, "bad" if visits.failed else "note")).cut(width))
    if writes and most >= 6:
        lines.append(line("     ", Piece(writes.sentence, "bad" if writes.failing else "note")).cut(width))
    newest = _newest(run, width, 3 if most >= 7 else 2, silent)
    for at, state in _window(states, max(1, most - len(lines) - len(newest))):
        lines.append(_step(states, at, state, width))
        if state in ("now", "stopped"):
            lines += newest
            newest = []
    return [*lines, *newest][:most]


def _heading(run: RunState, done: int, steps: int, width: int, now: float) -> Line:
    if not steps and run.notes:
        return line(" ", words.step(_state(run)), f"  {run.intent.words}: {run.notes[-1].message}").cut(width)
    word = words.run("done" if run.ended == "done" else None, under_way=not run.ended, partly=run.ended == "parked")
    word = words.Word(words.WARN, "TAKEN BACK", "warn") if run.ended == "taken back" else word
    left = f"  {done} of {counted(steps, 'step')} done"
    left += but(state for _, state in run.states())
    away = "esc puts this away"
    hints = {"": "s stops here", "done": away, "taken back": away}
    end = Piece("   " + hints.get(run.ended, "r resumes"), "dim")
    text = f"  {run.intent.words}"
    tail = (end, Piece(left)) if run.ended in ("parked", "stopped") else (Piece(left), end)
    since = f", begun {moment(run.begun, now)}"
    room = width - 1 - sum(len(part.text) for part in (word, *tail)) - len(text)
    if room < 0:  # what to press stays in sight
        room, tail = 0, (end,)
    return line(" ", word, Piece(text + since * (room >= len(since)), "head"), *tail, fill="heading").cut(width)


def _state(run: RunState) -> str:
    return {"": "now", "parked": "partly"}.get(run.ended, run.ended)


def _newest(run: RunState, width: int, most: int, silent: frozenset[str]) -> list[Line]:
    note = run.final or (run.notes[-1] if run.notes else None)
    if note is None:
        return []
    if not run.ended and note.message in {message for message, _ in run.states()}:
        return [line(Piece("     asking the machines", "note")).cut(width)]
    style = {"stopped": "bad", "parked": "warn", "taken back": "warn", "done": "ok"}.get(run.ended, "note")
    skipped = "; ".join(reasons(run.skipped, silent, "press r"))
    message = _ending(run, note.message) if run.ended == "done" else skipped or note.message
    return [one.cut(width) for one in wrapped(message, width - 1, "     ", "     ", style, most)]


def _ending(run: RunState, message: str) -> str:
    """The end of a run, and the next thing to do."""
    if not run.intent.operation.leaves_out:
        return message
    last = next((note.message for note in reversed(run.notes) if not note.final), "")
    waited = last and not run.intent.operation.does(Effect.ENDS_SESSIONS)
    sessions = f"{last[:1].upper()}{last[1:]}. " if waited else ""
    stays = f"{run.intent.target} stays out, also after a reload, a boot or a failover."
    return f"{message}. {sessions}{stays} p puts it back."


def _window(states: list[tuple[str, str]], room: int) -> list[tuple[int, str]]:
    """Indexes of the steps to show: the current one, the next, those before. -1: some are left out."""
    every = [(at, state) for at, (_, state) in enumerate(states)]
    if len(every) <= room:
        return every
    current = next((at for at, state in every if state in ("now", "stopped", "todo")), len(every) - 1)
    start = max(0, min(current - 1, len(every) - room))
    return every[start : start + room]


def _step(states: list[tuple[str, str]], at: int, state: str, width: int) -> Line:
    word = words.step(state)
    return line(
        "   ", Piece(word.mark, word.style), f" {at + 1}. ", Piece(states[at][0], "dim" * (state == "todo"))
    ).cut(width)


def sentence(record: Record, now: float, cluster: Cluster) -> str:
    """One open run: operation, node, age, author and progress."""
    begun = f"begun {moment(record.begun, now)}{ago(now - record.begun)} by {record.first('who')}"
    return f"{record.words}, {begun}: {how_far(record, cluster)}"


def unreachable(picture: Snapshot) -> frozenset[str]:
    """Machines that can't be told now: of each one the readings must be known that a step needs."""
    proxies = picture.cluster.mysql_proxy is not None
    told = {view.name for view in picture.firewalls if isinstance(view.pools, Known) and isinstance(view.config, Known)}
    for view in picture.nodes:
        running = isinstance(view.writer, Known) and view.writer.value.running
        told |= {view.name} if isinstance(view.host, Known) and (running or not proxies) else set()
    return frozenset(one.name for one in (*picture.firewalls, *picture.nodes) if one.name not in told)


def _open(
    record: Record, picture: Snapshot, now: float, held: Holder | None, here: RunState | None, width: int
) -> Line:
    """An open run in a line: what r does comes before when it began, and that is left out where it would be cut."""
    gaps, what = record.skipped_machines, record.words
    word, style, silent = words.run(None), "", unreachable(picture)
    begun, _, far = sentence(record, now, picture.cluster).removeprefix(f"{what}, ").rpartition(": ")
    if held and (elsewhere := held.carries_out(record.words)):
        word, message = words.run(None, under_way=True), f"{elsewhere}; {far}"
    elif held:
        message = f"press r when {held.what} of {held.who} has ended"
    elif here:
        message = _waits_for(record, here.intent)
    elif not gaps:
        message = f"press r to go on: {far}"
    else:
        message = waits_for(gaps, silent, "press r")
        style = "bad" if told_later(gaps, silent, "") and silent.isdisjoint(gaps) else ""
    lead = line(" ", word, Piece(f"  {what}: {message}", style))
    since = line(Piece(f" ({begun})", style))
    return Line((*lead.pieces, *since.pieces)) if len(lead.text) + len(since.text) <= width else lead


def _waits_for(record: Record, under_way: Intent) -> str:
    """The fate of an open run while another is under way here."""
    ends = under_way.target == record.target and under_way.operation.does(Effect.PUTS_BACK)
    return f"{under_way.words} {'puts it back and ends this' if ends else 'has to end first'}"


def unread(files: tuple[Unread, ...], width: int) -> list[Line]:
    """Journals that can't be read, in a line at most: whatever they hold may be open."""
    rest = f" (and {len(files) - 1} more)" if len(files) > 1 else ""
    mark = Piece(words.UNKNOWN, "unknown")
    return [
        line(" ", mark, Piece(f" {one.path.name} of the journal can't be read: {one.why}{rest}")).cut(width)
        for one in files[:1]
    ]


def abroad(message: str, width: int) -> list[Line]:
    """An open run of another journal, in two lines at most."""
    return wrapped(f"{words.run(None).text}  {message}", width - 1, " ", "   ", "warn", 2)


def open_runs(
    records: tuple[Record, ...],
    picture: Snapshot,
    width: int,
    most: int,
    now: float,
    held: Holder | None,
    here: RunState | None,
) -> list[Line]:
    """Open runs that are not under way here: a line each. `held`: who works on the cluster from another console, which
    is said even if this journal knows nothing of it. `here`: the run that is under way."""
    told = held is None or any(held.carries_out(record.words) for record in records)
    if (told and not records) or most < 1:
        return []
    lines = [_open(record, picture, now, held, here, width).cut(width) for record in records]
    if held and not told:
        message = f"  {held.who} is at work: {held.what}; wait until it ends"
        lines.insert(0, line(" ", words.run(None, under_way=True), message).cut(width))
    return (
        lines
        if len(lines) <= most
        else [*lines[: most - 1], line(Piece(f"   and {len(lines) - most + 1} more", "dim"))]
    )
