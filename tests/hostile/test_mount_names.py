"""Any user of a node may mount a FUSE file system of his own, and name it: it is one line, and it is his."""

import shutil
import subprocess
from pathlib import Path

import pytest

from console.inventory.cluster import Cluster
from console.probes.ask import Ran, Run
from console.probes.storage import mounts

SHELLS = [shell for shell in ("dash", "bash", "sh") if shutil.which(shell)]
FORGED = r"x\012stuck\040node1:/www\040/var/www\012end\012"
CONTROL = r"/home/u/\033]0;owned\007\040\134012\177"


def looked(folder: Path, shell: str, *lines: str) -> mounts.Mounts:
    """The console's own script, over a /proc/mounts of ours."""
    cluster = Cluster("web", (), (), volumes=("www",))
    (ask,) = mounts.MOUNTS.asks(cluster, "node1")
    assert isinstance(ask, Run)
    (folder / "mounts").write_text("".join(f"{line}\n" for line in lines))
    script = ask.argv[2].replace("/proc/mounts", str(folder / "mounts")).replace("/etc/fstab", str(folder / "fstab"))
    done = subprocess.run([shell, "-c", script, *ask.argv[3:]], capture_output=True, text=True, timeout=10, check=False)
    return mounts.parse((Ran(done.returncode, done.stdout, done.stderr),), None)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_name_makes_no_line(tmp_path: Path, shell: str) -> None:
    honest = f"localhost:/www {tmp_path} fuse.glusterfs rw 0 0"
    found = looked(tmp_path, shell, f"evil:/{FORGED} {CONTROL} fuse.glusterfs rw 0 0", honest).mounts
    assert len(found) == 2
    assert (found[1].volume, found[1].path, found[1].answers) == ("www", str(tmp_path), True)
    assert not found[0].answers
    assert found[0].path.isprintable()
    assert found[0].path == r"/home/u/ ]0;owned \012"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_path_is_no_command(tmp_path: Path, shell: str) -> None:
    path = rf"{tmp_path}/$(touch\040{tmp_path}/owned)`touch\040{tmp_path}/owned`;\042\047"
    found = looked(tmp_path, shell, f"localhost:/www {path} fuse.glusterfs rw 0 0").mounts
    assert [mount.answers for mount in found] == [False]
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_by_nfs_too_where_it_is_the_volume(tmp_path: Path, shell: str) -> None:
    """Homes and other things that come by NFS are nobody's business here."""
    others = [f"nas:/vol/www/{name} {tmp_path} nfs4 rw 0 0" for name in ("home", "mail")]
    own = f"node2:/www {tmp_path} nfs4 rw,vers=4.1,addr=10.20.0.12 0 0"
    (found,) = looked(tmp_path, shell, *others, f"[fd00::12]:/wwwold {tmp_path} nfs rw 0 0", own).mounts
    assert (found.volume, found.nfs, found.answers) == ("www", "node2", True)
