"""The look of every state: a mark, a word and a style class. The whole vocabulary of the screen, and pure.

Never a colour alone: the mark and the word say the same without any. What is unknown is never `ok`.

Style classes: ok, warn, bad, unknown, dim (not there, not asked, old), note (a person's doing), head, key, text.
"""

from collections.abc import Sequence
from typing import NamedTuple

from console.health import Condition, Finding, Kind, Level
from console.health.facts.membership import Membership
from console.health.facts.sync import Sync
from console.health.hosts import LOAD
from console.operations.guards import Override
from console.probes.database.galera import Wsrep
from console.probes.firewalls.carp import UNREAD
from console.probes.pools.servers import UNCHECKED, Admin, Pools, Server
from console.probes.snapshot import Cause, Reading, Unknown
from console.probes.storage.gluster import Brick, Healing
from console.probes.web.apache import Apache, Site
from console.probes.web.vip import Visit

OK, NOTED, WARN, BAD, UNKNOWN, ASKING, OUT, DRAIN = "✓", "i", "!", "✗", "?", "·", "■", "▼"
AGING = "~"
"""A state at the last look, more than two batches ago: not counted as well any more."""


class Word(NamedTuple):
    """A state as it is shown."""

    mark: str
    word: str
    style: str

    @property
    def text(self) -> str:
        """Mark and word."""
        return self.mark + self.word


NOTHING = Word("", "-", "dim")


def aged(word: Word) -> Word:
    """A state from a look that is older than two rounds: dim, and never with the mark of what is well."""
    return Word(AGING if word.mark == OK else word.mark, word.word, "dim")


def figure(reading: Unknown) -> Word:
    """A figure that is not known, where the reason has a word elsewhere in the row."""
    return unknown(reading)._replace(word="")


def verdict(level: Level) -> Word:
    """The cluster in one word."""
    return {
        Level.OK: Word(OK, "OK", "ok"),
        Level.NOTE: Word(NOTED, "NOTE", "note"),
        Level.DEGRADED: Word(WARN, "DEGRADED", "warn"),
        Level.UNKNOWN: Word(UNKNOWN, "UNKNOWN", "unknown"),
        Level.CRITICAL: Word(BAD, "CRITICAL", "bad"),
    }[level]


def site_state(condition: Condition) -> Word:
    """The site in one word: the bar over everything."""
    style = {Condition.UP: "ok", Condition.UNKNOWN: "unknown"}.get(condition, "bad")
    return Word("", f"SITE {condition.value}", style)


def finding(level: Level) -> Word:
    """One thing that is not as it should be, by its mark alone before its sentence."""
    word = verdict(level)
    return Word(word.mark, "", word.style)


def named(one: Finding | None) -> Word:
    """Mark and style of the name of a machine that a finding names."""
    return finding(one.level) if one else Word("", "", "")


_MEANS = {Kind.HEAL: "behind", Kind.HEAL_STUCK: "behind"}


def marked(word: Word, one: Finding | None) -> Word:
    """A cell of the layer that a finding is about: never with the mark of what is well."""
    if one is None or word.mark not in (OK, ""):
        return word
    return finding(one.level)._replace(word=_MEANS.get(one.kind, word.word))


def unknown(reading: Unknown) -> Word:
    """Why nothing is shown, in one word. `lost`: it was known once. `down`, `cut`: that is
    known, and bad."""
    if reading.cause is Cause.NOT_ASKED:
        return Word(ASKING, "asking", "dim")
    if reading.under_way:
        return Word(ASKING, "reading", "unknown")
    if reading.cause is Cause.UNPROVEN:
        return Word(UNKNOWN, "unproven", "unknown")
    if reading.cause in (Cause.ABSENT, Cause.CUT):
        return Word(BAD, "down" if reading.cause is Cause.ABSENT else "cut", "bad")
    if reading.ours:
        return Word(UNKNOWN, "stale", "unknown")
    return Word(UNKNOWN, "lost", "unknown")


def server(one: Server) -> Word:
    """A server of a backend. What was asked of it comes before its health: out is out, even when it is also down. A
    server without an address was taken out by nobody."""
    if one.strange:
        return Word(UNKNOWN, one.status[:8] or "?", "unknown")
    if one.admin is Admin.MAINT:
        return Word(OUT, "MAINT", "note")
    if one.admin is Admin.DRAIN:
        return Word(DRAIN, "DRAIN", "note")
    if one.serving:
        falling = one.status.startswith("UP ")
        return Word(WARN, one.status, "warn") if falling else Word(OK, "UP", "ok")
    if one.status.startswith(("NOLB", "UP")):
        return Word(WARN, "NOLB" if one.status.startswith("NOLB") else "UP w0", "warn")
    if one.unresolved:
        return Word(BAD, "NO DNS", "bad")
    if one.status == UNCHECKED:
        return Word(UNKNOWN, "untested", "unknown")
    return Word(BAD, "off" if one.status.endswith(" disabled") else one.status.split()[0], "bad")


