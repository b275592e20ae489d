"""The demo runs nothing that lies where it is started, and says why it does not start."""

import asyncio
import os
from pathlib import Path

import pytest

from console.cli.demo import DemoFailed, demo

NAMES = ("asyncssh", "asyncio", "json", "console/__init__", "sitecustomize", "usercustomize", "argparse", "tomllib")


async def test_no_code_of_the_folder_it_is_started_in_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, ran = tmp_path / "here", tmp_path / "ran"
    for name in NAMES:
        file = here / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"open({str(ran)!r}, 'a').write(__name__)\n")
    monkeypatch.chdir(here)
    folder = tmp_path / "demo"
    folder.mkdir()
    async with demo(folder, 1.0) as started:
        assert started.inventory.is_file()
    assert not ran.exists(), ran.read_text()


async def test_what_a_simulator_said_that_does_not_start_is_told_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    with pytest.raises(DemoFailed) as failed:
        async with demo(folder, 1.0, scenario="no-such"):
            pass
    folder.rename(tmp_path / "gone")
    message = str(failed.value)
    first, *_, last = message.splitlines()
    assert first == "The demo cluster did not start. Its last words:" and "no-such" in message
    kept = Path(last.removeprefix("All that it said is in "))
    assert "no-such" in kept.read_text() and kept.stat().st_mode & 0o777 == 0o600
    kept.unlink()


@pytest.mark.parametrize("folder", ["nowhere", "file"])
async def test_where_it_can_not_write_it_says_so(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoFailed, match="can't be written"):
        async with demo(tmp_path / folder, 1.0):
            pass


async def test_it_ends_with_its_starter(tmp_path: Path) -> None:
    async with demo(tmp_path, 1.0) as started:
        pid = started.process.pid
    await asyncio.sleep(0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
