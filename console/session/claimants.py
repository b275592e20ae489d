"""The consoles at work on the firewalls of a cluster, by the claims that the firewalls tell of. Pure."""

import re
from collections.abc import Iterator

from console.operations.guards import Objection, Override
from console.probes.firewalls.claim import GIVEN_UP, Claim
from console.probes.snapshot import Known, Snapshot
from console.session.lock import Holder
from console.text import clock, dated, listed, quoted

_ACTION = re.compile(r"[a-z-]{1,20}( on| off)? [A-Za-z0-9_.-]{1,63}")
"""An action and its target, as every console words it: it can't speak for us."""


def holder(claim: Claim, *firewalls: str) -> str:
    """A sentence: the console that claims firewalls, its work, and since when."""
    since = f" since {clock(claim.since)}" if claim.since else ""
    return f"{_who(claim)} is at work on {listed(firewalls)}{since}: {_work(claim) or 'it does not say at what'}"


def _who(claim: Claim) -> str:
    return quoted(claim.who, 40) if claim.who else "another console"


def _work(claim: Claim) -> str:
    return f"{quoted(claim.what)} in {quoted(claim.cluster)}" if claim.what else ""


def _each(snapshot: Snapshot) -> Iterator[tuple[Claim, tuple[str, ...]]]:
    """Each claim once, with the firewalls that tell of it."""
    told = [(view.name, view.claim.value) for view in snapshot.firewalls if isinstance(view.claim, Known)]
    for token in dict.fromkeys((claim.token, claim.held) for _, claim in told):
        same = [(name, claim) for name, claim in told if (claim.token, claim.held) == token]
        yield max((claim for _, claim in same), key=lambda claim: claim.until), tuple(name for name, _ in same)


def claimed(snapshot: Snapshot, own: frozenset[str]) -> Iterator[Objection]:
    """Objections: another console claims a firewall, by the last look at it. `own`: tokens of this console's claims."""
    for claim, firewalls in _each(snapshot):
        if claim.held and claim.token not in own:
            clears = f"Wait until it ends ({GIVEN_UP})"
            yield Objection(firewalls[0], holder(claim, *firewalls), clears, Override.NEVER)


def without_last_word(snapshot: Snapshot, now: float, journal: str) -> Iterator[Objection]:
    """Objections: a claim ended without its last word, and its last order may still be on its way. `journal`: this
    console's own, whose runs tell that themselves. `now`: Unix time."""
    for claim, firewalls in _each(snapshot):
        ended = claim.held or claim.released or not claim.token
        if not ended and now < claim.until and claim.where != journal:
            saw = f"{_who(claim)} fell silent at {_work(claim)}: its last order may still be on its way"
            yield Objection(firewalls[0], saw, f"Wait until {clock(claim.until)}", Override.CONFIRM)


def _left_behind(snapshot: Snapshot, journal: str) -> Iterator[tuple[Claim, tuple[str, ...]]]:
    """The last claims on firewalls, of other journals, whose runs are open there, or whose consoles have died."""
    for claim, firewalls in _each(snapshot):
        if claim.token and not claim.held and claim.where != journal and (claim.open or not claim.released):
            yield claim, firewalls


def _left(claim: Claim) -> str:
    since = f" since {dated(claim.since)}" if claim.since else ""
    ended = "is open" if claim.released else "was cut off"
    host, _, path = claim.where.partition(":")
    journal = f"journal {quoted(path, 200)} on {quoted(host, 60)}" if path else "journal that it does not name"
    return f"{_work(claim) or 'a run'} of {_who(claim)}{since} {ended}, in the {journal}"


def left_open(snapshot: Snapshot, journal: str) -> Iterator[str]:
    """Runs that other consoles left open, a sentence each. `journal`: this console's own."""
    for claim, _ in _left_behind(snapshot, journal):
        yield f"{_left(claim)}: it can be resumed only there"


def open_elsewhere(snapshot: Snapshot, journal: str, target: str) -> Iterator[Objection]:
    """Objections to work on a target on which another console has left a run open, whose notes are not here."""
    for claim, firewalls in _left_behind(snapshot, journal):
        if claim.what.endswith(f" {target}"):
            clears = f"Resume it there; here {target} comes back as config.xml and the note of a hold say"
            yield Objection(firewalls[0], _left(claim), clears, Override.NAME_AND_REASON)


def claimant(snapshot: Snapshot, own: frozenset[str] = frozenset()) -> Holder | None:
    """The other console that claims a firewall of the cluster now, for one line of the screen."""
    claim = next((claim for claim, _ in _each(snapshot) if claim.held and claim.token not in own), None)
    if claim is None:
        return None
    what = claim.what if _ACTION.fullmatch(claim.what) else quoted(claim.what)
    here = claim.cluster == snapshot.cluster.name
    return Holder(_who(claim), what if here else f"{what} ({quoted(claim.cluster)})")
