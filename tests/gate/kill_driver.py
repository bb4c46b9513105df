"""Kill promotions of one batch, one process each, at every place there is; then run clean and look.

    python kill_driver.py FOLDER steps|verbs|calls pass|fail|apart

steps: before each step of the protocol · verbs: before and after each verb of the lake · calls: before and after each
system call that changes the local lake. Prints how many promotions were killed. Raises at the first that ends wrong.
"""

import os
import signal
import sys
from pathlib import Path

from gate import invariants
from gate.scene import OF_OUTCOME, run
from lakegate.gate.promote import PromotionState
from lakegate.lake import local, posix
from lakegate.lake.local import LocalLake

CALLS = ("fsync", "link", "mkdir", "rename", "unlink", "write")
VERBS = ("recover", "list", "stat", "read", "stream", "sha256", "put_if_absent", "replace_if", "place", "remove")


class Fuse:
    """Kills its process when it is burned for the n-th time."""

    def __init__(self, left):
        self.left = left

    def burn(self, *_):
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


class Mined:
    """Anything, with the fuse burned before and after some of its functions."""

    def __init__(self, inner, names, fuse):
        self._inner, self._names, self._fuse = inner, names, fuse

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if name not in self._names:
            return found

        def mined(*args, **kwargs):
            self._fuse.burn()
            result = found(*args, **kwargs)
            self._fuse.burn()
            return result

        return mined


def promote_and_die(root, where, fuse):
    """Run in a child: promote with the fuse laid; exits 0 where it was never burned down."""
    lake = LocalLake(root)
    if where == "verbs":
        lake = Mined(lake, VERBS, fuse)
    if where == "calls":
        local.os = posix.os = Mined(os, CALLS, fuse)
    run(lake, at=fuse.burn if where == "steps" else lambda _: None)


def killed(root, where, n):
    """Whether a promotion with a fuse of length `n` was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            promote_and_die(root, where, Fuse(n))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0, f"the promotion failed before the kill at {n}"
    return False


def one_kill(folder, where, files, n):
    """Kill one promotion at `n`, recover, look; False where it lived to its end."""
    root = folder / str(n) / "lake"
    root.mkdir(parents=True)
    for path, data in files.items():
        target = root / "02-transient-zone/nyc/flights/b1" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    died = killed(root, where, n)
    lake = LocalLake(root)
    invariants.holds(lake, files)
    first = run(lake)
    invariants.holds(lake, files)
    invariants.ends_right(lake, first, files)
    again = run(lake)
    assert again.exit_code == first.exit_code, "I10"
    assert again.state in {PromotionState.ALREADY_COMMITTED, PromotionState.QUARANTINED}, "I10: idempotent"
    invariants.ends_right(lake, again, files)
    return died


def main(folder, where, outcome):
    os.fsync = lambda _: None  # a killed process loses nothing that it has written; fsync only costs time here
    n = 0
    while one_kill(Path(folder), where, OF_OUTCOME[outcome], n):
        n += 1
    sys.stdout.write(f"{n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
