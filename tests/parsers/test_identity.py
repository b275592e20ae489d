"""A machine's own statements, and the part of them that proves a name."""

from dataclasses import replace

import pytest

from console.inventory.cluster import Cluster, Firewall, Login, Node
from console.probes.ask import Identity, Ran
from console.probes.hosts.identity import read, why_unproven

LOGIN = Login("127.0.0.1")
NODE1, NODE2 = Node("node1", "10.20.0.11", LOGIN), Node("node2", "10.20.0.12", LOGIN)
FW1, FW2 = Firewall("fw1", "10.20.0.2", LOGIN), Firewall("fw2", "10.20.0.3", LOGIN)
CLUSTER = Cluster("web1", (FW1, FW2), (NODE1, NODE2))
BOOT = "1f0fbd3c-6a0e-4a57-8f3c-2f6a7d1c9e11"
ID = "5f1c2b3a4d5e6f708192a3b4c5d6e7f8"
FILES = f"==> /proc/sys/kernel/random/boot_id <==\n{BOOT}\n\n==> /etc/machine-id <==\n{ID}\n"
IP = """\
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: bond0    inet 10.20.0.12/24 brd 10.20.0.255 scope global bond0\\       valid_lft forever preferred_lft forever
2: bond0    inet6 2001:db8::12/64 scope global \\       valid_lft forever preferred_lft forever
2: bond0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever
3: tun0    inet 10.8.0.6 peer 10.8.0.5/32 scope global tun0\\       valid_lft forever preferred_lft forever
"""
TRIE = """
==> /proc/net/if_inet6 <==
20010db8000000000000000000000012 02 40 00 80    eno1
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000020000fffe00000b 02 40 20 80    eno1

==> /proc/net/fib_trie <==
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 10.20.0.0
        /24 link UNICAST
     |-- 10.20.0.12
        /32 host LOCAL
     |-- 10.20.0.255
        /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
"""
IFCONFIG = """\
em0: flags=8943<UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST> metric 0 mtu 1500
\tether 02:00:00:aa:00:01
\tinet 10.20.0.2 netmask 0xffffff00 broadcast 10.20.0.255
\tinet 10.20.0.1 netmask 0xffffff00 broadcast 10.20.0.255 vhid 2
\tinet6 2001:db8::2 prefixlen 64
\tinet6 2001:db8::1 prefixlen 64 vhid 3
\tinet6 fe80::1%em0 prefixlen 64 scopeid 0x1
\tcarp: MASTER vhid 2 advbase 1 advskew 0
ovpnc1: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> metric 0 mtu 1500
\tinet 10.9.0.6 --> 10.9.0.5 netmask 0xffffffff
lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> metric 0 mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
kern.hostuuid: 4C4C4544-0042-3510-8052-B4C04F4D5A31
kern.boottime: { sec = 1790000000, usec = 431022 } Mon Sep 21 13:33:20 2026
"""


def node(text: str) -> Identity:
    return read(NODE2, Ran(0, text, ""))


def firewall(text: str) -> Identity:
    return read(FW1, Ran(0, text, ""))


@pytest.mark.parametrize("text", [IP + FILES, FILES + TRIE, IP + FILES + TRIE], ids=["ip", "no ip", "both"])
def test_a_node_tells_addresses_id_and_boot(text: str) -> None:
    seen = node(text)
    assert (seen.boot, seen.machine_id, seen.moving) == (BOOT, ID, ())
    assert {"10.20.0.12", "2001:db8::12"} <= set(seen.addresses) <= {"10.20.0.12", "2001:db8::12", "10.8.0.6"}


def test_a_firewall_tells_what_moves_apart_from_what_stays() -> None:
    seen = firewall(IFCONFIG)
    assert seen.addresses == ("10.20.0.2", "2001:db8::2", "10.9.0.6")
    assert seen.moving == ("10.20.0.1", "2001:db8::1")
    assert seen.machine_id == "4c4c4544-0042-3510-8052-b4c04f4d5a31"
    assert seen.boot == "4c4c4544-0042-3510-8052-b4c04f4d5a31 { sec = 1790000000, usec = 431022 }"


@pytest.mark.parametrize("text", ["", "sh: ip: not found\n", "\x1b[2J" * 99, "inet 999.1.1.1/8\ninet6 ::::/1\n"])
def test_what_is_not_told_proves_nothing(text: str) -> None:
    for seen, machine in ((node(text), NODE2), (firewall(text), FW1)):
        assert seen == Identity((), (), "", "", "")
        assert "it tells no address" in why_unproven(CLUSTER, machine.name, seen, {})


@pytest.mark.parametrize(
    ("address", "proven"),
    [("10.20.0.12", True), ("2001:DB8:0::12", True), ("10.20.0.13", False), ("127.0.0.1", False), ("fe80::1", False),
     ("10.20.0.255", False), ("10.8.0.5", False)],
)  # fmt: skip
def test_a_node_is_proven_by_an_address_of_its_own(address: str, proven: bool) -> None:
    cluster = replace(CLUSTER, nodes=(NODE1, replace(NODE2, address=address)))
    for text in (IP + FILES, FILES + TRIE):
        assert (why_unproven(cluster, "node2", node(text), {}) == "") is proven


def test_a_carp_address_proves_no_firewall() -> None:
    both = "\tinet 10.20.0.3 netmask 0xffffff00 vhid 2\n" + IFCONFIG
    message = why_unproven(CLUSTER, "fw2", read(FW2, Ran(0, both, "")), {})
    assert "10.20.0.3 is a CARP address there, which moves; give the inventory the firewall's own address" in message


def test_one_boot_under_two_names_proves_neither_and_clones_are_none() -> None:
    one = node(IP + FILES)
    twice = {"node1": one}
    assert why_unproven(CLUSTER, "node2", one, twice).startswith("node2 and node1 lead to one and the same machine")
    assert why_unproven(CLUSTER, "node2", replace(one, boot="another"), twice) == ""
    assert why_unproven(CLUSTER, "node2", replace(one, boot=""), {"node1": replace(one, boot="")}) == ""
    clone = firewall(IFCONFIG.replace("431022", "431023"))
    assert why_unproven(CLUSTER, "fw1", firewall(IFCONFIG), {"fw2": clone}) == ""
    assert why_unproven(CLUSTER, "fw1", firewall(IFCONFIG), {"fw2": firewall(IFCONFIG)})


def test_an_id_of_the_inventory_takes_the_place_of_the_address() -> None:
    translated = node(IP.replace("10.20", "192.168") + FILES)
    for machine_id, proven in ((ID, True), (ID.upper(), True), ("0" * 31 + "1", False)):
        cluster = replace(CLUSTER, nodes=(NODE1, replace(NODE2, machine_id=machine_id)))
        assert (why_unproven(cluster, "node2", translated, {}) == "") is proven
        assert (why_unproven(cluster, "node2", node(IP + FILES), {}) == "") is proven, "the address plays no part then"
