"""SSH to a machine, against real servers: the good way, and everything that can go wrong."""

import asyncio
import dataclasses
import itertools
import time
from pathlib import Path

import asyncssh
import pytest

from console.inventory.cluster import Cluster, Login, Timings
from console.probes.ask import AuthFailed, HostKeyChanged, Query, Ran, Refused, Run, TimedOut, Unreachable, WireError
from console.wire.sentences import by_hand

from .conftest import Bench
from .machines import Machine, cluster, deaf, listen, shell

ECHO = (Run(("echo", "hello")),)
HELLO = (Ran(0, "hello\n", ""),)


def sentence(answers: tuple[object, ...], kind: type[WireError]) -> str:
    """The one sentence all asks of a call were answered with."""
    for answer in answers:
        assert type(answer) is kind, answer
    assert len({str(answer) for answer in answers}) == 1
    text = str(answers[0])
    assert "\n" not in text and "Traceback" not in text
    return text


async def test_all_commands_of_a_call_travel_in_one_script(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    answers = await wire.send(
        "node1", (Run(("echo", "a b; $HOME `id`")), Run(("cat",), stdin="two\nlines\n"), Run(("false",))), 5
    )
    assert answers == (Ran(0, "a b; $HOME `id`\n", ""), Ran(0, "two\nlines\n", ""), Ran(1, "", ""))
    assert node.commands == ["/bin/sh"]
    assert len(node.scripts) == 1


async def test_the_connection_is_kept_and_shared(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    assert await asyncio.gather(*(wire.send("node1", ECHO, 5) for _ in range(30))) == [HELLO] * 30
    assert len(node.logins) == 1
    assert 1 < node.most_at_once <= 6


async def test_what_a_command_says_on_standard_error_stays_with_it(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    answers = await wire.send("node1", (Run(("ls", "/nowhere")), Run(("echo", "fine"))), 5)
    assert isinstance(answers[0], Ran) and "/nowhere" in answers[0].err
    assert answers[1] == Ran(0, "fine\n", "")


async def test_an_unknown_host_key_is_refused_with_its_fingerprint_and_the_remedy(bench: Bench) -> None:
    node = await bench.machine(trusted=False)
    wire = bench.wire(cluster(bench.folder, node.port))
    known = bench.folder / "known_hosts"
    assert sentence(await wire.send("node1", ECHO, 5), HostKeyChanged) == (
        f"node1 (127.0.0.1:{node.port}) offers the ssh-ed25519 host key {node.host_key.get_fingerprint()}, and "
        f"{known} holds none for [127.0.0.1]:{node.port}; compare it with `cat "
        f"/etc/ssh/ssh_host_*_key.pub | ssh-keygen -lf -` on the machine's own console, and if it matches: "
        f"ssh-keyscan -p {node.port} 127.0.0.1 >> {known}"
    )
    assert node.logins == []


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
async def test_a_changed_host_key_is_told_from_an_unknown_one(bench: Bench, kind: str) -> None:
    node = await bench.machine(trusted=False)
    other = asyncssh.generate_private_key(kind).export_public_key().decode().strip()
    known = bench.folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{node.port} {other}\n")
    wire = bench.wire(cluster(bench.folder, node.port))
    text = sentence(await wire.send("node1", ECHO, 5), HostKeyChanged)
    assert f"{node.host_key.get_fingerprint()}, which is not the one known for [127.0.0.1]:{node.port}" in text
    assert f"ssh-keygen -R '[127.0.0.1]:{node.port}' -f {known}" in text
    assert node.logins == []


async def test_the_check_can_not_be_turned_off_in_ssh_config(bench: Bench) -> None:
    node = await bench.machine(trusted=False)
    (bench.folder / "ssh_config").write_text("UserKnownHostsFile none\nStrictHostKeyChecking no\n")
    wire = bench.wire(cluster(bench.folder, node.port, known_hosts=None))
    sentence(await wire.send("node1", ECHO, 5), HostKeyChanged)
    assert node.logins == []


async def test_a_remedy_followed_is_a_fault_mended(bench: Bench) -> None:
    node = await bench.machine(trusted=False)
    wire = bench.wire(cluster(bench.folder, node.port))
    sentence(await wire.send("node1", ECHO, 5), HostKeyChanged)
    node.trust(bench.folder / "known_hosts")
    await asyncio.sleep(0.6)
    assert await wire.send("node1", ECHO, 5) == HELLO


async def test_a_refused_login_names_user_and_remedy_and_is_not_repeated(bench: Bench) -> None:
    node = await bench.machine()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(bench.folder / "id")
    wire = bench.wire(cluster(bench.folder, node.port, user="ops"))
    text = sentence(await wire.send("node1", ECHO, 5), AuthFailed)
    assert text == (
        f"node1 refused the login ops@127.0.0.1:{node.port}: none of the agent's keys and identity files is accepted. "
        f"Add the key (ssh-add), or correct `user` or `identity` in the inventory, and try: "
        f"ssh -F {bench.folder}/ssh_config -i {bench.folder}/id -o IdentitiesOnly=yes "
        f"-o UserKnownHostsFile={bench.folder}/known_hosts "
        f"-p {node.port} -l ops 127.0.0.1"
    )
    await asyncio.sleep(0.7)
    assert sentence(await wire.send("node1", ECHO, 5), AuthFailed) == text
    assert node.logins == ["ops"]
    wire.retry("node1")
    await wire.send("node1", ECHO, 5)
    assert node.logins == ["ops", "ops"]


async def test_a_missing_identity_file_is_named(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port, identity=bench.folder / "gone"))
    assert str(bench.folder / "gone") in sentence(await wire.send("node1", ECHO, 5), AuthFailed)


async def test_a_key_that_needs_a_passphrase_asks_nobody(bench: Bench) -> None:
    node = await bench.machine()
    key = asyncssh.generate_private_key("ssh-ed25519")
    (bench.folder / "id").write_bytes(key.export_private_key("pkcs8-pem", passphrase="secret"))
    wire = bench.wire(cluster(bench.folder, node.port))
    assert "ssh-add" in sentence(await wire.send("node1", ECHO, 5), AuthFailed)


async def test_a_key_in_the_agent_is_enough(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    node = await bench.machine()
    agent = bench.folder / "agent"
    process = await asyncio.create_subprocess_exec(
        "ssh-agent", "-D", "-a", str(agent), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        while not agent.exists():
            await asyncio.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        add = await asyncio.create_subprocess_exec("ssh-add", "-q", str(bench.folder / "id"))
        assert await add.wait() == 0
        wire = bench.wire(cluster(bench.folder, node.port, identity=None))
        assert await wire.send("node1", ECHO, 5) == HELLO
    finally:
        process.terminate()
        await process.wait()


async def test_nothing_listens(bench: Bench) -> None:
    node = await bench.machine()
    await node.vanish()
    wire = bench.wire(cluster(bench.folder, node.port))
    assert sentence(await wire.send("node1", ECHO, 5), Unreachable) == (
        f"node1 (127.0.0.1:{node.port}) can't be reached: connection refused; see whether the machine and sshd run"
    )


async def test_an_unknown_host_name(bench: Bench) -> None:
    node = await bench.machine()
    known = cluster(bench.folder, node.port)
    lost = dataclasses.replace(known.nodes[0], login=dataclasses.replace(known.nodes[0].login, host="no.such.invalid"))
    wire = bench.wire(dataclasses.replace(known, nodes=(lost,)))
    assert "the host name no.such.invalid is not found" in sentence(await wire.send("node1", ECHO, 5), Unreachable)


async def hung_port(bench: Bench, callers: list[object] | None = None) -> int:
    """A port that accepts and never answers. `callers` gets a line for each connection."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if callers is not None:
            callers.append(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    bench.stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


async def test_a_server_that_accepts_and_never_answers(bench: Bench) -> None:
    callers: list[object] = []
    port = await hung_port(bench, callers)
    wire = bench.wire(cluster(bench.folder, port, timings=Timings(connect=0.3)))
    text = sentence(await wire.send("node1", ECHO, 5), TimedOut)
    assert text == (
        f"node1 (127.0.0.1:{port}) gave no SSH connection within 0.3 s; see whether the machine is up: "
        f"ssh -F {bench.folder}/ssh_config -i {bench.folder}/id -o IdentitiesOnly=yes "
        f"-o UserKnownHostsFile={bench.folder}/known_hosts "
        f"-p {port} -l root 127.0.0.1"
    )
    assert sentence(await wire.send("node1", ECHO, 5), TimedOut) == text
    assert len(callers) == 1, "no second connection while backing off"


async def test_a_caller_with_less_time_than_the_connection_takes(bench: Bench) -> None:
    port = await hung_port(bench)
    wire = bench.wire(cluster(bench.folder, port, timings=Timings(connect=30)))
    assert "gave no SSH connection within 0.2 s" in sentence(await wire.send("node1", ECHO, 0.2), TimedOut)


async def test_a_machine_without_a_connection_has_one_sentence_whoever_waited(bench: Bench) -> None:
    port = await hung_port(bench)
    wire = bench.wire(cluster(bench.folder, port, timings=Timings(connect=0.3)))
    texts = [sentence(await wire.send("node1", ECHO, 0.3), TimedOut) for _ in range(4)]
    assert len(set(texts)) == 1, texts


def test_the_command_that_leads_there_is_what_the_inventory_says() -> None:
    login = Login("fw.example", port=2222, user="admin", identity=Path("/home/ops/my keys/id"))
    assert by_hand(login) == "ssh -i '/home/ops/my keys/id' -o IdentitiesOnly=yes -p 2222 -l admin fw.example"
    assert by_hand(Login("shop-a")) == "ssh shop-a"


async def test_one_hung_machine_delays_no_other(bench: Bench) -> None:
    node = await bench.machine()
    silent = await bench.machine(handler=deaf)
    wire = bench.wire(cluster(bench.folder, await hung_port(bench), node.port, silent.port))
    waiting = [asyncio.create_task(wire.send(name, ECHO, 60)) for name in ("node1", "node3", "node3")]
    for _ in range(11):
        assert await wire.send("node2", ECHO, 5) == HELLO
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_command_that_hangs_costs_the_answers_after_it_and_none_before(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    answers = await wire.send("node1", (*ECHO, Run(("sleep", "9"), timeout=9), *ECHO), 0.5)
    assert answers[0] == HELLO[0]
    assert "is connected but didn't answer within 0.5 s" in sentence(answers[1:], TimedOut)


async def test_the_machine_ends_a_command_itself(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    answers = await wire.send("node1", (Run(("sleep", "9"), timeout=0.2), *ECHO), 5)
    assert answers == (Ran(124, "", ""), *HELLO)


async def test_two_silences_in_a_row_and_the_connection_is_made_anew(bench: Bench) -> None:
    node = await bench.machine(handler=deaf)
    wire = bench.wire(cluster(bench.folder, node.port))
    for _ in range(2):
        sentence(await wire.send("node1", ECHO, 0.3), TimedOut)
        assert len(node.logins) == 1
    sentence(await wire.send("node1", ECHO, 0.3), TimedOut)
    assert len(node.logins) == 2


async def test_a_machine_that_dies_under_a_question(bench: Bench) -> None:
    node = await bench.machine(handler=deaf)
    wire = bench.wire(cluster(bench.folder, node.port))
    asked = asyncio.create_task(wire.send("node1", ECHO, 5))
    while not node.scripts:
        await asyncio.sleep(0.01)
    await node.vanish()
    assert "lost the SSH connection while it was asked" in sentence(await asked, Unreachable)
    assert "connection refused" in sentence(await wire.send("node1", ECHO, 5), Unreachable)
    await listen(node, bench.folder / "authorized", shell, node.port)
    assert "connection refused" in sentence(await wire.send("node1", ECHO, 5), Unreachable), "backing off"
    await asyncio.sleep(0.6)
    assert await wire.send("node1", ECHO, 5) == HELLO


async def test_a_server_that_dies_silently(bench: Bench) -> None:
    """The link is cut without a word, as when power fails: both silences pass, then the next attempt says so."""
    node = await bench.machine()
    behind = node.port
    link: list[asyncio.StreamWriter] = []
    cut = asyncio.Event()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", behind)
        link.extend((writer, there_writer))

        async def pump(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
            while (data := await source.read(65536)) and not cut.is_set():
                to.write(data)
            await asyncio.sleep(3600)

        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    tasks: list[asyncio.Task[None]] = []
    relay = await asyncio.start_server(lambda r, w: tasks.append(asyncio.create_task(carry(r, w))), "127.0.0.1", 0)
    port = relay.sockets[0].getsockname()[1]
    node.port = port
    node.trust(bench.folder / "known_hosts")
    wire = bench.wire(cluster(bench.folder, port, timings=Timings(connect=0.4)))
    try:
        assert await wire.send("node1", ECHO, 5) == HELLO
        cut.set()
        for _ in range(2):
            assert "hangs or lost power" in sentence(await wire.send("node1", ECHO, 0.3), TimedOut)
        assert "gave no SSH connection" in sentence(await wire.send("node1", ECHO, 5), TimedOut)
        cut.clear()
        await asyncio.sleep(0.6)
        assert await wire.send("node1", ECHO, 5) == HELLO
    finally:
        relay.close()
        for task in tasks:
            task.cancel()
        for writer in link:
            writer.transport.abort()


async def test_the_pause_between_attempts_doubles(bench: Bench) -> None:
    attempts: list[float] = []

    def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(time.monotonic())
        writer.close()

    server = await asyncio.start_server(door, "127.0.0.1", 0)
    wire = bench.wire(cluster(bench.folder, server.sockets[0].getsockname()[1]))
    until = time.monotonic() + 1.9
    while time.monotonic() < until:
        sentence(await wire.send("node1", ECHO, 5), Unreachable)
        await asyncio.sleep(0.02)
    server.close()
    pauses = [after - before for before, after in itertools.pairwise(attempts)]
    assert [round(pause * 2) / 2 for pause in pauses] == [0.5, 1.0]


async def test_a_cancelled_caller_breaks_nothing_for_the_others(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    first = asyncio.create_task(wire.send("node1", (Run(("sleep", "5"), timeout=5),), 6))
    second = asyncio.create_task(wire.send("node1", ECHO, 6))
    await asyncio.sleep(0.001)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second == HELLO
    third = asyncio.create_task(wire.send("node1", (Run(("sleep", "5"), timeout=5),), 6))
    await asyncio.sleep(0.3)
    third.cancel()
    with pytest.raises(asyncio.CancelledError):
        await third
    assert await wire.send("node1", ECHO, 5) == HELLO
    assert len(node.logins) == 1


async def test_a_mebibyte_passes_and_too_much_is_cut_off(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    (large,) = await wire.send("node1", (Run(("head", "-c", "1500000", "/dev/zero")),), 10)
    assert isinstance(large, Ran) and len(large.out) == 1_500_000
    answers = await wire.send("node1", (*ECHO, Run(("cat", "/dev/zero")), *ECHO), 20)
    assert answers[0] == HELLO[0]
    assert sentence(answers[1:], WireError) == (
        f"node1 (127.0.0.1:{node.port}) printed more than 4 MiB; the rest was not read"
    )
    assert await wire.send("node1", ECHO, 5) == HELLO


async def test_endless_standard_error_is_dropped_not_kept(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    flood = Run(("sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' e >&2; echo done"))
    (answer,) = await wire.send("node1", (flood,), 10)
    assert isinstance(answer, Ran) and answer.out == "done\n" and len(answer.err) <= 256 << 10


async def test_garbage_is_an_answer_like_another(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port))
    answers = await wire.send("node1", (Run(("head", "-c", "100000", "/dev/urandom")), *ECHO), 10)
    assert isinstance(answers[0], Ran) and answers[0].status == 0 and len(answers[0].out) > 10_000
    assert answers[1:] == HELLO


async def no_shell(machine: Machine, process: asyncssh.SSHServerProcess[bytes]) -> None:
    await process.stdin.read(1)
    process.stderr.write(b"This account is\x1b[2J \xe2\x80\xaenot available.\n")
    process.exit(1)


async def test_a_login_without_a_shell_and_with_escape_sequences(bench: Bench) -> None:
    node = await bench.machine(handler=no_shell)
    wire = bench.wire(cluster(bench.folder, node.port))
    assert sentence(await wire.send("node1", ECHO, 5), WireError) == (
        f"node1 (127.0.0.1:{node.port}) ended /bin/sh before it had answered; "
        f"it said 'This account is [2J not available.'"
    )


def sudo(folder: Path, text: str) -> str:
    """The folder of a `sudo` that says `text` and fails, or runs the command if it says nothing."""
    (folder / "bin").mkdir()
    script = folder / "bin" / "sudo"
    script.write_text(
        f"#!/bin/sh\necho '{text}' >&2\nexit 1\n" if text else '#!/bin/sh\nshift\necho as root; exec "$@"\n'
    )
    script.chmod(0o755)
    return str(folder / "bin")


@pytest.mark.parametrize(
    "words",
    ["sudo: a password is required", "Sorry, user ops is not allowed to execute '/bin/x' as root on n1.",
     "ops is not in the sudoers file.", "sudo: a terminal is required to read the password",
     "sudo-rs: interactive authentication is required", "sudo: interactive authentication is required",
     "sudo-rs: I'm sorry ops. I'm afraid I can't do that", "sudo: no new privileges flag is set",
     "sudo: effective uid is not 0, is sudo installed setuid root?", "sudo: account validation failure",
     "sudo: /etc/sudoers is world writable", "sudo: no valid sudoers sources found, quitting",
     "sudo: parse error in /etc/sudoers near line 3", "sudo: unable to stat /etc/sudoers: Permission denied",
     "sudo: error initializing audit plugin sudoers_audit", "sudo: PAM account management error: Permission denied",
     "sudo: Account or password is expired, reset your password and try again",
     "sudo: you do not exist in the passwd database", "sudo: unknown uid 1000: who are you?",
     "sudo: policy plugin failed session initialization", "sudo-rs: invalid configuration: invalid sudoers",
     "sudo: no password was provided", "sudo: no askpass program specified, try setting SUDO_ASKPASS",
     "sudo: timed out reading password", "sudo: command not allowed", "sh: 1: sudo: not found",
     "bash: line 3: sudo: command not found"],
)  # fmt: skip
async def test_sudo_that_refuses_is_refused_with_the_line_that_is_missing(bench: Bench, words: str) -> None:
    quoted = words.replace("'", "'\"'\"'")
    node = await bench.machine(path=sudo(bench.folder, quoted))
    wire = bench.wire(cluster(bench.folder, node.port, user="ops"))
    answers = await wire.send("node1", (*ECHO, Run(("systemctl", "stop", "x"), root=True)), 5)
    assert answers[0] == HELLO[0]
    assert sentence(answers[1:], Refused) == (
        f"node1 (127.0.0.1:{node.port}): sudo doesn't let ops run `systemctl stop x` without a password, it said "
        f"'{words}'. Allow that command there in /etc/sudoers.d/drainboard; `drainboard sudoers` prints it"
    )


@pytest.mark.parametrize(
    "words", ["sudo: sorry, you must have a tty to run sudo", "sudo: no tty present and no askpass program specified"]
)
async def test_sudo_that_wants_a_terminal_is_mended_by_a_line(bench: Bench, words: str) -> None:
    node = await bench.machine(path=sudo(bench.folder, words))
    wire = bench.wire(cluster(bench.folder, node.port, user="ops"))
    text = sentence(await wire.send("node1", (Run(("systemctl", "stop", "x"), root=True),), 5), Refused)
    assert "/etc/sudoers.d/drainboard, with the line `Defaults:ops !requiretty`; `drainboard sudoers` prints it" in text


async def test_the_lecture_of_sudo_is_not_the_reason(bench: Bench) -> None:
    words = "We trust you have received the usual lecture from the local System\nAdministrator. It usually\n\n"
    node = await bench.machine(path=sudo(bench.folder, f"{words}sudo: a password is required"))
    wire = bench.wire(cluster(bench.folder, node.port, user="ops"))
    text = sentence(await wire.send("node1", (Run(("systemctl", "stop", "x"), root=True),), 5), Refused)
    assert "without a password, it said 'sudo: a password is required'. Allow that command" in text


@pytest.mark.parametrize(
    "words", ["sudo: unable to resolve host node1: Temporary failure in name resolution", "sudo-rs: a warning", "x: no"]
)
async def test_what_sudo_says_beside_a_command_is_no_refusal(bench: Bench, words: str) -> None:
    node = await bench.machine(path=sudo(bench.folder, words))
    wire = bench.wire(cluster(bench.folder, node.port, user="ops"))
    (answer,) = await wire.send("node1", (Run(("pgrep", "-x", "x"), root=True),), 5)
    assert answer == Ran(1, "", words + "\n")


@pytest.mark.parametrize(
    ("machine", "user", "prefixed"),
    [("node1", "ops", True), ("node1", "root", False), ("node1", "admin", True), ("fw1", "admin", False),
     ("fw1", "root", False), ("fw1", "ops", True)],
)  # fmt: skip
async def test_sudo_is_used_where_it_is_needed(bench: Bench, machine: str, user: str, prefixed: bool) -> None:
    node = await bench.machine(path=sudo(bench.folder, ""))
    wire = bench.wire(cluster(bench.folder, node.port, user=user))
    answers = await wire.send(machine, (Run(("echo", "hello"), root=True), *ECHO), 5)
    assert answers == (Ran(0, "as root\nhello\n" if prefixed else "hello\n", ""), *HELLO)


async def test_sudo_follows_the_user_ssh_config_names(bench: Bench) -> None:
    node = await bench.machine(path=sudo(bench.folder, ""))
    (bench.folder / "ssh_config").write_text("Host *\n  User deploy\n")
    wire = bench.wire(cluster(bench.folder, node.port, user=None))  # type: ignore[arg-type]
    assert await wire.send("node1", (Run(("true",), root=True),), 5) == (Ran(0, "as root\n", ""),)
    assert node.logins == ["deploy"]


async def test_read_only_lets_nothing_out_but_the_known_questions(bench: Bench) -> None:
    node = await bench.machine()
    wire = bench.wire(cluster(bench.folder, node.port), allowed=frozenset(ECHO))
    change = Run(("rm", "-rf", "/nowhere"))
    answers = await wire.send(
        "node1", (change, *ECHO, Query("SET GLOBAL read_only=1"), Run(("echo", "hello"), root=True)), 5
    )
    assert [type(answer) for answer in answers] == [Refused, Ran, Refused, Refused]
    assert str(answers[0]) == "node1: read-only is on, so `rm -rf /nowhere` was not sent"
    assert "rm" not in node.scripts[0]
    await wire.send("node1", (change,), 5)
    assert len(node.scripts) == 1


def alias(bench: Bench, machine: Machine, config: str) -> Cluster:
    (bench.folder / "ssh_config").write_text(config)
    known = cluster(bench.folder, machine.port)
    login = Login("shop-a", config=bench.folder / "ssh_config", known_hosts=bench.folder / "known_hosts")
    return dataclasses.replace(known, nodes=(dataclasses.replace(known.nodes[0], login=login),))


async def test_a_host_alias_of_ssh_config(bench: Bench) -> None:
    node = await bench.machine()
    config = f"Host shop-a\n HostName 127.0.0.1\n Port {node.port}\n User carol\n IdentityFile {bench.folder}/id\n"
    wire = bench.wire(alias(bench, node, config))
    assert await wire.send("node1", ECHO, 5) == HELLO
    assert node.logins == ["carol"]


async def test_the_inventory_overrides_ssh_config(bench: Bench) -> None:
    node = await bench.machine()
    (bench.folder / "ssh_config").write_text("Host *\n Port 1\n User carol\n IdentityFile /nowhere\n")
    wire = bench.wire(cluster(bench.folder, node.port, user="ops"))
    assert await wire.send("node1", ECHO, 5) == HELLO
    assert node.logins == ["ops"]


def jumping(bench: Bench, jump: Machine, node: Machine) -> str:
    return (
        f"Host shop-a\n HostName 127.0.0.1\n Port {node.port}\n ProxyJump bastion\n User carol\n"
        f"Host bastion\n HostName 127.0.0.1\n Port {jump.port}\n User gate\n"
        f"Host *\n IdentityFile {bench.folder}/id\n ProxyJump bastion\n"
    )


async def test_through_a_jump_host(bench: Bench) -> None:
    jump, node = await bench.machine(), await bench.machine()
    wire = bench.wire(alias(bench, node, jumping(bench, jump, node)))
    assert await wire.send("node1", ECHO, 5) == HELLO
    assert (jump.logins, node.logins, jump.commands) == (["gate"], ["carol"], [])
    await wire.close()
    await asyncio.sleep(0.05)
    assert all(connection.is_closed() for connection in (*jump.connections, *node.connections))


async def test_the_second_jump_host_is_reached_through_the_first(bench: Bench) -> None:
    first, second, node = [await bench.machine() for _ in range(3)]
    config = (
        f"Host shop-a\n HostName 127.0.0.1\n Port {node.port}\n ProxyJump first,second\n User carol\n"
        f"Host first\n HostName 127.0.0.1\n Port {first.port}\n User gate\n"
        f"Host second\n HostName 127.0.0.1\n Port {second.port}\n ProxyJump nowhere.invalid\n"
        f"Host *\n IdentityFile {bench.folder}/id\n"
    )
    wire = bench.wire(alias(bench, node, config))
    assert await wire.send("node1", ECHO, 5) == HELLO
    told = wire._ssh["node1"].identity
    assert told and len(told.hops) == 2
    await wire.close()
    first.connects = "No route to host"
    wire = bench.wire(alias(bench, node, config))
    text = sentence(await wire.send("node1", ECHO, 5), Unreachable)
    assert "jump host second for node1" in text and "can't be reached from its jump host" in text


async def test_the_way_through_a_jump_host_is_told(bench: Bench) -> None:
    jump, node = await bench.machine(), await bench.machine()
    straight = bench.wire(cluster(bench.folder, jump.port))
    assert await straight.send("node1", ECHO, 5) == HELLO
    wire = bench.wire(alias(bench, node, jumping(bench, jump, node)))
    assert await wire.send("node1", ECHO, 5) == HELLO
    there, gate = wire._ssh["node1"].identity, straight._ssh["node1"].identity
    assert there
    assert gate
    assert there.hops == (gate.host_key,)
    assert gate.hops == ()
    assert there.router == "", "loopback needs no router"


async def test_a_jump_host_is_checked_like_any_other(bench: Bench) -> None:
    jump, node = await bench.machine(trusted=False), await bench.machine()
    wire = bench.wire(alias(bench, node, jumping(bench, jump, node)))
    text = sentence(await wire.send("node1", ECHO, 5), HostKeyChanged)
    assert text.startswith(f"jump host bastion for node1 (127.0.0.1:{jump.port}) offers the ssh-ed25519 host key")
    assert (jump.logins, node.logins) == ([], [])


async def test_an_unknown_key_behind_a_jump_host_is_fetched_by_ssh_itself(bench: Bench) -> None:
    jump, node = await bench.machine(), await bench.machine(trusted=False)
    wire = bench.wire(alias(bench, node, jumping(bench, jump, node)))
    assert sentence(await wire.send("node1", ECHO, 5), HostKeyChanged).endswith(
        f"if it matches: ssh -F {bench.folder}/ssh_config -o UserKnownHostsFile={bench.folder}/known_hosts shop-a"
    )


async def test_a_jump_host_that_can_not_reach_the_machine(bench: Bench) -> None:
    jump, node = await bench.machine(), await bench.machine()
    await node.vanish()
    wire = bench.wire(alias(bench, node, jumping(bench, jump, node)))
    assert "can't be reached from its jump host" in sentence(await wire.send("node1", ECHO, 5), Unreachable)


async def test_a_broken_ssh_config_is_named(bench: Bench) -> None:
    node = await bench.machine()
    (bench.folder / "ssh_config").write_text("Port none\n")
    wire = bench.wire(cluster(bench.folder, node.port))
    assert f"{bench.folder / 'ssh_config'} line 1" in sentence(await wire.send("node1", ECHO, 5), AuthFailed)


async def test_asyncssh_says_nothing_on_the_terminal(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    node = await bench.machine(trusted=False)
    wire = bench.wire(cluster(bench.folder, node.port))
    sentence(await wire.send("node1", ECHO, 5), HostKeyChanged)
    assert capfd.readouterr() == ("", "")


async def test_an_unknown_machine_is_a_mistake_of_ours(bench: Bench) -> None:
    wire = bench.wire(cluster(bench.folder, 1))
    with pytest.raises(KeyError):
        await wire.send("nobody", ECHO, 1)


async def test_closing_ends_an_attempt(bench: Bench) -> None:
    wire = bench.wire(cluster(bench.folder, await hung_port(bench), timings=Timings(connect=30)))
    asked = asyncio.create_task(wire.send("node1", ECHO, 0.3))
    await asyncio.sleep(0.1)
    await wire.close()
    await asyncio.wait([asked])
