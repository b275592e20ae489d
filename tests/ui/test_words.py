"""The vocabulary: a state is never a colour alone, and what is unknown is never well."""

import pytest

from console.health import Level
from console.health.facts.membership import Membership
from console.probes.database.galera import Wsrep
from console.probes.firewalls.config import PooledServer
from console.probes.pools.servers import Admin, Server
from console.probes.snapshot import NOT_ASKED, Cause, Known, Unknown
from console.probes.storage.gluster import Brick, Healing
from console.probes.web.apache import Apache, Site
from console.probes.web.vip import Visit
from console.words import words

LOST = Unknown("node1 does not answer", 100.0, 90.0)


def server(status: str = "UP", admin: Admin = Admin.READY, weight: int = 1, backend: str = "web_ipvANY") -> Server:
    return Server(backend, "node1", "10.0.0.1", status, False, weight, 3, 0, 9, 1, "L7OK", admin, 60, 1)


def wsrep(status: str = "Primary", state: str = "Synced", size: int = 3, **more: object) -> Known[Wsrep]:
    facts = {"ready": True, "recv_queue": 0, "desynced": False, "read_only": False, "maintenance": "", **more}
    return Known(
        Wsrep(status, size, 1, "u", state, last_committed=1, commits_per_second=None, **facts),  # type: ignore[arg-type]
        1.0,
    )


def brick(online: bool = True, daemon: bool = True, pending: int | None = 0) -> Brick:
    return Brick("node1", "/data", online, daemon, True, pending)


@pytest.mark.parametrize(
    ("given", "text", "style"),
    [
        (server(), "✓UP", "ok"),
        (server("UP 1/3"), "!UP 1/3", "warn"),
        (server("no check"), "✓UP", "ok"),
        (server("DOWN"), "✗DOWN", "bad"),
        (server("DOWN 1/2"), "✗DOWN", "bad"),
        (server("NOLB"), "!NOLB", "warn"),
        (server(weight=0), "!UP w0", "warn"),
        (server("DRAIN", Admin.DRAIN), "▼DRAIN", "note"),
        (server("DOWN", Admin.DRAIN), "▼DRAIN", "note"),
        (server("MAINT", Admin.MAINT), "■MAINT", "note"),
        (server("MAINT (via a/b)", Admin.MAINT), "■MAINT", "note"),
    ],
)
def test_a_server(given: Server, text: str, style: str) -> None:
    word = words.server(given)
    assert (word.text, word.style) == (text, style)


def test_pools_that_differ_are_mixed_and_config_that_differs_is_marked() -> None:
    active, disabled = (PooledServer("web", "node1", "10.0.0.1", status) for status in ("active", "disabled"))
    both = Membership("fw1", "node1", (server(), server("DOWN", backend="tls")), (active,))
    assert words.membership(both, None).text == "!MIXED"
    removed = Membership("fw1", "node1", (server("MAINT", Admin.MAINT),), (active,))
    assert words.membership(removed, None).text == "■MAINT≠"
    returns = Membership("fw1", "node1", (server(),), (disabled,))
    assert (words.membership(returns, None).text, words.membership(returns, None).style) == ("✓UP≠", "warn")
    assert words.membership(Membership("fw1", "node1", None, None), LOST).text == "?lost"


@pytest.mark.parametrize(
    ("given", "text", "style"),
    [
        (wsrep(), "✓Synced 3/3 q0", "ok"),
        (wsrep(size=2), "!Synced 2/3 q0", "warn"),
        (wsrep(desynced=True), "!Synced 3/3 q0", "warn"),
        (wsrep(ready=False), "!Synced 3/3 q0", "warn"),
        (wsrep(state="Donor/Desynced"), "!Donor 3/3 q0", "warn"),
        (wsrep(state="Joining: receiving State Transfer", recv_queue=7), "!Joining 3/3 q7", "warn"),
        (wsrep(status="non-Primary", state="Initialized", size=1), "✗NON-PRIM 1/3", "bad"),
        (LOST, "?lost", "unknown"),
        (Unknown("MySQL doesn't listen", 1.0, 1.0, Cause.ABSENT), "✗down", "bad"),
        (Unknown("it closed the connection", 1.0, 1.0, Cause.CUT), "✗cut", "bad"),
        (NOT_ASKED, "·asking", "dim"),
        (Unknown("stale: last read 9 s ago", 1.0, 1.0, Cause.STALE), "?stale", "unknown"),
        (Unknown("not read back yet", 1.0, 1.0, Cause.NOT_READ_BACK), "·reading", "unknown"),
    ],
)
def test_a_galera_member(given: Known[Wsrep] | Unknown, text: str, style: str) -> None:
    word = words.wsrep(given, 3)
    assert (word.text, word.style) == (text, style)
    assert len(word.text) <= 15


def test_bricks() -> None:
    assert words.brick([brick()], None).text == "✓ok"
    assert words.brick([brick(), brick(online=False)], None).text == "✗away"
    assert words.brick([brick(daemon=False)], None).text == "!no shd"
    assert words.brick([None], None).text == "✗none"
    assert words.brick([], LOST).style == "unknown"
    reached = words.brick_by_heal_info([Healing("node1", "/data", True, 0, 0)])
    assert (reached.text, reached.style) == ("?reached", "unknown")


def test_not_counted_is_not_healed() -> None:
    assert words.heal([brick()], None) == words.Word("", "0", "ok")
    assert words.heal([brick(pending=None)], None).text == "?"
    assert words.heal([None], None).text == "?"
    assert words.heal([brick(), brick(pending=4)], None) == words.Word("!", "4", "warn")


def test_sessions_of_a_silent_firewall_are_not_zero() -> None:
    assert words.sessions([3, 4]).text == "7"
    assert words.sessions([3, None]) == words.Word("", "3?", "unknown")
    assert words.sessions([None, None]).text == "?"
    assert words.sessions([12345, 0]).text == "12k"


def test_http_and_apache() -> None:
    assert words.visit(Known(Visit(200, None, 0.1), 1.0)).text == "✓200"
    assert words.visit(Known(Visit(503, None, 0.1), 1.0)).text == "✗503"
    assert words.visit(NOT_ASKED, asked=False).text == "not checked"
    assert words.site(Known(Site(500, 0.1), 1.0)).style == "bad"
    apache = Apache(400, 0, 400, 5, 5, None)
    assert words.busy(Known(apache, 1.0)).text == "✗400/400"
    assert words.rate(Known(apache, 1.0)).text == "-"


def test_nothing_unknown_is_ever_well() -> None:
    for reading in (LOST, NOT_ASKED, Unknown("stale: x", 1.0, 1.0)):
        for word in (words.wsrep(reading, 3), words.busy(reading), words.site(reading), words.visit(reading)):
            assert word.style in ("unknown", "dim")
            assert word.mark in ("?", "·")


def test_every_level_has_a_mark_of_its_own() -> None:
    shown = [words.verdict(level) for level in Level]
    assert len({word.mark for word in shown}) == len({word.word for word in shown}) == len(Level)
    assert [level for level in Level if words.verdict(level).style == "ok"] == [Level.OK]
