"""A folder that stands for a pfSense: the lab's stand-in for its PHP in one of its forms, and php to run it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.probes.ask import Ran, Run
from console.probes.pools.configured import Change, PooledServer

FILES = Path(__file__).parents[1] / "lab" / "files" / "fw"
PHP = shutil.which("php")
needs_php = pytest.mark.skipif(
    PHP is None, reason="!!! php is NOT INSTALLED: no PHP order was run. apt-get install php-cli php-xml"
)
FORMS = ("2.6", "2.7", "2.8", "master")
CHECK = "#!/bin/sh\n{}\necho Configuration file is valid\n"
SERVER = "<item><name>{}</name><address>{}</address><port>80</port><id>{}</id>{}</item>"
CONFIG = """<?xml version="1.0"?>
<pfsense>
\t<version>23.3</version>
\t<hasync>{sync}</hasync>
\t<filter><rule><descr>first</descr></rule></filter>
\t<installedpackages>{haproxy}</installedpackages>
\t<revision><time>1760000000</time><description>x</description></revision>
</pfsense>
"""


def haproxy(*servers: str) -> str:
    settings = "<enable>yes</enable><maxconn>100</maxconn><localstatsport>2200</localstatsport>"
    pool = f"<name>web</name><id>1</id><check_type>none</check_type><ha_servers>{''.join(servers)}</ha_servers>"
    return f"<haproxy>{settings}<ha_pools><item>{pool}</item></ha_pools></haproxy>"


def server(name: str, address: str, status: str | None = "active") -> str:
    """An item of config.xml; None: without the tag."""
    return SERVER.format(name, address, 101, "" if status is None else f"<status>{status}</status>")


class PfSense:
    """One firewall without a machine."""

    def __init__(self, root: Path, form: str, config: str, check: str = "") -> None:
        """`check`: what haproxy -c does beside saying yes."""
        self.root = root
        shutil.copytree(FILES, root, dirs_exist_ok=True, symlinks=True)
        for folder in ("tmp", "var/etc", "var/run"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        if form != "2.7":
            shutil.copy(FILES / "etc" / "inc" / "forms" / f"{form}.inc", root / "etc" / "inc" / "config.lib.inc")
        boots = root / "etc" / "rc.reboot"  # the lab's would empty this machine's /tmp, and reboot it
        boots.write_text(f"#!/bin/sh\necho rebooted > {root}/rebooted\n")
        self.file = root / "cf" / "conf" / "config.xml"
        self.file.write_text(config)
        program = root / "usr" / "local" / "sbin" / "haproxy"
        program.write_text(CHECK.format(check))
        program.chmod(0o755)

    def run(self, order: Run, timeout: float | None = None) -> Ran:
        """Run an order like the machine would, with the folder in the place of /."""
        script = order.stdin.replace('"/usr/local/pkg/', f'"{self.root}/usr/local/pkg/')
        paths = ":".join(str(self.root / folder) for folder in ("etc/inc", "usr/local/pkg", "usr/local/pkg/haproxy"))
        words = [*(("timeout", str(timeout)) if timeout else ()), str(PHP), "-d", f"include_path={paths}"]
        done = subprocess.run(
            [*words, "-d", "error_log=/dev/null", "-q"],
            input=script,
            env=os.environ | {"PFSENSE_ROOT": str(self.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def statuses(self) -> dict[str, str]:
        """The statuses in config.xml now, by server."""
        items = re.findall(r"<item>\s*<name>(node\d)</name>(.*?)</item>", self.file.read_text(), re.DOTALL)
        return {name: (re.findall(r"<status>(.*?)</status>", rest) or ["-"])[0] for name, rest in items}


def result(answer: Ran) -> dict[str, Any]:
    """The script's last words."""
    return json.loads(answer.out.rpartition("\ndrainboard ")[2])


def change(name: str, address: str, before: str, after: str, pool: str = "web") -> Change:
    return Change(PooledServer(pool, name, address, before), after)
