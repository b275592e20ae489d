"""pfSense's config.xml: what a firewall will do after the next reload, boot or failover, and what it syncs to its peer.

`/cf/conf/config.xml` holds secrets; only what is named here is kept. It is written by pfSense's own PHP functions and
no other way: `haproxy_config`, `relayd_config`.
"""

from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

from console.answers import dig, ran, rows, xml
from console.asks import Ran, Run, Unreadable, plain_text
from console.balancers import haproxy_config, relayd_config
from console.balancers.configured import PooledServer, text
from console.balancers.sections import digest, sections
from console.inventory import Node
from console.question import Cadence, Question, Subject

MOST_CONFIG = 4 << 20
"""Characters of config.xml; it can reach 1 MiB."""
_LISTS = ("item", "vip", "lbpool", "servers", "serversdisabled")


@dataclass(frozen=True)
class CarpVip:
    """A CARP virtual IP as configured. A synced one has advskew + 100, at most 254, on the other firewall."""

    address: str
    interface: str
    vhid: str
    advskew: str
    advbase: str = ""
    uniqid: str = ""
    """pfSense's own name for it, the same on both firewalls."""


@dataclass(frozen=True)
class FirewallConfig:
    """What is kept of config.xml."""

    version: str
    """Of the configuration format; core sync is off while the two firewalls differ."""
    primary: bool
    """This firewall syncs to the other one (`hasync/synchronizetoip` is set)."""
    maintenance: bool
    """Persistent CARP maintenance mode."""
    balancer_sync: bool
    """The pools are synced to the peer: the HAProxy package's `enablesync`, or `synchronizelb` of relayd."""
    carpdev: str
    """HAProxy runs only on the CARP master of this address; "" for always."""
    servers: tuple[PooledServer, ...]
    vips: tuple[CarpVip, ...]
    revised: str
    """Unix time of the last change, as text."""
    revision: str = field(compare=False)
    """Who changed what last."""
    processes: int = 1
    """HAProxy's (`nbproc`): above 1 its socket speaks for one of them only."""
    sync_to: str = ""
    """Where it syncs to (`hasync/synchronizetoip`); "" for nowhere."""
    balancer_digest: str = ""
    """Of all that the balancer's configuration holds, without what each firewall keeps as its own: equal digests are
    equal pools."""
    sections: tuple[tuple[str, str], ...] = ()
    """(name, digest) of what pfSense's own sync carries, without entries marked as not to be synced: on a firewall that
    syncs, what it was told to sync; on one that does not, everything it might receive."""

    def of(self, node: Node) -> tuple[PooledServer, ...]:
        """The servers that are this node, matched by address."""
        return tuple(server for server in self.servers if server.address == node.address)


def parse(answers: tuple[Ran, ...], _before: FirewallConfig | None = None, balancer: str = "haproxy") -> FirewallConfig:
    """From config.xml."""
    return parse_xml(ran(answers[0], MOST_CONFIG), balancer)


@lru_cache(maxsize=16)
def parse_xml(document: str, balancer: str = "haproxy") -> FirewallConfig:
    """Cached: the file is a megabyte on a grown firewall and seldom changes."""
    tree = xml(document, "/cf/conf/config.xml", _LISTS)
    root = dig(tree, "pfsense")
    if not isinstance(root, dict) or not isinstance(dig(root, "version"), str):
        raise Unreadable("/cf/conf/config.xml is not pfSense's")
    sync_to = text(root, "hasync", "synchronizetoip")
    pools = _pools(root, balancer)
    return FirewallConfig(
        version=text(root, "version"),
        primary=bool(sync_to),
        maintenance="virtualip_carp_maintenancemode" in cast("dict[str, Any]", root),
        balancer_sync=pools.synced,
        carpdev=text(root, "installedpackages", "haproxy", "carpdev"),
        servers=pools.servers,
        vips=_vips(root),
        revised=text(root, "revision", "time"),
        revision=plain_text(str(dig(root, "revision", "description") or "")),
        processes=_processes(text(root, "installedpackages", "haproxy", "nbproc")),
        sync_to=plain_text(sync_to),
        balancer_digest=pools.digest,
        sections=sections(root),
    )


def _processes(nbproc: str) -> int:
    """HAProxy refuses what is no number, so that one process runs."""
    return int(nbproc) if nbproc.isascii() and nbproc.isdigit() else 1


def _vips(root: Any) -> tuple[CarpVip, ...]:
    keys = ("subnet", "interface", "vhid", "advskew", "advbase", "uniqid")
    return tuple(
        CarpVip(*(text(vip, key) for key in keys))
        for vip in rows(root, "virtualip", "vip")
        if vip.get("mode") == "carp"
    )


class _Pools(NamedTuple):
    """What one balancer's part of config.xml comes to."""

    servers: tuple[PooledServer, ...]
    digest: str
    synced: bool


def _pools(root: Any, balancer: str) -> _Pools:
    if balancer == "relayd":
        part = dig(root, "load_balancer")
        return _Pools(relayd_config.servers(part), digest(part), bool(text(root, "hasync", "synchronizelb")))
    part = dig(root, "installedpackages", "haproxy")
    shared = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
    common = {key: value for key, value in shared.items() if key not in haproxy_config.OWN}
    return _Pools(haproxy_config.servers(part), digest(common), "enablesync" in shared)


CONFIG = Question(
    field="config",
    title="config.xml, what lasts",
    subject=Subject.FIREWALL,
    cadence=Cadence.SLOW,
    asks=lambda _cluster, _name: (Run(("cat", "/cf/conf/config.xml"), root=True),),
    parse=parse,
    parse_for=lambda cluster: partial(parse, balancer=cluster.balancer),
    remedy="log in as admin, or allow it by pfSense's package sudo",
)
