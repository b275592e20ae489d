"""Themes are data: one TOML file each, shipped ones and the user's own. A broken file costs one sentence, no more."""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple, cast

from textual.theme import Theme

STATES = ("ok", "warn", "bad", "unknown", "dim", "note")
COLORS = ("primary", "accent", "foreground", "background", "surface", "panel")
DEFAULT = "dark"
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


class ThemeError(Exception):
    """A fault of a theme file: file, key, and the right value. One sentence."""


class Themes(NamedTuple):
    """The themes found, and a sentence for each file that could not be used."""

    themes: tuple[Theme, ...]
    problems: tuple[str, ...]


def find(folders: tuple[Path, ...]) -> Themes:
    """Every theme of some folders; a later folder's theme replaces an earlier one of the same name."""
    found: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else []:
            try:
                theme = load(path)
                found[theme.name] = theme
            except ThemeError as error:
                problems.append(str(error))
    if DEFAULT not in found:
        found[DEFAULT] = _theme(DEFAULT, True, _PLAIN, _PLAIN)
    return Themes(tuple(found.values()), tuple(problems))


def load(path: Path) -> Theme:
    """Read one theme. Raises ThemeError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ThemeError(f"Theme {path} can't be read: {error}; mend it or remove it") from error
    name = data.get("name", path.stem)
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
        raise ThemeError(f"Theme {path}: name must be of letters, digits, - and _")
    dark = data.get("dark", True)
    if not isinstance(dark, bool):
        raise ThemeError(f"Theme {path}: dark must be true or false")
    return _theme(name, dark, _colors(path, data, "colors", COLORS), _colors(path, data, "states", STATES))


def _colors(path: Path, data: dict[str, Any], table: str, names: tuple[str, ...]) -> dict[str, str]:
    given = data.get(table)
    if not isinstance(given, dict):
        raise ThemeError(f"Theme {path} has no table [{table}]: add it with {', '.join(names)}")
    colors = cast("dict[str, Any]", given)
    for name in names:
        if not isinstance(colors.get(name), str) or not _COLOR.fullmatch(colors[name]):
            raise ThemeError(f"Theme {path}: {table}.{name} must be a colour like #12ab9f")
    return {name: colors[name] for name in names}


def _theme(name: str, dark: bool, colors: dict[str, str], states: dict[str, str]) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=colors["primary"],
        accent=colors["accent"],
        foreground=colors["foreground"],
        background=colors["background"],
        surface=colors["surface"],
        panel=colors["panel"],
        success=states["ok"],
        warning=states["warn"],
        error=states["bad"],
        variables={f"state-{state}": states[state] for state in STATES},
    )


_PLAIN = {
    **dict.fromkeys(STATES, "#ffffff"),
    "primary": "#ffffff",
    "accent": "#ffffff",
    "foreground": "#ffffff",
    "background": "#000000",
    "surface": "#000000",
    "panel": "#303030",
}
"""Colours for the case that no theme file is left: marks and words carry the meaning."""
