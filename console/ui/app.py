"""The application: sessions, themes, and the screen over them.

The first frame waits for its own modules only: those of screens that a key opens are imported right after it.
"""

import importlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.screen import Screen
from textual.theme import Theme
from textual.types import CSSPathType

from console.inventory.paths import theme_dirs
from console.session.handle import SessionHandle
from console.text import listed
from console.ui import settings
from console.ui.bell import SAVE, Bell, as_title, title
from console.ui.pane import Pane
from console.ui.screens.base import Base
from console.ui.screens.cluster import ClusterScreen
from console.ui.screens.protocols import Faults
from console.ui.terminal import TerminalDriver, driver
from console.ui.theme import DEFAULT, STATES, find
from console.ui.typed import Typed

APART = 0.2
"""Seconds between the starts of two clusters: a hundred at once would be slow to log in, all of them."""
LEAVES = ("ctrl+c", "ctrl+q")
OPENED = ("console.ui.screens.detail", "console.ui.screens.findings", "console.ui.screens.logs")
"""Modules of screens that keys open, imported beforehand so that no key waits."""


class ConsoleApp(App[int]):
    """Starts the sessions it is given; whoever gave them closes them."""

    TITLE = "drainboard"
    CSS_PATH: ClassVar[CSSPathType | None] = ["screens/base.tcss", "screens/dialog.tcss"]
    """Loaded at once: a sheet that comes with its screen has all of them parsed again, just when a key wants that
    screen."""
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(LEAVES), "leave", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(
        self,
        sessions: tuple[SessionHandle, ...],
        theme: str | None = None,
        faults: Faults | None = None,
        inventory: Path | None = None,
    ) -> None:
        self._found = find(theme_dirs(inventory))
        self.settings, self._unread = settings.load()
        self._wished = theme or self.settings.theme or None
        wished = self._wished if self._wished in self.available_themes else DEFAULT
        self.set_reactive(App.theme, wished)  # before all else: set later, it would have all CSS parsed twice
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.sessions = sessions
        self._faults = faults
        self._bell = Bell()
        self._typed = Typed(self, super().on_event)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Ours and the user's, none of Textual's."""
        return {one.name: one for one in self._found.themes}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Names of our own colours, for a theme that lacks them."""
        return {f"state-{state}": "#ffffff" for state in STATES}

    def get_default_screen(self) -> Screen[None]:
        """No screen lies below: an empty one would be laid out and painted first."""
        screen = self._first(tuple(Pane(session) for session in self.sessions))
        screen.notice = " ".join(self._problems())
        self.call_later(screen.call_after_refresh, self._begin, screen)
        return screen

    def _first(self, panes: tuple[Pane, ...]) -> Base:
        if len(panes) == 1:
            return ClusterScreen(panes, self._faults)
        from console.ui.screens.fleet import FleetScreen

        return FleetScreen(panes, self._faults)

    async def _begin(self, screen: Base) -> None:
        """Ask the machines after the first frame, and offer the open runs."""
        self.set_interval(1.0, self._ring)
        for at, session in enumerate(self.sessions):
            await session.start(after=at * APART)
        for name in OPENED:
            importlib.import_module(name)
        from console.ui.screens import actions

        screen.do(actions.show_open)

    def _problems(self) -> list[str]:
        problems = [*self._found.problems, *filter(None, (self._unread,))]
        if self._wished and self._wished not in self.available_themes:
            problems.append(f"There is no theme {self._wished}; there are: {', '.join(sorted(self.available_themes))}")
        return problems

    def get_driver_class(self) -> type[Driver]:
        """The driver, through which everything painted goes, marks and borders alike."""
        return driver(super().get_driver_class())

    @property
    def terminal(self) -> TerminalDriver | None:
        """None where there is none, as in a test."""
        return self._driver if isinstance(self._driver, TerminalDriver) else None

    def lend(self, argv: Sequence[str], *said: str) -> None:
        """Lend the terminal to a program, below some lines of ours. Blocks this thread alone: the sessions have their
        own. Raises OSError, SuspendNotSupported."""
        from console.ui.lent import lend

        terminal = self.terminal
        if terminal is None:
            raise SuspendNotSupported("this terminal can't be lent to another program")
        with self.suspend():
            lend(argv, said, terminal.fileno, lambda: terminal.over)

    async def on_event(self, event: events.Event) -> None:
        """A key waits for those before it, but for the one that always leaves."""
        if isinstance(event, events.Key) and not event.is_forwarded and event.key not in LEAVES:
            self._typed.take(event)
        else:
            await super().on_event(event)

    def on_unmount(self) -> None:
        """Take no more keys."""
        self._typed.close()

    def keep(self, **changed: Any) -> str:
        """Change settings, and keep them. Returns where, in a sentence."""
        self.settings = self.settings._replace(**changed)
        return settings.save(self.settings)

    def _ring(self) -> None:
        """Ring where something is worse, and say it in the terminal's title."""
        text = title(self.sessions)
        if self._bell.rings(self.sessions):
            self.bell()
        if self.terminal is not None and text != self._bell.title:
            self.terminal.write(("" if self._bell.title else SAVE) + as_title(text))
            self._bell.title = text

    def action_suspend_process(self) -> None:
        """Stop, as any program does on Ctrl-Z, with all that runs in this terminal beside it. A run is not held up."""
        screen = next(one for one in reversed(self.screen_stack) if isinstance(one, Base))
        running = [session.running.words for session in self.sessions if session.running]
        if running:
            screen.say(f"{listed(running)} is under way: Ctrl-Z would hold it up. s stops it, o opens a shell")
        elif self.terminal is not None:
            os.killpg(os.getpgrp(), signal.SIGTSTP)

    def action_leave(self) -> None:
        """Quit like the key q, from anywhere."""
        screen = next((one for one in reversed(self.screen_stack) if isinstance(one, Base)), None)
        if screen is not None:
            screen.quit()
