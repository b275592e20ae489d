"""The state of an upgrade of pfSense: what the script prints, under real shells, and what is made of it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from console.operations.procedures.upgrading import start
from console.probes.ask import Ran, Run, Unreadable
from console.probes.firewalls.upgrade import LOCK, UPGRADE, Upgrade, parse
from tests.console.values import CLUSTER
from tests.parsers.test_shell_scripts import SHELLS

RECORDINGS = Path(__file__).parents[1] / "recordings/pfsense"
OFFERED = (RECORDINGS / "composed-upgrade-offered.txt").read_text()
HALF_DONE = (RECORDINGS / "composed-upgrade-half-done.txt").read_text()


def read(text: str) -> Upgrade:
    return parse((Ran(0, text, ""),), None)


def test_a_newer_version_is_offered() -> None:
    assert read(OFFERED) == Upgrade(
        version="2.7.2-RELEASE",
        offered="2.8.0",
        looked=1794060001.0,
        stage="",
        finished=1788000000.0,
        package="pfSense-pkg-haproxy 0.63_2",
        free=11_000_000 * 1024,
        now=1794103200.0,
    )


def test_an_upgrade_that_waits_for_its_boot() -> None:
    seen = read(HALF_DONE)
    assert (seen.stage, seen.running, seen.offered, seen.looked) == ("2", False, None, None)
    assert (seen.began, seen.package) == (1794103190.0, "pfSense-pkg-haproxy-devel 0.63_1")
    assert seen.said == ("Number of packages to be upgraded: 112", "Upgrade is complete. Rebooting in 10 seconds.")


@pytest.mark.parametrize(
    ("old", "new", "offered"),
    [
        ("2.8.0 version of pfSense is available", " version of pfSense is available", None),
        ("status 1794060001 2", "status 1794060001 1", None),
        ("status 1794060001 2", "", None),
        ("status 1794060001 2", "status 1794060001 0", None),
        ("2.8.0 version of pfSense is available\nstatus 1794060001 2", "Your system is up to date\nstatus 5 0", ""),
        ("2.8.0 version of pfSense is available\nstatus 1794060001 2", "Aborted due to block\nstatus 5 0", None),
    ],
)
def test_a_version_is_offered_by_its_name_or_not_at_all(old: str, new: str, offered: str | None) -> None:
    assert read(OFFERED.replace(old, new)).offered == offered


def test_without_a_kernel_package_nothing_is_known_of_the_stage() -> None:
    assert read(HALF_DONE.replace("kernel pfSense-kernel-pfSense\n", "")).stage is None
    assert read(OFFERED.replace("kernel pfSense-kernel-pfSense\n", "")).stage is None, "debug is none that boots"


@pytest.mark.parametrize("text", ["", OFFERED.removesuffix("whole\n"), OFFERED.replace("version 2.7.2-RELEASE", "")])
def test_what_is_no_answer(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_under_a_real_shell(tmp_path: Path, shell: str) -> None:
    """pkg-static and stat are stand-ins; what is not there prints no row."""

    def program(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    program("stat", '[ "$1 $2" = "-f %m" ] && exec /usr/bin/stat -c %Y "$3"')
    program(
        "pkg-static",
        'case "$*" in\n'
        "'query -g kernel %n pfSense-kernel-*') echo kernel pfSense-kernel-pfSense ;;\n"
        "'query -g note %At %Av pfSense-kernel-*') echo note next_stage 3 ;;\n"
        "'query -g haproxy %n %v pfSense-pkg-haproxy*') echo haproxy pfSense-pkg-haproxy 0.63_2 ;;\n"
        "*) exit 1 ;; esac",
    )
    for name in ("run", "cf"):
        (tmp_path / name).mkdir()
    (tmp_path / "version").write_text("2.7.2-RELEASE\n")
    (tmp_path / "run/pfSense_version").write_text("2.8.0 version of pfSense is available\n")
    (tmp_path / "run/pfSense_version.rc").write_text("2\n")
    os.utime(tmp_path / "run/pfSense_version.rc", (1794060001, 1794060001))
    (ask,) = UPGRADE.asks(CLUSTER, "fw1")
    assert isinstance(ask, Run)
    script = ask.argv[2]
    for place, there in (("/etc/version", "version"), ("/var/run/pf", "run/pf"), ("/cf/conf/", "cf/")):
        script = script.replace(place, f"{tmp_path}/{there}")
    done = subprocess.run(
        [shutil.which(shell) or shell, "-c", script],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
    )
    seen = parse((Ran(done.returncode, done.stdout, done.stderr),), None)
    assert (seen.version, seen.offered, seen.looked, seen.stage) == ("2.7.2-RELEASE", "2.8.0", 1794060001.0, "3")
    assert (seen.running, seen.finished, seen.package) == (False, None, "pfSense-pkg-haproxy 0.63_2")
    assert seen.free
    assert done.stderr == ""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("newer", "said"), [("ours", "Rebooting in 10 seconds."), ("pfSense's", "Upgrading packages")])
def test_the_last_words_are_those_of_the_newer_log(tmp_path: Path, shell: str, newer: str, said: str) -> None:
    """The stages after a boot write to pfSense's own log only."""
    (ask,) = UPGRADE.asks(CLUSTER, "fw1")
    assert isinstance(ask, Run)
    script = ask.argv[2]
    for place, there in (("/etc/version", "version"), ("/cf/conf/", ""), ("/var/log/", "")):
        script = script.replace(place, f"{tmp_path}/{there}")
    (tmp_path / "version").write_text("2.7.2-RELEASE\n")
    logs = {"ours": tmp_path / "drainboard-upgrade.log", "pfSense's": tmp_path / "upgrade_log.txt"}
    logs["ours"].write_text("Rebooting in 10 seconds.\n")
    logs["pfSense's"].write_text("Upgrading packages\n")
    os.utime(logs[newer], (2_000_000_000, 2_000_000_000))
    done = subprocess.run(
        [shutil.which(shell) or shell, "-c", script], capture_output=True, text=True, timeout=20, check=False
    )
    assert parse((Ran(done.returncode, done.stdout, done.stderr),), None).said == (said,)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("notes", "started"), [("repository pfSense-core", True), ("next_stage 2", False)])
