"""A hold: what a person decides when it begins, and what is said of it then.

Keys of `Intent.options`: "who", "since" and "until" (Unix times, 0 for no end) and "why". They are decided once, so
that a resume writes the same note.
"""

import time
from collections.abc import Mapping
from typing import Any

from console.health.facts.holds import until
from console.health.facts.membership import Place, place
from console.operations.effects import Effect
from console.operations.procedures.steps import Intent, Options
from console.probes.pools.hold import Hold, hold
from console.probes.snapshot import Snapshot
from console.text import doing, quoted

LATEST = 4_102_444_800
"""Unix time: the year 2100."""


def options(who: str, since: float, until: float, why: str) -> dict[str, Any]:
    """The decisions of a hold, as the opening line of its run keeps them."""
    return {"who": who, "since": int(since), "until": int(until), "why": why}


def moment(text: str, now: float) -> float:
    """The Unix time that a person means by 07:00 (the next one), 2026-11-30 07:00 or none (0). Raises ValueError."""
    words = text.strip().replace("T", " ")
    if words == "none":
        return 0.0
    day = time.localtime(now)
    try:
        if " " in words:
            meant = time.mktime(time.strptime(words, "%Y-%m-%d %H:%M"))
        else:
            hour = time.strptime(words, "%H:%M")
            today = time.mktime((*day[:3], hour.tm_hour, hour.tm_min, 0, 0, 0, -1))
            tomorrow = time.mktime((*day[:2], day.tm_mday + 1, hour.tm_hour, hour.tm_min, 0, 0, 0, -1))
            meant = today if today > now else tomorrow
    except (ValueError, OverflowError):
        raise ValueError(f"{quoted(text)} is no time: write 07:00, 2026-11-30 07:00, or none") from None
    if not now < meant < LATEST:
        raise ValueError(f"{quoted(text)} is past, or too far away: write a time to come, or none")
    return meant


def is_time(text: str) -> bool:
    """A person means a time to come, or none."""
    try:
        moment(text, time.time())
    except ValueError:
        return False
    return True


def decided(intent: Intent) -> Hold | None:
    """The hold that a run writes down; None for an operation that holds nothing."""
    if not intent.operation.does(Effect.HOLDS):
        return None
    return _hold(intent.options, intent.operation.does(Effect.POWERS_OFF))


def decided_note(given: Options) -> str:
    """The note that these decisions make."""
    return _hold(given, False).note


def _hold(given: Mapping[str, Any], off: bool) -> Hold:
    """Read anything that a journal may hold."""
    who, why = (value if isinstance(value := given.get(key), str) else "" for key in ("who", "why"))
    since, end = (_time(given.get(key)) for key in ("since", "until"))
    return hold(who, since, end, why, off)


def _time(value: object) -> float:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST
    return float(value) if fine else 0.0  # type: ignore[arg-type]


def noted_there(snapshot: Snapshot) -> bool:
    """The pools have a place for the note: relayd's have none."""
    return snapshot.cluster.balancer == "haproxy"


def leaves(snapshot: Snapshot, node: str, given: Options, off: bool = False) -> tuple[str, ...]:
    """The lasting effects of a hold, in sentences, and what must not be lost meanwhile."""
    one = _hold(given, off)
    rest = [view.name for view in snapshot.nodes if view.name != node]
    serve = [name for name in rest if place(snapshot, name) is Place.IN]
    all_of_it = "it must not" if len(serve) == 1 else "none of them may"
    sentences = [
        f"{node} stays out {until(one)}. Nothing puts it back by itself: then the screen and `status` say that it has"
        " ended.",
        f"Until then p, u and b on {node} ask for its name.",
        f"Meanwhile {doing(serve, 'serves', 'serve')} every visitor: {all_of_it} be lost."
        if serve
        else "No other node is known to serve: see to that first.",
    ]
    sentences.append(_told(snapshot, rest))
    if off:
        sentences.append(f"{node} is off with its copy of MySQL and of the files: the others have the only ones.")
        sentences.append(
            f"Nothing here can switch {node} on again: that takes its power button, its management card or the"
            " hypervisor. Then p waits until it is fit."
        )
    if not noted_there(snapshot):
        sentences.append(
            "relayd has no place for the note: this journal has it, and the revision's text, while pfSense keeps that."
        )
    return tuple(sentences)


def _told(snapshot: Snapshot, rest: list[str]) -> str:
    """Things that somebody is told of meanwhile, and how."""
    how = "an open screen's bell, and `notify`" if snapshot.cluster.notify else "an open screen's bell alone"
    return f"Told meanwhile, by {how}: {', '.join([*rest, 'a firewall'])} lost, unfit or full; the end of the hold."


def leaves_off(snapshot: Snapshot, node: str, given: Options) -> tuple[str, ...]:
    """The same, for a node that is switched off too."""
    return leaves(snapshot, node, given, off=True)
