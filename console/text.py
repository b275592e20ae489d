"""Text that every sentence shares: times, counts, lists, sizes; and text of others made harmless."""

import re
import time
from collections.abc import Iterable

from console import steady


def clock(moment: float) -> str:
    """Local time of day of a Unix time, right after the wall clock was set, too."""
    return time.strftime("%H:%M:%S", time.localtime(steady.wall(moment)))


def ago(seconds: float) -> str:
    """The age of something, behind its time; nothing while that is plain to see."""
    return f", {span(seconds)} ago" if seconds >= 60 else ""


def zone() -> str:
    """The name of the zone in which all times are shown."""
    return time.strftime("%Z")


def dated(moment: float) -> str:
    """Local date and time of a Unix time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def listed(names: Iterable[str]) -> str:
    """a; a and b; a, b and c. Each name once."""
    each = list(dict.fromkeys(names))
    return " and ".join([", ".join(each[:-1]), each[-1]]) if len(each) > 1 else "".join(each)


def doing(names: Iterable[str], one: str, many: str) -> str:
    """fw1 sends; fw1 and fw2 send."""
    each = tuple(dict.fromkeys(names))
    return f"{listed(each)} {one if len(each) == 1 else many}"


def because(named: str, why: str) -> str:
    """A reason, for a sentence that has just named the one it is about: nobody is named twice."""
    rest = why.removeprefix(named)
    if rest == why or rest[:1] not in (" ", ":"):
        return why
    place = _PLACE.match(rest)
    return rest[place.end() :] if place else f"it{rest}"


_PLACE = re.compile(r"(?: \([^()]*\))?: ")


SECONDS = 11
"""Digits of a Unix time that has a date."""


def figure(text: str | None, digits: int = 20) -> int | None:
    """A whole number in so many ASCII digits at most (20: a counter of 64 bits); None for any other text."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= digits else None


def counted(number: int, one: str, many: str = "") -> str:
    """1 session, 2 sessions; `many` where an s does not do."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def size(amount: float) -> str:
    """Bytes in the unit a person would choose, two figures or three: 812 MiB, 4.2 GiB."""
    unit, *larger = "B", "KiB", "MiB", "GiB", "TiB"
    while amount >= 1000 and larger:
        amount /= 1024
        unit, *larger = larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"


def span(seconds: float) -> str:
    """A time that has passed: 40 s, 12 min, 3 h, 5 days."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def percent(share: float) -> str:
    """A share of 1: 46 %."""
    return f"{100 * share:.0f} %"


def printable(text: str) -> str:
    """Replace each character that could move the cursor or turn the line round by a blank."""
    return "".join(char if char.isprintable() else " " for char in text)


def plain_text(text: str, limit: int = 300) -> str:
    """Make one harmless line of at most `limit` characters from what a machine printed.

    Control characters, escape sequences and marks that turn the line round become blanks, so no output can move the
    cursor or show a line other than the one that was sent.
    """
    head = text[: FOLD * limit]
    line = " ".join(printable(head).split())
    return line if len(line) <= limit and len(head) == len(text) else line[: limit - 1] + "…"


def quoted(text: str, limit: int = 24) -> str:
    """Quote and shorten an untrusted value for use in a message."""
    return f"“{plain_text(text.translate(_QUOTES), limit)}”"


_QUOTES = str.maketrans("“”", "''")

FOLD = 20
"""Multiples of the limit that are read at most: blanks fold, and megabytes would hold up the screen for 0.1 s."""
