"""The machine that answers at a name: the first question on each new connection, and the proof that it is that machine.

The proof is against mistakes (a copied ssh line, an alias, DNS), not against an attacker: a machine can claim anything.
Where ssh goes plays no part: it is what may be wrong.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from console.inventory.cluster import Cluster, Firewall, Node
from console.probes.ask import Identity, Ran, Run
from console.probes.parsing import lines_of
from console.text import listed, plain_text

Machine = Firewall | Node

BOOT_ID = "/proc/sys/kernel/random/boot_id"
LINUX = (
    "ip -o addr 2>/dev/null; "
    f"exec head -v -n 4000 -- {BOOT_ID} /etc/machine-id /proc/net/if_inet6 /proc/net/fib_trie 2>/dev/null"
)
"""fib_trie and if_inet6 hold the addresses where there is no `ip`."""
FREEBSD = "ifconfig -a; sysctl kern.hostuuid kern.boottime"
MAX_ADDRESSES = 8
"""Addresses in a sentence."""
MAX_KEPT = 500
MAX_READ = 256 << 10
"""Characters."""


def question(machine: Machine) -> Run:
    """One command, which needs no root."""
    return Run(("sh", "-c", FREEBSD if isinstance(machine, Firewall) else LINUX))


# --- reading the answer ---------------------------------------------------------------------------------------------

_INET = re.compile(r"\binet6? (?:addr:)?([0-9A-Fa-f:.]{2,45})(?:[/% ]|$)(.*)")
_LOCAL = re.compile(r"\|-- ([0-9.]{7,15})\n +/32 host LOCAL")
_INET6 = re.compile(r"^([0-9a-f]{32}) [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ [0-9a-f]+ +\S+$", re.MULTILINE)
_BOOT_ID = re.compile(rf"^==> {BOOT_ID} <==\n([0-9a-f-]{{36}})$", re.MULTILINE)
_MACHINE_ID = re.compile(r"^==> /etc/machine-id <==\n([0-9a-f]{32})$", re.MULTILINE)
_HOST_UUID = re.compile(r"^kern\.hostuuid: ([0-9A-Fa-f-]{36})$", re.MULTILINE)
_BOOT_TIME = re.compile(r"^kern\.boottime: (\{ sec = [0-9]{1,12}, usec = [0-9]{1,6} \})", re.MULTILINE)
_NONE = "00000000-0000-0000-0000-000000000000"


def read(machine: Machine, answer: Ran, host_key: str = "") -> Identity:
    """Read a machine's own statements. A missing part is empty: then it proves nothing."""
    text = answer.out[:MAX_READ]
    boot, machine_id = (_freebsd if isinstance(machine, Firewall) else _linux)(text)
    own, moving = _addresses(text)
    return Identity(own, moving, machine_id, boot, host_key)


def _linux(text: str) -> tuple[str, str]:
    return _first(_BOOT_ID, text), _first(_MACHINE_ID, text)


def _freebsd(text: str) -> tuple[str, str]:
    """A boot is told by the machine and its time: a clone may have the one, a box of the same minute the other."""
    uuid, booted = _first(_HOST_UUID, text).lower(), _first(_BOOT_TIME, text)
    uuid = "" if uuid == _NONE else uuid
    return (f"{uuid} {booted}" if uuid and booted else ""), uuid


def boot_of_firewall(text: str) -> str:
    """Read the boot from the output of FREEBSD."""
    return _freebsd(text)[0]


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


def _addresses(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(addresses that stay on a machine, those that CARP moves, which carry a `vhid`)."""
    shown = [(found[1], "vhid" in found[2].split()) for line in lines_of(text) if (found := _INET.search(line))]
    shown += [(one, False) for one in _LOCAL.findall(text)]
    shown += [(":".join(re.findall("....", one)), False) for one in _INET6.findall(text)]
    moving = dict.fromkeys(one for word, moves in shown if moves and (one := _address(word)))
    stays = dict.fromkeys(one for word, moves in shown if not moves and (one := _address(word)) and one not in moving)
    return tuple(stays)[:MAX_KEPT], tuple(moving)[:MAX_KEPT]


def _address(word: str) -> str:
    """An address in its usual form; "" for loopback, link-local and unspecified ones, which many machines share, and
    for text that is none."""
    try:
        address = ipaddress.ip_address(word)
    except ValueError:
        return ""
    return "" if address.is_loopback or address.is_link_local or address.is_unspecified else str(address)


# --- the proof ------------------------------------------------------------------------------------------------------


def why_unproven(cluster: Cluster, name: str, identity: Identity, others: Mapping[str, Identity]) -> str:
    """Why it is not proven that the machine of this name answers; "" when it is. `others`: what was told under the
    cluster's other names."""
    machine = cluster.machine(name)
    return next((why for why in _doubts(cluster, machine, identity, others) if why), "")


def _doubts(cluster: Cluster, machine: Machine, identity: Identity, others: Mapping[str, Identity]) -> Iterator[str]:
    yield _another_id(machine, identity) if machine.machine_id else _another_address(cluster, machine, identity)
    same = [other for other, told in others.items() if told.boot and told.boot == identity.boot]
    if same:
        yield f"{listed((machine.name, *same))} lead to one and the same machine: mend the ssh line that is wrong"


def _another_id(machine: Machine, identity: Identity) -> str:
    if identity.machine_id and identity.machine_id == (machine.machine_id or "").lower():
        return ""
    message = f"its machine_id is {identity.machine_id}" if identity.machine_id else "it tells no machine_id"
    return f"{_not(machine)}: {message}, the inventory says {machine.machine_id}; mend the ssh line or that machine_id"


def _another_address(cluster: Cluster, machine: Machine, identity: Identity) -> str:
    address = _address(machine.address)
    if address in identity.addresses:
        return ""
    if address in identity.moving:
        return (
            f"{_not(machine)}: {machine.address} is a CARP address there, which moves; "
            f"give the inventory the firewall's own address"
        )
    by_address = {one.address: one.name for one in cluster.machines}
    whose = [f"{one} ({by_address[one]}'s)" if one in by_address else one for one in identity.addresses]
    known = sorted(whose, key=lambda one: not one.endswith(")"))
    more = f" and {len(known) - MAX_ADDRESSES} more" if len(known) > MAX_ADDRESSES else ""
    message = f"its addresses are {', '.join(known[:MAX_ADDRESSES])}{more}" if known else "it tells no address"
    sets = f'machine_id = "{identity.machine_id}"' if identity.machine_id else "machine_id"
    return (
        f"{_not(machine)}: it does not have {machine.address}; {message}; "
        f"mend the ssh line or, only where addresses are translated, set {sets}"
    )


def _not(machine: Machine) -> str:
    return plain_text(f"the machine that answers for {machine.name} is not proven to be {machine.name}")
