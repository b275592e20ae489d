"""Which boot of which machine this console itself runs on."""

import subprocess
import sys
from pathlib import Path

from console.probes.hosts.identity import BOOT_ID, FREEBSD, boot_of_firewall

WORDS = ("/bin/sh", "-c", FREEBSD)


def own_boot() -> str:
    """As `Identity.boot` has it; "" where it is not told, as on a machine that can be no node and no firewall."""
    try:
        if sys.platform.startswith("freebsd"):
            told = subprocess.run(WORDS, capture_output=True, text=True, timeout=5, check=False)  # noqa: S603 -- fixed
            return boot_of_firewall(told.stdout)
        return Path(BOOT_ID).read_text().strip()
    except (OSError, subprocess.SubprocessError):
        return ""
