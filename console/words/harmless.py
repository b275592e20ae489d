"""Text of others in cells of a terminal: it moves no cursor and turns no line round."""

import unicodedata
from functools import lru_cache

from rich.cells import cell_len

MAX_CHARS = 4000
"""Characters of one text that are shown: more than a screen of 80x24 holds."""


def harmless(text: str) -> str:
    """Return text with one cell a character, shortened to MAX_CHARS; blanks stay."""
    return _harmless(text[:MAX_CHARS])


@lru_cache(maxsize=4096)
def _harmless(text: str) -> str:
    return "".join(_cell(char) for char in text)


def _cell(char: str) -> str:
    if not char.isprintable():
        return " "
    turns = unicodedata.bidirectional(char) in ("R", "AL", "AN")  # a terminal may change the order of a line's figures
    return "?" if turns or cell_len(char) != 1 else char
