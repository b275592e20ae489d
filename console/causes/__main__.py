"""`python -m console.causes` prints docs/findings.md."""

import sys

from console.causes import document

sys.stdout.write(document())
