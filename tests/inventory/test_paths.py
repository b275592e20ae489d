"""Folders and files on this machine, and that asking for them creates none."""

import subprocess
import sys
from pathlib import Path

import pytest

from console.inventory.paths import default_path, journal_dir, state_dir, theme_dirs


def test_the_environment_decides_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAINBOARD_INVENTORY", str(tmp_path / "i.toml"))
    monkeypatch.setenv("DRAINBOARD_STATE", str(tmp_path / "s"))
    assert (default_path(), state_dir(), journal_dir()) == (tmp_path / "i.toml", tmp_path / "s", tmp_path / "s/journal")


def test_otherwise_the_user_s_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DRAINBOARD_INVENTORY", "DRAINBOARD_STATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    assert default_path() == tmp_path / "c/drainboard/inventory.toml"
    assert journal_dir() == tmp_path / "s/drainboard/journal"
    assert list(tmp_path.iterdir()) == [], "looking makes no folder"


def test_shipped_themes_come_before_the_user_s(tmp_path: Path) -> None:
    shipped, own = theme_dirs(tmp_path / "inventory.toml")
    assert shipped.is_dir() and own == tmp_path / "themes"


def test_reading_an_inventory_loads_no_network_library() -> None:
    heavy = "{'asyncssh', 'pymysql', 'xmltodict', 'textual', 'asyncio'} & set(sys.modules)"
    code = f"import sys, console.inventory.load, console.inventory.paths; print(sorted({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
