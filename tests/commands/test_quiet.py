"""Output for programs is not mixed with a library's words."""

import subprocess
import sys
from pathlib import Path

SAYS = """
import sys, warnings
from console.cli.main import main
code = main(["-i", sys.argv[1], "runs"])
for kind in (UserWarning, DeprecationWarning, FutureWarning):
    warnings.warn("deprecated", kind)
sys.exit(code)
"""


def test_a_library_s_warnings_are_nobody_s(tmp_path: Path) -> None:
    inventory = tmp_path / "i.toml"
    inventory.write_text('[cluster.c.firewalls]\nfw1 = "10.0.0.2"\n[cluster.c.nodes]\nnode1 = "10.0.0.11"\n')
    for asked, err in (((), ""), (("-W", "always"), "deprecated")):
        ran = subprocess.run([sys.executable, *asked, "-c", SAYS, inventory], capture_output=True, text=True)
        assert (ran.returncode, ran.stdout) == (0, "") and (err in ran.stderr if err else ran.stderr == ""), ran
