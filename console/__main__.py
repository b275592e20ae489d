"""The command line, and the one place that wires things together.

Heavy packages are imported where they are first needed: `--help` and a wrong inventory answer at once.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from console import __version__
from console.inventory import Cluster, Inventory
from console.inventory_file import InventoryError, load
from console.paths import default_path

ACTIONS = {
    "drain": "take a node out of every pool, let its sessions end; it stays out until it is rejoined",
    "remove": "take a node out at once (HAProxy maint), for one that is broken",
    "rejoin": "wait until a node is fit, then put it back as it was found",
    "undo": "put a node back at once as it was found",
    "reboot": "drain, stop MySQL and Gluster cleanly, reboot, wait until fit, rejoin",
}
USAGE = 4


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the exit code for it: argparse's own 2 would read as "stopped on the way"."""

    def error(self, message: str) -> NoReturn:
        """One sentence after the usage."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    root = Parser(prog="drainboard", description="The console of small redundant LAMP clusters.")
    root.add_argument("--version", action="version", version=f"drainboard {__version__}")
    root.add_argument("-i", "--inventory", type=Path, metavar="FILE", help=f"default: {default_path()}")
    root.add_argument("--read-only", action="store_true", help="ask, and send nothing else")
    root.add_argument("--theme", metavar="NAME", help="of the screen")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", title="without a command: the screen")
    for action, text in ACTIONS.items():
        _action(commands.add_parser(action, help=text, description=text.capitalize() + "."))
    runs = commands.add_parser("runs", help="list runs that are open, and nodes taken out from here")
    runs.add_argument("cluster", nargs="?")
    resume = commands.add_parser("resume", help="go on with the open run of a node")
    _target(resume)
    demo = commands.add_parser("demo", help="the screen over a simulated cluster on 127.0.0.1")
    demo.add_argument("--speed", type=float, default=1.0, metavar="FACTOR", help="how fast time goes by there")
    return root


def _target(command: argparse.ArgumentParser) -> None:
    command.add_argument("cluster")
    command.add_argument("node")
    command.add_argument("--yes", action="store_true", help="say yes to objections that ask for it")
    command.add_argument("--override", metavar="NODE", default="", help="the node's name once more, with --reason")
    command.add_argument("--reason", metavar="TEXT", default="", help="why; kept in the journal")


def _action(command: argparse.ArgumentParser) -> None:
    _target(command)
    command.add_argument("--dry-run", action="store_true", help="show guards, steps and exact commands; send nothing")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code; see docs/commands.md."""
    options = parser().parse_args(arguments)
    try:
        if options.command == "demo":
            return asyncio.run(_demo(options))
        inventory = load(options.inventory or default_path())
        return asyncio.run(_run(options, inventory))
    except InventoryError as error:
        print(f"drainboard: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("drainboard: interrupted; a run that was under way is open in the journal", file=sys.stderr)
        return 130


async def _run(options: argparse.Namespace, inventory: Inventory) -> int:
    if options.command is None:
        return await _screen(options, inventory)
    if options.command == "runs":
        return _runs(inventory, options.cluster)
    cluster = _cluster(inventory, options.cluster)
    if options.node not in {node.name for node in cluster.nodes}:
        nodes = ", ".join(node.name for node in cluster.nodes)
        raise InventoryError(f"{inventory.path}: cluster {cluster.name} has no node {options.node}; it has {nodes}")
    return await _act(options, cluster)


def _cluster(inventory: Inventory, name: str) -> Cluster:
    try:
        return inventory.cluster(name)
    except KeyError:
        names = ", ".join(cluster.name for cluster in inventory.clusters)
        raise InventoryError(f"{inventory.path}: no cluster {name}; there are: {names}") from None


async def _act(options: argparse.Namespace, cluster: Cluster) -> int:
    from console import plain
    from console.guards import Action
    from console.session import Consent, Session

    consent = Consent(confirmed=options.yes, typed=options.override, reason=options.reason)
    session = Session(cluster, read_only=options.read_only)
    try:
        if options.command == "resume":
            record = next((record for record in session.unfinished() if record.node == options.node), None)
            if record is None:
                plain.say(f"nothing is open for {options.node} of {cluster.name}")
                return plain.Exit.DONE
            return await plain.resume(session, record, consent)
        return await plain.act(session, Action(options.command), options.node, consent, options.dry_run)
    finally:
        await session.close()


def _runs(inventory: Inventory, only: str | None) -> int:
    from console import plain
    from console.journal import Journal
    from console.paths import journal_dir

    clusters = inventory.clusters if only is None else (_cluster(inventory, only),)
    for cluster in clusters:
        journal = Journal(journal_dir() / cluster.name)
        for record in journal.unfinished():
            plain.say(f"{cluster.name}: {plain.describe(record)}")
        for node in cluster.nodes:
            out = journal.taken_out(node.name)
            if out is not None and out.outcome is not None:
                plain.say(f"{cluster.name}: {plain.describe_out(out)}")
    return plain.Exit.DONE


async def _screen(options: argparse.Namespace, inventory: Inventory, faults: "object | None" = None) -> int:
    from console.session import Session
    from console.ui.app import ConsoleApp

    sessions = tuple(Session(cluster, read_only=options.read_only) for cluster in inventory.clusters)
    try:
        return await ConsoleApp(sessions, theme=options.theme, faults=faults).run_async() or 0
    finally:
        for session in sessions:
            await session.close()


async def _demo(options: argparse.Namespace) -> int:
    from console.demo import DemoFailed, demo

    with tempfile.TemporaryDirectory(prefix="drainboard-demo-") as name:
        os.environ["DRAINBOARD_STATE"] = str(Path(name) / "state")
        try:
            async with demo(Path(name), options.speed) as cluster:
                return await _screen(options, load(cluster.inventory), cluster)
        except DemoFailed as error:
            print(f"drainboard: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
