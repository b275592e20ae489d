"""The command palette: everything that can be done on a screen, each with its key, found by typing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from console.operations.procedures import holds
from console.ui import keys
from console.ui.lines import Line, Piece, fitted, line
from console.ui.painted import Painted
from console.ui.screens.protocols import ActionScreen

Do = Callable[[], object]
NONE = -1
"""Nothing is selected before something is typed or the selection is moved."""


@dataclass(frozen=True)
class Command:
    """`key` is what does the same without the palette, if anything does."""

    key: str
    help: str
    do: Do
    until: Callable[[str], object] | None = None
    """The same, until a time that is typed behind its words."""


def commands(screen: ActionScreen, named: tuple[Command, ...]) -> tuple[Command, ...]:
    """Everything that can be done on a screen: its keys, machines by name, then what can be opened."""

    def press(key: str) -> Do:
        return lambda: screen.action_press(key)

    mine = [key for key in keys.on(screen.KIND) if key.act and key.key not in (":", "enter")]
    mine = [key for key in mine if key.key != "f" or screen.faults is not None]
    return (
        *(Command(key.key, key.help, press(key.key)) for key in mine),
        *named,
        *(Command("", message, do) for message, do in screen.destinations()),
    )


def matching(every: tuple[Command, ...], text: str) -> tuple[Command, ...]:
    """The commands that contain each word that was typed. A lone key finds its own command first, a name or the
    beginning of a sentence what begins with it."""
    typed = " ".join(text.lower().split())
    if timed := _timed(every, text):
        return timed
    found = [one for one in every if all(word in f"{one.key} {one.help}".lower() for word in typed.split())]

    def rank(one: Command) -> int:
        begins = one.help.lower().startswith(typed)
        return 0 if one.key == text.strip() else 1 if begins else 2

    return tuple(sorted(found, key=rank))


def _timed(every: tuple[Command, ...], text: str) -> tuple[Command, ...]:
    """The commands that last until a time, where one is typed at the end: `hold node2 07:00`."""
    typed = text.split()
    for many in (2, 1):
        words, time = typed[:-many], " ".join(typed[-many:])
        found = [one for one in every if one.until and words and all(word in one.help for word in words)]
        if found and holds.is_time(time):
            return tuple(
                Command(one.key, f"{one.help} until {time}", partial(one.until, time)) for one in found if one.until
            )
    return ()


class Palette(ModalScreen[Command | None]):
    """A line to type in, and what matches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("down", "select(1)", show=False, priority=True),
        Binding("up", "select(-1)", show=False, priority=True),
        Binding("tab", "select(1)", show=False, priority=True),
    ]

    def __init__(self, every: tuple[Command, ...], title: str = "commands") -> None:
        super().__init__()
        self._title = title
        self._every = every
        self._found = every
        self._at = NONE
        self._early = ""
        """Text that was typed before the line was there."""

    def compose(self) -> ComposeResult:
        """The line, the list, the keys."""
        with Vertical(id="box", classes="palette") as box:
            box.border_title = self._title
            yield Input(placeholder="type to find", select_on_focus=False)
            yield Painted(self._lines, id="list")
            yield Painted(lambda width, _: [_foot(width)], id="foot")

    def _lines(self, width: int, height: int) -> list[Line]:
        start = max(0, min(self._at - height // 2, len(self._found) - height))
        shown = list(enumerate(self._found))[start : start + height]
        lines = [
            line(
                Piece(" ►" if at == self._at else "  "),
                Piece(f"{one.key:<6}", "key"),
                fitted(one.help, width - 8),
                fill="selected" if at == self._at else "",
                row=str(at),
            ).cut(width)
            for at, one in shown
        ]
        lines = lines or [line(Piece("  nothing is called that", "dim")).cut(width)]
        return [*lines, *[Line().cut(width)] * (height - len(lines))]

    def on_key(self, event: events.Key) -> None:
        """Keep a character that is typed too early: it is neither lost nor means something else."""
        if self.focused is None and event.character and event.is_printable:
            self._early += event.character
            event.stop()

    def on_mount(self) -> None:
        """Let the line take what is typed from now on."""
        box = self.query_one(Input)
        box.value, box.cursor_position = self._early, len(self._early)
        self.set_focus(box)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while it is typed."""
        self._found = matching(self._every, event.value)
        self._at = 0 if event.value.strip() and self._found else NONE
        self.query_one("#list", Painted).renew()

    def on_input_submitted(self) -> None:
        """Run the selected command. Enter alone agrees to nothing: there is no choice in it."""
        if self._at != NONE:
            self._end(self._found[self._at])

    def on_painted_pressed(self, message: Painted.Pressed) -> None:
        """A click does it too."""
        self._end(self._found[int(message.row)])

    def action_select(self, by: int) -> None:
        """The next or the previous one."""
        self._at = self._at + by if self._at != NONE else min(0, by)
        self._at = self._at % len(self._found) if self._found else NONE
        self.query_one("#list", Painted).renew()

    def _end(self, command: Command | None) -> None:
        """Once, as a dialog."""
        if self.app.screen is self:  # pyright: ignore[reportUnknownMemberType]
            self.dismiss(command)

    def action_close(self) -> None:
        """Close without a command."""
        self._end(None)


def _foot(width: int) -> Line:
    parts = (("enter", "do it"), ("up down", "select"), ("esc", "close"))
    return line(*(Piece(f" {text} ", style) for pair in parts for text, style in zip(pair, ("key", "dim"), strict=True))
                ).cut(width)  # fmt: skip


async def pick(app: App[int], title: str, labels: tuple[str, ...]) -> int | None:
    """The index of one of many, found by typing. Only from a worker."""
    every = tuple(Command("", label, lambda: None) for label in labels)
    chosen = await app.push_screen_wait(Palette(every, title))
    return next((at for at, one in enumerate(every) if one is chosen), None)


def palette(app: App[int], screen: ActionScreen, named: tuple[Command, ...]) -> None:
    """Open the palette at once, so that the next characters go there; the chosen command runs when it is gone.
    `named`: commands with a machine's name in them."""

    def chosen(command: Command | None) -> None:
        if command is not None:
            app.call_later(command.do)

    app.push_screen(Palette(commands(screen, named)), chosen)
