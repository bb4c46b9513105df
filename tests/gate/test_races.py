"""Several promoters of one batch at once: one commits, all succeed (INPUTS 104)."""

import contextlib
import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gate import invariants
from gate.scene import DROP, FILES, TARGET, make_verdict, run, upload_batch
from lakegate.errors import LakegateError
from lakegate.gate import ledger
from lakegate.gate.judging import Judged
from lakegate.gate.ledger import SlotState
from lakegate.gate.promote import PromotionState
from lakegate.gate.protocol import Step
from lakegate.verdict import Outcome
from servers.s3 import real_s3

HERE = Path(__file__).parent
OTHER = {path: data.replace(b"id", b"key") for path, data in FILES.items()}


def shas(files):
    return {hashlib.sha256(data).hexdigest() for path, data in files.items() if path != "_SUCCESS"}


def exit_code(lake, at):
    try:
        return run(lake, at=at).exit_code
    except LakegateError as error:
        return error.exit_code


@pytest.mark.parametrize("step", [Step.LOOK, Step.SPOOL, Step.DECIDE, Step.PLACE, Step.COMMIT, Step.CLEAN])
def test_promoters_in_threads_meet_at_a_step(world, step):
    lake, upload = world
    upload_batch(upload)
    meeting = threading.Barrier(4)

    def at(now):
        if now is step and not getattr(at_once, "met", False):
            at_once.met = True
            meeting.wait(timeout=60)

    at_once = threading.local()
    with ThreadPoolExecutor(4) as pool:
        done = [future.result() for future in [pool.submit(run, lake, at=at) for _ in range(4)]]

    assert {promotion.exit_code for promotion in done} == {0}
    assert len(ledger.slots(lake, TARGET, "b1")) == 1
    assert lake.list(DROP) == ()
    invariants.holds(lake, FILES)


@pytest.mark.parametrize("lake", ["local", "ceph"])
def test_sixteen_processes(tmp_path, lake):
    if lake == "ceph":
        real_s3()  # skips, or fails, where there is none
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1] / "src"), str(HERE.parent)])}
    command = [sys.executable, HERE / "race_driver.py", f"gate.random_kill_driver:{lake}", tmp_path / "lake", "16"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "1\n", "one commit record"


def test_two_contents_of_one_batch_at_once(world):
    """INPUTS 103: both were judged and passed, one is committed. The other conflicts, or finds its source changed."""
    lake, upload = world
    both_placed = threading.Barrier(2)
    spooled = threading.Event()

    def at(now):
        if now is Step.DECIDE:
            spooled.set()
        if now is Step.COMMIT:
            with contextlib.suppress(threading.BrokenBarrierError):  # one that comes to this step again is alone
                both_placed.wait(timeout=5)

    with ThreadPoolExecutor(2) as pool:
        upload_batch(upload)
        first = pool.submit(exit_code, lake, at)
        assert spooled.wait(60)
        upload_batch(upload, OTHER)
        second = pool.submit(exit_code, lake, at)
        codes = {first.result(), second.result()}

    assert 0 in codes
    assert codes <= {0, 4, 5}
    (record,) = ledger.slots(lake, TARGET, "b1")
    assert record.state is SlotState.COMMITTED
    committed = {lake.sha256(key) for key in ledger.paths(lake, TARGET)}
    assert committed in (shas(FILES), shas(OTHER)), "never of both"
    if committed == shas(FILES):  # the winner took the marker away, an empty file like the newer arrival's own
        upload(DROP + "_SUCCESS", b"")
        assert run(lake).exit_code == 4
        assert {lake.sha256(entry.key) for entry in lake.list(DROP)} >= shas(OTHER), "what came later is kept"
    else:
        assert run(lake).exit_code == 0


def test_who_fails_after_another_has_committed_succeeds(world):
    """P6a: the same bytes were let in by another promoter, under another context: no quarantine."""
    lake, upload = world
    upload_batch(upload)

    def slower(batch):
        run(lake)
        return Judged(make_verdict(batch, Outcome.FAILED), lambda _: {"report.json": b"{}"})

    done = run(lake, judge=slower)

    assert (done.state, done.exit_code) == (PromotionState.ALREADY_COMMITTED, 0)
    assert lake.list("02-transient-zone/_quarantine/") == ()
