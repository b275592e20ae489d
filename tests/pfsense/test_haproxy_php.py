"""The very script that is sent, run by php against what each pfSense offers it."""

from pathlib import Path

import pytest

from console.probes.firewalls.script import refusal
from console.probes.pools.haproxy_config import persist
from tests.pfsense.standin import CONFIG, FORMS, PfSense, change, haproxy, needs_php, result, server

pytestmark = needs_php

THREE = haproxy(server("node1", "10.20.0.11"), server("node2", "10.20.0.12"), server("node3", "10.20.0.13"))
PLAIN = CONFIG.format(sync="", haproxy=THREE)
OUT = persist((change("node2", "10.20.0.12", "active", "disabled"),), False, "drainboard: node2")
SAVED = r"sed -i 's#<descr>first</descr>#<descr>second</descr>#' {}"
"""A change by the web interface while our check runs."""

every_form = pytest.mark.parametrize("form", FORMS)


@every_form
def test_it_lasts(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, PLAIN)
    assert result(box.run(OUT)) == {"ok": True, "changed": 1}
    assert box.statuses() == {"node1": "active", "node2": "disabled", "node3": "active"}
    assert "(system): drainboard: node2" in box.file.read_text()
    back = persist((change("node2", "10.20.0.12", "disabled", "active"),), False, "drainboard: back")
    assert refusal(box.run(back)) is None
    assert box.statuses()["node2"] == "active"


@every_form
def test_what_is_on_disk_counts_and_not_a_stale_cache(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, PLAIN)
    assert refusal(box.run(OUT)) is None
    by_hand = box.file.read_text().replace("<descr><![CDATA[first]]></descr>", "<descr><![CDATA[by hand]]></descr>")
    assert "by hand" in by_hand
    box.file.write_text(by_hand)
    back = persist((change("node2", "10.20.0.12", "disabled", "active"),), False, "drainboard: back")
    assert refusal(box.run(back)) is None
    assert "by hand" in box.file.read_text()


@every_form
def test_what_somebody_saves_during_the_check_is_kept(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, PLAIN, check=SAVED.format(tmp_path / "cf/conf/config.xml"))
    assert result(box.run(OUT)) == {"ok": True, "changed": 1}
    assert "second" in box.file.read_text()
    assert box.statuses()["node2"] == "disabled"


@every_form
def test_a_status_that_somebody_else_sets_during_the_check_is_not_overwritten(tmp_path: Path, form: str) -> None:
    item = r"/<name>node2/,/<.item>/s#<status>active#<status>backup#"
    box = PfSense(tmp_path, form, PLAIN.replace("><", ">\n<"), check=f"sed -i '{item}' {tmp_path}/cf/conf/config.xml")
    assert refusal(box.run(OUT)) == "web/node2 is now backup, not active"
    assert box.statuses()["node2"] == "backup"


@every_form
def test_who_saves_during_each_check_is_left_alone_after_some_tries(tmp_path: Path, form: str) -> None:
    again = f"echo x >> {tmp_path}/checks; echo '<!-- saved -->' >> {tmp_path}/cf/conf/config.xml"
    box = PfSense(tmp_path, form, PLAIN, check=again)
    why = refusal(box.run(OUT))
    assert why == "config.xml was changed by others during each of 4 checks; try again when nobody saves there"
    assert (tmp_path / "checks").read_text().count("x") == 4
    assert box.statuses()["node2"] == "active"


@every_form
@pytest.mark.parametrize("check", ["", "echo no; exit 1", "exit 3"])
def test_the_copy_that_is_checked_is_not_left_behind(tmp_path: Path, form: str, check: str) -> None:
    seen = f"test -e {tmp_path}/var/etc/haproxy_test/haproxy.cfg && touch {tmp_path}/seen"
    box = PfSense(tmp_path, form, PLAIN, check=f"{seen}\n{check}")
    why = refusal(box.run(OUT))
    assert (why is None) == (not check)
    assert (tmp_path / "seen").exists()
    assert not (tmp_path / "var/etc/haproxy_test").exists()
    assert box.statuses()["node2"] == ("active" if check else "disabled")


def test_nor_where_the_check_takes_too_long(tmp_path: Path) -> None:
    box = PfSense(tmp_path, "2.7", PLAIN, check="sleep 20")
    assert box.run(OUT, timeout=1.0).status == 124
    assert not (tmp_path / "var/etc/haproxy_test").exists()
    assert box.statuses()["node2"] == "active"


@every_form
@pytest.mark.parametrize("status", [None, ""])
def test_a_server_without_a_status_is_active(tmp_path: Path, form: str, status: str | None) -> None:
    servers = haproxy(server("node1", "10.20.0.11"), server("node2", "10.20.0.12", status))
    box = PfSense(tmp_path, form, CONFIG.format(sync="", haproxy=servers))
    assert result(box.run(OUT)) == {"ok": True, "changed": 1}
    assert box.statuses() == {"node1": "active", "node2": "disabled"}


@every_form
def test_what_is_sent_again_changes_nothing(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, PLAIN)
    box.run(OUT)
    written = box.file.read_bytes()
    assert result(box.run(OUT)) == {"ok": True, "changed": 0}
    assert box.file.read_bytes() == written


@every_form
@pytest.mark.parametrize("part", ["", "<haproxy></haproxy>", "<haproxy><ha_pools></ha_pools></haproxy>"])
def test_a_server_that_is_not_there(tmp_path: Path, form: str, part: str) -> None:
    box = PfSense(tmp_path, form, CONFIG.format(sync="", haproxy=part))
    assert refusal(box.run(OUT)) == "web/node2 is not in the configuration any more"


@every_form
def test_a_config_that_is_none(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, PLAIN)
    box.run(OUT)
    box.file.write_text("<pfsense><version>")
    back = persist((change("node2", "10.20.0.12", "disabled", "active"),), False, "drainboard: back")
    assert refusal(box.run(back)) == "this pfSense could not read config.xml"
    assert box.file.read_text() == "<pfsense><version>"


def test_a_pfsense_without_either_function(tmp_path: Path) -> None:
    box = PfSense(tmp_path, "2.7", PLAIN)
    (tmp_path / "etc/inc/config.lib.inc").write_text("<?php\n")
    assert refusal(box.run(OUT)) == "this pfSense could not read config.xml"


def test_a_sync_that_breaks_is_told(tmp_path: Path) -> None:
    box = PfSense(tmp_path, "2.8", CONFIG.format(sync="<synchronizetoip>127.0.0.1</synchronizetoip>", haproxy=THREE))
    (tmp_path / "etc/inc/xmlrpc_client.inc").write_text("<?php\nthrow new TypeError('array expected');\n")
    order = persist((change("node2", "10.20.0.12", "active", "disabled"),), True, "drainboard: node2")
    why = refusal(box.run(order))
    assert why == "config.xml is written here, and its sync to the other firewall failed: array expected"
    assert box.statuses()["node2"] == "disabled"
