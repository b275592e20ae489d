"""A first inventory from two firewalls: their pools name the nodes, CARP the VIPs, and the nodes tell the rest.

Only known questions leave, and host keys are checked as always. What a machine tells is text of others: names and
addresses are taken where they have the form of one, and all else stands in comments.
"""

import asyncio
import ipaddress
import json
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from console.cli.plain import Exit, say
from console.health.facts.unlisted import mysql_signs
from console.inventory.addresses import is_address, plain
from console.inventory.cluster import Cluster, Firewall, Login, Node
from console.inventory.table import NAME
from console.probes.ask import Answer, Identify, Identity, Unreadable, WireError
from console.probes.firewalls.config import CONFIG, FirewallConfig
from console.probes.hosts.identity import question
from console.probes.hosts.running import LISTED, RUNNING
from console.probes.hosts.system import SERVICES
from console.probes.pools.balancer import POOLS
from console.probes.pools.servers import Pools
from console.probes.question import Question
from console.probes.schedule import questions_of
from console.probes.snapshot import Known, NodeView, Reading, Unknown
from console.text import counted, dated, listed, plain_text
from console.wire import Wire

NAMED = "web1"
LIMIT = 30.0
"""Seconds for a login and the questions behind it."""
T = TypeVar("T")


class NotSeen(Exception):
    """Why there is no first inventory, in one sentence."""


@dataclass(frozen=True)
class Seen:
    """All that was learnt. `notes`: what could not be learnt, and why."""

    cluster: Cluster
    vips: dict[str, str]
    mysql: bool
    proxy: bool
    notes: tuple[str, ...]


async def first(words: Sequence[str], user: str | None, config: Path | None) -> Exit:
    """Print the inventory. `words`: addresses of one or two firewalls, or ssh's names for them. Raises NotSeen."""
    if not 1 <= len(words) <= 2:
        raise NotSeen(f"{counted(len(words), 'firewall')} named, and a cluster has one or two")
    login = Login("", user=user, config=config)
    for line in _lines(await _seen(words, login), login):
        say(line)
    return Exit.DONE


async def _seen(words: Sequence[str], login: Login) -> Seen:
    named = enumerate(words, 1)
    cluster = Cluster(NAMED, tuple(Firewall(f"fw{at}", word, replace(login, host=word)) for at, word in named), ())
    identities = await _identities(cluster)
    cluster = replace(cluster, firewalls=tuple(map(_by_id, cluster.firewalls, identities)))
    cluster, configs, pools = await _told_by_firewalls(cluster)
    cluster = replace(cluster, nodes=tuple(_nodes(configs, pools, login)))
    if not cluster.nodes:
        raise NotSeen("the pools name no server with an address, so there is no node to be seen")
    near = cluster.nodes[0].address
    firewalls = (_by_address(one, own, near) for one, own in zip(cluster.firewalls, identities, strict=True))
    cluster = replace(cluster, firewalls=tuple(firewalls))
    views = await _told_by_nodes(cluster)
    listings = [view.listed.value.volumes or () for view in views if isinstance(view.listed, Known)]
    readings = [(view.name, one) for view in views for one in (view.services, view.running, view.listed)]
    return Seen(
        replace(cluster, volumes=tuple(dict.fromkeys(volume for names in listings for volume in names))),
        _vips(configs),
        any(mysql_signs(view) for view in views),
        any(isinstance(view.running, Known) and view.running.value.haproxy for view in views),
        tuple(dict.fromkeys(f"{name}: {one.why}" for name, one in readings if isinstance(one, Unknown))),
    )


# --- asking ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _wire(cluster: Cluster) -> AsyncGenerator[Wire]:
    wire = Wire(cluster, allowed=questions_of(cluster))
    try:
        yield wire
    finally:
        await wire.close()


async def _identities(cluster: Cluster) -> tuple[Identity, ...]:
    async with _wire(cluster) as wire:
        asks = (wire.send(one.name, (Identify(question(one)),), LIMIT) for one in cluster.firewalls)
        found = await asyncio.gather(*asks)
    for one, (identity,) in zip(cluster.firewalls, found, strict=True):
        if isinstance(identity, WireError):
            raise NotSeen(str(identity))
        if isinstance(identity, Identity) and plain(one.address) in identity.moving:
            raise NotSeen(f"{one.address} is a CARP address, which moves; name the firewall's own address")
    return tuple(identity for (identity,) in found if isinstance(identity, Identity))


async def _told_by_firewalls(cluster: Cluster) -> tuple[Cluster, list[FirewallConfig], list[Pools]]:
    """The cluster with its load balancer, and what each firewall says of its pools."""
    async with _wire(cluster) as wire:
        documents = [await _answers(wire, cluster, one.name, CONFIG) for one in cluster.firewalls]
    configs = [_known(_read(cluster, CONFIG, answers)) for answers in documents]
    if not any(config.servers for config in configs):
        cluster = replace(cluster, balancer="relayd")
        configs = [_known(_read(cluster, CONFIG, answers)) for answers in documents]
    async with _wire(cluster) as wire:
        running = [_read(cluster, POOLS, await _answers(wire, cluster, one.name, POOLS)) for one in cluster.firewalls]
    return cluster, configs, [one.value for one in running if isinstance(one, Known)]


async def _told_by_nodes(cluster: Cluster) -> tuple[NodeView, ...]:
    async with _wire(cluster) as wire:
        return tuple(await asyncio.gather(*(_view(wire, cluster, node.name) for node in cluster.nodes)))


