"""The target of a login, and the doorkeeper: it checks the host key and offers our keys."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
from asyncssh.constants import MSG_USERAUTH_FAILURE

from console.inventory.cluster import Login
from console.wire.keys import Keys, offered
from console.wire.sentences import place

AT_ONCE = 8 << 10
"""Bytes that are read of a connection before others have their turn; asyncio's 256 KiB may be eight thousand packets of
nothing, 0.3 s in which no key is heard."""


@dataclass(frozen=True)
class Target:
    """Address and options of a login, after ssh_config was applied."""

    name: str
    login: Login
    options: asyncssh.SSHClientConnectionOptions
    known_files: tuple[Path, ...]

    @property
    def where(self) -> str:
        """The machine's name in the inventory, and what its connection really goes to."""
        return f"{self.name} ({place(self.options.host, self.options.port)})"


class Doorkeeper(asyncssh.SSHClient):
    """Refuses every host key that known_hosts doesn't hold, offers our keys, and remembers how far it came."""

    def __init__(self, keys: Keys) -> None:
        self.offered: tuple[str, int, asyncssh.SSHKey] | None = None
        self.methods: list[str] = []
        """Login methods that the machine accepts."""
        self.half = False
        """It took a key and wants something more."""
        self.given = 0
        """Keys that were offered."""
        self.agent: asyncssh.SSHAgentClient | None = None
        self._keys: Keys | None = keys
        self._conn: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """Limit a packet's size and note the login methods, before the first byte is read: neither asyncssh nor asyncio
        has another way."""
        inner: Any = conn
        inner._transport.max_size = AT_ONCE
        refused = inner._packet_handlers[MSG_USERAUTH_FAILURE]

        def heard(inner: Any, kind: int, number: int, packet: Any) -> object:
            at = packet._idx
            methods = [name.decode(errors="replace") for name in packet.get_namelist()]
            self.half |= packet.get_boolean()
            self.methods = self.methods or methods
            packet._idx = at
            return refused(inner, kind, number, packet)

        inner._packet_handlers = {**inner._packet_handlers, MSG_USERAUTH_FAILURE: heard}
        self._conn = conn

    @property
    def reached(self) -> bool:
        """Something has accepted the connection."""
        return self._conn is not None

    @property
    def greeted(self) -> bool:
        """The machine has said that it speaks SSH."""
        return self._conn is not None and bool(self._conn.get_extra_info("server_version"))

    async def public_key_auth_requested(self) -> list[asyncssh.SSHKeyPair] | None:
        """Offer all keys at once, the first time."""
        keys, self._keys = self._keys, None
        if keys is None:
            return None
        pairs, self.agent = await offered(keys)
        self.given = len(pairs)
        return [*pairs] or None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 (asyncssh's signature)
        """Asked only about keys that are not known."""
        self.offered = (host, port, key)
        return False


def known_port(port: int) -> int | None:
    """A port in the form known_hosts uses: none for 22."""
    return None if port == 22 else port
