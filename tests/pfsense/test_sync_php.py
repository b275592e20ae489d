"""The two syncs that are started now, run by php against what each pfSense offers them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from console.probes.firewalls.script import refusal
from console.probes.firewalls.sync_now import sync_core, sync_pools
from tests.pfsense.standin import CONFIG, FORMS, PfSense, haproxy, needs_php, server

pytestmark = needs_php
every_form = pytest.mark.parametrize("form", FORMS)
POOL = haproxy(server("node1", "10.20.0.11"), server("node2", "10.20.0.12", "disabled"))
SYNCS = POOL.replace("<haproxy>", "<haproxy><enablesync></enablesync>")
TO = "<synchronizetoip>127.0.0.1</synchronizetoip><password>x</password>"


class Peer(HTTPServer):
    """The other firewall's xmlrpc.php: it keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    server: Peer

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"result": true}')

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@every_form
def test_haproxy_s_section_is_sent_to_the_peer_and_reloaded_there(tmp_path: Path, form: str) -> None:
    peer = Peer()
    try:
        web = f"<system><webgui><protocol>http</protocol><port>{peer.server_port}</port></webgui></system>"
        config = CONFIG.format(sync=TO, haproxy=SYNCS).replace("\t<hasync>", f"\t{web}<hasync>")
        box = PfSense(tmp_path, form, config)
        before = box.file.read_bytes()
        assert refusal(box.run(sync_pools())) is None
        assert [one["method"] for one in peer.told] == ["pfsense.merge_installedpackages_section", "pfsense.exec_php"]
        sent = peer.told[0]["parameter"]["haproxysyncpkg"]["ha_pools"]["item"][0]["ha_servers"]["item"]
        assert [one["status"] for one in sent] == ["active", "disabled"]
        assert "haproxy_xmlrpc_sync_configure();" in peer.told[1]["parameter"]
        assert box.file.read_bytes() == before, "nothing is written here"
        assert not (tmp_path / "tmp/events").exists(), "pfSense's own sync is another one"
    finally:
        peer.shutdown()
        peer.server_close()


@every_form
def test_it_is_refused_where_the_package_does_not_sync(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, CONFIG.format(sync=TO, haproxy=POOL))
    assert refusal(box.run(sync_pools())) == "HAProxy's own sync is off here"


def test_a_sync_that_breaks_is_told(tmp_path: Path) -> None:
    box = PfSense(tmp_path, "2.8", CONFIG.format(sync=TO, haproxy=SYNCS))
    (tmp_path / "etc/inc/xmlrpc_client.inc").write_text("<?php\nthrow new TypeError('array expected');\n")
    assert refusal(box.run(sync_pools())) == "the sync to the other firewall failed: array expected"


@every_form
def test_pfsense_s_own_is_the_event_of_its_button(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, CONFIG.format(sync=TO, haproxy=SYNCS))
    assert refusal(box.run(sync_core())) is None
    assert (tmp_path / "tmp/events").read_text() == "filter sync\n"


@every_form
def test_a_firewall_that_syncs_to_nobody_starts_none(tmp_path: Path, form: str) -> None:
    box = PfSense(tmp_path, form, CONFIG.format(sync="", haproxy=SYNCS))
    assert refusal(box.run(sync_core())) == "this firewall syncs to nobody"
    assert not (tmp_path / "tmp/events").exists()
