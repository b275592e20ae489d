"""The hours in which a machine may be begun, kept with their zone: a resume in another zone means the same ones."""

import os
import re
import time
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console import steady
from console.text import clock, zone

HOURS = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]")


def window(text: str) -> str:
    """14:00-17:00, with the zone in which it is meant. Raises ValueError."""
    if not HOURS.fullmatch(text) or text[:5] == text[6:]:
        raise ValueError(text)
    return f"{text} {_here()}"


def outside(kept: str, moment: float) -> str:
    """A sentence, without its end, where a Unix time is outside a window; "" inside it. Older journals keep no zone."""
    hours, _, name = kept.partition(" ")
    begin, _, end = hours.partition("-")
    there = _zone(name)
    if name and not there:
        return f"the zone of the window {kept} is not known"
    now, called = clock(moment)[:5], zone()
    if there:
        now, called = datetime.fromtimestamp(steady.wall(moment), there).strftime("%H:%M %Z").split(" ", 1)
    if begin <= now < end if begin < end else now >= begin or now < end:
        return ""
    return f"it is {now} ({called}), outside the window {hours}"


def _here() -> str:
    """The name of the zone of this process; where nothing knows it, its distance from UTC."""
    named = os.environ.get("TZ", "").removeprefix(":") or os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    return named if _zone(named) else time.strftime("%z")


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    try:
        return datetime.strptime(name, "%z").tzinfo
    except ValueError:
        return None
