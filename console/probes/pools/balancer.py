"""The two load balancers of pfSense behind one question and one set of orders: the inventory says which one it is."""

from collections.abc import Callable
from typing import NamedTuple

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run
from console.probes.pools import haproxy, haproxy_config, relayd, relayd_config
from console.probes.pools.configured import Change
from console.probes.pools.servers import Admin, Pools, Server
from console.probes.question import Cadence, Question, Subject


class Balancer(NamedTuple):
    """The questions and the orders of one load balancer."""

    name: str
    """The usual name, for sentences."""
    subsystem: str
    """Name of the file that marks changes which are not applied: /var/run/SUBSYSTEM.dirty."""
    asks: Callable[[Cluster], tuple[Run, ...]]
    parse: Callable[[tuple[Ran, ...], Pools | None], Pools]
    set_state: Callable[[tuple[Server, ...], Admin], Run]
    """The order that brings servers of one firewall to a state at run time."""
    persist: Callable[[tuple[Change, ...], bool, str], Run]
    """(changes, whether to sync to the peer, description): the order that writes statuses into config.xml."""
    reload: str
    """Effect of that order on the running balancer, where nothing better is known."""


BALANCERS = {
    "haproxy": Balancer(
        "HAProxy",
        haproxy.SUBSYSTEM,
        haproxy.asks,
        haproxy.parse,
        haproxy.set_state,
        haproxy_config.persist,
        reload="HAProxy is reloaded only where a sync brings it",
    ),
    "relayd": Balancer(
        "relayd",
        relayd.SUBSYSTEM,
        relayd.asks,
        relayd.parse,
        relayd.set_state,
        relayd_config.persist,
        reload="relayd is reloaded",
    ),
}
"""Balancers by their name in the inventory."""


def balancer_of(cluster: Cluster) -> Balancer:
    """The load balancer on the firewalls of a cluster."""
    return BALANCERS[cluster.balancer]


POOLS = Question(
    field="pools",
    title="pools, at run time",
    subject=Subject.FIREWALL,
    cadence=Cadence.FAST,
    asks=lambda cluster, _name: balancer_of(cluster).asks(cluster),
    parse=haproxy.parse,
    parse_for=lambda cluster: balancer_of(cluster).parse,
    remedy="see that the load balancer named by `balancer` in the inventory is installed there and may be asked",
)
