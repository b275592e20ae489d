"""Logging in to one machine as the user's own ssh does: ssh_config, agent, known_hosts, jump hosts.

Never a password prompt, never an unchecked host key, never a forwarded agent.
"""

import asyncio
import dataclasses
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh
from asyncssh.public_key import get_default_certificate_algs, get_default_public_key_algs

from console.asks import AuthFailed, HostKeyChanged, TimedOut, Unreachable, WireError, plain_text
from console.inventory import Login
from console.wire.opened import Opened
from console.wire.sentences import by_hand, place, system_error

KEEPALIVE = 5.0
"""Seconds between two keepalives; three without an answer end the connection."""
FAST_KEX = "^curve25519-sha256,curve25519-sha256@libssh.org"
"""Put first: the post-quantum exchange asyncssh prefers costs 0.4 s of processor time a connection."""
FAST_CIPHERS = "^aes256-gcm@openssh.com,aes128-gcm@openssh.com"
"""Put first: asyncssh prefers chacha20-poly1305, which costs it five times as much a packet."""
AT_ONCE = 8 << 10
"""Bytes that are read of a connection before others have their turn; asyncio's 256 KiB may be eight thousand packets of
nothing, 0.3 s in which no key is heard."""
MAX_JUMPS = 8
SYSTEM_CONFIG, SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_config"), Path("/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True)
class Target:
    """Where a login leads once ssh_config has had its say."""

    name: str
    login: Login
    options: asyncssh.SSHClientConnectionOptions
    known_files: tuple[Path, ...]

    @property
    def where(self) -> str:
        """The machine's name in the inventory, and what its connection really goes to."""
        return f"{self.name} ({place(self.options.host, self.options.port)})"