async def _view(wire: Wire, cluster: Cluster, name: str) -> NodeView:
    async def asked(one: Question[T]) -> Reading[T]:
        return _read(cluster, one, await _answers(wire, cluster, name, one))

    return NodeView(name, services=await asked(SERVICES), running=await asked(RUNNING), listed=await asked(LISTED))


async def _answers(wire: Wire, cluster: Cluster, name: str, asked: Question[Any]) -> tuple[Answer | WireError, ...]:
    return await wire.send(name, asked.asks(cluster, name), LIMIT)


def _read(cluster: Cluster, asked: Question[T], answers: tuple[Answer | WireError, ...]) -> Reading[T]:
    failed = next((one for one in answers if isinstance(one, WireError)), None)
    if failed is not None:
        return Unknown(str(failed), 0.0, 0.0, failed.cause)
    try:
        return Known(asked.read(cluster, answers, None), 0.0)
    except Unreadable as why:
        return Unknown(f"{asked.title} can't be read: {why}", 0.0, 0.0)


def _known(reading: Reading[T]) -> T:
    if isinstance(reading, Unknown):
        raise NotSeen(reading.why)
    return reading.value


# --- what follows from it -------------------------------------------------------------------------------------------


def _by_id(firewall: Firewall, identity: Identity) -> Firewall:
    """Known by its machine_id, until its address is chosen."""
    return replace(firewall, machine_id=identity.machine_id or None)


def _by_address(firewall: Firewall, identity: Identity, near: str) -> Firewall:
    """Known by the address that was given, if it is its own, else by its own one that is nearest to the nodes. The
    machine_id proves it where neither is there."""
    given, own = plain(firewall.address), identity.addresses
    if given in own:
        return replace(firewall, address=given, machine_id=None)
    if is_address(given) or not own:  # addresses are translated on the way
        return firewall
    return replace(firewall, address=max(own, key=lambda one: _alike(one, near)), machine_id=None)


def _alike(one: str, other: str) -> int:
    """Bits that two addresses share at their beginning."""
    first, second = ipaddress.ip_address(one), ipaddress.ip_address(other)
    return first.max_prefixlen - (int(first) ^ int(second)).bit_length() if first.version == second.version else -1


def _nodes(configs: Iterable[FirewallConfig], pools: Iterable[Pools], login: Login) -> Iterator[Node]:
    """A node for each address in the pools, under the first name that is one."""
    servers = [(server.address, server.name) for config in configs for server in config.servers]
    servers += [(server.address, server.name) for one in pools for server in one.servers]
    names: dict[str, str] = {}
    for address, name in servers:
        if is_address(address) and plain(address) not in names:
            fits = NAME.fullmatch(name) and not is_address(name) and name not in names.values()
            names[plain(address)] = name if fits else f"node{len(names) + 1}"
    return (Node(name, address, replace(login, host=address)) for address, name in names.items())


def _vips(configs: Iterable[FirewallConfig]) -> dict[str, str]:
    """CARP addresses by the interface they are on; each further one has its vhid in its name."""
    found: dict[str, str] = {}
    for vip in (vip for config in configs for vip in config.vips):
        if is_address(vip.address) and plain(vip.address) not in found.values():
            name = vip.interface if vip.interface not in found else f"{vip.interface}-{vip.vhid}"
            found[name if NAME.fullmatch(name) and name not in found else f"vip{len(found) + 1}"] = plain(vip.address)
    return found


# --- writing it down ------------------------------------------------------------------------------------------------


def _lines(seen: Seen, login: Login) -> Iterator[str]:
    """The inventory as TOML. JSON's strings and lists are TOML's too."""
    cluster, head = seen.cluster, f"cluster.{NAMED}"
    yield f"# A first inventory, from what {listed(one.name for one in cluster.firewalls)} told"
    yield f"# on {dated(time.time())}. Correct what is wrong, then try it: drainboard check"
    yield "# All keys there are: drainboard inventory"
    for note in seen.notes:
        yield f"# Not known: {plain_text(note)}"
    yield ""
    yield f"[{head}]                                  # choose its name"
    yield f"volumes = {json.dumps(cluster.volumes)}"
    yield f"balancer = {json.dumps(cluster.balancer)}"
    yield '# check_url = "http://www.example.com/health"   # a page that fails when a node can\'t serve'
    if login.user or login.config:
        yield from ("", f"[{head}.ssh]")
        yield from (f"user = {json.dumps(login.user)}",) if login.user else ()
        yield from (f"config = {json.dumps(str(login.config))}",) if login.config else ()
    for kind, machines in (("firewalls", cluster.firewalls), ("nodes", cluster.nodes)):
        yield from ("", f"[{head}.{kind}]", *map(_machine, machines))
    yield from ("", f"[{head}.vips]                             # for one without a site: url = false")
    yield from (f"{name} = {json.dumps(address)}" for name, address in seen.vips.items())
    if seen.mysql:
        yield from ("", f"[{head}.mysql]                            # MySQL runs on the nodes")
        yield 'user = "drainboard"                             # drainboard grants: how to make it'
        yield '# password_file = "mysql-password"              # beside this file; chmod 600'
    if seen.proxy:
        yield from ("", "# HAProxy runs on the nodes. If it sends MySQL to one of them:")
        yield from (f"# [{head}.mysql_proxy]", '# backend = "mysql"')


def _machine(machine: Firewall | Node) -> str:
    host, more = machine.login.host, {"machine_id": machine.machine_id}
    if host == machine.address and not machine.machine_id:
        return f"{machine.name} = {json.dumps(machine.address)}"
    keys = {"address": machine.address, "host": None if host == machine.address else host, **more}
    return f"{machine.name} = {{ {', '.join(f'{key} = {json.dumps(one)}' for key, one in keys.items() if one)} }}"
