"""Folders and files on the operator's machine. These functions create nothing; the writer does."""

import os
import stat
from pathlib import Path

import platformdirs

NAME = "drainboard"
GROUPS = 0o2770
"""The mode of a state folder that a group shares."""


def default_path() -> Path:
    """The inventory: DRAINBOARD_INVENTORY, or inventory.toml in the user's config folder."""
    given = os.environ.get("DRAINBOARD_INVENTORY")
    return Path(given).expanduser() if given else Path(platformdirs.user_config_dir(NAME)) / "inventory.toml"


def state_dir() -> Path:
    """Folder for state that must outlive a run: DRAINBOARD_STATE, or the user's state folder."""
    given = os.environ.get("DRAINBOARD_STATE")
    return Path(given).expanduser() if given else Path(platformdirs.user_state_dir(NAME))


def journal_dir() -> Path:
    """One folder a cluster, one file a run."""
    return state_dir() / "journal"


def shared() -> bool:
    """The state folder is a group's: made 2770 by somebody, so that colleagues on one machine share the journal."""
    try:
        return stat.S_IMODE(state_dir().stat().st_mode) == GROUPS
    except OSError:
        return False


def file_mode() -> int:
    """The mode of a file of ours: for its owner alone, or for the group too."""
    return 0o660 if shared() else 0o600


def make_private(folder: Path) -> None:
    """Make the missing parts of a folder's path, each for its owner alone, or for the group that shares the state
    folder, whatever the umask says. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    mode = GROUPS if missing and shared() and state_dir() in folder.parents else 0o700
    for one in reversed(missing):
        one.mkdir(mode=mode, exist_ok=True)
        one.chmod(mode)


def too_open(folder: Path) -> tuple[Path, ...]:
    """Our own folders down to this one that others may enter or read; in a group's folder, those not of the group."""
    ours = [one for one in (folder, *folder.parents) if one == state_dir() or state_dir() in one.parents]
    group = shared()
    if group:
        return tuple(one for one in reversed(ours) if one.is_dir() and stat.S_IMODE(one.stat().st_mode) != GROUPS)
    return tuple(one for one in reversed(ours) if one.is_dir() and one.stat().st_mode & 0o077)


def theme_dirs(inventory: Path | None = None) -> tuple[Path, ...]:
    """Folders of themes, the shipped ones first: a user's theme of the same name comes later and wins."""
    return shipped("themes"), (inventory or default_path()).parent / "themes"


def shipped(name: str) -> Path:
    """A file or folder that comes with the package; an editable install has it in the checkout, beside the package."""
    package = Path(__file__).parents[1]
    inside = package / name
    return inside if inside.exists() else package.parent / name
