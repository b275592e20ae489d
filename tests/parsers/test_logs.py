"""The ends of logs: bounded, harmless, and never taken for what they are not."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.inventory.cluster import Cluster, Mysql
from console.probes.ask import Ran, Run, Unreachable
from console.probes.logs import BYTES, LINES, WIDTH, Log, Source, asked, logs, read
from tests.ui.conftest import nobody

PATH = "/var/log/mysql/error.log"
LOG = Log("MySQL", (Run(("tail", "-v", "-c", str(BYTES), "--", PATH, "/var/log/mysqld.log"), root=True),))


def shown(out: str, err: str = "", status: int = 0, log: Log = LOG) -> tuple[Source, ...]:
    return read(log, (Ran(status, out, err),))


def test_each_file_under_its_own_name_and_only_those_that_were_asked_for() -> None:
    out = f"==> {PATH} <==\none\n==> /etc/shadow <==\ntwo\n\n==> /var/log/mysqld.log <==\nthree\n"
    assert shown(out) == (
        Source(PATH, ("one", "==> /etc/shadow <==", "two")),
        Source("/var/log/mysqld.log", ("three",)),
    )


def test_a_file_that_is_not_there_is_no_fault_and_one_that_may_not_be_read_is() -> None:
    absent = f"tail: cannot open '{PATH}' for reading: No such file or directory\n"
    denied = f"tail: cannot open '{PATH}' for reading: Permission denied\n"
    assert shown("", absent, 1) == ()
    (source,) = shown("", absent + denied, 1)
    assert source.why.endswith(f"can't be read: {denied.strip()}")
    assert "gave no answer in 5 s" in shown("", "", 124)[0].why
    assert shown("", "sh: tail: not found\n", 127)[0].why


def test_what_could_not_be_asked_is_said() -> None:
    (source,) = read(LOG, (Unreachable("node1 is away"),))
    assert source.why == "node1 is away"


def test_a_line_is_harmless_and_bounded_and_so_is_their_number() -> None:
    (source,) = shown(f"==> {PATH} <==\n\x1b[2J\x07evil\u202e\n{'x' * 5000}\n" + "n\n" * 2000)
    assert len(source.lines) == LINES
    (source,) = shown(f"==> {PATH} <==\n\x1b[2J\x07evil\u202e\n{'x' * 5000}\n")
    assert source.lines[0] == "[2J evil"
    assert len(source.lines[1]) == WIDTH


def test_a_beginning_that_was_cut_is_left_out() -> None:
    out = "half a line\n" + "a whole line\n" * (BYTES // 13)
    assert shown(f"==> {PATH} <==\n{out[-BYTES:]}")[0].lines[0] == "a whole line"


@pytest.mark.parametrize(
    ("version", "program"),
    [
        ("2.4.5-RELEASE", "clog"),
        ("2.3.4-RELEASE", "clog"),
        ("2.5.0-RELEASE", "tail"),
        ("2.7.2-RELEASE", "tail"),
        ("21.02-RELEASE", "tail"),
        ("24.11-RELEASE", "tail"),
        ("", "tail"),
    ],
)
def test_a_circular_log_is_read_by_clog(version: str, program: str) -> None:
    every = logs(nobody(), "fw1", version)
    assert {run.argv[0] for one in every for run in one.runs} == {program}
    assert [one.name for one in every] == ["system", "HAProxy", "kernel"]
    out = "CLOG\x00\x01\nNov 29 fw1 kernel: carp\nNov 29 fw1 haproxy[1]: up\n"
    assert read(every[1], (Ran(0, out, ""),))[0].lines == ("Nov 29 fw1 haproxy[1]: up",)
    assert read(every[0], (Ran(0, out, ""),))[0].lines[0] == "Nov 29 fw1 kernel: carp"


def test_the_paths_of_debian_red_hat_and_percona_are_asked_for() -> None:
    cluster: Cluster = replace(nobody(), mysql=Mysql("u", datadir="/srv/mysql"), volumes=("www",))
    words = {word for run in asked(cluster, "node1") for word in run.argv}
    assert words >= {
        *("/var/log/mysqld.log", "/var/log/mysql/error.log", "/var/log/mariadb/mariadb.log", "/srv/mysql/node1.err"),
        *("/var/log/apache2/error.log", "/var/log/httpd/error_log", "/var/log/glusterfs/glfsheal-www.log"),
        *("--unit=mariadb.service", "--unit=mysql@bootstrap.service", "--dmesg", "/var/log/haproxy.log"),
    }
    assert all(run.root and run.timeout and not Path(run.argv[0]).is_absolute() for run in asked(cluster, "node1"))
