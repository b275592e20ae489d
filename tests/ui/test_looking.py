"""Parts of the screen that only look: details, findings, filter, palette, copy, export, the fleet."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.health import findings
from console.sim import Simulator
from console.ui.board.firewalls import firewalls
from console.ui.screens.commands import Palette
from console.ui.screens.detail import DetailScreen
from console.ui.screens.findings import FindingsScreen

from .conftest import Seen, cluster_of, nobody, shown


def of_details(seen: Seen) -> DetailScreen:
    screen = seen.app.screen
    assert isinstance(screen, DetailScreen)
    return screen


async def test_enter_opens_a_node_with_every_layer_its_sources_and_ages(sim: Simulator) -> None:
    async with shown(cluster_of(sim), size=(120, 60)) as seen:
        await seen.well()
        await seen.press("j", "enter")
        await seen.until(lambda: isinstance(seen.app.screen, DetailScreen))
        assert " node2  of demo" in seen.top.splitlines()[0]
        await seen.press("a")
        lines = [line.text for line in of_details(seen).body(120)]
        text = "\n".join(lines)
        for wanted in ("fw1: pools, at run time", "machine: load, memory, clock", "Galera member, now", "Apache"):
            assert wanted in text
        assert "Gluster volume www" in text
        assert "boot id" in text
        assert "node2, MySQL: SHOW GLOBAL STATUS" in text
        assert "node2: GET http" in text
        assert "every 2s" in text or "every 0s" in text
        await seen.press("tab")
        await seen.until(lambda: " node3  of demo" in seen.top.splitlines()[0])
        await seen.press("G")
        await seen.until(lambda: "100%" in seen.top.splitlines()[-1])
        await seen.press("escape")
        await seen.until(lambda: seen.app.screen is seen.screen)


async def test_a_firewall_is_a_row_like_a_node_and_no_target_of_a_drain(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("k")
        await seen.until(lambda: "►fw2" in seen.text)
        await seen.press("d")
        await seen.until(lambda: "Select a node first" in seen.text)
        assert seen.session.running is None
        await seen.press("enter")
        await seen.until(lambda: " fw2  of demo" in seen.top.splitlines()[0])
        assert "advskew" in "\n".join(line.text for line in of_details(seen).body(100))


async def test_a_finding_is_chosen_and_explained(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.fault("apache-stopped", "node2")
        await seen.until(lambda: "Apache on node2" in seen.text.splitlines()[1])
        await seen.press("k", "k", "k", "k")  # from node2 over the firewalls to the headline
        await seen.until(lambda: seen.text.splitlines()[1].startswith("►"))
        await seen.press("question_mark")
        await seen.until(lambda: seen.dialog and "Likely causes, the likeliest first" in seen.dialog)
        assert "What to look at" in (seen.dialog or "")
        await seen.press("escape")
        await seen.press("w")
        await seen.until(lambda: isinstance(seen.app.screen, FindingsScreen))
        assert "worst first" in seen.top
        await seen.press("G", "question_mark")
        await seen.until(lambda: seen.dialog and "Likely causes" in seen.dialog)
        await seen.press("escape", "escape")
        await seen.until(lambda: seen.app.screen is seen.screen)
        await seen.press("question_mark")  # the headline is still selected
        await seen.until(lambda: seen.dialog and "Likely causes" in seen.dialog)


async def test_the_list_of_findings_counts_what_a_filter_keeps_and_says_how_far_down_only_where_it_moves(
    sim: Simulator,
) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.fault("apache-stopped", "node2")
        await seen.until(lambda: "Apache on node2" in seen.text.splitlines()[1])
        await seen.press("w")
        await seen.until(lambda: isinstance(seen.app.screen, FindingsScreen))
        assert "%" not in seen.top.splitlines()[-1]
        every = len(findings(seen.session.picture))
        assert f"{every} in all, worst first" in seen.top
        await seen.press("slash", *"zzz", "enter")
        assert f"what is wrong   0 of {every} match" in seen.top
        assert "in all" not in seen.top


async def test_the_filter_keeps_what_contains_it_and_esc_clears_it(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("slash", *"node3")
        await seen.until(lambda: "node1 ✓" not in seen.text and "node3 ✓" in seen.text)
        await seen.press("enter")
        assert "filter node3" in seen.text
        await seen.press("j")
        await seen.until(lambda: "►node3" in seen.text)
        await seen.press("escape")
        await seen.until(lambda: "node1 ✓" in seen.text)
        await seen.press("slash", *"zzz", "escape")
        await seen.until(lambda: "node1 ✓" in seen.text)


async def test_the_palette_finds_every_command_and_does_it(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("colon")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press(*"volume www", "enter")
        await seen.until(lambda: " volume www  of demo" in seen.top.splitlines()[0])
        await seen.press("escape", "colon")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press(*"help", "enter")
        await seen.until(lambda: seen.dialog and "The marks and words" in seen.dialog)
        await seen.press("escape", "colon")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press("escape")
        await seen.until(lambda: seen.app.screen is seen.screen)


async def test_the_palette_knows_machines_by_name(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        for typed, picked in (("node3", "node3"), ("fw2", "fw2")):
            await seen.press("colon", *typed, "enter")
            await seen.until(lambda picked=picked: seen.screen.pane.picked == picked)
        await seen.press("colon", *"logs", "space", *"node2", "enter")
        await seen.until(lambda: "node2 logs" in seen.top)
        await seen.press("colon", *"drain", "space", *"node1", "enter")
        await seen.press("escape")
        await seen.until(lambda: "drain node1: done" in seen.text, 30)
        await seen.press("colon", *"reboot", "space", *"node2", "enter")
        await seen.until(lambda: "reboot node2" in (seen.dialog or ""))


async def test_read_only_refuses_a_command_by_name_too(sim: Simulator) -> None:
    async with shown(cluster_of(sim), read_only=True) as seen:
        await seen.well()
        await seen.press("colon", *"drain", "space", *"node2", "enter")
        await seen.until(lambda: "Read-only is on" in (seen.dialog or ""))


async def test_a_key_of_the_cluster_s_screen_says_on_a_page_how_to_get_there(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("enter")
        await seen.until(lambda: "node1" in seen.top.splitlines()[0] and "of demo" in seen.top)
        await seen.press("x")
        await seen.until(lambda: "x works on the cluster's screen: press esc, then x" in seen.top)
        await seen.press("n")
        await seen.until(lambda: "n does nothing here" in seen.top)


async def test_enter_alone_chooses_nothing_in_the_palette(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("colon")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press("enter", "space", "enter")
        assert isinstance(seen.app.screen, Palette)
        await seen.pilot.press(*"zzz", "enter", "down", "enter")
        assert isinstance(seen.app.screen, Palette)
        await seen.pilot.press("escape")
        assert seen.session.running is None
        assert not seen.session.journal.records()
        await seen.press("colon")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press("up", "enter")  # from none to the last: the last place that can be opened
        await seen.until(lambda: isinstance(seen.app.screen, DetailScreen))
        await seen.press("escape", "colon")
        await seen.until(lambda: isinstance(seen.app.screen, Palette))
        await seen.pilot.press("down", "enter")  # the first command: drain
        await seen.until(lambda: seen.session.journal.records())


async def test_the_selected_line_is_copied(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("c")
        await seen.until(lambda: seen.app.clipboard.startswith("node1 ✓UP"))
        await seen.until(lambda: "sent to the terminal's clipboard" in seen.text)


async def test_the_screen_is_exported_and_says_where(sim: Simulator, state: Path) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("e")
        await seen.until(lambda: "exported to" in seen.text)
        files = sorted((state / "screens").iterdir())
        assert [file.suffix for file in files] == [".svg", ".txt"]
        assert "wsrep" in files[1].read_text()
        assert "node1" in files[0].read_text()
        assert all(file.stat().st_mode & 0o077 == 0 for file in files)
        assert "screens/demo-cluster-" in "".join(seen.text.split())


@pytest.mark.parametrize("width", [34, 40, 46, 60])
async def test_the_fleets_summary_is_shortened_and_not_cut(width: int) -> None:
    async with shown(nobody(), nobody("other"), size=(width, 12)) as seen:
        await seen.until(lambda: "ASKING" not in seen.top)
        first = seen.top.splitlines()[0]
        assert "2?" in first or "2 ?UNKNOWN" in first or "2✗" in first or "2 ✗CRITICAL" in first


async def test_an_age_does_not_stand_alone_on_a_line(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        for width in range(70, 121):
            lines = [one.text.strip() for one in firewalls(seen.screen.board_view(width, 24))]
            assert not [one for one in lines if one.startswith("≤")], (width, lines)
            assert len(lines) == 2 or width < 80


async def test_a_hundred_clusters_scroll_and_only_what_is_shown_is_looked_at() -> None:
    clusters = [nobody(f"web{at:03}") for at in range(100)]
    slow = [replace(one, timings=replace(one.timings, poll=60.0, storage=60.0, slow=60.0)) for one in clusters]
    async with shown(*slow) as seen:
        assert "100 clusters" in seen.top.splitlines()[0]
        assert "web000" in seen.top
        assert "web099" not in seen.top
        await seen.press("G")
        await seen.until(lambda: "web099" in seen.top)
        await seen.press("slash", *"web04", "enter")
        await seen.until(lambda: seen.top.count("web04") >= 10 and "web099" not in seen.top)
        await seen.press("j", "enter")
        await seen.until(lambda: " web04" in seen.top.splitlines()[0] and "/100" in seen.top.splitlines()[0])
        await seen.press("escape", "escape")
        await seen.until(lambda: "100 clusters" in seen.top.splitlines()[0])


async def test_the_next_cluster_that_is_not_ok(sim: Simulator) -> None:
    async with shown(cluster_of(sim), nobody("other")) as seen:
        await seen.until(lambda: "✓OK" in seen.top and "ASKING" not in seen.top)
        await seen.press("n")
        await seen.until(lambda: "► 2  other" in seen.top)
        await seen.press("enter")
        await seen.until(lambda: " other " in seen.top.splitlines()[0])


async def test_themes_of_ones_own_lie_beside_the_inventory(tmp_path: Path) -> None:
    from console.ui.app import ConsoleApp

    (tmp_path / "themes").mkdir()
    shipped = (Path(__file__).parents[2] / "themes" / "dark.toml").read_text()
    (tmp_path / "themes" / "mine.toml").write_text(shipped.replace('name = "dark"', 'name = "mine"'))
    app = ConsoleApp((), theme="mine", inventory=tmp_path / "inventory.toml")
    assert app.theme == "mine"
