"""The parts of a firewall's config.xml that live: pools, statuses, revision, CARP maintenance, sync keys."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

DATA = Path(__file__).parent / "data"
STATUSES = ("active", "backup", "disabled", "inactive")


@dataclass(frozen=True)
class PoolServer:
    """One `<ha_servers><item>`."""

    name: str
    address: str
    port: int
    id: int
    status: str = "active"
    weight: int = 10


@dataclass(frozen=True)
class Pool:
    """One `<ha_pools><item>`: a backend."""

    name: str
    check: str
    id: int
    servers: tuple[PoolServer, ...]

    @property
    def backend(self) -> str:
        """Its name at runtime."""
        return f"{self.name}_ipvANY"

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

    def server(self, pool: str, name: str) -> PoolServer | None:
        """None if the pool or the server is not there."""
        found = (server for item in self.pools if item.name == pool for server in item.servers)
        return next((server for server in found if server.name == name), None)

    def with_status(self, changes: Mapping[tuple[str, str], str]) -> "Config":
        """With the status of each (pool, server) set."""

        def changed(pool: Pool) -> Pool:
            servers = (replace(item, status=changes.get((pool.name, item.name), item.status)) for item in pool.servers)
            return replace(pool, servers=tuple(servers))

        return replace(self, pools=tuple(changed(pool) for pool in self.pools))

    def revised(self, now: float, description: str, username: str = "(system)") -> "Config":
        """As write_config leaves it: a later revision, whoever wrote it."""
        described = f"{username}: {description}"
        return replace(self, time=max(int(now), self.time + 1), description=described, username=username)

    def xml(self) -> str:
        """The whole file."""
        values = {name: str(value) for name, value in vars(self).items() if isinstance(value, str | int)}
        values["maintenance"] = MAINTENANCE if self.maintenance else ""
        values["hasync"] = _hasync(self.synchronizetoip) if self.synchronizetoip else ""
        values["enablesync"] = "\t\t\t<enablesync></enablesync>\n" if self.enablesync else ""
        values["pools"] = "".join(_pool(pool) for pool in self.pools)
        return _filled("config.xml", values)


MAINTENANCE = "\t<virtualip_carp_maintenancemode></virtualip_carp_maintenancemode>\n"


def _hasync(address: str) -> str:
    synchronized = "".join(
        f"\t\t<synchronize{what}>on</synchronize{what}>\n" for what in ("rules", "aliases", "nat", "virtualip")
    )
    login = "\t\t<username>admin</username>\n\t\t<password>sync-pass</password>\n"
    return f"\t\t<synchronizetoip>{address}</synchronizetoip>\n{login}{synchronized}"


def _pool(pool: Pool) -> str:
    servers = "".join(
        _filled("server.xml", {name: str(value) for name, value in vars(server).items()}) for server in pool.servers
    )
    return _filled("pool.xml", {"name": pool.name, "check": pool.check, "id": str(pool.id), "servers": servers})


def _filled(template: str, values: Mapping[str, str]) -> str:
    """The template with each @name@ replaced."""
    pieces = (DATA / template).read_text().split("@")
    return "".join(values[piece] if place % 2 else piece for place, piece in enumerate(pieces))
