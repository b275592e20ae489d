"""Shared by tests of findings: waiting for a picture, and altering one."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from console.health import Finding, Kind, Level, findings, verdict
from console.probes.snapshot import Known, Reading, Snapshot
from console.session.session import Session


async def told(session: Session, machine: str, kind: str) -> Finding:
    """The finding, once it is there."""
    async with asyncio.timeout(20):
        while True:
            found = {(one.machine, one.kind): one for one in findings(session.picture)}
            if (machine, Kind(kind)) in found:
                return found[machine, Kind(kind)]
            await session.change()


async def until(session: Session, so: Callable[[Snapshot], bool]) -> Snapshot:
    """The picture, once it is so."""
    async with asyncio.timeout(30):
        while not so(session.picture):
            await session.change()
    return session.picture


def well(picture: Snapshot) -> bool:
    return verdict(picture).level is Level.OK


def counted(picture: Snapshot) -> bool:
    """All is well, and the commits a second are known: that takes two looks."""
    return well(picture) and rates_known(picture)


def rates_known(picture: Snapshot) -> bool:
    members = [view.galera.value for view in picture.nodes if isinstance(view.galera, Known)]
    return all(member.commits_per_second is not None for member in members)


def message(picture: Snapshot, kind: Kind) -> str:
    return next((one.message for one in findings(picture) if one.kind is kind), "")


def put(picture: Snapshot, part: str, name: str, **readings: Reading[Any]) -> Snapshot:
    views = getattr(picture, part)
    changed = tuple(replace(view, **readings) if view.name == name else view for view in views)
    return replace(picture, **{part: changed})  # type: ignore[arg-type]


def alter(picture: Snapshot, part: str, name: str, reading: str, **changes: Any) -> Snapshot:
    """The picture with some fields of one reading changed."""
    view = next(view for view in getattr(picture, part) if view.name == name)
    known = getattr(view, reading)
    assert isinstance(known, Known)
    return put(picture, part, name, **{reading: replace(known, value=replace(known.value, **changes))})
