"""The lab's wires: one namespace with two bridges and no way out, one more for the visitors.

Addresses of machines are not made here: nspawn makes each machine's links, so that a power cut takes them away.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from .host import run
from .plan import CLIENT, CONSOLE, Plan

_CLONE_NEWNET = 0x40000000
_BRIDGE = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0"


def build(plan: Plan) -> None:
    """Both namespaces with everything in them."""
    run(["ip", "netns", "add", plan.netns])
    run(["ip", "netns", "add", plan.client_netns])
    # The console's WAN side is a link of its own: firewalls are macvlans on br-wan, which can't reach br-wan itself.
    _batch(
        plan.netns,
        "link set lo up",
        f"link add br-lan {_BRIDGE}",
        f"link add br-wan {_BRIDGE}",
        f"addr add {plan.lan(CONSOLE)}/27 dev br-lan",
        "link add con-wan type veth peer name con-port",
        f"addr add {plan.wan(CONSOLE)}/27 dev con-wan",
        f"link add cli-port type veth peer name wan netns {plan.client_netns}",
        "link set con-port master br-wan up",
        "link set cli-port master br-wan up",
        "link set con-wan up",
        "link set br-lan up",
        "link set br-wan up",
    )
    _batch(plan.client_netns, "link set lo up", f"addr add {plan.wan(CLIENT)}/27 dev wan", "link set wan up")


def _batch(netns: str, *lines: str) -> None:
    run(["ip", "-netns", netns, "-batch", "-"], stdin="\n".join(lines) + "\n")


def remove(plan: Plan) -> None:
    """Also where only a part is there."""
    for name in (plan.client_netns, plan.netns):
        if Path("/run/netns", name).exists():
            run(["ip", "netns", "del", name], check=False)


def inside(netns: str) -> list[str]:
    """The words that put a command into a namespace. `ip netns exec` would also mount a /sys of its own."""
    return ["nsenter", f"--net=/run/netns/{netns}", "--"]


def enter(netns: str) -> None:
    """Move the calling thread: what it opens from now on, and threads it starts, are in there."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/run/netns", netns).open("rb") as handle:
        if libc.setns(handle.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns into {netns}: {os.strerror(ctypes.get_errno())}")
