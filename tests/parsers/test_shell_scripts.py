"""The scripts that go to a machine's shell, in dash and bash with small stand-in programs: loops, quotes, status."""

import shutil
import subprocess
from pathlib import Path

import pytest

from console.inventory.cluster import Cluster, Login, Node
from console.probes.ask import Ran, Run
from console.probes.hosts import preparing, updates
from console.probes.pools import processes, relayd
from console.probes.pools.servers import Admin, Server

SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]
CLUSTER = Cluster("c", (), tuple(Node(f"node{at}", f"10.20.0.1{at}", Login("127.0.0.1")) for at in (1, 2, 3)))
SUMMARY = """\
Id  	Type    	Name                    	Avlblty	Status
1   	redirect	site                    	       	active
1   	table   	web:80                  	       	active (2 hosts)
1   	host    	10.20.0.11              	100.00%	up
2   	host    	10.20.0.12              	100.00%	up
2   	redirect	safe                    	       	active
2   	table   	webtls:443              	       	active (2 hosts)
3   	host    	10.20.0.11              	100.00%	up
4   	host    	10.20.0.12              	100.00%	up
"""
STATES = """\
em0 tcp 198.51.100.10:80 (10.20.0.12:80) <- 203.0.113.9:4711       ESTABLISHED:ESTABLISHED
em1 tcp 203.0.113.9:4711 -> 10.20.0.12:80       ESTABLISHED:ESTABLISHED
em1 tcp 203.0.113.9:4712 -> 10.20.0.12:80       ESTABLISHED:ESTABLISHED
em1 tcp 203.0.113.9:4713 -> 10.20.0.12:443       TIME_WAIT:TIME_WAIT
em1 tcp 203.0.113.9:4714 -> 10.20.0.99:80       ESTABLISHED:ESTABLISHED
em1 tcp 2001:db8::9[4711] -> 10.20.0.11[443]       ESTABLISHED:ESTABLISHED
em1 udp 203.0.113.9:53 -> 10.20.0.12:80       MULTIPLE:MULTIPLE
"""


class Box:
    """A folder of programs, and a shell that finds no others but the system's."""

    def __init__(self, folder: Path, shell: str) -> None:
        self._folder = folder
        self._shell = shutil.which(shell) or shell
        self.log = folder / "log"
        self.log.write_text("")

    def program(self, name: str, script: str) -> None:
        path = self._folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, run: Run) -> Ran:
        assert run.argv[0] == "sh"
        path = f"{self._folder}:/usr/bin:/bin"
        done = subprocess.run(
            [self._shell, *run.argv[1:]], capture_output=True, text=True, timeout=20, check=False, env={"PATH": path}
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=SHELLS)
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    return Box(tmp_path, request.param)


def servers(*places: tuple[str, str]) -> tuple[Server, ...]:
    figures = {"weight": 1, "sessions": 0, "queued": None, "total": None, "rate": None, "since": None}
    return tuple(
        Server(table, host, host, "UP", False, check="", admin=Admin.READY, last_session=None, **figures)  # type: ignore[arg-type]
        for table, host in places
    )


def relayctl(box: Box, refuses: str = "none") -> None:
    summary = box.log.with_name("summary")
    summary.write_text(SUMMARY)
    box.program(
        "relayctl",
        f'if [ "$1" = show ]; then cat {summary}; exit; fi\n[ "$3" = {refuses} ] && exit 1\n'
        f'echo "$*" >>{box.log}; echo "command succeeded"',
    )


def test_relayd_disables_the_host_of_that_table(box: Box) -> None:
    relayctl(box)
    places = servers(("web:80", "10.20.0.12"), ("webtls:443", "10.20.0.12"))
    done = box.run(relayd.set_state(places, Admin.MAINT))
    assert (done.status, box.log.read_text()) == (0, "host disable 2\nhost disable 4\n")
    box.run(relayd.set_state(places, Admin.READY))
    assert box.log.read_text().endswith("host enable 2\nhost enable 4\n")


def test_relayd_goes_on_with_the_others_and_says_which_is_missing(box: Box) -> None:
    relayctl(box, refuses="2")
    places = servers(("web:80", "10.20.0.12"), ("gone:80", "10.20.0.12"), ("webtls:443", "10.20.0.11"))
    done = box.run(relayd.set_state(places, Admin.MAINT))
    assert (done.status, box.log.read_text()) == (1, "host disable 3\n")
    assert done.err == "relayd has no host 10.20.0.12 in table gone:80\n"


def states(box: Box, many: int = 9) -> Ran:
    listed = box.log.with_name("states")
    listed.write_text(STATES)
    box.program("pfctl", f'[ "$1" = -si ] && echo "  current entries   {many}" || cat {listed}')
    count = relayd.asks(CLUSTER)[2]
    return box.run(count)


def test_states_are_counted_by_address_and_port(box: Box) -> None:
    assert relayd.parse_states(states(box)) == {("10.20.0.12", "80"): 2, ("10.20.0.11", "443"): 1}


def test_states_are_not_listed_where_there_are_too_many(box: Box) -> None:
    assert relayd.parse_states(states(box, relayd.MAX_STATES + 1)) is None


@pytest.mark.parametrize(("pids", "status"), [("", 1), ("41", 1), ("41\n42", 0)])
def test_connections_are_looked_for_where_several_processes_run(box: Box, pids: str, status: int) -> None:
    box.program("pgrep", f"printf '{pids}\\n'")
    done = box.run(Run(("sh", "-c", processes.PIDS)))
    assert done.status == status
    assert done.out.split() == ["haproxy:", *pids.split()]


