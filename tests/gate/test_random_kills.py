"""Kill -9 at random moments of a promotion of 100 MB: nothing is lost, doubled or half there after one clean run."""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from servers.s3 import real_s3

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made in it
ROOM = 2_000_000_000  # bytes for two lakes of 100 MB, each of them at most five times over
KILLS = 200
WORKERS = 2


@pytest.fixture
def room(tmp_path):
    """A folder in memory where there is room: what a killed process wrote is there, fsync or not."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.parametrize(("lake", "in_a_row"), [("local", 1), ("ceph", 5)])
def test_after_one_clean_run_nothing_is_lost_doubled_or_half_there(room, lake, in_a_row):
    """A promotion over S3 costs most of a second of processor time, so several are killed in one lake there."""
    if lake == "ceph":
        real_s3()  # skips, or fails, where there is none
    path = os.pathsep.join([str(HERE.parents[1] / "src"), str(HERE.parent)])
    seed = random.SystemRandom().randrange(1_000_000)
    driver = [sys.executable, str(HERE / "random_kill_driver.py"), f"gate.random_kill_driver:{lake}"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    running = []
    for worker in range(WORKERS):
        command = [*driver, str(room / str(worker)), str(KILLS // WORKERS), str(seed + worker), str(in_a_row)]
        running.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path}, **pipe))
    answers = [(*process.communicate(), process.returncode) for process in running]

    sys.stdout.write(f"seed {seed}\n")
    for printed, errors, code in answers:
        assert code == 0, errors
        assert int(printed) >= KILLS // WORKERS
