"""A login as ssh itself does it: what it passes over, which keys it offers, and why a machine turned it away."""

import asyncio
import os
import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from console.inventory.cluster import Mysql, Timings
from console.probes.ask import AuthFailed, HostKeyChanged, Ran, Run, Unreachable, WireError
from console.wire import Wire
from console.wire.password import Keyring
from console.wire.sentences import by_hand, ended
from tests.wire.conftest import Bench
from tests.wire.machines import cluster, deaf, this_machine
from tests.wire.test_mysql import free_port

ECHO = (Run(("echo", "hello")),)
HELLO = (Ran(0, "hello\n", ""),)
NOWHERE = asyncio.subprocess.DEVNULL
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
NO_SSHD = "NOT TESTED: no sshd on this machine, or not root (apt-get install openssh-server)"


def key(path: Path, passphrase: str = "", kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)], check=True)
    return path


@asynccontextmanager
async def agent(bench: Bench, monkeypatch: pytest.MonkeyPatch, *keys: Path) -> AsyncIterator[None]:
    path = bench.folder / "agent"
    process = await asyncio.create_subprocess_exec(
        "ssh-agent", "-D", "-a", str(path), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        while not path.exists():
            await asyncio.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        for one in keys:
            subprocess.run(["ssh-add", "-q", str(one)], check=True, stdin=subprocess.DEVNULL)
        yield
    finally:
        process.terminate()
        await process.wait()


async def said(wire: Wire, kind: type[WireError]) -> str:
    (answer,) = await wire.send("node1", ECHO, 8)
    assert type(answer) is kind, answer
    return str(answer)


# Settings that ssh passes over.


UNUSABLE = {"empty": "", "garbage": "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "not mine": "\x00\x01"}


@pytest.mark.parametrize("odd", ["gone", "a folder", "empty", "garbage", "not mine"])
async def test_an_identity_file_that_can_not_be_used_is_passed_over(bench: Bench, odd: str) -> None:
    node, file = await bench.machine(), bench.folder / "odd"
    if odd == "a folder":
        file.mkdir()
    elif odd != "gone":
        file.write_text(
            {"empty": "", "garbage": "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "not mine": "\x00\x01"}[odd]
        )
    (bench.folder / "ssh_config").write_text(f"IdentityFile {file}\nIdentityFile {bench.folder / 'id'}\n")
    wire = bench.wire(cluster(bench.folder, node.port, identity=None))
    assert await wire.send("node1", ECHO, 5) == HELLO
    assert [one.partition(":")[0] for one in wire.passed_over("node1")] == [f"the identity file {file} was passed over"]


ODD_LINES = [
    "garbage",
    "@nonsense host ssh-ed25519 AAAA",
    "|1|x|y ssh-ed25519 AAAA",
    "host",
    "\x00\xff\xfe",
    "@revoked",
    "[::1/999 ssh-rsa AAAA",
]


@pytest.mark.parametrize("line", ODD_LINES)
async def test_an_odd_line_of_known_hosts_is_passed_over(bench: Bench, line: str) -> None:
    node, known = await bench.machine(), bench.folder / "known_hosts"
    known.write_bytes(line.encode("latin-1") + b"\n" + known.read_bytes() + line.encode("latin-1") + b"\n")
    wire = bench.wire(cluster(bench.folder, node.port))
    assert await wire.send("node1", ECHO, 5) == HELLO
    passed = wire.passed_over("node1")
    assert all(one.startswith("line ") and str(known) in one for one in passed) and len(passed) in (0, 2)


async def test_known_hosts_that_can_not_be_read_are_not_taken_for_the_network(bench: Bench) -> None:
    node = await bench.machine()
    folder = bench.folder / "a folder"
    folder.mkdir()
    wire = bench.wire(cluster(bench.folder, node.port, known_hosts=folder))
    assert "holds none for" in await said(wire, HostKeyChanged)


async def test_an_odd_line_makes_no_revoked_key_good(bench: Bench) -> None:
    node, known = await bench.machine(), bench.folder / "known_hosts"
    text = known.read_text()
    known.write_text(f"garbage\n{text}@revoked {text}")
    assert "must not be trusted" in await said(bench.wire(cluster(bench.folder, node.port)), HostKeyChanged)


# Keys that are offered.


async def test_an_identity_is_offered_alone_beside_a_full_agent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """sshd ends a login after so many keys."""
    others = [key(bench.folder / f"k{at}") for at in range(8)]
    async with sshd(bench, "MaxAuthTries 2") as port, agent(bench, monkeypatch, *others):
        assert await bench.wire(this_machine(bench.folder, port)).send("node1", ECHO, 5) == HELLO
        (bench.folder / "ssh_config").write_text(f"IdentitiesOnly yes\nIdentityFile {bench.folder / 'id'}\n")
        assert await bench.wire(this_machine(bench.folder, port, identity=None)).send("node1", ECHO, 5) == HELLO
        (bench.folder / "ssh_config").write_text("")
        text = await said(bench.wire(this_machine(bench.folder, port, identity=None)), AuthFailed)
        assert "too many keys. Name the right one" in text


@pytest.mark.parametrize("public", [True, False])
async def test_a_locked_identity_is_found_in_the_agent(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, public: bool
) -> None:
    """It is found by its public part, which lies beside it or in its own head."""
    node, locked = await bench.machine(), key(bench.folder / "locked")
    (bench.folder / "authorized").write_text(locked.with_suffix(".pub").read_text())
    others = [key(bench.folder / f"k{at}") for at in range(8)]
    async with agent(bench, monkeypatch, *others, locked):
        subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(locked)], check=True)
        if not public:
            locked.with_suffix(".pub").unlink()
        wire = bench.wire(cluster(bench.folder, node.port, identity=locked))
        assert await wire.send("node1", ECHO, 5) == HELLO


async def test_a_public_key_file_names_the_agent_s_key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    node, held = await bench.machine(), key(bench.folder / "held")
    (bench.folder / "authorized").write_text(held.with_suffix(".pub").read_text())
    async with agent(bench, monkeypatch, held):
        wire = bench.wire(cluster(bench.folder, node.port, identity=held.with_suffix(".pub")))
        assert await wire.send("node1", ECHO, 5) == HELLO


async def test_the_agent_that_ssh_config_names_or_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    node, held = await bench.machine(), key(bench.folder / "held")
    (bench.folder / "authorized").write_text(held.with_suffix(".pub").read_text())
    async with agent(bench, monkeypatch, held):
        (bench.folder / "ssh_config").write_text(f"IdentityAgent {bench.folder / 'agent'}\n")
        monkeypatch.delenv("SSH_AUTH_SOCK")
        assert await bench.wire(cluster(bench.folder, node.port, identity=None)).send("node1", ECHO, 5) == HELLO
        (bench.folder / "ssh_config").write_text("IdentityAgent none\n")
        monkeypatch.setenv("SSH_AUTH_SOCK", str(bench.folder / "agent"))
        monkeypatch.setenv("HOME", str(bench.folder))
        text = await said(bench.wire(cluster(bench.folder, node.port, identity=None)), AuthFailed)
        assert "there is no key to offer, neither an agent's nor a file's" in text


# Why a machine turned it away.


async def closing(bench: Bench, greeting: bytes) -> int:
    def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    bench.stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize("greeting", [b"", b"Not allowed at this time\r\n", b"Exceeded MaxStartups\r\n"])
async def test_closed_before_the_login_began(bench: Bench, greeting: bytes) -> None:
    text = await said(bench.wire(cluster(bench.folder, await closing(bench, greeting))), Unreachable)
    assert "closed the connection before the login began" in text
    assert "MaxStartups" in text and "PerSourcePenalties" in text and "wait a minute" in text


async def test_closed_during_the_login(bench: Bench) -> None:
    text = await said(bench.wire(cluster(bench.folder, await closing(bench, b"SSH-2.0-x\r\n"))), Unreachable)
    assert "closed the connection during the login" in text and "sshd's log" in text


async def test_closed_by_the_machine_while_it_is_asked(bench: Bench) -> None:
    node = await bench.machine(handler=deaf)
    asked = asyncio.create_task(said(bench.wire(cluster(bench.folder, node.port)), Unreachable))
    while not node.scripts:
        await asyncio.sleep(0.01)
    node.connections[0].abort()
    assert (await asked).endswith("lost the SSH connection while it was asked: the machine closed it")


def test_no_answer_is_told_from_an_end() -> None:
    silent = ended(asyncssh.ConnectionLost("Server not responding to keepalive"))
    assert silent == "nothing has come from it for a while; it hangs, or lost power"
    assert ended(asyncssh.ConnectionLost("Connection lost")) == "the machine closed it"
    assert ended(ConnectionResetError(104, "x")) == "connection reset by peer"


async def test_a_locked_key_without_an_agent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    node, locked = await bench.machine(), key(bench.folder / "my locked", "secret")
    text = await said(bench.wire(cluster(bench.folder, node.port, identity=locked)), AuthFailed)
    assert f"{shlex.quote(str(locked))} needs a passphrase" in text and f"ssh-add {shlex.quote(str(locked))}" in text


@asynccontextmanager
async def sshd(bench: Bench, *settings: str) -> AsyncIterator[int]:
    """A real one. It takes the key `id` of the bench."""
    if SSHD is None or os.geteuid():
        pytest.skip(NO_SSHD)
    port = free_port()
    host = key(bench.folder / "host")
    Path("/run/sshd").mkdir(exist_ok=True)
    config = [f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {host}", "PidFile none", "StrictModes no",
              f"AuthorizedKeysFile {bench.folder / 'authorized'}", "UsePAM no", "PermitRootLogin yes",
              *settings]  # fmt: skip
    (bench.folder / "sshd_config").write_text("\n".join(config) + "\n")
    process = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", str(bench.folder / "sshd_config"), stderr=NOWHERE
    )
    try:
        until = asyncio.get_running_loop().time() + 10
        while asyncio.get_running_loop().time() < until:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        known = host.with_suffix(".pub").read_text()
        (bench.folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {known}")
        yield port
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (("PubkeyAuthentication no", "PasswordAuthentication yes"),
         "and no key, and a password is never sent; allow keys there: PubkeyAuthentication yes"),
        (("AuthenticationMethods publickey,password", "PasswordAuthentication yes"), "took the key of root@127.0.0.1"),
        (("AuthorizedKeysFile none",), "none of the agent's keys and identity files is accepted"),
    ],
)  # fmt: skip
async def test_each_way_to_be_turned_away_by_a_real_sshd_has_its_sentence(
    bench: Bench, settings: tuple[str, ...], words: str
) -> None:
    async with sshd(bench, *reversed(settings)) as port:
        config = (bench.folder / "sshd_config").read_text()
        if "AuthorizedKeysFile none" in settings:
            (bench.folder / "authorized").write_text("")
        assert words in await said(bench.wire(this_machine(bench.folder, port)), AuthFailed), config


