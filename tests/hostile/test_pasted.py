"""Text that a person may paste into a shell, sudoers or MySQL holds nothing that a machine or an inventory slipped
in."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.cli.main import main
from console.probes.ask import Rows, Unreadable
from console.probes.database import tables

GRANT = "on one node: GRANT SHOW VIEW ON *.* TO "


def remedy(grantee: str) -> str:
    with pytest.raises(Unreadable) as why:
        tables.parse((Rows(((grantee, "USAGE"),)), Rows(())), None)
    return str(why.value)


@pytest.mark.parametrize("user", ["'drainboard'@'localhost'", "'drain-board'@'10.0.0.0/255.255.255.0'", "'u'@'%'"])
def test_a_user_is_named_in_the_statement_that_helps(user: str) -> None:
    assert remedy(user).endswith(GRANT + user)


@pytest.mark.parametrize(
    "grantee",
    [
        "'u'@'%'; GRANT ALL ON *.* TO 'evil'@'%'",
        "'u'@'%' IDENTIFIED BY 'x'",
        "'u'@'%'\n\\! curl evil",
        "'u\\'@'%'",
        "'ù\u202e'@'%'",
        "",
    ],
)
def test_a_server_chooses_no_statement(grantee: str) -> None:
    assert remedy(grantee) == f"USER is not shown the tables; {GRANT}USER"


def inventory(folder: Path, **tables: Mapping[str, object]) -> Path:
    """An inventory of one node and one firewall; JSON's texts and lists are TOML's too."""
    told = {"firewalls": {"fw1": "10.0.0.2"}, "nodes": {"node1": "10.0.0.11"}, **tables}
    lines = (
        f"[cluster.web.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())
        for name, values in told.items()
    )
    path = folder / "inventory.toml"
    path.write_text("\n".join(lines))
    return path


def printed(capsys: pytest.CaptureFixture[str], path: Path, *words: str) -> tuple[int, str]:
    return main(["-i", str(path), *words]), capsys.readouterr().out


@pytest.mark.parametrize(
    "user", ["ALL", "OPS", "ops,backup", "%wheel", "#0", "#includedir", "@include", "+group", "!ops", "ops\\", '"ops"']
)
def test_sudoers_are_for_one_user(tmp_path: Path, capsys: pytest.CaptureFixture[str], user: str) -> None:
    """Neither from the inventory nor from the command line."""
    said = f"{user!r} is no user name that sudoers can hold"
    path = inventory(tmp_path, ssh={"user": user})
    assert printed(capsys, path, "sudoers") == (4, f"# web: {said}\n")
    plain = inventory(tmp_path, ssh={"user": "ops"})
    assert printed(capsys, plain, "sudoers", f"--user={user}") == (4, f"# web: {said}\n")


@pytest.mark.parametrize("words", [["^.+$"], ["a", "b"], ["%u", "!x", "\\,", '""', "*"], ["x", "^y$"], ["ALL=(ALL)"]])
def test_sudoers_hold_a_command_as_it_is_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """A first word that begins with ^ makes sudo (1.9.10 on) take all of them for a regular expression."""
    path = inventory(tmp_path, ssh={"user": "ops"}, raid={"command": ["/opt/raid", *words]})
    status, out = printed(capsys, path, "sudoers")
    assert status == (4 if words[0].startswith("^") else 0)
    assert out.count("NOPASSWD") == (status == 0)
    assert ("/opt/raid" in out) == (status == 0) or "can't be written into sudoers" in out


@pytest.mark.parametrize("program", ["/opt/*", "^/opt/raid$", "/opt/[a]"])
def test_sudoers_name_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str], program: str) -> None:
    path = inventory(tmp_path, ssh={"user": "ops"}, raid={"command": [program]})
    status, out = printed(capsys, path, "sudoers")
    assert status == 4
    assert "NOPASSWD" not in out


@pytest.mark.parametrize("user", ["a'b", 'a"b', "a;b", "a--b", "a/*b", "ä%_"])
def test_a_name_stays_in_its_quotes(tmp_path: Path, capsys: pytest.CaptureFixture[str], user: str) -> None:
    status, out = printed(capsys, inventory(tmp_path, mysql={"user": user}), "grants")
    assert status == 0
    statements = [line for line in out.splitlines() if not line.startswith("--")]
    quoted = user.replace("'", "''")
    assert all(line.startswith(("CREATE USER '", "GRANT ")) for line in statements)
    assert all(f"'{quoted}'@'" in line and line.count(";") == 1 + user.count(";") for line in statements)


def test_a_name_that_sql_may_read_in_two_ways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = printed(capsys, inventory(tmp_path, mysql={"user": "a\\"}), "grants")
    assert status == 4
    assert "CREATE" not in out


def test_nobody_is_not_everybody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CREATE USER ''@'localhost' makes an account that anyone may use."""
    status, out = printed(capsys, inventory(tmp_path, mysql={"option_file": "my.cnf"}), "grants")
    assert status == 0
    assert "''" not in out
    assert "CREATE USER 'put-the-user-here'@'localhost'" in out
