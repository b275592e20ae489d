"""Choices for the screen, kept in the state folder: theme, order of the nodes, columns left out."""

import json
import tempfile
from pathlib import Path
from typing import Any, NamedTuple, cast

from console.inventory.paths import make_private, state_dir
from console.session import journal_disk
from console.text import plain_text

MOST = 64 << 10
"""Bytes of the file that are read."""


class Settings(NamedTuple):
    """`sort`: the title of a column, "" for the order of the inventory."""

    theme: str = ""
    sort: str = ""
    downward: bool = True
    """The highest, or the worst, first."""
    hidden: tuple[str, ...] = ()
    """Titles of columns."""


def place() -> Path:
    """The file."""
    return state_dir() / "screen.json"


def load() -> tuple[Settings, str]:
    """The settings, and why those of the file are not used, if so."""
    try:
        return _read(journal_disk.read(place())), ""
    except FileNotFoundError:
        return Settings(), ""
    except (OSError, ValueError, RecursionError) as error:
        return Settings(), f"{place()} is not read: {plain_text(str(error), 80)}; delete it to choose anew"


def _read(text: bytes) -> Settings:
    """Raises ValueError."""
    if len(text) > MOST:
        raise ValueError(f"it has more than {MOST >> 10} KiB")
    found: object = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it holds no settings")  # noqa: TRY004 -- a fault of the file
    values = cast(dict[str, Any], found)
    theme, sort, hidden = (values.get(name, "") for name in ("theme", "sort", "hidden"))
    named = [one for one in cast(list[object], hidden) if isinstance(one, str)] if isinstance(hidden, list) else []
    downward = values.get("downward") is not False
    return Settings(str(theme), str(sort), downward, tuple(one for one in named if one.isprintable()))


def save(settings: Settings) -> str:
    """Keep them; a sentence says where, or why not."""
    try:
        make_private(place().parent)
        with tempfile.NamedTemporaryFile("w", dir=place().parent, delete=False) as new:
            new.write(json.dumps(settings._asdict()) + "\n")
        Path(new.name).replace(place())
    except OSError as error:
        return f"not kept for the next time: {place()}: {(error.strerror or str(error)).lower()}"
    return f"kept in {place()}"
