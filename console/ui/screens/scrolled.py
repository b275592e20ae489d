"""A full screen that is longer than the window: a heading that stays, and lines that move."""

from console.ui.lines import Line, Piece, line
from console.ui.screens.base import Base


class Scrolled(Base):
    """A subclass gives `heading` and `body`. Only what is in the window is painted."""

    top = 0
    _length = 0
    _room = 1

    def heading(self, width: int) -> list[Line]:
        """Lines that stay in place."""
        raise NotImplementedError

    def body(self, width: int) -> list[Line]:
        """The lines that scroll."""
        raise NotImplementedError

    def lines(self, width: int, height: int) -> list[Line]:
        """The window."""
        head = self.heading(width)
        every = self.body(width)
        if self.filter:
            every = [one for one in every if self.filter.lower() in one.text.lower()]
            every = every or [line(Piece("   nothing contains that", "dim"))]
        self._length, self._room = len(every), max(1, height - len(head))
        self.top = max(0, min(self.top, self._length - self._room))
        return [*head, *every[self.top : self.top + self._room]]

    def prefix(self) -> str:
        """The position, in percent."""
        if self._length <= self._room:
            return ""
        return f" down to {min(100, 100 * (self.top + self._room) // self._length)}% "

    def action_select(self, by: int) -> None:
        """Scroll by a line."""
        self.top += by
        self.renew()

    def action_page(self, by: int) -> None:
        """Scroll by a screenful, less a line."""
        self.top += by * max(1, self._room - 1)
        self.renew()

    def action_end(self, which: int) -> None:
        """Go to the top or the bottom."""
        self.top = 0 if which < 0 else self._length
        self.renew()
