"""Promote one batch with many processes at once: python race_driver.py FACTORY FOLDER PROMOTERS

FACTORY makes the lake, as in random_kill_driver.py. The promoters are forked from one process that has everything
imported, so that they really meet. Prints the slots that were taken; raises where one promoter did not succeed.
"""

import importlib
import os
import sys
from pathlib import Path

from gate import invariants
from gate.scene import DROP, FILES, TARGET, run, upload_batch
from lakegate.gate import ledger
from servers.s3 import close


def promoter(connect, start):
    """Fork a process that promotes once there is a byte to read from `start`; gives its id."""
    child = os.fork()
    if child == 0:
        code = 70  # of a promoter that raised
        try:
            lake = connect()
            os.read(start, 1)
            code = run(lake).exit_code
        finally:
            os._exit(code)
    return child


def main(factory, folder, promoters):
    module, _, name = factory.partition(":")
    with getattr(importlib.import_module(module), name)(Path(folder)) as (connect, upload):
        upload_batch(upload)
        start, go = os.pipe()
        children = [promoter(connect, start) for _ in range(int(promoters))]
        os.write(go, b"." * int(promoters))
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert set(codes) == {0}, codes
        lake = connect()
        assert lake.list(DROP) == ()
        invariants.holds(lake, FILES)
        sys.stdout.write(f"{len(ledger.slots(lake, TARGET, 'b1'))}\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    finally:
        close()
