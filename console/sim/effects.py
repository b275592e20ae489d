"""Faults and their cures in the simulated cluster: functions of the world and the target's name."""

from functools import partial

from console.sim import mysql_proxy
from console.sim.firewall import Firewall, Notice
from console.sim.hardware import MountState
from console.sim.jobs import Work
from console.sim.link import AT_ONCE
from console.sim.machine import Link, Machine
from console.sim.node import APACHE, GLUSTERD, MYSQL, Node
from console.sim.scenarios import SLOW
from console.sim.world import World

BACKLOG = 600.0
PACKAGES = "drainboard-packages.service"
LOCKED = (
    "Waiting for cache lock: it is held by process 4711 (unattended-upgr)...",
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (unattended-upgr)",
)
FAILED = (
    "dpkg: error processing package mariadb-server (--configure):",
    " installed mariadb-server package post-installation script subprocess returned error exit status 1",
    "E: Sub-process /usr/bin/dpkg returned an error code (1)",
)
HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]ok[/red]\u202e\u4f60\u597d\ufe0f\r\nfake  OK  all is well"
"""Escape sequences, a window title, markup, a turn of writing, wide characters and a line of its own."""


def node_back(world: World, target: str) -> None:
    """The end of whatever was done to the node."""
    node = world.nodes[target]
    node.lead(None)
    node.power_on()
    node.resume()
    node.pace = AT_ONCE
    node.proxy_first = ""
    mend_packages(node)
    node.hardware.at_boot = node.boots = True
    if world.galera.members[target].bare:
        world.galera.members[target].bare = False
        node.galera.leave(target)
    if node.proxy is None:
        node.reload_proxy()
    mysql_proxy.agree(node)
    node.signature = node.name
    world.galera.members[target].variables.pop("pxc_maint_mode", None)
    node.hardware.boot()
    node.hardware.clock_off = 0.0
    node.hardware.root.fill(0.3)
    for card in node.hardware.cards:
        card.up = True
    node.hardware.array.replace_disk()
    if node.apache:
        node.apache.held = 0
    if node.link is Link.UP:
        for unit in (GLUSTERD, MYSQL, APACHE):
            node.start_unit(unit)


def firewall_back(world: World, target: str) -> None:
    """The end of whatever was done to the firewall."""
    firewall = world.firewalls[target]
    firewall.lead(None)
    firewall.power_on()
    firewall.pace = AT_ONCE
    firewall.unplugged, firewall.demotion, firewall.pfsync, firewall.sync_works = False, 0, True, True
    firewall.blocks = False
    firewall.unapplied.clear()
    firewall.notices.clear()
    firewall.upgrades.mend()
    if firewall.config.maintenance:
        firewall.maintain(False)
    firewall.sync()


def all_back(world: World, _target: str) -> None:
    """The end of everything, as far as a moment alone does not heal it: a rebuild of minutes is over too."""
    world.carp.split.clear()
    world.carp.apart.clear()
    world.gluster.split, world.gluster.stuck, world.gluster.waits = 0, False, False
    world.gluster.rejected.clear()
    world.galera.mend()
    for name in world.firewalls:
        firewall_back(world, name)
    for name in world.nodes:
        node_back(world, name)
        world.nodes[name].hardware.array.whole()
    if not world.galera.view:
        world.galera.bootstrap(next(iter(world.nodes)))


def wrong_machine(world: World, target: str) -> None:
    """The ssh line of the target leads to another machine of its kind."""
    machine = world.machines[target]
    kind = world.firewalls if target in world.firewalls else world.nodes
    machine.lead(next(other for other in kind.values() if other is not machine))


def packages_arrive(node: Node) -> None:
    node.hardware.packages.arrive(41, 7)


def packages_end(node: Node, work: Work) -> None:
    """So ends each transaction of packages until the node is back."""
    node.work[PACKAGES] = work


def mend_packages(node: Node) -> None:
    """The next transaction of packages ends well."""
    node.work.pop(PACKAGES, None)
    node.hardware.packages.half_done = node.hardware.packages.replaces = False


