"""The system's ssh, called with what `ssh_argv` says, gets where the console gets. Through real sockets."""

import asyncio
import shutil
import subprocess
from dataclasses import replace

import pytest

from console.inventory.cluster import Login
from console.wire.by_hand import ssh_argv
from tests.wire.conftest import Bench
from tests.wire.machines import cluster

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="NOT TESTED: no ssh on this machine")


async def says(argv: tuple[str, ...]) -> tuple[int, str]:
    """Status and output of `echo hello` over there. Without a terminal, so that nothing can be asked."""
    done = await asyncio.to_thread(
        subprocess.run, (*argv, "/bin/sh"), input="echo hello\n", capture_output=True, text=True, timeout=30
    )
    return done.returncode, done.stdout or done.stderr


HELLO = (0, "hello\n")


async def test_it_leads_where_the_login_does(bench: Bench) -> None:
    node = await bench.machine()
    assert await says(await ssh_argv("node1", cluster(bench.folder, node.port, user="ops").nodes[0].login)) == HELLO
    assert node.logins == ["ops"]


async def test_paths_with_blanks_and_percent_signs_are_found(bench: Bench) -> None:
    node = await bench.machine()
    folder = bench.folder / "a b %h"
    folder.mkdir()
    for name in ("id", "known_hosts"):
        (bench.folder / name).rename(folder / name)
    login = cluster(bench.folder, node.port).nodes[0].login
    moved = replace(login, identity=folder / "id", known_hosts=folder / "known_hosts")
    assert await says(await ssh_argv("node1", moved)) == HELLO


async def test_an_unknown_host_key_ends_it(bench: Bench) -> None:
    node = await bench.machine(trusted=False)
    status, text = await says(await ssh_argv("node1", cluster(bench.folder, node.port).nodes[0].login))
    assert status == 255
    assert "Host key verification failed" in text


@pytest.mark.parametrize("way", [("bastion",), ("first", "bastion")])
async def test_jump_hosts_are_checked_against_the_same_file(bench: Bench, way: tuple[str, ...]) -> None:
    machines = {name: await bench.machine() for name in (*way, "shop")}
    hosts = [f"Host {name}\n HostName 127.0.0.1\n Port {one.port}\n User {name}\n" for name, one in machines.items()]
    config, known = bench.folder / "ssh_config", bench.folder / "known_hosts"
    config.write_text("".join(hosts) + f" ProxyJump {','.join(way)}\nHost *\n IdentityFile {bench.folder}/id\n")
    argv = await ssh_argv("node1", Login("shop", config=config, known_hosts=known))
    assert await says(argv) == HELLO
    assert [one.logins for one in machines.values()] == [[name] for name in machines]
    lines = known.read_text().splitlines(keepends=True)
    known.write_text("".join(lines[1:]))  # the first jump host's key is not known any more
    assert (await says(argv))[0] == 255


async def test_a_host_is_no_option() -> None:
    argv = await ssh_argv("node1", Login("-oProxyCommand=touch owned"))
    assert argv[-2:] == ("--", "-oProxyCommand=touch owned")
