"""Files of a node's /proc and /etc, in the kernel's formats."""

from collections.abc import Mapping

from console.sim.hardware import Array, Card, Hardware

BOND_MODE = "fault-tolerance (active-backup)"
MEMBERS = ("sda2[0]", "sdb2[1]", "sdc2[2]", "sdd2[3]")
BLOCKS = 838_599_680


def cpus_online() -> str:
    """/sys/devices/system/cpu/online."""
    return "0-3\n"


def meminfo(hardware: Hardware) -> str:
    """/proc/meminfo, as far as anybody reads it."""
    available = hardware.memory - int(hardware.memory_used)
    values = {
        "MemTotal": hardware.memory,
        "MemFree": available // 4,
        "MemAvailable": available,
        "Buffers": available // 40,
        "Cached": available // 2,
        "SwapCached": 0,
        "SwapTotal": hardware.swap,
        "SwapFree": hardware.swap - hardware.swap_used,
    }
    return "".join(f"{name + ':':<16}{value >> 10:>8} kB\n" for name, value in values.items())


def bonding(cards: list[Card]) -> str:
    """/proc/net/bonding/bond0."""
    active = next((card.name for card in cards if card.up), "None")
    head = (
        f"Ethernet Channel Bonding Driver: v6.1.0-25-amd64\n\nBonding Mode: {BOND_MODE}\nPrimary Slave: None\n"
        f"Currently Active Slave: {active}\nMII Status: {_status(any(card.up for card in cards))}\n"
        "MII Polling Interval (ms): 100\nUp Delay (ms): 0\nDown Delay (ms): 0\nPeer Notification Delay (ms): 0\n"
    )
    slaves = (
        f"\nSlave Interface: {card.name}\nMII Status: {_status(card.up)}\n"
        f"Speed: {'10000 Mbps' if card.up else 'Unknown'}\nDuplex: {'full' if card.up else 'Unknown'}\n"
        f"Link Failure Count: {card.failures}\nPermanent HW addr: 3c:ec:ef:10:20:{place:02x}\nSlave queue ID: 0\n"
        for place, card in enumerate(cards, 1)
    )
    return head + "".join(slaves)


def _status(up: bool) -> str:
    return "up" if up else "down"


def mdstat(array: Array) -> str:
    """/proc/mdstat with one RAID 10."""
    here = 4 - array.failed
    new = () if array.rebuilt is None else ("sde2[4]",)
    names = " ".join(reversed((*MEMBERS[:here], *new)))
    marks = "U" * here + "_" * array.failed
    lines = [
        "Personalities : [raid10] ",
        f"md0 : active raid10 {names}",
        f"      {BLOCKS} blocks super 1.2 512K chunks 2 near-copies [4/{here}] [{marks}]",
    ]
    if array.rebuilt is not None:
        lines.append(_recovery(array.rebuilt))
    return "\n".join([*lines, "      bitmap: 1/7 pages [4KB], 65536KB chunk", "", "unused devices: <none>", ""])


def _recovery(share: float) -> str:
    done = int(share * 20)
    bar = "[" + "=" * done + ">" + "." * (20 - done) + "]"
    half = BLOCKS // 2
    left = (1 - share) * 250 / 60
    progress = f"{100 * share:4.1f}% ({int(half * share)}/{half}) finish={left:.1f}min speed=1638400K/sec"
    return f"      {bar}  recovery = {progress}"


def hosts(addresses: Mapping[str, str]) -> str:
    """/etc/hosts with every node."""
    return "127.0.0.1\tlocalhost\n" + "".join(f"{address}\t{name}\n" for name, address in addresses.items())


def if_inet6() -> str:
    """/proc/net/if_inet6: loopback and a link-local address."""
    return (
        "00000000000000000000000000000001 01 80 10 80       lo\nfe80000000000000020000fffe00000b 02 40 20 80     eno1\n"
    )


def listening(ports: tuple[int, ...]) -> list[str]:
    """Lines of /proc/net/tcp."""
    rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000   109        0 24105"
    return [f"  {place:>2}: 00000000:{port:04X} {rest}\n" for place, port in enumerate(ports)]


def fib_trie(address: str) -> str:
    """/proc/net/fib_trie: what is local."""
    leaves = "".join(f"     |-- {one}\n        /32 host LOCAL\n" for one in ("127.0.0.1", address))
    return f"Main:\n  +-- 0.0.0.0/0 3 0 5\n{leaves}Local:\n  +-- 0.0.0.0/0 3 0 5\n{leaves}"