def replace_configuration(node: Node) -> None:
    node.hardware.packages.replaces = True


def mount_not_at_boot(node: Node) -> None:
    node.hardware.at_boot = False


def stay_off(node: Node) -> None:
    node.boots = False


def backlog(world: World, target: str) -> None:
    world.gluster.bricks[target].missed += BACKLOG


def heal_waits(world: World, target: str) -> None:
    world.gluster.waits = True
    backlog(world, target)


def unmount(node: Node) -> None:
    node.hardware.mount = MountState.GONE


def stop_gluster(node: Node) -> None:
    node.stop_unit(GLUSTERD)
    node.kill_bricks()


def heal_stuck(world: World, target: str) -> None:
    world.gluster.stuck = True
    backlog(world, target)


def database_lost(world: World, target: str) -> None:
    world.galera.wipe(target)
    world.nodes[target].stop_unit(MYSQL)


def copy_needed(world: World, target: str) -> None:
    world.galera.copy_seconds = 120.0
    world.galera.wipe(target)


def cut_ssh(world: World, target: str) -> None:
    world.machines[target].cut_ssh(10.0)


def sst(world: World, target: str) -> None:
    """A full copy that takes minutes, like gigabytes over an old network."""
    world.galera.copy_seconds = 120.0
    database_lost(world, target)
    node = world.nodes[target]
    node.later(2.0, lambda: node.start_unit(MYSQL))


def non_primary(world: World, _target: str) -> None:
    world.galera.part()


def flow_control(world: World, target: str) -> None:
    """The target does not keep up and holds the others back a good third of the time."""
    world.galera.hold(target, 0.35)


def conflicts(world: World, _target: str) -> None:
    """Two nodes write the same rows: certification failures and bf aborts a second."""
    world.galera.conflicts = 2.5


def writers_disagree(world: World, target: str) -> None:
    """The target's HAProxy sends MySQL elsewhere than the others'."""
    node = world.nodes[target]
    first = next((server.name for server in node.proxy.servers if not server.backup), "") if node.proxy else ""
    mysql_proxy.disagree(node, first)


def stop_proxy(node: Node) -> None:
    node.proxy = None


def database_crash(world: World, _target: str) -> None:
    """Every mysqld dies at once and forgets who was there: systemd starts them, and they wait for each other."""
    world.galera.crash()
    for name, node in world.nodes.items():
        world.galera.members[name].recoverable = False
        node.later(3.0, partial(node.start_unit, MYSQL))


def gluster_split_brain(world: World, _target: str) -> None:
    world.gluster.split = 2


def carp_split(world: World, _target: str) -> None:
    world.carp.split = {"wan", "lan"}


def carp_apart(world: World, _target: str) -> None:
    world.carp.apart = {"lan"}


def sync_broken(world: World, target: str) -> None:
    world.firewalls[target].sync_works = False
    world.firewalls[target].drift()


def hostile_node(node: Node) -> None:
    node.hardware.failed_units.append(f"evil{HOSTILE}.service")
    node.galera.members[node.name].variables["pxc_maint_mode"] = HOSTILE
    node.signature = HOSTILE


def hostile_firewall(firewall: Firewall) -> None:
    firewall.notices.append(Notice(int(firewall.clock.now), "sync_settings", HOSTILE, "XMLRPC Error"))
    firewall.unapplied.add(f"evil{HOSTILE}")


def slow(machine: Machine) -> None:
    machine.pace = SLOW


def unplug(firewall: Firewall) -> None:
    firewall.unplugged = True


def block(firewall: Firewall) -> None:
    firewall.blocks = True


def fill_apache(node: Node) -> None:
    if node.apache:
        node.apache.held = 400


def hang_mount(node: Node) -> None:
    node.hardware.mount = MountState.HUNG


def set_clock_off(node: Node) -> None:
    node.hardware.clock_off = 95.0
