"""The one widget: paints lines, and repaints only the cells that have changed."""

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.ui.lines import Line

Make = Callable[[int, int], list[Line]]
"""A function of width and height."""


class Painted(Widget):
    """Lines made anew on `renew`, for the size there is."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("ok", "warn", "bad", "unknown", "dim", "note", "head", "key", "text"),
        *("bar-ok", "bar-warn", "bar-bad", "bar-unknown", "selected", "heading", "footer"),
    }

    class Pressed(Message):
        """A row was clicked."""

        def __init__(self, row: str) -> None:
            super().__init__()
            self.row = row

    class Turned(Message):
        """The mouse's wheel."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, make: Make, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._make = make
        self._lines: list[Line] = []
        self._fits = Size()
        """The size they were made for."""
        self._counted: tuple[Size, list[Line]] = Size(), []
        """Lines that were made to be counted, and the size they need."""

    @property
    def lines(self) -> list[Line]:
        return self._lines

    @property
    def rows(self) -> tuple[str, ...]:
        """Names of what can be selected, from top to bottom."""
        right = (line.beside[1] for line in self._lines if line.beside)
        return tuple(dict.fromkeys(row for row in (*(line.row for line in self._lines), *right) if row))

    def renew(self) -> None:
        """Make the lines again and repaint the cells that differ. Before there is any size, wait for it."""
        if not self.size:
            return
        before, lines = self._lines, self._made()
        if len(before) != len(lines):
            self.refresh(layout=True)
            return
        regions = [changed(old, new, y) for y, (old, new) in enumerate(zip(before, lines, strict=True)) if old != new]
        if regions:
            self.refresh(*regions)

    def _made(self) -> list[Line]:
        self._fits = self.size
        self._lines = self._make(self.size.width, self.size.height)
        return self._lines

    def _made_for_this_size(self) -> list[Line]:
        """Once what was counted, if it fits; else made."""
        (size, lines), self._counted = self._counted, (Size(), [])
        if size != self.size:
            return self._made()
        self._fits, self._lines = size, lines
        return lines

    def on_click(self, event: events.Click) -> None:
        """Post the row that was pressed."""
        if event.y < len(self._lines) and (row := self._lines[event.y].row_at(event.x)):
            self.post_message(self.Pressed(row))

    def on_mouse_scroll_down(self, _event: events.MouseScrollDown) -> None:
        """Move further down."""
        self.post_message(self.Turned(1))

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """Move further up."""
        self.post_message(self.Turned(-1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 -- Textual's
        """The number of lines that are made. What was made to be counted is painted, if it fits then."""
        lines = self._make(width, viewport.height)
        self._counted = Size(width, max(1, len(lines))), lines
        return max(1, len(lines))

    def render_line(self, y: int) -> Strip:
        """One line in the theme's colours. In another size everything flows anew: now, and not when Textual's event
        tells of it, which is after the first frame."""
        lines = self._lines if self._fits == self.size else self._made_for_this_size()
        line = lines[y] if y < len(lines) else Line()
        base = self.rich_style
        fill = base + self._style(line.fill)
        segments = [
            Segment(one.text, fill + self._style(one.fill) + self._style(one.style)) for one in line.pieces if one.text
        ]
        return Strip(segments).adjust_cell_length(self.size.width, fill).simplify()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True) if name else Style.null()


def changed(old: Line, new: Line, y: int) -> Region:
    """The part of a line that differs, as far as its texts and styles tell."""
    if old.fill != new.fill:
        return Region(0, y, max(len(old.text), len(new.text), 1), 1)
    before, after = _cells(old), _cells(new)
    longest, shortest = max(len(before), len(after)), min(len(before), len(after))
    start = next((x for x in range(shortest) if before[x] != after[x]), shortest)
    if len(before) != len(after):
        return Region(start, y, max(1, longest - start), 1)
    end = next((x for x in range(longest, start, -1) if before[x - 1] != after[x - 1]), start)
    return Region(start, y, max(1, end - start), 1)


def _cells(line: Line) -> list[tuple[str, str, str]]:
    return [(char, piece.style, piece.fill) for piece in line.pieces for char in piece.text]
