"""Kill promotions of one batch at random moments, one process each; then run clean once, and look.

    python random_kill_driver.py FACTORY FOLDER KILLS SEED IN_A_ROW

FACTORY, `module:name`, makes the lakes: called with a new folder for each, it is a context of (connect, upload).
`connect()` opens the lake, in the process that uses it; `upload(key, data)` puts what an uploader puts. In one lake at
most IN_A_ROW promotions are begun and killed before the clean one. Prints how many were killed; those that had ended
do not count. Raises at the first lake that is not right, with its number.
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
from lakegate.gate.judging import Judged
from lakegate.gate.promote import PromotionState
from lakegate.lake.local import LocalLake
from lakegate.lake.s3.client import Bucket
from lakegate.lake.s3.lake import S3Lake
from lakegate.verdict import Outcome
from servers.s3 import close, new_bucket, real_s3

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


@contextlib.contextmanager
def ceph(folder):
    """A lake in a bucket of the real S3 server."""
    server, untouched, parent = real_s3(), _untouched(), os.getpid()
    settings = server.settings(new_bucket(server), spool=folder)

    def connect():
        """A child takes the client that has said nothing yet: open connections are not to be shared."""
        return S3Lake(Bucket(server.client if os.getpid() == parent else untouched, settings))

    def upload(key, data):
        server.client.copy_object(Bucket=settings.bucket, Key=key, CopySource={"Bucket": _stored(data), "Key": "data"})

    folder.mkdir(parents=True)
    try:
        yield connect, upload
    finally:
        shutil.rmtree(folder)
        close(settings.bucket)


@functools.cache
def _untouched():
    return real_s3().bucket("").client


@functools.cache
def _stored(data):
    """Upload `data` once, into a bucket of its own, from which the server copies."""
    name = new_bucket(real_s3())
    real_s3().client.put_object(Bucket=name, Key="data", Body=data)
    return name


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
    return Judged(verdict, lambda told: {"report.json": told.report_id.encode()})


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


def one_lake(factory, folder, files, moments):
    """Kill promotions one after another, look, run clean, look; return how many died and what the clean run took."""
    with factory(folder) as (connect, upload):
        upload_batch(upload, files)
        deaths = sum(killed(connect, seconds) for seconds in moments)
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
        return deaths, took


def main(factory, folder, kills, seed, in_a_row):
    module, _, name = factory.partition(":")
    factory, chance = getattr(importlib.import_module(module), name), random.Random(int(seed))
    data = chance.randbytes(BYTES)
    files = {f"part-{n}.bin": n.to_bytes() + data for n in range(FILES)} | {"_SUCCESS": b""}
    for _ in range(2):  # killed before it began: the clean run does it all; the first one also imports
        _, whole = one_lake(factory, Path(folder) / "whole", files, [0])
    deaths = number = 0
    while deaths < int(kills):
        moments = [chance.uniform(0, whole) for _ in range(min(int(in_a_row), int(kills) - deaths))]
        try:
            died, _ = one_lake(factory, Path(folder) / str(number), files, moments)
        except BaseException as error:
            error.add_note(f"seed {seed}, lake {number}, killed after {moments} s of about {whole:.3f} s")
            raise
        deaths, number = deaths + died, number + 1
    sys.stdout.write(f"{deaths}\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    finally:
        close()
