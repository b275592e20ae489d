"""The rights that `sudoers` and `grants` print: enough for everything that can be sent, and for nothing else."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from console.cli.grants import hosts, needed, quoted, statements
from console.cli.main import main
from console.cli.rights import FOLDERS, commands, on_pfsense, ordered, rights
from console.inventory.cluster import Cluster, Mysql
from console.inventory.load import load
from console.operations.effects import Effect, targets
from console.operations.procedures import OPERATIONS
from console.operations.procedures.steps import Intent, Operation
from console.probes import logs
from console.probes.ask import Query, Run
from console.probes.database.tables import GRANT
from console.probes.schedule import batches, questions_of
from console.probes.snapshot import QUESTIONS
from tests.conftest import simulated, watching

NASTY = ("/opt/raid tool/cli", "/c0/vall", "a,b:c=d", "back\\slash", "*?[x]!", "#1", 'say "yes"', "^end$")
FULL = f"""
[cluster.full]
volumes = ["www", "data"]
check_url = "http://www.example.com/health"
[cluster.full.ssh]
user = "ops"
[cluster.full.firewalls]
fw1 = "10.0.0.2"
fw2 = "10.0.0.3"
[cluster.full.nodes]
node1 = "10.0.0.11"
node2 = "10.0.0.12"
node3 = "10.0.0.13"
[cluster.full.vips]
wan = "198.51.100.10"
[cluster.full.mysql]
user = "drainboard"
[cluster.full.mysql_proxy]
backend = "mysql"
[cluster.full.patch]
exclude = ["galera-4", "libstdc++6"]
[cluster.full.raid]
command = {json.dumps(NASTY)}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.toml"
    path.write_text(FULL)
    return path


@pytest.fixture
def full(inventory: Path) -> Cluster:
    return load(inventory).clusters[0]


def printed(inventory: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["-i", str(inventory), *words]) == 0
    return capsys.readouterr().out


def allowed(sudoers: str) -> set[str]:
    """The command lines of all aliases as sudo compares them by fnmatch(3): after the file has been read, where a
    backslash before a sign of sudoers' own goes, and one before a sign of patterns stays."""
    whole = sudoers.replace("\\\n", "")
    lists = [line.partition(" = ")[2] for line in whole.splitlines() if line.startswith("Cmnd_Alias")]
    lines = [part for each in lists for part in re.split(r"(?<!\\),", each)]
    return {re.sub(r"\\([:\\,=# \t])", r"\1", " ".join(line.split())) for line in lines}


def lets(patterns: set[str], line: str) -> bool:
    """Match like fnmatch(3), which knows a backslash; Python's does not."""
    classes = {re.sub(r"\\(.)", lambda found: f"[{found[1]}]" if found[1] in "*?[" else found[1], p) for p in patterns}
    return any(fnmatchcase(line, pattern) for pattern in classes)


def lines_of(run: Run) -> list[str]:
    """A command in the forms that sudo may see: it finds the program in its own path, and joins the arguments with
    blanks."""
    name, *words = run.argv
    paths = [name] if name.startswith("/") else [f"{folder}/{name}" for folder in FOLDERS[name]]
    return [" ".join((path, *words)) for path in paths]


def roots(cluster: Cluster, operations: Sequence[Operation] | None = None) -> Iterator[Run]:
    """Everything root is asked for on a node by these operations; None for all."""
    firewalls = {firewall.name for firewall in cluster.firewalls}
    for one in batches(cluster):
        for question in one.questions:
            asks = question.asks(cluster, one.name) if one.name not in firewalls else ()
            yield from (ask for ask in asks if isinstance(ask, Run) and ask.root)
    yield from (run for node in cluster.nodes for run in logs.asked(cluster, node.name))
    yield from (run for run in ordered(cluster, "node1", operations) if run.root)


@pytest.mark.parametrize("patch", [False, True])
def test_it_allows_what_is_sent_and_nothing_else(
    full: Cluster, inventory: Path, capsys: pytest.CaptureFixture[str], patch: bool
) -> None:
    patterns = allowed(printed(inventory, capsys, "sudoers", *(("--patch",) if patch else ())))
    operations = [one for one in OPERATIONS if patch or not one.does(Effect.UPDATES)]
    wanted = {line for run in roots(full, operations) for line in lines_of(run)}
    assert not [line for line in wanted if not lets(patterns, line)]
    assert len(patterns) == len(wanted)
    assert not [pattern for pattern in patterns if re.search(r"(?<!\\)[*?\[]", pattern)], "something is left open"
    for other in ("systemctl stop sshd", "systemctl stop --no-block ssh.service", "systemctl halt", "gluster"):
        assert not lets(patterns, f"/usr/bin/{other}")
    assert not lets(patterns, "/usr/bin/du -s -b --exclude=galera.cache --exclude=gcache.page.x -- /var/lib/mysql")


