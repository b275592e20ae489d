"""Objections to upgrading a firewall: a new version is there, nothing is half done on either, and there is room."""

from collections.abc import Iterator

from console.operations.effects import Effects
from console.operations.guards.failover import others
from console.operations.guards.objection import Objection, Override
from console.probes.firewalls.upgrade import Upgrade
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.text import dated, listed, size

ROOM = 1 << 30
"""Free bytes of / below which the packages of a release may not fit."""


def can_upgrade(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """A newer version is known, and no upgrade is under way."""
    reading, never = snapshot.firewall(firewall).upgrade, Override.NEVER
    if isinstance(reading, Unknown):
        clears = "Wait until it is" if reading.cause is Cause.NOT_ASKED else "Mend that first"
        yield Objection(firewall, f"the state of {firewall}'s upgrade is not known: {reading.why}", clears, never)
        return
    upgrade = reading.value
    yield from _under_way(firewall, upgrade)
    if upgrade.offered == "" and not (upgrade.running or upgrade.stage):
        when = f" at {dated(upgrade.looked)}" if upgrade.looked else ""
        saw = f"{firewall} runs {upgrade.version}, and found no newer version{when}"
        yield Objection(firewall, saw, "System > Update in its web interface looks again", never)
    elif upgrade.offered is None:
        saw = f"whether there is a newer version than {upgrade.version} for {firewall} is not known"
        clears = "See System > Update there, or say yes to let the upgrade itself find out"
        yield Objection(firewall, saw, clears, Override.CONFIRM)
    if upgrade.free is None:
        saw = f"how much room there is on {firewall} is not known"
        yield Objection(firewall, saw, "See df -h / there", Override.CONFIRM)
    elif upgrade.free < ROOM:
        saw = f"/ of {firewall} has {size(upgrade.free)} free, and an upgrade needs {size(ROOM)}"
        yield Objection(firewall, saw, "Make room there first", Override.NAME_AND_REASON)


def other_is_whole(snapshot: Snapshot, _effects: Effects, firewall: str) -> Iterator[Objection]:
    """The other firewall leads meanwhile: it is not half upgraded, and nothing waits there to be applied."""
    for name in others(snapshot, firewall):
        view = snapshot.firewall(name)
        if isinstance(view.upgrade, Unknown):
            saw = f"the state of {name}'s upgrade is not known: {view.upgrade.why}"
            yield Objection(name, saw, "Wait until it is", Override.CONFIRM)
        else:
            yield from _under_way(name, view.upgrade.value)
        waiting = view.box.value.unapplied if isinstance(view.box, Known) else ()
        if waiting:
            saw = f"{name} holds changes that nobody has applied: {listed(waiting)}"
            yield Objection(name, saw, "Apply or revert them first", Override.NAME_AND_REASON)


def _under_way(firewall: str, upgrade: Upgrade) -> Iterator[Objection]:
    never = Override.NEVER
    if upgrade.running:
        yield Objection(firewall, f"an upgrade of {firewall} runs already", "Wait until it has ended", never)
    elif upgrade.stage:
        saw = f"an upgrade of {firewall} is not finished (stage {upgrade.stage})"
        yield Objection(firewall, saw, "Reboot it, which goes on with that, or mend it there", never)
    elif upgrade.stage is None:
        saw = f"whether an upgrade of {firewall} is unfinished is not known"
        yield Objection(firewall, saw, "See why pkg-static tells nothing there", never)
