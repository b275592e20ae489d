"""The words of the command line: every command and option, and nothing else."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from console import __version__
from console.inventory.paths import default_path
from console.inventory.table import allowed
from console.operations.effects import On
from console.operations.procedures import OPERATIONS, UNDO
from console.operations.procedures.holds import moment
from console.operations.procedures.steps import Operation

USAGE = 4


SHELLS = ("bash", "zsh", "fish")


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the exit code for it: argparse's own 2 would read as "stopped on the way"."""

    def error(self, message: str) -> NoReturn:
        """One sentence after the usage."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name the nearest word of those that are allowed."""
        if action.choices is not None and value not in action.choices:
            said = f"there is no command {value}" if action.dest == "command" else f"{value} is not known here"
            self.error(f"{said}{allowed(str(value), map(str, action.choices))}")


class Command(Parser):
    """The parser of one command: its options may stand before, between and after the names."""

    _mixing = False

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._positionals.title = "names"

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore
        """Python 3.11's way to mix them calls this method again."""
        if self._mixing:
            return super().parse_known_args(args, namespace)
        self._mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixing = False


def utc(arguments: Sequence[str] | None) -> bool:
    """All times are in UTC, those on the command line too: it must be known before they are read."""
    early = Parser(prog="drainboard", add_help=False)
    early.add_argument("--utc", action="store_true")
    return early.parse_known_args(arguments)[0].utc


