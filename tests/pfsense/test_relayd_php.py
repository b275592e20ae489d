"""relayd's script, run by php: up to 2.4.5 parse_config() returns the array."""

from pathlib import Path

import pytest

from console.probes.firewalls.script import refusal
from console.probes.pools.relayd_config import persist
from tests.pfsense.standin import CONFIG, PfSense, change, needs_php, result

pytestmark = needs_php

POOL = """<lbpool><name>web</name><port>80</port><servers>10.20.0.11</servers><servers>10.20.0.12</servers></lbpool>"""
OWN = "<?php\nfunction {}() {{ touch('{}'); }}\n"


@pytest.fixture
def box(tmp_path: Path) -> PfSense:
    config = CONFIG.format(sync="", haproxy="").replace("<filter>", f"<load_balancer>{POOL}</load_balancer><filter>")
    box = PfSense(tmp_path, "2.6", config)
    inc = tmp_path / "etc/inc"
    (inc / "shaper.inc").write_text("<?php\n")
    (inc / "filter.inc").write_text("<?php\nfunction filter_configure() {}\n")
    (inc / "vslb.inc").write_text(
        OWN.format("relayd_configure", tmp_path / "reloaded") + "function clear_subsystem_dirty($name) {}\n"
    )
    return box


def test_an_address_moves_and_comes_back(box: PfSense) -> None:
    out = persist((change("10.20.0.12", "10.20.0.12", "active", "disabled"),), True, "drainboard: out")
    assert result(box.run(out)) == {"ok": True, "changed": 1}
    assert "<serversdisabled>10.20.0.12</serversdisabled>" in box.file.read_text()
    assert (box.root / "reloaded").exists()
    back = persist((change("10.20.0.12", "10.20.0.12", "disabled", "active"),), True, "drainboard: back")
    assert result(box.run(back)) == {"ok": True, "changed": 1}
    assert "<servers>10.20.0.12</servers>" in box.file.read_text()
    assert "serversdisabled" not in box.file.read_text()


def test_what_would_leave_no_server_or_is_not_there_is_refused(box: PfSense) -> None:
    both = tuple(change(f"10.20.0.1{at}", f"10.20.0.1{at}", "active", "disabled") for at in (1, 2))
    before = box.file.read_text()
    assert "would have no server left" in str(refusal(box.run(persist(both, True, "drainboard"))))
    gone = (change("10.20.0.19", "10.20.0.19", "active", "disabled"),)
    assert refusal(box.run(persist(gone, True, "drainboard"))) == "web/10.20.0.19 is not in the configuration any more"
    assert box.file.read_text() == before
