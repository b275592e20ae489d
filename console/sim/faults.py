"""Faults that can be injected: one tuple, read by the demo's menu, by scenarios, tests and `python -m console.sim`."""

from collections.abc import Callable
from dataclasses import dataclass

from console.sim import effects
from console.sim.firewall import Firewall
from console.sim.jobs import Work
from console.sim.machine import Machine
from console.sim.node import APACHE, MYSQL, Node
from console.sim.upgrade import LOSES, NOTHING, STOPS
from console.sim.world import World

CLUSTER = "cluster"
"""The target of a fault that is no single machine's."""

Act = Callable[[World, str], object]


@dataclass(frozen=True)
class Fault:
    """`act` does it to the target; `kind` is what the target must be, None: the cluster as a whole."""

    name: str
    label: str
    kind: type[Machine] | None
    act: Act

    def targets(self, world: World) -> tuple[str, ...]:
        """Names of the machines it can happen to; or the cluster."""
        if self.kind is None:
            return (CLUSTER,)
        return tuple(name for name, machine in world.machines.items() if isinstance(machine, self.kind))


def _on_node(act: Callable[[Node], object]) -> Act:
    return lambda world, target: act(world.nodes[target])


def _on_firewall(act: Callable[[Firewall], object]) -> Act:
    return lambda world, target: act(world.firewalls[target])


