"""A login that failed, as the operator should read it: what, where, and how to mend it."""

import shlex
import socket

import asyncssh

from console.probes.ask import AuthFailed, HostKeyChanged, TimedOut, Unreachable, WireError
from console.text import listed, plain_text
from console.wire import known_hosts
from console.wire.door import Doorkeeper, Target, known_port
from console.wire.keys import Keys
from console.wire.sentences import by_hand, place, system_error


def sentence_for(error: Exception, target: Target, keeper: Doorkeeper, keys: Keys, jumped: bool) -> WireError:
    """The failure of one connection attempt, as the operator should read it."""
    where, options = target.where, target.options
    match error:
        case asyncssh.HostKeyNotVerifiable():
            return _host_key(error, target, keeper, jumped)
        case asyncssh.PermissionDenied():
            return _denied(target, keeper, keys)
        case asyncssh.DisconnectError() if "too many authentication" in str(error).lower():
            return AuthFailed(
                f"{where} cut the login of {options.username} short after too many keys. Name the right one: "
                f"`identity` in the inventory, or IdentityFile with IdentitiesOnly in ssh_config"
            )
        case asyncssh.ConnectionLost() | ConnectionError() if keeper.reached and not keeper.greeted:
            return Unreachable(
                f"{where} closed the connection before the login began. Its sshd has too many logins at once"
                f" (MaxStartups), or keeps us out for a while (PerSourcePenalties); wait a minute"
            )
        case asyncssh.ConnectionLost() | ConnectionError() if keeper.reached:
            return Unreachable(
                f"{where} closed the connection during the login: its sshd may have crashed, or let nobody in now"
                f" (/etc/nologin, LoginGraceTime). See sshd's log there"
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
            return Unreachable(f"{where} broke the SSH login off: {plain_text(str(error))}; see sshd's log there")
        case _:
            return AuthFailed(
                f"{where}: the SSH settings or a known_hosts line can't be used: {plain_text(str(error))}"
            )


def _denied(target: Target, keeper: Doorkeeper, keys: Keys) -> AuthFailed:
    """Each way to be turned away has its own mend."""
    options, by = target.options, by_hand(target.login)
    login = f"{options.username}@{place(options.host, options.port)}"
    refused = f"{target.name} refused the login {login}"
    if keeper.half:
        return AuthFailed(
            f"{target.name} took the key of {login} and wants a second factor, which nobody is asked for here. Let "
            f"this key in alone there (AuthenticationMethods publickey, in a Match block)"
        )
    if keeper.methods and "publickey" not in keeper.methods:
        ways = listed(plain_text(way, 40) for way in keeper.methods[:4])
        return AuthFailed(
            f"{refused}: it takes {ways} and no key, and a password is never sent; allow keys there: "
            f"PubkeyAuthentication yes"
        )
    if keys.locked:
        files = shlex.join(str(path) for path in keys.locked[:3])
        return AuthFailed(
            f"{refused}: {files} needs a passphrase, which nobody is asked for here. No agent "
            f"holds a key that is accepted; ssh-add {files}, then try: {by}"
        )
    if not keeper.given:
        return AuthFailed(
            f"{refused}: there is no key to offer, neither an agent's nor a file's. Start the agent and ssh-add the "
            f"key, or name it as `identity` in the inventory, and try: {by}"
        )
    return AuthFailed(
        f"{refused}: none of the agent's keys and identity files is accepted. "
        f"Add the key (ssh-add), or correct `user` or `identity` in the inventory, and try: {by}"
    )


def _host_key(error: Exception, target: Target, keeper: Doorkeeper, jumped: bool) -> HostKeyChanged:
    if keeper.offered is None:
        return HostKeyChanged(f"{target.where} offers a host key that must not be trusted: {plain_text(str(error))}")
    host, port, key = keeper.offered
    kind, file = key.get_algorithm(), shlex.quote(str(target.known_files[0]))
    entry = host if port == 22 else f"[{host}]:{port}"
    offer = f"{target.where} offers the {kind} host key {key.get_fingerprint()}"
    verify = "compare it with `cat /etc/ssh/ssh_host_*_key.pub | ssh-keygen -lf -` on the machine's own console"
    # Through a jump host, or by an alias, ssh-keyscan doesn't reach the machine; ssh itself does, and asks.
    by_name = jumped or target.options.host_key_alias
    fetch = by_hand(target.login) if by_name else f"ssh-keyscan -p {port} {shlex.quote(host)} >> {file}"
    if _is_known(target, host, port):
        return HostKeyChanged(
            f"{offer}, which is not the one known for {entry}: the machine was reinstalled or another one answers. "
            f"{verify[0].upper()}{verify[1:]}, and only if it matches: "
            f"ssh-keygen -R {shlex.quote(entry)} -f {file}; {fetch}"
        )
    return HostKeyChanged(f"{offer}, and {file} holds none for {entry}; {verify}, and if it matches: {fetch}")


def _is_known(target: Target, host: str, port: int) -> bool:
    return bool(known_hosts.read(target.known_files)[0].match(host, "", known_port(port))[0])
