"""The script that switches CARP maintenance, run by php against what each pfSense offers it."""

import time
from pathlib import Path

import pytest

from console.probes.ask import Ran
from console.probes.firewalls import revisions
from console.probes.firewalls.config import parse_xml
from console.probes.firewalls.maintenance import ENTERED, LEFT, reboot, set_maintenance
from console.probes.firewalls.script import refusal
from tests.pfsense.standin import CONFIG, FORMS, PfSense, needs_php

pytestmark = needs_php
PLAIN = CONFIG.format(sync="", haproxy="")
ON, OFF = set_maintenance(True, "ops@desk"), set_maintenance(False, "ops@desk")
APPLY = "#!/bin/sh\necho told >> {}\n"

every_form = pytest.mark.parametrize("form", FORMS)


def machine(root: Path, form: str) -> PfSense:
    """`root`/told has a line for each time that the addresses were told."""
    box = PfSense(root, form, PLAIN)
    apply = root / "usr/local/sbin/carp-apply"
    apply.write_text(APPLY.format(root / "told"))
    apply.chmod(0o755)
    return box


@every_form
def test_it_lasts_and_is_left_again(tmp_path: Path, form: str) -> None:
    box = machine(tmp_path, form)
    assert refusal(box.run(ON)) is None
    config = parse_xml(box.file.read_text())
    assert config.maintenance
    assert config.revision == f"ops@desk (drainboard): {ENTERED}"
    assert refusal(box.run(OFF)) is None
    config = parse_xml(box.file.read_text())
    assert not config.maintenance
    assert config.revision == f"ops@desk (drainboard): {LEFT}"
    assert (tmp_path / "told").read_text().count("told") == 2


@every_form
def test_what_is_sent_again_writes_nothing_and_tells_the_addresses(tmp_path: Path, form: str) -> None:
    box = machine(tmp_path, form)
    box.run(ON)
    written = box.file.read_bytes()
    assert refusal(box.run(ON)) is None
    assert box.file.read_bytes() == written
    assert (tmp_path / "told").read_text().count("told") == 2


@every_form
def test_what_is_on_disk_counts_and_not_a_stale_cache(tmp_path: Path, form: str) -> None:
    box = machine(tmp_path, form)
    box.run(ON)
    box.file.write_text(box.file.read_text().replace("<descr><![CDATA[first]]></descr>", "<descr>by hand</descr>"))
    assert refusal(box.run(OFF)) is None
    assert "by hand" in box.file.read_text()
    assert not parse_xml(box.file.read_text()).maintenance


@every_form
def test_a_config_that_is_none(tmp_path: Path, form: str) -> None:
    box = machine(tmp_path, form)
    box.run(OFF)
    box.file.write_text("<pfsense><version>")
    assert refusal(box.run(ON)) == "this pfSense could not read config.xml"


@every_form
def test_the_revisions_before_the_last_one_are_kept(tmp_path: Path, form: str) -> None:
    box = machine(tmp_path, form)
    box.run(ON)
    kept = revisions.parse((Ran(0, (tmp_path / "cf/conf/backup/backup.cache").read_text(), ""),), None)
    assert kept.last == (revisions.Revision(1760000000, "x"),)


@every_form
def test_a_reboot_is_pfsense_s_own(tmp_path: Path, form: str) -> None:
    box = machine(tmp_path, form)
    assert refusal(box.run(reboot())) is None
    began = time.monotonic()
    while not (tmp_path / "rebooted").exists() and time.monotonic() - began < 10:
        time.sleep(0.05)
    assert (tmp_path / "rebooted").exists()
