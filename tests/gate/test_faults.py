"""EIO, ENOSPC and kill -9 at every system call of a promotion that changes the lake or reaches into it."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - private folders are made in it


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outcome", "fault"),
    [
        ("pass", "error=EIO"),
        ("pass", "error=ENOSPC"),
        ("pass", "signal=KILL"),
        ("fail", "error=EIO"),
        ("apart", "error=EIO"),
        ("apart", "signal=KILL"),
    ],
)
def test_a_promotion_with_a_broken_call_is_finished_by_the_next_run(outcome, fault):
    if shutil.which("strace") is None:
        assert os.environ.get("CI") != "true", "CI must have strace: faults of system calls were not tested"
        pytest.skip("strace is not installed: faults of system calls are not tested")
    path = os.pathsep.join([str(HERE.parents[1] / "src"), str(HERE.parent)])
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        done = subprocess.run(
            [sys.executable, str(HERE / "fault_driver.py"), folder, outcome, fault],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 200
