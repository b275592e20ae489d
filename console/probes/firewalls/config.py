"""pfSense's config.xml: what a firewall will do after the next reload, boot or failover, and what it syncs to its peer.

`/cf/conf/config.xml` holds secrets; only what is named here is kept. It is written by pfSense's own PHP functions and
no other way: `haproxy_config`, `relayd_config`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple, cast

from console.inventory.addresses import is_address, same
from console.inventory.cluster import Node
from console.probes.ask import Ran, Run, Unreadable
from console.probes.firewalls.sections import digest, sections
from console.probes.parsing import dig, ran, rows, xml
from console.probes.pools import haproxy_config, relayd_config
from console.probes.pools.configured import Found, PooledServer, text
from console.probes.question import Cadence, Question, Subject
from console.text import figure, plain_text

MAX_CONFIG = 16 << 20
"""Bytes of config.xml that are read; 1 MiB is much, 8 MiB were seen."""
MAX_TAGS = 1_000_000
"""Tags of some 16 MiB of rules: six seconds of a thread's time, once after each change."""
POOLS_SYNCED = ("haproxysyncpkg", "haproxy, xmlrpc config synced")
"""Parts of the texts of the two revisions that the HAProxy package's sync makes: as it comes, and as it is taken over
(haproxy_sync_xmlrpc_settings)."""
SYNCED = ("from XMLRPC client", *POOLS_SYNCED)
"""Parts of the text of a revision that a sync has made (xmlrpc.php)."""
_LISTS = ("item", "vip", "lbpool", "servers", "serversdisabled", "cert", "ca")


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
    """The part of config.xml that is kept."""

    version: str
    """Version of the configuration format; core sync is off while the two firewalls differ."""
    primary: bool
    """This firewall syncs to the other one (`hasync/synchronizetoip` is set)."""
    maintenance: bool
    """Persistent CARP maintenance mode."""
    balancer_sync: bool
    """The pools are synced to the peer: the HAProxy package's `enablesync`, or `synchronizelb` of relayd."""
    carpdev: str
    """HAProxy runs only on the CARP master of this address; "" for always, or for never."""
    servers: tuple[PooledServer, ...]
    vips: tuple[CarpVip, ...]
    revised: str
    """Unix time of the last change, as text."""
    revision: str = field(compare=False)
    """The last change and its author."""
    processes: int = 1
    """HAProxy's (`nbproc`): above 1 its socket speaks for one of them only."""
    sync_to: str = ""
    """Address it syncs to (`hasync/synchronizetoip`); "" for none."""
    balancer_digest: str = ""
    """Digest of the balancer's configuration, without what each firewall keeps as its own: equal digests are equal
    pools."""
    sections: tuple[tuple[str, str], ...] = ()
    """(name, digest) of each part that pfSense's own sync carries, without entries marked as not to be synced. On a
    firewall that syncs: the parts it was told to sync; on any other: all it might receive."""
    odd: tuple[str, ...] = ()
    """Servers and virtual addresses that can't be read, a sentence on each: they are left out."""
    uncertified: tuple[str, ...] = ()
    """Parts of HAProxy that need a certificate which is not here: it does not start or reload."""
    digest: str = field(default="", compare=False)
    """Digest of the whole file: one that has not changed is not parsed again."""
    own_change: str = ""
    """Author of a change made here, not by a sync, of what a sync carries; "" for none since the last sync."""
    overwritten: str = ""
    """The same change, once a sync has put something else in its place."""

    def of(self, node: Node, listed: frozenset[tuple[str, str]] = frozenset()) -> tuple[PooledServer, ...]:
        """The servers that are this node, by their address. One that is given by a host name is found by pool and
        name: `listed` holds those that are this node's at run time."""
        return tuple(
            server
            for server in self.servers
            if same(server.address, node.address)
            or (not is_address(server.address) and (server.pool, server.name) in listed)
        )


def parse(answers: tuple[Ran, ...], before: FirewallConfig | None = None, balancer: str = "haproxy") -> FirewallConfig:
    """Read config.xml. The file is a megabyte on a grown firewall and seldom changes."""
    document = ran(answers[0], MAX_CONFIG)
    if before and before.digest == _digest(document):
        return before
    config = parse_xml(document, balancer)
    return _after(before, config) if before else config


