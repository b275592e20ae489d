"""The command line, and the one place that wires things together.

Heavy packages are imported where they are first needed: `--help` and a wrong inventory answer at once.
"""

import argparse
import gc
import io
import os
import shlex
import signal
import sys
import tempfile
import warnings
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.options import USAGE, parser
from console.inventory.cluster import Cluster, Inventory
from console.inventory.load import InventoryError, load
from console.inventory.paths import default_path
from console.operations.effects import On, targets
from console.operations.procedures import operation
from console.words.ascii import ascii_only, plain

if TYPE_CHECKING:
    from console.cli.demo import Demo
    from console.operations.procedures.steps import Operation
    from console.session.session import Session


ENDS = (signal.SIGHUP, signal.SIGTERM)
OPEN = "a run that was under way is open in the journal"


class NoTerminal(Exception):
    """One sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code; see docs/commands.md."""
    _says_what_it_can()
    if (
        not sys.warnoptions
    ):  # a library's words to programmers are nobody's here, least of all a program's that reads us
        warnings.simplefilter("ignore")
    options = parser().parse_args(arguments)
    try:
        if options.command == "demo":
            return _finish(_demo(options))
        inventory = load(options.inventory or default_path())
        return _finish(_run(options, inventory))
    except (InventoryError, NoTerminal) as error:
        _complain(str(error))
        return USAGE
    except BrokenPipeError:  # whoever read it has heard enough; nothing is to be said at the exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        _complain(f"interrupted; {OPEN}")
        return 130


def _says_what_it_can() -> None:
    """A sign that the terminal's encoding lacks becomes a question mark: it must not end a run half-way."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _finish(command: Coroutine[None, None, int]) -> int:
    """Without a search for garbage from here on, as nearly all that is imported stays; then with few."""
    gc.disable()
    import asyncio

    from console.cli.gc import tuned

    async def seldom() -> int:
        async with tuned():
            return await _unless_ended(command)

    return asyncio.run(seldom())


async def _unless_ended(command: Coroutine[None, None, int]) -> int:
    """A terminal that is closed, and `kill`, end it as Ctrl-C does; a second one ends it at once."""
    import asyncio

    loop, task, code = asyncio.get_running_loop(), asyncio.current_task(), 0

    def end(number: signal.Signals) -> None:
        nonlocal code
        code = 128 + number
        for one in ENDS:
            loop.remove_signal_handler(one)
        if task is not None:
            task.cancel()

    for one in ENDS:
        loop.add_signal_handler(one, end, one)
    try:
        done = await command
    except asyncio.CancelledError:
        if not code:
            raise
        done = code
    if code:  # the screen ends without a word when it is cancelled
        _complain(f"ended by {signal.Signals(code - 128).name}; {OPEN}")
    return code or done


def _complain(says: str) -> None:
    """Where the terminal is gone nobody reads it."""
    with suppress(OSError):
        print(f"drainboard: {plain(says) if ascii_only(sys.stderr) else says}", file=sys.stderr)


async def _run(options: argparse.Namespace, inventory: Inventory) -> int:
    if options.command is None:
        return await _screen(options, inventory)
    if options.command == "runs":
        return _runs(inventory, options.cluster)
    if options.command in ("status", "check", "sudoers", "grants"):
        return await _look(options, inventory)
    cluster = _cluster(inventory, options.cluster)
    known = operation(options.command)
    on = known.on if known else On.NODE
    target = options.target or cluster.name
    if target not in targets(cluster, on):
        names = ", ".join(targets(cluster, on))
        raise InventoryError(f"{inventory.path}: cluster {cluster.name} has no {on.value} {target}; it has {names}")
    return await _act(options, cluster, known, target)


def _cluster(inventory: Inventory, name: str) -> Cluster:
    try:
        return inventory.cluster(name)
    except KeyError:
        names = ", ".join(cluster.name for cluster in inventory.clusters)
        raise InventoryError(f"{inventory.path}: no cluster {name}; there are: {names}") from None


async def _look(options: argparse.Namespace, inventory: Inventory) -> int:
    """The commands that change nothing."""
    names = options.cluster or [cluster.name for cluster in inventory.clusters]
    clusters = tuple(_cluster(inventory, name) for name in dict.fromkeys(names))
    if options.command == "status":
        from console.cli.status import status

        return await status(clusters, as_json=options.json, patience=options.timeout)
    if options.command == "check":
        from console.cli.check import check

        return await check(clusters)
    if options.command == "sudoers":
        from console.cli.rights import sudoers

        return sudoers(clusters, options.user, options.look_only)
    from console.cli.grants import grants

    return grants(clusters)


async def _act(options: argparse.Namespace, cluster: Cluster, known: "Operation | None", target: str) -> int:
    """`known`: the operation to begin; None for a resume."""
    from console.cli import plain
    from console.operations.plan import Consent
    from console.session.session import Session

    consent = Consent(confirmed=options.yes, typed=options.override, reason=options.reason)
    session = Session(cluster, read_only=options.read_only)
    try:
        if known is None:
            return await plain.resume(session, target, consent)
        return await plain.act(session, known, target, consent, options.dry_run)
    finally:
        await session.close()


def _runs(inventory: Inventory, only: str | None) -> int:
    from console.cli import plain
    from console.session.journal import MOVE
    from console.session.lock import holder
    from console.session.session import journal_of, strangers

    clusters = inventory.clusters if only is None else (_cluster(inventory, only),)
    for cluster in clusters:
        journal = journal_of(cluster)
        held = holder(journal.folder / "lock")  # before what is open: a run that ends meanwhile is not listed
        for record in journal.unfinished():
            plain.say(f"{cluster.name}: {plain.describe(record, held)}")
        for node in cluster.nodes:
            out = journal.taken_out(node.name)
            if out is not None and out.outcome is not None:
                plain.say(f"{cluster.name}: {plain.describe_out(out)}")
        for file in journal.read().unread:
            plain.say(f"{cluster.name}: {file.says}. {MOVE}")
    for record in strangers(inventory) if only is None else ():
        plain.say(f"{record.path.parent.name}, which is no cluster of the inventory: {plain.describe(record)}")
    return plain.Exit.DONE


def _must_be_seen() -> None:
    """Without a terminal the screen would run for ever, and nobody would see it. Raises NoTerminal."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        raise NoTerminal("the screen needs a terminal; `drainboard status` needs none")


