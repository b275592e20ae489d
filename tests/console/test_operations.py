"""An operation is a value on any target: it is judged by its effects, and its steps are known by target and name."""

from dataclasses import replace
from enum import Enum
from pathlib import Path

import pytest

from console.cli import rights
from console.operations import procedures
from console.operations.effects import STARTS, STOPS, Effect, On
from console.operations.guards import Override, objections
from console.operations.guards.services import LAYERS
from console.operations.guards.sync import lagging
from console.operations.plan import Consent, NotBegun
from console.operations.procedures import DRAIN, HEAL, MAINTAIN, OPERATIONS, REBOOT, REJOIN, REMOVE, WRITER
from console.operations.procedures import PATCH as PATCH_ALL
from console.operations.procedures.power import BOOT, STOP_MYSQL
from console.operations.procedures.steps import Intent, Operation, Order, Progress, Step, placed
from console.operations.procedures.storage import missing
from console.probes.ask import Run
from console.probes.pools.balancer import POOLS
from console.probes.snapshot import Known, Snapshot, Unknown
from console.session.journal import Entry, Record
from console.session.runner import remaining
from console.session.session import Session
from console.sim import Simulator
from console.sim.machine import Link
from console.sim.node import APACHE, GLUSTERD, MYSQL
from tests.conftest import simulated, watching
from tests.console.telling import put, until, well
from tests.console.test_guards import HEALTHY
from tests.console.test_meanwhile import Meanwhile
from tests.console.values import CLUSTER

NAMED = Consent(True, "node2", "a test")
PATCH = replace(
    REBOOT,
    name="patch",
    effects=frozenset({Effect.STOPS_DATABASE, Effect.REBOOTS}),
    steps=lambda _cluster, target, _options: placed((STOP_MYSQL, BOOT), target),
)
"""An operation added by somebody who thinks of no guard."""
RESTART = Step(
    name="restart",
    phase="out",
    summary="restart {node}",
    done=lambda _snapshot, _intent: Progress(True, "it has"),
    watches=(POOLS,),
    orders=lambda _snapshot, intent: (Order(intent.target, Run(("shutdown", "-r", "now"), root=True)),),
)
FAIL_OVER = replace(
    REBOOT,
    name="restart",
    on=On.FIREWALL,
    effects=frozenset({Effect.FAILS_OVER, Effect.REBOOTS, Effect.STOPS_DATABASE}),
    steps=lambda _cluster, target, _options: placed((RESTART,), target),
)


class Unheard(Enum):
    """An effect that somebody adds without a guard."""

    OF = "does what nobody has thought of"


def test_a_new_operation_is_judged_by_what_it_does() -> None:
    stopped = put(HEALTHY, "nodes", "node3", host=Unknown("no answer", 9.0, 8.0))
    saw = [one.saw for one in objections(stopped, PATCH.effects, "node2")]
    assert any("node3 does not answer" in one for one in saw)
    assert "fw1 sends traffic to node2" in saw, "it does not take the node out itself"


@pytest.mark.parametrize("on", On)
@pytest.mark.parametrize("effects", [frozenset[Effect](), frozenset({Unheard.OF})])
def test_what_no_guard_has_judged_is_refused(on: On, effects: frozenset[Effect]) -> None:
    target = {On.NODE: "node2", On.FIREWALL: "fw1", On.VOLUME: "www", On.CLUSTER: "c"}[on]
    picture = replace(HEALTHY, cluster=replace(HEALTHY.cluster, volumes=("www",)))
    (one,) = objections(picture, effects, target, on)  # type: ignore[arg-type]
    assert one.override is Override.NEVER
    assert one.saw.startswith(f"no guard judges an operation on a {on.value} that ")


def test_a_target_that_is_not_there_is_refused_and_no_error() -> None:
    (one,) = objections(HEALTHY, DRAIN.effects, "fw1")
    assert (one.saw, one.override) == ("c has no node fw1", Override.NEVER)


