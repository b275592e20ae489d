"""Logging in to one machine as the user's own ssh does: ssh_config, agent, known_hosts, jump hosts.

Never a password prompt, never an unchecked host key, never a forwarded agent.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import asyncssh
from asyncssh.public_key import get_default_certificate_algs, get_default_public_key_algs

from console.inventory.cluster import Login
from console.probes.ask import AuthFailed, Cause, TimedOut, Unreachable
from console.text import figure, plain_text
from console.wire import known_hosts
from console.wire.deadline import Deadline
from console.wire.door import Doorkeeper, Target, known_port
from console.wire.keys import keys_of
from console.wire.opened import Opened
from console.wire.refusals import sentence_for
from console.wire.sentences import by_hand, place

KEEPALIVE = 5.0
"""Seconds between two keepalives; three without an answer end the connection."""
FAST_KEX = "^curve25519-sha256,curve25519-sha256@libssh.org"
"""Put first: the post-quantum exchange asyncssh prefers costs 0.4 s of processor time a connection."""
FAST_CIPHERS = "^aes256-gcm@openssh.com,aes128-gcm@openssh.com"
"""Put first: asyncssh prefers chacha20-poly1305, which costs it five times as much a packet."""
MAX_JUMPS = 8
SYSTEM_CONFIG, SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_config"), Path("/etc/ssh/ssh_known_hosts")


async def log_in(name: str, login: Login, seconds: float) -> Opened:
    """Connect within `seconds`. Raises WireError with a sentence that says what failed and how to mend it."""
    deadline = Deadline(seconds)
    try:
        async with deadline.enforced():
            return await _open(await target_of(name, login), 0)
    except TimeoutError:
        raise silent_for(name, login, deadline.describe(seconds), deadline.cause) from None


def silent_for(name: str, login: Login, limit: str, cause: Cause) -> TimedOut:
    """A machine that gave no connection: the one sentence for it, whoever waited. `limit`: see `Deadline.describe`."""
    return TimedOut(
        f"{name} ({place(login.host, login.port)}) gave no SSH connection {limit}; "
        f"see whether the machine is up: {by_hand(login)}",
        cause,
    )


async def target_of(name: str, login: Login) -> Target:
    """Apply ssh_config to a login. Raises AuthFailed."""
    try:
        made = await asyncssh.SSHClientConnectionOptions.construct(**_wishes(login))  # pyright: ignore
        if login.identity and not login.identity.is_file():
            raise FileNotFoundError(f"the identity file {login.identity} doesn't exist")
    except (OSError, ValueError) as error:
        # asyncssh raises ValueError for an ssh_config line and a key file alike, and names it.
        raise AuthFailed(
            f"{name} ({place(login.host, login.port)}): the SSH settings of this login can't be used: "
            f"{plain_text(str(error))}; mend that file or the inventory's [ssh] table"
        ) from None
    options = cast(asyncssh.SSHClientConnectionOptions, made)
    return Target(name, login, options, _known_files(login, options))


def _wishes(login: Login) -> dict[str, object]:
    """Options for asyncssh, where `()` leaves a setting to ssh_config. The inventory's own values come first."""
    wishes: dict[str, object] = {
        "host": login.host,
        "port": login.port or (),
        "username": login.user or (),
        "config": _configs(login),
        "client_keys": None,  # the doorkeeper offers them: asyncssh gives up at the first file that it can't read
        "password_auth": False,
        "kbdint_auth": False,
        "agent_forwarding": False,
        "x11_forwarding": False,
        "compression_algs": "none",  # 200 KB on the wire may be 200 MB here, which no size of an answer bounds
        "keepalive_interval": KEEPALIVE,
        "keepalive_count_max": 2,
        "connect_timeout": None,
    }
    return wishes


def _configs(login: Login) -> list[str]:
    """Configuration files that apply: like in ssh, -F replaces both the user's and the system's."""
    if login.config:
        return [str(login.config)]
    return [str(path) for path in (Path("~/.ssh/config").expanduser(), SYSTEM_CONFIG) if path.is_file()]


