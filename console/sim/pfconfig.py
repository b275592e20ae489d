"""The parts of a firewall's config.xml that live: pools, statuses, revision, CARP maintenance, sync keys."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

DATA = Path(__file__).parent / "data"
STATUSES = ("active", "backup", "disabled", "inactive")
_ARRAY, _BOOL = (
    "function parse_config($parse = false) {",
    "function config_read_file($use_backup = false, $use_cache = ",
)
_PATHS = "function config_get_path($path, $default = null) {"
FORMS = {
    "2.6": (_ARRAY,),
    "2.7": (_ARRAY, _PATHS),
    "2.8": (f"{_BOOL}false) {{", _ARRAY, _PATHS),
    "master": (f"{_BOOL}true) {{", _PATHS),
}
"""pfSense's own PHP that reads config.xml, by version: the functions of /etc/inc/config.lib.inc. Up to 2.7 parse_config
returns the array; from 2.8 on config_read_file returns a bool and sets $config; after it the cache is used unless told
otherwise."""

HELD = re.compile(r"# hold: [^ #]+ 20[0-9T:Z-]+ (20[0-9T:Z-]+|-)( was:[a-z]+)?( off)? why:[ -\"$-~]*$")
"""A comment that holds a server out, as a console writes it."""


def form_of(release: str) -> str:
    """The form of a release: 2.4.5-RELEASE, 2.8.0-RELEASE, 24.11-RELEASE (Plus)."""
    plus = {(24, 11): "2.8", (23, 1): "2.7", (21, 0): "2.6"}
    ladder = plus | {(2, 9): "master", (2, 8): "2.8", (2, 7): "2.7", (0, 0): "2.6"}
    major, minor = (int(part) for part in re.findall(r"\d+", release)[:2])
    return next(form for least, form in ladder.items() if (major, minor) >= least)


@dataclass(frozen=True)
class PoolServer:
    """One `<ha_servers><item>`."""

    name: str
    address: str
    port: int
    id: int
    status: str = "active"
    weight: int = 10
    advanced: str | None = None
    """Its own settings: the end of its line in haproxy.cfg; None: without the tag."""

    @property
    def held(self) -> str:
        """The note of a hold at the end of its settings; "" for none."""
        found = HELD.search(self.advanced or "")
        return found[0] if found else ""

    def noted(self, note: str) -> "PoolServer":
        """A copy with another note, or none. A tag that was there and empty keeps a blank before it."""
        rest = None if self.advanced is None else self.advanced.removesuffix(self.held)
        if not rest and (rest is None or self.held):
            return replace(self, advanced=note or None)
        rest = rest.removesuffix(" ") if self.held else rest
        return replace(self, advanced=f"{rest} {note}" if note else rest)


@dataclass(frozen=True)
class Pool:
    """One `<ha_pools><item>`: a backend."""

    name: str
    check: str
    id: int
    servers: tuple[PoolServer, ...]
    relayd: bool = False
    """Served by relayd, in a table; by HAProxy otherwise."""

    @property
    def backend(self) -> str:
        """Its name at runtime."""
        return f"{self.name}:{self.servers[0].port}" if self.relayd else f"{self.name}_ipvANY"

    @property
    def absent(self) -> tuple[str, ...]:
        """Statuses of servers that don't exist at runtime."""
        return ("inactive", "disabled") if self.relayd else ("inactive",)

    @property
    def mode(self) -> str:
        """http or tcp."""
        return "http" if self.check == "HTTP" else "tcp"


