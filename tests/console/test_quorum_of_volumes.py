"""Files are read and written as the volume's own quorum says, and bricks belong to nodes by any of their names."""

import asyncio
from dataclasses import replace

import pytest

from console.health import Kind, Level, findings
from console.inventory.cluster import Cluster
from console.probes.snapshot import Cause, Known, Snapshot, Unknown
from console.probes.storage.gluster import Volume
from console.probes.storage.gluster_options import VolumeOptions
from tests.console.telling import put
from tests.hostile.lies import Honest, believed, honest


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Honest]:
    return asyncio.run(honest(tmp_path_factory.mktemp("truth") / "sim"))


def away(seen: Snapshot, away: str, quorum: str, wanted: str) -> Snapshot:
    """The volume's first bricks in their states, x for one that is offline."""
    (view,) = seen.volumes
    assert isinstance(view.state, Known)
    assert isinstance(view.options, Known)
    bricks = tuple(
        replace(brick, online=it != "x", pending=None if it == "x" else 0)
        for brick, it in zip(view.state.value.bricks, away, strict=False)
    )
    options = replace(view.options.value, quorum_type=quorum, quorum_count=wanted)
    state = Known[Volume](Volume(bricks, 0), view.state.at)
    changed = replace(view, state=state, options=Known[VolumeOptions](options, view.options.at))
    return replace(seen, volumes=(changed,))


@pytest.mark.parametrize(
    ("bricks", "quorum", "wanted", "serves"),
    [
        ("..x", "auto", "", True),
        (".xx", "auto", "", False),
        (".xx", "none", "", True),
        ("xxx", "none", "", False),
        (".xx", "fixed", "1", True),
        (".xx", "fixed", "2", False),
        (".x", "auto", "", True),
        ("x.", "auto", "", False),
        ("x.", "none", "", True),
        ("x.", "", "", True),
    ],
)
def test_whether_files_are_written(
    truth: tuple[Cluster, Honest], bricks: str, quorum: str, wanted: str, serves: bool
) -> None:
    found = findings(away(believed(*truth), bricks, quorum, wanted))
    every = [each for one in found for each in (one, *one.brings)]
    assert (Kind.BRICK_QUORUM in {one.kind for one in every}) is not serves
    assert (Kind.BRICK_AWAY in {one.kind for one in every}) is serves


@pytest.mark.parametrize(("quorum", "wanted"), [("none", ""), ("fixed", "1"), ("auto", "")])
def test_an_arbiter_alone_serves_no_file(truth: tuple[Cluster, Honest], quorum: str, wanted: str) -> None:
    seen = away(believed(*truth), "xx.", quorum, wanted)
    (view,) = seen.volumes
    assert isinstance(view.state, Known)
    *copies, last = view.state.value.bricks
    state = replace(view.state.value, bricks=(*copies, replace(last, arbiter=True)))
    assert not state.quorum
    seen = replace(seen, volumes=(replace(view, state=Known(state, view.state.at)),))
    assert Kind.BRICK_QUORUM in {one.kind for one in findings(seen)}


def test_bricks_of_no_node_are_said(truth: tuple[Cluster, Honest]) -> None:
    seen = believed(*truth)
    (view,) = seen.volumes
    assert isinstance(view.state, Known)
    assert Kind.VOLUME_UNKNOWN not in {one.kind for one in findings(seen)}
    first, *rest = view.state.value.bricks
    strange = replace(view.state.value, bricks=(replace(first, host="2001:db8::99", names=()), *rest))
    seen = replace(seen, volumes=(replace(view, state=Known(strange, view.state.at)),))
    (told,) = [one for one in findings(seen) if one.kind is Kind.VOLUME_UNKNOWN]
    assert told.level is Level.DEGRADED
    assert "on 2001:db8::99 are on no node that is known here: none is known of node1" in told.message


@pytest.mark.parametrize(
    ("lost", "kinds"),
    [
        ((), {Kind.VOLUME_UNKNOWN}),
        (("node3",), {Kind.VOLUME_UNKNOWN, Kind.BRICK_AWAY}),
        (("node2", "node3"), {Kind.BRICK_QUORUM}),
    ],
)
def test_a_lost_machine_is_a_lost_brick_whoever_tells(
    truth: tuple[Cluster, Honest], lost: tuple[str, ...], kinds: set[Kind]
) -> None:
    """Node1's glusterd reaches itself alone; of the others' bricks it knows nothing while their machines answer."""
    seen = believed(*truth)
    (view,) = seen.volumes
    assert isinstance(view.state, Known)
    first, *rest = view.state.value.bricks
    alone = tuple(replace(one, online=False, connected=False, pending=None, told=False) for one in rest)
    state = Known[Volume](Volume((first, *alone), 0), view.split_brain.at + 1)
    seen = replace(seen, volumes=(replace(view, state=state),))
    for name in lost:
        seen = put(seen, "nodes", name, host=Unknown("it does not answer", 1.0, 1.0, Cause.SILENT))
    every = {each.kind for one in findings(seen) for each in (one, *one.brings)}
    assert every & {Kind.VOLUME_UNKNOWN, Kind.BRICK_AWAY, Kind.BRICK_QUORUM} == kinds
