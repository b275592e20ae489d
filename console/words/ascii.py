"""Signs of the screen and of the command line in ASCII, for a terminal that knows no others.

Where a sign can't be said it would become a question mark, which is the mark of what is not known.
"""

import os
import sys
from typing import TextIO

SIGNS = {
    "✓": "+", "✗": "X", "·": ".", "■": "#", "▼": "v", "►": ">", "≠": "*", "≤": "<", "…": "~", "“": '"', "”": '"',
    "↓": "v", "↑": "^", "●": "*", "─": "-", "━": "-", "│": "|", "┃": "|", **dict.fromkeys("╭╮╰╯┏┓┗┛┌┐└┘", "+"),
    **dict.fromkeys("▌▐▎▊", "|"), **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),
}  # fmt: skip
"""One cell each, as what they stand for. `!`, `?`, `i` and `~` are ASCII already."""
_TABLE = str.maketrans(SIGNS)


def plain(text: str) -> str:
    """The same in ASCII signs. What a machine or a person has written in other letters stays as it is."""
    return text.translate(_TABLE)


def ascii_only(stream: TextIO) -> bool:
    """A terminal, or another reader of a stream, knows ASCII only: by its encoding, or by its locale, which Python
    takes for UTF-8 where it is C."""
    try:
        "".join(SIGNS).encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return True
    named = (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").lower()
    assumed = sys.flags.utf8_mode and not os.environ.get("PYTHONUTF8")
    return bool(named and assumed and "utf" not in named)
