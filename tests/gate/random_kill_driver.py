"""Kill promotions of one batch at random moments, one process each; run clean once after each, and look.

    python random_kill_driver.py FACTORY FOLDER KILLS SEED

FACTORY, `module:name`, makes the lakes: called with a new folder for each kill, it is a context of (connect, upload).
`connect()` opens the lake, in the process that uses it; `upload(key, data)` puts what an uploader puts. Prints how many
promotions it took to kill so many; the others had ended. Raises at the first lake that is not right, with its number.
"""

import contextlib
import functools
import importlib
import os
import random
import select
import shutil
import signal
import sys
import time
from pathlib import Path

from gate import invariants
from gate.scene import make_verdict, run, upload_batch
from lakegate.gate.promote import Judged, PromotionState
from lakegate.lake.local import LocalLake
from lakegate.verdict import Outcome

FILES = 4
BYTES = 25_000_000  # of one file


@contextlib.contextmanager
def local(folder):
    """A lake in a folder."""
    root = folder / "lake"

    def upload(key, data):
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(data)

    root.mkdir(parents=True)
    try:
        yield functools.partial(LocalLake, root), upload
    finally:
        shutil.rmtree(folder)


class Remembering:
    """A lake that hashes each version of what stands there once: the invariants ask more often."""

    def __init__(self, lake):
        self._lake, self._known = lake, {}

    def __getattr__(self, name):
        return getattr(self._lake, name)

    def sha256(self, key):
        entry = self._lake.stat(key)
        if entry not in self._known:
            self._known[entry] = self._lake.sha256(key)
        return self._known[entry]


def judge(batch):
    """The scene's judge reads every byte; this one leaves the time to the promotion."""
    verdict = make_verdict(batch, Outcome.PASSED)
    return Judged(verdict, {"report.json": verdict.report_id.encode()})


def killed(connect, seconds):
    """Whether a promotion in a process of its own was killed after `seconds`; it may have ended before."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run(connect(), judge=judge)
            code = 0
        finally:
            os._exit(code)
    ended = os.pidfd_open(child)
    select.select([ended], [], [], seconds)
    signal.pidfd_send_signal(ended, signal.SIGKILL)  # one that has ended is a zombie still: no other has its id
    os.close(ended)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0, "a promotion failed before it was killed"
    return os.WIFSIGNALED(status)


def one_kill(factory, folder, files, seconds):
    """Kill one promotion, look, run clean, look; return whether it was killed and what the clean run took."""
    with factory(folder) as (connect, upload):
        upload_batch(upload, files)
        died = killed(connect, seconds)
        lake = connect()
        seen = Remembering(lake)
        invariants.holds(seen, files)
        began = time.perf_counter()
        done = run(lake, judge=judge)
        took = time.perf_counter() - began
        assert done.exit_code == 0, done.message
        invariants.holds(seen, files)
        invariants.ends_right(seen, done, files)
        again = run(lake, judge=judge)
        assert again.state is PromotionState.ALREADY_COMMITTED, "I10: idempotent"
        return died, took


def main(factory, folder, kills, seed):
    module, _, name = factory.partition(":")
    factory, chance = getattr(importlib.import_module(module), name), random.Random(int(seed))  # noqa: S311 - a schedule
    data = chance.randbytes(BYTES)
    files = {f"part-{n}.bin": n.to_bytes() + data for n in range(FILES)} | {"_SUCCESS": b""}
    for _ in range(2):  # killed before it began: the clean run does it all; the first one also imports
        _, whole = one_kill(factory, Path(folder) / "whole", files, 0)
    deaths = number = 0
    while deaths < int(kills):
        seconds = chance.uniform(0, whole)
        try:
            died, _ = one_kill(factory, Path(folder) / str(number), files, seconds)
        except BaseException as error:
            error.add_note(f"seed {seed}, promotion {number}, killed after {seconds:.3f} s of about {whole:.3f} s")
            raise
        deaths, number = deaths + died, number + 1
    sys.stdout.write(f"{number}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
