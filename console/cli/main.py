"""The command line, and the one place that wires things together.

Heavy packages are imported where they are first needed: `--help` and a wrong inventory answer at once.
"""

import argparse
import gc
import io
import os
import shlex
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.options import USAGE, parsed, utc
from console.inventory.cluster import Cluster, Inventory
from console.inventory.load import InventoryError, load
from console.inventory.paths import default_path
from console.inventory.table import allowed
from console.operations.effects import On, targets
from console.operations.procedures import UNDO, operation, undo_on
from console.words.ascii import ascii_only, plain

if TYPE_CHECKING:
    from console.cli.demo import Demo
    from console.cli.ending import Ending
    from console.operations.procedures.steps import Operation, Options
    from console.session.handle import SessionHandle


OPEN = "a run that was under way is open in the journal"


class NoTerminal(Exception):
    """One sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit code; see docs/commands.md."""
    _says_what_it_can()
    if (
        not sys.warnoptions
    ):  # a library's words to programmers are nobody's here, least of all a program's that reads us
        warnings.simplefilter("ignore")
    if utc(arguments):
        os.environ["TZ"] = "UTC"
        time.tzset()
    options = parsed(arguments)
    try:
        if options.command == "demo":
            return _finish(partial(_demo, options))
        if options.command in ("help", "completion") or (options.command == "inventory" and not options.look):
            return _print(options)
        if options.command == "inventory":
            return _finish(partial(_first_look, options))
        inventory = load(options.inventory or default_path())
        return _finish(partial(_run, options, inventory))
    except (InventoryError, NoTerminal) as error:
        _complain(str(error))
        return USAGE
    except BrokenPipeError:  # its reader has heard enough; say nothing at the exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _print(options: argparse.Namespace) -> int:
    """The commands that print what comes with the package."""
    from console.cli import pages

    try:
        if options.command == "completion":
            return pages.completion(options.shell)
        return pages.example() if options.command == "inventory" else pages.page(options.page)
    except pages.NoSuchPage as error:
        _complain(str(error))
        return USAGE


async def _first_look(options: argparse.Namespace, _ending: "Ending") -> int:
    from console.cli.first import NotSeen, first

    try:
        return await first(options.look, options.user, options.config and options.config.expanduser().resolve())
    except NotSeen as error:
        _complain(str(error))
        return 1


def _says_what_it_can() -> None:
    """A sign that the terminal's encoding lacks becomes a question mark: it must not end a run half-way."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _finish(command: "Callable[[Ending], Coroutine[None, None, int]]") -> int:
    """Run the command. Importing goes without a search for garbage, as nearly all objects stay; later there are few
    searches."""
    gc.disable()
    import asyncio

    from console.cli.ending import Ending
    from console.cli.gc import tuned

    ending = Ending()

    async def seldom() -> int:
        async with tuned():
            return await _unless_ended(command(ending), ending)

    code = asyncio.run(seldom())
    if ending.hangs:
        os._exit(code)  # a thread waits for the terminal, and Python would wait for it
    return code


async def _unless_ended(command: Coroutine[None, None, int], ending: "Ending") -> int:
    """`kill` ends it as Ctrl-C does; a second one ends it at once."""
    import asyncio

    foreground = asyncio.ensure_future(command)
    ending.handle(foreground)
    code = 0
    try:
        code = await foreground
    except asyncio.CancelledError:
        if ending.number is None:
            raise
    if ending.number is not None:  # the screen ends without a word when it is cancelled
        _complain(f"ended by {ending.number.name}; {OPEN}")
        return 128 + ending.number
    return code


def _complain(message: str) -> None:
    """Print an error. A closed terminal is no error."""
    with suppress(OSError):
        print(f"drainboard: {plain(message) if ascii_only(sys.stderr) else message}", file=sys.stderr)


async def _run(options: argparse.Namespace, inventory: Inventory, ending: "Ending") -> int:
    if options.command is None:
        return await _screen(options, inventory, ending)
    if options.command in ("runs", "show", "report", "abandon"):
        return _runs(options, inventory)
    if options.command in ("status", "check", "sudoers", "grants"):
        return await _look(options, inventory)
    if options.command == "ready":
        from console.cli.ready import ready

        return await ready((_cluster(inventory, options.cluster),), options.json)
    cluster = _cluster(inventory, options.cluster)
    known = operation(" ".join(filter(None, (options.command, getattr(options, "state", "")))))
    target = options.target or cluster.name
    kinds = (kind for kind in On if target in targets(cluster, kind))
    if known is None and target == cluster.name:
        return await _act(options, cluster, known, target, ending)
    if known is UNDO:
        known = undo_on(next(kinds, On.NODE))
    on = known.on if known else next(kinds, On.NODE)
    if target not in (names := targets(cluster, on)):
        words = allowed(target, names)
        raise InventoryError(f"{inventory.path}: cluster {cluster.name} has no {on.value} {target}{words}")
    if known and known.lasts_until and not options.reason.strip():
        raise InventoryError(f"{known.name} needs --reason TEXT: every console shows it until the end of the hold")
    return await _act(options, cluster, known, target, ending)


def _cluster(inventory: Inventory, name: str | None) -> Cluster:
    """The cluster of a name; without one, the only one there is."""
    names = [cluster.name for cluster in inventory.clusters]
    if name is None and len(names) > 1:
        raise InventoryError(f"{inventory.path}: there are {len(names)} clusters; name one: {', '.join(names)}")
    try:
        return inventory.cluster(name or names[0])
    except KeyError:
        raise InventoryError(f"{inventory.path}: there is no cluster {name}{allowed(name or '', names)}") from None


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

        return sudoers(clusters, options.user, options.look_only, options.patch)
    from console.cli.grants import grants

    return grants(clusters)


async def _act(
    options: argparse.Namespace, cluster: Cluster, known: "Operation | None", target: str, ending: "Ending"
) -> int:
    """`known`: the operation to begin; None for a resume."""
    from console.cli import plain
    from console.operations.plan import Consent
    from console.session.handle import SessionHandle
    from console.session.loop import Loop
    from console.session.session import Session

    named = frozenset(options.override)
    whole = target == cluster.name  # then each machine is named for itself
    typed, machines = ("", named) if whole else (target if target in named else "", frozenset[str]())
    consent = Consent(options.yes, typed, options.reason, machines=machines)
    loop = Loop()
    session = SessionHandle(Session(cluster, options.read_only), loop)
    ending.carry((session,), loop)
    try:
        if known is None:
            return await plain.resume(session, target, consent, options.reason if options.skip else "")
        given = {one.name: getattr(options, one.name.replace("-", "_")) for one in known.options}
        chosen = {name: value for name, value in given.items() if value not in (None, False)}
        decided = {**_decided(options, known), **chosen}
        return await plain.act(session, known, target, consent, options.dry_run, decided)
    finally:
        await session.close()
        loop.close()


def _decided(options: argparse.Namespace, known: "Operation") -> "Options":
    """The decisions of a person beside the target."""
    if not known.lasts_until:
        return {}
    import time

    from console.operations.procedures import holds
    from console.session.journal import who

    return holds.options(who(), time.time(), options.until, options.reason)


def _runs(options: argparse.Namespace, inventory: Inventory) -> int:
    """The commands about runs."""
    from console.cli import runs

    if options.command == "runs":
        only = [_cluster(inventory, options.cluster)] if options.cluster else inventory.clusters
        known = None if options.cluster or options.today or options.target else inventory
        return runs.runs(only, known, options.today, options.target)
    try:
        one = runs.named(inventory, options.run)
    except runs.NoSuchRun as error:
        raise InventoryError(str(error)) from None
    if options.command == "show":
        return runs.show(one, options.follow)
    if options.command == "report":
        return runs.report(one, "json" if options.json else options.format)
    if not options.reason.strip():
        raise InventoryError("abandon needs --reason TEXT: the journal keeps it")
    return runs.abandon(one, options.reason)


def _must_be_seen() -> None:
    """Refuse a screen without a terminal: it would run for ever, and nobody would see it. Raises NoTerminal."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        raise NoTerminal("the screen needs a terminal; `drainboard status` needs none")


