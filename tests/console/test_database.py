"""The meaning of several Galera members' readings together: IST windows, copies under way."""

import time
from dataclasses import replace

import pytest

from console.health.facts.ist import Window, ist_window
from console.health.facts.sst import joining, transfers
from console.inventory.cluster import Cluster, Firewall, Login, Mysql, Node
from console.probes.database.galera import Wsrep
from console.probes.database.member import Member
from console.probes.database.seqnos import Sample
from console.probes.database.transfer import Transfer
from console.probes.snapshot import Known, NodeView, Reading, Snapshot, Unknown, empty
from console.text import size

NODES = tuple(Node(f"node{n}", f"10.20.0.1{n}", Login("x")) for n in (1, 2, 3))
CLUSTER = Cluster("web", (Firewall("fw1", "10.20.0.2", Login("x")),), NODES, mysql=Mysql("drainboard"))
NOW = 1_790_000_000.0
"""Unix time of every reading; the console's own clock says 10 000 then."""


def history(per_second: int, each: int, start: int = 0, end: int = 10_000) -> tuple[Sample, ...]:
    """Seqno 0 at the start; `each` bytes a write-set."""
    return tuple(
        Sample(at, (at - start) * per_second, (at - start) * per_second * each) for at in range(start, end + 1, 100)
    )


def member(downto: int | None = None, full: bool = False, **changes: object) -> Wsrep:
    seen = history(10, 500)
    facts: dict[str, object] = {"cached_downto": downto, "cache_full": full, "history": seen}
    committed = seen[-1].seqno
    made = Wsrep("Primary", 3, 7, "u", "Synced", True, 0, committed, 10.0, False, False, "")
    return replace(made, **facts | changes)  # type: ignore[arg-type]


CONFIGURED = Member("MariaDB", "10.11.14", 1_000_000, True, "rsync", False, "x", ())


def picture(galera: dict[str, Wsrep | Unknown], gcache: int | None = 1_000_000, **transfer: Transfer) -> Snapshot:
    def view(one: NodeView) -> NodeView:
        seen = galera.get(one.name, member())
        reading: Reading[Wsrep] = seen if isinstance(seen, Unknown) else Known(seen, NOW)
        moved = Known(transfer.get(one.name, Transfer("")), NOW)
        return replace(one, galera=reading, member=Known(replace(CONFIGURED, gcache_bytes=gcache), NOW), transfer=moved)

    blank = empty(CLUSTER)
    return replace(blank, nodes=tuple(view(one) for one in blank.nodes))


def clock(moment: float) -> str:
    return time.strftime("%H:%M", time.localtime(moment))


def test_a_full_gcache_tells_the_window_exactly() -> None:
    """Seqno 60 000 was the last one 4 000 s ago, and is the oldest one node3 still holds."""
    window = ist_window(picture({"node1": member(90_000, True), "node3": member(60_000, True)}), "node2")
    assert (window.seconds, window.donor, window.exact, window.possible) == (4000.0, "node3", True, True)
    assert window.message == f"back by IST until {clock(NOW + 4000)}"


def test_any_member_may_have_seen_the_seqno() -> None:
    young = member(60_000, True, history=history(10, 500)[-3:])
    seen = picture({"node1": young, "node3": Unknown("silent", NOW, NOW - 5)})
    assert ist_window(seen, "node2").seconds == 4000.0
    stranger = picture({"node1": young, "node2": member(uuid="another"), "node3": member(uuid="another")})
    assert not ist_window(stranger, "node2").exact


def test_without_history_the_size_of_the_gcache_over_the_rate() -> None:
    window = ist_window(picture({}), "node2")
    assert (window.seconds, window.exact) == (pytest.approx(0.97 * 1_000_000 / 5000), False)
    assert (
        window.message == f"back by IST until about {clock(NOW + 194)}:{time.strftime('%S', time.localtime(NOW + 194))}"
    )


def test_the_highest_rate_of_late_counts() -> None:
    calm = history(10, 500)
    burst = (*calm, Sample(10_050, 100_500, calm[-1].written + 50 * 50_000))  # type: ignore[operator]
    window = ist_window(picture(dict.fromkeys(("node1", "node3"), member(history=burst))), "node2")
    assert window.seconds == pytest.approx(0.97 * 1_000_000 / 50_000)


