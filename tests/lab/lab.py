"""A lab as an object: made, used by tests, and taken down without a trace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import cgroups, host, install, network, services, slots
from .base import base_root, datadir
from .load import Load
from .machine import Machine
from .plan import FIREWALLS, MACHINES, NODES, Plan

_READY = "".join(
    f"echo 'set server {pool}_ipvANY/{node} state ready' | timeout 5 nc -U /tmp/haproxy.socket;"
    for pool in ("web", "webtls")
    for node in NODES
)
_CARP_PLAIN = """\
grep -q virtualip_carp_maintenancemode /cf/conf/config.xml && pfSsh.php playback disablecarpmaint
[ "$(sysctl -n net.inet.carp.allow)" = 1 ] || sysctl net.inet.carp.allow=1
now=$(sysctl -n net.inet.carp.demotion)
[ "$now" = 0 ] || sysctl net.inet.carp.demotion=$((0 - now))
systemctl start ucarp@wan ucarp@lan
"""
_ALL_ACTIVE = """\
[ "$(pgrep -xc haproxy)" -gt 0 ] && ! grep -qE '<status>(disabled|inactive|backup)<' /cf/conf/config.xml && exit 0
sed -i -E 's#<status>(disabled|inactive|backup)</status>#<status>active</status>#' /cf/conf/config.xml
rm -f /tmp/config.cache
/usr/local/etc/rc.d/haproxy.sh restart
"""


class Lab:
    """A running cluster of five machines."""

    def __init__(self, plan: Plan, base: Path) -> None:
        self.plan = plan
        self.name = plan.name
        self.dir = plan.dir
        self.netns = plan.netns
        self.inventory = plan.dir / "inventory.toml"
        self.datadir = datadir(base)
        self.machines = {name: Machine(plan, name, base) for name in MACHINES}
        self.nodes = {name: self.machines[name] for name in NODES}

    # --- made, found, removed

    @classmethod
    def up(cls, name: str, *, owned: bool = False) -> Lab:
        """Build it all. An owned lab is stale once this process is gone."""
        host.install_tools()
        clean_stale()
        plan = slots.reserve(name)
        try:
            lab = cls(plan, base_root())
            network.build(plan)
            words = install.Secrets.fresh()
            install.install(plan, base_root(), words)
            lab.all_on()
            services.create(lab.nodes, words)
            lab.wait_healthy(60)
            if not owned:
                slots.disown(plan)
        except BaseException:
            if not os.environ.get("DRAINBOARD_LAB_KEEP"):
                remove(plan)
            raise
        return lab

    @classmethod
    def find(cls, name: str) -> Lab:
        """A lab that was brought up before, by this process or another."""
        return cls(slots.find(name).plan, base_root())

    def down(self) -> None:
        """Nothing stays: no process, mount, namespace, cgroup or file."""
        remove(self.plan)

    # --- power

    def cut(self, machine: str, *, silent: bool = False) -> None:
        """Pull the plug; `silent` as in Machine.power_cut."""
        self.machines[machine].power_cut(silent=silent)

    def on(self, machine: str) -> None:
        """Press the button; it boots by itself from there."""
        self.machines[machine].power_on()

    def all_on(self) -> None:
        """Side by side, as after a power failure of the whole rack."""
        with ThreadPoolExecutor(len(MACHINES)) as pool:
            list(pool.map(Machine.power_on, self.machines.values()))

    # --- ways in

    def ssh_argv(self, machine: str, *words: str, user: str = "root") -> list[str]:
        """The command of a console on its own side of the network."""
        return [*network.inside(self.netns), "ssh", "-F", str(self.dir / "ssh_config"), "-l", user, machine, *words]

    def ssh(
        self, machine: str, cmd: str, *, user: str = "root", timeout: float = 60, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A command over ssh; the caller judges the exit code."""
        return host.run(self.ssh_argv(machine, cmd, user=user), check=False, timeout=timeout, stdin=stdin)

    def popen_inside(self, argv: Sequence[str | Path], **kw: Any) -> subprocess.Popen[Any]:
        """A process of this host that sees the lab's network."""
        return subprocess.Popen([*network.inside(self.netns), *map(str, argv)], **kw)

    def run_inside(self, argv: Sequence[str | Path], **kw: Any) -> subprocess.CompletedProcess[Any]:
        """The same, to its end."""
        kw.setdefault("check", False)
        return _run_any([*network.inside(self.netns), *map(str, argv)], **kw)

    def enter(self) -> None:
        """Move the calling thread into the lab's network."""
        network.enter(self.netns)

    def load(self, **options: Any) -> Load:
        """Visitors, from the outside: `with lab.load(rate=50) as load`."""
        return Load(self.plan.client_netns, self.plan.health_url, **options)

    # --- is it whole?

    def http_status(self, timeout: float = 3) -> int:
        """The status that a visitor gets through the WAN VIP; 0 for no answer."""
        probe = [*network.inside(self.plan.client_netns), sys.executable, "-I", "-c", _PROBE, self.plan.health_url]
        return int(host.run([*probe, str(timeout)], timeout=timeout + 10).stdout or 0)

    def why_not_healthy(self) -> str:
        """The first thing that is not as it should be; empty when all is."""
        off = [name for name, machine in self.machines.items() if not machine.is_on]
        if off:
            return f"off: {', '.join(off)}"
        for name, node in self.nodes.items():
            if not services.is_synced(node, len(NODES)):
                return f"{name}: database {services.wsrep(node)['wsrep_local_state_comment']}, or not of 3"
            if not services.is_mounted(node):
                return f"{name}: docroot not mounted"
        first = self.nodes[NODES[0]]
        if services.bricks_online(first) != len(NODES):
            return f"{services.bricks_online(first)} of 3 bricks online"
        if services.heal_entries(first) != 0:
            return f"heal entries: {services.heal_entries(first)}"
        return self._why_not_balanced()

    def _why_not_balanced(self) -> str:
        for name in FIREWALLS:
            text = self.machines[name].sh("echo 'show stat' | timeout 5 nc -U /tmp/haproxy.socket", timeout=10)
            rows = [line.split(",") for line in text.splitlines()]
            down = [f"{row[0]}/{row[1]} {row[17]}" for row in rows if row[1:2] and row[1] in NODES and row[17] != "UP"]
            if down or len(rows) < 2 * len(NODES):
                return f"{name}: {', '.join(down) or 'no answer from haproxy'}"
        roles = [self.machines[name].sh("cat /run/carp/wan.role /run/carp/lan.role").split() for name in FIREWALLS]
        if roles != [["MASTER"] * 2, ["BACKUP"] * 2]:
            return f"CARP roles {roles}"
        status = self.http_status()
        return "" if status == 200 else f"HTTP {status} through the WAN VIP"

    def wait_healthy(self, timeout: float = 60) -> None:
        """Until everything is whole; the error names what is not."""
        deadline = time.monotonic() + timeout
        while why := self.why_now():
            if time.monotonic() > deadline:
                raise host.LabError(f"lab {self.name} is not healthy after {timeout:.0f} s: {why}")
            time.sleep(0.2)

    def why_now(self) -> str:
        """Like why_not_healthy; a question that could not be asked is a reason too."""
        try:
            return self.why_not_healthy()
        except (host.LabError, OSError, ValueError, KeyError, SyntaxError, subprocess.TimeoutExpired) as error:
            return f"{type(error).__name__}: {error}"

    def reset(self, timeout: float = 90) -> None:
        """Bring back the state after `up`: everything on, every server active and ready on both firewalls, nothing in
        maintenance."""
        self.all_on()
        for name in FIREWALLS:
            firewall = self.machines[name]
            services.wait_for(f"{name} boots", lambda fw=firewall: services.is_active(fw, "pfsense-boot"), timeout)
            firewall.sh(_CARP_PLAIN)
            firewall.sh(_ALL_ACTIVE)
            firewall.sh(_READY)
        for node in self.nodes.values():
            services.wait_for(f"{node.name} boots", lambda node=node: services.is_active(node, "ssh"), timeout)
            node.sh(f"{services.START_GLUSTERD} mariadb apache2 www-mount-retry", timeout=10)
            node.sh("systemctl reload-or-restart haproxy", timeout=10)  # it forgets whom the writer was moved to
        services.start_bricks(self.nodes)
        self.wait_healthy(timeout)


# subprocess.run gives text or bytes by its keywords, which a wrapper can't say.
_run_any: Callable[..., subprocess.CompletedProcess[Any]] = subprocess.run

_PROBE = """
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print(0)
"""


def remove(plan: Plan) -> None:
    """Take a lab away, whatever of it is there; the registry entry goes last."""
    group = cgroups.lab_group(plan.name)
    cgroups.kill_all(group)
    cgroups.remove(group)
    network.remove(plan)
    shutil.rmtree(plan.dir / "machines", ignore_errors=True)
    shutil.rmtree(plan.dir, ignore_errors=True)


def clean_stale() -> list[str]:
    """Remove labs whose owner was killed; their names."""
    with slots.registry():
        stale = [entry.plan for entry in slots.entries() if entry.stale]
        for plan in stale:
            remove(plan)
    return [plan.name for plan in stale]
