"""The note of a hold: written with the status in one write_config, by the script that is sent; only ours is removed."""

import re
from pathlib import Path

import pytest

from console.probes.firewalls.config import parse_xml
from console.probes.firewalls.script import refusal
from console.probes.pools.configured import Change, PooledServer
from console.probes.pools.haproxy_config import persist
from console.probes.pools.hold import Hold, hold
from tests.pfsense.standin import CONFIG, FORMS, PfSense, haproxy, needs_php, result, server

pytestmark = needs_php

HELD = hold("root@vm", 1793000000, 1793030000, 'apache: bad "cert" path, doesn\'t start; see #4412 <b>&amp; $HOME`id`')
SERVER = PooledServer("web", "node2", "10.20.0.12", "active")
every_form = pytest.mark.parametrize("form", FORMS)
SETTINGS = [None, "", "check-ssl", "check-ssl # an old hold: mine", "# hold: somebody has written this"]


def box_with(folder: Path, form: str, advanced: str | None) -> PfSense:
    tag = "" if advanced is None else f"<advanced>{advanced}</advanced>"
    node2 = server("node2", "10.20.0.12").replace("</item>", f"{tag}</item>")
    return PfSense(folder, form, CONFIG.format(sync="", haproxy=haproxy(server("node1", "10.20.0.11"), node2)))


def write(box: PfSense, status: str, note: str, read: PooledServer | None = None) -> str | None:
    return refusal(box.run(persist((Change(read or node2(box), status, note),), False, "drainboard: a test")))


def node2(box: PfSense) -> PooledServer:
    return next(one for one in parse_xml(box.file.read_text()).servers if one.name == "node2")


def tag(box: PfSense) -> str | None:
    item = re.search(r"<name>node2</name>.*?</item>", box.file.read_text(), re.DOTALL)
    found = re.search(r"<advanced>(.*?)</advanced>", item[0] if item else "", re.DOTALL)
    return found[1] if found else None


@every_form
@pytest.mark.parametrize("advanced", SETTINGS)
def test_what_was_there_comes_back_as_it_was(tmp_path: Path, form: str, advanced: str | None) -> None:
    box = box_with(tmp_path, form, advanced)
    assert write(box, "disabled", HELD.note) is None
    assert (node2(box).status, node2(box).hold) == ("disabled", HELD)
    assert len(HELD.note) <= 180
    assert (tag(box) or "").startswith(advanced or "")
    assert write(box, "active", "") is None
    assert (node2(box).status, node2(box).hold) == ("active", None)
    assert tag(box) == advanced


@every_form
def test_it_is_one_write(tmp_path: Path, form: str) -> None:
    box = box_with(tmp_path, form, None)
    assert write(box, "disabled", HELD.note) is None
    assert len(list((box.file.parent / "backup").glob("config-*.xml"))) == 1


@every_form
def test_it_is_a_comment_at_the_end_of_the_line(tmp_path: Path, form: str) -> None:
    box = box_with(tmp_path, form, "check-ssl")
    frontend = (
        "<item><name>web</name><status>active</status><type>tcp</type><backend_serverpool>web</backend_serverpool>"
    )
    listens = "<a_extaddr><item><extaddr>127.0.0.1</extaddr><extaddr_port>80</extaddr_port></item></a_extaddr></item>"
    text = box.file.read_text().replace("<ha_pools>", f"<ha_backends>{frontend}{listens}</ha_backends><ha_pools>")
    box.file.write_text(text)
    assert write(box, "disabled", HELD.note) is None
    written = (box.root / "var" / "etc" / "haproxy" / "haproxy.cfg").read_text()
    (line,) = [line for line in written.split("\n") if "node2" in line]
    assert line.endswith(f" check-ssl {HELD.note}")
    assert line.count("#") == 1


@every_form
def test_a_later_hold_takes_the_place_of_the_one_before(tmp_path: Path, form: str) -> None:
    box = box_with(tmp_path, form, "")
    later = hold("ops@desk", 1793001000, 0, "still broken", off=True)
    assert write(box, "disabled", HELD.note) is None
    assert write(box, "disabled", later.note) is None
    assert node2(box).hold == later
    written = box.file.read_bytes()
    assert result(box.run(persist((Change(node2(box), "disabled", later.note),), False, "again")))["changed"] == 0
    assert box.file.read_bytes() == written
    assert write(box, "active", "") is None
    assert tag(box) == ""


@every_form
def test_a_hold_that_somebody_else_has_changed_meanwhile_is_left(tmp_path: Path, form: str) -> None:
    box = box_with(tmp_path, form, None)
    assert write(box, "disabled", HELD.note) is None
    seen, later = node2(box), hold("ops@desk", 1793001000, 0, "longer")
    assert write(box, "disabled", later.note) is None
    why = write(box, "active", "", seen)
    assert why == "somebody has changed the hold of web/node2 meanwhile: look at it again"
    assert (node2(box).status, node2(box).hold) == ("disabled", later)


@every_form
@pytest.mark.parametrize(
    "strange",
    [
        "# hold: root@vm tomorrow why:x",
        "# hold: root@vm 2026-02-30T02:14Z - why:no such day",
        "# hold: root@vm 2026-10-26T02:14Z - why:" + "x" * 200,
    ],
)
def test_what_only_looks_like_a_note_is_nobody_s_hold(tmp_path: Path, form: str, strange: str) -> None:
    box = box_with(tmp_path, form, strange)
    assert node2(box).hold is None
    assert write(box, "disabled", "") is None
    assert tag(box) == strange
    assert write(box, "disabled", HELD.note) is None
    assert write(box, "active", "") is None
    assert tag(box) == strange


@every_form
def test_a_drain_leaves_the_settings_alone(tmp_path: Path, form: str) -> None:
    box = box_with(tmp_path, form, " # mine ")
    assert write(box, "disabled", "") is None
    assert node2(box) == PooledServer("web", "node2", "10.20.0.12", "disabled", "80")
    assert tag(box) == " # mine "


def test_the_status_from_before_is_kept_beside_it(tmp_path: Path) -> None:
    box = box_with(tmp_path, "2.7", None)
    assert write(box, "disabled", HELD.of("backup").note) is None
    held = node2(box).hold
    assert isinstance(held, Hold)
    assert held.was == "backup"