def test_the_start_under_a_real_shell(tmp_path: Path, shell: str, notes: str, started: bool) -> None:
    """It comes back at once; an upgrade that waits for its boot is not begun again."""

    def program(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    ended = tmp_path / "ended"
    os.mkfifo(ended)
    program("pkg-static", f"echo {notes}")
    program("pfSense-upgrade", 'echo "upgrades $1"')
    program("lockf", f'echo "$1 $2 $3 $4 $5" >{tmp_path}/asked; shift 5; "$@"; echo "$?" >{ended}')
    script = start().argv[2].replace("PATH=", f"PATH={tmp_path}:").replace("/var/log/", f"{tmp_path}/")
    subprocess.run([shutil.which(shell) or shell, "-c", script], timeout=20, check=True)
    assert ended.read_text() == ("0\n" if started else "1\n")
    assert (tmp_path / "asked").read_text() == f"-k -s -t 0 {LOCK}\n"
    log = tmp_path / "drainboard-upgrade.log"
    assert (log.read_text() if log.exists() else "") == ("upgrades -y\n" if started else "")


EARLIER = 1_794_000_000
"""Unix time of the log of an earlier start."""
_MOMENT = r"""#!/bin/sh
at=0
set -C
until true 2>/dev/null >"moments/$at"; do at=$((at + 1)); done
set +C
[ "$at" != "$BEGINS" ] || { echo 'The first words' >drainboard-upgrade.log; true >held; }
[ "$at" != "$ENDS" ] || {
  echo 'The last words' >>drainboard-upgrade.log
  echo 2.8.0-RELEASE >version
  true >upgrade_log.latest.txt
  echo 2 >stage
  rm -f held
}
"""
"""Each program that the script starts is a moment, just before which the firewall goes on by itself."""
_PROGRAMS = {
    "stat": '/usr/bin/stat -c %Y "$3"',
    "sysctl": "",
    "pgrep": '[ "$1" = -f ] && [ -e held ]',
    "pkg-static": (
        'case "$3" in kernel*) echo kernel pfSense-kernel-pfSense ;;\n'
        'note*) [ ! -e stage ] || echo "note next_stage $(cat stage)" ;; esac'
    ),
}


def meanwhile(folder: Path, begins: int, ends: int) -> tuple[Upgrade, int]:
    """The reading while an upgrade begins and ends at these moments, -1 for before, and how many moments there were."""
    (folder / "bin").mkdir(parents=True)
    (folder / "moments").mkdir()
    real = {name: f'exec {shutil.which(name)} "$@"' for name in ("cat", "date", "df", "head", "ls", "sed", "tail")}
    for name, does in (real | _PROGRAMS).items():
        (folder / "bin" / name).write_text(_MOMENT + does.replace("$(cat", f"$({shutil.which('cat')}"))
        (folder / "bin" / name).chmod(0o755)
    (folder / "version").write_text("2.7.2-RELEASE\n")
    (folder / "drainboard-upgrade.log").write_text("The first words\n")
    os.utime(folder / "drainboard-upgrade.log", (EARLIER, EARLIER))
    if begins < 0:
        (folder / "held").touch()
    (ask,) = UPGRADE.asks(CLUSTER, "fw1")
    assert isinstance(ask, Run)
    script = ask.argv[2]
    for place in ("/etc/", "/cf/conf/", "/var/log/"):
        script = script.replace(place, f"{folder}/")
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", "BEGINS": str(begins), "ENDS": str(ends)}
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, timeout=20, check=False, cwd=folder, env=environment
    )
    return parse((Ran(done.returncode, done.stdout, done.stderr),), None), len([*(folder / "moments").iterdir()])


def test_one_that_ends_meanwhile_runs_or_shows_all_that_it_leaves(tmp_path: Path) -> None:
    """A run would take it for one that has failed, at any moment."""
    at, moments = 0, 1
    while at <= moments:
        seen, moments = meanwhile(tmp_path / str(at), -1, at)
        left = (seen.stage, seen.version, seen.finished is not None, seen.said[-1:])
        assert seen.running or left == ("2", "2.8.0-RELEASE", True, ("The last words",)), f"at moment {at}"
        at += 1
    assert moments > 10


@pytest.mark.parametrize("lasts", [0, 99])
def test_one_that_begins_meanwhile_has_no_newer_log_before_it_runs(tmp_path: Path, lasts: int) -> None:
    at, moments = 0, 1
    while at <= moments:
        seen, moments = meanwhile(tmp_path / str(at), at, at + lasts)
        assert seen.began == EARLIER or seen.running or seen.stage, f"at moment {at}"
        at += 1
    assert moments > 10
