"""The keys that are offered to a machine, as ssh chooses them: the agent's and the files', an `identity` alone.

What can't be used is passed over, as ssh does, and said by `check`.
"""

import base64
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from console.inventory.cluster import Login
from console.text import plain_text
from console.wire.sentences import system_error

DEFAULTS = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk")
OPENSSH = b"openssh-key-v1\0"
BEGIN, END = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----"


@dataclass(frozen=True)
class Keys:
    """`alone`: nothing else of the agent's is offered. `names`: public parts, by which the agent's keys are known."""

    pairs: tuple[asyncssh.SSHKeyPair, ...]
    names: tuple[bytes, ...]
    alone: bool
    agent: str
    locked: tuple[Path, ...] = ()
    """Files that need a passphrase, which nobody is asked for."""
    passed_over: tuple[str, ...] = field(default=())


def keys_of(login: Login, options: asyncssh.SSHClientConnectionOptions) -> Keys:
    """Read the files that the inventory names, or ssh_config, or ssh by itself."""
    config = options.config
    named = [login.identity] if login.identity else _paths(config.get("IdentityFile"))
    files = named or [Path("~/.ssh", name).expanduser() for name in DEFAULTS]
    certificates = [str(path) for path in _paths(config.get("CertificateFile")) if path.is_file()]
    pairs, names, locked, passed = list[asyncssh.SSHKeyPair](), list[bytes](), list[Path](), list[str]()
    for path in files:
        if not named and not path.is_file():
            continue
        public = list(_public(path))
        names += public
        try:
            pairs += asyncssh.load_keypairs([str(path)], certlist=certificates)
        except OSError as error:
            passed.append(f"the identity file {path} was passed over: {system_error(error)}")
        except asyncssh.KeyImportError as error:
            if "assphrase" in str(error):
                locked.append(path)
            elif not public:
                passed.append(f"the identity file {path} was passed over: {plain_text(str(error), 100)}")
        except ValueError as error:
            passed.append(f"the identity file {path} was passed over: {plain_text(str(error), 100)}")
    alone = bool(login.identity or config.get("IdentitiesOnly"))
    return Keys(
        tuple(pairs),
        tuple(names),
        alone,
        _agent(config.get("IdentityAgent", "SSH_AUTH_SOCK")),
        tuple(locked),
        tuple(passed),
    )


def _paths(value: object) -> list[Path]:
    return [Path(str(one)).expanduser() for one in value] if isinstance(value, list | tuple) else []  # pyright: ignore


def _agent(configured: object) -> str:
    """The agent's socket; "" for none."""
    path = str(configured or "")
    path = os.environ.get("SSH_AUTH_SOCK", "") if path == "SSH_AUTH_SOCK" else path
    path = os.environ.get(path[1:].strip("{}"), "") if path.startswith("$") else path
    return str(Path(path).expanduser()) if path else ""


def _public(path: Path) -> Iterator[bytes]:
    """The public part of a key: of the file beside it, of one that is public itself, or of a locked one's head."""
    for one in (Path(f"{path}.pub"), path):
        try:
            yield asyncssh.read_public_key(str(one)).public_data
        except (OSError, ValueError):
            continue
        else:
            return
    try:
        yield from _head(path.read_bytes()[: 64 << 10])
    except (OSError, ValueError, struct.error):
        return


def _head(data: bytes) -> Iterator[bytes]:
    """PROTOCOL.key: cipher, kdf, its options, the number of keys, then the first one's public part. Raises ValueError,
    struct.error."""
    start, end = data.find(BEGIN), data.find(END)
    blob = base64.b64decode(data[start + len(BEGIN) : end]) if 0 <= start < end else b""
    if not blob.startswith(OPENSSH):
        return
    at, parts = len(OPENSSH), list[bytes]()
    for skipped in (0, 0, 0, 4):
        at += skipped
        (size,) = struct.unpack_from(">I", blob, at)
        parts.append(blob[at + 4 : at + 4 + size])
        at += 4 + size
    yield parts[-1]


async def offered(keys: Keys) -> tuple[Sequence[asyncssh.SSHKeyPair], asyncssh.SSHAgentClient | None]:
    """Return the keys to offer, in ssh's order, and the agent, which is to be closed after the login."""
    agent = await _asked(keys.agent)
    theirs: Sequence[asyncssh.SSHKeyPair] = ()
    if agent is not None:
        try:
            theirs = list(await agent.get_keys())
        except (OSError, ValueError, asyncssh.Error):
            theirs = ()
    named = [pair for name in keys.names for pair in theirs if pair.key_public_data == name]
    others = [] if keys.alone else [pair for pair in theirs if pair.key_public_data not in keys.names]
    held = {pair.key_public_data for pair in named}
    return [*named, *others, *(pair for pair in keys.pairs if pair.has_cert or pair.key_public_data not in held)], agent


async def _asked(path: str) -> asyncssh.SSHAgentClient | None:
    try:
        return await asyncssh.connect_agent(path) if path else None
    except (OSError, asyncssh.Error):
        return None