async def _screen(options: argparse.Namespace, inventory: Inventory, faults: "Demo | None" = None) -> int:
    _must_be_seen()
    import asyncio

    from console.session.session import Session
    from console.ui.app import ConsoleApp

    sessions = tuple(Session(cluster, read_only=options.read_only) for cluster in inventory.clusters)
    app = ConsoleApp(sessions, theme=options.theme, faults=faults, inventory=options.inventory)
    try:
        return await app.run_async() or 0
    finally:
        for session in sessions:
            if session.on_its_way:  # the screen has died
                _complain(f"{session.cluster.name}: {session.on_its_way}")
        await asyncio.gather(*(session.close() for session in sessions))
        if faults is None:
            _tell_open(sessions, options.inventory)


def _tell_open(sessions: "Iterable[Session]", inventory: Path | None) -> None:
    """Tell which runs stay open when the screen is gone, and how to go on with them."""
    from console.cli.plain import describe
    from console.text import printable

    where = f" -i {shlex.quote(str(inventory))}" if inventory else ""
    for session in sessions:
        for record in session.unfinished():
            held = session.elsewhere
            _complain(f"open: {printable(describe(record, held))}")
            if not held and session.cluster.has_node(record.target):
                _complain(f"to go on: drainboard{where} resume {session.cluster.name} {record.target}")


async def _demo(options: argparse.Namespace) -> int:
    from console.cli.demo import DemoFailed, demo
    from console.sim.scenarios import SCENARIOS

    if options.scenarios or options.scenario not in {one.name for one in SCENARIOS}:
        for one in SCENARIOS:
            print(f"{one.name:17} {one.says}")
        if options.scenarios:
            return 0
        _complain(f"no scenario is called {options.scenario}; these are all there are")
        return USAGE
    _must_be_seen()
    with tempfile.TemporaryDirectory(prefix="drainboard-demo-") as name:
        os.environ["DRAINBOARD_STATE"] = str(Path(name) / "state")
        try:
            async with demo(Path(name), options.speed, options.scenario, options.clusters) as cluster:
                return await _screen(options, load(cluster.inventory), cluster)
        except DemoFailed as error:
            _complain(str(error))
            return 1
