"""The last revisions of config.xml: when, by whom and for what each was made.

pfSense keeps them beside the copies of config.xml, by the time of each, as PHP serialises them: thirty unless somebody
has set another number. The newest revision is in config.xml itself (src/etc/inc/config.lib.inc, backup_config).
"""

from dataclasses import dataclass
from typing import Any, cast

from console.probes.ask import Ran, Run, Unreadable
from console.probes.firewalls.php import unserialize
from console.probes.parsing import ran
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text

FILE = "/cf/conf/backup/backup.cache"
MAX_REVISIONS = 30
"""The latest ones that pfSense keeps."""


@dataclass(frozen=True)
class Revision:
    """One change of config.xml."""

    at: int
    """Unix time, by the firewall's clock."""
    text: str
    """The user and the reason: admin@10.0.0.50 (Local Database): rule added."""


@dataclass(frozen=True)
class Revisions:
    """Oldest first."""

    last: tuple[Revision, ...]


def parse(answers: tuple[Ran, ...], _before: Revisions | None) -> Revisions:
    """From the file, which is not there before the first change."""
    answer = answers[0]
    if answer.status != 0 and FILE in answer.err and "No such file" in answer.err:
        return Revisions(())
    kept = unserialize(ran(answer).strip(), FILE, most=100_000)
    if not isinstance(kept, dict):
        raise Unreadable(f"{FILE} holds no list")
    entries = cast("dict[Any, Any]", kept)
    texts = {at: _text(entry) for at, entry in entries.items() if isinstance(at, int) and at >= 0}
    found = [Revision(at, text) for at, text in texts.items() if text]
    if entries and not found:
        raise Unreadable(f"no revision in {FILE} has a time and a description")
    return Revisions(tuple(sorted(found, key=lambda one: one.at)[-MAX_REVISIONS:]))


def _text(entry: Any) -> str:
    """The description; "" for an odd entry, which costs itself only."""
    said = cast("dict[Any, Any]", entry).get("description") if isinstance(entry, dict) else None
    return plain_text(said) if isinstance(said, str) else ""


REVISIONS = Question(
    field="revisions",
    title="revisions of config.xml",
    subject=Subject.FIREWALL,
    cadence=Cadence.SLOW,
    asks=lambda _cluster, _name: (Run(("cat", FILE), root=True),),
    parse=parse,
)
