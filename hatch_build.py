"""Files of a wheel beside the code: the example of an inventory, the pages of docs/, and completion for shells.

An editable install has them in the checkout.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Texts(BuildHookInterface[Any]):
    """Adds them to a wheel; hatchling finds this class by itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what is made, and say where each file goes."""
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from console.cli.options import SHELLS
        from console.cli.pages import made_for

        made = Path(tempfile.mkdtemp(prefix="drainboard-completion-"))
        for shell in SHELLS:
            (made / shell).write_text(made_for(shell))
        files = {root / "inventory.example.toml": "console/inventory.example.toml", made: "console/completion"}
        files |= {page: f"console/docs/{page.name}" for page in (root / "docs").glob("*.md")}
        build_data["force_include"] |= {str(path): inside for path, inside in files.items()}
        self._made = made

    def finalize(self, *_: object) -> None:
        """Remove what was made."""
        if hasattr(self, "_made"):
            shutil.rmtree(self._made, ignore_errors=True)
