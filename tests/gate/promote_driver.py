"""Promote the scene's batch once, in a process of its own: python promote_driver.py LAKE.

Prints `ready`, waits for a line, and prints the state.
"""

import sys
from pathlib import Path

from gate.scene import run
from lakegate.lake.local import LocalLake

if __name__ == "__main__":
    sys.stdout.write("ready\n")  # imported
    sys.stdout.flush()
    sys.stdin.readline()  # all processes begin together
    done = run(LocalLake(Path(sys.argv[1])))
    sys.stdout.write(done.state)
    sys.exit(done.exit_code)
