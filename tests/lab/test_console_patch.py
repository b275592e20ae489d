"""A rolling patch of the real cluster under load, by real apt and real dnf, then of its firewalls.

Nobody's request fails. One that is served at the second try belongs to a move of CARP's addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from .base import suite
from .driving import Console, report, roles, standing
from .firewalls import apart, moves, offer, old_release, release
from .lab import Lab
from .plan import FIREWALLS, NODES
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
RPMS = """\
set -e
mv /usr/bin/apt-get /usr/bin/apt-get.away
ln -s dnf-3 /usr/bin/dnf
cp --remove-destination /usr/lib/os-release /etc/os-release
sed -i 's/^ID=.*/ID="centos"/; s/^VERSION_ID=.*/VERSION_ID="9"/' /etc/os-release
mkdir -p /srv/repo /etc/yum.repos.d /etc/dnf/vars
printf '[main]\ngpgcheck=0\n' >/etc/dnf/dnf.conf
printf '[main]\nenabled=0\n' >/etc/dnf/plugins/local.conf
echo 9 >/etc/dnf/vars/releasever
package() {
    printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: of the lab\nLicense: none\nBuildArch: noarch\n' "$1" "$2"
    printf '%s\n%%description\nof the lab\n%%post\n%s\n%%files\n' "$4" "$3"
} >/tmp/lab.spec
build() {
    package "$@"
    rpmbuild -bb --quiet --define '_rpmdir /srv/repo' --define '_build_name_fmt %{NAME}-%{VERSION}.rpm' /tmp/lab.spec
}
build lab-base 1 true 'Provides: /bin/sh'
build linux-firmware 1 true; build lab-mysqld 1 true
rpm --install /srv/repo/lab-base-1.rpm /srv/repo/linux-firmware-1.rpm /srv/repo/lab-mysqld-1.rpm
build linux-firmware 2 true; build lab-mysqld 2 'systemctl restart mariadb'
createrepo_c --quiet /srv/repo
printf '[lab]\nname=lab\nbaseurl=file:///srv/repo\ngpgcheck=0\n' >/etc/yum.repos.d/lab.repo
dnf --quiet makecache
"""
"""The same two for CentOS's package manager, which asks for a reboot once the firmware is newer than the last one. The
node calls itself CentOS, and has no apt-get. lab-base stands for the system, which rpm knows nothing of."""
NO_RPMS = """\
rpm --erase lab-mysqld linux-firmware lab-base
rm -rf /usr/bin/dnf /etc/yum.repos.d/lab.repo /var/cache/dnf /srv/repo
mv /usr/bin/apt-get.away /usr/bin/apt-get && ln -sf ../usr/lib/os-release /etc/os-release
"""
GONE = "rm -rf /srv/repo /etc/apt/sources.list.d/lab.list; dpkg --purge lab-kernel lab-mysqld"


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    yield
    for name in NODES:
        lab.nodes[name].sh(NO_RPMS if by_dnf(name) else GONE)
    old_release(lab)
    lab.reset()


def by_dnf(name: str) -> bool:
    return name == "node3" and suite() != "sid"


def installed(lab: Lab) -> list[str]:
    rpm, deb = "rpm --query --queryformat '%{VERSION}' lab-mysqld", "dpkg-query -W -f '${Version}' lab-kernel"
    return [lab.nodes[name].sh(rpm if by_dnf(name) else deb) for name in NODES]


def test_every_machine_is_patched_and_rebooted_and_no_request_fails(lab: Lab) -> None:
    for name in NODES:
        lab.nodes[name].sh(RPMS if by_dnf(name) else REPOSITORY)
    for name in FIREWALLS:
        offer(lab, name)
    console, before = Console(lab), [lab.ssh(name, "cat /proc/sys/kernel/random/boot_id").stdout for name in NODES]
    with lab.load(rate=160, retry=True) as load:
        done = console.run("patch", "lab", "--firewalls", "--auto", "--yes", "--reason", "the lab", timeout=900)
    report("rolling patch of three nodes and two firewalls", load)
    assert done.code == 0
    assert re.search(r"\b0 of [0-9,]+ visits failed since", done.said)
    assert installed(lab) == ["2"] * 3
    now = [lab.ssh(name, "cat /proc/sys/kernel/random/boot_id").stdout for name in NODES]
    assert not set(now) & set(before), "each asked for a reboot"
    for name in NODES:
        assert standing(lab, name) == {"UP", "active"}
        assert is_synced(lab.nodes[name], 3)
    assert {release(lab, name) for name in FIREWALLS} == {"2.8.0-RELEASE"}
    assert roles(lab, "fw1") == ["MASTER"] * 2
    assert load.result.failures == 0
    assert apart(load, moves(console.last())) == []
    assert load.result.requests > 10_000
