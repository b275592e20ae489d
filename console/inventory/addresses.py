"""Addresses and host names as machines and people write them, brought to one spelling before they are compared."""

from functools import lru_cache
from ipaddress import ip_address


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """One spelling for all that mean the same: 2001:DB8:0:0::12, [2001:db8::12], ::ffff:10.0.0.1. A name in small
    letters, without the dot at its end. Only for comparing: what is sent is sent as it was written."""
    bare = text.strip().strip("[]")
    try:
        address = ip_address(bare)
    except ValueError:
        return bare.rstrip(".").lower()
    return str(getattr(address, "ipv4_mapped", None) or address)


def same(one: str, other: str) -> bool:
    """Two spellings of one address or name; nothing is the same as no address."""
    return bool(one) and plain(one) == plain(other)


@lru_cache(maxsize=4096)
def is_address(text: str) -> bool:
    """An IP address, not a name."""
    try:
        ip_address(text.strip().strip("[]"))
    except ValueError:
        return False
    return True


def is_own(text: str) -> bool:
    """An address that means another machine on each: the loopback, or HAProxy's word for a socket file."""
    return plain(text) in ("127.0.0.1", "::1", "localhost", "unix")