FAULTS: tuple[Fault, ...] = (
    Fault("all-back", "everything is repaired", None, effects.all_back),
    Fault("node-lost", "a node loses power", Node, _on_node(Node.cut)),
    Fault("node-hung", "a node hangs: it accepts and never answers", Node, _on_node(Node.hang)),
    Fault("node-back", "a node is back: power, programs and services", Node, effects.node_back),
    Fault("node-rebooted", "somebody reboots a node", Node, _on_node(Node.reboot)),
    Fault("firewall-lost", "a firewall loses power", Firewall, _on_firewall(Firewall.cut)),
    Fault(
        "firewall-back",
        "a firewall has power again, and what was wrong with it is over",
        Firewall,
        effects.firewall_back,
    ),
    Fault(
        "firewall-maintenance",
        "a firewall enters persistent CARP maintenance",
        Firewall,
        _on_firewall(lambda firewall: firewall.maintain(True, "admin@10.20.0.50 (Local Database)")),
    ),
    Fault(
        "upgrade-offered",
        "a newer version of pfSense is offered to a firewall",
        Firewall,
        _on_firewall(lambda firewall: firewall.upgrades.offer()),
    ),
    Fault(
        "upgrade-half-way",
        "a firewall's next upgrade stops half-way",
        Firewall,
        _on_firewall(lambda firewall: firewall.upgrades.offer(STOPS)),
    ),
    Fault(
        "upgrade-loses-haproxy",
        "a firewall's next upgrade removes the HAProxy package",
        Firewall,
        _on_firewall(lambda firewall: firewall.upgrades.offer(LOSES)),
    ),
    Fault(
        "upgrade-does-nothing",
        "a firewall's next upgrade finds nothing to do",
        Firewall,
        _on_firewall(lambda firewall: firewall.upgrades.offer(NOTHING)),
    ),
    Fault("visitors-blocked", "a firewall's rules let no visitor in", Firewall, _on_firewall(effects.block)),
    Fault("wan-unplugged", "a firewall's WAN cable is pulled", Firewall, _on_firewall(effects.unplug)),
    Fault("carp-split-brain", "the firewalls don't hear each other: both are MASTER", None, effects.carp_split),
    Fault("carp-apart", "WAN is MASTER on one firewall, LAN on the other", None, effects.carp_apart),
    Fault("sync-broken", "a firewall's configuration sync fails", Firewall, effects.sync_broken),
    Fault(
        "unapplied",
        "somebody changes a firewall's pools and applies nothing",
        Firewall,
        _on_firewall(lambda firewall: firewall.unapplied.add(firewall.subsystem)),
    ),
    Fault("apache-stopped", "Apache stops on a node", Node, _on_node(lambda node: node.stop_unit(APACHE))),
    Fault("apache-full", "slow visitors take every worker of a node", Node, _on_node(effects.fill_apache)),
    Fault("mysql-stopped", "MySQL stops on a node", Node, _on_node(lambda node: node.stop_unit(MYSQL))),
    Fault("database-lost", "MySQL stops and its next start needs a full copy (SST)", Node, effects.database_lost),
    Fault("sst", "a node loses its data and gets a full copy (SST) now", Node, effects.sst),
    Fault(
        "non-primary", "the database nodes no longer reach each other: no Primary component", None, effects.non_primary
    ),
    Fault("database-crash", "every mysqld crashes at once", None, effects.database_crash),
    Fault("flow-control", "a node's database does not keep up and holds the others back", Node, effects.flow_control),
    Fault("conflicts", "two nodes write the same rows: certification failures", None, effects.conflicts),
    Fault("writers-disagree", "a node's HAProxy sends MySQL to another node", Node, effects.writers_disagree),
    Fault(
        "proxy-reloaded",
        "a node's HAProxy for MySQL is reloaded",
        Node,
        _on_node(lambda node: node.reload_proxy()),
    ),
    Fault("proxy-stopped", "a node's HAProxy for MySQL stops", Node, _on_node(effects.stop_proxy)),
    Fault("heal-backlog", "a brick has entries to heal", Node, effects.backlog),
    Fault("heal-stuck", "a brick has entries to heal, and none of them heals", Node, effects.heal_stuck),
    Fault("heal-waits", "a brick has entries to heal, and the daemons wait", Node, effects.heal_waits),
    Fault("split-brain", "two files are in split-brain", None, effects.gluster_split_brain),
    Fault(
        "glusterd-rejected",
        "the other glusterds reject a node's: a volume's settings differ there",
        Node,
        lambda world, target: world.gluster.rejected.add(target),
    ),
    Fault("gluster-stopped", "glusterd and its bricks stop on a node", Node, _on_node(effects.stop_gluster)),
    Fault("brick-lost", "a brick process dies", Node, _on_node(Node.kill_bricks)),
    Fault("mount-gone", "the volume is not mounted on a node", Node, _on_node(effects.unmount)),
    Fault("mount-hung", "a node's mount of the volume hangs", Node, _on_node(effects.hang_mount)),
    Fault("disk-full", "a node's disk is nearly full", Node, _on_node(lambda node: node.hardware.root.fill(0.97))),
    Fault("disk-lost", "a disk of a node's RAID fails", Node, _on_node(lambda node: node.hardware.array.lose_disk())),
    Fault(
        "link-lost", "a cable of a node's bond is pulled", Node, _on_node(lambda node: node.hardware.cards[1].lose())
    ),
    Fault("packages-wait", "updates wait for a node", Node, _on_node(effects.packages_arrive)),
    Fault(
        "packages-fail",
        "a package's script fails on a node, until it is back",
        Node,
        _on_node(lambda node: effects.packages_end(node, Work(lines=effects.FAILED, status=100))),
    ),
    Fault(
        "packages-killed",
        "somebody kills a node's package manager in its transaction",
        Node,
        _on_node(lambda node: effects.packages_end(node, Work(lines=effects.FAILED[:1], signal=9))),
    ),
    Fault(
        "packages-locked",
        "another package manager holds the lock on a node",
        Node,
        _on_node(lambda node: effects.packages_end(node, Work(60.0, effects.LOCKED, status=100))),
    ),
    Fault("packages-mended", "a node's package manager is in order again", Node, _on_node(effects.mend_packages)),
    Fault(
        "configuration-replaced",
        "a node's next packages replace MySQL's configuration: wsrep is off",
        Node,
        _on_node(effects.replace_configuration),
    ),
    Fault("no-boot", "a node does not come back from its next reboot", Node, _on_node(effects.stay_off)),
    Fault("mount-not-at-boot", "a node boots without the volume's mount", Node, _on_node(effects.mount_not_at_boot)),
    Fault(
        "copy-needed",
        "the next start of a node's MySQL needs a full copy (SST)",
        Node,
        effects.copy_needed,
    ),
    Fault("ssh-cut", "a machine's SSH connections end, and none comes about for 10 s", Machine, effects.cut_ssh),
    Fault("clock-off", "a node's clock runs away", Node, _on_node(effects.set_clock_off)),
    Fault("wrong-machine", "a machine's ssh line leads to another one", Machine, effects.wrong_machine),
    Fault(
        "slow-link",
        "a machine is behind a slow line",
        Machine,
        lambda world, target: effects.slow(world.machines[target]),
    ),
    Fault("hostile-node", "a node's output tries to take over the terminal", Node, _on_node(effects.hostile_node)),
    Fault("hostile-firewall", "a firewall's output does", Firewall, _on_firewall(effects.hostile_firewall)),
)


def inject(world: World, name: str, target: str) -> None:
    """Raises ValueError with a sentence if there is no such fault, machine, or the two don't fit."""
    fault = next((fault for fault in FAULTS if fault.name == name), None)
    if fault is None:
        raise ValueError(f"no fault is called {name}: there are {', '.join(fault.name for fault in FAULTS)}")
    fitting = fault.targets(world)
    if target not in fitting:
        raise ValueError(f"{name} can't happen to {target!r}: say one of {', '.join(fitting)}")
    fault.act(world, target)
