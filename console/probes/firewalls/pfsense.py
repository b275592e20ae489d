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
from console.probes.parsing import each, lines_of, ran, short, told, whole
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text, quoted

FILES = ("/etc/version", "/tmp/notices", "/tmp/notices/notices.serial")  # noqa: S108 -- pfSense's own places
SYNC_NOTICE = "sync_settings"
"""The id of a notice that says that a sync to the peer failed (xmlrpc_client.inc)."""
MAX_DIRTY = 100
MAX_NOTICES = 20
"""Notices that are kept, the latest."""
MAX_NOTICE = 4000
"""Characters of one that are read: fewer than the digits of &#… at which Python refuses to make a number (4300)."""
_MISSING = ("No such file or directory", "Not a directory", "Is a directory")
_PRINTED = re.compile(r"\s*([0-9][A-Za-z0-9._-]{0,39}?)\s*([abN][:;].*)?", re.DOTALL)
"""The version and, if there are notices, PHP's array (or false, or null); a version file may end without a newline."""
_VERSION = re.compile(r"\s*([0-9][A-Za-z0-9._-]{0,39})\s*\n(.*)", re.DOTALL)
"""The version, and what are no notices of PHP's."""
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
    unread: tuple[str, ...] = ()
    """Reasons why a notice, or a file, can't be read; the others stand."""


def parse(answers: tuple[Ran, ...], before: Box | None) -> Box:
    """Read version and notices, the dirty files, `pfctl -si`, and `date`."""
    files, dirty, pf, date = answers
    version, serial = _printed(_files(files).rstrip())
    found = _STATES.search(pf.out) if pf.status == 0 else None
    clocks = looked(whole(ran(date), "date") + 0.5, date.at, before.clocks if before else ())
    unread: list[str] = []
    return Box(
        version=version,
        states=int(found[1]) if found else None,
        sync_notices=_sync_notices(serial, unread),
        unapplied=_unapplied(ran(dirty), unread),
        clock=max(clocks),
        clocks=clocks,
        unread=told(unread),
    )


def _files(files: Ran) -> str:
    """Return the output of `cat`, which fails for the one layout of the notices that is not there, or for both."""
    complaints = [line for line in lines_of(files.err) if line.strip()]
    harmless = all(line.startswith("cat: /tmp/notices") and line.endswith(_MISSING) for line in complaints)
    if files.status == 1 and complaints and harmless:
        return ran(Ran(0, files.out, "", files.at))
    return ran(files)


def _printed(text: str) -> tuple[str, str]:
    """The version, and the notices behind it."""
    printed = _PRINTED.fullmatch(text) or _VERSION.match(text)
    if printed is None:
        raise Unreadable("/etc/version holds no version")
    return printed[1], printed[2] or ""


def _sync_notices(serial: str, unread: list[str]) -> tuple[str, ...]:
    found = each(_notices, [serial] if serial else [], unread)
    told = each(_message, [entry for notices in found for entry in notices.items()], unread)
    return tuple(says for _, says in sorted(one for one in told if one))[-MAX_NOTICES:]


def _notices(serial: str) -> dict[Any, Any]:
    """The notices by Unix time."""
    notices = unserialize(serial, "the notices")
    if not isinstance(notices, dict) and notices not in (False, None):
        raise Unreadable("the notices are not a list")
    return cast("dict[Any, Any]", notices or {})


def _message(entry: tuple[Any, Any]) -> tuple[int, str] | None:
    """Time and text of a notice of a failed sync; None for another notice. pfSense stores them as HTML."""
    when, notice = entry
    fields = cast("dict[Any, Any]", notice) if isinstance(notice, dict) else {}
    if not isinstance(when, int) or not isinstance(fields.get("id"), str) or not isinstance(fields.get("notice"), str):
        raise Unreadable("a notice has no time, no id or no text")
    if fields["id"] != SYNC_NOTICE:
        return None
    return when, plain_text(html.unescape(fields["notice"][:MAX_NOTICE])) or "no text"


def _unapplied(text: str, unread: list[str]) -> tuple[str, ...]:
    listed = [line.strip() for line in lines_of(text) if line.strip()]
    if len(listed) > MAX_DIRTY:
        raise Unreadable(f"find lists more than {MAX_DIRTY} *.dirty files")
    return tuple(sorted(each(_subsystem, listed, unread)))


def _subsystem(path: str) -> str:
    if not (found := _DIRTY.fullmatch(path)):
        raise Unreadable(f"find lists what is no *.dirty file of /var/run, {quoted(path)}")
    return short(found[1])


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
