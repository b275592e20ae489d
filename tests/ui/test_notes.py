"""The notes beside a node never say otherwise than the findings do."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind, verdict
from console.probes.hosts.hardware import Array, Bond, Slave
from console.probes.snapshot import Known, Snapshot
from console.probes.storage.mounts import FAILS, HUNG, MISSING, Mount
from console.ui.board.notes import notes
from console.ui.board.view import BoardView
from tests.conftest import simulated, watching
from tests.console.telling import alter, message, until, well


@pytest.fixture
async def fine(tmp_path: Path) -> Snapshot:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        return await until(session, well)


def noted(picture: Snapshot, node: str) -> list[str]:
    return [word.text for word in notes(BoardView(picture, 0.0, verdict(picture)), picture.node(node)) if word.text]


async def test_a_proxy_that_does_not_run_is_no_writer_of_several(fine: Snapshot) -> None:
    stopped = alter(fine, "nodes", "node2", "writer", running=False, servers=())
    assert not message(stopped, Kind.WRITERS_DISAGREE)
    assert (noted(stopped, "node1"), noted(stopped, "node2")) == (["writer"], [])
    writer = fine.node("node2").writer
    assert isinstance(writer, Known)
    servers = tuple(replace(one, serving=one.name == "node2") for one in writer.value.servers)
    other = alter(fine, "nodes", "node2", "writer", servers=servers)
    assert message(other, Kind.WRITERS_DISAGREE)
    assert noted(other, "node1") == noted(other, "node2") == ["!a writer of several"]
    both = tuple(replace(one, backup=False) for one in writer.value.servers)
    shared = alter(fine, "nodes", "node2", "writer", servers=both)
    assert message(shared, Kind.WRITERS_DISAGREE)
    assert noted(shared, "node3") == ["!a writer of several"]


@pytest.mark.parametrize(
    ("why", "note"),
    [
        (HUNG, "!/srv/www hung"),
        (MISSING, "!/srv/www is in /etc/fstab and not mounted"),
        (FAILS, "!/srv/www fails at once"),
    ],
)
async def test_of_a_mount_it_is_said_what_is_wrong(fine: Snapshot, why: str, note: str) -> None:
    mounts = (Mount("www", "/srv/www", False, why),)
    assert noted(alter(fine, "nodes", "node3", "mounts", mounts=mounts), "node3") == [note]


async def test_of_arrays_and_bonds_it_is_said_what_the_finding_says(fine: Snapshot) -> None:
    still = (Array("md0", "raid1", 2, 2, "read-only", ""),)
    assert not noted(alter(fine, "nodes", "node3", "devices", arrays=still), "node3")
    cards = (Slave("eth0", True, 0), Slave("eth1", False, 3))
    ill = alter(
        fine,
        "nodes",
        "node3",
        "devices",
        arrays=(Array("md1", "raid1", 2, 1, "degraded", ""),),
        bonds=(Bond("bond0", "802.3ad", True, "", cards), Bond("bond1", "802.3ad", False, "", cards)),
    )
    told = noted(ill, "node3")
    assert len(told) == 3
    assert all(one.removeprefix("!") in message(ill, Kind.ARRAY) + message(ill, Kind.BOND) for one in told)
