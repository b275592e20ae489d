"""The machine that the lab runs on: our user, its tools, running a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# The command is asked for, the package is what apt calls it.
TOOLS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "zstd": "zstd",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "openssl": "openssl",
    "nsenter": "util-linux",
}


class LabError(Exception):
    """A sentence for the one who started the lab: what went wrong and where to look."""


class Unavailable(LabError):
    """The packages the lab is made of can't be had here: a reason to skip, not a broken lab."""


def run(
    argv: Sequence[str | Path],
    *,
    check: bool = True,
    timeout: float = 60,
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run to the end and keep what was printed: a failed step of the lab must show the tool's own words."""
    words = [str(word) for word in argv]
    done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, input=stdin, env=env, check=False)
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(words)[:300]} -> {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def cache_home() -> Path:
    """Outside the checkout on purpose: a clean clone must not build the image again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "drainboard"


def missing_tools() -> list[str]:
    """Commands of TOOLS that are not here."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def why_not() -> str:
    """The reason why no lab can run here; empty when one can."""
    if os.geteuid() != 0:
        return "not root: the lab mounts filesystems and makes namespaces"
    if not Path("/dev/fuse").exists():
        return "no /dev/fuse: the Gluster volume is mounted by FUSE"
    if shutil.which("unshare") is None:
        return "no unshare(1)"
    if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        return "no new namespaces allowed here (unshare --net --mount failed)"
    if "cgroup2" not in Path("/proc/filesystems").read_text() or "overlay" not in _filesystems():
        return "the kernel offers no cgroup2 or no overlay filesystem"
    if missing_tools() and shutil.which("apt-get") is None:
        return f"missing {', '.join(missing_tools())}, and no apt-get to install them"
    return ""


def _filesystems() -> str:
    """Overlay may be a module that is loaded by its first use."""
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", "-q", "overlay"], capture_output=True, check=False)
    return Path("/proc/filesystems").read_text()


def install_tools() -> None:
    """A machine with apt gets what is missing, so that a newcomer needs no list of packages."""
    packages = sorted({TOOLS[tool] for tool in missing_tools()})
    if not packages:
        return
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update"], check=False, timeout=300, env=env)
    done = run(["apt-get", "install", "-y", "--no-install-recommends", *packages], check=False, timeout=600, env=env)
    if done.returncode != 0:
        raise Unavailable(f"apt-get could not install {' '.join(packages)}:\n{done.stderr[-1500:]}")