async def test_a_real_sshd_lets_in_whom_it_should(bench: Bench) -> None:
    async with sshd(bench) as port:
        assert await bench.wire(this_machine(bench.folder, port)).send("node1", ECHO, 5) == HELLO


# Every command that is printed, run.


def printed(text: str, begin: str) -> str:
    """The command of a sentence, from its first word to where the sentence goes on."""
    return begin + text.partition(begin)[2].partition("; ")[0].partition("`")[0]


def sh(command: str, **env: str) -> str:
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env={**os.environ, **env}, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, (command, done)
    return done.stdout


async def test_the_commands_for_a_host_key_do_what_they_say(bench: Bench) -> None:
    """The test changes one thing: the folder of the machine's own keys."""
    async with sshd(bench) as port:
        for kind in ("rsa", "ecdsa"):
            key(bench.folder / f"ssh_host_{kind}_key", kind=kind)
        (bench.folder / "host.pub").rename(bench.folder / "ssh_host_ed25519_key.pub")
        known = bench.folder / "known hosts"
        known.touch()
        wire = bench.wire(replace(this_machine(bench.folder, port, known_hosts=known), timings=Timings()))
        text = await said(wire, HostKeyChanged)
        shown = sh(printed(text, "cat /etc/ssh").replace("/etc/ssh", str(bench.folder)))
        assert len(shown.splitlines()) == 3 and text.partition("host key ")[2].partition(",")[0] in shown
        sh(printed(text, "ssh-keyscan"))
        wire.retry("node1")
        assert await wire.send("node1", ECHO, 5) == HELLO
        other = key(bench.folder / "other").with_suffix(".pub").read_text()
        known.write_text(f"[127.0.0.1]:{port} {other}")
        changed = bench.wire(this_machine(bench.folder, port, known_hosts=known))
        text = await said(changed, HostKeyChanged)
        sh(printed(text, "ssh-keygen -R"))
        assert known.read_text() == ""
        sh(printed(text, "ssh-keyscan"))
        changed.retry("node1")
        assert await changed.send("node1", ECHO, 5) == HELLO


async def test_the_ssh_command_leads_where_the_login_does(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [key(bench.folder / f"k{at}") for at in range(8)]
    async with sshd(bench, "MaxAuthTries 3") as port, agent(bench, monkeypatch, *others):
        login = this_machine(bench.folder, port).nodes[0].login
        assert (await asyncio.to_thread(sh, f"{by_hand(login)} echo hello")) == "hello\n"


async def test_the_command_for_a_file_that_others_can_read(bench: Bench) -> None:
    file = bench.folder / "pass word"
    file.write_text("secret")
    file.chmod(0o644)
    with pytest.raises(WireError) as refused:
        await Keyring(Mysql("ops", password_file=file)).secret()
    sh(printed(str(refused.value), "chmod"))
    assert (await Keyring(Mysql("ops", password_file=file)).secret()).password == "secret"
