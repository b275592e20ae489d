"""The mounts of Gluster's volumes on a node, also by NFS: whether each answers. A hung one must not hang the asking,
nor pile up processes.

What waits for a FUSE file system that does not answer can't always be killed: only while the daemon has not read its
request (Linux fs/fuse/dev.c, request_wait_answer). So `timeout`, which with -s KILL goes too and waits for nobody,
leaves such a `stat` behind; while it is there no other is started. Nothing that waits holds the shell's output open.
Names are printed by printf: dash's echo would make lines of what the kernel has written as \\012, and any user may name
a FUSE mount of his own.
"""

import re
from dataclasses import dataclass

from console.probes.ask import Ran, Run, Unreadable
from console.probes.parsing import each, lines_of, ran, short, told
from console.probes.question import Cadence, Question, Subject
from console.text import figure, plain_text, quoted

PATIENCE = 2
"""Seconds a mount may take over `stat -f`."""
MAX_MOUNTS = 32


@dataclass(frozen=True)
class Mount:
    """One mount of a GlusterFS volume. `why` is a sentence's end, empty while it answers.

    One brick is enough for an answer to `stat -f`: whether files can be read is for the volume and the site to say.
    """

    volume: str
    path: str
    answers: bool | None
    """None: an automount that nobody has used yet, and that looking at would mount."""
    why: str = ""
    nfs: str = ""
    """The server that gives it by NFS (nfs-ganesha, or Gluster's own up to 5); "" for Gluster's own client, which
    reaches every brick by itself."""


@dataclass(frozen=True)
class Mounts:
    """Mounts of /proc/mounts, and those of /etc/fstab that are not mounted."""

    mounts: tuple[Mount, ...]
    automounts: tuple[str, ...] = ()
    """Places of automounts that are not in /etc/fstab: what they would mount is not told."""
    unread: tuple[str, ...] = ()
    """Reasons why a line can't be read; the others stand."""

    def of(self, volume: str) -> tuple[Mount, ...]:
        """The mounts of one volume."""
        return tuple(mount for mount in self.mounts if mount.volume == volume)


_TEST = r"""
stuck= tests=
waits() {
  for comm in /proc/[0-9]*/comm; do read -r name <"$comm" && [ "$name" = stat ] && return; done 2>/dev/null
  return 1
}
named() {
  name=$1; shift
  for volume; do [ "$name" = "$volume" ] && return; done
  return 1
}
waits && while read -r age words; do [ "${age:-0}" -gt 2 ] && stuck="$stuck$words
"; done <<END
$(ps -ww -C stat -o etimes=,args=)
END
while read -r device path type rest; do
  case $type in
  fuse.glusterfs) type= ;;
  nfs | nfs4) name=${device##*:} name=${name#/}; named "${name%%/*}" "$@" || continue ;;
  autofs) printf '%s\n' "auto $device $path"; continue ;;
  *) continue ;;
  esac
  here=$path
  case $path in *\\*) here=$(printf '%b' "$path") ;; esac
  case $stuck in *"stat -f -c drainboard -- $here
"*) printf '%s\n' "stuck $device $path $type"; continue ;; esac
  timeout -s KILL 2 stat -f -c drainboard -- "$here" </dev/null >/dev/null 2>&1 &
  tests="$tests$! $device $path $type
"
done </proc/mounts
while read -r pid device path type; do
  [ -n "$pid" ] && { wait "$pid"; printf '%s\n' "$? $device $path $type"; }
done <<END
$tests
END
[ -r /etc/fstab ] && while read -r device path type options rest; do
  case $type in glusterfs) printf '%s\n' "listed $device $path $options" ;; esac
done </etc/fstab
echo end"""
_TRANSPORT = re.compile(r"\.(?:tcp|rdma)$")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_STATUS = {"0": "", "stuck": "hung: an earlier look at it still waits, and can't be ended"}
HUNG = f"hung: no answer within {PATIENCE} s"
FAILS = "fails at once: its glusterfs process has died, or reaches no brick"
MISSING = "is in /etc/fstab and not mounted"
WAITS = "is mounted at its first use"


