"""W on a node: MySQL's writer is moved there, by the keys; an option is turned round in the dialog."""

from console.sim import Simulator

from .conftest import cluster_of, shown


async def test_w_makes_the_selected_node_the_writer(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        while seen.screen.pane.picked != "node2":
            await seen.press("j")
        await seen.press("W")
        await seen.until(lambda: "node2 is in the Primary component" in (seen.dialog or ""))
        assert "close what is still connected" not in (seen.dialog or "")
        await seen.press("c")
        await seen.until(lambda: "close what is still connected" in (seen.dialog or ""))
        await seen.press("c")
        await seen.until(
            lambda: "close what is still connected" not in (seen.dialog or "close what is still connected")
        )
        await seen.press("y")
        await seen.until(lambda: "writer node2 is under way" in seen.text or "RUNNING  writer node2" in seen.text, 20)
        await seen.press("u")
        await seen.until(lambda: "W on another node takes it back" in seen.text or "DONE" in seen.text, 40)
        await seen.until(lambda: "writer node2: done" in seen.text, 60)
        assert {node.proxy_first for node in sim.world.nodes.values()} == {"node2"}
