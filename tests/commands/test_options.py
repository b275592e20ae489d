"""The command line's words: where they may stand, which may be left out, and the nearest one to a slip."""

import subprocess
import sys
from pathlib import Path

import pytest

from console.cli import pages
from console.cli.main import main
from console.cli.options import by_command, parser
from console.sim.scenarios import SCENARIOS

ONE = '[cluster.shop.firewalls]\nfw1 = "10.0.0.2"\n[cluster.shop.nodes]\nnode1 = "10.0.0.11"\nnode2 = "10.0.0.12"\n'
TWO = ONE + ONE.replace("shop", "blog")


def written(folder: Path, text: str) -> str:
    path = folder / "inventory.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    "line",
    [
        "-i FILE --utc drain shop node1 --yes",
        "drain -i FILE --utc shop node1 --yes",
        "drain shop node1 --yes --utc -i FILE",
        "drain --yes shop --utc node1 -i FILE",
        "-i FILE drain shop --yes node1 --utc",
    ],
)
def test_options_stand_anywhere(line: str) -> None:
    found = parser().parse_args(line.split())
    assert (found.inventory, found.utc, found.yes, found.read_only) == (Path("FILE"), True, True, False)
    assert (found.command, found.cluster, found.target) == ("drain", "shop", "node1")


@pytest.mark.parametrize("command", by_command())
def test_a_single_cluster_needs_no_name(command: str) -> None:
    layered = {command: ["x", "mysql"] for command in ("restart", "stop", "start", "drain-and-restart")}
    names = {"maintenance": ["fw1", "on"], "sync": ["fw1", "haproxy"], "patch": [], **layered}.get(command, ["x"])
    more = ["--until", "none"] if command in ("hold", "shut-down") else []
    found = parser().parse_args([command, *names, *more])
    assert (found.cluster, found.target) == (None, names[0] if names else "")


def test_of_two_clusters_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-i", written(tmp_path, TWO), "drain", "node1"]) == 4
    assert "there are 2 clusters; name one: shop, blog" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("dran shop node1", "there is no command dran; did you mean drain?"),
        ("drain shop nod1", "has no node nod1; did you mean node1?"),
        ("drain sohp node1", "there is no cluster sohp; did you mean shop?"),
        ("maintenance fw2 on", "has no firewall fw2; did you mean fw1?"),
        ("maintenance fw1 onn", "onn is not known here; did you mean on?"),
        ("status --cluster shp", "there is no cluster shp; did you mean shop?"),
        ("demo --scenario node-hang", "there is no scenario node-hang; did you mean node-hung?"),
        ("help nigth", "there is no page nigth; did you mean night?"),
    ],
)
def test_the_nearest_word_is_named(
    tmp_path: Path, line: str, near: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAINBOARD_INVENTORY", written(tmp_path, ONE))
    try:
        code = main(line.split())
    except SystemExit as ended:
        code = ended.code
    assert code == 4
    assert near in capsys.readouterr().err


def test_a_page_and_the_example_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "night"]) == 0
    assert capsys.readouterr().out == Path("docs/night.md").read_text()
    assert main(["inventory"]) == 0
    assert capsys.readouterr().out == Path("inventory.example.toml").read_text()
    assert main(["help"]) == 0
    assert capsys.readouterr().out.startswith("drainboard help night ")
    assert main(["help", "drain"]) == 0
    assert capsys.readouterr().out.startswith("usage: drainboard drain ")


def test_help_says_of_each_word_what_it_is() -> None:
    root = parser()
    for command in (root, *pages.commands(root).values()):
        for action in command._actions:
            if action.dest == "command":
                continue
            assert action.help, f"{command.prog}: {action.dest}"
        told = command.format_help()
        assert "::" not in told and "positional" not in told and "show program's" not in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_scenarios(shell: str, tmp_path: Path) -> None:
    pytest.importorskip("shtab")
    made = pages.made_for(shell)
    assert all(command in made for command in ("drain", "inventory", "patch"))
    assert all(one.name in made for one in SCENARIOS)
    if shell == "bash":
        path = tmp_path / "drainboard"
        path.write_text(made)
        ask = f'source {path}; COMP_WORDS=(drainboard dem); COMP_CWORD=1; _shtab_drainboard; echo "${{COMPREPLY[@]}}"'
        ran = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, timeout=20)
        assert ran.stdout.split() == ["demo"], ran


def test_the_command_line_loads_nothing_that_only_a_command_needs() -> None:
    heavy = "{'asyncio', 'asyncssh', 'textual', 'console.session', 'console.cli.pages'} & set(sys.modules)"
    code = f"import sys, console.cli.main; print(sorted({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
