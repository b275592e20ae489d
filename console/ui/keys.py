"""Every key there is: one table, from which bindings, the bottom line, the help and the command palette are made."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from console.operations.procedures import OPERATIONS
from console.ui.lines import Line, Piece, line

CLUSTER, FLEET, DETAIL, FINDINGS, LOGS = "cluster", "fleet", "detail", "findings", "logs"
EVERYWHERE = (CLUSTER, FLEET, DETAIL, FINDINGS, LOGS)


class Key(NamedTuple):
    """`code` is Textual's name where it is not the key itself; `keep`: the higher, the longer it stays in the bottom
    line when room is short, 0 never. `changes`: it leads to a change, so it is offered where one can be made only."""

    key: str
    word: str
    help: str
    on: tuple[str, ...]
    keep: int = 0
    code: str = ""
    changes: bool = False
    act: bool = True
    """False: it moves about and is in no command palette."""


def _operations() -> Iterator[Key]:
    """A key for each that operations have; those that share one say all that it does."""
    for key in dict.fromkeys(one.key for one in OPERATIONS if one.key):
        alike = [one for one in OPERATIONS if one.key == key]
        meaning = "; ".join(dict.fromkeys(one.help for one in alike))
        yield Key(key, alike[0].word, meaning, (CLUSTER,), alike[0].keep, changes=True)


KEYS: tuple[Key, ...] = (
    Key("j k", "", "select the next or the previous row; arrows and a click do too", EVERYWHERE, act=False),
    Key("pgup pgdn", "", "a page up or down; g and G go to the first and the last line", EVERYWHERE, act=False),
    Key("enter", "open", "open what is selected: a cluster, a machine, a finding", (CLUSTER, FLEET, FINDINGS), 88,
        "enter"),
    *_operations(),
    Key("r", "resume", "resume an open run: each step is checked again before anything is sent",
        (CLUSTER,), changes=True),
    Key("s", "stop here", "stop the run where it stands; nothing is taken back, it stays open",
        (CLUSTER,), changes=True),
    Key("K", "skip", "skip the machine whose turn it is: it is put back, and the next one is begun; asks why",
        (CLUSTER,), changes=True),
    Key("y", "dry run", "dry run: what stands against an action, its steps and exact commands", (CLUSTER,), 40),
    Key("w", "what is wrong", "what is wrong: every finding, and what each means", (CLUSTER,), 45),
    Key("l", "log", "log: findings, events and the journal's runs", (CLUSTER,), 30),
    Key("o", "shell", "shell: ssh to the selected machine; polling and runs go on meanwhile",
        (CLUSTER, DETAIL, LOGS), 35),
    Key("L", "logs", "logs of the selected machine, live: MySQL, Apache, Gluster, HAProxy, kernel",
        (CLUSTER, DETAIL), 33),
    Key("f", "faults", "make something go wrong (in the demo only)", (CLUSTER,), 60),
    Key("tab", "next",
        "the next cluster; in the details the next subject, in the logs the next log; shift+tab goes back",
        (CLUSTER, DETAIL, LOGS), 0, "tab"),
    Key("1-9", "", "a cluster by its number", (CLUSTER, FLEET), act=False),
    Key("n", "next not ok", "the next cluster that is not ok", (FLEET,), 87),
    Key("a", "all", "show long lists and commands in full, and shorten them again", (DETAIL,), 60),
    Key("space", "freeze", "freeze the picture to read it; space again, or a key that changes something, lets it go on",
        (CLUSTER, DETAIL, FINDINGS, LOGS), 11, "space"),
    Key("space", "", "a page down", (FLEET,), act=False),
    Key("ctrl-z", "", "suspend this program, unless a run is under way; fg brings it back", EVERYWHERE, act=False),
    Key("B", "mute", "mute: bell and notify are off until seven in the morning; B again ends that", EVERYWHERE, 9),
    Key("/", "filter", "filter: only what contains the text; esc clears it", EVERYWHERE, 46, "slash"),
    Key(".", "look again", "look again: ask this cluster everything now, also machines left alone after a failure",
        EVERYWHERE, 12, "full_stop"),
    Key("c", "copy", "copy the selected line, or the page, to your terminal's clipboard (OSC 52, through SSH and tmux)",
        EVERYWHERE, 20),
    Key("e", "export", "export this screen as text and as a picture (SVG), and say where", EVERYWHERE, 15),
    Key(":", "commands", "command palette: everything that can be done here, found by typing", EVERYWHERE, 47, "colon"),
    Key("t", "theme", "theme; it is kept for the next time", EVERYWHERE, 10),
    Key("O", "sort", "sort the nodes by a column; the same again turns it round. It is kept", (CLUSTER,), 8),
    Key("C", "columns", "columns: leave one out, or fetch it again. It is kept", (CLUSTER,), 7),
    Key("?", "help", "help; on a finding: what it means, what causes it, what to look at", EVERYWHERE, 99,
        "question_mark"),
    Key("esc", "back", "close a dialog, clear the filter, put away a run that has ended, go back",
        (DETAIL, FINDINGS, LOGS), 97, "escape"),
    Key("q", "quit", "quit; asks if a run is under way", EVERYWHERE, 98),
)  # fmt: skip

CHANGING = frozenset(key.key for key in KEYS if key.changes)


def on(screen: str) -> tuple[Key, ...]:
    """The keys of one screen."""
    return tuple(key for key in KEYS if screen in key.on)


def bottom(keys: Iterable[Key], width: int, prefix: str = "") -> Line:
    """The bottom line: with little room the lesser keys are only in the help."""
    shown = [key for key in keys if key.keep and key.word]
    while shown and len(prefix) + sum(len(key.key) + len(key.word) + 3 for key in shown) - 1 > width:
        shown.remove(min(shown, key=lambda one: one.keep))
    parts = [Piece(prefix, "bar-unknown")] if prefix else []
    for key in shown:
        parts += [Piece(f" {key.key}", "key"), Piece(f" {key.word} ", "dim")]
    if parts:
        parts[-1] = Piece(parts[-1].text.rstrip(), parts[-1].style)
    return line(*parts, fill="footer").cut(width)
