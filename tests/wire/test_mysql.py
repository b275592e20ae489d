"""Questions to a real MySQL server through a real SSH connection, and where the password comes from."""

import asyncio
import gc
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pymysql
import pytest

from console.inventory.cluster import Mysql
from console.probes.ask import AuthFailed, Cause, Query, Refused, Rows, Run, TimedOut, Unreachable, WireError
from console.wire import Wire

from .conftest import Bench
from .machines import Machine, cluster

SERVER = shutil.which("mariadbd") or shutil.which("mysqld") or shutil.which("mariadbd", path="/usr/sbin")
PASSWORD = "pä#s 'w\"rd\\"
ONE = (Query("SELECT 1, NULL, 'ü', 0xff"),)


@dataclass
class Database:
    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A private server in a temporary folder."""
    install = shutil.which("mariadb-install-db")
    if SERVER is None or install is None:
        pytest.skip(
            "NOT TESTED: no MariaDB server on this machine (apt-get install mariadb-server-core mariadb-client-core)"
        )
    folder = tmp_path_factory.mktemp("db")
    here = ["--no-defaults", f"--datadir={folder}/data"]
    owner = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        [install, *here, *owner, "--auth-root-authentication-method=normal"], check=True, capture_output=True
    )
    port = free_port()
    process = subprocess.Popen(
        [SERVER, *here, *owner, f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s", "--log-bin=off",
         f"--pid-file={folder}/pid", "--innodb-buffer-pool-size=8M", f"--log-error={folder}/log"],
    )  # fmt: skip
    try:
        admin = connected(folder / "s")
        with admin.cursor() as cursor:
            cursor.execute("CREATE USER ops@127.0.0.1 IDENTIFIED BY %s", (PASSWORD,))
            cursor.execute("CREATE USER ops@localhost IDENTIFIED BY %s", (PASSWORD,))
            cursor.execute("CREATE USER nobody@127.0.0.1")
        admin.close()
        yield Database(folder, port, process)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def connected(path: Path) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    until = time.monotonic() + 20
    while True:
        with socket.socket(socket.AF_UNIX) as door:  # PyMySQL would leave a socket it can't connect open
            if door.connect_ex(str(path)) == 0:
                return pymysql.connect(unix_socket=str(path), user="root", charset="utf8mb4")
        assert time.monotonic() < until, "the server doesn't start"
        time.sleep(0.05)


async def node(bench: Bench, mysql: Mysql) -> tuple[Machine, Wire]:
    started = await bench.machine()
    return started, bench.wire(replace(cluster(bench.folder, started.port), mysql=mysql))


@pytest.fixture
def mysql(database: Database, monkeypatch: pytest.MonkeyPatch) -> Mysql:
    monkeypatch.setenv("OPS_PASSWORD", PASSWORD)
    return Mysql("ops", port=database.port, password_env="OPS_PASSWORD")


async def test_rows_are_text(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    answers = await wire.send("node1", (*ONE, Run(("true",)), Query("SET @a := '50%'"), Query("SELECT @a")), 5)
    assert answers[0] == Rows((("1", "", "ü", "\ufffd"),))
    assert answers[2:] == (Rows(()), Rows((("50%",),)))


async def test_through_the_servers_own_socket(bench: Bench, database: Database, mysql: Mysql) -> None:
    """caching_sha2_password needs this: the server itself takes the connection for a local, safe one."""
    _, wire = await node(bench, replace(mysql, port=1, socket=str(database.folder / "s")))
    (answer,) = await wire.send("node1", (Query("SELECT CURRENT_USER()"),), 5)
    assert answer == Rows((("ops@localhost",),))


async def test_a_socket_that_is_not_there_or_not_allowed(bench: Bench, mysql: Mysql) -> None:
    machine, wire = await node(bench, replace(mysql, socket="/nowhere/mysqld.sock"))
    (missing,) = await wire.send("node1", (Query("SELECT 1"),), 5)
    assert isinstance(missing, Unreachable) and "/nowhere/mysqld.sock through SSH" in str(missing)
    machine.forwarding = False
    other = bench.wire(replace(cluster(bench.folder, machine.port), mysql=replace(mysql, socket="/nowhere")))
    (refused,) = await other.send("node1", (Query("SELECT 1"),), 5)
    assert isinstance(refused, Refused) and "AllowStreamLocalForwarding yes" in str(refused)


async def test_one_connection_is_kept(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    mine = Query("SELECT CONNECTION_ID(), @@autocommit, @@lock_wait_timeout")
    answers = await asyncio.gather(*(wire.send("node1", (mine, mine), 5) for _ in range(8)))
    assert len({answer for pair in answers for answer in pair}) == 1
    (rows,) = {answer for pair in answers for answer in pair}
    assert isinstance(rows, Rows) and rows.rows[0][1:] == ("1", "2")


async def test_nothing_is_left_behind(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    await wire.send("node1", ONE, 5)
    await wire.close()
    await asyncio.sleep(0.05)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("mysql-node1")]


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nope", "SHOW nothing"])
async def test_an_error_of_a_statement_costs_that_statement_only(bench: Bench, mysql: Mysql, sql: str) -> None:
    _, wire = await node(bench, mysql)
    first, error, second = await wire.send(
        "node1", (Query("SELECT CONNECTION_ID()"), Query(sql), Query("SELECT CONNECTION_ID()")), 5
    )
    assert type(error) is Refused and f"answers `{sql}` with the error (1" in str(error)
    assert first == second


async def test_a_statement_that_is_not_granted(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    (error,) = await wire.send("node1", (Query("SET GLOBAL read_only=1"),), 5)
    assert type(error) is Refused
    assert "doesn't let ops run `SET GLOBAL read_only=1`: (1227)" in str(error) and "grant it" in str(error)


async def test_what_is_left_of_a_shared_limit_is_said_as_that(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    await wire.send("node1", ONE, 5)
    slow, hangs = await wire.send("node1", (Query("SELECT SLEEP(1.5)"), Query("SELECT SLEEP(20)")), 2)
    assert isinstance(slow, Rows), slow
    assert type(hangs) is TimedOut
    assert re.search(r"didn't answer in the 0\.\d s that were left of 2 s", str(hangs)), hangs


async def test_a_statement_that_hangs_is_given_up_and_the_next_one_answered(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    await wire.send("node1", ONE, 5)
    for _ in range(3):
        (error,) = await wire.send("node1", (Query("SELECT SLEEP(20)"),), 0.3)
        assert type(error) is TimedOut and "didn't answer within 0.3 s" in str(error)
        await asyncio.sleep(0.05)
        (rows,) = await wire.send("node1", ONE, 5)
        assert isinstance(rows, Rows), rows


async def test_a_cancelled_question_leaves_a_working_wire(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    asked = asyncio.create_task(wire.send("node1", (Query("SELECT SLEEP(20)"),), 30))
    await asyncio.sleep(0.3)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await asyncio.sleep(0.05)
    (rows,) = await wire.send("node1", ONE, 5)
    assert isinstance(rows, Rows)


@pytest.mark.parametrize("turns", range(0, 250, 12))
async def test_a_question_given_up_at_any_moment_of_the_login_leaves_no_socket_open(
    bench: Bench, mysql: Mysql, turns: int
) -> None:
    """A socket that is left open is a ResourceWarning, which is an error here."""
    _, wire = await node(bench, mysql)
    await wire.send("node1", (Run(("true",)),), 5)
    asked = asyncio.create_task(wire.send("node1", ONE, 5))
    for _ in range(turns):
        await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait([asked])
    await wire.close()
    await asyncio.sleep(0.02)
    gc.collect()


async def test_a_connection_the_server_ended_is_made_anew_unasked(
    bench: Bench, mysql: Mysql, database: Database
) -> None:
    _, wire = await node(bench, mysql)
    (before,) = await wire.send("node1", (Query("SELECT CONNECTION_ID()"),), 5)
    assert isinstance(before, Rows)
    admin = connected(database.folder / "s")
    admin.kill(int(before.rows[0][0]))
    admin.close()
    await asyncio.sleep(0.2)
    (after,) = await wire.send("node1", (Query("SELECT CONNECTION_ID()"),), 5)
    assert isinstance(after, Rows) and after != before


async def test_an_ssh_connection_that_broke_takes_mysql_with_it_and_back(bench: Bench, mysql: Mysql) -> None:
    machine, wire = await node(bench, mysql)
    await wire.send("node1", ONE, 5)
    machine.connections[0].abort()
    await asyncio.sleep(0.1)
    (rows,) = await wire.send("node1", ONE, 5)
    assert isinstance(rows, Rows)


async def test_too_much(bench: Bench, mysql: Mysql) -> None:
    _, wire = await node(bench, mysql)
    (error,) = await wire.send("node1", (Query("SELECT REPEAT('x', 3000000), REPEAT('y', 3000000)"),), 9)
    assert type(error) is WireError and "with more than 4 MiB; ask for less" in str(error)
    (rows,) = await wire.send("node1", ONE, 5)
    assert isinstance(rows, Rows)


async def test_a_refused_login_says_who_and_where_the_password_came_from_and_not_the_password(
    bench: Bench, mysql: Mysql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS_PASSWORD", "wrong-secret")
    _, wire = await node(bench, mysql)
    (error,) = await wire.send("node1", ONE, 5)
    assert type(error) is AuthFailed
    assert str(error) == (
        f"MySQL on node1 (127.0.0.1:{mysql.port} through SSH) refused the login of ops; the password came from "
        f"the environment variable OPS_PASSWORD; correct it or the grant on that node"
    )
    monkeypatch.setenv("OPS_PASSWORD", PASSWORD)
    assert type((await wire.send("node1", ONE, 5))[0]) is AuthFailed, "not asked again at once"
    wire.retry("node1")
    assert type((await wire.send("node1", ONE, 5))[0]) is Rows


async def test_no_mysql_there(bench: Bench, mysql: Mysql) -> None:
    port = free_port()
    _, wire = await node(bench, replace(mysql, port=port))
    (error,) = await wire.send("node1", ONE, 5)
    assert type(error) is Unreachable
    assert str(error).startswith(f"MySQL on node1 (127.0.0.1:{port} through SSH) doesn't listen")


@pytest.mark.parametrize(
    ("words", "cause"), [("Connection refused", Cause.ABSENT), ("Connection timed out", Cause.SILENT)]
)
async def test_a_refused_mysql_is_known_and_a_silent_one_is_not(
    bench: Bench, mysql: Mysql, words: str, cause: Cause
) -> None:
    machine, wire = await node(bench, mysql)
    machine.connects = words
    (error,) = await wire.send("node1", ONE, 5)
    assert isinstance(error, WireError)
    assert (error.cause, words in str(error)) == (cause, True)


@pytest.mark.parametrize("said", [b"", b"\x05\x00\x00\x00hello", b"SSH-2.0-what\r\n", b"\xff" * 5000])
async def test_what_answers_is_no_mysql(bench: Bench, mysql: Mysql, said: bytes) -> None:
    def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    _, wire = await node(bench, replace(mysql, port=server.sockets[0].getsockname()[1]))
    (error,) = await wire.send("node1", ONE, 2)
    server.close()
    await asyncio.sleep(0.02)
    assert isinstance(error, WireError) and str(error).isprintable(), error


async def test_a_mysql_that_accepts_and_says_nothing(bench: Bench, mysql: Mysql) -> None:
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    _, wire = await node(bench, replace(mysql, port=server.sockets[0].getsockname()[1]))
    for _ in range(3):
        answers = await wire.send("node1", (*ONE, Run(("echo", "here"))), 1.5)
        assert [type(answer).__name__ for answer in answers] == ["TimedOut", "Ran"]
    server.close()
    for writer in held:
        writer.close()
    await asyncio.sleep(0.02)


async def test_a_machine_without_mysql(bench: Bench) -> None:
    machine = await bench.machine()
    wire = bench.wire(cluster(bench.folder, machine.port))
    assert [type(answer) for answer in await wire.send("fw1", ONE, 5)] == [Refused]


# The source of the password.


def secret_file(bench: Bench, text: str, mode: int = 0o600) -> Path:
    file = bench.folder / "secret"
    file.write_text(text)
    file.chmod(mode)
    return file


async def first(bench: Bench, mysql: Mysql) -> object:
    _, wire = await node(bench, mysql)
    (answer,) = await wire.send("node1", ONE, 5)
    return answer


QUOTED = PASSWORD.replace("\\", "\\\\").replace(chr(34), "\\" + chr(34))


@pytest.mark.parametrize(
    "text",
    [
        f"[client]\nuser = ops\npassword = \"{QUOTED}\"\n",
        "!includedir /etc/mysql/conf.d/\n[mysqld]\nskip-name-resolve\n[client]\n# password=x\n  user=ops # me\n"
        f'  password="{QUOTED}" # it\n',
        f"[client]\npassword=old\nuser=ops\n[mysql]\npassword=x\n[client]\npassword=\"{QUOTED}\"\n",
    ],
)  # fmt: skip
async def test_an_option_file(bench: Bench, mysql: Mysql, text: str) -> None:
    from_file = Mysql("", port=mysql.port, option_file=secret_file(bench, text))
    assert type(await first(bench, from_file)) is Rows


async def test_a_password_file(bench: Bench, mysql: Mysql) -> None:
    file = secret_file(bench, PASSWORD + "\nsecond line\n")
    assert type(await first(bench, Mysql("ops", port=mysql.port, password_file=file))) is Rows


async def test_a_password_command(bench: Bench, mysql: Mysql) -> None:
    file = secret_file(bench, PASSWORD + "\nsecond line\n")
    assert type(await first(bench, Mysql("ops", port=mysql.port, password_command=("cat", str(file))))) is Rows


async def test_no_password_at_all(bench: Bench, mysql: Mysql) -> None:
    assert type(await first(bench, Mysql("nobody", port=mysql.port))) is Rows


@pytest.mark.parametrize("mode", [0o644, 0o602])
@pytest.mark.parametrize("key", ["password_file", "option_file"])
async def test_a_file_everyone_can_read_is_refused(bench: Bench, key: str, mode: int) -> None:
    file = secret_file(bench, "[client]\npassword=hush\n", mode)
    error = await first(bench, replace(Mysql("ops"), **{key: file}))  # type: ignore[arg-type]
    assert type(error) is Refused
    assert str(error).endswith(f"every user of this machine; mend it: chmod 600 {file}") and "hush" not in str(error)


@pytest.mark.parametrize(
    ("mysql", "words"),
    [
        (Mysql("u", password_env="NO_SUCH"), "the environment variable NO_SUCH, which is not set; export it"),
        (Mysql("u", password_file=Path("/nowhere/x")), "password_file /nowhere/x can't be read: no such file"),
        (Mysql("u", password_command=("/nowhere/x", "hush")), "`/nowhere/x` can't be run: no such file or directory"),
        (Mysql("u", password_command=("sh", "-c", "echo locked >&2; exit 3")), "ended with status 3, it said 'locked'"),
    ],
)  # fmt: skip
async def test_a_password_that_is_not_to_be_had(bench: Bench, mysql: Mysql, words: str) -> None:
    error = await first(bench, mysql)
    assert type(error) is Refused and words in str(error) and "hush" not in str(error)


@pytest.mark.parametrize(
    "text", ["hush\n", "password=hush\n", "[client\nhush", "[mysqld]\npassword=hush\n", "\x00\xff"]
)
async def test_a_broken_option_file_is_not_quoted(bench: Bench, text: str) -> None:
    error = await first(bench, Mysql("", option_file=secret_file(bench, text)))
    assert type(error) is Refused and "[client] group" in str(error) and "hush" not in str(error)


async def test_nodes_do_not_take_each_other_s_place(bench: Bench, mysql: Mysql) -> None:
    ports = [(await bench.machine()).port for _ in range(3)]
    wire = bench.wire(replace(cluster(bench.folder, *ports), mysql=mysql))
    mine = (Query("SELECT CONNECTION_ID()"),)
    for _ in range(2):
        answers = await asyncio.gather(*(wire.send(f"node{n}", mine, 5) for n in (1, 2, 3)))
        assert all(type(answer) is Rows for (answer,) in answers) and len(set(answers)) == 3
