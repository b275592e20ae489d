"""The preparation of a cluster, judged line by line over one picture. Pure.

A line is a mark, a machine, what was tried and, where it does not work, a sentence that says how to mend it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from console.health.facts.bricks import brick_of, known_volumes, without_part
from console.health.facts.clocks import offsets
from console.health.facts.membership import membership
from console.health.facts.unlisted import unlisted
from console.health.hosts import APART
from console.health.unlisted import vips_are_listed
from console.probes.ask import Identity
from console.probes.firewalls.carp import UNREAD
from console.probes.parsing import serves
from console.probes.question import Question, Subject
from console.probes.schedule import about
from console.probes.snapshot import Cause, Known, Snapshot, Unknown, reading_of
from console.text import doing, listed, plain_text

WORKS, MEND, NOTE, UNTRIED = "✓", "✗", "!", "·"


@dataclass(frozen=True)
class Line:
    """`mark`: WORKS, MEND, NOTE (it works, and something is missing) or UNTRIED."""

    mark: str
    machine: str
    what: str
    message: str = ""


def _fact(question: Question[Any], value: Any) -> tuple[str, str]:
    """Mark and words for what was read."""
    mark, message = JUDGED.get(question.field, lambda _value: (WORKS, ""))(value)
    odd = [words for name in ("unread", "strange", "odd") for words in getattr(value, name, ())]
    if mark == WORKS and odd:
        return NOTE, f"not all of it can be read: {listed(odd)}"
    return mark, _mended(message, question.remedy) if mark == MEND else message


def _mended(message: str, remedy: str) -> str:
    return f"{message}; {remedy}" if remedy else message


def _served(value: Any) -> tuple[str, str]:
    return WORKS if serves(value.status) else MEND, f"HTTP {value.status}"


def _extended(value: Any) -> tuple[str, str]:
    off = "ExtendedStatus is off, so there are no requests/s: ExtendedStatus On in Apache's configuration"
    return (NOTE, off) if value.accesses is None else (WORKS, f"{value.slots} slots")


def _running(value: Any) -> tuple[str, str]:
    idle = "it does not run: normal on a passive firewall with carpdev, else start it"
    return (WORKS, f"{len(value.servers)} servers") if value.running else (NOTE, idle)


def _watched(value: Any) -> tuple[str, str]:
    lacks = f"{listed(value.missing)} is not there, or closed to this login; correct `datadir` in the inventory"
    return (MEND, lacks) if value.missing else (WORKS, "")


def _member(value: Any) -> tuple[str, str]:
    if value.alone:
        return MEND, "it runs without wsrep, by itself"
    if value.rejects:
        return NOTE, f"{value.state}, and {listed(value.leftovers)}"
    if not value.synced:
        return NOTE, f"it is {value.state or 'without state'}, {value.status}"
    return (WORKS, value.state) if value.tells_view else (NOTE, f"{value.state}, and does not tell whom it sees")


def _volume(value: Any) -> tuple[str, str]:
    if not value.started:
        return NOTE, "it is stopped: nobody reads or writes it"
    bricks = f"{len(value.bricks)} bricks"
    rejected = listed(brick.host for brick in value.bricks if brick.rejected)
    return (NOTE, f"{bricks}; the glusterds have rejected {rejected}") if rejected else (WORKS, bricks)


def _identified(value: Identity) -> tuple[str, str]:
    """An id that is printed is what `machine_id` in the inventory takes."""
    if value.here:
        return NOTE, "this console runs on it: its reboot is refused from here"
    return WORKS, f'machine_id = "{value.machine_id}"' if value.machine_id else "it tells no machine_id"


def _upgradable(upgrade: Any) -> tuple[str, str]:
    """A newer version is no fault."""
    return WORKS, f"{upgrade.offered} can be installed" if upgrade.offered else upgrade.version


JUDGED: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    "identity": _identified,
    "site": _served,
    "visit": _served,
    "apache": _extended,
    "pools": _running,
    "carp": lambda carp: (WORKS, f"{len(carp.vhids)} vhids"),
    "config": lambda config: (WORKS, "primary" if config.primary else "secondary"),
    "box": lambda box: (WORKS, f"pfSense {box.version}"),
    "upgrade": _upgradable,
    "member": lambda member: (WORKS, f"{member.flavour} {member.version}"),
    "galera": _member,
    "devices": _watched,
    "state": _volume,
}


def readings(picture: Snapshot, subject: Subject, name: str) -> Iterator[Line]:
    """A line for each question to one subject; what fails for one reason in one."""
    answers = [(question, reading_of(picture, question, name)) for question in about(picture.cluster, subject, name)]
    for question, reading in answers:
        if isinstance(reading, Known):
            mark, message = _fact(question, reading.value)
            yield Line(mark, name, question.title, plain_text(message))
    failed = [(question, reading) for question, reading in answers if isinstance(reading, Unknown)]
    for why, group in groupby(sorted(failed, key=lambda one: one[1].why), key=lambda one: one[1].why):
        together = list(group)
        yield _failed(name, [question for question, _ in together], together[0][1], why)


def _failed(name: str, questions: list[Question[Any]], reading: Unknown, why: str) -> Line:
    what = "; ".join(question.title for question in questions)
    if reading.cause is Cause.NOT_ASKED:
        return Line(MEND, name, what, "no answer came in time; try again when the machine is less busy")
    told = ";" in why and reading.unanswered  # the wire's sentences end with the remedy
    message = _mended(plain_text(why, 600), "" if told else questions[0].remedy)
    return Line(NOTE if reading.cause is Cause.BUSY else MEND, name, what, message)


# --- what must fit together -----------------------------------------------------------------------------------------


def between(picture: Snapshot, versions: Mapping[str, Mapping[str, str]]) -> Iterator[Line]:
    """Compare what must fit together. `versions`: by program, then machine: versions that are not in the picture."""
    yield from _pools(picture)
    yield from _vips(picture)
    yield from _primary(picture)
    yield from _bricks(picture)
    yield from _unlisted(picture)
    yield from _clocks(picture)
    for program, by_machine in {**_versions(picture), **versions}.items():
        yield from _same(program, by_machine)


def _pools(picture: Snapshot) -> Iterator[Line]:
    for view in picture.firewalls:
        if isinstance(view.pools, Unknown) and isinstance(view.config, Unknown):
            continue
        places = {node.name: membership(picture, view.name, node.name) for node in picture.nodes}
        missing = [name for name, one in places.items() if not one.runtime and not one.configured]
        if missing:
            message = f"{listed(missing)} in no pool by address; give the inventory the address the pools name"
            yield Line(MEND, view.name, "nodes in its pools", message)
        else:
            yield Line(WORKS, view.name, "nodes in its pools", f"all {len(places)}")


def _vips(picture: Snapshot) -> Iterator[Line]:
    for view in picture.firewalls:
        if isinstance(view.carp, Unknown):
            continue
        missing = [vip.name for vip in picture.cluster.vips if view.carp.value.role(vip.address) in (None, UNREAD)]
        if missing:
            message = (
                f"{listed(missing)} on none of its vhids; correct [vips] in the inventory, or CARP is switched off"
            )
            yield Line(MEND, view.name, "VIPs on its vhids", message)
        elif picture.cluster.vips:
            yield Line(WORKS, view.name, "VIPs on its vhids", f"all {len(picture.cluster.vips)}")


def _primary(picture: Snapshot) -> Iterator[Line]:
    configs = {view.name: view.config.value for view in picture.firewalls if isinstance(view.config, Known)}
    if len(configs) < 2:
        return
    primaries = [name for name, config in configs.items() if config.primary]
    if len(primaries) == 1:
        yield Line(WORKS, primaries[0], "configuration sync", "it is the primary")
    elif primaries:
        message = "both sync to each other; leave the peer's address empty on one of them: System / High Availability"
        yield Line(MEND, listed(primaries), "configuration sync", message)
    else:
        message = "none syncs to the other, so each is written by itself: System / High Availability on the primary"
        yield Line(NOTE, listed(configs), "configuration sync", message)


def _bricks(picture: Snapshot) -> Iterator[Line]:
    for view, volume in known_volumes(picture):
        missing = [node.name for node in picture.nodes if brick_of(picture, view, node.name) is None]
        hosts = listed(brick.host for brick in volume.bricks)
        if missing and all(without_part(picture, view, node) for node in missing):
            message = f"on {hosts}; {doing(missing, 'has none and reads theirs', 'have none and read theirs')}"
            yield Line(NOTE, view.name, "bricks on the nodes", plain_text(message, 600))
        elif missing:
            message = (
                f"none on {listed(missing)}; its bricks are on {hosts}: name the nodes in the inventory as Gluster does"
            )
            yield Line(MEND, view.name, "bricks on the nodes", plain_text(message, 600))
        else:
            yield Line(WORKS, view.name, "bricks on the nodes", f"one on each of {len(picture.nodes)}")


def _unlisted(picture: Snapshot) -> Iterator[Line]:
    """Services that run on a node and are not in the inventory: nobody will ask about them."""
    for view in picture.nodes:
        for one in unlisted(picture, view.name):
            yield Line(NOTE, view.name, one.what.value, plain_text(f"{one.saw}. {one.add}", 600))
    for finding in vips_are_listed(picture):
        yield Line(NOTE, finding.machine, "vips", finding.message)


def _clocks(picture: Snapshot) -> Iterator[Line]:
    found = offsets(picture)
    apart = {name: by for name, by in found.items() if abs(by) > APART}
    for name, by in apart.items():
        yield Line(MEND, name, "clock", f"{by:+.0f} s beside the others; run chrony or ntpd there")
    if found and not apart:
        yield Line(WORKS, "all", "clocks", f"within {APART:g} s")


def _versions(picture: Snapshot) -> dict[str, dict[str, str]]:
    boxes = {view.name: view.box.value.version for view in picture.firewalls if isinstance(view.box, Known)}
    members = {view.name: view.member.value for view in picture.nodes if isinstance(view.member, Known)}
    return {"pfSense": boxes, "MySQL": {name: f"{one.flavour} {one.version}" for name, one in members.items()}}


def _same(program: str, by_machine: Mapping[str, str]) -> Iterator[Line]:
    told = {version: [name for name, one in by_machine.items() if one == version] for version in by_machine.values()}
    if len(told) == 1:
        yield Line(WORKS, "all", program, next(iter(told)))
    elif told:
        versions = ", ".join(f"{version} on {listed(names)}" for version, names in told.items())
        yield Line(NOTE, "all", program, f"versions differ: {versions}; bring them to the same one")
