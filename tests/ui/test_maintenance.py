"""m on a firewall: into CARP maintenance and out of it, by the keys."""

from console.sim import Simulator

from .conftest import cluster_of, shown


async def test_m_puts_the_selected_firewall_into_maintenance_and_ends_it(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        assert " m maintenance" not in seen.text, "a node is selected"
        await seen.press("m")
        await seen.until(lambda: "Select a firewall first" in seen.text)
        while seen.screen.pane.picked != "fw1":
            await seen.press("k")
        await seen.until(lambda: " m maintenance" in seen.text)
        assert " d drain" not in seen.text
        name, other = "fw1", "fw2"
        await seen.press("m")
        await seen.until(lambda: seen.dialog)
        assert f"enter persistent CARP maintenance on {name}: {other} leads" in " ".join((seen.dialog or "").split())
        assert "✓ fw2 answers and can lead" in (seen.dialog or "")
        assert "fw1 stays BACKUP until m is pressed on it" in " ".join((seen.dialog or "").split())
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        assert not sim.world.firewalls[name].config.maintenance
        await seen.press("m")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: f"maintenance on {name}: done" in seen.text, 40)
        assert sim.world.firewalls[name].config.maintenance
        await seen.press("y")
        await seen.until(lambda: f"maintenance off {name}" in (seen.dialog or ""))
        await seen.press("escape", "u")
        await seen.until(lambda: f"leave CARP maintenance on {name}" in " ".join((seen.dialog or "").split()))
        await seen.press("y")
        await seen.until(lambda: f"maintenance off {name}: done" in seen.text, 40)
        assert not sim.world.firewalls[name].config.maintenance
        await seen.press("escape", "u")
        await seen.until(lambda: f"{name} is not in maintenance: there is nothing to undo" in seen.text)


async def test_u_stops_a_run_of_a_firewall_and_takes_back_what_it_did(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.world.firewalls["fw2"].blocks = True
        while seen.screen.pane.picked != "fw1":
            await seen.press("k")
        await seen.press("m")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: sim.world.firewalls["fw1"].config.maintenance, 20)
        await seen.press("u")
        await seen.until(lambda: "maintenance on fw1 is under way. It is stopped" in (seen.dialog or ""), 20)
        await seen.press("y")
        await seen.until(lambda: "maintenance off fw1: done" in seen.text, 40)
        assert not sim.world.firewalls["fw1"].config.maintenance
        assert not seen.session.open_runs()


async def test_a_run_that_is_taken_back_says_so_and_offers_no_resume(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        sim.world.firewalls["fw2"].blocks = True
        while seen.screen.pane.picked != "fw1":
            await seen.press("k")
        await seen.press("m")
        await seen.until(lambda: seen.dialog)
        await seen.press("y")
        await seen.until(lambda: "!TAKEN BACK  maintenance on fw1" in seen.text, 60)
        assert "r resumes" not in seen.text
        assert "It is taken back: fw1 is CARP MASTER of every address, as configured" in seen.sentences


async def test_b_is_the_reboot_of_what_is_selected(sim: Simulator) -> None:
    async with shown(cluster_of(sim)) as seen:
        await seen.well()
        while seen.screen.pane.picked != "fw2":
            await seen.press("k")
        await seen.press("b")
        await seen.until(lambda: seen.dialog)
        said = " ".join((seen.dialog or "").split())
        assert "reboot fw2 and see it come back with another boot time" in said
        assert "wait until fw2 could lead: its HAProxy serves as fw1" in said
        await seen.press("escape")
        await seen.until(lambda: seen.dialog is None)
        while seen.screen.pane.picked != "node1":
            await seen.press("j")
        await seen.press("b")
        await seen.until(lambda: seen.dialog)
        assert "stop MySQL on node1 cleanly" in " ".join((seen.dialog or "").split())
