"""relayd's part of pfSense's config.xml (up to 2.4.5), and how to change it as its web interface does.

`load_balancer/lbpool`: `servers` get traffic, `serversdisabled` do not and are left out of relayd.conf; a pool without
any `servers` makes no table, which breaks the whole configuration (pfSense RELENG_2_4_5 vslb.inc, status_lb_pool.php).
"""

from functools import partial
from typing import Any, cast

from console.probes.ask import Run
from console.probes.parsing import rows
from console.probes.pools.configured import Change, Found, PooledServer, collected, php, text

_STATUSES = {"servers": "active", "serversdisabled": "disabled"}


def servers(load_balancer: Any) -> Found:
    """Every server of every pool; a server is named by its address."""
    return collected(
        partial(_server, pool, entry, key)
        for pool in rows(load_balancer, "lbpool")
        for key in _STATUSES
        for entry in cast("list[Any]", pool.get(key) or [])
        if entry
    )


def _server(pool: Any, entry: Any, key: str) -> PooledServer:
    address = text({key: entry}, key)
    return PooledServer(text(pool, "name"), address, address, _STATUSES[key])


def persist(changes: tuple[Change, ...], sync: bool, description: str) -> Run:
    """The order that moves addresses between `servers` and `serversdisabled` and reloads relayd, which forgets what was
    disabled at run time only. write_config itself starts pfSense's own sync; `sync` starts it where nothing is left to
    be written."""
    return php(_PHP, changes, sync, description)


_PHP = """<?php
require_once("config.inc");
require_once("functions.inc");
require_once("util.inc");
require_once("filter.inc");
require_once("shaper.inc");
require_once("vslb.inc");

function drainboard_list($pool, $key) {
    return isset($pool[$key]) && is_array($pool[$key]) ? array_values(array_filter($pool[$key])) : array();
}

function drainboard_pools() {
    global $config;
    return isset($config['load_balancer']['lbpool']) && is_array($config['load_balancer']['lbpool']) ? $config['load_balancer']['lbpool'] : array();
}

function drainboard_apply($servers) {
    global $config;
    $changed = 0;
    foreach ($servers as $want) {
        $is = null;
        foreach (drainboard_pools() as $p => $pool) {
            if (!isset($pool['name']) || $pool['name'] !== $want['pool']) { continue; }
            $active = drainboard_list($pool, 'servers');
            $disabled = drainboard_list($pool, 'serversdisabled');
            if (!in_array($want['address'], array_merge($active, $disabled), true)) { continue; }
            $is = in_array($want['address'], $active, true) ? 'active' : 'disabled';
            if (!drainboard_differs($want, $is)) { continue; }
            $active = array_values(array_diff($active, array($want['address'])));
            $disabled = array_values(array_diff($disabled, array($want['address'])));
            if ($want['status'] === 'active') { $active[] = $want['address']; } else { $disabled[] = $want['address']; }
            $config['load_balancer']['lbpool'][$p]['servers'] = $active;
            unset($config['load_balancer']['lbpool'][$p]['serversdisabled']);
            if (count($disabled) > 0) { $config['load_balancer']['lbpool'][$p]['serversdisabled'] = $disabled; }
            $changed++;
        }
        if ($is === null) { drainboard_differs($want, $is); }
    }
    return $changed;
}

function drainboard_check() {
    foreach (drainboard_pools() as $pool) {
        if (count(drainboard_list($pool, 'servers')) === 0 && count(drainboard_list($pool, 'serversdisabled')) > 0) {
            drainboard_refuse("pool {$pool['name']} would have no server left: without one relayd has no configuration at all");
        }
    }
}

function drainboard_finish($changed, $sync) {
    if ($changed > 0) {
        filter_configure();
        relayd_configure();
        clear_subsystem_dirty('loadbalancer');
    } elseif ($sync) {
        carp_sync_client();
    }
}

"""  # noqa: E501 -- PHP, kept one statement a line
