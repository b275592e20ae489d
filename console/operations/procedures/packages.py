"""The commands of package managers that fetch lists and install updates, and the updates that a patch takes.

Every word is fixed by the inventory, so that sudoers can hold the command. apt-get has no option that keeps a package
back: `PACKAGE/now` names the version that is installed, and `upgrade` then takes it as the newest there is (apt 2.6).
"""

from collections.abc import Iterable

from console.inventory.cluster import Cluster
from console.operations.procedures.steps import Options
from console.probes.hosts.updates import Package, Updates

SECURITY, EXCLUDE = "security-only", "exclude"
"""Names of options."""
REFRESH = {
    "apt-get": ("apt-get", "--quiet", "--option=APT::Update::Error-Mode=any", "update"),
    "dnf": ("dnf", "--assumeyes", "--quiet", "--refresh", "makecache"),
}
_APT = (
    *("env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l", "apt-get", "--yes", "--quiet"),
    *("--option=DPkg::Lock::Timeout=60", "--option=Dpkg::Options::=--force-confdef"),
    *("--option=Dpkg::Options::=--force-confold", "--with-new-pkgs", "upgrade"),
)
"""Configuration files are kept, and no package is removed."""
_DNF = ("dnf", "--assumeyes", "upgrade")


def install(manager: str, cluster: Cluster, options: Options) -> tuple[str, ...]:
    """The command that installs the updates; none for another package manager."""
    security = security_only(cluster, options)
    if manager == "dnf":
        keeps = tuple(f"--exclude={name}" for name in cluster.patch.exclude)
        narrows = (*keeps, *(("--security",) if security else ()))
        # else what needs a package that is kept back would fail everything
        return (*_DNF, *(("--setopt=best=0", *narrows) if narrows else ()))
    if manager == "apt-get":
        script = _kept_back(cluster.patch.exclude, security)
        return ("sh", "-c", script, "sh", *_APT) if script else _APT
    return ()


def _kept_back(names: tuple[str, ...], security: bool) -> str:
    """A script that runs its arguments with each package that is to stay as one more; "" where all may go. It ends
    without installing anything where the simulation fails."""
    parts = list[str]()
    if names:
        known = 'dpkg -s "$p" 2>/dev/null | grep -q "ok installed"'
        parts.append(f'for p in {" ".join(names)}; do {known} && k="$k $p/now"; done')
    if security:
        parts.append("s=$(apt-get -s --with-new-pkgs upgrade) || exit 1")
        others = 'grep "Inst " | grep -F "] (" | grep -v -i -e -security -e :security -e /security | cut -d " " -f 2'
        parts.append(f'for p in $(echo "$s" | {others}); do k="$k $p/now"; done')
    return "; ".join(("k=", *parts, 'exec "$@" $k')) if parts else ""


def as_note(versions: Iterable[tuple[str, str]]) -> str:
    """Names and versions as one note of the journal."""
    return " ".join(f"{name}={version}".replace(" ", "") for name, version in versions)


def of_note(noted: str) -> dict[str, str]:
    """Versions by name, of such a note."""
    return {name: version for name, _, version in (one.partition("=") for one in noted.split())}


def security_only(cluster: Cluster, options: Options) -> bool:
    """By choice, or by the inventory."""
    return bool(options.get(SECURITY)) or cluster.patch.security_only


def taken(cluster: Cluster, updates: Updates, options: Options) -> tuple[Package, ...]:
    """The updates that a patch installs, of those that wait."""
    only = security_only(cluster, options)
    wanted = (one for one in updates.packages if one.plain not in cluster.patch.exclude)
    return tuple(one for one in wanted if one.security or not only)