def membership(one: Membership, why: Unknown | None, running: bool = True) -> Word:
    """A node on one firewall, all its pools taken together. `≠`: config.xml says otherwise than run time does."""
    if one.runtime is None:
        return unknown(why) if why else Word(UNKNOWN, "lost", "unknown")
    if not one.runtime:
        return Word("", "-", "dim") if running else Word(ASKING, "off", "dim")
    words = list(dict.fromkeys(server(each) for each in one.runtime))
    if len(words) > 1:
        return Word(WARN, "MIXED", "warn")
    if one.out_in_config is not None and one.out_at_runtime is not None and one.out_in_config != one.out_at_runtime:
        return words[0]._replace(word=words[0].word + "≠", style="warn" if words[0].style == "ok" else words[0].style)
    return words[0]


def configured(one: Membership) -> Word:
    """A node in one firewall's config.xml, which counts after a reload, a boot or a failover."""
    if one.configured is None:
        return Word(UNKNOWN, "?", "unknown")
    if not one.configured:
        return NOTHING
    outs = {each.out for each in one.configured}
    if len(outs) > 1:
        return Word(WARN, "partly", "warn")
    return Word(OUT, "out", "note") if outs == {True} else Word(OK, "in", "ok")


def sessions(counts: Sequence[int | None]) -> Word:
    """Sessions to a node over all firewalls; with `?` where one of them is not known."""
    known = [each for each in counts if each is not None]
    if not known:
        return Word(UNKNOWN, "", "unknown")
    total = sum(known)
    text = str(total) if total < 10000 else f"{total // 1000}k"
    return Word("", f"{text}?", "unknown") if len(known) < len(counts) else Word("", text, "text")


def balancer(pools: Pools, passive: bool) -> Word:
    """A firewall's load balancer. With carpdev it does not run on the passive one, and that is as it should be."""
    if not pools.running:
        return Word(ASKING, "off, as it is BACKUP", "dim") if passive else Word(BAD, "not running", "bad")
    return Word(WARN, "changes not applied", "warn") if pools.dirty else Word(OK, "runs", "ok")


def sync(one: Sync) -> Word:
    """The comparison of the firewalls' configurations."""
    if one.equal is None:
        return Word(UNKNOWN, "not compared", "unknown")
    return Word(OK, "equal", "ok") if one.equal else Word(WARN, f"differs: {' '.join(one.differs)}", "warn")


def role(word: str | None, allowed: bool = True) -> Word:
    """A CARP role. BACKUP is as good as MASTER: which of them is right is the verdict's matter."""
    if not allowed:
        return Word(BAD, "DISABLED", "bad")
    if word in ("MASTER", "BACKUP"):
        return Word(OK, word, "ok")
    if word == UNREAD:
        return Word(UNKNOWN, "unread", "unknown")
    return Word(BAD, word or "no vhid", "bad")


_STATES = {"Donor/Desynced": "Donor", "Initialized": "Init"}


def wsrep(reading: Reading[Wsrep], members: int) -> Word:
    """A Galera member: state, size of its component, queue of write-sets to apply."""
    if isinstance(reading, Unknown):
        return unknown(reading)
    mine = reading.value
    size = f"{mine.size if mine.tells_view or mine.status != 'Primary' else UNKNOWN}/{members}"
    if mine.alone or mine.rejects:
        return Word(BAD, f"{'ALONE' if mine.alone else 'REJECTS'} {size}", "bad")
    if mine.status != "Primary":
        return Word(BAD, f"{'NON-PRIM' if mine.status == 'non-Primary' else mine.status[:8].upper()} {size}", "bad")
    state = _STATES.get(mine.state, (mine.state.split(":")[0].split() or ["?"])[0])[:8]
    if not mine.synced:
        return Word(WARN, f"{state} {size} q{mine.recv_queue}", "warn")
    fine = mine.size >= members and mine.tells_view and not mine.leftovers
    return Word(OK if fine else WARN, f"{state} {size} q{mine.recv_queue}", "ok" if fine else "warn")


def brick(bricks: Sequence[Brick | None], unasked: Unknown | None) -> Word:
    """A node's bricks, the worst of all volumes. A brick without its self-heal daemon does not heal."""
    if unasked:
        return unknown(unasked)
    if None in bricks:
        return Word(BAD, "none", "bad")
    there = [each for each in bricks if each]
    if not all(each.reached for each in there):
        return Word(BAD, "away", "bad")
    if not all(each.heal_daemon for each in there):
        return Word(WARN, "no shd", "warn")
    return Word(OK, "ok", "ok")