APT = """\
if [ "$2" = -o ]; then
  echo "Inst libc6 [2.36-9] (2.36-10 Debian-Security:12/stable-security [amd64])"
  echo "Inst vim [9.0] (9.1 Debian:12/stable [amd64])"
  echo "2 upgraded, 0 newly installed, 0 to remove and 0 not upgraded."
fi"""


def test_updates_of_apt(box: Box) -> None:
    box.program("apt-get", APT)
    (ask,) = updates.UPDATES.asks(CLUSTER, "node1")
    assert isinstance(ask, Run)
    done = box.run(ask)
    assert done.out.rstrip().endswith("== end")
    if "known" in done.out.split("\n"):  # this machine has lists
        found = updates.parse((done,), None)
        assert (found.pending, found.security) == (2, 1)


DNF = """\
case "$*" in
  *--security*) echo "bash.x86_64 5.1.8-9.el9 baseos"; exit 100 ;;
  *check-update*) echo "bash.x86_64 5.1.8-9.el9 baseos"; exit 100 ;;
  *needs-restarting*) echo "Reboot should not be necessary." ;;
  *check*) echo "bash-5.1.8-9.el9.x86_64 is a duplicate with bash-5.1.8-6.el9.x86_64"; exit 1 ;;
esac"""
DEBIAN, STREAM, SEVEN = ("ID=debian\n", 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\n',
    'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\n')  # fmt: skip


@pytest.mark.parametrize(
    ("release", "managers", "half_done"),
    [
        (DEBIAN, ("apt-get", "dnf", "yum"), ""),
        ("ID=ubuntu\nID_LIKE=debian\n", ("apt-get", "dnf", "yum"), ""),
        (STREAM, ("dnf", "yum", "apt-get"), "“bash-5.1.8-9.el9.x86_64 is a duplicate with bash-5.1.8-6.el9.x86_64”"),
        (STREAM.replace('"9"', '"9.6"'), ("dnf", "yum", "apt-get"), None),
        (SEVEN, ("yum", "dnf", "apt-get"), None),
        ("ID=arch\n", ("apt-get", "dnf", "yum"), ""),
        (None, ("apt-get", "dnf", "yum"), ""),
    ],
)
def test_the_system_itself_names_the_package_manager(
    box: Box, tmp_path: Path, release: str | None, managers: tuple[str, ...], half_done: str | None
) -> None:
    box.program("apt-get", APT)
    box.program("dpkg", "exit 0")
    box.program("dnf", DNF)
    box.program("yum", DNF)
    box.program("needs-restarting", "exit 1")
    known = tmp_path / "cache" / "Packages"
    known.parent.mkdir()
    known.write_text("")
    if release is not None:
        (tmp_path / "os-release").write_text(release)
    (ask,) = updates.UPDATES.asks(CLUSTER, "node1")
    assert isinstance(ask, Run)
    script = ask.argv[2].replace("/etc/os-release", str(tmp_path / "os-release"))
    beside = tmp_path / "mysql" / "conf d"
    beside.mkdir(parents=True)
    for name in ("galera.cnf", "galera.cnf.dpkg-dist", "my.cnf.rpmnew", "old.rpmsave", "ports.conf.ucf-dist"):
        (beside / name).write_text("")
    assert "/etc/mysql /etc/my.cnf*" in script
    script = script.replace("/etc/mysql /etc/my.cnf*", str(tmp_path / "mysql"))
    for lists in ("/var/lib/apt/lists/*Packages*", '"$cache"/*/repodata/repomd.xml', "/var/cache/yum/*/*/*/repomd.xml"):
        assert lists in script
        script = script.replace(lists, str(known))
    done = box.run(Run(("sh", "-c", script)))
    found = updates.parse((done,), None)
    assert (found.manager, *found.others) == managers
    assert found.packages[0].name == ("libc6" if managers[0] == "apt-get" else "bash.x86_64")
    assert half_done is None or found.half_done == half_done
    left = {path for path in found.replaced if path.startswith(str(beside)[:100])}
    assert {path.rpartition("/")[2] for path in left} == {
        *("galera.cnf.dpkg-dist", "my.cnf.rpmnew", "old.rpmsave", "ports.conf.ucf-dist"),
    }


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "works"),
    [
        (("dist-upgrade", "-y"), ("aptitude",)),
        (("-q", "install", "check"), ("aptitude",)),
        (("-s", "-o", "Debug::NoLocking=1", "dist-upgrade"), ()),
        (("-C", "-q", "check-update"), ()),
        (("-C", "-q", "check"), ()),
        (("--audit",), ()),
    ],
)
def test_a_package_manager_that_only_looks_is_no_work(
    tmp_path: Path, shell: str, words: tuple[str, ...], works: tuple[str, ...]
) -> None:
    """A real process under a package manager's name: a shell that waits for a line."""
    name = tmp_path / "aptitude"
    shutil.copy(shutil.which("dash") or "/bin/sh", name)
    box = Box(tmp_path, shell)
    box.program("systemctl", "exit 3")
    with subprocess.Popen([name, "-c", "read line", "x", *words], stdin=subprocess.PIPE) as manager:
        (run,) = preparing.PREPARED.asks(CLUSTER, "node1")
        assert isinstance(run, Run)
        seen = preparing.parse((box.run(run),), None)
        manager.communicate(b"\n")
    assert tuple(one for one in seen.works if one == "aptitude") == works
