"""The words of the command line: every command and option, and nothing else."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from console import __version__
from console.inventory.paths import default_path
from console.operations.effects import On
from console.operations.procedures import OPERATIONS, UNDO
from console.operations.procedures.holds import moment
from console.operations.procedures.steps import Operation

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
    root.add_argument("--utc", action="store_true", help="show all times in UTC")
    commands = root.add_subparsers(dest="command", metavar="COMMAND", title="without a command: the screen")
    _looking(commands)
    for command, alike in by_command().items():
        one = next(iter(alike.values()))
        added = commands.add_parser(
            command, help=one.summary, description=f"{one.summary[0].upper()}{one.summary[1:]}."
        )
        _operation(added, one, tuple(state for state in alike if state))
        if one.lasts_until:
            when = "07:00 (the next one), 2026-11-30T07:00, or none"
            added.add_argument("--until", type=_until, metavar="TIME", required=True, help=when)
    _runs(commands)
    resume = commands.add_parser("resume", help="go on with the newest open run of a node, a firewall or a cluster")
    _target(resume, On.NODE)
    resume.add_argument("--skip", action="store_true", help="put the machine at work back, and go on with the next")
    demo = commands.add_parser("demo", help="the screen over a simulated cluster on 127.0.0.1")
    _demo(demo)
    return root


def _runs(commands: "argparse._SubParsersAction[Parser]") -> None:  # pyright: ignore[reportPrivateUsage]
    """The commands about runs of the journal."""
    runs = commands.add_parser("runs", help="list runs that are open, and nodes taken out from here")
    runs.add_argument("cluster", nargs="?")
    runs.add_argument("--today", action="store_true", help="all runs of today, those that have ended too")
    runs.add_argument("--target", metavar="NAME", default="", help="all runs of one node or firewall")
    show = commands.add_parser("show", help="a run: steps, times, who agreed to what, orders, answers")
    show.add_argument("--follow", action="store_true", help="and what is written from now on, until it ends")
    report = commands.add_parser("report", help="a run for others, as Markdown")
    report.add_argument("--json", action="store_true", help="as JSON")
    abandon = commands.add_parser("abandon", help="close an open run without doing more; what it did stays")
    abandon.add_argument("--reason", metavar="TEXT", default="", help="why; kept in the journal")
    for command in (show, report, abandon):
        command.add_argument("run", metavar="RUN", help="as `runs` names it: shop/12, or its file")


def _demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--speed", type=float, default=1.0, metavar="FACTOR", help="how fast time goes by there")
    demo.add_argument("--scenario", metavar="NAME", default="healthy", help="what happens there")
    demo.add_argument("--scenarios", action="store_true", help="list the scenarios, and start nothing")
    demo.add_argument("--clusters", type=_clusters_of_demo, default=1, metavar="N", help="how many, up to 100")


def _clusters_of_demo(text: str) -> int:
    if not 1 <= int(text) <= 100:
        raise ValueError(text)
    return int(text)


_clusters_of_demo.__name__ = "number from 1 to 100"


def _looking(commands: "argparse._SubParsersAction[Parser]") -> None:  # pyright: ignore[reportPrivateUsage]
    """The commands that change nothing."""
    status = commands.add_parser("status", help="the picture once, as a table or as JSON")
    _clusters(status)
    status.add_argument("--json", action="store_true", help="for programs: docs/json.md lists the keys")
    status.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="wait no longer for slow answers")
    check = commands.add_parser("check", help="try everything that is needed, and say what to mend")
    _clusters(check)
    rights = commands.add_parser("sudoers", help="the least rights in /etc/sudoers.d, from the commands that are sent")
    _clusters(rights)
    rights.add_argument("--user", metavar="NAME", help="who logs in; default: the inventory's user")
    rights.add_argument("--look-only", action="store_true", help="what asking needs, without the actions")
    rights.add_argument("--patch", action="store_true", help="and what installs updates: as much as root")
    grants = commands.add_parser("grants", help="the least rights in MySQL, from the statements that are sent")
    _clusters(grants)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 86_400:
        raise ValueError(text)
    return value


_seconds.__name__ = "number of seconds"  # argparse's word for it when it can't be read


def _until(text: str) -> float:
    try:
        return moment(text, time.time())
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _clusters(command: argparse.ArgumentParser) -> None:
    command.add_argument("--cluster", metavar="CLUSTER", action="append", help="only this one; may be given again")


def _target(command: argparse.ArgumentParser, on: On, kind: str = "") -> None:
    command.add_argument("cluster")
    if on is On.CLUSTER:
        command.set_defaults(target="")
    else:
        command.add_argument("target", metavar=kind or on.value)
    command.add_argument("--yes", action="store_true", help="say yes to objections that ask for it")
    command.add_argument("--override", metavar="NAME", default="", help="the target's name once more, with --reason")
    command.add_argument("--reason", metavar="TEXT", default="", help="why; kept in the journal")


def by_command() -> dict[str, dict[str, Operation]]:
    """The operations by the first word of their name, and by the rest of it: maintenance has `on` and `off`."""
    found: dict[str, dict[str, Operation]] = {}
    for one in OPERATIONS:
        command, _, state = one.name.partition(" ")
        found.setdefault(command, {})[state] = one
    return found


def _operation(command: argparse.ArgumentParser, one: Operation, states: tuple[str, ...]) -> None:
    _target(command, one.on, "node|firewall" if one is UNDO else "")
    if states:
        command.add_argument("state", choices=states)
    for option in one.options:
        how: dict[str, Any] = (
            {"type": option.read, "metavar": option.metavar} if option.read else {"action": "store_true"}
        )
        command.add_argument(f"--{option.name}", help=option.help, **how)
    command.add_argument("--dry-run", action="store_true", help="show guards, steps and exact commands; send nothing")
