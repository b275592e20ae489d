"""The HAProxy package's part of pfSense's config.xml, and how to change it by pfSense's own PHP.

Without a reload of the busy HAProxy: persisting without one keeps the sessions countable (FreeBSD-ports
net/pfSense-pkg-haproxy haproxy.inc).
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from console.probes.ask import Run
from console.probes.parsing import MAX_SHORT, dig, rows
from console.probes.pools import hold
from console.probes.pools.configured import MAX_VALUE, Change, Found, PooledServer, collected, php, text
from console.text import plain_text

OWN = ("enablesync", "log-send-hostname")
"""Settings that a firewall keeps as its own when it receives its peer's (haproxy_xmlrpcsyncclient.inc)."""


def servers(haproxy: Any) -> Found:
    """Every server of every backend of `installedpackages/haproxy`."""
    return collected(
        partial(_server, pool, server)
        for pool in rows(haproxy, "ha_pools", "item")
        for server in rows(pool, "ha_servers", "item")
    )


def _server(pool: Any, server: Any) -> PooledServer:
    """Read a server by the package's rules: without a status it is active, without a name its address is its name."""
    address = text(server, "address")
    name, status = text(server, "name") or address, text(server, "status") or "active"
    noted = hold.read(_word(server, "advanced")[-MAX_VALUE:])
    return PooledServer(
        text(pool, "name"), name, address, status, _word(server, "port"), _word(server, "weight"), noted
    )


def uncertified(root: Any) -> tuple[str, ...]:
    """Parts of HAProxy that need a certificate or an authority which this config.xml does not hold: the package then
    writes an empty file, which HAProxy refuses. Empty where HAProxy is off."""
    haproxy = dig(root, "installedpackages", "haproxy")
    if not isinstance(haproxy, dict) or "enable" not in haproxy:
        return ()
    held = {_word(one, "refid") for kind in ("cert", "ca") for one in rows(root, kind)}
    frontends = {_word(one, "name"): one for one in rows(haproxy, "ha_backends", "item")}
    needs = [(f"frontend {plain_text(name, MAX_SHORT)}", _frontends(one, frontends)) for name, one in frontends.items()]
    for pool in rows(haproxy, "ha_pools", "item"):
        servers = rows(pool, "ha_servers", "item")
        needs.append(
            (
                f"pool {plain_text(_word(pool, 'name'), MAX_SHORT)}",
                [ref for server in servers for ref in _servers(server)],
            )
        )
    return tuple(what for what, refs in needs if any(ref and ref not in held for ref in refs))


def _frontends(frontend: Any, frontends: Mapping[str, Any]) -> list[str]:
    """A secondary frontend shares the addresses of its primary one, and brings certificates only where it says so."""
    secondary = _word(frontend, "secondary") == "yes"
    primary = frontends.get(_word(frontend, "primary_frontend")) if secondary else frontend
    offloads = any(_word(one, "extaddr_ssl") == "yes" for one in rows(primary, "a_extaddr", "item"))
    offloads = offloads and (not secondary or _word(frontend, "ssloffload") == "yes")
    if _word(frontend, "status") != "active" or not offloads:
        return []
    more = [_word(one, "ssl_certificate") for one in rows(frontend, "ha_certificates", "item")]
    authorities = [_word(one, "cert_ca") for one in rows(frontend, "clientcert_ca", "item")]
    return [_word(frontend, "ssloffloadcert"), *more, *authorities]


def _servers(server: Any) -> list[str]:
    if _word(server, "status") == "inactive" or "yes" not in (_word(server, "ssl"), _word(server, "checkssl")):
        return []
    verified = _word(server, "sslserververify") == "yes"
    return [_word(server, "ssl-server-clientcert"), _word(server, "ssl-server-ca") if verified else ""]


def _word(tree: Any, *keys: str) -> str:
    """A text that is compared and never sent, whatever it holds: one odd name costs nothing else."""
    found = dig(tree, *keys)
    return found if isinstance(found, str) else ""


