"""Facts about a node that matter before it is patched: who else works on its packages, and what no boot brings back.

apt keeps the servers' times on its lists, so the folder that it fetches into tells when that was last done. A service
that does one thing is "activating" while it does it: systemctl(1). unattended-upgrade leaves a helper running under
its own name, so its unit is asked. A package manager that only looks, as the question about updates has it do, or that
is gone a second later, is no work: seen on the lab. unattended-upgrade(8), dnf-automatic(8), apt-mark(8), fstab(5),
apt.systemd.daily.
"""

from dataclasses import dataclass

from console.probes.ask import Ran, Run, Unreadable
from console.probes.hosts.system import UNITS
from console.probes.parsing import lines_of, ran, short, whole
from console.probes.question import Cadence, Question, Subject

MAX_NAMES = 50

_SCRIPT = r"""
echo "now $(date +%s)"
for unit in dnf-automatic.timer dnf-automatic-install.timer dnf5-automatic.timer yum-cron.service; do
  systemctl -q is-active "$unit" && echo "timer $unit"
done
command -v unattended-upgrade >/dev/null && for unit in apt-daily.timer apt-daily-upgrade.timer; do
  systemctl -q is-active "$unit" && echo "timer $unit"
done
pgrep -l -x 'apt|apt-get|aptitude|aptd|dpkg|dnf|dnf5|dnf-automatic|yum|yum-cron|rpm' |
  while read -r pid name; do
    case $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") in
      '' | *' -s '* | *' --simulate '* | *' --dry-run '* | *' --audit '* | *' --print-'*) ;;
      *' check-update '* | *' -C '*' check '* | *' needs-restarting '*) ;;
      *) sleep 1; [ -d "/proc/$pid" ] && echo "works $name" ;;
    esac
  done
for unit in apt-daily.service apt-daily-upgrade.service dnf-automatic.service dnf5-automatic.service \
  packagekit.service packagekit-offline-update.service; do
  case $(systemctl is-active "$unit") in active | activating) echo "works $unit" ;; esac
done
command -v apt-mark >/dev/null && apt-mark showhold | while read -r name; do echo "held $name"; done
for list in /etc/dnf/plugins/versionlock.list /etc/yum/pluginconf.d/versionlock.list; do
  [ -r "$list" ] && while read -r name rest; do
    case $name in \#* | '') ;; *) echo "held $name" ;; esac
  done <"$list"
done
[ -r /etc/dnf/versionlock.toml ] && while IFS='"' read -r key name rest; do
  case ${key%%[ =]*} in name) echo "held $name" ;; esac
done <<END
$(sed 's/^ *//' /etc/dnf/versionlock.toml)
END
for lists in /var/lib/apt/lists/partial /var/cache/dnf/*/repodata /var/cache/libdnf5/*/repodata; do
  [ -e "$lists" ] && stat -c "lists %Y" "$lists"
done
for unit in UNITS; do
  systemctl -q is-active "$unit" && { systemctl -q is-enabled "$unit" || echo "unit $unit"; }
done
while read -r device target type rest; do
  [ "$type" = fuse.glusterfs ] || continue
  boots=
  while read -r from to kind options rest; do
    case $from in \#*) continue ;; esac
    case ,$options, in *,noauto,*) continue ;; esac
    [ "${to%/}" = "$target" ] && boots=1
  done </etc/fstab
  [ "$boots" ] || systemctl -q is-enabled "$(systemd-escape -p --suffix=mount "$target")" || echo "mount $target"
done </proc/mounts
echo "== prepared"
"""
_RUN = Run(
    ("sh", "-c", _SCRIPT.replace("UNITS", " ".join(unit for unit in UNITS if "*" not in unit and "@" not in unit))),
    timeout=20,
)


@dataclass(frozen=True)
class Prepared:
    """Names are cut and counted."""

    timers: tuple[str, ...]
    """Units that fetch or install packages by themselves."""
    works: tuple[str, ...]
    """Package managers, and services that use one, that run now."""
    held: tuple[str, ...]
    """Packages that a person holds at their version."""
    age: float | None
    """Seconds since the lists of packages were fetched. None: never, or not told."""
    not_enabled: tuple[str, ...]
    """Services that run, and that no boot starts."""
    not_mounted: tuple[str, ...]
    """Mount points of Gluster volumes that no boot mounts."""


def parse(answers: tuple[Ran, ...], _before: Prepared | None) -> Prepared:
    """Read the words that begin each line. Raises Unreadable."""
    rows = [line.partition(" ") for line in lines_of(ran(answers[0]))]
    if not rows or rows[-1][2] != "prepared":
        raise Unreadable("the answer about what is prepared has no end")

    def named(word: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(short(value) for first, _, value in rows if first == word and value))[:MAX_NAMES]

    now = whole(next(iter(named("now")), None), "the time of the node")
    lists = [whole(value, "a time") for value in named("lists")]
    age = float(now - max(lists)) if lists else None
    return Prepared(named("timer"), named("works"), named("held"), age, named("unit"), named("mount"))


PREPARED = Question(
    field="prepared",
    title="readiness for a patch",
    subject=Subject.NODE,
    cadence=Cadence.SELDOM,
    asks=lambda _cluster, _name: (_RUN,),
    parse=parse,
    apart=True,  # a gate asks it again while it waits, and would have the updates counted each time
)