def brick_by_heal_info(bricks: Sequence[Healing]) -> Word:
    """The same while Gluster itself can't tell: away is known; of one that is reached not all is."""
    return Word(UNKNOWN, "reached", "unknown") if all(each.reached for each in bricks) else Word(BAD, "away", "bad")


def heal(bricks: Sequence[Brick | None], unasked: Unknown | None) -> Word:
    """Entries to heal on the worst brick of a node. Not counted is not 0."""
    counts = [each.pending if each else None for each in bricks]
    if unasked or None in counts:
        return Word(UNKNOWN, "", "unknown")
    worst = max((each for each in counts if each is not None), default=0)
    return Word(WARN, str(worst), "warn") if worst else Word("", "0", "ok")


def busy(reading: Reading[Apache]) -> Word:
    """Busy workers of all slots. Full means that the next visitor waits."""
    if isinstance(reading, Unknown):
        return unknown(reading)
    mine = reading.value
    full = mine.busy >= mine.slots
    return Word(BAD if full else "", f"{mine.busy}/{mine.slots}", "bad" if full else "text")


def rate(reading: Reading[Apache]) -> Word:
    """Requests a second between the last two looks."""
    if isinstance(reading, Unknown):
        return figure(reading)
    per_second = reading.value.requests_per_second
    return NOTHING if per_second is None else Word("", f"{per_second:.0f}", "text")


def site(reading: Reading[Site]) -> Word:
    """The check URL, answered by a node's own Apache."""
    if isinstance(reading, Unknown):
        return unknown(reading)
    return _http(reading.value.status, reading.value.serves)


def visit(reading: Reading[Visit], asked: bool = True) -> Word:
    """A virtual address as a visitor sees it."""
    if not asked:
        return Word("", "not checked", "dim")
    if isinstance(reading, Unknown):
        return unknown(reading)
    return _http(reading.value.status, reading.value.served)


def _http(status: int, fine: bool) -> Word:
    return Word(OK if fine else BAD, str(status), "ok" if fine else "bad")


def commits(reading: Reading[Wsrep]) -> Word:
    """Commits a second, of the whole cluster's write-sets, as this member applies them."""
    if isinstance(reading, Unknown):
        return figure(reading)
    per_second = reading.value.commits_per_second
    return NOTHING if per_second is None else Word("", f"+{per_second:.0f}/s", "text")


def load(value: float, cores: int) -> Word:
    """Load over the last minute; more than two for each core is worth a look."""
    return Word(WARN, f"{value:.1f}", "warn") if value > LOAD * cores else Word("", f"{value:.1f}", "text")


def step(state: str) -> Word:
    """The progress of a run's step: now, todo, stopped, or the state in which it has ended."""
    return {
        "done": Word(OK, "done", "ok"),
        "now": Word("►", "now", "note"),
        "partly": Word(WARN, "partly", "warn"),
        "left": Word(WARN, "not in time", "warn"),
        "failed": Word(BAD, "failed", "bad"),
        "skipped": Word("-", "skipped", "dim"),
        "stopped": Word(BAD, "stopped", "bad"),
    }.get(state, Word(ASKING, "todo", "dim"))


def run(outcome: str | None, under_way: bool = False, partly: bool = False) -> Word:
    """A run of the journal. Open means: never ended, and to be resumed or put back."""
    if under_way:
        return Word("►", "RUNNING", "note")
    if outcome is None:
        return Word(WARN, "OPEN, not everywhere" if partly else "OPEN", "warn")
    return Word(OK, outcome, "ok")


def override(kind: Override) -> Word:
    """The strength of an objection."""
    return {
        Override.NEVER: Word(BAD, "no way round", "bad"),
        Override.CONFIRM: Word(WARN, "say yes to go on", "warn"),
        Override.NAME_AND_REASON: Word(WARN, "name the node and why to go on", "warn"),
    }[kind]


def event(step_name: str) -> Word:
    """The mark of an event."""
    marks = {
        "hurt": Word(BAD, "", "bad"),
        "up": Word(OK, "", "ok"),
        "seen": Word(WARN, "", "warn"),
        "noted": Word(NOTED, "", "note"),
        "moved": Word(WARN, "", "warn"),
        "over": Word(OK, "", "ok"),
        "stopped": Word(BAD, "", "bad"),
        "parked": Word(WARN, "", "warn"),
        "done": Word(OK, "", "ok"),
    }
    return marks.get(step_name, Word("►", "", "note"))