async def test_a_firewall_is_a_target_like_any_other(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        plan = session.plan(FAIL_OVER, "fw1")
        assert plan.words == "restart fw1"
        assert [message for message, _ in plan.steps] == ["restart fw1"]
        assert "shutdown -r now" in plan.steps[0][1][0]
        with pytest.raises(NotBegun, match="no guard judges an operation on a firewall that stops MySQL"):
            await session.begin(FAIL_OVER, "fw1", Consent(True, "fw1", "a test"))
        with pytest.raises(NotBegun, match="has no firewall node2"):
            session.plan(FAIL_OVER, "node2")


def test_rights_are_those_of_every_operation_on_every_target(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rights.ordered(CLUSTER, "fw1")
    monkeypatch.setattr(procedures, "OPERATIONS", (*OPERATIONS, FAIL_OVER))
    assert set(rights.ordered(CLUSTER, "fw1")) - set(before) == {Run(("shutdown", "-r", "now"), root=True)}


# --- steps by target and name


def seen(*ids: tuple[str, str]) -> Record:
    opened = Entry(0.0, "opened", {"node": "node1", "action": "patch", "who": "ops@desk"})
    lines = [Entry(1.0, "seen", {"on": on, "step": name, "says": "so"}) for on, name in ids]
    return Record(Path("of/no/file"), (opened, *lines))


TWO = (*placed(REBOOT.steps(CLUSTER, "", {}), "node1"), *placed(REBOOT.steps(CLUSTER, "", {}), "node2"))


def test_the_second_target_is_not_behind_when_the_first_is() -> None:
    first = tuple(step.id for step in TWO if step.on == "node1")
    assert remaining(seen(*first), TWO) == tuple(step for step in TWO if step.on == "node2")


def test_a_phase_of_one_target_is_not_begun_again_for_the_other() -> None:
    two = (*placed((RESTART, replace(RESTART, name="more")), "node1"), *placed((RESTART,), "node2"))
    assert [step.id for step in remaining(seen(("node1", "restart"), ("node1", "more")), two)] == [("node2", "restart")]
    assert [step.id for step in remaining(seen(("node1", "restart")), two)] == [step.id for step in two]


def test_of_a_skipped_target_the_steps_that_put_back_remain() -> None:
    record = seen()
    record = record._replace(entries=(*record.entries, Entry(2.0, "skipped", {"on": "node1"})))
    names = [step.name for step in remaining(record, TWO) if step.on == "node1"]
    assert names == [step.name for step in REJOIN.steps(CLUSTER, "node1", {})]


def test_lines_of_an_old_version_name_the_target_of_their_run() -> None:
    opened = Entry(0.0, "opened", {"node": "node1", "action": "drain"})
    old = Record(Path("of/no/file"), (opened, Entry(1.0, "seen", {"step": "sessions", "says": "none left"})))
    assert old.behind == {("node1", "sessions")}


def test_two_steps_can_not_have_one_id() -> None:
    twice = replace(DRAIN, steps=lambda _cluster, target, _options: placed((RESTART, RESTART), target))
    with pytest.raises(ValueError, match=r"drain has two steps \('node2', 'restart'\)"):
        _ = Intent(CLUSTER, "node2", twice).steps


# --- what is declared, and what becomes of the world


class Watched:
    """Changes that a run made to a node and fw1, sampled at each line of its journal."""

    def __init__(self, sim: Simulator, session: Session, node: str = "node2") -> None:
        self._sim = sim
        self._node = node
        self._writers = self._written_to()
        self._first = self._forced()
        self._boot, self._shut_downs = sim.world.nodes[node].boot_id, sim.world.nodes[node]._boots
        self._lead = sim.world.master
        self._boot_of_fw1 = sim.world.firewalls["fw1"].boot_id
        self._release = sim.world.firewalls["fw1"].release
        self._maintained = sim.world.firewalls["fw1"].config.maintenance
        self._held = self._note()
        self._ran = self._running()
        self._alike = self._same()
        self._told, self._gone = sim.world.gluster.told, sim.world.nodes["node2"].hardware.mount
        self._pending = sim.world.nodes[node].hardware.packages.pending
        self.effects: set[Effect] = set()
        session.journal = Meanwhile(session.journal.folder, lambda _record: self.look())

    def _forced(self) -> list[str]:
        process = self._sim.world.firewalls["fw1"].haproxy
        servers = process.servers if process else []  # none while fw1 boots
        return [server.forced for server in servers if server.name == self._node]

    def _written_to(self) -> set[str]:
        proxies = (node.proxy for node in self._sim.world.nodes.values())
        return {one.name for proxy in proxies if proxy for one in proxy.backends[0].serving}

    def _note(self) -> str:
        server = self._sim.world.firewalls["fw1"].config.server("web", self._node)
        return server.held if server else ""

    def _same(self) -> dict[Effect, bool]:
        one, other = (firewall.config for firewall in self._sim.world.firewalls.values())
        return {Effect.SYNCS_POOLS: one.pools == other.pools, Effect.SYNCS_CORE: one.rules == other.rules}

    def _running(self) -> dict[str, bool]:
        node = self._sim.world.nodes[self._node]
        bricks = self._sim.world.gluster.bricks[self._node]
        return {"MySQL": node.unit("mariadb.service") == "active", "bricks": bricks.brick, "Apache": bool(node.apache)}

    def _services(self) -> None:
        """Note what has ended or begun since the last look."""
        for what, runs in self._running().items():
            if runs is not self._ran[what]:
                self.effects.add(Effect(f"{'starts' if runs else 'stops'} {what}"))
        self._ran = self._running()

    def look(self) -> None:
        world, now = self._sim.world, self._forced()
        node = world.nodes[self._node]
        if any(now) and not any(self._first):
            out = Effect.TAKES_OUT not in self.effects
            self.effects |= {Effect.TAKES_OUT} | ({Effect.ENDS_SESSIONS} if out and "maint" in now else set())
        if not any(now) and (any(self._first) or Effect.TAKES_OUT in self.effects):
            self.effects.add(Effect.PUTS_BACK)
            if world.galera.members[self._node].unit != "active":
                self.effects.add(Effect.PUTS_BACK_UNFIT)
        if node.boot_id != self._boot:
            self.effects.add(Effect.REBOOTS)
        elif node.running and not self.unfit and node._boots == self._shut_downs:  # else a shut-down ends services
            self._services()
        if self._note() and not self._held:
            self.effects.add(Effect.HOLDS)
        if world.gluster.told > self._told:
            self.effects.add(Effect.HEALS)
        if node.hardware.mount is not self._gone:
            self.effects.add(Effect.MOUNTS)
        if self._pending and not node.hardware.packages.pending:
            self.effects.add(Effect.UPDATES)
        if node.link is Link.SILENT:
            self.effects.add(Effect.POWERS_OFF)
        if not self._writers <= (to := self._written_to()) and to:
            self.effects.add(Effect.MOVES_WRITER)
        if world.master is not self._lead:
            self.effects.add(Effect.FAILS_OVER)
        if (maintained := world.firewalls["fw1"].config.maintenance) is not self._maintained:
            self.effects.add(Effect.HOLDS_BACK if maintained else Effect.GIVES_BACK)
        if not maintained and Effect.HOLDS_BACK in self.effects:
            self.effects.add(Effect.GIVES_BACK)
        self.effects |= {effect for effect, same in self._same().items() if same and not self._alike[effect]}
        if world.firewalls["fw1"].boot_id != self._boot_of_fw1:
            self.effects.add(Effect.REBOOTS)
        if world.firewalls["fw1"].release != self._release:
            self.effects.add(Effect.UPDATES)

    unfit = False


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.on is On.NODE])
async def test_an_operation_does_what_it_declares_and_nothing_else(tmp_path: Path, one: Operation) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        cluster = replace(cluster, timings=replace(cluster.timings, fit=30.0))
        async with watching(cluster) as session:
            await until(session, well)
            if one.does(Effect.MOUNTS):
                sim.fault("mount-gone", "node2")
                await until(session, lambda now: bool(missing(now, "node2")))
            back = one.does(Effect.PUTS_BACK) and not one.does(Effect.TAKES_OUT)
            if one.does(*STARTS) and not one.does(*STOPS):
                layer = next(layer for layer in LAYERS if one.does(layer.starts))
                world = sim.world.nodes["node2"]
                world.stop_unit({"mysql": MYSQL, "apache": APACHE, "gluster": GLUSTERD}[layer.word])
                if layer.word == "gluster":
                    world.kill_bricks()
                await until(session, lambda now: one.fits(now, "node2") and isinstance(now.node("node2").host, Known))
            if back:
                await (await session.begin(DRAIN, "node2", NAMED)).task
            moves = one.does(Effect.MOVES_WRITER) and one is not WRITER
            node = "node1" if moves else "node2"  # the writer
            if one.does(*STOPS) and not one.does(Effect.TAKES_OUT):
                await (await session.begin(REMOVE, node, NAMED._replace(typed=node))).task
            watched = Watched(sim, session, node)
            if back:  # a node that is not fit tells who waits for fitness
                sim.fault("mysql-stopped", "node2")
                watched.unfit = True
                await until(session, lambda now: not isinstance(now.node("node2").galera, Known))
            running = await session.begin(one, node, NAMED._replace(typed=node))
            while not running.task.done():
                if back and any("node2 is fit" in note.message or "MySQL" in note.message for note in running.notes):
                    sim.world.nodes["node2"].start_unit("mariadb.service")
                await session.change()
            assert (await running.task).outcome == "done"
            watched.look()
            assert watched.effects == one.effects


