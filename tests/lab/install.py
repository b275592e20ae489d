"""Files written into each machine's overlay before its first start: files, keys, switched-on units."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from . import rights
from .base import datadir
from .host import run
from .plan import FIREWALLS, MACHINES, NODES, Plan

_FILES = Path(__file__).parent / "files"
_TOKEN = re.compile(r"@([A-Z0-9_]+)@")
_UNITS: dict[str, dict[str, str]] = {
    "all": {"lab-net.service": "sysinit.target.wants"},
    "node": dict.fromkeys(
        (
            *("mariadb.service", "haproxy.service", "glusterd.service", "apache2.service"),
            *("var-www-html.mount", "www-mount-retry.service"),
        ),
        "multi-user.target.wants",
    ),
    "fw": dict.fromkeys(
        (
            "pfsense-boot.service",
            "pfsense-webgui.service",
            "pfsense-upgrade.service",
            "check-reload-status.path",
            "ucarp@wan.service",
            "ucarp@lan.service",
        ),
        "multi-user.target.wants",
    ),
}
_SYNC_TO = """\
\t\t<synchronizetoip>{peer}</synchronizetoip>
\t\t<username>admin</username>
\t\t<password>{password}</password>
\t\t<synchronizerules>on</synchronizerules>
\t\t<synchronizealiases>on</synchronizealiases>
\t\t<synchronizenat>on</synchronizenat>
\t\t<synchronizevirtualip>on</synchronizevirtualip>
"""


@dataclass(frozen=True)
class Secrets:
    """This lab's passwords: made anew for each, and nowhere but in its folder."""

    mysql: str
    app: str
    sync: str

    @classmethod
    def fresh(cls) -> Secrets:
        """Random ones."""
        return cls(*(secrets.token_hex(8) for _ in range(3)))


def install(plan: Plan, base: Path, words: Secrets) -> None:
    """All machines' overlays and the keys of the lab."""
    _make_key(plan.dir / "id_ed25519", f"console of {plan.name}")
    _write_private(plan.dir / "mysql-password", words.mysql + "\n")
    public = (plan.dir / "id_ed25519.pub").read_text()
    for machine in MACHINES:
        upper = plan.root(machine) / "upper"
        role = "fw" if machine in FIREWALLS else "node"
        tokens = plan.tokens(machine) | _sync_tokens(machine, plan, words)
        for part in ("all", role):
            _copy_tree(_FILES / part, upper, tokens)
            _switch_on(upper, _UNITS[part])
        _put(upper / "etc/hostname", machine + "\n")
        _put(upper / "etc/hosts", _hosts(plan))
        _put(upper / "etc/ssh/lab_authorized_keys", public)
        _make_key(upper / "etc/ssh/ssh_host_ed25519_key", machine)
        if role == "fw":
            _install_firewall(upper, base)
        else:
            _write_private(upper / "etc/lab-app.cnf", f"[client]\nuser=app\npassword={words.app}\n", mode=0o644)
    _put(plan.root(NODES[0]) / "upper/etc/lab-first-start", "")
    _write_client_files(plan, base)
    for machine in MACHINES:  # over the base image's, which lets ops do anything
        _put(plan.root(machine) / "upper/etc/sudoers.d/ops", rights.sudoers(plan, machine), mode=0o440)


def _sync_tokens(machine: str, plan: Plan, words: Secrets) -> dict[str, str]:
    """Settings of the sync. The primary alone has the peer's address and `enablesync`."""
    primary = machine == FIREWALLS[0]
    sync_to = _SYNC_TO.format(peer=plan.lan(FIREWALLS[1]), password=words.sync) if primary else ""
    enable = "\t\t\t<enablesync></enablesync>\n" if primary else ""
    return {"SYNC_TO": sync_to, "ENABLESYNC": enable, "SYNC_PASSWORD": words.sync}


