"""S on a node: which service, and what with it, is chosen from a list."""

from console.sim import Simulator
from tests.console.test_services import known

from .conftest import cluster_of, shown


async def test_s_offers_what_fits_and_says_what_stands_against_it(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.fault("apache-stopped", "node2")
        while seen.screen.pane.picked != "node2":
            await seen.press("j")
        await seen.until(lambda: known("start apache").fits(seen.screen.pane.session.picture, "node2"), 20)
        await seen.press("S")
        await seen.until(lambda: " start apache node2" in (seen.dialog or ""))
        assert "drain-and-restart mysql node2" in (seen.dialog or "")
        assert "restart apache node2" not in (seen.dialog or "")
        await seen.press("3")
        await seen.until(lambda: "fw1 sends traffic to node2" in (seen.dialog or ""), 20)
        await seen.press("escape")
        await seen.press("y")
        await seen.until(lambda: "S services" in (seen.dialog or ""))
        await seen.press("S")
        await seen.until(lambda: "stop gluster node2" in (seen.dialog or ""))
