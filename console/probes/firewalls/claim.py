"""The claim on a firewall: the console at work on its pools, under any name of the cluster.

A lock file that a process on the firewall holds, and a file that says for whom. `lockf` gives the lock up when `tee`
ends, which is when the console closes its standard input, or sshd gives the connection up. pfSense's own rc.reboot uses
lockf; EX_TEMPFAIL 75 and -k, -s, -t: FreeBSD lockf(1).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from console.probes.ask import Hold, Ran, Run, Unreadable
from console.probes.parsing import short
from console.probes.question import Cadence, Question, Subject
from console.text import figure, plain_text

LOCK, FILE = "/var/run/drainboard.lock", "/var/run/drainboard.claim"
HOLD = Hold(("lockf", "-k", "-s", "-t", "0", LOCK, "tee", FILE), taken=75)
PATTERN = f"lockf -k -s -t 0 {LOCK.replace('/d', '/[d]')}"
"""For `pgrep -f`: it matches no command line that holds the pattern itself."""
MAX_CLAIM = 1 << 16
"""Characters of the file that are read: a run writes a line for each of its orders."""
GIVEN_UP = "a console that has lost its power gives it up after about two minutes"


@dataclass(frozen=True)
class Claim:
    """The last claim on a firewall. All texts are the other console's own."""

    held: bool
    token: str = ""
    """Chosen at random by the run that wrote it; "" where nobody did since the firewall's boot."""
    who: str = ""
    cluster: str = ""
    what: str = ""
    """Action and node: drain node2."""
    where: str = ""
    """The console's host and its journal's folder."""
    since: float = 0.0
    """Unix time, by that console's clock, as is `until`."""
    until: float = 0.0
    """Time by which its last order has ended; 0 for none."""
    released: bool = False
    """Its run ended, and nothing of it is on its way."""
    open: bool = False
    """Its run has ended there and stays open in that console's journal."""


def opening(token: str, who: str, cluster: str, what: str, where: str, since: float) -> str:
    """The first line of a claim."""
    return _line(claim=token, who=who, cluster=cluster, what=what, where=where, since=round(since, 3))


def ordering(until: float) -> str:
    """The line before an order leaves."""
    return _line(until=round(until, 3))


def released(open: bool) -> str:
    """The last line of a claim. `open`: its run stays open."""
    return _line(released=True, open=open)


def _line(**facts: Any) -> str:
    return json.dumps(facts) + "\n"


def parse(answers: tuple[Ran, ...], _before: Claim | None) -> Claim:
    """Read the file, which need not exist, and `pgrep` before and after it, whose status 1 says that no process holds
    the lock. A run that begins or ends meanwhile holds it: its line in the file is not one that was cut off."""
    before, file, after = answers
    for process in (before, after):
        if process.status not in (0, 1) or any(figure(word) is None for word in process.out.split()):
            raise Unreadable(f"pgrep did not print processes; its status is {process.status}")
    missing = file.status != 0 and FILE in file.err and "No such file" in file.err
    if file.status != 0 and not missing:
        raise Unreadable(f"{FILE} can't be read: {short(file.err)}")
    claim = read("" if missing else file.out, 0 in (before.status, after.status))
    if not missing and file.out.strip() and not claim.token:
        raise Unreadable(f"{FILE} holds no claim")
    return claim


def read(text: str, held: bool) -> Claim:
    """A line that is no claim's costs itself only: what another version writes, or half of a line."""
    facts: dict[str, Any] = {}
    for line in _lines(text[:MAX_CLAIM]):
        facts |= line
    return Claim(
        held=held,
        token=_word(facts, "claim"),
        who=_word(facts, "who"),
        cluster=_word(facts, "cluster"),
        what=_word(facts, "what"),
        where=_word(facts, "where"),
        since=_time(facts, "since"),
        until=_time(facts, "until"),
        released=facts.get("released") is True,
        open=facts.get("open") is True,
    )


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.split("\n"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield cast("dict[str, Any]", found)


def _word(facts: dict[str, Any], key: str) -> str:
    value = facts.get(key)
    return plain_text(value) if isinstance(value, str) else ""


def _time(facts: dict[str, Any], key: str) -> float:
    """A moment that a clock can show, or 0."""
    value = facts.get(key)
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e11 else 0.0


_HOLDS = Run(("pgrep", "-f", PATTERN))
CLAIM = Question(
    field="claim",
    title="who is at work",
    subject=Subject.FIREWALL,
    cadence=Cadence.FAST,
    asks=lambda _cluster, _name: (_HOLDS, Run(("cat", FILE)), _HOLDS),
    parse=parse,
    remedy=f"pgrep must see root's processes there, and {FILE} be readable",
)
