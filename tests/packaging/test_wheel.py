"""The package that a user installs: its files, and the command started with nothing but the locked dependencies."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
SHELLS = ("bash", "zsh", "fish")
EVERY_MODULE = """
import console, importlib, pkgutil
for module in pkgutil.walk_packages(console.__path__, "console."):
    importlib.import_module(module.name)
"""


def run(*argv: str | Path, cwd: Path) -> str:
    """Run to the end, with nothing of the checkout on the path; a failure shows the command's own words."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def files(wheel: Path) -> set[str]:
    return set(ZipFile(wheel).namelist())


def built(out: Path, *kind: str) -> Path:
    run(sys.executable, "-P", "-m", "build", "--no-isolation", *kind, "--outdir", out, cwd=ROOT)
    return next(out.glob("drainboard-*-py3-none-any.whl"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an empty environment with the wheel in it, far from the checkout."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=True)
    pip = (home / "bin/python", "-P", "-m", "pip", "--disable-pip-version-check", "--quiet", "install")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements.lock", cwd=home)
    run(*pip, "--no-deps", "--no-index", wheel, cwd=home)
    return home / "bin"


def test_the_wheel_holds_the_package_with_its_data_and_themes_and_nothing_else(wheel: Path) -> None:
    package = {path.relative_to(ROOT) for path in (ROOT / "console").rglob("*") if path.is_file()}
    themes = {"console" / path.relative_to(ROOT) for path in (ROOT / "themes").rglob("*") if path.is_file()}
    wanted = {path.as_posix() for path in package | themes if "__pycache__" not in path.parts}
    pages = {f"console/docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    wanted |= {"console/inventory.example.toml", *pages, *(f"console/completion/{shell}" for shell in SHELLS)}
    assert any(name.endswith(".tcss") for name in wanted)
    assert any(name.startswith("console/themes/") for name in wanted)
    assert {name for name in files(wheel) if not PurePosixPath(name).parts[0].endswith(".dist-info")} == wanted


def test_the_sdist_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    by_way_of_the_sdist = built(tmp_path)  # the default of `build`: an sdist, and from it the wheel
    assert list(tmp_path.glob("drainboard-*.tar.gz"))
    assert files(by_way_of_the_sdist) == files(wheel)


def test_the_installed_command_names_its_version(installed: Path, wheel: Path, tmp_path: Path) -> None:
    version = wheel.name.split("-")[1]
    assert version in run(installed / "drainboard", "--version", cwd=tmp_path)


def test_the_installed_command_explains_itself(installed: Path, tmp_path: Path) -> None:
    told = run(installed / "drainboard", "--help", cwd=tmp_path)
    assert "demo" in told
    assert "--inventory" in told


def test_the_installed_command_brings_the_example_and_the_page_for_the_night(installed: Path, tmp_path: Path) -> None:
    example = run(installed / "drainboard", "inventory", cwd=tmp_path)
    assert example == (ROOT / "inventory.example.toml").read_text()
    assert run(installed / "drainboard", "help", "night", cwd=tmp_path) == (ROOT / "docs/night.md").read_text()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_installed_command_brings_completion(installed: Path, tmp_path: Path, shell: str) -> None:
    made = run(installed / "drainboard", "completion", shell, cwd=tmp_path)
    assert all(word in made for word in ("drain", "inventory", "node-hung", "night"))


def test_the_locked_dependencies_are_all_it_needs(installed: Path, tmp_path: Path) -> None:
    run(installed / "python", "-P", "-m", "pip", "check", cwd=tmp_path)
    run(installed / "python", "-P", "-c", EVERY_MODULE, cwd=tmp_path)