class Doorkeeper(asyncssh.SSHClient):
    """Refuses every host key that known_hosts doesn't hold, and remembers which one it was."""

    def __init__(self) -> None:
        self.offered: tuple[str, int, asyncssh.SSHKey] | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """Before the first byte is read. Neither asyncssh nor asyncio has another way to say it."""
        conn._transport.max_size = AT_ONCE  # pyright: ignore

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 (asyncssh's signature)
        """Asked only about keys that are not known."""
        self.offered = (host, port, key)
        return False


async def log_in(name: str, login: Login, seconds: float) -> Opened:
    """Connects within `seconds`. Raises WireError with a sentence that says what failed and how to mend it."""
    try:
        async with asyncio.timeout(seconds):
            return await _open(await _target(name, login), 0)
    except TimeoutError:
        raise silent_for(name, login, seconds) from None


def silent_for(name: str, login: Login, seconds: float) -> TimedOut:
    """A machine that gave no connection: the one sentence for it, whoever waited."""
    return TimedOut(
        f"{name} ({place(login.host, login.port)}) gave no SSH connection within {round(seconds, 1):g} s; "
        f"see whether the machine is up: {by_hand(login)}"
    )


async def _target(name: str, login: Login) -> Target:
    try:
        made = await asyncssh.SSHClientConnectionOptions.construct(**_wishes(login))  # pyright: ignore
    except (OSError, ValueError) as error:
        # asyncssh raises ValueError for an ssh_config line and a key file alike, and names it.
        raise AuthFailed(
            f"{name} ({place(login.host, login.port)}): the SSH settings of this login can't be used: "
            f"{plain_text(str(error))}; mend that file or the inventory's [ssh] table"
        ) from None
    options = cast(asyncssh.SSHClientConnectionOptions, made)
    return Target(name, login, options, _known_files(login, options))


def _wishes(login: Login) -> dict[str, object]:
    """What is asked of asyncssh; `()` leaves a setting to ssh_config. The inventory's own values come first."""
    wishes: dict[str, object] = {
        "host": login.host,
        "port": login.port or (),
        "username": login.user or (),
        "config": _configs(login),
        "client_keys": [str(login.identity)] if login.identity else (),
        "ignore_encrypted": True,  # the agent may hold such a key; nobody is asked for a passphrase
        "password_auth": False,
        "kbdint_auth": False,
        "agent_forwarding": False,
        "x11_forwarding": False,
        "compression_algs": "none",  # 200 KB on the wire may be 200 MB here, which no size of an answer bounds
        "keepalive_interval": KEEPALIVE,
        "keepalive_count_max": 2,
        "connect_timeout": None,
    }
    if login.identity and not login.identity.is_file():
        raise FileNotFoundError(f"the identity file {login.identity} doesn't exist")
    return wishes


def _configs(login: Login) -> list[str]:
    """As ssh: -F replaces both the user's and the system's file."""
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
    """Connects, through ssh_config's ProxyJump if there is one: we open the hops ourselves, so that each is checked."""
    hops = await _open_hops(target, depth)
    keeper = Doorkeeper()
    try:
        known = _known(target)
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
        for hop in hops:
            hop.abort()
        if isinstance(error, (OSError, asyncssh.Error, ValueError)):
            raise _sentence(error, target, keeper, bool(hops)) from None
        raise
    return Opened(conn, hops, str(conn.get_extra_info("username")), target.where)


async def _open_hops(target: Target, depth: int) -> tuple[asyncssh.SSHClientConnection, ...]:
    """The connections that lead to `target`, nearest to it first."""
    jumps: object = target.options.tunnel
    if not isinstance(jumps, str):
        return ()
    hops: tuple[asyncssh.SSHClientConnection, ...] = ()
    for jump in jumps.split(","):
        user, _, rest = jump.strip().rpartition("@")
        host, _, port = rest.rpartition(":") if rest.rpartition(":")[2].isdigit() else (rest, "", "")
        if host == target.login.host:
            continue  # as ssh: `Host *` with a ProxyJump doesn't send the jump host through itself
        if depth >= MAX_JUMPS:
            raise Unreachable(f"{target.where}: ProxyJump in ssh_config leads round in a circle at {plain_text(jump)}")
        login = dataclasses.replace(
            target.login, host=host, port=int(port) if port else None, user=user or None, identity=None
        )
        opened = await _open(await _target(f"jump host {host} for {target.name}", login), depth + 1)
        hops = (opened.conn, *opened.hops, *hops)
    return hops


def _known(target: Target) -> asyncssh.SSHKnownHosts:
    return asyncssh.read_known_hosts([str(path) for path in target.known_files if path.is_file()])


def _host_key_algs(target: Target, known: asyncssh.SSHKnownHosts) -> object:
    """Keys we know first, then all others: else a machine whose kind of key changed looks like a failed negotiation."""
    options = target.options
    if options.config.get("HostKeyAlgorithms"):
        return ()
    keys, authorities, *_ = known.match(options.host_key_alias or options.host, "", _known_port(options.port))
    certified = get_default_certificate_algs() if authorities else []
    wanted = [*certified, *(alg for key in keys for alg in key.sig_algorithms), *get_default_public_key_algs()]
    return [alg.decode() for alg in dict.fromkeys(wanted)]


def _known_port(port: int) -> int | None:
    return None if port == 22 else port


def _sentence(error: Exception, target: Target, keeper: Doorkeeper, jumped: bool) -> WireError:
    """The failure of one connection attempt, as the operator should read it."""
    where, options = target.where, target.options
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return _host_key(error, target, keeper, jumped)
        case asyncssh.PermissionDenied():
            return _denied(target)
        case asyncssh.DisconnectError() if "too many authentication" in str(error).lower():
            return AuthFailed(
                f"{where} cut the login of {options.username} short after too many keys; name the right one: "
                f"`identity` in the inventory, or IdentityFile with IdentitiesOnly in ssh_config"
            )
        case asyncssh.ChannelOpenError():
            return Unreachable(f"{where} can't be reached from its jump host: {plain_text(str(error))}")
        case socket.gaierror():
            return Unreachable(
                f"{where}: the host name {options.host} is not found; correct it in the inventory or DNS"
            )
        case TimeoutError():
            return TimedOut(f"{where} doesn't answer; see whether the machine is up and a firewall drops the packets")
        case OSError():
            return Unreachable(f"{where} can't be reached: {system_error(error)}; see whether the machine and sshd run")
        case asyncssh.Error():
            return Unreachable(f"{where} broke the SSH login off: {plain_text(str(error))}")
        case _:
            return AuthFailed(
                f"{where}: the SSH settings or a known_hosts line can't be used: {plain_text(str(error))}"
            )


def _denied(target: Target) -> AuthFailed:
    options = target.options
    login = f"{options.username}@{place(options.host, options.port)}"
    return AuthFailed(
        f"{target.name} refused the login {login}: none of the agent's keys and identity files is accepted; "
        f"add the key (ssh-add), or correct `user` or `identity` in the inventory, and try: {by_hand(target.login)}"
    )


def _host_key(error: Exception, target: Target, keeper: Doorkeeper, jumped: bool) -> HostKeyChanged:
    if keeper.offered is None:
        return HostKeyChanged(f"{target.where} offers a host key that must not be trusted: {plain_text(str(error))}")
    host, port, key = keeper.offered
    kind, file = key.get_algorithm(), target.known_files[0]
    entry = host if port == 22 else f"[{host}]:{port}"
    offer = f"{target.where} offers the {kind} host key {key.get_fingerprint()}"
    verify = "compare it with `ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub` on the machine's own console"
    # Through a jump host ssh-keyscan doesn't reach the machine; ssh itself does, and asks.
    fetch = by_hand(target.login) if jumped else f"ssh-keyscan -p {port} {host} >> {file}"
    if _is_known(target, host, port):
        return HostKeyChanged(
            f"{offer}, which is not the one known for {entry}: the machine was reinstalled or another one answers; "
            f"{verify}, and only if it matches: ssh-keygen -R '{entry}' -f {file}; {fetch}"
        )
    return HostKeyChanged(f"{offer}, and {file} holds none for {entry}; {verify}, and if it matches: {fetch}")


def _is_known(target: Target, host: str, port: int) -> bool:
    return bool(_known(target).match(host, "", _known_port(port))[0])
