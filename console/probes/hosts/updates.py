"""Pending updates of a node, half-installed packages, and whether it waits for a reboot. No network, no lock: what the
package manager knows.

The manager is the one of the system that /etc/os-release names. Debian and Ubuntu: apt-get's simulation. CentOS 7: yum
-C, which reads root's cache; CentOS 8 and 9: dnf -C with root's cache named, as each user has one of their own
otherwise; dnf5 keeps another one. How old that knowledge is depends on who refreshes it there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import lines_of, ran, short, told, without_sudo
from console.probes.question import Cadence, Question, Subject
from console.text import plain_text, quoted


@dataclass(frozen=True)
class Package:
    """A package that waits for its update."""

    name: str
    now: str
    """The installed version; "" where the package manager does not list it."""
    then: str
    security: bool | None = None
    """None: the package manager does not tell."""

    @property
    def plain(self) -> str:
        """Its name without the architecture: libc6:i386, bash.x86_64."""
        return _ARCHITECTURE.sub("", self.name)


@dataclass(frozen=True)
class Updates:
    """`security` None: the package manager does not tell which ones are. `kernel`: the running one."""

    pending: int
    security: int | None
    reboot_required: bool | None
    """None if it can't be told, as in a container, whose kernel is not its own."""
    kernel: str
    unread: tuple[str, ...] = ()
    """Parts of the list that can't be read."""
    manager: str = ""
    """apt-get, dnf or yum."""
    others: tuple[str, ...] = ()
    """Other package managers that are installed beside it."""
    packages: tuple[Package, ...] = ()
    """The first MAX_PACKAGES that wait."""
    half_done: str | None = ""
    """The first line of `dpkg --audit` or `dnf check` about packages that are half installed; "" for none. None: not
    asked, as of yum."""
    replaced: tuple[str, ...] = ()
    """Files that a package has left beside the configuration of Apache, MySQL and Gluster: the packaged version of one
    that was kept (.dpkg-dist, .ucf-dist, .rpmnew), or the kept version of one that was replaced (.rpmsave)."""


MAX_KERNELS = 50
MAX_PACKAGES = 400
MAX_FILES = 30

_SCRIPT = r"""
read -r kernel </proc/sys/kernel/osrelease && echo "kernel $kernel"
for image in /boot/vmlinuz-*; do [ -e "$image" ] && echo "installed ${image#/boot/vmlinuz-}"; done
[ -e /var/run/reboot-required ] && echo "flagged"
name= version=
[ -r /etc/os-release ] && while IFS='=' read -r key value; do
  case $key in ID | ID_LIKE) name="$name $value" ;; VERSION_ID) version=${value#\"} ;; esac
done </etc/os-release
case "$name $version" in
  *debian* | *ubuntu*) order="apt-get dnf yum" ;;
  *rhel*\ [67]* | *centos*\ [67]*) order="yum dnf apt-get" ;;
  *rhel* | *centos* | *fedora*) order="dnf yum apt-get" ;;
  *) order="apt-get dnf yum" ;;
esac
managers=
for one in $order; do command -v "$one" >/dev/null && managers="$managers $one"; done
echo "managers$managers"
set -- $managers
known() { for list do [ -e "$list" ] && { echo "known"; break; }; done; }
rpm() {
  echo "== updates"; nice "$@" check-update; echo "status $?"
  echo "== security"; nice "$@" check-update --security; echo "status $?"
}
case $1 in
apt-get)
  known /var/lib/apt/lists/*Packages*
  echo "== apt"
  nice apt-get -s -o Debug::NoLocking=1 dist-upgrade
  echo "status $?"
  echo "== audit"; dpkg --audit; echo "status $?" ;;
dnf)
  cache=/var/cache/dnf
  case $(readlink -f "$(command -v dnf)") in *dnf5) cache=/var/cache/libdnf5 ;; esac
  known "$cache"/*/repodata/repomd.xml
  rpm dnf -C -q --setopt=cachedir="$cache"
  echo "== restarting"; nice dnf -C -q --setopt=cachedir="$cache" needs-restarting -r
  echo "== audit"; nice dnf -C -q --setopt=cachedir="$cache" check 2>&1; echo "status $?" ;;
yum)
  known /var/cache/yum/*/*/*/repomd.xml
  rpm yum -C -q
  echo "== restarting"; nice needs-restarting -r ;;
esac
echo "== replaced"
for place in /etc/apache2 /etc/httpd /etc/mysql /etc/my.cnf* /etc/percona* /etc/glusterfs; do
  [ -e "$place" ] && find "$place" '(' -name '*.rpmnew' -o -name '*.rpmsave' -o -name '*.dpkg-dist' \
    -o -name '*.dpkg-new' -o -name '*.ucf-dist' ')' 2>/dev/null
done
echo "== end"
"""
_ARCHES = r"noarch|x86_64|x86_64_v[2-4]|i[3-6]86|aarch64|armv7hl|ppc64le|riscv64|s390x"
_ARCHITECTURE = re.compile(rf":[a-z0-9-]+$|\.(?:{_ARCHES})$")
_PACKAGE = re.compile(
    rf"^(?P<name>[\w.+~^-]+\.(?:{_ARCHES}))"
    r"(?:(?:\n[ \t]|[ \t])[ \t]*(?P<then>\S+)|\s|$)",
    re.MULTILINE,
)
_UPGRADE = re.compile(r"^Inst (?P<name>\S+) \[(?P<now>[^\]\n]*)\] \((?P<then>\S*)(?P<origin>[^\n]*)", re.MULTILINE)
_SUMMARY = re.compile(
    r"^(?P<upgraded>[0-9]{1,6}) upgraded, [0-9]{1,6} newly installed, (?:(?P<again>[0-9]{1,6}) reinstalled, )?"
    r"(?:(?P<down>[0-9]{1,6}) downgraded, )?",
    re.MULTILINE,
)
_NEW_SUMMARY = re.compile(
    r"^ *Upgrading: (?P<upgraded>[0-9]{1,6}), (?:Downgrading: (?P<down>[0-9]{1,6}), )?Installing: [0-9]{1,6}, "
    r"(?:Reinstalling: (?P<again>[0-9]{1,6}), )?(?:Downgrading: (?P<later>[0-9]{1,6}), )?Removing: ",
    re.MULTILINE,
)
"""The sum in apt 2.9 and later, where APT::Output-Version is 30."""
_TROUBLE = re.compile(
    r"^(?:The following packages\b.*|.*\b(?:is a duplicate with|has missing requires of|has installed conflict)\b.*|"
    r"\S+\n(?: .*\n)*? (?:duplicate with|missing require|installed conflict) \".*)$",
    re.MULTILINE,
)
"""dpkg --audit (dpkg(1)), dnf check (dnf's commands/check.py), and that of dnf5: a package, and its problems below."""
_OBSOLETING = re.compile(r"(?im)^Obsoleting packages$")
_SECURITY = re.compile(r"(?i)[-/:]security")
_STATUS = re.compile(r"^status (?P<status>[0-9]{1,3})$", re.MULTILINE)


