"""Faults of a simulated cluster, and their findings: one headline a cause, its words, and gone when it is over."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.health import Kind, Layer, Level, findings, verdict, verdicts
from console.health.facts.bricks import offline_nodes as bricks_away
from console.health.facts.fitness import healed
from console.health.facts.heal_info import newer
from console.health.follows import FOLLOWS
from console.health.hosts import nodes_answer
from console.health.storage import bricks_are_online, volumes_are_known
from console.health.unknowns import GAPS
from console.operations.may_go import one_line
from console.operations.procedures import DRAIN
from console.probes.snapshot import QUESTIONS, Known, Unknown
from console.probes.storage.gluster_command import BUSY
from tests.conftest import simulated, watching
from tests.console.telling import alter, message, put, told, until, well

FAULTS: tuple[tuple[str, str, str, str, str], ...] = (
    ("node-lost", "node2", "node2", "lost", "node1 and node3 still serve"),
    ("node-hung", "node2", "node2", "lost", "node1 and node3 still serve"),
    ("firewall-lost", "fw1", "fw1", "firewall-lost", "fw2 is CARP MASTER and carries the traffic"),
    ("firewall-maintenance", "fw1", "fw1", "maintenance", "stays BACKUP, also after a reboot"),
    ("visitors-blocked", "fw1", "wan", "visit-silent", "wan"),
    ("wan-unplugged", "fw1", "fw1", "carp-init", "INIT on em0 of fw1"),
    ("carp-split-brain", "cluster", "carp", "two-masters", "two CARP masters for wan and lan: fw1 and fw2"),
    ("carp-apart", "cluster", "carp", "split-roles", "wan is on fw1 and lan is on fw2"),
    ("sync-broken", "fw1", "fw1", "sync-notice", "a configuration sync of fw1 failed"),
    ("unapplied", "fw1", "fw1", "unapplied", "nobody has applied yet"),
    ("apache-stopped", "node2", "node2", "site-silent", "Apache on node2 takes no connection"),
    ("apache-full", "node2", "node2", "apache-full", "every worker of Apache on node2 is busy"),
    ("mysql-stopped", "node3", "node3", "mysql-silent", "MySQL on node3 is stopped"),
    ("non-primary", "cluster", "mysql", "no-primary", "node1 is non-Primary"),
    ("database-crash", "cluster", "mysql", "no-mysql", "on every node: no table can be read or written"),
    ("heal-stuck", "node1", "www", "heal", "is behind by"),
    ("split-brain", "cluster", "www", "split-brain", "split-brain in 2 files of www"),
    ("brick-lost", "node2", "node2", "up-but-brick-away", "the brick of www on node2 is offline"),
    ("mount-hung", "node2", "node2", "mount-hung", "the mount of www on node2 does not answer: /var/www/html hung"),
    ("disk-full", "node1", "node1", "disk-full", "node1 is nearly full: /"),
    ("disk-lost", "node1", "node1", "array", "md0 is degraded, 3 of 4 devices"),
    ("link-lost", "node1", "node1", "bond", "bond bond0 has no link"),
    ("clock-off", "node1", "clocks", "clocks", "node1 is 9"),
)
"""Fault, its target, then machine and kind of the finding, and some of its words."""


@pytest.mark.parametrize(("fault", "target", "machine", "kind", "words"), FAULTS, ids=[one[0] for one in FAULTS])
async def test_a_fault_is_told_and_gone_when_it_is_over(
    tmp_path: Path, fault: str, target: str, machine: str, kind: str, words: str
) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault(fault, target)
        await until(  # the first look at a machine that is just ending may have other words
            session,
            lambda now: any((f.machine, f.kind) == (machine, kind) and words in f.message for f in findings(now)),
        )
        sim.fault("all-back", "cluster")
        await until(session, lambda now: kind not in {one.kind for one in findings(now)})


async def test_a_lost_node_is_one_headline_with_what_follows_from_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("node-lost", "node2")
        follows = {"down", "size-below", "brick-away"}
        lost = lambda now: next((one for one in findings(now) if one.kind == "lost"), None)  # noqa: E731
        picture = await until(
            session, lambda now: bool((one := lost(now)) and {each.kind.value for each in one.brings} >= follows)
        )
        assert [one.kind for one in findings(picture) if one.level > Level.NOTE] == [Kind.LOST]
        judged = verdicts(picture)
        assert judged.machines["node2"].level is judged.layers[Layer.WEB].level is Level.DEGRADED
        assert judged.layers[Layer.DATABASE].message == "MySQL has 2 of 3 members: node2 is not in it"
        assert judged.machines["node1"].level is judged.layers[Layer.FIREWALL].level is Level.OK
        assert one_line(picture).startswith(
            "can be lost now: fw1, fw2 | not: node1, node3 (node2 does not answer since "
        )
        assert one_line(picture).endswith(" | does not answer: node2")


async def test_an_accident_is_told_before_what_somebody_did(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        await (await session.begin(DRAIN, "node3")).task
        await told(session, "node3", "out")
        sim.fault("node-lost", "node2")
        await told(session, "node2", "lost")
        picture = await until(session, lambda now: "node2 does not answer since " in verdict(now).message)
        worse = [one.kind for one in findings(picture) if one.level is Level.DEGRADED]
        assert worse[0] is Kind.LOST and Kind.OUT in worse


async def test_when_nothing_answers_it_may_be_the_consoles_own_link(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for machine in cluster.machines:
            sim.fault("node-lost" if machine.name.startswith("node") else "firewall-lost", machine.name)
        swallowed = {Kind.LOST, Kind.FIREWALL_LOST, Kind.VISIT_SILENT}
        first = lambda now: findings(now)[0]  # noqa: E731
        own = ": it may be this console's own link; fw1 "  # once no visitor of either address is answered
        picture = await until(
            session, lambda now: {one.kind for one in first(now).brings} >= swallowed and own in first(now).message
        )
        assert first(picture).message.startswith("no answer from any of 5 machines since ")
        assert (first(picture).level, first(picture).kind) == (Level.UNKNOWN, Kind.NOTHING_ANSWERS)
        left = await until(
            session, lambda now: [one for one in findings(now) if one.level > Level.NOTE] == [first(now)]
        )
        assert all(one.level is Level.UNKNOWN for one in verdicts(left).machines.values())
        sim.fault("all-back", "cluster")
        await until(session, lambda now: Kind.NOTHING_ANSWERS not in {one.kind for one in findings(now)})


async def test_silent_firewalls_are_told_before_the_visitors_who_reach_neither(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        for name in ("fw1", "fw2"):
            sim.fault("firewall-lost", name)
        silent = lambda now: {one.machine for one in findings(now) if one.kind is Kind.FIREWALL_LOST}  # noqa: E731
        follows = lambda now: {each.kind for one in findings(now) for each in one.brings}  # noqa: E731
        picture = await until(session, lambda now: silent(now) == {"fw1", "fw2"} and Kind.VISIT_SILENT in follows(now))
        assert verdict(picture).level is Level.UNKNOWN
        assert verdict(picture).message.startswith("fw1 does not answer since ")


async def test_two_lost_nodes_do_not_serve_in_each_others_sentence(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (_, cluster), watching(cluster) as session:
        picture = await until(session, well)
        lost = Unknown("silent", picture.node("node1").host.at, 1.0)
        for name in ("node2", "node3"):
            picture = replace(
                picture,
                nodes=tuple(replace(one, host=lost) if one.name == name else one for one in picture.nodes),
            )
        assert ": node1 still serves; silent" in next(iter(nodes_answer(picture))).message
        forbidden = alter(picture, "nodes", "node1", "site", status=403)
        assert ": nobody is known to serve; silent" in next(iter(nodes_answer(forbidden))).message


async def test_heal_info_says_which_brick_is_away_while_gluster_is_locked(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("node-lost", "node2")
        away = lambda now: [one.message for one in bricks_are_online(now)]  # noqa: E731
        picture = await until(session, lambda now: any("heal info says so" in one for one in away(now)))
        assert away(picture)[0].startswith("the brick of www on node2 is offline: heal info says so, and counts ")
        assert [bricks_away(picture, view, newer(view)) for view in picture.volumes] == [("node2",)]
        busy = Unknown(BUSY, 0.0, 1.0)
        volumes = tuple(replace(one, state=busy) for one in picture.volumes)
        picture = replace(picture, volumes=volumes)
        assert away(picture)[0].endswith(BUSY)
        assert list(volumes_are_known(picture)) == []
        assert [one for one in healed(picture) if "is not known" in one]  # guards go on wanting Gluster's own word


async def test_a_full_copy_says_from_whom_and_how_far(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 1) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("sst", "node3")
        await until(session, lambda now: " of 11 GiB" in message(now, Kind.SST))
        one = await told(session, "node3", "sst")
        assert one.message.startswith("node3 receives a full copy (SST by rsync) from node")
        assert Kind.MYSQL_SILENT in {each.kind for each in one.brings}


async def test_every_reading_that_is_not_known_is_said(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        picture = await until(session, well)
    for question in QUESTIONS:
        for view in getattr(picture, question.subject.value):
            if not question.asks(cluster, view.name):
                continue
            silent = Unknown("no answer", 9.0, 8.0)
            doubted = put(picture, question.subject.value, view.name, **{question.field: silent})
            noted = question.field in GAPS and GAPS[question.field].level is Level.NOTE
            assert (verdict(doubted).level is Level.OK) == noted, question.field
            assert [one for one in findings(doubted) if one not in findings(picture)], question.field


async def test_the_database_of_a_node_that_serves_errors_is_said_with_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 1) as (sim, cluster), watching(cluster) as session:
        await until(session, well)
        sim.fault("mysql-stopped", "node3")
        words = "node3 answers its visitors with errors (HTTP 500): MySQL there is stopped"
        picture = await until(session, lambda now: message(now, Kind.UP_BUT_WEB_FAILS).endswith(words))
        assert verdict(picture).message.endswith(words)


def test_nothing_follows_from_what_follows_from_it() -> None:
    def below(kind: Kind, seen: tuple[Kind, ...]) -> None:
        assert kind not in seen, f"{kind} follows from itself"
        for each in FOLLOWS.get(kind, ()):
            below(each, (*seen, kind))

    for kind in FOLLOWS:
        below(kind, ())


async def test_half_installed_packages_and_a_second_manager_are_said(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim", 4) as (sim, cluster):
        sim.world.nodes["node2"].hardware.packages.half_done = True
        async with watching(cluster) as session:
            known = lambda now: isinstance(now.node("node2").updates, Known)  # noqa: E731
            picture = await until(session, known)
        (found,) = (one for one in findings(picture) if one.kind is Kind.PACKAGES_HALF_DONE)
        assert (found.machine, found.level) == ("node2", Level.DEGRADED)
        assert found.headline == "packages on node2 are half installed"
        both = alter(picture, "nodes", "node3", "updates", others=("dnf",))
        (found,) = (one for one in findings(both) if one.kind is Kind.PACKAGE_MANAGERS)
        assert found.message == "node3 has dnf beside apt-get: only apt-get is asked for updates"