def parse(answers: tuple[Ran, ...], _before: Mounts | None) -> Mounts:
    """Read the lines that _TEST prints: a status, or "stuck", of each mount; "auto" of each place where an automount
    waits; "listed" of each line of /etc/fstab."""
    lines = lines_of(ran(answers[0]))
    if not lines or lines[-1] != "end":
        raise Unreadable("the list of mounts has no end")
    words = [line.split(" ") for line in lines[:-1]]
    autos = {_path(line[2]) for line in words if line[0] == "auto" and len(line) > 2}
    words = [line for line in words if line[0] != "auto" and not _commented(line)]
    if len(words) > MAX_MOUNTS:
        raise Unreadable(f"the list of mounts is longer than {MAX_MOUNTS}")
    unread: list[str] = []
    mounted = each(_mount, (line for line in words if line[0] != "listed"), unread)
    wanted = (line for line in words if line[0] == "listed" and not _by_hand(line[3:]))
    listed = each(lambda line: _listed(line, autos), wanted, unread)
    paths, known = {mount.path for mount in mounted}, {mount.path for mount in listed}
    others = tuple(sorted(path for path in autos - known if not path.startswith(("/proc/", "/sys/"))))
    return Mounts((*mounted, *(mount for mount in listed if mount.path not in paths)), others, told(unread))


def _three(words: list[str]) -> tuple[str, str, str]:
    if len(words) < 3 or not all(words[:3]):
        raise Unreadable(f"a line of the mounts is too short: {quoted(' '.join(words))}")
    return words[0], words[1], words[2]


def _mount(words: list[str]) -> Mount:
    status, device, path = _three(words)
    if status not in _STATUS and figure(status) is None:
        raise Unreadable(f"the test of the mount on {_path(path)} gave no status")
    why = _STATUS.get(status, HUNG if status in ("124", "137") else FAILS)
    server = device.rpartition(":")[0].strip("[]") if words[3:4] in (["nfs"], ["nfs4"]) else ""
    return Mount(_volume(device), _path(path), not why, why, short(server))


def _listed(words: list[str], autos: set[str]) -> Mount:
    _, device, name = _three(words)
    path = _path(name).rstrip("/") or "/"
    waits = path in autos
    return Mount(_volume(device), path, None if waits else False, WAITS if waits else MISSING)


def _commented(line: list[str]) -> bool:
    """A line of /etc/fstab that somebody has switched off."""
    return line[0] == "listed" and line[1:2] != [] and line[1].startswith("#")


def _by_hand(options: list[str]) -> bool:
    """Nobody mounts it but a person. systemd's automounts have noauto beside them, and are to be there."""
    words = (options[0] if options else "").split(",")
    return "noauto" in words and not any(word.endswith("systemd.automount") for word in words)


def _volume(device: str) -> str:
    """node1:/www, localhost:www, node1:/www/folder or node1:/www.tcp: the volume's name, which has no dot, is www."""
    if device.endswith(".vol"):  # a volume file in the place of a server, /etc/glusterfs/www-fuse.vol
        return short(_TRANSPORT.sub("", device.rpartition("/")[2].removesuffix(".vol").removesuffix("-fuse")))
    return short(_TRANSPORT.sub("", device.rpartition(":")[2].lstrip("/").partition("/")[0]))


def _path(text: str) -> str:
    """The kernel writes blanks and the like in octal."""
    return plain_text(_ESCAPE.sub(lambda found: chr(int(found[1], 8)), text))


MOUNTS = Question(
    field="mounts",
    title="Gluster mounts",
    subject=Subject.NODE,
    cadence=Cadence.STORAGE,
    asks=lambda cluster, _name: (Run(("sh", "-c", _TEST, "mounts", *cluster.volumes), timeout=PATIENCE + 4),),
    parse=parse,
    apart=True,
)