def persist(changes: tuple[Change, ...], sync: bool, description: str) -> Run:
    """The order that writes statuses into config.xml, checked by haproxy -c, without a reload here.

    With `sync` the package's own XMLRPC sync runs in the foreground; it does not report failure, so the peer's
    config.xml is what tells.
    """
    own = _PHP.replace("@NOTE@", hold.PATTERN).replace("@MOST@", str(hold.MAX_NOTE))
    return php(own, changes, sync, description)


_PHP = """<?php
require_once("config.inc");
require_once("functions.inc");
require_once("util.inc");
require_once("/usr/local/pkg/haproxy/haproxy.inc");

/* The note of a hold at the end of a server's own settings, or ''. What looks like one and is none of ours is left alone. */
function drainboard_note($server) {
    $settings = $server['advanced'] ?? '';
    if (!is_string($settings) || preg_match('/@NOTE@/D', $settings, $match) !== 1 || strlen($match[0]) > @MOST@) { return ''; }
    foreach (array('since', 'until') as $when) {
        list($year, $month, $day) = array_pad(array_map('intval', explode('-', $match[$when])), 3, 0);
        if ($match[$when] !== '-' && !checkdate($month, $day, $year)) { return ''; }
    }
    return $match[0];
}

/* Sets or removes that note and nothing else. A tag that was there and empty keeps a blank: both kinds come back as they were. */
function drainboard_noted($server, $note) {
    $there = isset($server['advanced']) && is_string($server['advanced']);
    $old = drainboard_note($server);
    $rest = $there ? substr($server['advanced'], 0, strlen($server['advanced']) - strlen($old)) : '';
    $absent = !$there || ($old !== '' && $rest === '');
    if ($old !== '' && substr($rest, -1) === ' ') { $rest = substr($rest, 0, -1); }
    if ($note === '' && $absent) { unset($server['advanced']); return $server; }
    $server['advanced'] = $note === '' ? $rest : ($absent ? $note : "$rest $note");
    return $server;
}

function drainboard_apply($servers) {
    global $config;
    $changed = 0;
    foreach ($servers as $want) {
        $is = null;
        foreach ($config['installedpackages']['haproxy']['ha_pools']['item'] ?? array() as $p => $pool) {
            if (($pool['name'] ?? '') !== $want['pool']) { continue; }
            foreach ($pool['ha_servers']['item'] ?? array() as $s => $server) {
                $address = $server['address'] ?? '';
                $name = ($server['name'] ?? '') ?: $address;
                if ($name !== $want['server'] || $address !== $want['address']) { continue; }
                $is = ($server['status'] ?? '') ?: 'active';  /* as the package takes it */
                if (!drainboard_differs($want, $is, drainboard_note($server))) { continue; }
                if ($is !== $want['status']) { $server['status'] = $want['status']; }
                if (isset($want['note'])) { $server = drainboard_noted($server, $want['note']); }
                $config['installedpackages']['haproxy']['ha_pools']['item'][$p]['ha_servers']['item'][$s] = $server;
                $changed++;
            }
        }
        if ($is === null) { drainboard_differs($want, $is); }
    }
    return $changed;
}

function drainboard_check() {
    register_shutdown_function('drainboard_tidy');
    if (function_exists('pcntl_async_signals')) {  /* where our time is up: tidied up then, too */
        pcntl_async_signals(true);
        pcntl_signal(SIGTERM, function () { exit(143); });
    }
    $message = '';
    $valid = haproxy_check_and_run($message, false);
    drainboard_tidy();
    if (!$valid) { drainboard_refuse('haproxy -c refuses the new configuration: ' . strip_tags($message)); }
}

/* The check leaves its copy behind, with the private keys of the certificates. */
function drainboard_tidy() {
    global $g;
    rmdir_recursive("{$g['varetc_path']}/haproxy_test");
}

function drainboard_finish($changed, $sync) {
    global $g;
    if ($changed > 0) {
        $lock = lock('haproxy', LOCK_EX);
        haproxy_writeconf("{$g['varetc_path']}/haproxy");
        unlock($lock);
    }
    try {
        if ($sync) { haproxy_do_xmlrpc_sync(); }
    } catch (Throwable $error) {
        drainboard_refuse('config.xml is written here, and its sync to the other firewall failed: ' . $error->getMessage());
    }
}

"""  # noqa: E501 -- PHP, kept one statement a line
