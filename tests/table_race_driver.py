"""Promote one batch when told to: python table_race_driver.py CONTRACT LAKE BATCH

Says `ready` once everything is imported, waits for a line, promotes, and says how it ended.
"""

import sys
from pathlib import Path

from lakegate.api import Asked, opened
from lakegate.contract.odcs import load


def main(contract, lake, batch):
    with opened(Asked(load(Path(contract)), lake)) as (run,):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        sys.stdout.write(f"{run.promote(batch).state.value}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
