"""Rights of the login `ops` and of the console's MySQL user: those that drainboard itself prints, and no more."""

from __future__ import annotations

from console.cli.grants import statements
from console.cli.rights import on_pfsense, rights, section
from console.inventory.cluster import Cluster
from console.inventory.load import load

from .plan import FIREWALLS, Plan

OPS = "ops"


def _cluster(plan: Plan) -> Cluster:
    return load(plan.dir / "inventory.toml").clusters[0]


def sudoers(plan: Plan, machine: str) -> str:
    """/etc/sudoers.d/ops of a machine. pfSense's sudo package writes a line like the firewalls' here."""
    held = rights(_cluster(plan), machine)
    if machine not in FIREWALLS:
        return "\n".join(section(OPS, held, machine)) + "\n"
    commands = ", ".join(on_pfsense(run.argv) for run in (*held.look, *held.act))
    commands = commands.replace("/usr/bin/stat", "/usr/sbin/stat")  # FreeBSD's stands in beside Debian's own
    return f"{OPS} ALL=(root) NOPASSWD: {commands}\n"


def grants(plan: Plan, password: str) -> str:
    """SQL for the console's user."""
    return "\n".join(statements(_cluster(plan), password=password)) + "\n"
