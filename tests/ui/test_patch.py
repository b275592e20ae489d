"""A rolling patch on the screen: it is begun, and a node is skipped."""

from console.probes.snapshot import Known
from console.sim import Simulator
from console.sim.jobs import Work
from tests.console.test_patching import UNIT, updated

from .conftest import cluster_of, shown


async def test_k_puts_the_node_at_work_back_and_goes_on_with_the_next(sim: Simulator) -> None:
    for node in sim.world.nodes.values():
        node.hardware.packages.arrive(41, 7)
    sim.world.nodes["node2"].work[UNIT] = Work(lines=("E: it fails",), status=100)
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("K")
        await seen.until(lambda: "there is nothing to skip" in seen.text)

        def known() -> bool:
            nodes = seen.screen.pane.session.picture.nodes
            return all(isinstance(one.updates, Known) and isinstance(one.jobs, Known) for one in nodes)

        await seen.until(known, 30)
        await seen.press("P")
        await seen.until(lambda: "patch demo" in (seen.dialog or ""), 20)
        assert "10.11.6 -> 9" in (seen.dialog or "")
        assert "have node2 fetch the lists" not in (seen.dialog or "")
        await seen.press("a", "y")
        await seen.until(lambda: "visits failed since" in seen.text, 30)
        await seen.until(lambda: seen.session.running is None and seen.session.open_runs(), 120)
        await seen.until(lambda: "press r" in seen.top or "r on node2" in seen.top)
        await seen.press("K")
        await seen.until(lambda: "give node2 up?" in (seen.dialog or ""))
        await seen.press(*"tomorrow", "enter")
        await seen.until(lambda: seen.session.running is not None, 30)
        record = seen.session.running.record if seen.session.running else None
        assert record is not None
        await seen.until(lambda: "node3" in updated(sim), 180)
        (skipped,) = (one for one in seen.session.journal.records()[-1].entries if one.kind == "skipped")
        assert (skipped.facts["on"], skipped.facts["reason"]) == ("node2", "tomorrow")


async def test_the_palette_says_what_is_to_be_cleared_before_it(sim: Simulator) -> None:
    sim.world.nodes["node2"].hardware.packages.by_itself = True
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("colon", *"ready", "enter")
        await seen.until(lambda: "ready for a patch?" in (seen.dialog or ""), 60)
        assert "apt-daily-upgrade.timer on node2 may touch packages at any time" in (seen.dialog or "")
        assert "systemctl stop apt-daily-upgrade.timer" in (seen.dialog or "")


async def test_y_shows_each_step_of_it(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        await seen.press("j", "y")
        await seen.until(lambda: "patch demo" in (seen.dialog or ""))
        await seen.press("P")
        await seen.until(lambda: "have node2 fetch the lists" in (seen.dialog or ""))