@dataclass(frozen=True)
class Config:
    """One firewall's configuration; a write makes a new one."""

    hostname: str
    lan: str
    wan: str
    sync: str
    """Own address on the sync interface."""
    peer: str
    advskew: int
    pools: tuple[Pool, ...]
    enablesync: bool
    synchronizetoip: str
    """Non-empty on the one that pushes."""
    time: int = 1760000000
    description: str = "admin@10.20.0.50 (Local Database): initial"
    username: str = "admin@10.20.0.50 (Local Database)"
    maintenance: bool = False
    version: str = "23.3"
    """Version of the format."""
    rules: tuple[str, ...] = ("allow web", "allow ssh from office")
    """Descriptions of firewall rules, which pfSense's own sync carries."""
    data: int = 0
    """Characters of what a backup may hold beside the configuration: graphs, certificates."""

    @property
    def relayd(self) -> bool:
        """relayd balances, not the HAProxy package."""
        return any(pool.relayd for pool in self.pools)

    def server(self, pool: str, name: str) -> PoolServer | None:
        """None if the pool or the server is not there."""
        found = (server for item in self.pools if item.name == pool for server in item.servers)
        return next((server for server in found if server.name == name), None)

    def with_status(
        self, changes: Mapping[tuple[str, str], str], notes: Mapping[tuple[str, str], str] | None = None
    ) -> "Config":
        """A copy with the status of each (pool, server) set, and the note of its hold."""

        def changed(pool: Pool) -> Pool:
            servers = (replace(item, status=changes.get((pool.name, item.name), item.status)) for item in pool.servers)
            held = (
                item.noted(notes[pool.name, item.name]) if notes and (pool.name, item.name) in notes else item
                for item in servers
            )
            return replace(pool, servers=tuple(held))

        return replace(self, pools=tuple(changed(pool) for pool in self.pools))

    def revised(self, now: float, description: str, username: str = "(system)") -> "Config":
        """A copy as write_config saves it: with a later revision, whoever wrote it."""
        described = f"{username}: {description}"
        return replace(self, time=max(int(now), self.time + 1), description=described, username=username)

    def haproxy_cfg(self) -> str:
        """The haproxy.cfg that the package makes of it, without the parts that nobody reads here."""
        backends = "".join(f"\nbackend {pool.backend}\n\tmode\t\t\t{pool.mode}\n" for pool in self.pools)
        return f"global\n\tserver-state-file /tmp/haproxy_server_state\n{backends}"

    def xml(self) -> str:
        """The whole file."""
        values = {name: str(value) for name, value in vars(self).items() if isinstance(value, str | int)}
        values["maintenance"] = MAINTENANCE if self.maintenance else ""
        values["hasync"] = _hasync(self.synchronizetoip, self.relayd) if self.synchronizetoip else ""
        values["enablesync"] = "\t\t\t<enablesync></enablesync>\n" if self.enablesync else ""
        values["filter"] = _filter(self.rules)
        values["pools"] = "".join((_lbpool if self.relayd else _pool)(pool) for pool in self.pools)
        values["balancer"] = _filled("config-relayd.xml" if self.relayd else "config-haproxy.xml", values)
        text = _filled("config.xml", values)
        data = f"\t<rrddata>{'A' * self.data}</rrddata>\n" if self.data else ""
        return text.replace("</pfsense>", f"{data}</pfsense>")


MAINTENANCE = "\t<virtualip_carp_maintenancemode></virtualip_carp_maintenancemode>\n"


def _hasync(address: str, relayd: bool) -> str:
    switches = ("rules", "aliases", "nat", "virtualip", *(("lb",) if relayd else ()))
    synchronized = "".join(f"\t\t<synchronize{what}>on</synchronize{what}>\n" for what in switches)
    login = "\t\t<username>admin</username>\n\t\t<password>sync-pass</password>\n"
    return f"\t\t<synchronizetoip>{address}</synchronizetoip>\n{login}{synchronized}"


def _filter(rules: tuple[str, ...]) -> str:
    """A rule for each description, with an address of its own."""
    lines = [
        f"\t\t<rule>\n\t\t\t<type>pass</type>\n\t\t\t<interface>wan</interface>\n"
        f"\t\t\t<source><address>203.0.113.{place}</address></source>\n"
        f"\t\t\t<descr><![CDATA[{rule}]]></descr>\n\t\t</rule>\n"
        for place, rule in enumerate(rules, 1)
    ]
    return "\t<filter>\n" + "".join(lines) + "\t</filter>\n" if lines else "\t<filter></filter>\n"


def _lbpool(pool: Pool) -> str:
    keys = {"active": "servers", "disabled": "serversdisabled"}
    servers = "".join(
        f"\t\t\t<{key}>{server.address}</{key}>\n"
        for status, key in keys.items()
        for server in pool.servers
        if server.status == status
    )
    values = {"name": pool.name, "port": str(pool.servers[0].port), "servers": servers}
    return _filled("lbpool.xml", values | {"monitor": "HTTP" if pool.mode == "http" else "TCP"})


def _pool(pool: Pool) -> str:
    servers = "".join(_server(server) for server in pool.servers)
    return _filled("pool.xml", {"name": pool.name, "check": pool.check, "id": str(pool.id), "servers": servers})


def _server(server: PoolServer) -> str:
    advanced = (
        "" if server.advanced is None else f"\t\t\t\t\t\t\t\t<advanced>{html.escape(server.advanced)}</advanced>\n"
    )
    return _filled("server.xml", {**{name: str(value) for name, value in vars(server).items()}, "advanced": advanced})


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each @name@ replaced."""
    pieces = (DATA / template).read_text().split("@")
    return "".join(values[piece] if place % 2 else piece for place, piece in enumerate(pieces))
