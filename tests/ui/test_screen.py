"""The screen over a real session: through sockets to the simulator, or to nobody. Nothing is patched."""

import re
from dataclasses import replace

import pytest
from textual.events import Key

from console.inventory.paths import journal_dir
from console.operations.may_go import may_go as spares_of
from console.operations.procedures import DRAIN, REBOOT
from console.operations.procedures.steps import Operation
from console.probes.snapshot import Known
from console.session.journal import Journal
from console.session.lock import holding
from console.sim import Simulator
from console.ui.board.board import board_lines
from console.ui.painted import Painted
from console.ui.screens.commands import Palette

from .conftest import Seen, cluster_of, nobody, shown


async def test_rows_fill_in_and_the_verdict_is_said(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.until(lambda: all(seen.row(f"node{n}").count("✓UP") == 2 for n in (1, 2, 3)))
        await seen.until(lambda: seen.row("node1").count("Synced 3/3") and "✓ok" in seen.row("node1"))
        await seen.well()
        assert "✓MASTER wan lan" in seen.text
        assert "✓BACKUP wan lan" in seen.text
        assert "primary sync ✓equal" in seen.text


async def test_one_key_takes_a_node_out_and_one_puts_it_back(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("j", "x")
        await seen.until(lambda: seen.row("node2").count("■MAINT ") == 2)
        assert seen.dialog is None
        await seen.until(lambda: "remove node2: done" in seen.text)
        await seen.until(lambda: "p puts it back" in seen.text)  # the event is there a moment before the run has ended
        assert "out since" in seen.text
        assert "kept in config.xml" in seen.text
        assert "► " not in seen.text.split("events, newest first")[1]
        await seen.press("k", "u")  # the selected node is in: what was taken out last is meant
        await seen.until(lambda: seen.row("node2").count("✓UP") == 2, 20)
        await seen.until(lambda: "undo node2: done" in seen.text)
        assert "out since" not in seen.text
        await seen.press("escape")
        assert "undo node2, begun" not in seen.text


async def test_an_objection_is_shown_and_what_it_takes_to_go_on_is_typed(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("x")
        await seen.until(lambda: "remove node1: done" in seen.text)
        await seen.press("j", "d")
        await seen.until(lambda: seen.dialog)
        assert "node1 is out of the load balancer already. Rejoin node1 first." in (seen.dialog or "")
        await seen.press("enter", "y", "enter", "enter")  # neither Enter nor y is a name
        assert seen.dialog
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        assert seen.session.running is None
        await seen.press("d")
        await seen.until(lambda: seen.dialog)
        await seen.press(*"node2", "enter", *"broken", "enter")
        await seen.until(lambda: seen.dialog is None)
        # a firewall that reloads as it is synced starts with what is disabled there in maintenance
        await seen.until(lambda: seen.row("node2").count("▼DRAIN") + seen.row("node2").count("■MAINT") == 2)
        assert "▼DRAIN" in seen.row("node2")
        assert any(
            record.first("reason") == "broken" for record in seen.session.journal.records() if record.target == "node2"
        )


async def test_an_open_run_comes_first_and_is_resumed(sim: Simulator) -> None:
    cluster = cluster_of(sim)
    journal = Journal(journal_dir() / cluster.name)
    record = journal.open("node3", "remove")
    journal.write(record, "failed", step="out in config.xml", why="fw1 did not answer, after 60 s")
    async with shown(cluster) as seen:
        await seen.until(lambda: seen.dialog)
        said = seen.dialog or ""
        assert "remove node3, begun" in said
        assert "0 of 2 steps done" in said
        assert "fw1 did not answer, after 60 s" in said
        await seen.press("r")
        await seen.until(lambda: seen.row("node3").count("■MAINT ") == 2)
        await seen.until(lambda: "remove node3: done" in seen.text)
        assert not seen.session.open_runs()


async def test_an_open_run_can_wait(sim: Simulator) -> None:
    cluster = cluster_of(sim)
    Journal(journal_dir() / cluster.name).open("node3", "remove")
    async with shown(cluster) as seen:
        await seen.until(lambda: seen.dialog)
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        assert "!OPEN  remove node3" in seen.text
        assert " r resume " in seen.text.splitlines()[-1]


async def test_a_run_of_another_process_is_waited_for_and_not_resumed(sim: Simulator) -> None:
    cluster = cluster_of(sim)
    journal = Journal(journal_dir() / cluster.name)
    journal.open("node3", "drain")
    journal.open("node2", "remove")
    with holding(journal.folder / "lock", "root@vm: drain node3"):
        async with shown(cluster) as seen:
            await seen.until(lambda: seen.dialog and "drain node3, begun" in seen.dialog)
            assert "a run is under way" in (seen.dialog or "")
            assert "under way: root@vm carries it out; wait until it ends" in (seen.dialog or "")
            assert "cut off" not in (seen.dialog or "")
            await seen.press("r", "u")
            assert seen.dialog
            assert seen.session.running is None
            await seen.press("escape")
            await seen.until(lambda: seen.dialog and "remove node2, begun" in seen.dialog)
            assert "root@vm carries out drain node3; wait until it ends, then press r" in (seen.dialog or "")
            await seen.press("escape")
            await seen.until(lambda: seen.dialog is None)
            assert "►RUNNING  drain node3: under way: root@vm carries it out; wait until it ends" in seen.text
            assert "!OPEN  remove node2: press r when drain node3 of root@vm has ended" in seen.text
            assert " r resume " not in seen.text.splitlines()[-1]
            await seen.press("l")
            await seen.until(lambda: seen.dialog and "►RUNNING drain node3, begun" in seen.dialog)
            await seen.press("escape")
    async with shown(cluster) as seen:
        await seen.until(lambda: seen.dialog)
        await seen.press("escape", "escape")
        await seen.until(lambda: "!OPEN  drain node3: press r to go on" in seen.text)
        assert " r resume " in seen.text.splitlines()[-1]


async def test_a_reboot_always_asks_and_enter_says_nothing(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("b")
        await seen.until(lambda: seen.dialog)
        assert "stop MySQL on node1 cleanly" in (seen.dialog or "")
        await seen.press("enter", "space")
        assert seen.dialog
        await seen.press("escape")
        await seen.pilot.pause()
        assert seen.session.running is None


async def test_a_node_that_our_own_reboot_has_down_is_no_riddle(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.world.nodes["node1"].boot_time = 60.0  # however seldom a busy machine looks, it is seen down
        await seen.press("b")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: seen.row("node1").count("?") > 2, 20)
        assert re.search(r"^ ► +reboot node1, step \d+ of 23: .*s stops here", seen.text.splitlines()[1])
        assert "also ! node1 does not answer" not in seen.text, "our own run is no trouble"
        await seen.until(lambda: "reboot node1: done" in seen.text, 60)


def silent_for(seen: Seen, operation: Operation, node: str, firewall: str) -> bool:
    """An objection to the operation is that a firewall does not answer: a moment before, its reading counts as
    stale."""
    against = seen.session.plan(operation, node).objections
    return any(f"{firewall} does not answer since" in one.saw for one in against)


async def test_what_comes_up_while_a_question_stands_is_not_agreed_to(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("b")
        await seen.until(lambda: seen.dialog)
        assert "fw2" not in (seen.dialog or "").split("What would be done")[0]
        sim.fault("firewall-lost", "fw2")
        await seen.until(lambda: silent_for(seen, REBOOT, "node1", "fw2"))
        await seen.pilot.press("y")
        await seen.until(lambda: seen.dialog and "not begun" in seen.dialog)
        assert "fw2 does not answer since" in (seen.dialog or "")
        assert not seen.session.journal.records()


async def test_a_run_is_left_and_quitting_asks(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("x")
        await seen.until(lambda: "remove node1: done" in seen.text)
        sim.fault("apache-stopped", "node1")  # so that the rejoin has something to wait for
        await seen.until(lambda: "✓200" not in seen.row("node1"))
        await seen.press("p")
        await seen.until(lambda: "RUNNING  rejoin node1" in seen.text and "does not answer by itself" in seen.text)
        await seen.press("q")
        await seen.until(lambda: seen.dialog)
        assert "demo: rejoin node1 is under way" in (seen.dialog or "")
        assert "stays open in the journal" in (seen.dialog or "")
        await seen.press("escape", "s")
        await seen.until(lambda: seen.dialog and "demo: stop rejoin node1?" in seen.dialog)
        await seen.press("y")
        await seen.until(lambda: "Nothing was taken back" in seen.text)
        assert "OPEN  rejoin node1" in seen.text
        await seen.press("q")
        await seen.until(lambda: seen.app.return_value == 0)


async def test_every_link_dead_from_the_start() -> None:
    async with shown(nobody()) as seen:
        await seen.until(lambda: all(seen.row(f"node{n}").count("?lost") >= 3 for n in (1, 2, 3)))
        assert "✓" not in "\n".join(line for line in seen.text.splitlines() if "node" in line and "over" not in line)
        await seen.press("j", "x")
        await seen.until(lambda: seen.dialog)
        assert "No firewall can be told" in (seen.dialog or "")
        await seen.press("y", "enter")
        assert seen.dialog
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        assert seen.session.running is None


async def test_every_link_dies_under_way(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await sim.__aexit__(None, None, None)
        await seen.until(lambda: all("?lost" in seen.row(f"node{n}") for n in (1, 2, 3)))
        await seen.until(lambda: "✓UP" not in seen.text)
        await seen.press("question_mark")
        await seen.until(lambda: seen.dialog)
        await seen.press("escape")
        await sim.__aenter__()


async def test_no_figure_is_cut_when_every_worker_is_busy(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.fault("apache-full", "node2")
        await seen.until(lambda: "✗" in seen.row("node2"))
        busy = next(one for one in seen.session.picture.nodes if one.name == "node2").apache
        assert isinstance(busy, Known)
        assert f" ✗{busy.value.slots}/{busy.value.slots} " in seen.row("node2")
        assert "…" not in seen.row("node2")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_no_sentence_is_cut_above_lines_that_are_empty(sim: Simulator, size: tuple[int, int]) -> None:
    async with shown(cluster_of(sim), size=size) as seen:
        await seen.well()
        seen.screen.pane.selected = "node1"
        sim.fault("firewall-lost", "fw2")
        await seen.until(lambda: "fw2 does not answer since" in seen.text)
        boards = seen.screen.board_view(size[0], size[1] - 1)
        lines = [one.text.rstrip() for one in board_lines(replace(boards, events=()))]
        halves = [one.partition("│") for one in lines]
        assert any(one.lstrip("│ ").startswith("none since") for one in (lines[-1], *(half[2] for half in halves)))
        text = " ".join(" ".join(half[at] for at in (0, 2) for half in halves).split())
        verdict, *others = boards.findings
        assert verdict.headline in text.replace("nothing to press ", "")
        assert others
        assert all(one.message in text for one in others), text
        assert spares_of(boards.picture, "node1").message.removeprefix("node1 ") in text, text


async def test_read_only_says_so(sim: Simulator) -> None:
    async with shown(cluster_of(sim), read_only=True) as seen:
        await seen.well()
        await seen.press("x")
        await seen.until(lambda: seen.dialog)
        assert "demo: remove node1: not begun" in (seen.dialog or "")
        assert "Read-only is on" in (seen.dialog or "")
        assert "READ-ONLY" in seen.text.splitlines()[-1]


async def test_several_clusters(sim: Simulator) -> None:
    async with shown(cluster_of(sim), nobody("other")) as seen:
        await seen.until(lambda: "1  demo " in seen.top and "✓OK" in seen.top)
        await seen.until(lambda: "?UNKNOWN" in seen.top or "SITE DOWN" in seen.top)
        assert "2 clusters" in seen.top.splitlines()[0]
        await seen.press("enter")
        await seen.until(lambda: " demo " in seen.top.splitlines()[0])
        assert "1/2" in seen.top.splitlines()[0]
        await seen.press("tab")
        await seen.until(lambda: " other " in seen.top.splitlines()[0])
        await seen.press("1")
        await seen.until(lambda: " demo " in seen.top.splitlines()[0])
        await seen.press("escape")
        await seen.until(lambda: "2 clusters" in seen.top.splitlines()[0])


async def test_every_question_names_its_cluster(sim: Simulator) -> None:
    """Every cluster has a node1, and another one may be looked at by the time the question comes."""
    async with shown(nobody("other"), cluster_of(sim)) as seen:
        await seen.until(lambda: "✓OK" in seen.top and "ASKING" not in seen.top)
        await seen.press("1")
        await seen.until(lambda: " other " in seen.top.splitlines()[0])
        await seen.press("d")
        await seen.until(lambda: seen.dialog and "other: drain node1: not now" in seen.dialog)
        await seen.press("escape", "tab")
        await seen.until(lambda: " demo " in seen.top.splitlines()[0])
        await seen.press("b")
        await seen.until(lambda: seen.dialog and "demo: reboot node1?" in seen.dialog)
        await seen.press("escape", "y")
        await seen.until(lambda: seen.dialog and "demo: dry run of" in seen.dialog)
        await seen.press("d")
        await seen.until(lambda: seen.dialog and "demo: dry run: drain node1" in seen.dialog)


async def test_a_dry_run_shows_the_exact_commands_and_sends_nothing(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("y")
        await seen.until(lambda: seen.dialog)
        await seen.press("x")
        await seen.until(lambda: seen.dialog and "nothing is sent" in seen.dialog)
        assert "/node1 state maint" in (seen.dialog or "")
        await seen.press("escape")
        assert not seen.session.journal.records()


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (120, 40), (200, 60), (40, 10), (24, 6), (5, 2), (1, 1)])
async def test_any_size_is_filled_exactly(sim: Simulator, size: tuple[int, int]) -> None:
    async with shown(cluster_of(sim), size=size) as seen:

        def whole() -> bool:
            lines = seen.text.splitlines()
            assert [len(line) for line in lines] == [size[0]] * size[1]
            return any("nothing is wrong" in line for line in lines[:2]) and all(
                any(f"node{n} " in line and "✓UP" in line for line in lines) for n in (1, 2, 3)
            )

        await seen.until(lambda: seen.session.picture.nodes[0].host)
        await seen.until(lambda: whole() or size[0] < 40)


async def test_a_silent_firewall_parks_the_run_and_it_is_resumed(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("j", "k")
        sim.fault("firewall-lost", "fw2")
        await seen.until(lambda: seen.row("node1").count("?lost") and "fw2 does not answer since" in seen.text)
        await seen.press("x")
        await seen.until(lambda: seen.dialog)
        assert "When fw2 is back it will send traffic to node1 again" in (seen.dialog or "")
        await seen.press("enter")
        assert seen.dialog
        await seen.press("y")
        await seen.until(lambda: "!OPEN, not everywhere" in seen.text, 30)
        assert "   ! 1. take node1 out" in seen.text
        assert "r resumes  0 of 2 steps done, 2 partly" in seen.text
        assert "When fw2 is back" in seen.text
        await seen.press("escape")
        await seen.until(lambda: "fw2 was not told; press r when it answers again" in seen.text)
        sim.fault("firewall-back", "fw2")
        await seen.until(lambda: re.search("■MAINT +!UP", seen.row("node1")), 20)
        await seen.until(lambda: "fw2 answers again and was not told: press r now" in seen.text)
        await seen.until(lambda: "a failover to fw2 would send node1 traffic" in seen.text.splitlines()[1])
        assert seen.text.splitlines()[1].rstrip().endswith("press r")
        await seen.until(lambda: "a failover to fw2 would send node1 traffic: it is out only on fw1" in seen.sentences)
        await seen.press("r")
        await seen.until(lambda: seen.dialog)
        assert "0 of 2 steps done, 2 partly" in (seen.dialog or "")
        assert "fw2 answers again and was not told: resume now" in (seen.dialog or "")
        assert "as soon as it answers" not in (seen.dialog or "")
        await seen.until(lambda: seen.session.plan_again(seen.session.open_runs()[0]).objections == (), 20)
        await seen.press("r")
        await seen.until(lambda: seen.row("node1").count("■MAINT ") == 2)
        await seen.until(lambda: "remove node1: done" in seen.text)


async def test_a_firewall_that_was_not_told_and_leads_again_sends_traffic_now(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("j", "k")
        sim.fault("firewall-lost", "fw1")
        await seen.until(lambda: "fw1 does not answer since" in seen.text and "fw2 is CARP MASTER" in seen.sentences)
        await seen.until(lambda: silent_for(seen, DRAIN, "node1", "fw1"))
        await seen.press("d")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: "!OPEN, not everywhere" in seen.text, 30)
        sim.fault("firewall-back", "fw1")
        await seen.until(lambda: "node1 gets traffic from fw1: it is out only on fw2" in seen.sentences, 20)
        await seen.until(lambda: seen.text.splitlines()[1].rstrip().endswith("press r"), 20)
        await seen.until(lambda: "(node1 is out only in part, and fw1 sends it traffic)" in seen.sentences, 20)
        assert "can be lost now: node1" not in seen.sentences
        assert "node1: partly out since " in seen.sentences


async def test_a_dialog_that_is_longer_than_the_screen_says_so_and_scrolls(sim: Simulator) -> None:
    def foot() -> str:
        return "".join(line.text for line in seen.app.screen.query_one("#foot", Painted).lines)

    async with shown(cluster_of(sim), size=(80, 15)) as seen:
        await seen.well()
        await seen.press("j", "b")  # node1 is MySQL's writer: its dialog is longer
        await seen.until(lambda: seen.dialog)
        await seen.until(lambda: re.search(r"j k scroll, [0-9]+ lines more", foot()))
        assert "y yes, reboot node2" in foot()
        left = re.search(r"([0-9]+) lines more", foot())
        assert left
        await seen.press(*"j" * (int(left[1]) - 1))
        await seen.until(lambda: "j k scroll, 1 line more" in foot())
        await seen.press("j")
        await seen.until(lambda: "j k scroll, the end" in foot())
        await seen.press("k")
        await seen.until(lambda: "j k scroll, 1 line more" in foot())
        await seen.pilot.resize_terminal(80, 40)
        await seen.until(lambda: "scroll" not in foot())
        await seen.press("escape", "b")
        await seen.until(lambda: "y yes, reboot node2" in foot())
        await seen.pilot.pause()
        assert "scroll" not in foot(), "nothing is left when all is in sight"


async def test_what_is_cut_beside_a_run_says_by_which_key_the_rest_is_seen(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("d")
        await seen.until(lambda: "drain node1: done" in seen.text, 40)
        sim.fault("apache-stopped", "node2")
        sim.fault("firewall-lost", "fw2")
        await seen.until(lambda: "fw2 does not answer since" in seen.text and "✗DOWN" in seen.row("node2"), 20)
        last = "node3 is the last serving member of web and webtls on fw1"
        parts = (
            "can be lost now: node1, node2",
            f"not: node3 ({last}), fw1 (fw2 does not answer)",
            "does not answer: fw2",
        )
        await seen.until(lambda: " ".join(parts) in seen.sentences.replace(" | ", " "))
        above = seen.text.split("✓done  drain node1")[0].splitlines()
        cut = [line.rstrip() for line in above if "…" in line and not line[1:].startswith("fw2")]
        ends = {line.rpartition("…")[2].replace("nothing to press", "").rstrip() for line in cut}
        assert cut and ends <= {" w", " enter"}


async def test_however_much_a_run_has_to_say_there_is_a_word_that_more_is_wrong(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.fault("node-lost", "node2")
        sim.fault("firewall-lost", "fw2")
        await seen.until(lambda: "fw2 does not answer since" in seen.text and "?lost" in seen.row("node2"), 20)
        seen.screen.pane.selected = "node1"
        await seen.press("x")
        await seen.until(lambda: seen.dialog)
        await seen.press("escape", "j", "x")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: "!OPEN, not everywhere" in seen.text, 30)
        assert re.search(r"also|more findings?: w shows them all", seen.text)


@pytest.mark.parametrize("size", [(40, 10), (59, 13)])
async def test_the_smallest_screens_keep_the_time_and_the_run(sim: Simulator, size: tuple[int, int]) -> None:
    async with shown(cluster_of(sim), size=size) as seen:
        await seen.until(lambda: "nothing is wrong" in seen.text)
        assert re.search(r" \d\d:\d\d:\d\d $", seen.text.splitlines()[0])
        await seen.press("j", "x")
        await seen.until(lambda: "RUNNING  remove" in seen.text or "done  remove" in seen.text)
        await seen.until(lambda: seen.session.running is None)
        Journal(journal_dir() / seen.session.cluster.name).open("node3", "drain")
        await seen.press("escape", "escape")
        await seen.until(lambda: "!OPEN  drain node3" in seen.text, 20)


async def test_an_answer_that_is_given_twice_at_once_is_one(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("y")
        await seen.until(lambda: seen.dialog)
        asks = seen.app.screen
        for _ in range(2):  # in one go, as a paste or a key that is held down brings them
            asks.post_message(Key("x", "x"))
        await seen.until(lambda: seen.dialog and "nothing is sent" in seen.dialog)


@pytest.mark.parametrize("typed", ["node1", "dxpbu1", "bd1"])
async def test_what_is_typed_while_a_list_is_open_is_no_key_of_the_board(sim: Simulator, typed: str) -> None:
    """All at once, as a paste or a link that lagged: the last one closes the list before those ahead of it are done."""
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("t")
        await seen.until(lambda: seen.dialog)
        for key in typed:
            seen.app.post_message(Key(key, key))
        await seen.until(lambda: seen.dialog is None)
        await seen.pilot.pause(0.5)
        assert seen.session.running is None and seen.dialog is None
        assert not seen.session.journal.records()


async def test_a_page_is_copied_and_ctrl_c_leaves_from_anywhere(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("l")
        await seen.until(lambda: seen.dialog)
        await seen.press("c")
        await seen.until(lambda: "Events, newest first" in seen.app.clipboard)
        await seen.press("ctrl+c")
        await seen.until(lambda: seen.app.return_value == 0)


async def test_faults_are_chosen_by_name_and_target(sim: Simulator) -> None:
    class Faults:
        entries = tuple((name, label, node) for name, label in sim.faults for node in ("node1", "node2"))

        async def inject(self, name: str, target: str, cluster: str = "") -> str:
            assert cluster == "demo"
            sim.fault(name, target)
            return "ok"

    async with shown(cluster_of(sim), faults=Faults()) as seen:
        await seen.well()
        await seen.press("f")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press(*"node-hung", "enter")
        await seen.until(lambda: seen.dialog and "a node hangs" in seen.dialog and "2 node2" in seen.dialog)
        await seen.press("escape", "f")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press(*"a node hangs", "enter")
        await seen.until(lambda: seen.dialog and "2 node2" in seen.dialog)
        await seen.press("2")
        await seen.until(lambda: "(node2): ok" in seen.text)
        await seen.until(lambda: "node2 does not answer" in seen.text.splitlines()[1])
        await seen.press("j", "x")
        await seen.until(lambda: seen.dialog or seen.row("node2").count("■MAINT ") == 2)
        if seen.dialog:  # how busy it is may be forgotten by now: that asks for a yes
            await seen.press("y")
        await seen.until(lambda: seen.row("node2").count("■MAINT ") == 2)


async def test_a_node_is_held_until_the_morning(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        seen.screen.pane.picked = "node2"
        await seen.press("h")
        await seen.until(lambda: "1 until 07:00, in" in (seen.dialog or ""))
        await seen.press("1")
        await seen.until(lambda: "Every console shows who holds it" in (seen.dialog or ""))
        await seen.press(*"mend it", "enter")
        await seen.until(lambda: "What would be done" in (seen.dialog or ""), 30)
        assert "none of them may be lost" in (seen.dialog or "")
        await seen.press("y")
        await seen.until(lambda: "nothing else is wrong: node2 is held out until" in seen.text, 60)
        await seen.until(lambda: "node2: held out until 20" in seen.sentences)
        assert "“mend it”" in seen.sentences
        await seen.press("p")
        await seen.until(
            lambda: "Type the node's name" in (seen.dialog or "") or "is held out until" in (seen.dialog or "")
        )
        await seen.press("escape")


async def test_a_time_that_is_none_is_asked_for_again(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        seen.screen.pane.picked = "node2"
        await seen.press("h")
        await seen.until(lambda: seen.dialog)
        await seen.press("3")
        await seen.until(lambda: "Every console shows" in (seen.dialog or ""))
        await seen.press(*"later", "enter", *"x", "enter")
        await seen.until(lambda: "“later” is no time: write 07:00" in (seen.dialog or ""))
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        assert not seen.session.journal.records()