def parse(answers: tuple[Ran, ...], _before: Updates | None) -> Updates:
    """Read the parts that _SCRIPT prints, each headed `== NAME`."""
    said = _own_words(answers[0].err)
    head, *rest = re.split(r"(?m)^== (\w+)\n?", ran(answers[0]))
    parts = dict(zip(rest[::2], rest[1::2], strict=True))
    if "end" not in parts or rest[-1].strip():
        raise Unreadable("the answer about updates has no end")
    lines = [line.partition(" ") for line in lines_of(head)]
    kernel = next((value for name, _, value in lines if name == "kernel"), "")
    if not kernel:
        raise Unreadable("/proc named no kernel")
    installed = [value for name, _, value in lines if name == "installed"][:MAX_KERNELS]
    flagged = any(name == "flagged" for name, _, _ in lines)
    unread: list[str] = []
    managers = next((value for name, _, value in lines if name == "managers"), "").split()
    pending, security = _pending(parts, any(name == "known" for name, _, _ in lines), said, unread)
    reboot = True if flagged else _restarting(parts.get("restarting", ""))
    reboot = _outdated(kernel, installed) if reboot is None else reboot
    return Updates(
        pending,
        security,
        reboot,
        short(kernel),
        told(unread),
        short(managers[0]) if managers else "",
        tuple(short(name) for name in managers[1:3]),
        tuple(islice(_named(parts, security is not None), MAX_PACKAGES)),
        _half_done(parts.get("audit")),
        tuple(plain_text(line, 120) for line in islice(lines_of(parts.get("replaced", "").strip()), MAX_FILES) if line),
    )


def _named(parts: dict[str, str], told: bool) -> Iterator[Package]:
    """`told`: the package manager tells which are for security."""
    if "apt" in parts:
        for found in _UPGRADE.finditer(parts["apt"]):
            urgent = bool(_SECURITY.search(found["origin"])) if told else None
            yield Package(short(found["name"]), short(found["now"]), short(found["then"]), urgent)
    urgents = {found["name"] for found in _listed(parts.get("security", ""))}
    for found in _listed(parts.get("updates", "")):
        yield Package(short(found["name"]), "", short(found["then"] or ""), found["name"] in urgents if told else None)


