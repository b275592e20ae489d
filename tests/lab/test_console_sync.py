"""A sync that is started now, on the real cluster: what it carries, what it reloads, and no visitor fails."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from .driving import Console, report, revision
from .firewalls import pids
from .lab import Lab
from .plan import FIREWALLS

KEPT = "cp -p /cf/conf/config.xml /root/config.xml"
BACK = """\
cmp -s /root/config.xml /cf/conf/config.xml && exit 0
cp -p /root/config.xml /cf/conf/config.xml
rm -f /tmp/config.cache
/usr/local/etc/rc.d/haproxy.sh reload
"""


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Iterator[None]:
    """Every test begins and ends with a healthy cluster."""
    for name in FIREWALLS:
        lab.machines[name].sh(KEPT)
    yield
    for name in FIREWALLS:
        lab.machines[name].sh(BACK)
    lab.reset()


def edit(lab: Lab, firewall: str, sed: str) -> None:
    """A change whose sync has not come over: it is as old as the last one."""
    lab.machines[firewall].sh(f"sed -i '{sed}' /cf/conf/config.xml && rm -f /tmp/config.cache")


def text(lab: Lab, firewall: str, path: str) -> str | None:
    return ElementTree.fromstring(lab.machines[firewall].sh("cat /cf/conf/config.xml")).findtext(path)


MAXCONN = "installedpackages/haproxy/maxconn"
ALIAS = "aliases/alias/name"


def test_haproxy_s_section_is_sent_and_reloads_the_other_one(lab: Lab) -> None:
    console, before = Console(lab), pids(lab)
    edit(lab, "fw1", "0,/<maxconn>/s#<maxconn>[0-9]*<#<maxconn>777<#")
    with lab.load(rate=100) as load:
        done = console.run("sync", "lab", "fw1", "haproxy", "--yes")
    report("sync of HAProxy's section", load)
    assert done.code == 0
    assert [text(lab, name, MAXCONN) for name in FIREWALLS] == ["777"] * 2
    now = pids(lab)
    assert (now["fw1"] == before["fw1"], now["fw2"] == before["fw2"]) == (True, False)
    assert load.result.failures == 0


def test_pfsense_s_own_is_sent_and_reloads_no_haproxy(lab: Lab) -> None:
    console, before = Console(lab), pids(lab)
    edit(lab, "fw1", "s#<aliases></aliases>#<aliases><alias><name>office</name></alias></aliases>#")
    done = console.run("sync", "lab", "fw1", "core", "--yes")
    assert done.code == 0
    assert text(lab, "fw2", ALIAS) == "office"
    assert "from XMLRPC client" in revision(lab, "fw2")
    assert pids(lab) == before
    again = console.run("sync", "lab", "fw1", "core", "--yes")
    assert again.code != 0
    assert "There is nothing to sync" in again.said
