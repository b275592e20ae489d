"""The files in the simulator's folder: keys, known_hosts, an empty ssh_config, MySQL's password, the inventory."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from console.inventory.cluster import Timings
from console.sim.mysql_proxy import BACKEND, KEEP, SOCKET
from console.sim.world import VIPS, World

MYSQL_USER = "drainboard"


@dataclass(frozen=True)
class Folder:
    """Paths and secrets of one simulator."""

    path: Path
    client_key: str
    """The public half, as authorized_keys has it."""
    host_keys: Mapping[str, asyncssh.SSHKey]
    password: str

    @property
    def inventory(self) -> Path:
        """The file to hand to the product."""
        return self.path / "inventory.toml"


def prepare(path: Path, machines: Mapping[str, object]) -> Folder:
    """Make keys and password. Everything secret is readable by its owner alone."""
    path = path.resolve()
    path.mkdir(parents=True, exist_ok=True)
    client = _key()
    password = secrets.token_urlsafe(12)
    _secret(path / "id_ed25519", client.export_private_key().decode())
    _secret(path / "mysql-password", password + "\n")
    (path / "ssh_config").write_text("")
    host_keys = {name: _key() for name in machines}
    return Folder(path, client.export_public_key().decode(), host_keys, password)


def publish(
    folder: Folder, world: World, name: str, ports: Mapping[str, int], vips: Mapping[str, int], timings: Timings | None
) -> None:
    """Write known_hosts and, last of all, the inventory."""
    keys = {ports[machine]: key.export_public_key().decode() for machine, key in folder.host_keys.items()}
    (folder.path / "known_hosts").write_text("".join(f"[127.0.0.1]:{port} {key}" for port, key in keys.items()))
    head = f"cluster.{name}"
    tables: dict[str, Mapping[str, object]] = {
        head: {"title": f"{name} cluster", "volumes": [world.gluster.volume], "balancer": _balancer(world)},
        f"{head}.ssh": {
            "config": str(folder.path / "ssh_config"),
            "known_hosts": str(folder.path / "known_hosts"),
            "identity": str(folder.path / "id_ed25519"),
        },
    }
    for kind, user, machines in (("firewalls", "admin", world.firewalls), ("nodes", "root", world.nodes)):
        for machine in machines.values():
            login = {"address": machine.address, "host": "127.0.0.1", "port": ports[machine.name], "user": user}
            tables[f"{head}.{kind}.{machine.name}"] = login
    for vip, address in VIPS.items():
        tables[f"{head}.vips.{vip}"] = {"address": address, "url": f"http://127.0.0.1:{vips[vip]}/health"}
    tables[f"{head}.mysql"] = {"user": MYSQL_USER, "password_file": str(folder.path / "mysql-password")}
    tables[f"{head}.mysql_proxy"] = {"backend": BACKEND, "socket": SOCKET, "keep": [KEEP]}
    tables[f"{head}.web"] = {"check_url": "http://127.0.0.1/health"}
    if timings is not None:
        tables[f"{head}.timings"] = vars(timings)
    folder.inventory.write_text("\n".join(_table(title, values) for title, values in tables.items()))


def _balancer(world: World) -> str:
    return "relayd" if all(firewall.config.relayd for firewall in world.firewalls.values()) else "haproxy"


def _table(title: str, values: Mapping[str, object]) -> str:
    """JSON's strings, numbers and lists are TOML's too."""
    return f"[{title}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def _key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")  # pyright: ignore[reportUnknownMemberType]


def _secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
