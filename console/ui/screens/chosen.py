"""Choices for the screen that are found again the next time: theme, order of the nodes, columns."""

from collections.abc import Mapping

from console.ui.board.nodes import FIXED, every_column
from console.ui.screens import prompts
from console.ui.screens.protocols import ActionScreen, app_of
from console.ui.settings import Settings

INVENTORY = "as in the inventory"


async def one_of(screen: ActionScreen, title: str, labels: Mapping[str, str]) -> str | None:
    """The key of the label that a person chooses."""
    entries = tuple((letter(at), label) for at, label in enumerate(labels.values()))
    chosen = await prompts.choose(app_of(screen), title, entries)
    return None if chosen is None else list(labels)[chosen]


def letter(at: int) -> str:
    """The key of an entry."""
    return "123456789abcdefghijklmnopqrstuvwxyz"[at % 35]


async def theme(screen: ActionScreen) -> None:
    """Another theme."""
    app = app_of(screen)
    name = await one_of(screen, "theme", {name: name for name in sorted(app.available_themes)})
    if name is not None:
        app.theme = name
        screen.say(f"The theme is {name}: {screen.app.keep(theme=name)}")


def _titles(screen: ActionScreen, least: int = 999) -> list[str]:
    return [one.title for one in every_column(screen.board_view(80, 24)) if one.keep < least]  # type: ignore[attr-defined]


async def sort(screen: ActionScreen) -> None:
    """The order of the nodes. The same column again turns it round."""
    now: Settings = screen.app.settings
    arrow = "down" if now.downward else "up"
    labels = {"": INVENTORY} | {title: f"{title}{f', {arrow} now' * (title == now.sort)}" for title in _titles(screen)}
    title = await one_of(screen, "order of the nodes", labels)
    if title is not None:
        downward = not now.downward if title and title == now.sort else True
        kept = screen.app.keep(sort=title, downward=downward)
        screen.say(f"Nodes {f'by {title}' if title else INVENTORY}: {kept}")


async def columns(screen: ActionScreen) -> None:
    """A column that is left out, or is there again."""
    now: Settings = screen.app.settings
    labels = {title: f"{title}{', left out now' * (title in now.hidden)}" for title in _titles(screen, FIXED)}
    title = await one_of(screen, "leave out a column, or fetch it again", labels)
    if title is not None:
        there = title in now.hidden
        hidden = tuple(one for one in now.hidden if one != title) if there else (*now.hidden, title)
        screen.say(f"{title} is {'there again' if there else 'left out'}: {screen.app.keep(hidden=hidden)}")