def _half_done(audit: str | None) -> str | None:
    """dpkg tells of trouble by a list, with status 0 or 1; dnf by lines of its own, with status 1."""
    if audit is None or _status(audit) is None:
        return None
    if trouble := _TROUBLE.search(audit):
        return quoted(trouble[0].strip(), 160)
    return "" if _status(audit) == 0 else None


def _own_words(err: str) -> str:
    """The package manager's own words for its failure: the first line that is an error, or the last."""
    lines = [line for line in lines_of(without_sudo(err)) if line.strip()]
    worst = next((line for line in lines if line.startswith(("E:", "Error", "error"))), lines[-1] if lines else "")
    return f", it said {quoted(worst, 160)}" if worst else ""


def _pending(parts: dict[str, str], known: bool, said: str, unread: list[str]) -> tuple[int, int | None]:
    if not {"apt", "updates"} & set(parts):
        raise Unreadable("this node has neither apt-get nor dnf nor yum")
    if not known:
        remedy = "apt-get update" if "apt" in parts else "dnf makecache, or yum makecache,"
        raise Unreadable(f"the package manager knows of no packages: run {remedy} on this node")
    if "apt" in parts:
        return _apt(parts["apt"], said, unread)
    return _rpm(parts["updates"], parts.get("security", ""), said)


def _apt(text: str, said: str, unread: list[str]) -> tuple[int, int | None]:
    """apt-get's own sum counts; where the packages it names are others, none of them is told for security. Those that
    are newly installed are none of them, and those that a pin takes back to an older version are."""
    if _status(text) != 0:
        raise Unreadable(f"apt-get's simulation failed{said}")
    origins = [match["origin"] for match in _UPGRADE.finditer(text)]
    summary = _SUMMARY.search(text) or _NEW_SUMMARY.search(text)
    if summary is None:
        raise Unreadable("apt-get printed no sum of its packages")
    pending = sum(int(count or 0) for count in summary.groups())
    if pending != len(origins):
        unread.append(f"apt-get counts {pending} packages and names {len(origins)}")
        return pending, None
    return pending, sum(bool(_SECURITY.search(origin)) for origin in origins)


def _rpm(updates: str, security: str, said: str) -> tuple[int, int | None]:
    """Status 100: there are some, or packages that would take another one's place. Repositories that tell of no
    advisories, as CentOS 7's, have none for security."""
    if _status(updates) not in (0, 100):
        why = said or ": no cache of some repository, most likely"
        raise Unreadable(f"check-update failed{why}; run makecache on this node")
    pending, urgent = len(_listed(updates)), len(_listed(security))
    if (_status(updates) == 100) != (pending > 0 or _OBSOLETING.search(updates) is not None):
        raise Unreadable("check-update's list of packages does not go with its status")
    told = _status(security) in (0, 100) and (urgent > 0 or pending == 0)
    return pending, urgent if told else None


def _listed(text: str) -> tuple[re.Match[str], ...]:
    """Lines that begin with a package, above the obsolete ones. yum breaks long lines and indents the rest."""
    return tuple(_PACKAGE.finditer(_OBSOLETING.split(text)[0]))


def _status(text: str) -> int | None:
    found = _STATUS.search(text)
    return int(found["status"]) if found else None


def _restarting(text: str) -> bool | None:
    """needs-restarting's status is 1 on any failure as well: its words tell."""
    if "Reboot is required" in text:
        return True
    return False if re.search(r"Reboot (?:should not be|is probably not) necessary", text) else None


def _outdated(kernel: str, installed: list[str]) -> bool | None:
    """A newer kernel of the same flavour is installed than the running one. None: the running one is not installed."""
    same = [name for name in installed if _flavour(name) == _flavour(kernel)]
    return max(same, key=_order) != kernel if kernel in same else None


def _flavour(version: str) -> str:
    """A kernel's words without its version: el8 and el8_5 are one, and so are 6.1.0-38, 6.12.48+deb13 and ~bpo12."""
    return re.sub(r"(?:[0-9.~-]|_(?=[0-9])|\+?(?:deb|bpo)(?=[0-9]))+", " ", version)


def _order(version: str) -> tuple[tuple[int, ...], ...]:
    """A key that sorts by the numbers before the first word, then by all: 348.7.1.el8_5 is newer than 348.el8."""
    lead = re.split(r"[A-Za-z]", version, maxsplit=1)[0]
    return tuple(tuple(int(number) for number in re.findall(r"[0-9]{1,18}", text)) for text in (lead, version))


UPDATES = Question(
    field="updates",
    title="pending updates",
    subject=Subject.NODE,
    cadence=Cadence.SELDOM,
    asks=lambda _cluster, _name: (Run(("sh", "-c", _SCRIPT), timeout=50),),
    parse=parse,
    remedy="",
)
