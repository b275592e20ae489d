"""The words of the wire's errors. Each says what, where, and how to mend it, and hides nothing."""

import os
import shlex
import ssl

import asyncssh
from asyncssh.constants import OPEN_CONNECT_FAILED

from console.inventory.cluster import Login
from console.text import plain_text


def place(host: str, port: int | None) -> str:
    """`host:port`, with an IPv6 address in brackets."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def system_error(error: OSError) -> str:
    """The system's own words for `error`, in lower case: asyncio wraps them in the address, which we say ourselves.
    A TLS error's number is OpenSSL's: as an errno it would be another sentence."""
    if isinstance(error, ssl.SSLError):
        return f"TLS failed, {plain_text(error.reason or str(error)).replace('_', ' ').lower()}"
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return plain_text(str(error)) or type(error).__name__


REFUSED = ("refused", "errno 111", "errno 61")
"""Words of SSH servers for ECONNREFUSED: OpenSSH's, and those of one that prints the number of Linux or FreeBSD."""


def nothing_listens(error: Exception) -> bool:
    """The machine itself has refused the connection. A time-out, or a missing way, tells nothing of the service."""
    if isinstance(error, asyncssh.ChannelOpenError):
        return error.code == OPEN_CONNECT_FAILED and any(word in error.reason.lower() for word in REFUSED)
    return isinstance(error, ConnectionRefusedError)


def said(text: str) -> str:
    """Quote a machine's output for a sentence, or say that it printed nothing."""
    words = plain_text(text, 200)
    return f"it said '{words}'" if words else "it said nothing"


def ended(error: Exception) -> str:
    """Why a connection that stood is there no more."""
    if isinstance(error, asyncssh.ConnectionLost):
        silent = "not responding" in str(error)
        return "nothing has come from it for a while; it hangs, or lost power" if silent else "the machine closed it"
    return system_error(error) if isinstance(error, OSError) else said(str(error))


def by_hand(login: Login) -> str:
    """The ssh command that leads where a login does: what the inventory says, and ssh_config for the rest."""
    files = {"-F": login.config, "-i": login.identity}
    words = [word for option, path in files.items() if path for word in (option, str(path))]
    words += ["-o", "IdentitiesOnly=yes"] if login.identity else []
    words += ["-o", f"UserKnownHostsFile={login.known_hosts}"] if login.known_hosts else []
    words += ["-p", str(login.port)] if login.port else []
    words += ["-l", login.user] if login.user else []
    return shlex.join(["ssh", *words, login.host])
