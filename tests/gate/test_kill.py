"""Kill -9 at every place of a promotion: whatever the next run finds, it ends right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "src"


@pytest.mark.parametrize("outcome", ["pass", "fail", "apart"])
@pytest.mark.parametrize(
    ("where", "at_least"),
    [("steps", 7), ("verbs", 30), pytest.param("calls", 100, marks=pytest.mark.slow)],
)
def test_a_killed_promotion_is_finished_by_the_next_run(tmp_path, where, at_least, outcome):
    path = os.pathsep.join([str(SOURCES), str(HERE.parent)])
    done = subprocess.run(
        [sys.executable, str(HERE / "kill_driver.py"), str(tmp_path), where, outcome],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= at_least