def _copy_tree(source: Path, target: Path, tokens: dict[str, str]) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            text = _TOKEN.sub(lambda match: tokens.get(match[1], match[0]), path.read_text())
            _put(target / path.relative_to(source), text, mode=0o755 if text.startswith("#!") else 0o644)


def _put(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _write_private(path: Path, text: str, mode: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=mode)
    path.write_text(text)
    path.chmod(mode)


def _switch_on(upper: Path, units: dict[str, str]) -> None:
    for unit, wanted_by in units.items():
        link = upper / "etc/systemd/system" / wanted_by / unit
        link.parent.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"@\w+\.", "@.", unit)
        ours = any((_FILES / part / "etc/systemd/system" / name).exists() for part in _UNITS)
        link.symlink_to(f"/{'etc' if ours else 'lib'}/systemd/system/{name}")


def _install_firewall(upper: Path, base: Path) -> None:
    """FreeBSD keeps things elsewhere, root's shell is sh, and its sysctl hides Debian's."""
    _put(upper / "etc/passwd", (base / "etc/passwd").read_text().replace("/root:/bin/bash", "/root:/bin/sh"))
    (upper / "usr/local/sbin/haproxy").symlink_to("/usr/sbin/haproxy")
    real = upper / "usr/sbin/sysctl.linux"
    real.write_bytes((base / "usr/sbin/sysctl").read_bytes())
    real.chmod(0o755)


def _hosts(plan: Plan) -> str:
    return "127.0.0.1 localhost\n" + "".join(f"{plan.lan(name)} {name}\n" for name in MACHINES)


def _make_key(path: Path, comment: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def _write_client_files(plan: Plan, base: Path) -> None:
    """Write a console's files for reaching the machines: known_hosts, ssh_config and the inventory."""
    known = ""
    for name in MACHINES:
        key = (plan.root(name) / "upper/etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
        known += f"{name},{plan.lan(name)} {' '.join(key)}\n"
    _put(plan.dir / "known_hosts", known)
    _put(plan.dir / "ssh_config", _ssh_config(plan))
    _put(plan.dir / "inventory.toml", _inventory(plan, base))


def _ssh_config(plan: Plan) -> str:
    hosts = "".join(f"Host {name} {plan.lan(name)}\n    HostName {plan.lan(name)}\n" for name in MACHINES)
    return hosts + (
        f"Host *\n    User root\n    IdentityFile {plan.dir}/id_ed25519\n    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {plan.dir}/known_hosts\n    GlobalKnownHostsFile /dev/null\n"
        "    StrictHostKeyChecking yes\n    BatchMode yes\n    ConnectTimeout 5\n    KexAlgorithms curve25519-sha256\n"
    )


def _inventory(plan: Plan, base: Path) -> str:
    firewalls = "".join(f'{name} = "{plan.lan(name)}"\n' for name in FIREWALLS)
    nodes = "".join(f'{name} = "{plan.lan(name)}"\n' for name in NODES)
    return (
        f'[cluster.lab]\ntitle = "the lab {plan.name}"\nvolumes = ["www"]\ncheck_url = "{plan.health_url}"\n'
        f'[cluster.lab.ssh]\nuser = "root"\nconfig = "{plan.dir}/ssh_config"\n'
        f'known_hosts = "{plan.dir}/known_hosts"\nidentity = "{plan.dir}/id_ed25519"\n'
        f"[cluster.lab.firewalls]\n{firewalls}[cluster.lab.nodes]\n{nodes}"
        f'[cluster.lab.vips]\nwan = "{plan.wan_vip}"\nlan = {{ address = "{plan.lan_vip}", url = false }}\n'
        f'[cluster.lab.mysql]\nuser = "drainboard"\npassword_file = "{plan.dir}/mysql-password"\n'
        f'datadir = "{datadir(base)}"\n'
        '[cluster.lab.mysql_proxy]\nbackend = "mysql"\n'
    )
