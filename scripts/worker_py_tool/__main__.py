"""Entry point of the commands in scripts/: `python scripts/worker_py_tool COMMAND [ARGUMENT]...`."""

import os
import sys

# Python puts this directory first on the path, where modules such as `test` would hide others of that name.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from worker_py_tool.cli import main  # noqa: E402 (the path had to be set first)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
