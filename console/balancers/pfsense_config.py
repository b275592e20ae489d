"""pfSense's config.xml: what a firewall will do after the next reload, boot or failover, and how to change that.

Reading: `/cf/conf/config.xml`, which holds secrets; only what is named here is kept. Writing: by pfSense's own PHP
functions and no other way, without a reload of the busy HAProxy (facts: pfSense RELENG_2_7_2 and FreeBSD-ports
net/pfSense-pkg-haproxy haproxy.inc; persisting without a reload keeps the sessions countable).
"""

import base64
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from console.answers import dig, ran, rows, xml
from console.asks import Ran, Run, Unreadable, plain_text
from console.inventory import Node
from console.question import Cadence, Question, Subject

MOST_CONFIG = 4 << 20
"""Characters of config.xml; it can reach 1 MiB."""
MOST_SERVERS = 1000
LONGEST = 255
"""Characters of one value that is kept."""
STATUSES = ("active", "backup", "disabled", "inactive")


@dataclass(frozen=True)
class PooledServer:
    """One server of a pool in the HAProxy package's configuration. `status` is one of STATUSES."""

    pool: str
    name: str
    address: str
    status: str

    @property
    def out(self) -> bool:
        """Gets no traffic after a reload."""
        return self.status in ("disabled", "inactive")


@dataclass(frozen=True)
class CarpVip:
    """A CARP virtual IP as configured."""

    address: str
    interface: str
    vhid: str
    advskew: str


@dataclass(frozen=True)
class FirewallConfig:
    """What is kept of config.xml."""

    version: str
    """Of the configuration format; core sync is off while the two firewalls differ."""
    primary: bool
    """This firewall syncs to the other one (`hasync/synchronizetoip` is set)."""
    maintenance: bool
    """Persistent CARP maintenance mode."""
    haproxy_sync: bool
    """The HAProxy package syncs its part to the peer (`enablesync`)."""
    carpdev: str
    """HAProxy runs only on the CARP master of this address; "" for always."""
    servers: tuple[PooledServer, ...]
    vips: tuple[CarpVip, ...]
    revised: str
    """Unix time of the last change, as text."""
    revision: str = field(compare=False)
    """Who changed what last."""

    def of(self, node: Node) -> tuple[PooledServer, ...]:
        """The servers that are this node, matched by address."""
        return tuple(server for server in self.servers if server.address == node.address)


def parse(answers: tuple[Ran, ...], _before: FirewallConfig | None) -> FirewallConfig:
    """From config.xml."""
    return parse_xml(ran(answers[0], MOST_CONFIG))


@lru_cache(maxsize=16)
def parse_xml(text: str) -> FirewallConfig:
    """Cached: the file is a megabyte on a grown firewall and seldom changes."""
    tree = xml(text, "/cf/conf/config.xml", ("item", "vip"))
    root = dig(tree, "pfsense")
    if not isinstance(root, dict) or not isinstance(dig(root, "version"), str):
        raise Unreadable("/cf/conf/config.xml is not pfSense's")
    haproxy = dig(root, "installedpackages", "haproxy")
    return FirewallConfig(
        version=_text(root, "version"),
        primary=bool(_text(root, "hasync", "synchronizetoip")),
        maintenance="virtualip_carp_maintenancemode" in cast("dict[str, Any]", root),
        haproxy_sync=isinstance(haproxy, dict) and "enablesync" in haproxy,
        carpdev=_text(haproxy, "carpdev"),
        servers=_servers(haproxy),
        vips=tuple(
            CarpVip(_text(vip, "subnet"), _text(vip, "interface"), _text(vip, "vhid"), _text(vip, "advskew"))
            for vip in rows(root, "virtualip", "vip")
            if vip.get("mode") == "carp"
        ),
        revised=_text(root, "revision", "time"),
        revision=plain_text(str(dig(root, "revision", "description") or "")),
    )


def _text(tree: Any, *keys: str) -> str:
    found = dig(tree, *keys)
    if isinstance(found, str) and len(found) > LONGEST:
        raise Unreadable(f"config.xml holds a {keys[-1]} of more than {LONGEST} characters")
    return found if isinstance(found, str) else ""


