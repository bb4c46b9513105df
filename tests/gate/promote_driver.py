"""Promote the scene's batch once, in a process of its own: python promote_driver.py LAKE. Prints the state."""

import sys
from pathlib import Path

from gate.scene import run
from lakegate.lake.local import LocalLake

if __name__ == "__main__":
    sys.stdin.readline()  # all processes begin together
    done = run(LocalLake(Path(sys.argv[1])))
    sys.stdout.write(done.state)
    sys.exit(done.exit_code)
