"""A rolling patch of the real cluster by real apt, under load: nobody's request fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from .driving import Console, report, standing
from .lab import Lab
from .plan import NODES
from .services import is_synced

REPOSITORY = """\
set -e
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
mkdir -p /srv/repo && cd /srv/repo
package() {
    mkdir -p /tmp/package/DEBIAN
    printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\n' "$1" "$2" >/tmp/package/DEBIAN/control
    printf 'Maintainer: the lab\\nDescription: of the lab\\n' >>/tmp/package/DEBIAN/control
    printf '#!/bin/sh\\n%s\\n' "$3" >/tmp/package/DEBIAN/postinst
    chmod 755 /tmp/package/DEBIAN/postinst
    dpkg-deb --build /tmp/package "$1_$2.deb" >/dev/null
    rm -r /tmp/package
}
package lab-kernel 1 true; package lab-mysqld 1 true
dpkg -i lab-kernel_1.deb lab-mysqld_1.deb >/dev/null
package lab-kernel 2 'touch /run/reboot-required'; package lab-mysqld 2 'systemctl restart mariadb'
for deb in *_2.deb; do
    dpkg-deb -f "$deb"
    echo "Filename: ./$deb"; echo "Size: $(stat -c %s "$deb")"; echo "SHA256: $(sha256sum "$deb" | cut -d' ' -f1)"; echo
done >Packages
echo 'deb [trusted=yes] file:/srv/repo ./' >/etc/apt/sources.list.d/lab.list
apt-get -q update
"""
"""Two packages that wait: one asks for a reboot as a kernel does, the other restarts mysqld as its own packages do."""
GONE = "rm -rf /srv/repo /etc/apt/sources.list.d/lab.list; dpkg --purge lab-kernel lab-mysqld"


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    for name in NODES:
        lab.nodes[name].sh(GONE)
    lab.reset()


def installed(lab: Lab) -> list[str]:
    return [lab.nodes[name].sh("dpkg-query -W -f '${Version}' lab-kernel") for name in NODES]


def test_every_node_is_patched_and_rebooted_and_no_request_fails(lab: Lab) -> None:
    for name in NODES:
        lab.nodes[name].sh(REPOSITORY)
    console, before = Console(lab), [lab.ssh(name, "cat /proc/sys/kernel/random/boot_id").stdout for name in NODES]
    with lab.load(rate=160) as load:
        done = console.run("patch", "lab", "--auto", "--yes", "--reason", "the lab", timeout=900)
    report("rolling patch of three nodes", load)
    assert done.code == 0
    assert re.search(r"\b0 of [0-9,]+ visits failed since", done.said)
    assert installed(lab) == ["2"] * 3
    now = [lab.ssh(name, "cat /proc/sys/kernel/random/boot_id").stdout for name in NODES]
    assert not set(now) & set(before), "each asked for a reboot"
    for name in NODES:
        assert standing(lab, name) == {"UP", "active"}
        assert is_synced(lab.nodes[name], 3)
    assert load.result.failures == 0
    assert load.result.requests > 10_000
