"""The demo as a newcomer sees it: a process, its output in a pipe."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_ends_well_and_its_lines_are_as_long_as_what_they_say(tmp_path):
    program = Path(sys.executable).parent / "lakegate"

    ended = subprocess.run(
        [program, "demo", "--lake", "lake"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert "25 batches committed, 3 quarantined" in ended.stdout
    assert (tmp_path / "lake/references/index.html").is_file()
    assert max(len(line) for line in ended.stdout.splitlines()) < 250
