"""The one dialog: lines, keys that answer, entries to choose from, and fields for what must be typed.

Enter alone answers nothing: an entry is chosen by its key, or by the arrows and then Enter.

`ask` shows it and returns the key that was pressed ("" for esc) and what was typed.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import cast

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from console.text import counted
from console.ui.clipboard import harmless
from console.ui.lines import Line, Piece, line
from console.ui.painted import Make, Painted

MOVES = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": 10, "space": 10, "pageup": -10}
"""Lines that a key scrolls."""


@dataclass
class Entries:
    """Entries to choose from, as (key, label), a line each. `at`: the selected one; None until an arrow is pressed."""

    every: tuple[tuple[str, str], ...]
    at: int | None = None

    def lines(self, width: int, _height: int) -> list[Line]:
        """The selected one is marked."""
        return [
            line(
                Piece("►" if at == self.at else " "),
                Piece(key, "key"),
                f"  {label}",
                fill="selected" if at == self.at else "",
                row=key,
            ).cut(width)
            for at, (key, label) in enumerate(self.every)
        ]

    def move(self, by: int) -> int:
        """Select the next one, or the first after the last."""
        self.at = min(0, by) % len(self.every) if self.at is None else (self.at + by) % len(self.every)
        return self.at


@dataclass(frozen=True)
class Question:
    """The contents of a dialog. `keys`: (key, word). `fields`: (what to type, the only text accepted or "" for any)."""

    title: str
    make: Make
    keys: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    grave: bool = False
    page: bool = False
    close: str = "close"
    entries: Entries | None = None
    """Its lines are entries: the arrows select one, Enter chooses it, as its key does."""
    live: bool = False
    """Its text may change while it stands there."""
    over: Callable[[], bool] | None = None
    """It closes by itself once this holds."""


@dataclass(frozen=True)
class Answer:
    """`key` is "" when it was closed, "enter" when every field was filled in, "over" when it closed by itself."""

    key: str = ""
    typed: tuple[str, ...] = field(default=())


class Dialog(ModalScreen[Answer]):
    """Shows a Question. Fields take what is typed; without fields the keys answer."""

    def __init__(self, question: Question) -> None:
        super().__init__(classes=("grave " * question.grave) + ("page" * question.page))
        self._question = question
        self._hint = ""
        self.unread_until = monotonic() if question.keys else 0.0
        """A key that was pressed before this moment agrees to nothing: nobody had read it yet."""
        self._mounted = asyncio.Event()

    def compose(self) -> ComposeResult:
        """Body, fields, keys."""
        with Vertical(id="box") as box:
            box.border_title = line(self._question.title).text.replace("[", "(").replace("]", ")")
            with VerticalScroll(id="body", can_focus=False):
                yield Painted(self._question.make)
            for what, _ in self._question.fields:
                yield Label(line(what).text, classes="label", markup=False)
                yield Input(select_on_focus=False)
            yield Painted(self._foot, id="foot")

    def on_mount(self) -> None:
        """The first field takes the keys, if there is one; else nothing has the focus."""
        self._bound()
        body, foot = self.query_one("#body", VerticalScroll), self.query_one("#foot", Painted)
        if self._question.live:
            self.set_interval(1.0, body.query_one(Painted).renew)

        def moved() -> None:
            self.call_after_refresh(foot.renew)

        for what in ("scroll_y", "virtual_size", "container_size", "show_vertical_scrollbar"):
            self.watch(body, what, moved, init=False)
        if self._question.over:
            self.set_interval(0.1, self._close_if_over)
        fields = list(self.query(Input))
        if fields:
            self.set_focus(fields[0])  # at once: `focus` waits for its turn, and a key may come before
        self._mounted.set()

    async def stands(self, seconds: float) -> None:
        """Wait until keys reach its fields, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._mounted.wait()

    def _close_if_over(self) -> None:
        if self._question.over and self._question.over():
            self._end(Answer("over"))

    def on_resize(self, _event: events.Resize) -> None:
        """Keys and fields stay in sight."""
        self._bound()

    def _bound(self) -> None:
        if not self._question.page:
            room = self.size.height - 5 - 2 * len(self._question.fields)
            self.query_one("#body").styles.max_height = max(3, room)

    def _foot(self, width: int, _height: int) -> list[Line]:
        if self._hint:
            return [line(Piece(f" {self._hint}", "warn")).cut(width)]
        keys = (("enter", "go on"),) if self._question.fields else self._question.keys
        keys = (*keys, ("up down", "select"), ("enter", "choose")) if self._question.entries else keys
        copy = (("c", "copy"),) if self._question.page else ()
        named = (*(one for one in keys if one[1]), *copy, ("esc", self._question.close))
        scrolls = self._scrolls()
        short = tuple((key, word.split()[0].rstrip(",")) for key, word in named)
        more = tuple((key.replace(" ", ""), word.partition(", ")[2]) for key, word in scrolls)
        forms = ((*scrolls, *named), (*more, *named), (*more, *short), short)
        return [next((one for keys in forms if len((one := _hints(keys)).text) <= width), _hints(forms[-1])).cut(width)]

    def _scrolls(self) -> tuple[tuple[str, str], ...]:
        """The keys that scroll and how much is left, where not all is in sight. Fields take letters."""
        body = self.query_one("#body", VerticalScroll)
        left = round(body.max_scroll_y - body.scroll_y)
        if body.max_scroll_y <= 0:
            return ()
        more = f"{counted(left, 'line')} more" if left > 0 else "the end"
        return (("up down" if self._question.fields else "j k", f"scroll, {more}"),)

    def on_key(self, event: events.Key) -> None:
        """Every key ends here, or in a field. One that went on to the application would be looked up among the board's,
        if the dialog has closed until then, as with keys that come all at once."""
        pressed = event.character or event.key
        entries = self._question.entries
        if event.key == "escape":
            self._end(Answer())
        elif entries and event.key in ("down", "up"):
            self._select(entries, 1 if event.key == "down" else -1)
        elif entries and event.key == "enter" and entries.at is not None:
            self._end(Answer(entries.every[entries.at][0]))
        elif pressed in {key for key, _ in self._question.keys}:
            self._end(Answer(pressed))
        elif event.key in MOVES:
            self.query_one("#body", VerticalScroll).scroll_relative(y=MOVES[event.key], animate=False)
        elif self._question.fields:
            return  # what edits a field is found by way of the application
        elif event.key == "c" and self._question.page:
            self._copy()
        event.stop()

    def _select(self, entries: Entries, by: int) -> None:
        """Keep the selected entry in sight."""
        body = self.query_one("#body", VerticalScroll)
        at, top, height = entries.move(by), round(body.scroll_y), body.size.height
        body.query_one(Painted).renew()
        body.scroll_to(y=min(max(top, at - height + 1), at), animate=False)

    def on_painted_pressed(self, message: Painted.Pressed) -> None:
        """A click chooses an entry."""
        self._end(Answer(message.row))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next field; end when each holds what it must."""
        fields = list(self.query(Input))
        for box, (what, only) in zip(fields, self._question.fields, strict=True):
            text = box.value.strip()
            if not text or (only and text != only):
                self._hint = f"type {only} exactly" if only and text else ("" if box is not event.input else what)
                box.focus()
                self.query_one("#foot", Painted).renew()
                return
        self._end(Answer("enter", tuple(box.value.strip() for box in fields)))

    def _end(self, answer: Answer) -> None:
        """Once: keys that came together with the one that answered still arrive here when the dialog is gone."""
        if self.app.screen is self:  # pyright: ignore[reportUnknownMemberType]
            self.dismiss(answer)

    def _copy(self) -> None:
        """A page goes to the clipboard of the terminal one sits at (OSC 52, through SSH too)."""
        lines = self._question.make(1000, self.size.height)
        app = cast("App[int]", self.app)  # pyright: ignore[reportUnknownMemberType]
        app.copy_to_clipboard(harmless("\n".join(one.text.rstrip() for one in lines) + "\n"))
        self._hint = "sent to the terminal's clipboard"
        self.query_one("#foot", Painted).renew()


def _hints(keys: Sequence[tuple[str, str]]) -> Line:
    return line(*(part for key, word in keys for part in (Piece(f" {key}", "key"), Piece(f" {word} ", "dim"))))


async def ask(app: App[int], question: Question) -> Answer:
    """Show a dialog and return the answer. Only from a worker."""
    return await app.push_screen_wait(Dialog(question))
