"""A pfSense box: its version, how many states it holds, and what it says of unfinished business.

Notices: pfSense src/etc/inc/notices.inc: an array of notices by Unix time, PHP-serialised, in /tmp/notices (up to 2.6)
or /tmp/notices/notices.serial (2.7.2 on). A failed configuration sync is told nowhere else. What was changed in the web
interface and not applied: /var/run/SUBSYSTEM.dirty.
"""

import html
import re
from dataclasses import dataclass, field
from typing import Any, cast

from console.probes.ask import Ran, Run, Unreadable
from console.probes.firewalls.php import unserialize
from console.probes.hosts.clocks import looked
from console.probes.parsing import ran, short, whole
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text

FILES = ("/etc/version", "/tmp/notices", "/tmp/notices/notices.serial")  # noqa: S108 -- pfSense's own places
SYNC_NOTICE = "sync_settings"
"""The id of a notice that says that a sync to the peer failed (xmlrpc_client.inc)."""
MAX_NOTICES = 20
"""Notices that are kept, the latest."""
MAX_NOTICE = 4000
"""Characters of one that are read: fewer than the digits of &#… at which Python refuses to make a number (4300)."""
_MISSING = ("No such file or directory", "Not a directory", "Is a directory")
_PRINTED = re.compile(r"\s*([0-9][A-Za-z0-9._-]{0,39}?)\s*([abN][:;].*)?", re.DOTALL)
"""The version and, if there are notices, PHP's array (or false, or null); a version file may end without a newline."""
_STATES = re.compile(r"^ +current entries +([0-9]{1,12})\b", re.MULTILINE)
_DIRTY = re.compile(r"/var/run/([A-Za-z0-9_.-]{1,80})\.dirty")


@dataclass(frozen=True)
class Box:
    """A firewall's own statements."""

    version: str
    """/etc/version: 2.7.2-RELEASE."""
    states: int | None
    """Entries of pf's state table; None where they can't be asked."""
    sync_notices: tuple[str, ...]
    """Notices of failed configuration syncs, oldest first. They stay until somebody marks them as read."""
    unapplied: tuple[str, ...]
    """Subsystems with changes that nobody has applied yet, sorted."""
    clock: float = field(compare=False)
    """The machine's Unix time minus the console's monotonic seconds, to a second, as `Host.clock` is."""
    clocks: tuple[float, ...] = field(default=(), compare=False)
    """The looks behind it."""


def parse(answers: tuple[Ran, ...], before: Box | None) -> Box:
    """Read version and notices, the dirty files, `pfctl -si`, and `date`."""
    files, dirty, pf, date = answers
    printed = _PRINTED.fullmatch(_files(files).rstrip())
    if printed is None:
        raise Unreadable("/etc/version holds no version, or the notices are not PHP's")
    found = _STATES.search(pf.out) if pf.status == 0 else None
    clocks = looked(whole(ran(date), "date") + 0.5, date.at, before.clocks if before else ())
    return Box(
        version=printed[1],
        states=int(found[1]) if found else None,
        sync_notices=_sync_notices(printed[2] or ""),
        unapplied=_unapplied(ran(dirty)),
        clock=max(clocks),
        clocks=clocks,
    )


def _files(files: Ran) -> str:
    """Return the output of `cat`, which fails for the one layout of the notices that is not there, or for both."""
    complaints = [line for line in files.err.splitlines() if line.strip()]
    harmless = all(line.startswith("cat: /tmp/notices") and line.endswith(_MISSING) for line in complaints)
    if files.status == 1 and complaints and harmless:
        return ran(Ran(0, files.out, "", files.at))
    return ran(files)


def _sync_notices(serial: str) -> tuple[str, ...]:
    if not serial:
        return ()
    notices = unserialize(serial, "the notices")
    if not isinstance(notices, dict):
        if notices in (False, None):
            return ()
        raise Unreadable("the notices are not a list")
    told = [(when, _message(notice)) for when, notice in cast("dict[Any, Any]", notices).items()]
    kept = sorted((when, message) for when, message in told if isinstance(when, int) and message is not None)
    return tuple(message for _, message in kept)[-MAX_NOTICES:]


def _message(notice: Any) -> str | None:
    """The text of a notice of a failed sync; None for another notice. pfSense stores them as HTML."""
    fields = cast("dict[Any, Any]", notice) if isinstance(notice, dict) else {}
    if not isinstance(fields.get("id"), str) or not isinstance(fields.get("notice"), str):
        raise Unreadable("a notice has no id or no text")
    if fields["id"] != SYNC_NOTICE:
        return None
    return plain_text(html.unescape(fields["notice"][:MAX_NOTICE])) or "no text"


def _unapplied(text: str) -> tuple[str, ...]:
    found = [_DIRTY.fullmatch(line.strip()) for line in text.splitlines() if line.strip()]
    if len(found) > 100 or not all(found):
        raise Unreadable("find did not list *.dirty files of /var/run")
    return tuple(sorted(short(line[1]) for line in found if line))


BOX = Question(
    field="box",
    title="pfSense: version, notices, pf",
    subject=Subject.FIREWALL,
    cadence=Cadence.STORAGE,
    asks=lambda _cluster, _name: (
        Run(("cat", *FILES)),
        Run(("find", "/var/run", "-maxdepth", "1", "-name", "*.dirty")),
        Run(("pfctl", "-si"), root=True),
        Run(("date", "+%s")),
    ),
    parse=parse,
)
