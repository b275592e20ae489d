"""`python -m console` is `drainboard`."""

import sys

from console.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
