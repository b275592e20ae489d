"""The base image: one Debian root for all machines, cached as a zstd tarball and unpacked once.

Everything a machine needs is installed; everything that belongs to a role is disabled and is switched on by the
role's own overlay (see node.py and firewall.py).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .host import LabError, Unavailable, cache_home, run

_PACKAGES = (
    "systemd-sysv dbus iproute2 iputils-ping procps openssh-server sudo netcat-openbsd curl rsync socat kmod "
    "mariadb-server galera-4 glusterfs-server apache2 ssl-cert haproxy ucarp php-cli php-xml"
)
PACKAGES = _PACKAGES.split()

ROLE_UNITS = "mariadb glusterd apache2 haproxy ucarp rsync"
NOISE_UNITS = (
    "apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer dpkg-db-backup.timer "
    "phpsessionclean.timer apache-htcacheclean.service console-getty.service systemd-networkd.service "
    "glustereventsd.service systemd-tmpfiles-clean.timer getty.target getty-static.service "
    "systemd-journal-catalog-update.service ldconfig.service systemd-update-utmp.service"
)

# Each overlay would copy a 100 MB redo log up: the size must stand before the package creates it.
BEFORE_INSTALL = r"""
mkdir -p "$1/etc/mysql/mariadb.conf.d"
printf '[mariadbd]\ninnodb_log_file_size=16M\n' > "$1/etc/mysql/mariadb.conf.d/99-lab-size.cnf"
"""

AFTER_INSTALL = rf"""
set -e
chroot "$1" systemctl disable {ROLE_UNITS} 2>/dev/null || true
chroot "$1" systemctl mask {NOISE_UNITS}
chroot "$1" a2enmod -q ssl headers include cgid status
chroot "$1" a2dissite -q 000-default
chroot "$1" useradd --create-home --shell /bin/sh --password '*' ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' > "$1/etc/sudoers.d/ops"
chmod 440 "$1/etc/sudoers.d/ops"
rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1/var/lib/glusterd/glusterd.info"
rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/apt "$1"/var/log/dpkg.log
: > "$1/etc/machine-id"
"""

DPKG = ["force-unsafe-io", *(f"path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info"))]
APT = ['APT::Install-Recommends "false"', 'Acquire::Languages "none"']


def base_root() -> Path:
    """The unpacked image, built or unpacked first where that has not happened."""
    folder = cache_home() / "lab-base"
    folder.mkdir(parents=True, exist_ok=True)
    tarball = folder / f"{_recipe_hash()}.tar.zst"
    root = folder / _recipe_hash()
    with _alone(folder / "lock"):
        if not tarball.exists():
            _build(tarball)
        if not root.is_dir():
            _unpack(tarball, root)
    return root


def _recipe_hash() -> str:
    recipe = "\n".join([*PACKAGES, BEFORE_INSTALL, AFTER_INSTALL, *DPKG, *APT, _codename()])
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """Two labs started together share one build."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _codename() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise LabError("/etc/os-release names no VERSION_CODENAME: the lab is built from Debian packages")


def _sources() -> list[Path]:
    """The machine's own apt sources of its own release: mirrors and keys are its owner's business."""
    listed = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    files = [path for path in listed if path.suffix in {".list", ".sources"} and path.is_file()]
    return [path for path in files if _codename() in path.read_text()]


def _acquire_options() -> list[str]:
    """Proxies and the like as this machine's apt has them."""
    dump = run(["apt-config", "dump"]).stdout.splitlines()
    wanted = [line for line in dump if line.startswith("Acquire::") and '""' not in line]
    return [line for line in wanted if "IndexTargets" not in line and "CompressionTypes" not in line]


def _build(tarball: Path) -> None:
    part = tarball.with_name(f"part-{os.getpid()}.tar.zst")
    argv: list[str | Path] = ["mmdebstrap", "--variant=apt", "--mode=root", f"--include={','.join(PACKAGES)}"]
    argv += [f"--aptopt={option}" for option in (*_acquire_options(), *APT)]
    argv += [f"--dpkgopt={option}" for option in DPKG]
    argv += [f"--essential-hook={BEFORE_INSTALL}", f"--customize-hook={AFTER_INSTALL}"]
    argv += [_codename(), part, *_sources()]
    log = tarball.with_name("build.log")
    done = run(argv, check=False, timeout=1200)
    log.write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        part.unlink(missing_ok=True)
        raise Unavailable(f"the base image could not be built, see {log}:\n{done.stderr[-1500:]}")
    for old in tarball.parent.glob("*.tar.zst"):
        if old != part:
            old.unlink()
    part.rename(tarball)


def _unpack(tarball: Path, root: Path) -> None:
    """Older images stay: a running lab may stand on one. They go when the cache is emptied."""
    part = root.with_name(f"{root.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    options = ["--zstd", "--xattrs", "--xattrs-include=*", "--numeric-owner"]
    run(["tar", *options, "-xpf", tarball, "-C", part], timeout=300)
    part.rename(root)
