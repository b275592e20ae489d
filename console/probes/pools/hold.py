"""The note of a hold: a comment at the end of a server's own settings in config.xml, so that every console knows it.

The HAProxy package writes a server's `advanced` as it stands at the end of its line in haproxy.cfg, where HAProxy reads
nothing behind a `#` (FreeBSD-ports net/pfSense-pkg-haproxy haproxy.inc, write_backend). The web interface shows it as a
field of one line, and keeps it. Anybody may have written one: only what we would have written ourselves is a note.
"""

import re
import time
from calendar import timegm
from dataclasses import dataclass, replace

MAX_NOTE = 180
"""Characters of a note."""
MAX_WHO = 48
MAX_WHY = 120
"""Characters of a reason in a note: the journal has it whole."""
_EARLIEST = 946_684_800
"""Unix time: a note has years of this century."""
_TIME = "%Y-%m-%dT%H:%MZ"
_AT = r"20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]Z"
PATTERN = (
    rf"# hold: (?P<who>[!-\"$-~]{{1,{MAX_WHO}}}) (?P<since>{_AT}) (?P<until>{_AT}|-)(?: was:(?P<was>active|backup))?"
    r"(?P<off> off)? why:(?P<why>(?:[ -\"$-~]*[!-\"$-~])?)$"
)
"""The same in Python and in PHP. A `#` stands at its beginning only."""
_NOTE = re.compile(PATTERN, re.ASCII)
_INSTEAD = str.maketrans({"#": "", "\\": "/", "<": "(", ">": ")", "&": "+", '"': "'"})
"""Signs that some shell, XML or HAProxy might take for more."""


@dataclass(frozen=True)
class Hold:
    """A person's wish that a node stays out."""

    who: str
    """user@host of the console."""
    since: int
    """Unix time, a whole minute."""
    until: int
    """The same; 0 where it has no end."""
    why: str = ""
    was: str = ""
    """The server's status before it was disabled; "" where nobody has noted it."""
    off: bool = False
    """The node was shut down with it."""

    @property
    def note(self) -> str:
        """The note, at most MAX_NOTE printable ASCII characters: the reason is cut."""
        was = f" was:{self.was}" if self.was else ""
        head = f"# hold: {self.who} {_told(self.since)} {_told(self.until)}{was}{' off' if self.off else ''} why:"
        return f"{head}{self.why}"[:MAX_NOTE].rstrip()

    def of(self, status: str) -> "Hold":
        """The hold of a server that had this status."""
        return replace(self, was=status if status in ("active", "backup") else "")


def hold(who: str, since: float, until: float, why: str, off: bool = False) -> Hold:
    """Make a hold of anything a person may type."""
    name = "".join(_ascii(who, MAX_WHO).split()) or "somebody"
    end = max(_minute(until), _EARLIEST) if until else 0
    return Hold(name, max(_minute(since), _EARLIEST), end, _ascii(why, MAX_WHY), off=off)


def read(advanced: str) -> Hold | None:
    """The hold that a server's settings end with; None for anything that is not written exactly as we write it."""
    found = _NOTE.fullmatch(advanced[advanced.rfind("#") :]) if "#" in advanced else None
    since, until = (_moment(found["since"]), _moment(found["until"])) if found else (None, None)
    if found is None or since is None or until is None:
        return None
    one = Hold(found["who"], since, until, found["why"], found["was"] or "", bool(found["off"]))
    return one if one.note == found[0] else None


def _ascii(text: str, most: int) -> str:
    shown = "".join(char if " " <= char <= "~" else "?" if char.isprintable() else " " for char in text)
    return " ".join(shown.translate(_INSTEAD).split())[:most].rstrip()


def _minute(moment: float) -> int:
    return int(moment // 60 * 60)


def _told(moment: int) -> str:
    return time.strftime(_TIME, time.gmtime(moment)) if moment else "-"


def _moment(text: str) -> int | None:
    """Unix time; None for a day that does not exist."""
    try:
        return 0 if text == "-" else timegm(time.strptime(text, _TIME))
    except ValueError:
        return None
