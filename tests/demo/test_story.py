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

    told = " ".join(ended.stdout.split())
    assert ended.returncode == 0, ended.stderr
    assert "month=2013-04 28,329 quarantined" in told
    assert "core/fact_flight month=2013-01 27,004 not ready waits for core/dim_airport: no batch of it is" in told
    assert "cleanse/weather, row 268 of part-" in told  # the row that was set apart
    assert "broke wind_speed_mph.maximum: 1048.36" in told
    assert "ExpressJet Airlines Inc. 7,998 451 36.7 % +22.9 min" in told
    assert "49 batches committed, 1 quarantined" in told
    assert (tmp_path / "lake/references/index.html").is_file()
    assert max(len(line) for line in ended.stdout.splitlines()) < 300