def _everywhere() -> Command:
    """The options that may stand before the command and after it: where one is not given, nothing is set."""
    common = Command(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("for every command")
    group.add_argument("-i", "--inventory", type=Path, metavar="FILE", help=f"the inventory; default: {default_path()}")
    group.add_argument("--read-only", action="store_true", help="ask, and send nothing else")
    group.add_argument("--theme", metavar="NAME", help="colours of the screen: dark, light, high-contrast ...")
    group.add_argument("--utc", action="store_true", help="all times in UTC, shown and typed")
    return common


class Commands:
    """The commands of a parser; each takes the options for every command too."""

    def __init__(self, root: Parser) -> None:
        self._everywhere = _everywhere()
        self._found = root.add_subparsers(
            dest="command",
            metavar="COMMAND",
            title="commands",
            description="Without one: the screen. `drainboard COMMAND --help` shows the options of one.",
            parser_class=Command,
        )

    def add(self, name: str, summary: str) -> argparse.ArgumentParser:
        """Its summary is a line of the list, and a sentence over its own help."""
        sentence = f"{summary[0].upper()}{summary[1:]}."
        return self._found.add_parser(name, help=summary, description=sentence, parents=[self._everywhere])


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    root = Parser(
        prog="drainboard",
        description="The console of small redundant LAMP clusters.",
        epilog="The page for the night: `drainboard help night`.",
        parents=[_everywhere()],
    )
    root.set_defaults(inventory=None, read_only=False, theme=None, utc=False)
    root.add_argument("--version", action="version", version=f"drainboard {__version__}", help="show the version")
    commands = Commands(root)
    _first(commands)
    _looking(commands)
    for command, alike in by_command().items():
        one = next(iter(alike.values()))
        added = commands.add(command, one.summary)
        _operation(added, one, tuple(state for state in alike if state))
        if one.lasts_until:
            when = "07:00 (the next one), 2026-11-30T07:00, or none"
            added.add_argument("--until", type=_until, metavar="TIME", required=True, help=when)
    _runs(commands)
    resume = commands.add("resume", "go on with the newest open run of a node, a firewall or a cluster")
    _target(resume, On.NODE)
    resume.add_argument("--skip", action="store_true", help="put the machine at work back, and go on with the next")
    return root


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse a command line; a wrong one ends the program with a sentence."""
    root = parser()
    options = root.parse_args(arguments)
    if options.command == "resume" and options.skip and not options.reason.strip():
        root.error("--skip needs --reason TEXT: it is kept as why the machine was left out")
    return options


def _first(commands: Commands) -> None:
    """The commands of the first hour, which need no inventory."""
    _demo(commands.add("demo", "show the screen over a simulated cluster on 127.0.0.1"))
    pages = commands.add("help", "print a page of the documentation, or the help of a command")
    pages.add_argument("page", nargs="?", help="night, findings, preparing ...; without it they are listed")
    first = commands.add("inventory", "print an example of an inventory, or a first one from two firewalls")
    first.add_argument(
        "--look", nargs="+", metavar="ADDRESS", help="ask these firewalls, and their pools' nodes, what there is"
    )
    first.add_argument("--user", metavar="NAME", help="who logs in; default: ssh's")
    first.add_argument("--config", type=Path, metavar="FILE", help="an ssh_config instead of ~/.ssh/config")
    completion = commands.add("completion", "print the completion of a shell")
    completion.add_argument("shell", choices=SHELLS, help=", ".join(SHELLS))


def _runs(commands: Commands) -> None:
    """The commands about runs of the journal."""
    runs = commands.add("runs", "list runs that are open, and nodes taken out from here")
    runs.add_argument("cluster", nargs="?", help="only this one")
    runs.add_argument("--today", action="store_true", help="all runs of today, those that have ended too")
    runs.add_argument("--target", metavar="NAME", default="", help="all runs of one node or firewall")
    show = commands.add("show", "print a run: steps, times, who agreed to what, orders, answers")
    show.add_argument("--follow", action="store_true", help="and what is written from now on, until it ends")
    report = commands.add("report", "print a run for others: Markdown, JSON, or one HTML page")
    report.add_argument("--format", choices=("markdown", "json", "html"), default="markdown", help="default: markdown")
    report.add_argument("--json", action="store_true", help="the same as --format json")
    abandon = commands.add("abandon", "close an open run without doing more; what it did stays")
    abandon.add_argument("--reason", metavar="TEXT", type=_text, default="", help="why; kept in the journal")
    for command in (show, report, abandon):
        command.add_argument("run", metavar="RUN", help="as `runs` names it: shop/12, or its file")


def _text(given: str) -> str:
    """A terminal may send bytes that are no character: each becomes a question mark."""
    return given.encode(errors="replace").decode()


def _demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--speed", type=float, default=1.0, metavar="FACTOR", help="let its time run faster: 10")
    demo.add_argument("--scenario", metavar="NAME", default="healthy", help="what goes wrong; default: nothing")
    demo.add_argument("--scenarios", action="store_true", help="list the scenarios, and start nothing")
    demo.add_argument("--clusters", type=_clusters_of_demo, default=1, metavar="N", help="how many, up to 100")


def _clusters_of_demo(text: str) -> int:
    if not 1 <= int(text) <= 100:
        raise ValueError(text)
    return int(text)


_clusters_of_demo.__name__ = "number from 1 to 100"


def _looking(commands: Commands) -> None:
    """The commands that change nothing."""
    status = commands.add("status", "print the picture once, as a table or as JSON")
    _clusters(status)
    status.add_argument("--json", action="store_true", help="for programs: docs/json.md lists the keys")
    status.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="wait no longer for slow answers")
    check = commands.add("check", "try everything that is needed, and say what to mend")
    _clusters(check)
    ready = commands.add("ready", "say what is to be cleared before a rolling patch, and how")
    ready.add_argument("cluster", nargs="?", help="may be left out where there is only one")
    ready.add_argument("--json", action="store_true", help="for programs")
    rights = commands.add("sudoers", "print the least rights for /etc/sudoers.d, from what is sent")
    _clusters(rights)
    rights.add_argument("--user", metavar="NAME", help="who logs in; default: the inventory's user")
    rights.add_argument("--look-only", action="store_true", help="what asking needs, without the actions")
    rights.add_argument("--patch", action="store_true", help="and what installs updates: as much as root")
    grants = commands.add("grants", "print the least rights in MySQL, from what is sent")
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
    command.add_argument("cluster", nargs="?", help="may be left out where there is only one")
    if on is On.CLUSTER:
        command.set_defaults(target="")
    else:
        command.add_argument("target", metavar=kind or on.value, help=f"the name of a {kind or on.value}")
    command.add_argument("--yes", action="store_true", help="say yes to objections that ask for it")
    whose = "a machine whose objection is overcome, with --reason; may be given again"
    once = whose if on is On.CLUSTER else "the target's name once more, with --reason"
    command.add_argument("--override", metavar="NAME", action="append", default=[], help=once)
    command.add_argument("--reason", metavar="TEXT", type=_text, default="", help="why; kept in the journal")


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
        command.add_argument("state", choices=states, metavar="|".join(states), help="begin or end it")
    for option in one.options:
        how: dict[str, Any] = (
            {"type": option.read, "metavar": option.metavar} if option.read else {"action": "store_true"}
        )
        command.add_argument(f"--{option.name}", help=option.help, **how)
    command.add_argument("--dry-run", action="store_true", help="show guards, steps and exact commands; send nothing")