def _known_files(login: Login, options: asyncssh.SSHClientConnectionOptions) -> tuple[Path, ...]:
    """An empty list in ssh_config means "don't check" to asyncssh; here it means the usual files."""
    if login.known_hosts:
        return (login.known_hosts,)
    files: object = options.known_hosts
    named = [Path(str(name)).expanduser() for name in files] if isinstance(files, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return tuple(named) or (Path("~/.ssh/known_hosts").expanduser(), SYSTEM_KNOWN_HOSTS)


async def _open(target: Target, depth: int) -> Opened:
    """Connect, through ssh_config's ProxyJump if there is one: we open the hops ourselves, so that each is checked.
    Each is reached through the one before; only the first may have a ProxyJump of its own, as in ssh."""
    hops: tuple[asyncssh.SSHClientConnection, ...] = ()
    passed_over: tuple[str, ...] = ()
    for login in jumps(target, depth):
        jump = await _targeted(f"jump host {login.host} for {target.name}", login, hops)
        opened = await (_connect(jump, hops) if hops else _open(jump, depth + 1))
        hops, passed_over = (opened.conn, *opened.hops), (*passed_over, *opened.passed_over)
    opened = await _connect(target, hops)
    return dataclasses.replace(opened, passed_over=tuple(known_hosts.named((*passed_over, *opened.passed_over))))


async def _targeted(name: str, login: Login, hops: tuple[asyncssh.SSHClientConnection, ...]) -> Target:
    try:
        return await target_of(name, login)
    except BaseException:
        _abort(hops)
        raise


def _abort(hops: tuple[asyncssh.SSHClientConnection, ...]) -> None:
    for hop in hops:
        hop.abort()


async def _connect(target: Target, hops: tuple[asyncssh.SSHClientConnection, ...]) -> Opened:
    """Connect through the nearest of these. If it fails, they are ended."""
    keys, (known, odd) = keys_of(target.login, target.options), known_hosts.read(target.known_files)
    keeper = Doorkeeper(keys)
    try:
        conn = await asyncssh.connect(
            target.options.orig_host,
            tunnel=hops[0] if hops else None,
            known_hosts=known,
            server_host_key_algs=_host_key_algs(target, known),
            kex_algs=() if target.options.config.get("KexAlgorithms") else FAST_KEX,
            encryption_algs=() if target.options.config.get("Ciphers") else FAST_CIPHERS,
            client_factory=lambda: keeper,
            **{key: value for key, value in _wishes(target.login).items() if key != "host"},  # pyright: ignore[reportArgumentType]
        )
    except BaseException as error:
        _abort(hops)
        if isinstance(error, (OSError, asyncssh.Error, ValueError)):
            raise sentence_for(error, target, keeper, keys, bool(hops)) from None
        raise
    finally:
        if keeper.agent is not None:
            keeper.agent.close()
    return Opened(conn, hops, str(conn.get_extra_info("username")), target.where, (*keys.passed_over, *odd))


def jumps(target: Target, depth: int) -> Iterator[Login]:
    """The jump hosts that ssh_config names for a target, the first one first. Raises Unreachable for a circle."""
    named: object = target.options.tunnel
    for jump in named.split(",") if isinstance(named, str) else ():
        user, _, rest = jump.strip().rpartition("@")
        host, _, port = rest.rpartition(":") if figure(rest.rpartition(":")[2]) is not None else (rest, "", "")
        if host == target.login.host:
            continue  # like ssh: `Host *` with a ProxyJump doesn't send the jump host through itself
        if depth >= MAX_JUMPS:
            raise Unreachable(f"{target.where}: ProxyJump in ssh_config leads round in a circle at {plain_text(jump)}")
        yield dataclasses.replace(
            target.login, host=host, port=int(port) if port else None, user=user or None, identity=None
        )


def _host_key_algs(target: Target, known: asyncssh.SSHKnownHosts) -> object:
    """Keys we know first, then all others: else a machine whose kind of key changed looks like a failed negotiation."""
    options = target.options
    if options.config.get("HostKeyAlgorithms"):
        return ()
    keys, authorities, *_ = known.match(options.host_key_alias or options.host, "", known_port(options.port))
    certified = get_default_certificate_algs() if authorities else []
    wanted = [*certified, *(alg for key in keys for alg in key.sig_algorithms), *get_default_public_key_algs()]
    return [alg.decode() for alg in dict.fromkeys(wanted)]