def test_nobody_writes() -> None:
    idle = member(history=(Sample(9_000, 100_000, 70), Sample(10_000, 100_000, 70)))
    window = ist_window(picture(dict.fromkeys(("node1", "node3"), idle)), "node2")
    assert (window.message, window.seconds, window.possible) == ("back by IST as long as nobody writes", None, True)


def test_a_gcache_beyond_any_calendar() -> None:
    """A member may say any size, and write next to nothing."""
    slow = member(history=(Sample(9_000, 100_000, 70), Sample(10_000, 100_001, 71)))
    window = ist_window(picture(dict.fromkeys(("node1", "node3"), slow), gcache=(10**18) << 40), "node2")
    assert (window.message, window.possible) == ("back by IST for more than a year", True)


def test_not_knowing_is_said() -> None:
    first_look = member(history=(Sample(10_000, 100_000, 0),))
    window = ist_window(picture(dict.fromkeys(("node1", "node3"), first_look)), "node2")
    assert (window.possible, window.seconds) == (None, None)
    assert window.message == "whether it comes back by IST is not known: node1's rate of writes is not known yet"
    assert "node1's gcache.size is not known" in ist_window(picture({}, gcache=None), "node2").message
    unsynced = member(state="Joined")
    assert ist_window(picture(dict.fromkeys(("node1", "node3"), unsynced)), "node2") == Window(
        "no other member is Synced that could give an IST", possible=False
    )


def test_a_node_that_is_away_has_less_left() -> None:
    """It left 1 000 s ago, at seqno 90 000."""
    away = Unknown("silent", NOW, NOW - 1000)
    window = ist_window(picture({"node1": member(60_000, True), "node2": away, "node3": member(95_000, True)}), "node2")
    assert (window.seconds, window.donor) == (3000.0, "node1")
    assert window.message == f"back by IST until {clock(NOW + 3000)}"


def test_a_node_that_was_away_for_too_long() -> None:
    away = Unknown("silent", NOW, NOW - 6000)
    window = ist_window(picture({"node1": member(60_000, True), "node2": away, "node3": member(95_000, True)}), "node2")
    assert (window.possible, window.seconds) == (False, 0.0)
    assert window.message == "back by a full copy (SST) only: node1 and node3 no longer hold what node2 missed"


def test_a_member_outside_of_the_component_says_itself_where_it_left() -> None:
    apart = member(status="non-Primary", state="Initialized", ready=False, last_committed=90_000)
    seen = picture({"node1": member(60_000, True), "node2": apart, "node3": member(60_000, True)})
    assert ist_window(seen, "node2").seconds == 3000.0


def test_when_it_left_was_not_seen() -> None:
    away = Unknown("silent", NOW, NOW - 20_000)
    assert ist_window(picture({"node2": away}), "node2").possible is None


def test_a_copy_has_two_sides() -> None:
    seen = picture(
        {},
        node1=Transfer("donor", "rsync", peer="10.20.0.13", datadir_bytes=11 << 30),
        node3=Transfer("joiner", "rsync", bytes=4 << 30, bytes_per_second=35.0 * (1 << 20)),
    )
    (copy,) = transfers(seen)
    assert (copy.joiner, copy.donor, copy.share) == ("node3", "node1", pytest.approx(4 / 11))
    assert copy.message == "SST from node1, 4.0 GiB of 11 GiB, 3 min left"


def test_one_side_of_a_copy_is_silent() -> None:
    """A joiner by itself may as well get what it missed only (IST)."""
    alone = picture({}, node3=Transfer("joiner", "rsync", bytes=4 << 20))
    assert (transfers(alone), joining(alone)) == ((), ("node3",))
    seen = picture({}, node1=Transfer("donor", "rsync", peer="10.20.0.12", datadir_bytes=9))
    (copy,) = transfers(seen)
    assert (copy.joiner, copy.message, copy.share) == ("node2", "SST from node1", None)
    assert joining(seen) == ()


def test_sizes() -> None:
    assert [size(count) for count in (370 << 20, 4020 << 20, 11_400 << 20)] == ["370 MiB", "3.9 GiB", "11 GiB"]
