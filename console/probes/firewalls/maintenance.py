"""Persistent CARP maintenance mode and a reboot, by pfSense's own functions.

pfSense src/etc/inc/interfaces.inc, interfaces_carp_set_maintenancemode, the same from 2.4.5 to master: where it changes
something it sets or removes `virtualip_carp_maintenancemode` and writes config.xml; then every CARP address advertises
advskew 254, or the configured one again. Demotion stays as it is. The mode is not synced, and outlasts a boot.
"""

from console.probes.ask import Run
from console.probes.firewalls import script

ENTERED, LEFT = "Enter CARP maintenance mode", "Leave CARP maintenance mode"
"""pfSense's own texts of the two revisions, after who wrote them."""


def set_maintenance(on: bool, who: str) -> Run:
    """The order. The revision's text names `who`, as it names whoever is logged in to the web interface."""
    return script.order(_REQUIRES, _ACTS, {"on": on, "who": f"{who} (drainboard)"})


def reboot() -> Run:
    """The order to reboot, as the web interface does it: packages are stopped, CARP gives up its roles, and rc.reboot
    waits for whoever writes config.xml (src/etc/inc/system.inc, system_reboot)."""
    return script.order(_REQUIRES + _SYSTEM, _REBOOTS, {})


_SYSTEM = 'require_once("system.inc");\n\n'
_REBOOTS = """\
system_reboot();
drainboard_end(array('ok' => true));
"""
_REQUIRES = """<?php
require_once("config.inc");
require_once("functions.inc");
require_once("interfaces.inc");

"""
_ACTS = """\
drainboard_read();
$_SESSION = array('Username' => $drainboard['who']);  /* pfSense writes it into the revision */
interfaces_carp_set_maintenancemode($drainboard['on']);
drainboard_read();
if (isset($config['virtualip_carp_maintenancemode']) !== $drainboard['on']) { drainboard_refuse('pfSense could not write config.xml'); }
drainboard_end(array('ok' => true));
"""  # noqa: E501 -- PHP, kept one statement a line
