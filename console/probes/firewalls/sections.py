"""Digests of the parts of config.xml that pfSense's own sync carries, so that two firewalls can be compared.

What is carried, and under which switch of `hasync`: pfSense src/etc/rc.filter_synchronize. Left out: virtual IPs, which
change on the way (they are compared one by one), users, which the receiver merges with its own, and DHCP and captive
portal, which hold what is different on each firewall. Descriptions are not compared: the sender strips them.
"""

import hashlib
import json
from typing import Any, cast

from console.probes.parsing import dig

SWITCHES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("synchronizerules", ("filter", "schedules")),
    ("synchronizenat", ("nat",)),
    ("synchronizealiases", ("aliases",)),
    ("synchronizeschedules", ("schedules",)),
    ("synchronizestaticroutes", ("staticroutes", "gateways")),
    ("synchronizetrafficshaper", ("shaper",)),
    ("synchronizetrafficshaperlimiter", ("dnshaper",)),
    ("synchronizedhcrelay", ("dhcrelay",)),
    ("synchronizewol", ("wol",)),
    ("synchronizeipsec", ("ipsec",)),
    ("synchronizeopenvpn", ("openvpn", "cert", "ca", "crl")),
    ("synchronizecerts", ("cert", "ca", "crl")),
    ("synchronizednsforwarder", ("dnsmasq", "unbound")),
)
_SKIPPED = ("descr",)


def sections(root: Any) -> tuple[tuple[str, str], ...]:
    """(name, digest) of each section that is synced from here; of each that may come here, where nothing is."""
    hasync = dig(root, "hasync")
    sender = bool(dig(hasync, "synchronizetoip"))
    names = dict.fromkeys(name for switch, carried in SWITCHES if not sender or dig(hasync, switch) for name in carried)
    return tuple((name, digest(dig(root, name))) for name in names)


def digest(tree: Any) -> str:
    """SHA-256 of what a part of config.xml says; empty and missing parts are alike."""
    text = json.dumps(_synced(tree) or "", sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _synced(tree: Any) -> Any:
    """A copy without descriptions and entries marked `nosync`; None for such an entry. An empty tag says something:
    that it is there (`<disabled></disabled>`). A list of one is its entry, as it is where there never was another."""
    if isinstance(tree, dict):
        entries = cast("dict[str, Any]", tree)
        kept = {key: _synced(value) for key, value in entries.items() if key not in _SKIPPED}
        return None if "nosync" in entries else {key: value for key, value in kept.items() if value is not None} or ""
    if isinstance(tree, list):
        found = [_synced(entry) for entry in cast("list[Any]", tree)]
        left = [entry for entry in found if entry is not None]
        return (left[0] if len(left) == 1 else left) if left else None
    return tree or ""
