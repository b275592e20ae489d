"""The base image: one Debian root for all machines, cached by suite as a zstd tarball and unpacked once.

Everything a machine needs is installed; everything that belongs to a role is disabled and is switched on by the
role's own overlay (see install.py).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .host import LabError, Unavailable, cache_home, run

_PACKAGES = (
    "systemd-sysv dbus mount iproute2 iputils-ping procps openssh-server sudo netcat-openbsd curl rsync socat kmod "
    "mariadb-server galera-4 glusterfs-server apache2 ssl-cert haproxy ucarp php-cli php-xml"
)
PACKAGES = _PACKAGES.split()
DNF = ["dnf", "dnf-plugins-core", "createrepo-c", "rpm"]
"""CentOS's package manager, for one node of one test. sid has only dnf5, under other names."""

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
rm -f "$1"/usr/bin/dnf  # it stays as dnf-3: a second package manager would be told of every node
rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1/var/lib/glusterd/glusterd.info"
rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/apt "$1"/var/log/dpkg.log
: > "$1/etc/machine-id"
"""

# bullseye has no ucarp: that one is bookworm's, with the C library it needs. And its /sbin is not yet /usr/sbin.
LENDER = {"bullseye": "bookworm"}
LENT = ("libc6/bookworm", "libc-bin/bookworm")
MERGE = "--setup-hook=/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh"

DPKG = ["force-unsafe-io", *(f"path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info"))]
APT = ['APT::Install-Recommends "false"', 'Acquire::Languages "none"']


@dataclass(frozen=True)
class Image:
    """The contents of a root; `before` and `after` are hooks of mmdebstrap."""

    name: str
    packages: tuple[str, ...]
    before: str = "true"
    after: str = "true"

    @property
    def hash(self) -> str:
        """Another one for every change of what goes in."""
        recipe = "\n".join([*self.packages, self.before, self.after, *DPKG, *_apt_options(), suite()])
        return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def suite() -> str:
    """The release whose packages the lab is made of: DRAINBOARD_LAB_SUITE, or this machine's own."""
    return os.environ.get("DRAINBOARD_LAB_SUITE") or _codename()


def base_root(image: Image | None = None) -> Path:
    """The unpacked image, of the lab's machines if no other is meant, built or unpacked first if need be."""
    image = image or Image("machine", (*PACKAGES, *_of_suite()), BEFORE_INSTALL, AFTER_INSTALL)
    folder = cache_home() / "lab-base" / suite()
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / f"{image.name}-{image.hash}"
    tarball = folder / f"{root.name}.tar.zst"
    with _alone(folder / "lock"):
        if not tarball.exists():
            _build(image, tarball)
        if not root.is_dir():
            _unpack(tarball, root)
    return root


def _of_suite() -> tuple[str, ...]:
    lent = LENT if suite() in LENDER else ()
    return lent if suite() == "sid" else (*lent, *DNF)


def datadir(root: Path) -> str:
    """MariaDB's data folder in a root: Debian's 11.8.6-5 has moved it."""
    new = "var/lib/mariadb"
    return f"/{new if (root / new).is_dir() else 'var/lib/mysql'}"


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


def _sources_of_suite() -> list[Path | str]:
    """Another release comes from the mirror of the machine's own."""
    if suite() == _codename():
        return list(_sources())
    return [f"deb {_mirror()} {name} main" for name in (suite(), LENDER.get(suite())) if name]


def _mirror() -> str:
    for path in _sources():
        text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE)
        for entry in text.split("\n\n" if path.suffix == ".sources" else "\n"):
            urls = [word for word in entry.split() if "://" in word]
            if urls and _codename() in entry.split():
                return urls[0]
    raise Unavailable(f"apt's sources name no mirror of {_codename()}, so there is none to ask for {suite()}")


def _apt_options() -> list[str]:
    """An archive of another release may not have been signed anew for long. Its signature is checked all the same."""
    if suite() == _codename():
        return APT
    return [*APT, 'Acquire::Check-Valid-Until "false"', f'APT::Default-Release "{suite()}"']


def _acquire_options() -> list[str]:
    """Proxies and the like as this machine's apt has them."""
    dump = run(["apt-config", "dump"]).stdout.splitlines()
    wanted = [line for line in dump if line.startswith("Acquire::") and '""' not in line]
    return [line for line in wanted if "IndexTargets" not in line and "CompressionTypes" not in line]


def _build(image: Image, tarball: Path) -> None:
    part = tarball.with_name(f"part-{os.getpid()}.tar.zst")
    argv: list[str | Path] = ["mmdebstrap", "--variant=apt", "--mode=root", f"--include={','.join(image.packages)}"]
    argv += [f"--aptopt={option}" for option in (*_acquire_options(), *_apt_options())]
    argv += [f"--dpkgopt={option}" for option in DPKG]
    argv += [MERGE] if suite() in LENDER else []
    argv += [f"--essential-hook={image.before}", f"--customize-hook={image.after}"]
    argv += [suite(), part, *_sources_of_suite()]
    log = tarball.with_name(f"{image.name}.log")
    done = run(argv, check=False, timeout=1200)
    log.write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        part.unlink(missing_ok=True)
        raise Unavailable(f"the base image could not be built, see {log}:\n{done.stderr[-1500:]}")
    for old in tarball.parent.glob(f"{image.name}-*.tar.zst"):
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
