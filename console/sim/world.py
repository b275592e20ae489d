"""The cluster as it is at one moment, and how it moves on: machines, CARP, Galera, Gluster and traffic."""

import math
import time
from dataclasses import dataclass, replace
from functools import partial

from console.sim.firewall import Carp, Firewall
from console.sim.galera import Galera
from console.sim.gluster import Gluster
from console.sim.haproxy import Check
from console.sim.machine import Clock
from console.sim.mysql_proxy import Proxies
from console.sim.node import Node
from console.sim.pfconfig import Config, Pool, PoolServer

STEP = 0.25
"""The world moves in steps of at most this many seconds."""
SETTLED = 3.0
"""Seconds that have gone by at the start: checks have run, and the clock is right."""
NODES = {"node1": "10.20.0.11", "node2": "10.20.0.12", "node3": "10.20.0.13"}
VIPS = {"wan": "198.51.100.10", "lan": "10.20.0.1"}


@dataclass(frozen=True)
class Traffic:
    """Requests a second that visitors send, by mode of the backend they reach."""

    http: float = 24.0
    tcp: float = 9.0

    def at(self, now: float) -> dict[str, float]:
        """A slow wave, so that figures on a screen live."""
        wave = 1 + 0.2 * math.sin(now / 7) + 0.1 * math.sin(now / 1.7)
        return {"http": self.http * wave, "tcp": self.tcp * wave}


class World:
    """Pure but for its clock: whoever holds it calls `tick`."""

    def __init__(self, volume: str = "www", balancer: str = "haproxy") -> None:
        self.clock = Clock(time.time() - SETTLED)
        self.traffic = Traffic()
        self.galera = Galera(self.clock, NODES)
        self.gluster = Gluster(self.clock, volume, tuple(NODES), lambda name: self.nodes[name].running)
        self.nodes = {
            name: Node(self.clock, name, address, self.galera, self.gluster) for name, address in NODES.items()
        }
        self.firewalls = _firewalls(self.clock, balancer == "relayd")
        self.carp = Carp(self.clock, lambda: list(self.firewalls.values()))
        self._proxies = Proxies(self.nodes)
        for node in self.nodes.values():
            node.reload_proxy = partial(self._proxies.reload, node)
        self._addresses = {node.address: node for node in self.nodes.values()}
        self.tick(SETTLED)

    @property
    def machines(self) -> dict[str, Firewall | Node]:
        """Firewalls, then nodes."""
        return {**self.firewalls, **self.nodes}

    @property
    def master(self) -> Firewall | None:
        """The firewall a virtual address leads to; None while there is nobody behind it."""
        master = self.carp.master
        return master if master and master.running else None

    def tick(self, dt: float) -> None:
        """Move on by `dt` seconds."""
        while dt > 1e-9:
            step = min(dt, STEP)
            self._step(step)
            dt -= step

    def _step(self, dt: float) -> None:
        self.clock.advance(dt)
        self.carp.tick()
        self.galera.tick(dt, self._proxies.shares())
        self.gluster.tick(dt)
        self._proxies.tick(dt)
        served = dict.fromkeys(self._addresses, 0.0)
        for firewall in self.firewalls.values():
            firewall.fade(dt)
            if firewall.haproxy:
                traffic = self.traffic.at(self.clock.now) if firewall is self.master else {}
                firewall.haproxy.tick(self.clock.now, dt, self._probe, traffic)
                for server in firewall.haproxy.servers:
                    served[server.address] += server.rate * dt
        for address, node in self._addresses.items():
            node.tick(served[address], dt)

    def _probe(self, address: str, mode: str) -> Check:
        return self._addresses[address].probe(mode)


def _firewalls(clock: Clock, relayd: bool) -> dict[str, Firewall]:
    """fw1 is the one that pushes its configuration."""
    pools = tuple(_pool(*what, relayd) for what in (("web", "HTTP", 100, 80), ("webtls", "Basic", 110, 443)))
    first = Config("fw1", "10.20.0.2", "198.51.100.2", "172.16.1.2", "172.16.1.3", 0, pools, True, "172.16.1.3")
    second = Config("fw2", "10.20.0.3", "198.51.100.3", "172.16.1.3", "172.16.1.2", 100, pools, False, "")
    configs = (replace(config, version="19.1" if relayd else "23.3") for config in (first, second))
    fw1, fw2 = (Firewall(clock, config.hostname, config.lan, config) for config in configs)
    fw1.peer, fw2.peer = fw2, fw1
    return {"fw1": fw1, "fw2": fw2}


def _pool(name: str, check: str, number: int, port: int, relayd: bool) -> Pool:
    """relayd knows a server by its address alone."""
    servers = (
        PoolServer(address if relayd else node, address, port, number + place)
        for place, (node, address) in enumerate(NODES.items(), 1)
    )
    return Pool(name, check, number, tuple(servers), relayd)
