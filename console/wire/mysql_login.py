"""Logging in to MySQL so that a machine that lies about it learns nothing that it did not know.

PyMySQL obeys whatever plugin a server asks for, and gives the password itself to some. Here four plugins are known.
Three answer a challenge. Only a MySQL that says it is 8 or newer is given the password itself, as caching_sha2_password
and sha256_password need it: inside TLS, or through its own socket. SSH has checked that machine. A server's RSA key is
never taken: it could be anybody's.
"""

import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import pymysql
import pymysql.cursors
from pymysql import _auth  # pyright: ignore
from pymysql.constants import CLIENT

from console.text import plain_text
from console.wire.password import Secret

if TYPE_CHECKING:
    Connection: TypeAlias = pymysql.Connection[pymysql.cursors.Cursor]
else:  # at run time it takes no parameter
    Connection = pymysql.Connection

READ_SECONDS = 60.0
"""The thread's own last resort; the caller's deadline comes long before."""
LOCK_WAIT = 2
"""Seconds a statement waits for a lock: a console must never queue behind a long ALTER, nor hold others up."""
NATIVE = "mysql_native_password"


class UnsafeLogin(pymysql.OperationalError):
    """The server wants what it must not get. One part of a sentence, with its remedy."""


class _Link(Connection):
    """One connection. PyMySQL has no other place to say these things than its own private names."""

    local = False
    """True if it connects to the server's Unix socket."""

    def _get_server_information(self) -> None:
        """The greeting, and what is made of it before a byte is sent."""
        super()._get_server_information()  # pyright: ignore
        link: Any = self
        major = link.server_version.partition(".")[0]
        self.mysql8 = major.isdecimal() and int(major) >= 8 and "mariadb" not in link.server_version.lower()
        link._secure = self.local
        if self.mysql8 and link.server_capabilities & CLIENT.SSL:
            link.ssl, link.ctx = True, _unchecked()
        if link._auth_plugin_name not in PLUGINS:  # like MySQL's own client: the server asks for another one then
            link._auth_plugin_name = NATIVE

    def _get_auth_plugin_handler(self, plugin_name: bytes | str) -> "_Plugin | None":
        name = plugin_name.decode("ascii", "replace") if isinstance(plugin_name, bytes) else plugin_name
        if name not in PLUGINS:
            raise UnsafeLogin(
                f"asks for the login by `{plain_text(name, 40)}`, which is not used here, so the password was not"
                f" sent. Give the user one of {', '.join(PLUGINS)}"
            )
        return _Plugin(self, PLUGINS[name])

    def must_be_trusted(self, plugin: str, safe: bool) -> None:
        """Raises UnsafeLogin where the password itself would reach somebody else than a MySQL on the machine."""
        if not (self.mysql8 and safe):
            raise UnsafeLogin(
                f"wants the password itself for `{plugin}`, which only a MySQL 8 or newer gets, by TLS or through its"
                f" socket. Switch TLS on there, or name its `socket` in the inventory, or give the user {NATIVE}"
            )


class _Local(_Link):
    local = True


class _Plugin:
    """One way to log in, as PyMySQL calls it."""

    def __init__(self, link: Any, answer: Callable[[Any, Any], Any]) -> None:
        self._link = link
        self._answer = answer

    def authenticate(self, packet: Any) -> Any:
        """Answer the server's packet."""
        return self._answer(self._link, packet)


def _native(link: Any, packet: Any) -> Any:
    return _said(link, _auth.scramble_native_password(link.password, _challenge(packet)))


def _ed25519(link: Any, packet: Any) -> Any:
    try:
        signed = _auth.ed25519_password(link.password, _challenge(packet))
    except RuntimeError:
        raise UnsafeLogin(
            f"asks for the login by `client_ed25519`, for which the Python package PyNaCl is missing here."
            f" Install it, or give the user {NATIVE}"
        ) from None
    return _said(link, signed)


def _caching_sha2(link: Any, packet: Any) -> Any:
    """A challenge is enough while the server remembers the password; else it asks for all of it (4)."""
    if packet.is_auth_switch_request():
        challenge = _challenge(packet).removesuffix(b"\0")
        packet = _said(link, _auth.scramble_caching_sha2(link.password, challenge))
    if not packet.is_extra_auth_data():
        return packet
    if packet.get_all_data()[1:2] == b"\3":
        return link._read_packet()
    link.must_be_trusted("caching_sha2_password", bool(link._secure))
    return _said(link, link.password + b"\0")


def _sha256(link: Any, _packet: Any) -> Any:
    link.must_be_trusted("sha256_password", isinstance(link._sock, ssl.SSLSocket))
    return _said(link, link.password + b"\0")


PLUGINS: dict[str, Callable[[Any, Any], Any]] = {
    NATIVE: _native,
    "caching_sha2_password": _caching_sha2,
    "sha256_password": _sha256,
    "client_ed25519": _ed25519,
}


def _challenge(packet: Any) -> bytes:
    """Raises UnsafeLogin for a packet that is none: a second question is no part of these plugins."""
    if not packet.is_auth_switch_request():
        raise UnsafeLogin("asks once more after it was answered; the password was not sent")
    return packet.read_all()


def _said(link: Any, answer: bytes) -> Any:
    link.write_packet(answer)
    return link._read_packet()


def log_in(local: bool, login: Secret, client: socket.socket) -> Connection:
    """A connection through `client`, which is closed when it fails. `local`: it leads to the server's Unix socket."""
    connection = (_Local if local else _Link)(
        user=login.user,
        password=login.password.encode(),  # as text PyMySQL would insist on latin-1
        cursorclass=pymysql.cursors.Cursor,
        autocommit=True,
        init_command=f"SET SESSION lock_wait_timeout={LOCK_WAIT}",
        connect_timeout=5,
        read_timeout=READ_SECONDS,
        write_timeout=READ_SECONDS,
        ssl_disabled=True,  # until the greeting tells who speaks: SSH encrypts anyway
        local_infile=False,
        program_name="drainboard",
        defer_connect=True,
    )
    connection.connect(client)
    return connection


def _unchecked() -> ssl.SSLContext:
    """MySQL's own certificate is signed by nobody, and SSH has checked the machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
