"""The first hour: an inventory from two firewalls, through their sockets, and what comes with the package."""

import asyncio
import sys
from pathlib import Path

from console.inventory.cluster import Cluster
from console.inventory.load import load
from tests.conftest import simulated


async def drainboard(*words: str | Path) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the command."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console", *map(str, words), stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def ssh_config(cluster: Cluster, path: Path) -> Path:
    """Lead each machine's own address to its server here, as a person's ~/.ssh/config would."""
    lines: list[str] = []
    for machine in cluster.machines:
        login = machine.login
        lines += [f"Host {machine.address} {machine.name}-alias", f"  HostName {login.host}", f"  Port {login.port}"]
        lines += [f"  User {login.user}", f"  IdentityFile {login.identity}"]
        lines += [f"  UserKnownHostsFile {login.known_hosts}"]
    path.write_text("\n".join(lines) + "\n")
    return path


async def test_two_firewalls_tell_the_rest(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        config = ssh_config(cluster, tmp_path / "ssh_config")
        addresses = [one.address for one in cluster.firewalls]
        code, out, err = await drainboard("inventory", "--look", *addresses, "--config", config)
        assert (code, err) == (0, "")
        made = tmp_path / "inventory.toml"
        made.write_text(out)
        found = load(made).clusters[0]
        assert [(one.name, one.address) for one in found.machines] == [
            (one.name, one.address) for one in cluster.machines
        ]
        assert {(one.name, one.address) for one in found.vips} == {(one.name, one.address) for one in cluster.vips}
        assert (found.volumes, found.balancer) == (cluster.volumes, "haproxy")
        assert found.mysql is not None
        assert "mysql_proxy" in out and "Not known" not in out
        code, out, _ = await drainboard("status", "-i", made, "--timeout", "8")
        assert code in (0, 1, 2, 3) and "node3" in out


async def test_a_name_of_ssh_finds_the_address_nearest_to_the_nodes(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        config = ssh_config(cluster, tmp_path / "ssh_config")
        code, out, _ = await drainboard("inventory", "--look", "fw2-alias", "--config", config)
        assert code == 0
        assert f'fw1 = {{ address = "{cluster.firewalls[1].address}", host = "fw2-alias" }}' in out


async def test_a_host_key_that_is_not_known_ends_it(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        config = ssh_config(cluster, tmp_path / "ssh_config")
        known = cluster.firewalls[1].login.known_hosts
        assert known is not None
        port = str(cluster.firewalls[1].login.port)
        known.write_text("".join(line for line in known.read_text().splitlines(True) if f":{port} " not in line))
        addresses = [one.address for one in cluster.firewalls]
        code, out, err = await drainboard("inventory", "--look", *addresses, "--config", config)
        assert (code, out) == (1, "")
        assert "fw2" in err and "host key" in err


async def test_a_node_that_can_t_be_asked_is_a_note(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (sim, cluster):
        config = ssh_config(cluster, tmp_path / "ssh_config")
        sim.fault("wrong-machine", "node2")
        code, out, _ = await drainboard("inventory", "--look", cluster.firewalls[0].address, "--config", config)
        assert code == 0
        assert 'node2 = "10.20.0.12"' in out
        assert "# Not known: node2: the machine that answers for node2 is not proven to be node2" in out


async def test_a_carp_address_is_no_firewall_s_own(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        config = ssh_config(cluster, tmp_path / "ssh_config")
        vip, leads = cluster.vips[0].address, cluster.firewalls[0].address
        config.write_text(config.read_text().replace(f"Host {leads} ", f"Host {vip} "))
        code, _, err = await drainboard("inventory", "--look", vip, "--config", config)
        assert code == 1 and "name the firewall's own address" in err


async def test_one_machine_under_two_names_is_no_pair(tmp_path: Path) -> None:
    async with simulated(tmp_path / "sim") as (_, cluster):
        config = ssh_config(cluster, tmp_path / "ssh_config")
        code, _, err = await drainboard(
            "inventory", "--look", "fw1-alias", cluster.firewalls[0].address, "--config", config
        )
        assert code == 1 and "one and the same machine" in err
