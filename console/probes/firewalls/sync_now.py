"""A configuration sync that is started now, as pfSense's own buttons do. Neither tells whether it has worked.

HAProxy's package syncs its own section (haproxy_do_xmlrpc_sync, in the foreground). pfSense's own sync, that of Status
/ Filter Reload, is an event for check_reload_status: `filter sync`, the same from 2.4.5 to master.
"""

from console.probes.ask import Run
from console.probes.firewalls import script


def sync_pools() -> Run:
    """The order to send HAProxy's section to the other firewall, which replaces its own and reloads."""
    return script.order(_REQUIRES + _PACKAGE, _POOLS, {"sync": "haproxy"})


def sync_core() -> Run:
    """The order to send what pfSense itself is told to sync."""
    return script.order(_REQUIRES, _CORE, {"sync": "core"})


_REQUIRES = """<?php
require_once("config.inc");
require_once("functions.inc");
require_once("util.inc");
"""
_PACKAGE = 'require_once("/usr/local/pkg/haproxy/haproxy.inc");\n\n'
_POOLS = """\
drainboard_read();
if (!isset($config['installedpackages']['haproxy']['enablesync'])) { drainboard_refuse("HAProxy's own sync is off here"); }
try {
    haproxy_do_xmlrpc_sync();
} catch (Throwable $error) {
    drainboard_refuse('the sync to the other firewall failed: ' . $error->getMessage());
}
drainboard_end(array('ok' => true));
"""  # noqa: E501 -- PHP, kept one statement a line
_CORE = """\
drainboard_read();
if (empty($config['hasync']['synchronizetoip'])) { drainboard_refuse('this firewall syncs to nobody'); }
send_event('filter sync');
drainboard_end(array('ok' => true));
"""
