"""The key `L`: the logs of a machine, through the connection that is there."""

from dataclasses import replace

import pytest

from console.probes.logs import Source
from console.probes.snapshot import Known
from console.sim import Simulator
from console.ui.screens.logs import LogScreen, ordered

from .conftest import Seen, cluster_of, shown

MYSQL_LOG = "/var/log/mysql/error.log"


async def opened(seen: Seen, *keys: str) -> LogScreen:
    await seen.well()
    await seen.press(*keys, "L")
    await seen.until(lambda: isinstance(seen.app.screen, LogScreen))
    screen = seen.app.screen
    assert isinstance(screen, LogScreen)
    await seen.until(lambda: "read " in seen.top.splitlines()[0])
    return screen


@pytest.mark.parametrize("size", [(80, 24), (60, 14)])
async def test_it_shows_the_end_and_goes_on_while_polling_does(sim: Simulator, size: tuple[int, int]) -> None:
    async with shown(cluster_of(sim), size=(80, 24)) as seen:
        await opened(seen, "j")
        await seen.pilot.resize_terminal(*size)
        assert " node2 logs " in seen.top.splitlines()[0]
        await seen.until(lambda: "WSREP: node2 is SYNCED" in seen.top)
        at = seen.session.picture.nodes[1].host
        assert isinstance(at, Known)
        before = seen.top
        await seen.until(lambda: seen.top != before and "WSREP: node2" in seen.top)
        await seen.until(lambda: seen.session.picture.nodes[1].host.at > at.at)
        assert max(len(one) for one in seen.top.splitlines()) == size[0]


async def test_tab_goes_through_the_layers_and_esc_leads_back(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        screen = await opened(seen)
        for name in ("Apache", "Gluster", "HAProxy", "kernel", "MySQL"):
            await seen.press("tab")
            await seen.until(lambda name=name: screen.shown.name == name and "read " in seen.top.splitlines()[0])
            if name == "Apache":
                await seen.until(lambda: "AH01071" in seen.top)
            if name == "HAProxy":
                await seen.until(lambda: "no lines of HAProxy on node1; asked: journalctl" in seen.top)
            if name == "kernel":
                await seen.until(lambda: "node1 kernel: eno1" in seen.top)
        await seen.press("escape")
        await seen.until(lambda: seen.app.screen is seen.screen)


async def test_what_is_typed_filters(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await opened(seen)
        sim.world.nodes["node1"].written[MYSQL_LOG] = "2026 one\n2026 Two\n"
        await seen.until(lambda: "2026 one" in seen.top)
        await seen.press("slash", *"two", "enter")
        await seen.until(lambda: "2026 Two" in seen.top and "2026 one" not in seen.top)


async def test_who_scrolls_up_stays_there_until_he_wants_the_end(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await opened(seen)
        sim.world.nodes["node1"].written[MYSQL_LOG] = "".join(f"line {at}\n" for at in range(100))
        await seen.until(lambda: "line 99" in seen.top)
        await seen.press("g")
        await seen.until(lambda: "G follows the end" in seen.top and seen.top.splitlines()[1].startswith(" journal"))
        sim.world.nodes["node1"].written[MYSQL_LOG] += "the newest\n"
        await seen.press("G")
        await seen.until(lambda: "the newest" in seen.top and "G follows" not in seen.top)


async def test_no_line_can_move_the_cursor(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await opened(seen)
        sim.world.nodes["node1"].written[MYSQL_LOG] = "\x1b]0;owned\x07\x1b[2Jevil\u202e\u4e00\n"
        await seen.until(lambda: "evil" in seen.top)
        assert not {"\x1b", "\x07", "\u202e"} & set(seen.top)


async def test_the_log_of_the_layer_that_is_ill_comes_first(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.world.nodes["node2"].stop_unit("apache2.service")
        await seen.until(lambda: "Apache on node2" in seen.sentences or "✗" in seen.row("node2"))
        await seen.press("L")
        await seen.until(lambda: isinstance(seen.app.screen, LogScreen) and "apache2.service is inactive" in seen.top)


async def test_a_refusal_names_the_line_that_sudoers_lacks_and_read_only_may_look(sim: Simulator) -> None:
    cluster = cluster_of(sim)
    ops = tuple(replace(node, login=replace(node.login, user="ops")) for node in cluster.nodes)
    async with shown(replace(cluster, nodes=ops), read_only=True) as seen:
        await opened(seen)
        await seen.until(lambda: "WSREP: node1 is SYNCED" in seen.top)
        sim.world.nodes["node1"].sudo = False
        await seen.until(lambda: "sudo doesn't let ops run" in seen.top)
        words = " ".join(seen.top.split())
        assert "tail -v -c 24576 -- /var/log/mysql/error.log" in words
        assert "/etc/sudoers.d/drainboard; `drainboard sudoers` prints it" in words


async def test_a_machine_that_hangs_is_said_and_the_keys_go_on(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await opened(seen)
        sim.world.nodes["node1"].hang()
        await seen.until(lambda: "node1" in seen.top and "? " in seen.top, 40)
        await seen.press("escape")
        await seen.until(lambda: seen.app.screen is seen.screen)


async def test_a_firewall_s_logs(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        screen = await opened(seen, "k")
        assert screen.machine == "fw2"
        await seen.until(lambda: "fw2 kernel: carp" in seen.top and "haproxy[" in seen.top)
        await seen.press("tab")
        await seen.until(lambda: "haproxy[" in seen.top and "carp" not in seen.top)


def test_the_source_that_is_written_to_stands_last() -> None:
    journal, file = Source("journal", ("a",)), Source("/var/log/x", ("b",))
    assert ordered((), (journal, file)) == (journal, file)
    written = journal._replace(lines=("a", "c"))
    assert ordered((journal, file), (written, file)) == (file, written)
    assert ordered((file, written), (written, file)) == (file, written)
