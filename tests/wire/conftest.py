from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncssh
import pytest

from console.inventory.cluster import Cluster
from console.probes.ask import Ask
from console.wire import Wire

from .machines import Machine, machine


class Bench:
    """A folder with a user's SSH files, and the servers and wires of one test."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder = folder
        self.stack = stack
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(folder / "id")
        key.write_public_key(folder / "authorized")
        (folder / "id").chmod(0o600)
        (folder / "ssh_config").touch()
        (folder / "known_hosts").touch()

    async def machine(self, trusted: bool = True, **options: object) -> Machine:
        started = await self.stack.enter_async_context(
            machine(self.folder, self.folder / "authorized", **options)  # type: ignore[arg-type]
        )
        if trusted:
            started.trust(self.folder / "known_hosts")
        return started

    def wire(self, cluster: Cluster, allowed: frozenset[Ask] | None = None) -> Wire:
        wire = Wire(cluster, allowed)
        self.stack.push_async_callback(wire.close)
        return wire


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        yield Bench(tmp_path, stack)