async def _screen(
    options: argparse.Namespace, inventory: Inventory, ending: "Ending", faults: "Demo | None" = None
) -> int:
    _must_be_seen()
    import asyncio

    from console.session.handle import SessionHandle
    from console.session.loop import Loop
    from console.session.session import Session
    from console.ui.app import ConsoleApp

    loop, here = Loop(), asyncio.get_running_loop()
    sessions = tuple(SessionHandle(Session(cluster, options.read_only), loop) for cluster in inventory.clusters)
    app = ConsoleApp(sessions, theme=options.theme, faults=faults, inventory=options.inventory)
    screen = asyncio.ensure_future(app.run_async())

    def leave() -> None:
        if app.terminal is not None:
            app.terminal.lose() if ending.gone else app.terminal.leave()
        with suppress(RuntimeError):  # its loop has ended
            here.call_soon_threadsafe(screen.cancel)

    ending.carry(sessions, loop, leave)
    try:
        return await ending.code_of(screen)
    finally:
        ending.hangs = app.terminal is not None and app.terminal.hangs
        if ending.hangs:
            ending.leave_in_time()
        for session in sessions:
            if session.running and session.running.on_its_way:  # the screen has died
                _complain(f"{session.cluster.name}: {session.running.on_its_way}")
        await asyncio.gather(*(session.close() for session in sessions))
        if faults is None:
            await _tell_open(sessions, options.inventory)
        loop.close()


async def _tell_open(sessions: "Iterable[SessionHandle]", inventory: Path | None) -> None:
    """Tell which runs stay open when the screen is gone, and how to go on with them."""
    from console.cli.plain import describe
    from console.text import printable

    where = f" -i {shlex.quote(str(inventory))}" if inventory else ""
    for session in sessions:
        await session.look_at_history()
        held = session.state.history.elsewhere
        for record in session.open:
            _complain(f"open: {printable(describe(record, held))}")
            if not held and session.cluster.knows(record.target):
                _complain(f"to go on: drainboard{where} resume {session.cluster.name} {record.target}")


async def _demo(options: argparse.Namespace, ending: "Ending") -> int:
    from console.cli.demo import DemoFailed, demo
    from console.sim.scenarios import SCENARIOS

    names = [one.name for one in SCENARIOS]
    if options.scenarios:
        for one in SCENARIOS:
            print(f"{one.name:17} {one.summary}")
        return 0
    if options.scenario not in names:
        _complain(f"there is no scenario {options.scenario}{allowed(options.scenario, names)}")
        return USAGE
    _must_be_seen()
    with tempfile.TemporaryDirectory(prefix="drainboard-demo-") as name:
        os.environ["DRAINBOARD_STATE"] = str(Path(name) / "state")
        try:
            async with demo(Path(name), options.speed, options.scenario, options.clusters) as cluster:
                ending.last = lambda: cluster.end(Path(name))
                return await _screen(options, load(cluster.inventory), ending, cluster)
        except DemoFailed as error:
            _complain(str(error))
            return 1
