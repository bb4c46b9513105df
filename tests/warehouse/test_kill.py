"""kill -9 in the middle of build and promote of a chain of layers, and two chains at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
KILLS = 24


def drive(folder, *arguments):
    program = [sys.executable, str(TESTS / "warehouse" / "kill_driver.py"), str(folder), *arguments]
    path = f"{TESTS.parent / 'src'}:{TESTS}"
    done = subprocess.run(program, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.slow
def test_whatever_is_killed_one_clean_run_ends_where_an_undisturbed_run_ends(arrived_once, tmp_path):
    shutil.copytree(arrived_once, tmp_path / "chain")

    assert drive(tmp_path / "chain", str(KILLS), "7") == KILLS


@pytest.mark.slow
def test_two_runs_at_once_end_where_one_ends(arrived_once, tmp_path):
    shutil.copytree(arrived_once, tmp_path / "chain")

    drive(tmp_path / "chain", "together", "2")


@pytest.mark.slow
def test_a_run_that_forgets_what_a_killed_one_left_is_found(arrived_once, tmp_path):
    shutil.copytree(arrived_once, tmp_path / "chain")

    assert drive(tmp_path / "chain", "planted", "7") == 1
