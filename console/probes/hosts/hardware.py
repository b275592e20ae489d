"""Redundant hardware in one machine, by Linux's /proc: bonds of network cards, and software RAID."""

import re
from dataclasses import dataclass

from console.probes.ask import Unreadable
from console.probes.parsing import lines_of, short, whole
from console.text import quoted

MAX_ITEMS = 64
"""Most things of one kind that are read of a machine."""


@dataclass(frozen=True)
class Slave:
    """One network card of a bond."""

    name: str
    up: bool
    failures: int
    """Times its link was lost."""
    aggregator: str = ""
    """802.3ad: which group of links to one switch it is in; "" in other modes."""


@dataclass(frozen=True)
class Bond:
    """A bond of network cards. `active`: the one in use, where the mode uses one at a time, NONE, or empty.

    802.3ad: `aggregator` carries all traffic, `partner` is its switch. Empty elsewhere, and where only root is told.
    """

    name: str
    mode: str
    up: bool
    active: str
    slaves: tuple[Slave, ...]
    aggregator: str = ""
    partner: str = ""
    watched: bool = True
    """The kernel looks at its links. Without (miimon 0, no ARP targets) a dead one stays "up"."""


@dataclass(frozen=True)
class Array:
    """An array of Linux's software RAID. `state`: clean, degraded, inactive, read-only or broken: it fails what is
    written, as newer kernels tell. container: it holds arrays that a controller's firmware knows, and is never active
    itself."""

    name: str
    level: str
    devices: int
    working: int
    state: str
    recovery: str
    """Such as "recovery 12.6 %, 127.5 min left"; empty: nothing is going on."""
    failed: tuple[str, ...] = ()
    """Devices that the kernel has given up, though a spare may already stand in for one: sdb1."""


def parse_bond(name: str, text: str) -> Bond:
    """Read /proc/net/bonding/NAME: a head, then a block for each slave."""
    head, *blocks = re.split(r"(?m)^Slave Interface: ", text)
    values = _values(head)
    if "Bonding Mode" not in values or "MII Status" not in values:
        raise Unreadable(f"{name} of /proc/net/bonding has no mode and status")
    active = values.get("Currently Active Slave", "")
    return Bond(
        name=short(name),
        mode=short(values["Bonding Mode"]),
        up=values["MII Status"] == "up",
        active=NONE if active == "None" else short(active),
        slaves=tuple(_slave(block) for block in blocks[:MAX_ITEMS]),
        aggregator=NONE if _NO_AGGREGATOR.search(head) else _active(_AGGREGATOR, head),
        partner=_active(_PARTNER, head),
        watched=values.get("MII Polling Interval (ms)") != "0" or "ARP Polling Interval (ms)" in values,
    )


_NO_AGGREGATOR = re.compile(r"^\s*bond \S+ has no active aggregator", re.MULTILINE)
NONE = "none"
"""In the place of an active aggregator, or an active card."""
_AGGREGATOR = re.compile(r"^\s+Aggregator ID: ([0-9]{1,5})$", re.MULTILINE)
_PARTNER = re.compile(r"^\s+Partner Mac Address: ([0-9a-f:]{17})$", re.MULTILINE)
NO_PARTNER = "00:00:00:00:00:00"


def _active(wanted: re.Pattern[str], head: str) -> str:
    """The value of the active aggregator, which is indented."""
    found = wanted.search(head)
    return found[1] if found else ""


def _slave(block: str) -> Slave:
    name, _, rest = block.partition("\n")
    values = _values(rest)
    if "MII Status" not in values:
        raise Unreadable("a slave of /proc/net/bonding has no status")
    failures = whole(values.get("Link Failure Count"), "failures")
    return Slave(short(name), values["MII Status"] == "up", failures, short(values.get("Aggregator ID")))


def _values(text: str) -> dict[str, str]:
    """`Name: value` lines that are not indented."""
    lines = (line.partition(": ") for line in lines_of(text) if not line[:1].isspace())
    return {name: value.strip() for name, colon, value in lines if colon}


