"""Texts that come with the package: the example of an inventory, the pages of docs/, completion for shells."""

import argparse
import importlib
import sys
from pathlib import Path
from typing import Any

from console.cli.options import Command, parser
from console.cli.plain import Exit, say
from console.inventory.paths import shipped
from console.inventory.table import allowed
from console.words.ascii import ascii_only

FIRST = "night"
"""The page that is listed first."""


class NoSuchPage(Exception):
    """One sentence."""


def example() -> Exit:
    """Print the example of an inventory."""
    return _text(shipped("inventory.example.toml").read_text())


def page(name: str | None) -> Exit:
    """Print a page, or a command's help; without a name, list the pages."""
    pages = {one.stem: one for one in sorted(shipped("docs").glob("*.md"), key=lambda one: (one.stem != FIRST, one))}
    known = commands(parser())
    if name is None:
        for one, path in pages.items():
            say(f"drainboard help {one:14}{path.read_text().partition(chr(10))[0].removeprefix('# ')}")
        say("drainboard COMMAND --help       the options of a command")
        return Exit.DONE
    if name in pages:
        return _page(pages[name])
    if name in known:
        return _text(known[name].format_help())
    raise NoSuchPage(f"there is no page {name}{allowed(name, (*pages, *known))}")


def completion(shell: str) -> Exit:
    """Print the completion of a shell, made when the package was built."""
    made = shipped("completion") / shell
    if made.is_file():
        return _text(made.read_text())
    try:
        return _text(made_for(shell))
    except ImportError:
        raise NoSuchPage("this checkout has no completion: `make demo` installs what makes it") from None


def made_for(shell: str) -> str:
    """Make a shell's completion of all commands, options, scenarios and pages. Raises ImportError without shtab."""
    shtab: Any = importlib.import_module("shtab")  # a tool of the build, no package of the running program
    from console.sim.scenarios import SCENARIOS

    root = parser()
    for command in (root, *commands(root).values()):
        for action in command._actions:  # pyright: ignore[reportPrivateUsage]
            if action.type is Path:
                setattr(action, "complete", shtab.FILE)  # noqa: B010 -- its own word for it
            elif action.dest == "scenario":
                action.choices = [one.name for one in SCENARIOS]
            elif action.dest == "page":
                action.choices = [*sorted(one.stem for one in shipped("docs").glob("*.md")), *commands(root)]
    return shtab.complete(root, shell)


def commands(root: argparse.ArgumentParser) -> dict[str, Command]:
    """The parser of each command."""
    found = next(one for one in root._actions if one.dest == "command")  # pyright: ignore[reportPrivateUsage]
    return dict(found.choices or {})  # pyright: ignore


def _page(path: Path) -> Exit:
    """A page of docs/: as a person reads it on a terminal, as it is for everybody else."""
    text = path.read_text()
    if not sys.stdout.isatty() or ascii_only(sys.stdout):
        return _text(text)
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text, hyperlinks=False))
    return Exit.DONE


def _text(text: str) -> Exit:
    for line in text.splitlines():
        say(line)
    return Exit.DONE
