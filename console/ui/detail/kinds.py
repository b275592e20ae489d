"""Forms of a field's value: small pure functions from a value to a Word."""

import time
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from console import text as saying
from console.health.hosts import APART
from console.probes.parsing import serves
from console.words import words
from console.words.words import Word

Show = Callable[[Any], Word]

UNTOLD = Word("", "not told", "dim")
NO_BASELINE = Word("", "no baseline yet", "dim")


def plain(value: Any) -> Word:
    """Any value, as text."""
    if value is None:
        return UNTOLD
    if isinstance(value, bool):
        return Word("", "yes" if value else "no", "text")
    if isinstance(value, float):
        return Word("", f"{value:.4g}", "text")
    if isinstance(value, Enum):
        return Word("", str(value.value), "text")
    return Word("", str(value), "text") if str(value) else Word("", "none", "dim")


def wanted(value: Any) -> Word:
    """True is as it should be."""
    if value is None:
        return UNTOLD
    return Word(words.OK, "yes", "ok") if value else Word(words.BAD, "no", "bad")


def unwanted(value: Any) -> Word:
    """True is worth a look."""
    if value is None:
        return UNTOLD
    return Word(words.WARN, "yes", "warn") if value else Word("", "no", "text")


def none_wanted(value: Any) -> Word:
    """0, or nothing, is as it should be."""
    if value is None:
        return UNTOLD
    return Word(words.WARN, f"{value:g}" if isinstance(value, int | float) else str(value), "warn") if value else Word(
        "", "0" if isinstance(value, int | float) else "none", "text"
    )  # fmt: skip


def warned(value: Any) -> Word:
    """A value whose mere presence is worth a look."""
    return Word(words.WARN, str(value), "warn")


def unset(word: str) -> Show:
    """Text, or what an empty one means."""
    return lambda value: plain(value) if value or value == 0 else Word("", word, "dim")


def one_of(meanings: Mapping[Any, Word], otherwise: Show = plain) -> Show:
    """A word of its own for some values."""
    return lambda value: meanings[value] if value in meanings else otherwise(value)


def size(value: Any) -> Word:
    """Bytes."""
    return UNTOLD if value is None else Word("", saying.size(value), "text")


def kilobytes(value: Any) -> Word:
    """A size in units of 1024 bytes."""
    return UNTOLD if value is None else size(value * 1024)


def length(value: Any) -> Word:
    """Seconds, as days, hours, minutes."""
    return UNTOLD if value is None else Word("", took(value), "text")


def took(seconds: float) -> str:
    """A length of time in its two largest units."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    parts = [(int(seconds // 86400), "d"), (int(seconds % 86400 // 3600), "h"), (int(seconds % 3600 // 60), "min")]
    named = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(named) if named and seconds >= 600 else " ".join([*named, f"{seconds % 60:.0f} s"])


def seconds(value: Any) -> Word:
    """A setting in seconds."""
    return UNTOLD if value is None else Word("", f"{value:g} s", "text")


def per_second(unit: str = "") -> Show:
    """A rate between two samples; None has no baseline."""
    return lambda value: (
        NO_BASELINE if value is None else Word("", f"{value:.3g} {unit}/s".replace(" /s", " a second"), "text")
    )


def bytes_per_second(value: Any) -> Word:
    """Likewise."""
    return NO_BASELINE if value is None else Word("", f"{saying.size(value)}/s", "text")


def trouble_per_second(value: Any) -> Word:
    """A rate that should be nothing."""
    if value is None:
        return NO_BASELINE
    return Word(words.WARN, f"{value:.3g} a second", "warn") if value else Word("", "0 a second", "text")


def share(value: Any) -> Word:
    """0 to 1, that should be near 0."""
    if value is None:
        return NO_BASELINE
    return Word(words.WARN if value > 0.1 else "", f"{value:.0%}", "warn" if value > 0.1 else "text")


def clock(value: Any) -> Word:
    """The difference between a machine's clock and the console's; the value counts from the console's monotonic
    zero."""
    if not value:
        return UNTOLD
    off = float(value) - (time.time() - time.monotonic())
    far = abs(off) > APART
    text = f"{off:+.1f} s against this console" if abs(off) >= 0.1 else "as this console's"
    return Word(words.WARN if far else "", text, "warn" if far else "text")


def moment(value: Any) -> Word:
    """A Unix time, as a number or as text."""
    try:
        stamp = saying.dated(float(value))
    except (ValueError, OverflowError, OSError, TypeError):
        return unset("not told")(value)
    return Word("", stamp, "text")


def status(value: Any) -> Word:
    """HTTP."""
    fine = isinstance(value, int) and serves(value)
    return Word(words.OK if fine else words.BAD, str(value), "ok" if fine else "bad")


def server(value: Any) -> Word:
    """A server's status, as a load balancer prints it."""
    text = str(value)
    if text == "UP" or text == "no check":
        return Word(words.OK, text, "ok")
    if text.startswith(("UP", "NOLB")):
        return Word(words.WARN, text, "warn")
    if text.startswith("MAINT ("):  # by a name that does not resolve, or by the server it follows
        return Word(words.BAD, text, "bad")
    if text.startswith(("MAINT", "DRAIN")):
        return Word(words.OUT if text.startswith("MAINT") else words.DRAIN, text, "note")
    return Word(words.BAD, text or "?", "bad")


def digest(value: Any) -> Word:
    """The beginning of a digest: it tells two apart."""
    return Word("", str(value)[:12], "text") if value else UNTOLD


def counted(value: Any) -> Word:
    """Entries to heal; None is not 0."""
    if value is None:
        return Word(words.UNKNOWN, "not counted", "unknown")
    return Word(words.WARN, str(value), "warn") if value else Word("", "0", "ok")
