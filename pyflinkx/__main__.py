"""``python -m pyflinkx`` does what the command ``pyflinkx`` does."""

import sys

from pyflinkx.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