def _servers(haproxy: Any) -> tuple[PooledServer, ...]:
    found = tuple(
        PooledServer(_text(pool, "name"), _text(server, "name"), _text(server, "address"), _text(server, "status"))
        for pool in rows(haproxy, "ha_pools", "item")
        for server in rows(pool, "ha_servers", "item")
    )
    if len(found) > MOST_SERVERS:
        raise Unreadable(f"config.xml lists more than {MOST_SERVERS} servers")
    unknown = next((server for server in found if server.status not in STATUSES), None)
    if unknown:
        raise Unreadable(f"config.xml gives {unknown.pool}/{unknown.name} the unknown status {unknown.status[:20]!r}")
    return found


@dataclass(frozen=True)
class Change:
    """One server's persistent status, from what was read to what is wanted."""

    server: PooledServer
    status: str


def persist(changes: tuple[Change, ...], sync: bool, description: str) -> Run:
    """The order that writes statuses into config.xml, checked by haproxy -c, without a reload here.

    With `sync` the package's own XMLRPC sync runs in the foreground; it does not report failure, so the peer's
    config.xml is what tells. What the servers' statuses must be beforehand travels along: the script changes nothing
    when somebody else was quicker.
    """
    payload = {
        "servers": [
            {
                "pool": change.server.pool,
                "server": change.server.name,
                "address": change.server.address,
                "expect": change.server.status,
                "status": change.status,
            }
            for change in changes
        ],
        "sync": sync,
        "description": description,
    }
    encoded = base64.b64encode(json.dumps(payload, sort_keys=True).encode()).decode()
    script = _PHP.replace("@PAYLOAD@", encoded)
    return Run(("/usr/local/bin/php", "-q"), stdin=script, root=True, timeout=60)


_PHP = """<?php
require_once("config.inc");
require_once("functions.inc");
require_once("util.inc");
require_once("/usr/local/pkg/haproxy/haproxy.inc");
$drainboard = json_decode(base64_decode('@PAYLOAD@'), true);
function drainboard_end($result) { echo "\\ndrainboard " . json_encode($result) . "\\n"; exit(0); }
$config = function_exists('config_read_file') ? config_read_file() : parse_config(true);
$changed = 0;
foreach ($drainboard['servers'] as $want) {
    $found = false;
    foreach ($config['installedpackages']['haproxy']['ha_pools']['item'] as $p => $pool) {
        if ($pool['name'] !== $want['pool']) { continue; }
        foreach ($pool['ha_servers']['item'] as $s => $server) {
            if ($server['name'] !== $want['server'] || $server['address'] !== $want['address']) { continue; }
            $found = true;
            if ($server['status'] === $want['status']) { continue; }
            if ($server['status'] !== $want['expect']) {
                drainboard_end(array('ok' => false, 'why' => "{$want['pool']}/{$want['server']} is now {$server['status']}, not {$want['expect']}"));
            }
            $config['installedpackages']['haproxy']['ha_pools']['item'][$p]['ha_servers']['item'][$s]['status'] = $want['status'];
            $changed++;
        }
    }
    if (!$found) { drainboard_end(array('ok' => false, 'why' => "{$want['pool']}/{$want['server']} is not in the configuration any more")); }
}
if ($changed > 0) {
    $message = '';
    if (!haproxy_check_and_run($message, false)) {
        drainboard_end(array('ok' => false, 'why' => 'haproxy -c refuses the new configuration: ' . strip_tags($message)));
    }
    if (!is_array(write_config($drainboard['description']))) {
        drainboard_end(array('ok' => false, 'why' => 'pfSense could not write config.xml'));
    }
    $lock = lock('haproxy', LOCK_EX);
    haproxy_writeconf("{$g['varetc_path']}/haproxy");
    unlock($lock);
}
if ($drainboard['sync']) { haproxy_do_xmlrpc_sync(); }
drainboard_end(array('ok' => true, 'changed' => $changed));
"""  # noqa: E501 -- PHP, kept one statement a line


def refusal(answer: Ran) -> str | None:
    """Why a `persist` did not do it, or None. Only a reason: that it did is read back from config.xml."""
    lines = [line for line in answer.out.splitlines() if line.startswith("drainboard ")]
    try:
        result = json.loads(lines[-1].removeprefix("drainboard ")) if lines else None
    except (ValueError, RecursionError):
        result = None
    if not isinstance(result, dict):
        return f"pfSense's PHP ended with status {answer.status} and no result"
    if dig(result, "ok") is True:
        return None
    return plain_text(str(dig(result, "why") or "")) or "pfSense's PHP gave no reason"


CONFIG = Question(
    field="config",
    subject=Subject.FIREWALL,
    cadence=Cadence.SLOW,
    asks=lambda _cluster, _name: (Run(("cat", "/cf/conf/config.xml"), root=True),),
    parse=parse,
)
