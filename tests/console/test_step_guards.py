"""The last look before a step sends: each guard of a step objects to what has come about since the run began.

One honest picture, in which node2 is out and fw2 leads, and one thing altered in it. test_meanwhile.py sees the runner
wait for such an objection, over the wire.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from console.inventory.cluster import Cluster
from console.operations.effects import kind_of
from console.operations.procedures import operation
from console.probes.pools.servers import Admin
from console.probes.snapshot import Snapshot
from tests.console.telling import alter
from tests.console.test_each_rule import BOTH, Change, fw2, node2, proxy, removed, silent, value
from tests.hostile.lies import Honest, believed, honest


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, Honest]:
    return asyncio.run(honest(tmp_path_factory.mktemp("truth") / "sim"))


def led_by(lead: str) -> Change:
    """The other firewall is BACKUP."""

    def changed(now: Snapshot) -> Snapshot:
        for name in BOTH:
            role = "MASTER" if name == lead else "BACKUP"
            vhids = tuple(replace(one, role=role) for one in value(now, "firewalls", name, "carp").vhids)
            now = alter(now, "firewalls", name, "carp", vhids=vhids)
        return now

    return changed


def on(firewall: str, reading: str, **changes: object) -> Change:
    return lambda now: alter(now, "firewalls", firewall, reading, **changes)


def node3_at_runtime(firewall: str, **changes: object) -> Change:
    def changed(now: Snapshot) -> Snapshot:
        servers = value(now, "firewalls", firewall, "pools").servers
        servers = tuple(replace(one, **changes) if one.name == "node3" else one for one in servers)
        return alter(now, "firewalls", firewall, "pools", servers=servers)

    return changed


def back_on_fw1(now: Snapshot) -> Snapshot:
    servers = value(now, "firewalls", "fw1", "pools").servers
    servers = tuple(
        replace(one, status="UP", admin=Admin.READY, check="L7OK") if one.name == "node2" else one for one in servers
    )
    return alter(now, "firewalls", "fw1", "pools", servers=servers)


Rows = dict[str, Change]
"""The words of an objection, and the change that they are about."""
HERE: Rows = {"this console runs on node2": node2("identity", here=True)}
VISITED: Rows = {"fw1 sends traffic to node2": back_on_fw1}
OTHER_LOST: Rows = {"node3 does not answer since ": silent("nodes", "node3", "host")}
NOT_SYNCED: Rows = {"MySQL on node3 is not known": silent("nodes", "node3", "galera")}
WRITTEN_TO: Rows = {"HAProxy on node3 sends MySQL to node2": proxy("node1", serving=False)}
BRICKS: Rows = {"Gluster volume www is not known": silent("volumes", "www", "state")}
PROVEN: Rows = {
    "HAProxy on node3 has no server with the address of node2": proxy("node2"),
    "MySQL on node2 is not known": silent("nodes", "node2", "galera"),
    "12 write-sets wait to be applied on node2": node2("galera", recv_queue=12),
    "node2 would have ": node2("galera", connections=850, max_connections=1000),
}
SWITCHES: Rows = {"CARP of fw1 is not known": silent("firewalls", "fw1", "carp")}
LEADS: Rows = {"fw1 may carry visitors: fw1 is CARP MASTER": led_by("fw1")}
CAN_LEAD: Rows = {"fw2 is demoted by 240": fw2("carp", demotion=240)}
SENDS: Rows = {
    "config.xml of fw2 is not known": silent("firewalls", "fw2", "config"),
    "fw1 and fw2 have different configuration versions": fw2("config", version="22.9"),
    "fw2 holds changes that nobody has applied": fw2("box", unapplied=("filter",)),
    "fw2 is CARP MASTER: its ": led_by("fw2"),
    "fw2 was changed by itself": fw2("config", own_change="ada: rule added"),
}


def balances(heir: str) -> Rows:
    return {f"the load balancer does not run on {heir}": on(heir, "pools", running=False, servers=())}


def serves_as_before(heir: str) -> Rows:
    return {
        **balances(heir),
        f"{heir} sends no visitor to ": node3_at_runtime(heir, status="DOWN"),
        f"node3 is out on {heir} only": node3_at_runtime(heir, status="MAINT", admin=Admin.MAINT),
        "fw1 and fw2 differ in pools": on(heir, "config", balancer_digest="another"),
        f"states are not copied: pfsync is off on {heir}": on(heir, "carp", pfsync="off"),
    }


STEPS: dict[tuple[str, str, str], Rows] = {
    ("reboot", "node2", "stop MySQL"): {**HERE, **VISITED, **NOT_SYNCED, **OTHER_LOST, **WRITTEN_TO},
    ("reboot", "node2", "stop Gluster"): {**HERE, **VISITED, **BRICKS},
    ("reboot", "node2", "reboot"): {**HERE, **VISITED},
    ("shut-down", "node2", "power off"): {**HERE, **VISITED},
    ("stop mysql", "node2", "stop MySQL"): {**VISITED, **OTHER_LOST, **NOT_SYNCED, **WRITTEN_TO},
    ("stop gluster", "node2", "stop Gluster"): {**VISITED, **OTHER_LOST, **BRICKS},
    ("stop apache", "node2", "stop Apache"): VISITED,
    ("patch", "node2", "packages"): {**HERE, **VISITED},
    ("patch", "node2", "out at run time"): {"dpkg runs on node2 now": node2("prepared", works=("dpkg",))},
    ("writer", "node2", "new writer ready"): PROVEN,
    ("writer", "node2", "move"): PROVEN,
    ("maintenance on", "fw1", "enter maintenance"): {**SWITCHES, **CAN_LEAD, **serves_as_before("fw2")},
    ("maintenance off", "fw1", "leave maintenance"): {**SWITCHES, **serves_as_before("fw1")},
    ("reboot-firewall", "fw1", "enter maintenance"): {**SWITCHES, **CAN_LEAD, **serves_as_before("fw2")},
    ("reboot-firewall", "fw1", "reboot"): {**LEADS, **CAN_LEAD, **balances("fw2")},
    ("reboot-firewall", "fw1", "leave maintenance"): SWITCHES,
    ("upgrade", "fw1", "upgraded"): {**LEADS, **CAN_LEAD, **balances("fw2")},
    ("sync haproxy", "fw1", "sync HAProxy"): SENDS,
    ("sync core", "fw1", "sync pfSense"): SENDS,
}
"""By operation, target and step."""
CASES = [(*step, words, change) for step, rows in STEPS.items() for words, change in rows.items()]


def asked(now: Snapshot, name: str, target: str, step: str) -> list[str]:
    """The objections of the step's own guards, as the runner asks for them."""
    known = operation(name)
    assert known
    about = now.cluster.name if name == "patch" else target
    (one,) = (one for one in known.steps(now.cluster, about, {}) if one.id == (target, step))
    effects = known.effects_on(kind_of(now.cluster, target))
    return [each.saw for guard in one.guards for each in guard(now, effects, target)]


@pytest.mark.parametrize(
    ("name", "target", "step", "words", "change"), CASES, ids=[f"{one[0]}-{one[2]}-{one[3]}" for one in CASES]
)
def test_it_stands_against_the_step(
    truth: tuple[Cluster, Honest], name: str, target: str, step: str, words: str, change: Callable[[Snapshot], Snapshot]
) -> None:
    syncs = name.startswith("sync")
    before = removed(led_by("fw1" if syncs else "fw2")(believed(*truth)))
    assert not [saw for saw in asked(before, name, target, step) if saw.startswith(words)]
    assert [saw for saw in asked(change(before), name, target, step) if saw.startswith(words)]