def _after(before: FirewallConfig, config: FirewallConfig) -> FirewallConfig:
    """Add the fate of a change made on this firewall itself."""
    if (before.balancer_digest, before.sections) == (config.balancer_digest, config.sections):
        return replace(config, own_change=before.own_change, overwritten=before.overwritten)
    if any(words in config.revision for words in SYNCED):
        return replace(config, overwritten=before.own_change)
    return replace(config, own_change=config.revision or "not told by whom")


def _digest(document: str) -> str:
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def parse_xml(document: str, balancer: str = "haproxy") -> FirewallConfig:
    """A server or virtual address that can't be read costs only itself, and is said."""
    tree = xml(document, "/cf/conf/config.xml", _LISTS, MAX_TAGS)
    root = dig(tree, "pfsense")
    if not isinstance(root, dict) or not isinstance(dig(root, "version"), str):
        raise Unreadable("/cf/conf/config.xml is not pfSense's")
    sync_to = dig(root, "hasync", "synchronizetoip")
    pools = _pools(root, balancer)
    vips = tuple(_vips(root))
    return FirewallConfig(
        version=_word(root, "version"),
        primary=bool(sync_to),
        maintenance="virtualip_carp_maintenancemode" in cast("dict[str, Any]", root),
        balancer_sync=pools.synced,
        carpdev=_carpdev(dig(root, "installedpackages", "haproxy"), vips),
        servers=pools.found.servers,
        vips=tuple(vip for vip in vips if isinstance(vip, CarpVip)),
        revised=_word(root, "revision", "time"),
        revision=plain_text(str(dig(root, "revision", "description") or "")),
        processes=_processes(_word(root, "installedpackages", "haproxy", "nbproc")),
        sync_to=_word(root, "hasync", "synchronizetoip"),
        balancer_digest=pools.digest,
        sections=sections(root),
        odd=(*pools.found.odd, *(vip for vip in vips if isinstance(vip, str))),
        uncertified=haproxy_config.uncertified(root) if balancer == "haproxy" else (),
        digest=_digest(document),
    )


def _carpdev(haproxy: Any, vips: tuple[CarpVip | str, ...]) -> str:
    """A package that is switched off (no `enable`), or names what is no CARP address here, starts HAProxy with no
    role."""
    address = _word(haproxy, "carpdev") if isinstance(haproxy, dict) and "enable" in haproxy else ""
    there = any(isinstance(vip, str) or same(vip.address, address) for vip in vips)
    return address if there else ""


def _processes(nbproc: str) -> int:
    """HAProxy refuses what is no number, so that one process runs."""
    return 1 if (found := figure(nbproc)) is None else found


def _word(tree: Any, *keys: str) -> str:
    """A text to show and to compare, never to send back: made harmless and short."""
    found = dig(tree, *keys)
    return plain_text(found) if isinstance(found, str) else ""


def _vips(root: Any) -> Iterator[CarpVip | str]:
    """Each CARP VIP, or what is wrong with it."""
    keys = ("subnet", "interface", "vhid", "advskew", "advbase", "uniqid")
    for vip in rows(root, "virtualip", "vip"):
        if vip.get("mode") == "carp":
            try:
                yield CarpVip(*(text(vip, key) for key in keys))
            except Unreadable as error:
                yield f"a virtual address can't be read: {error}"


class _Pools(NamedTuple):
    """The result of reading one balancer's part of config.xml."""

    found: Found
    digest: str
    synced: bool


def _pools(root: Any, balancer: str) -> _Pools:
    if balancer == "relayd":
        part = dig(root, "load_balancer")
        return _Pools(relayd_config.servers(part), digest(part), bool(dig(root, "hasync", "synchronizelb")))
    part = dig(root, "installedpackages", "haproxy")
    shared = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
    common = {key: value for key, value in shared.items() if key not in haproxy_config.OWN}
    return _Pools(haproxy_config.servers(part), digest(common), "enablesync" in shared)


CONFIG = Question(
    field="config",
    title="config.xml, what lasts",
    subject=Subject.FIREWALL,
    cadence=Cadence.SLOW,
    asks=lambda _cluster, _name: (Run(("cat", "/cf/conf/config.xml"), root=True, most=MAX_CONFIG + 4096),),
    parse=parse,
    parse_for=lambda cluster: partial(parse, balancer=cluster.balancer),
    remedy="log in as admin, or allow it by pfSense's package sudo",
)
