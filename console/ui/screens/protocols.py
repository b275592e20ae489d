"""What a key's doing needs of the screen it was pressed on. Screens are built on acts, acts on this, and no circle."""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Protocol, cast

from textual.app import App

from console.ui.pane import Pane


class Faults(Protocol):
    """What can be made to go wrong in the demo."""

    @property
    def entries(self) -> tuple[tuple[str, str, str], ...]:
        """(name, label, target)."""
        ...

    async def inject(self, name: str, target: str, cluster: str = ...) -> str:
        """Makes it happen in one of the clusters. Returns a sentence."""
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
    def app(self) -> Any:
        """Textual's."""
        ...

    def say(self, notice: str) -> None:
        """What the last key led to, until the next key."""
        ...

    def turn_to(self, pane: Pane) -> None:
        """Shows one of the clusters."""
        ...

    def destinations(self) -> "tuple[tuple[str, Callable[[], object]], ...]":
        """What can be opened from here, each with a word for the palette."""
        ...

    def action_press(self, key: str) -> None:
        """As if a key had been pressed."""
        ...


ScreenAction = Callable[[ActionScreen], Awaitable[None]]


def app_of(screen: ActionScreen) -> "App[int]":
    """The application, with its type."""
    return cast("App[int]", screen.app)