def differ(sim: Simulator) -> None:
    """Make fw2 lag behind in pools and rules, some time ago."""
    fw1 = sim.world.firewalls["fw1"]
    config = fw1.config.with_status({("web", "node3"): "backup"})
    fw1.config = replace(config, rules=(*config.rules, "allow monitoring"), time=config.time + 1)


def _offered(now: Snapshot) -> bool:
    """fw1 tells of a newer version, and the other one's state is known."""
    mine, other = now.firewall("fw1").upgrade, now.firewall("fw2").upgrade
    return isinstance(mine, Known) and bool(mine.value.offered) and isinstance(other, Known)


@pytest.mark.parametrize("one", [one for one in OPERATIONS if one.on is On.FIREWALL])
async def test_an_operation_on_a_firewall_does_what_it_declares(tmp_path: Path, one: Operation) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        sim.world.firewalls["fw1"].upgrades.offered = ("2.8.0-RELEASE", "24.0")
        await until(session, lambda now: well(now) and _offered(now))
        if one.key == "Y":
            differ(sim)
            await until(session, lambda now: bool(lagging(now, one.effects, "fw1")))
        elif not one.does(Effect.HOLDS_BACK):
            await (await session.begin(MAINTAIN, "fw1")).task
        watched = Watched(sim, session)
        assert (await (await session.begin(one, "fw1", Consent(True))).task).outcome == "done"
        watched.look()
        assert watched.effects == one.effects


async def test_an_operation_on_a_volume_does_what_it_declares(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster), watching(cluster) as session:
        sim.fault("heal-waits", "node3")
        await until(session, lambda now: not well(now))
        watched = Watched(sim, session)
        assert (await (await session.begin(HEAL, "www", Consent(True))).task).outcome == "done"
        watched.look()
        assert watched.effects == HEAL.effects


async def test_an_operation_on_the_cluster_does_what_it_declares(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", speed=20.0) as (sim, cluster):
        sim.world.nodes["node1"].hardware.packages.arrive(3, 1)
        async with watching(cluster) as session:
            await until(session, lambda now: well(now) and isinstance(now.node("node1").updates, Known))
            watched = Watched(sim, session, "node1")
            running = await session.begin(PATCH_ALL, cluster.name, Consent(True), {"nodes": ["node1"]})
            assert (await running.task).outcome == "done"
            watched.look()
            assert watched.effects == PATCH_ALL.effects


def test_each_effect_is_some_operation_s() -> None:
    """The comparison is about something."""
    every = frozenset[Effect]().union(*(one.effects for one in OPERATIONS))
    assert every == set(Effect)
