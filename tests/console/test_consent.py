"""A person agrees to the sentences that were shown, and to no other."""

from pathlib import Path

import pytest

from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN
from console.probes.snapshot import Snapshot
from console.session.session import Session
from tests.conftest import simulated, watching
from tests.console.telling import until, well


async def against(session: Session, *machines: str) -> None:
    """Once exactly these stand against a drain of node2."""

    def so(_now: Snapshot) -> bool:
        return {one.machine for one in session.plan(DRAIN, "node2").objections} == set(machines)

    await until(session, so)


async def test_what_has_come_up_since_is_not_agreed_to(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        plan = session.plan(DRAIN, "node2")
        assert plan.objections == ()
        sim.fault("firewall-lost", "fw2")
        await against(session, "fw2")
        with pytest.raises(NotBegun, match="fw2 does not answer since"):
            await session.begin(DRAIN, "node2", Consent(confirmed=True, read=plan.identities))
        assert session.journal.records() == ()


async def test_a_strong_yes_to_one_sentence_is_none_to_another(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("unapplied", "fw1")
        await against(session, "fw1")
        plan = session.plan(DRAIN, "node2")
        sim.fault("node-lost", "node3")
        await against(session, "fw1", "node3")
        named = Consent(True, "node2", "it must go", plan.identities)
        with pytest.raises(NotBegun, match=r"^node3 "):
            await session.begin(DRAIN, "node2", named)
        sim.fault("node-back", "node3")
        await against(session, "fw1")
        assert (await (await session.begin(DRAIN, "node2", named)).task).outcome == "done"


async def test_what_was_agreed_to_stays_so_while_its_figures_change(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("node-lost", "node3")

        def saw() -> str:
            return " ".join(one.saw for one in session.plan(DRAIN, "node2").objections)

        await until(session, lambda _now: saw().startswith("node3 does not answer since"))
        plan, before = session.plan(DRAIN, "node2"), saw()
        await until(session, lambda _now: saw() != before)
        assert session.plan(DRAIN, "node2").unanswered(Consent(True, "node2", "it must go", plan.identities)) == ()
        assert session.plan(DRAIN, "node2").unanswered(Consent(True, "node2", "in a script")) == ()
