"""The HAProxy package's part of pfSense's config.xml, and how to change it by pfSense's own PHP.

Without a reload of the busy HAProxy: persisting without one keeps the sessions countable (FreeBSD-ports
net/pfSense-pkg-haproxy haproxy.inc).
"""

from typing import Any

from console.answers import rows
from console.asks import Run
from console.balancers.configured import Change, PooledServer, checked, php, text

OWN = ("enablesync", "log-send-hostname")
"""What a firewall keeps as its own when it receives its peer's part (haproxy_xmlrpcsyncclient.inc)."""


def servers(haproxy: Any) -> tuple[PooledServer, ...]:
    """Every server of every backend of `installedpackages/haproxy`."""
    return checked(
        tuple(
            PooledServer(text(pool, "name"), text(server, "name"), text(server, "address"), text(server, "status"))
            for pool in rows(haproxy, "ha_pools", "item")
            for server in rows(pool, "ha_servers", "item")
        )
    )


def persist(changes: tuple[Change, ...], sync: bool, description: str) -> Run:
    """The order that writes statuses into config.xml, checked by haproxy -c, without a reload here.

    With `sync` the package's own XMLRPC sync runs in the foreground; it does not report failure, so the peer's
    config.xml is what tells.
    """
    return php(_PHP, changes, sync, description)


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
