"""Identifies the boot of the machine that this console runs on."""

import subprocess
import sys
from pathlib import Path

from console.probes.hosts.identity import BOOT_ID, FREEBSD, boot_of_firewall

WORDS = ("/bin/sh", "-c", FREEBSD)


def own_boot() -> str:
    """This machine's boot, in the form of `Identity.boot`; "" where it can't be read, as on a machine that can be
    neither node nor firewall."""
    try:
        if sys.platform.startswith("freebsd"):
            told = subprocess.run(WORDS, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 -- fixed
            return boot_of_firewall(told.stdout)
        return Path(BOOT_ID).read_text().strip()
    except (OSError, subprocess.SubprocessError):
        return ""