async def test_every_order_of_every_procedure_is_in_it(tmp_path: Path) -> None:
    """Over a real picture, with every machine in turn, and what each step notes."""
    seen: set[str] = set()
    async with simulated(tmp_path / "sim") as (_, cluster), watching(cluster) as session:
        picture = session.picture
        held = {machine.name: rights(cluster, machine.name) for machine in cluster.machines}
        for one in OPERATIONS:
            for target in targets(cluster, one.on):
                found: dict[str, str] = {}
                for step in one.steps(cluster, target, {}):
                    intent = Intent(cluster, target, one, found).at(step)
                    found |= step.finds(picture, intent)
                    for order in step.orders(picture, replace(intent, found=found)):
                        may = held[order.machine]
                        assert order.run.root
                        assert order.run.argv in {run.argv for run in (*may.look, *may.act, *may.patch)}, order
                        seen.add(order.run.argv[0])
    assert seen == {"nc", "/usr/local/bin/php", "systemctl", "systemd-run", "pkill", "sh"}


def test_every_command_has_a_place(full: Cluster) -> None:
    bare = {run.argv[0] for run in roots(full) if not run.argv[0].startswith("/")}
    assert bare <= set(FOLDERS)
    for firewall in full.firewalls:
        held = rights(full, firewall.name)
        assert all(on_pfsense(run.argv).startswith("/") for run in (*held.look, *held.act))
    assert commands(("storcli",))[0] == '/usr/sbin/storcli ""'


def test_no_user_who_needs_none_gets_any(inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inventory.write_text(FULL.replace('user = "ops"', 'user = "root"'))
    assert "NOPASSWD" not in printed(inventory, capsys, "sudoers")
    assert "ops ALL=(root) NOPASSWD: DRAINBOARD_FULL_LOOK\n" in printed(
        inventory, capsys, "sudoers", "--user", "ops", "--look-only"
    )
    assert main(["-i", str(inventory), "sudoers", "--user", "ops ALL=ALL"]) == 4


def test_where_little_needs_root_no_rule_is_left_without_commands(
    inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = FULL.partition("[cluster.full.mysql]")[0].replace('volumes = ["www", "data"]', "")
    inventory.write_text(bare)
    lines = printed(inventory, capsys, "sudoers", "--look-only").splitlines()
    rule = [line.strip() for line in lines if not line.startswith("#")]
    journal = "journalctl --unit\\=drainboard-{}.service --lines\\=50 --output\\=json --quiet --no-pager, \\"
    jobs = [f"{folder}{journal.format(kind)}" for kind in ("packages", "refresh") for folder in ("/usr/bin/", "/bin/")]
    assert rule[1:6] == [*jobs, "/usr/sbin/gluster --mode\\=script volume list, \\"]
    assert {" ".join(line.split()[:2]) for line in rule[6:-2] if "journalctl" not in line} == {"/usr/bin/tail -v"}
    assert rule[-2:] == ["Defaults:ops !requiretty", "ops ALL=(root) NOPASSWD: DRAINBOARD_FULL_LOOK"]
    assert sum("_LOOK = " in line for line in lines) == 1, "one list for all nodes"
    assert "ops ALL=(root) NOPASSWD: DRAINBOARD_FULL_LOOK, DRAINBOARD_FULL_ACT\n" in printed(
        inventory, capsys, "sudoers"
    )


@pytest.mark.skipif(shutil.which("visudo") is None, reason="no sudo on this machine")
@pytest.mark.parametrize("words", [(), ("--look-only",), ("--user", "some.body"), ("--patch",)])
def test_sudo_reads_it_as_it_is_meant(
    full: Cluster, inventory: Path, tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "drainboard"
    path.write_text(printed(inventory, capsys, "sudoers", *words))
    checked = subprocess.run(["visudo", "--check", "--strict", f"--file={path}"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    read = subprocess.run(["cvtsudoers", "-f", "json", str(path)], capture_output=True, text=True, check=True).stdout
    theirs = {one["command"] for alias in json.loads(read)["Command_Aliases"].values() for one in alias}
    assert theirs == allowed(path.read_text())


# --- MySQL ----------------------------------------------------------------------------------------------------------


def test_every_statement_has_its_privilege(full: Cluster) -> None:
    fields = {
        question.field
        for one in batches(full)
        for question in one.questions
        if any(isinstance(ask, Query) for ask in question.asks(full, one.name))
    }
    assert fields == {question.field for question in QUESTIONS if question.privileges is not None}
    assert any(isinstance(ask, Query) for ask in questions_of(full))
    alone = replace(full, mysql_proxy=None)
    assert GRANT.format(user="x") == f"GRANT {', '.join(needed(alone))} ON *.* TO x"


def test_the_statements(full: Cluster, inventory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(statements(full, password="it's")) == [
        "CREATE USER 'drainboard'@'localhost' IDENTIFIED BY 'it''s';",
        "CREATE USER 'drainboard'@'127.0.0.1' IDENTIFIED BY 'it''s';",
        "GRANT PROCESS, SHOW VIEW ON *.* TO 'drainboard'@'localhost';",
        "GRANT PROCESS, SHOW VIEW ON *.* TO 'drainboard'@'127.0.0.1';",
    ]
    assert "IDENTIFIED BY 'put-a-password-here';" in printed(inventory, capsys, "grants")


def test_where_the_console_comes_from() -> None:
    assert hosts(Mysql("u", host="::1")) == ("localhost", "::1")
    assert hosts(Mysql("u", host="10.0.0.11")) == ("10.0.0.11",)
    assert hosts(Mysql("u", socket="/run/mysqld.sock")) == ("localhost",)
    with pytest.raises(ValueError, match="can't be written"):
        quoted("\\'; DROP")
