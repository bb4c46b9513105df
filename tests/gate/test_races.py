"""Several promoters of one batch at once: one commits, all succeed (INPUTS 104)."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gate import invariants
from gate.scene import DROP, FILES, TARGET, make_verdict, run, upload_batch
from lakegate.gate import ledger
from lakegate.gate.promote import Judged, PromotionState
from lakegate.gate.protocol import Step
from lakegate.lake.local import LocalLake
from lakegate.verdict import Outcome

HERE = Path(__file__).parent
PROMOTERS = 16


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


def test_sixteen_processes(tmp_path):
    root = tmp_path / "lake"
    for path, data in FILES.items():
        (root / DROP / path).parent.mkdir(parents=True, exist_ok=True)
        (root / DROP / path).write_bytes(data)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1] / "src"), str(HERE.parent)])}
    command = [sys.executable, str(HERE / "promote_driver.py"), str(root)]
    pipe = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    running = [subprocess.Popen(command, env=environment, **pipe) for _ in range(PROMOTERS)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [(*process.communicate(), process.returncode) for process in running]

    assert [code for _, _, code in answers] == [0] * PROMOTERS, answers
    assert {state for state, _, _ in answers} <= {"committed", "already committed"}
    lake = LocalLake(root)
    assert len(ledger.slots(lake, TARGET, "b1")) == 1
    assert lake.list(DROP) == ()
    invariants.holds(lake, FILES)


def test_who_fails_after_another_has_committed_succeeds(world):
    """P6a: the same bytes were let in by another promoter, under another context: no quarantine."""
    lake, upload = world
    upload_batch(upload)

    def slower(batch):
        run(lake)
        return Judged(make_verdict(batch, Outcome.FAILED), {"report.json": b"{}"})

    done = run(lake, judge=slower)

    assert (done.state, done.exit_code) == (PromotionState.ALREADY_COMMITTED, 0)
    assert lake.list("02-transient-zone/_quarantine/") == ()
