"""The part of a screen that an action needs. Screens import actions, actions import this: there is no circle."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Protocol, cast

from textual.app import App

from console.ui.pane import Pane


class Faults(Protocol):
    """Faults that can be injected in the demo."""

    @property
    def entries(self) -> tuple[tuple[str, str, str], ...]:
        """(name, label, target)."""
        ...

    async def inject(self, name: str, target: str, cluster: str = ...) -> str:
        """Inject a fault in one of the clusters. Returns a sentence."""
        ...


class ActionScreen(Protocol):
    """A screen, as acts see it."""

    panes: tuple[Pane, ...]
    faults: Faults | None
    KIND: ClassVar[str]

    @property
    def pane(self) -> Pane:
        """The cluster that is meant."""
        ...

    @property
    def machine(self) -> str:
        """The selected machine; "" where something else is selected."""
        ...

    @property
    def app(self) -> Any:
        """Textual's."""
        ...

    def say(self, notice: str) -> None:
        """Show the result of the last key, until the next key."""
        ...

    def thaw(self) -> None:
        """Let the pictures go on: something is to be decided."""
        ...

    def do(self, act: "ScreenAction") -> None:
        """Begin an act, unless one is under way."""
        ...

    def turn_to(self, pane: Pane) -> None:
        """Show one of the clusters."""
        ...

    def destinations(self) -> "tuple[tuple[str, Callable[[], object]], ...]":
        """Screens that can be opened from here, each with a word for the palette."""
        ...

    def action_press(self, key: str) -> None:
        """Act like a key."""
        ...


ScreenAction = Callable[[ActionScreen], Awaitable[None]]


def app_of(screen: ActionScreen) -> "App[int]":
    """The application, with its type."""
    return cast("App[int]", screen.app)