_ARRAY = re.compile(r"^(?P<name>md\S+) : (?P<active>\w+)(?P<words>.*)$", re.MULTILINE)
_COUNTS = re.compile(r"\[(?P<devices>[0-9]{1,4})/[0-9]{1,4}\] \[(?P<each>[U_]+)\]")
"""The second count may be above the first while a disk is replaced; the letters tell."""
_MEMBER = re.compile(r"[^\[\]]+\[[0-9]+\](?:\([A-Z]\))*")
_SPARED = {"raid4": 1, "raid5": 1, "raid6": 2}
"""Devices that an array of this level can do without. Older kernels call one active that has lost more."""
_CONTAINER = re.compile(r" super external:(?![/-])")
_ACTION = re.compile(
    r"(?P<what>recovery|resync|reshape|check|repair) {0,9}= {0,9}(?P<share>[0-9.]{1,6})%"
    r"[^=\n]{0,99}finish=(?P<left>\S{1,20})"
)
_WAITING = re.compile(r"(?P<what>recovery|resync|reshape|check|repair)=(?P<why>DELAYED|PENDING|REMOTE)")


def parse_mdstat(text: str) -> tuple[Array, ...]:
    """Read /proc/mdstat, without arrays as well as with."""
    return tuple(parse_array(block) for block in array_blocks(text))


def array_blocks(text: str) -> tuple[tuple[re.Match[str], str], ...]:
    """The first line of each array of /proc/mdstat, and what stands below it."""
    if not text.startswith("Personalities :"):
        raise Unreadable("/proc/mdstat does not begin with Personalities")
    found = list(_ARRAY.finditer(text))[:MAX_ITEMS]
    ends = [match.start() for match in found[1:]] + [len(text)]
    return tuple((match, text[match.end() : end]) for match, end in zip(found, ends, strict=False))


def parse_array(block: tuple[re.Match[str], str]) -> Array:
    match, body = block
    words = [word for word in match["words"].split() if not word.startswith("(")]
    if match["active"] not in ("active", "inactive", "broken"):
        raise Unreadable(f"{match['name']} of /proc/mdstat is {quoted(match['active'])}, which is not known here")
    active, broken = match["active"] != "inactive", match["active"] == "broken"
    members = [word for word in words if _MEMBER.fullmatch(word)]
    counts = _COUNTS.search(match["words"] + body)  # on the first line where every device has been pulled out
    if active and (not words or "[" in words[0] or not (members or counts)):
        raise Unreadable(f"{match['name']} of /proc/mdstat has no level and devices")
    redundant = active and words[0] not in ("raid0", "linear", "faulty")
    if redundant and counts is None:
        raise Unreadable(f"{match['name']} of /proc/mdstat has no counts of devices")
    devices = int(counts["devices"]) if counts else len(members)
    working = counts["each"].count("U") if counts else len(members) * active
    if working > devices:
        raise Unreadable(f"{match['name']} of /proc/mdstat has more devices working than it has")
    if not active and _CONTAINER.search(body):
        return Array(short(match["name"]), "", devices, devices, "container", "")
    read_only = "(read-only)" in match["words"]
    spared = min(devices - 1, _SPARED.get(words[0], devices)) if active else devices
    broken = broken or devices - working > spared
    states = {"inactive": not active, "broken": broken, "degraded": working < devices, "read-only": read_only}
    state = next((name for name, so in states.items() if so), "clean")
    level = short(words[0]) if active else ""
    failed = tuple(short(word.partition("[")[0]) for word in members if "(F)" in word)
    return Array(short(match["name"]), level, devices, working, state, _recovery(body), failed[:MAX_ITEMS])


def _recovery(body: str) -> str:
    if going := _ACTION.search(body):
        return short(f"{going['what']} {going['share']} %, {going['left'].removesuffix('min')} min left")
    waiting = _WAITING.search(body)
    return f"{waiting['what']} {waiting['why'].lower()}" if waiting else ""
